//! Devices: enrolled, approved, removed, back again; and what they ask when they come.

use std::collections::BTreeSet;

use futures_util::future::join_all;
use keyleash_domain::{device::Refusal, text::DeviceName};
use keyleash_protocol::{
    DeviceId, Seq, SessionId, UserId,
    socket::{DeviceState, RevokeReason},
};

use super::{
    LATER, NOW,
    person::{Person, revocation, room},
};
use crate::store::{
    ApproveOutcome, ChangeOutcome, CredentialChange, EnrolOutcome, Heads, Look, NewDevice, Receipt, SessionStore,
    Store, Trail,
};

pub(super) async fn suite(store: &dyn Store) {
    a_device_is_enrolled_approved_and_revoked(store).await;
    an_approval_covers_the_keys_that_asked(store).await;
    a_removed_device_needs_a_second_factor(store).await;
    the_same_key_comes_back_within_the_window_only(store).await;
    turning_sync_off_revokes_and_keeps_sessions(store).await;
    another_users_rows_do_not_exist(store).await;
    those_who_ask_together_are_each_answered(store).await;
    a_look_reads_what_moved(store).await;
}

async fn a_device_is_enrolled_approved_and_revoked(store: &dyn Store) {
    let one = Person::new(store).await;
    let device = one.pending().await;
    assert_eq!(one.key(device.id).await, None, "pending devices have no key");
    let token = one.ask(&device).await;
    let replaced = one.ask(&device).await;
    let approve = |token| store.approve(token, false, b"key", NOW, Trail::default());
    assert_eq!(approve(token).await.unwrap(), ApproveOutcome::LinkUsedOrExpired, "a newer link took its place");
    assert!(matches!(approve(replaced).await.unwrap(), ApproveOutcome::Approved(_)));
    assert_eq!(approve(replaced).await.unwrap(), ApproveOutcome::LinkUsedOrExpired, "used");
    assert_eq!(one.key(device.id).await.as_deref(), Some(&b"key"[..]));

    let revoked = one.revoke(device.id, RevokeReason::Removed, Some(LATER)).await;
    assert_eq!(revoked.devices.len(), 1);
    assert_eq!(one.key(device.id).await, None, "the key is away in the same transaction");
    let stored = one.device(device.id).await;
    assert_eq!((stored.state, stored.reason), (DeviceState::Removed, Some(RevokeReason::Removed)));
    let heads = store.heads(one.user).await.unwrap().unwrap();
    assert_eq!((heads.devices, heads.sessions), (revoked.seq, revoked.seq));
    assert!(one.revoke(device.id, RevokeReason::Removed, Some(LATER)).await.devices.is_empty(), "twice is once");

    let receipt = Receipt { at: LATER, wiped: true };
    assert!(store.record_receipt(one.user, device.id, receipt, Trail::default()).await.unwrap().is_some());
    assert!(store.record_receipt(one.user, device.id, receipt, Trail::default()).await.unwrap().is_none());
    assert_eq!(one.device(device.id).await.receipt, Some(receipt));
    let sessions = SessionStore::sessions(store, one.user, NOW).await.unwrap();
    let left: Vec<_> = sessions.iter().map(|session| session.id).collect();
    assert_eq!(left, [one.session], "the session that the device used is not good any more");
}

async fn an_approval_covers_the_keys_that_asked(store: &dyn Store) {
    let one = Person::new(store).await;
    let (asked, other) = (one.pending().await, one.pending().await);
    let swapped = NewDevice { keys: other.keys, ..asked };
    assert_eq!(one.approve(&swapped, true, b"key").await, ApproveOutcome::LinkUsedOrExpired);
    assert_eq!(one.device(other.id).await.state, DeviceState::Pending);
}

async fn a_removed_device_needs_a_second_factor(store: &dyn Store) {
    let one = Person::new(store).await;
    let device = one.verified().await;
    one.revoke(device.id, RevokeReason::Removed, Some(LATER)).await;
    let refused = one.approve(&device, true, b"key").await;
    assert_eq!(refused, ApproveOutcome::Refused(Refusal::NotPending), "it has to ask first");
    // It comes back with a new login; the session that it used is gone.
    let session = one.log_in().await;
    let again = NewDevice { id: DeviceId::from_uuid(one.entropy.id(NOW)), ..device.clone() };
    let outcome = store.enrol(again, session, Trail::default()).await.unwrap();
    assert!(matches!(outcome, EnrolOutcome::Enrolled { id, state: DeviceState::Pending, .. } if id == device.id));
    assert_eq!(one.key(device.id).await, None, "asking gives nothing");
    assert_eq!(one.approve(&device, false, b"k").await, ApproveOutcome::Refused(Refusal::SecondFactorNeeded));
    assert!(matches!(one.approve(&device, true, b"k").await, ApproveOutcome::Approved(_)));
}

async fn the_same_key_comes_back_within_the_window_only(store: &dyn Store) {
    for (until, reason, expected) in [
        (Some(LATER), RevokeReason::Removed, &b"key"[..]),
        (Some(NOW), RevokeReason::Removed, b"new"),
        (None, RevokeReason::Erased, b"new"),
    ] {
        let one = Person::new(store).await;
        let device = one.verified().await;
        one.revoke(device.id, reason, until).await;
        store.enrol(device.clone(), one.log_in().await, Trail::default()).await.unwrap();
        assert!(matches!(one.approve(&device, true, b"new").await, ApproveOutcome::Approved(_)));
        assert_eq!(one.key(device.id).await.as_deref(), Some(expected), "{until:?}");
    }
    let one = Person::new(store).await;
    let device = one.verified().await;
    one.revoke(device.id, RevokeReason::Removed, Some(LATER)).await;
    assert_eq!(one.revoke(device.id, RevokeReason::Erased, None).await.devices.len(), 1, "erasing later still erases");
}

