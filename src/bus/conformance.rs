//! What every bus must do, whatever carries the hints. An adapter's tests call [`check`].

use std::{sync::Arc, time::Duration};

use keyleash_protocol::{Seq, UserId};
use tokio::{
    sync::mpsc::{Receiver, Sender, channel},
    time::timeout,
};
use uuid::Uuid;

use super::{Bus, BusEvent, Hint};

/// Longer than any bus needs to deliver; reached only by a test that fails.
const PATIENCE: Duration = Duration::from_secs(10);

pub(super) async fn check(bus: impl Fn(Sender<BusEvent>) -> Arc<dyn Bus>) {
    delivers_to_subscribers_only(&bus).await;
    replaces_what_does_not_fit(&bus).await;
}

fn hint(user: u128, seq: i64) -> Hint {
    Hint::changed(UserId::from_uuid(Uuid::from_u128(user)), Seq(seq))
}

async fn next(events: &mut Receiver<BusEvent>) -> BusEvent {
    timeout(PATIENCE, events.recv()).await.expect("an event in time").expect("the bus is open")
}

/// Publishes until the subscription has taken effect: subscribing does not wait.
async fn hear(bus: &dyn Bus, events: &mut Receiver<BusEvent>, hint: Hint) {
    loop {
        bus.publish(hint).await.expect("published");
        if let Ok(Some(event)) = timeout(Duration::from_millis(100), events.recv()).await {
            assert_eq!(event, BusEvent::Hint(hint));
            return;
        }
    }
}

async fn delivers_to_subscribers_only(bus: &impl Fn(Sender<BusEvent>) -> Arc<dyn Bus>) {
    let (sender, mut events) = channel(64);
    let bus = bus(sender);
    bus.subscribe(hint(1, 0).user);
    hear(&*bus, &mut events, hint(1, 7)).await;
    assert!(!bus.is_blind());

    // Nobody here asked for user 2: the next thing heard is what follows.
    bus.publish(hint(2, 1)).await.expect("published");
    bus.publish(hint(1, 8)).await.expect("published");
    assert_eq!(next(&mut events).await, BusEvent::Hint(hint(1, 8)));

    let presence = Hint::presence(hint(1, 0).user);
    bus.publish(presence).await.expect("published");
    assert_eq!(next(&mut events).await, BusEvent::Hint(presence));

    bus.unsubscribe(hint(1, 0).user);
    bus.subscribe(hint(3, 0).user);
    hear(&*bus, &mut events, hint(3, 1)).await;
    bus.publish(hint(1, 9)).await.expect("published");
    bus.publish(hint(3, 2)).await.expect("published");
    assert_eq!(next(&mut events).await, BusEvent::Hint(hint(3, 2)));
}

async fn replaces_what_does_not_fit(bus: &impl Fn(Sender<BusEvent>) -> Arc<dyn Bus>) {
    let (sender, mut events) = channel(2);
    let bus = bus(sender);
    bus.subscribe(hint(1, 0).user);
    hear(&*bus, &mut events, hint(1, 1)).await;
    for seq in 2..100 {
        bus.publish(hint(1, seq)).await.expect("a full channel is not the publisher's problem");
    }
    while next(&mut events).await != BusEvent::Missed {}
}
