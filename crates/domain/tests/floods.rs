//! What a peer that means harm may repeat, and how often it counts.

use std::time::{Duration, Instant};

use keyleash_domain::connection::{Effect, Identified, Input, MESSAGES_BURST, Moment, Standing, Start};
use keyleash_protocol::{
    CloseCode, Epoch, Seq, UnixMillis,
    socket::{ClientMessage, RevokeReason},
};

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
        epoch: Epoch("epoch".to_owned()),
        want_unlock: false,
        heartbeat: Duration::from_secs(30),
        grace: Duration::ZERO,
    };
    (Identified::new(start, moment).0, moment)
}
