//! That this node is alive, for the others to know; and which of them are not any more. What a dead node wrote down about
//! its devices is void from the end of its lease.

use std::collections::HashSet;

use keyleash_protocol::NodeId;
use tokio::time::sleep;

use super::{
    directory::{Directory, Everyone},
    limits::{LEASE, LEASE_RENEWED_EVERY, LEASE_RETRY_PAUSE},
};

/// Renews the lease for as long as the node lives. The first was taken when it started, with these `alive`.
pub(super) async fn keep(directory: Directory, alive: Vec<NodeId>) {
    let mut leases = Leases { alive: alive.into_iter().collect(), missed: HashSet::new() };
    let mut pause = LEASE_RENEWED_EVERY;
    loop {
        sleep(pause).await;
        match directory.renew_lease(LEASE).await {
            Ok(alive) => {
                for news in leases.learn(alive.into_iter().collect()) {
                    directory.tell_everyone(news).await;
                }
                pause = LEASE_RENEWED_EVERY;
            }
            Err(error) => {
                tracing::warn!(%error, "this node's lease could not be renewed; others will show its devices as offline");
                pause = LEASE_RETRY_PAUSE;
            }
        }
    }
}

/// Who is alive, and who was before.
struct Leases {
    alive: HashSet<NodeId>,
    missed: HashSet<NodeId>,
}

impl Leases {
    fn learn(&mut self, alive: HashSet<NodeId>) -> Vec<Everyone> {
        let mut news: Vec<Everyone> = self.alive.difference(&alive).map(|gone| Everyone::NodeGone(*gone)).collect();
        // Not renewed in time, and not dead either: its devices are online after all.
        if alive.iter().any(|node| self.missed.remove(node)) {
            news.push(Everyone::ReadPresence);
        }
        self.missed.extend(self.alive.difference(&alive));
        self.alive = alive;
        news
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    #[test]
    fn a_node_that_is_gone_is_told_once_and_its_return_too() {
        let node = |number| NodeId::from_uuid(Uuid::from_u128(number));
        let (us, other, third) = (node(1), node(2), node(3));
        let mut leases = Leases { alive: HashSet::from([us, other]), missed: HashSet::new() };
        assert_eq!(leases.learn(HashSet::from([us, other, third])), [], "a new node has no devices yet");
        assert_eq!(leases.learn(HashSet::from([us, third])), [Everyone::NodeGone(other)]);
        assert_eq!(leases.learn(HashSet::from([us, third])), []);
        assert_eq!(leases.learn(HashSet::from([us, other, third])), [Everyone::ReadPresence]);
        assert_eq!(leases.learn(HashSet::from([us, other, third])), []);
    }
}
