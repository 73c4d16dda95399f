//! The domain: what one device still has to get, and who of a user's devices is told of a change.

use std::time::Instant;

use criterion::{BatchSize, BenchmarkId, Criterion};
use keyleash_domain::{
    fan_out::{DeviceFact, Facts, Heads, Input, Joining, Place, Sealed, SocketId, Watch},
    outbox::{Delivery, Outbox},
    retrieval::Reader,
};
use keyleash_protocol::{
    CredentialId, DeviceId, SealedBox, Seq, SessionId, UnixMillis, Version,
    socket::{DeviceState, RetrieveMode, SyncPage, Upsert},
};
use uuid::Uuid;

/// Changes of a user, one after the other.
const CHANGES: [i64; 3] = [1, 32, 1_000];
/// A desk, a laptop and a phone.
const DEVICES: u128 = 3;
const BOX_BYTES: usize = 400;
const VERIFIED_AT: UnixMillis = UnixMillis(1);

pub fn measure(criterion: &mut Criterion) {
    outbox(criterion);
    fan_out(criterion);
}

fn outbox(criterion: &mut Criterion) {
    let now = Instant::now();
    let mut group = criterion.benchmark_group("outbox");
    for changes in CHANGES {
        let setup = || (live_outbox(now), (1..=changes).map(|seq| delivery(seq - 1, seq)).collect::<Vec<_>>());
        group.bench_function(BenchmarkId::new("each sent and acknowledged", changes), |bencher| {
            bencher.iter_batched(
                setup,
                |(mut outbox, deliveries)| {
                    for delivery in deliveries {
                        let seq = delivery.to;
                        assert!(outbox.deliver(delivery, now).is_some());
                        outbox.ack(seq, now).unwrap();
                    }
                    outbox
                },
                BatchSize::SmallInput,
            );
        });
        // A device that does not acknowledge: beyond the window nothing is queued, and one read catches up.
        group.bench_function(BenchmarkId::new("coalesced into one read", changes), |bencher| {
            bencher.iter_batched(
                setup,
                |(mut outbox, deliveries)| {
                    let sent = deliveries.into_iter().filter_map(|delivery| outbox.deliver(delivery, now)).count();
                    outbox.ack(Seq(i64::try_from(sent).unwrap()), now).unwrap();
                    if outbox.next_read().is_some() {
                        outbox.page_read(SyncPage { seq: Seq(changes), done: true, ..SyncPage::default() }, now);
                    }
                    outbox
                },
                BatchSize::SmallInput,
            );
        });
    }
    group.finish();
}

/// A hint, the look, the sealed parts: up to a word to each device.
fn fan_out(criterion: &mut Criterion) {
    let mut watch = Watch::default();
    for number in 0..DEVICES {
        watch.join(joining(number));
    }
    let mut seq = 1;
    watch.handle(Input::Facts(Some(facts(seq))));
    let mut change = || {
        seq += 1;
        let mut effects = watch.handle(Input::Hint(Seq(seq))).len();
        effects += watch.handle(Input::Facts(Some(Facts { devices: None, ..facts(seq) }))).len();
        let parts = (0..DEVICES).map(|number| (reader(number), Some(page(seq)))).collect();
        effects += watch.handle(Input::Sealed(Some(Sealed { to: Seq(seq), parts }))).len();
        effects
    };
    // The look, the seal, and each device's word: if one is missing, something else was measured.
    assert!(change() >= 2 + usize::try_from(DEVICES).unwrap());
    let mut group = criterion.benchmark_group("fan-out");
    group.bench_function(BenchmarkId::new("one change, devices", DEVICES), |bencher| bencher.iter(&mut change));
    group.finish();
}

fn live_outbox(now: Instant) -> Outbox {
    let mut outbox = Outbox::new(Seq(0), Seq(0));
    outbox.next_read();
    outbox.page_read(SyncPage { done: true, ..SyncPage::default() }, now);
    outbox.ack(Seq(0), now).unwrap();
    outbox
}

fn delivery(from: i64, to: i64) -> Delivery {
    Delivery { from: Seq(from), to: Seq(to), page: Some(page(to)) }
}

fn page(seq: i64) -> SyncPage {
    let id = CredentialId::from_uuid(Uuid::from_u128(1));
    let upsert =
        Upsert { id, version: Version(seq), seq: Seq(seq), r#box: SealedBox::from(vec![7; BOX_BYTES]), summary: false };
    SyncPage { seq: Seq(seq), upserts: vec![upsert], done: true, ..SyncPage::default() }
}

fn device(number: u128) -> DeviceId {
    DeviceId::from_uuid(Uuid::from_u128(number))
}

fn reader(number: u128) -> Reader {
    Reader { device: device(number), retrieve: RetrieveMode::All }
}

fn joining(number: u128) -> Joining {
    Joining {
        socket: SocketId(u64::try_from(number).unwrap()),
        device: device(number),
        session: SessionId::from_uuid(Uuid::from_u128(number)),
        verified_at: Some(VERIFIED_AT),
        retrieve: RetrieveMode::All,
        cursor: Seq(1),
        at: VERIFIED_AT,
    }
}

fn facts(seq: i64) -> Facts {
    let heads = Heads { seq: Seq(seq), credentials: Seq(seq), devices: Seq(1), sessions: Seq(0) };
    let fact = |number| DeviceFact {
        id: device(number),
        state: DeviceState::Verified,
        verified_at: Some(VERIFIED_AT),
        removed_at: None,
        reason: None,
        acked: Seq(1),
        place: Place::Here,
    };
    Facts { heads, devices: Some((0..DEVICES).map(fact).collect()), sessions: None, now: VERIFIED_AT }
}
