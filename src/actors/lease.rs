//! That this node is alive, for the others to know; and which of them are not any more. What a dead node wrote down about
//! its devices is void from the end of its lease. With its lease each says how many devices it has, and one that has more
//! than its part sends some to the others, as `keyleash_domain::balance` decides.

use std::{collections::HashSet, mem};

use keyleash_domain::balance::Balance;
use keyleash_protocol::NodeId;
use tokio::time::sleep;

use super::{
    directory::{Directory, Everyone},
    limits::{BALANCE_SPREAD, LEASE, LEASE_RENEWED_EVERY, LEASE_RETRY_PAUSE},
};
use crate::{store::NodeAlive, telemetry::FIGURES};

/// Renews the lease for as long as the node lives. The first was taken when it started, with these `alive`.
pub(super) async fn keep(directory: Directory, alive: Vec<NodeId>) {
    let mut leases = Leases { alive: alive.into_iter().collect(), missed: HashSet::new() };
    let mut scales = Scales::default();
    let mut pause = LEASE_RENEWED_EVERY;
    loop {
        sleep(pause).await;
        match directory.renew_lease(LEASE).await {
            Ok(alive) => {
                for news in leases.learn(alive.iter().map(|node| node.id).collect()) {
                    directory.tell_everyone(news).await;
                }
                if !directory.is_leaving() {
                    scales.even_out(&directory, &alive).await;
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

/// Weighs this node against the others.
#[derive(Default)]
struct Scales {
    balance: Balance,
    /// This node's devices at the last beat.
    before: usize,
}

impl Scales {
    /// Sends some devices to emptier nodes, if there are any. What the others say of themselves is up to a beat old. In a
    /// rush all nodes fill, and this one must not be compared as it is now with others as they were: it counts no more
    /// than it had a beat ago.
    async fn even_out(&mut self, directory: &Directory, alive: &[NodeAlive]) {
        let us = directory.node().id;
        let others: Vec<usize> = alive.iter().filter(|node| node.id != us).filter_map(|node| node.devices).collect();
        let now = directory.devices();
        let at_most = self.balance.beat(mem::replace(&mut self.before, now).min(now), &others);
        if at_most > 0 {
            let sent = directory.send_away(at_most, BALANCE_SPREAD).await;
            FIGURES.rebalanced.inc_by(sent as u64);
            tracing::info!(sent, "other nodes are emptier; some devices go there");
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
