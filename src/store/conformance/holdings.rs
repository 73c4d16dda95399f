//! What devices were given, and whether it was rotated since.

use keyleash_protocol::{
    EventId, UnixMillis,
    http::{EventKind, Holding},
    socket::RevokeReason,
};

use super::{LATER, NOW, person::Person};
use crate::store::{ApproveOutcome, NewEvent, Store, TickOutcome, Trail};

pub(super) async fn suite(store: &dyn Store) {
    what_was_rotated_is_ticked_off(store).await;
}

async fn what_was_rotated_is_ticked_off(store: &dyn Store) {
    let (one, other) = (Person::new(store).await, Person::new(store).await);
    let (device, idle) = (one.verified().await, one.pending().await.id);
    let (a, b) = (one.credential(), one.credential());
    one.put(device.id, a, 0).await;
    one.put(device.id, b, 0).await;
    let event = |kind| NewEvent {
        id: EventId::from_uuid(one.entropy.id(NOW)),
        kind,
        device: Some(device.id),
        address: None,
        detail: a.to_string(),
        at: NOW,
    };
    let tick = async |user, id, at: Option<UnixMillis>| {
        let trail = Trail { events: vec![event(EventKind::CredentialRotated)], mails: Vec::new() };
        store.tick(user, device.id, id, at, trail).await.unwrap()
    };
    let before = store.heads(one.user).await.unwrap().unwrap();
    assert_eq!(tick(one.user, a, Some(NOW)).await, TickOutcome::Verified);
    assert_eq!(tick(other.user, a, Some(NOW)).await, TickOutcome::NotHeld);
    assert_eq!(tick(one.user, one.credential(), Some(NOW)).await, TickOutcome::NotHeld);
    assert_eq!(store.heads(one.user).await.unwrap().unwrap(), before, "nothing changed");

    one.revoke(device.id, RevokeReason::Removed, Some(LATER)).await;
    let TickOutcome::Ticked { seq } = tick(one.user, a, Some(NOW)).await else { panic!("refused") };
    let heads = store.heads(one.user).await.unwrap().unwrap();
    assert_eq!((heads.seq, heads.devices, heads.credentials), (seq, seq, before.credentials));
    assert_eq!(tick(one.user, a, Some(LATER)).await, TickOutcome::Unchanged);
    assert_eq!(tick(other.user, a, None).await, TickOutcome::NotHeld);
    let listed = store.holdings(one.user).await.unwrap();
    let of = |id| &listed.iter().find(|(of, _)| *of == id).unwrap().1;
    let held = of(device.id);
    assert_eq!((listed.len(), held.len(), of(idle).len()), (2, 2, 0));
    let mut expected =
        [(a, Some(NOW)), (b, None)].map(|(credential, rotated_at)| Holding { credential, given_at: NOW, rotated_at });
    expected.sort_unstable_by_key(|held| held.credential);
    assert_eq!(held[..], expected, "given at the same time, so by their ids");
    assert!(store.holdings(other.user).await.unwrap().is_empty());
    let ticked = async |id| {
        let all = store.holdings(one.user).await.unwrap();
        all.iter().flat_map(|(_, held)| held).find(|held| held.credential == id).unwrap().rotated_at
    };
    assert!(matches!(tick(one.user, a, None).await, TickOutcome::Ticked { .. }));
    assert_eq!(ticked(a).await, None);
    assert_eq!(tick(one.user, a, None).await, TickOutcome::Unchanged);

    // Verified again, the device is given anew what it held.
    assert!(matches!(tick(one.user, b, Some(NOW)).await, TickOutcome::Ticked { .. }));
    store.enrol(device.clone(), one.log_in().await, Trail::default()).await.unwrap();
    assert_eq!(ticked(b).await, Some(NOW), "asking to come back changes nothing");
    assert!(matches!(one.approve(&device, true, b"new").await, ApproveOutcome::Approved(_)));
    assert_eq!(ticked(b).await, None);
}
