//! What a peer that means harm may repeat, and how often it counts.

use std::time::{Duration, Instant};

use keyleash_domain::{
    connection::{Effect, Identified, Input, MESSAGES_BURST, Moment, Standing, Start},
    fan_out::{self, Facts, Heads, Watch},
};
use keyleash_protocol::{
    CloseCode, Epoch, Seq, UnixMillis,
    socket::{ClientMessage, RevokeReason},
};
use proptest::{collection::vec, prelude::*};

#[test]
fn a_receipt_counts_once() {
    let (mut connection, moment) = connection(Standing::Revoked { reason: RevokeReason::Removed, at: UnixMillis(0) });
    let receipt = || Input::Message(ClientMessage::Receipt { at: UnixMillis(1), wiped: true });
    assert_eq!(
        connection.handle(receipt(), moment),
        [Effect::RecordReceipt { wiped: true, removed_at: UnixMillis(0) }]
    );
    assert_eq!(connection.handle(receipt(), moment), []);
    assert_eq!(connection.handle(Input::ReceiptRecorded, moment), [Effect::Close(CloseCode::Revoked)]);
}

#[test]
fn pings_are_counted_like_messages() {
    let (mut connection, moment) = connection(Standing::Pending);
    for _ in 0..2 * MESSAGES_BURST {
        assert_eq!(connection.handle(Input::Heard, moment), []);
    }
    assert_eq!(connection.handle(Input::Heard, moment), [Effect::Close(CloseCode::RateLimited)]);
}

fn connection(standing: Standing) -> (Identified, Moment) {
    let moment = Moment { now: Instant::now(), writable: true };
    let start = Start {
        standing,
        cursor: Seq(0),
        head: Seq(0),
        credentials: Seq(0),
        epoch: Epoch("epoch".to_owned()),
        want_unlock: false,
        heartbeat: Duration::from_secs(30),
        grace: Duration::ZERO,
    };
    (Identified::new(start, moment).0, moment)
}

proptest! {
    /// Whoever can publish on the bus floods a user with hints of every kind, while the user's data change now and then.
    /// Looks answer at once here, so between two pauses there are as many as a flood can cause.
    #[test]
    fn made_up_hints_cost_one_look_for_each_pause(flood in vec((any::<i64>(), any::<bool>(), any::<bool>()), 1..500)) {
        let (mut watch, mut head, mut pauses, mut looks) = (Watch::default(), 0, 0, 0);
        for (made_up, changes_now, pause_ends) in flood {
            looks += hear(&mut watch, fan_out::Input::Hint(Seq(made_up)), head);
            if changes_now {
                head += 1;
                looks += hear(&mut watch, fan_out::Input::Hint(Seq(head)), head);
            }
            if pause_ends {
                pauses += 1;
                looks += hear(&mut watch, fan_out::Input::TrustHints, head);
            }
        }
        prop_assert!(looks <= 1 + head + pauses, "{looks} looks, {head} changes, {pauses} pauses");
        hear(&mut watch, fan_out::Input::TrustHints, head);
        prop_assert_eq!(watch.heads().seq, Seq(head), "what was true is seen");
    }
}

/// What the store answers to a look comes at once. How many looks there were.
fn hear(watch: &mut Watch, input: fan_out::Input, head: i64) -> i64 {
    let (mut inputs, mut looks) = (vec![input], 0);
    while let Some(input) = inputs.pop() {
        for effect in watch.handle(input) {
            if matches!(effect, fan_out::Effect::Look { .. }) {
                looks += 1;
                let heads = Heads { seq: Seq(head), ..Heads::default() };
                let facts = Facts { heads, devices: None, sessions: None, now: UnixMillis(0) };
                inputs.push(fan_out::Input::Facts(Some(facts)));
            }
        }
    }
    looks
}
