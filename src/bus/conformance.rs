//! The promises of [`super::Bus`]. Every adapter runs them.

use std::{sync::Arc, time::Duration};

use keyleash_protocol::{Seq, UserId};
use tokio::{
    sync::mpsc::{Receiver, Sender, channel},
    time::{sleep, timeout},
};
use uuid::Uuid;

use super::{Bus, BusEvent, Hint};

/// Longer than any bus needs to deliver; reached only by a test that fails.
const PATIENCE: Duration = Duration::from_secs(20);

/// What one node has.
pub(super) struct Node {
    pub(super) bus: Arc<dyn Bus>,
    events: Receiver<BusEvent>,
}

impl Node {
    /// Waits until the bus can do its work.
    pub(super) async fn start(bus: impl Fn(Sender<BusEvent>) -> Arc<dyn Bus>, capacity: usize) -> Self {
        let (sender, events) = channel(capacity);
        let node = Self { bus: bus(sender), events };
        node.until_it_sees().await;
        node
    }

    pub(super) async fn until_it_sees(&self) {
        let seeing = async {
            while self.bus.is_blind() {
                sleep(Duration::from_millis(5)).await;
            }
        };
        timeout(PATIENCE, seeing).await.expect("hints arrive in time");
    }

    pub(super) async fn next(&mut self) -> BusEvent {
        timeout(PATIENCE, self.events.recv()).await.expect("an event in time").expect("the bus is open")
    }

    pub(super) async fn next_hint(&mut self) -> Hint {
        loop {
            // A bus that has just begun to see says that something may have been missed.
            if let BusEvent::Hint(hint) = self.next().await {
                return hint;
            }
        }
    }

    /// Subscribes, and publishes as another node until that has taken effect: subscribing does not wait.
    pub(super) async fn subscribe(&mut self, user: UserId, other: &dyn Bus) {
        self.bus.subscribe(user);
        let first = Hint::changed(user, Seq(0));
        loop {
            other.publish(first).await.expect("published");
            if let Ok(hint) = timeout(Duration::from_millis(100), self.next_hint()).await {
                assert_eq!(hint, first);
                break;
            }
        }
        // Those that came late.
        while timeout(Duration::from_millis(100), self.next_hint()).await.is_ok() {}
    }
}

/// Every bus delivers to the node that publishes.
pub(super) async fn check(bus: impl Fn(Sender<BusEvent>) -> Arc<dyn Bus>) {
    delivers_to_subscribers_only(&bus).await;
    replaces_what_does_not_fit(&bus).await;
}

/// A bus of several nodes delivers to the others just so.
pub(super) async fn check_between_nodes(bus: impl Fn(Sender<BusEvent>) -> Arc<dyn Bus>) {
    let (mut one, mut two) = (Node::start(&bus, 64).await, Node::start(&bus, 64).await);
    let (both, only_two) = (user(1), user(2));
    one.subscribe(both, &*two.bus.clone()).await;
    two.subscribe(both, &*one.bus.clone()).await;
    two.subscribe(only_two, &*one.bus.clone()).await;
    // What one tried out on two came back to nobody: it did not subscribe to that user.
    while timeout(Duration::from_millis(100), one.next_hint()).await.is_ok() {}
    for hint in [Hint::changed(both, Seq(7)), Hint::presence(both)] {
        one.bus.publish(hint).await.expect("published");
        assert_eq!((one.next_hint().await, two.next_hint().await), (hint, hint));
    }
    one.bus.publish(Hint::changed(only_two, Seq(i64::MAX))).await.expect("published");
    one.bus.publish(Hint::changed(both, Seq(8))).await.expect("published");
    assert_eq!(one.next_hint().await, Hint::changed(both, Seq(8)), "once, and nothing of the other user");
    // Two channels may be on two servers: there is no order between users.
    let mut heard = [two.next_hint().await, two.next_hint().await];
    heard.sort_by_key(|hint| hint.user);
    assert_eq!(heard, [Hint::changed(both, Seq(8)), Hint::changed(only_two, Seq(i64::MAX))]);

    // From more users than fit one request, each is heard.
    let many: Vec<UserId> = (1_000..4_000).map(user).collect();
    for user in &many {
        two.bus.subscribe(*user);
    }
    let last = many[many.len() - 1];
    two.subscribe(last, &*one.bus.clone()).await;
    for user in &many {
        one.bus.publish(Hint::presence(*user)).await.expect("published");
        assert_eq!(two.next_hint().await, Hint::presence(*user));
    }
}

pub(super) fn user(number: u128) -> UserId {
    UserId::from_uuid(Uuid::from_u128(number))
}

fn hint(number: u128, seq: i64) -> Hint {
    Hint::changed(user(number), Seq(seq))
}

async fn delivers_to_subscribers_only(bus: &impl Fn(Sender<BusEvent>) -> Arc<dyn Bus>) {
    let mut node = Node::start(bus, 64).await;
    node.subscribe(user(1), &*node.bus.clone()).await;
    assert!(!node.bus.is_blind());

    // Nobody here asked for user 2: the next thing heard is what follows.
    node.bus.publish(hint(2, 1)).await.expect("published");
    node.bus.publish(hint(1, 8)).await.expect("published");
    assert_eq!(node.next_hint().await, hint(1, 8));

    let presence = Hint::presence(user(1));
    node.bus.publish(presence).await.expect("published");
    assert_eq!(node.next_hint().await, presence);

    node.bus.unsubscribe(user(1));
    node.subscribe(user(3), &*node.bus.clone()).await;
    node.bus.publish(hint(1, 9)).await.expect("published");
    node.bus.publish(hint(3, 2)).await.expect("published");
    assert_eq!(node.next_hint().await, hint(3, 2));
}

async fn replaces_what_does_not_fit(bus: &impl Fn(Sender<BusEvent>) -> Arc<dyn Bus>) {
    let mut node = Node::start(bus, 2).await;
    node.subscribe(user(1), &*node.bus.clone()).await;
    for seq in 2..100 {
        node.bus.publish(hint(1, seq)).await.expect("a full channel is not the publisher's problem");
    }
    while node.next().await != BusEvent::Missed {}
}