async fn turning_sync_off_revokes_and_keeps_sessions(store: &dyn Store) {
    let one = Person::new(store).await;
    let device = one.verified().await;
    store.turn_sync_off(one.user, NOW, LATER, Trail::default()).await.unwrap();
    assert_eq!(one.key(device.id).await, None);
    assert_eq!(one.device(device.id).await.reason, Some(RevokeReason::SyncOff));
    assert_eq!(SessionStore::sessions(store, one.user, NOW).await.unwrap().len(), 2);
    let outcome = store.enrol(one.new_device(), one.session, Trail::default()).await.unwrap();
    assert_eq!(outcome, EnrolOutcome::SyncOff);
}

async fn another_users_rows_do_not_exist(store: &dyn Store) {
    let (one, other) = (Person::new(store).await, Person::new(store).await);
    let device = one.verified().await;
    let id = one.credential();
    one.put(device.id, id, 0).await;
    assert!(store.device(other.user, device.id).await.unwrap().is_none());
    assert!(store.device_keys(other.user).await.unwrap().is_empty());
    let theirs = CredentialChange { user: other.user, ..one.change(device.id, id, 1, Some(b"x")) };
    assert_eq!(store.change_credential(theirs).await.unwrap(), ChangeOutcome::NotVerified);
    let removal = revocation(device.id, RevokeReason::Removed, None);
    assert_eq!(store.revoke(other.user, &removal, Trail::default()).await.unwrap(), None);
    assert!(!store.bind_session(other.session, other.user, device.id).await.unwrap());
    let stolen = NewDevice { user: other.user, ..device.clone() };
    let outcome = store.enrol(stolen, other.session, Trail::default()).await.unwrap();
    assert_eq!(outcome, EnrolOutcome::KeysTaken);
    assert!(store.shareable_since(other.user, Seq(0)).await.unwrap().changes.rows.is_empty());
}

async fn those_who_ask_together_are_each_answered(store: &dyn Store) {
    let mut asked = Vec::new();
    for _ in 0..3 {
        let person = Person::new(store).await;
        let device = person.verified().await.id;
        let sessions = SessionStore::sessions(store, person.user, NOW).await.unwrap();
        asked.push((person, device, sessions));
    }
    let stranger = asked[0].1;
    let greeted = join_all(asked.iter().map(|(person, device, _)| store.greet(person.user, *device))).await;
    let looked = join_all(asked.iter().map(|(person, ..)| store.look(person.user, None))).await;
    let found = join_all(asked.iter().map(|(person, ..)| async {
        let token = person.hash();
        let session = SessionId::from_uuid(person.entropy.id(NOW));
        store.create_session(person.new_session(session, token), room(100), Trail::default()).await.unwrap();
        (session, store.session(token, NOW).await.unwrap().unwrap())
    }))
    .await;
    for ((((person, device, sessions), greeted), looked), (session, found)) in
        asked.iter().zip(greeted).zip(looked).zip(found)
    {
        let heads = store.heads(person.user).await.unwrap().unwrap();
        let (greeted, row) = (greeted.unwrap().unwrap(), person.device(*device).await);
        assert_eq!((greeted.user, greeted.heads.devices), (person.user, heads.devices));
        assert_eq!((greeted.signing_key, greeted.state), (row.signing_key, row.state));
        let judged = (greeted.verified_at, greeted.removed_at, greeted.reason);
        assert_eq!(judged, (row.verified_at, row.removed_at, row.reason));
        let looked = looked.unwrap().unwrap();
        assert_eq!(looked.devices, Some(store.devices(person.user).await.unwrap()));
        let good: BTreeSet<_> = sessions.iter().map(|session| (session.id, session.expires_at)).collect();
        assert_eq!(looked.sessions.unwrap().into_iter().collect::<BTreeSet<_>>(), good);
        assert_eq!((found.id, found.user), (session, person.user));
        if *device != stranger {
            assert!(store.greet(person.user, stranger).await.unwrap().is_none(), "somebody else's device");
        }
    }
    let nobody = UserId::from_uuid(asked[0].0.entropy.id(NOW));
    assert_eq!(store.look(nobody, None).await.unwrap(), None);
}

async fn a_look_reads_what_moved(store: &dyn Store) {
    let person = Person::new(store).await;
    let device = person.verified().await.id;
    let look = async |known: Heads| store.look(person.user, Some(known)).await.unwrap().unwrap();
    let known = store.heads(person.user).await.unwrap().unwrap();
    assert_eq!(look(known).await, Look { heads: known, devices: None, sessions: None });
    let name = DeviceName::parse("Another").unwrap();
    store.rename_device(person.user, device, &name, Trail::default()).await.unwrap();
    let renamed = look(known).await;
    assert!(renamed.sessions.is_none() && renamed.devices.unwrap()[0].name == "Another");
    store.end_session(person.user, person.session, Trail::default()).await.unwrap();
    let left = look(renamed.heads).await;
    assert!(left.devices.is_none() && left.sessions.unwrap().iter().all(|(session, _)| *session != person.session));
}
