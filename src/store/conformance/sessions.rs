//! Logins, whose device each is, and what ends them.

use std::{collections::BTreeSet, time::Duration};

use keyleash_protocol::{
    NodeId, Seq, SessionId,
    socket::{DeviceState, RevokeReason},
};

use super::{
    LATER, NOW,
    person::{Person, link, room},
};
use crate::store::{
    Activity, EnrolOutcome, LinkPurpose, NewDevice, NewLink, Revocation, Revoke, SessionOutcome, SessionStore, Store,
    TokenHash, Trail,
};

pub(super) async fn suite(store: &dyn Store) {
    other_sessions_end_at_once(store).await;
    there_is_room_for_so_many_sessions(store).await;
    sessions_are_found_rotated_and_ended(store).await;
    a_new_password_ends_other_sessions(store).await;
    a_session_is_one_devices(store).await;
    races_end_in_an_order(store).await;
    sessions_without_a_device_end(store).await;
}

async fn other_sessions_end_at_once(store: &dyn Store) {
    let (one, other) = (Person::new(store).await, Person::new(store).await);
    let (device, removed) = (one.verified().await, one.verified().await);
    one.revoke(removed.id, RevokeReason::Removed, None).await;
    let (seq, ended) = store.end_other_sessions(one.user, one.session, NOW, Trail::default()).await.unwrap().unwrap();
    assert_eq!(ended, 1, "that of the device; the removed one's tells why");
    assert_eq!(store.heads(one.user).await.unwrap().unwrap().sessions, seq);
    let left = SessionStore::sessions(store, one.user, NOW).await.unwrap();
    assert_eq!(left.iter().map(|session| session.id).collect::<Vec<_>>(), [one.session]);
    assert_eq!(one.device(device.id).await.state, DeviceState::Verified, "a login ended, no device");
    assert_eq!(store.end_other_sessions(one.user, one.session, NOW, Trail::default()).await.unwrap(), None);
    assert_eq!(SessionStore::sessions(store, other.user, NOW).await.unwrap().len(), 1);
}

async fn there_is_room_for_so_many_sessions(store: &dyn Store) {
    let one = Person::new(store).await;
    let (second, third) = (one.log_in().await, one.log_in().await);
    store.touch_session(one.session, LATER).await.unwrap();
    // The second was used by a device since; that counts.
    let device = one.new_device();
    assert!(matches!(store.enrol(device.clone(), second, Trail::default()).await, Ok(EnrolOutcome::Enrolled { .. })));
    let activity = Activity { device: device.id, acked: Seq(0), last_seen: LATER, step: None };
    store.record_activity(NodeId::from_uuid(one.entropy.id(NOW)), &[activity]).await.unwrap();

    let newest = SessionId::from_uuid(one.entropy.id(NOW));
    let created = store.create_session(one.new_session(newest, one.hash()), room(3), Trail::default()).await.unwrap();
    let SessionOutcome::CreatedInPlace(seq) = created else { panic!("{created:?}") };
    assert_eq!(store.heads(one.user).await.unwrap().unwrap().sessions, seq, "so that its sockets end");
    let left = SessionStore::sessions(store, one.user, NOW).await.unwrap();
    let left: BTreeSet<_> = left.iter().map(|session| session.id.to_string()).collect();
    assert_eq!(left, [one.session, second, newest].map(|session| session.to_string()).into());
    assert!(!left.contains(&third.to_string()), "the one that was unused for longest");
}

async fn sessions_are_found_rotated_and_ended(store: &dyn Store) {
    let one = Person::new(store).await;
    let (id, token, renewed) = (SessionId::from_uuid(one.entropy.id(NOW)), one.hash(), one.hash());
    store.create_session(one.new_session(id, token), room(100), Trail::default()).await.unwrap();
    assert_eq!(store.session(token, NOW).await.unwrap().unwrap().id, id);
    assert!(store.session(token, NOW.after(Duration::from_hours(2))).await.unwrap().is_none(), "expired");
    store.rotate_session(id, renewed).await.unwrap();
    assert!(store.session(token, NOW).await.unwrap().is_none(), "the old token is good for nothing");
    let before = store.heads(one.user).await.unwrap().unwrap();
    let seq = store.end_session(one.user, id, Trail::default()).await.unwrap().unwrap();
    let after = store.heads(one.user).await.unwrap().unwrap();
    assert_eq!((after.seq, after.sessions), (seq, seq));
    assert_eq!(after.devices, before.devices);
    assert!(store.session(renewed, NOW).await.unwrap().is_none());
    assert!(store.end_session(one.user, id, Trail::default()).await.unwrap().is_none());
}

async fn a_new_password_ends_other_sessions(store: &dyn Store) {
    let one = Person::new(store).await;
    one.log_in().await;
    store.set_password(one.user, "new", Some(one.session), Trail::default()).await.unwrap();
    let left: Vec<_> = SessionStore::sessions(store, one.user, NOW).await.unwrap();
    assert_eq!(left.iter().map(|session| session.id).collect::<Vec<_>>(), [one.session]);
    assert_eq!(store.user(one.user).await.unwrap().unwrap().password_hash, "new");
    let late = one.new_session(SessionId::from_uuid(one.entropy.id(NOW)), one.hash());
    let created = store.create_session(late, room(100), Trail::default()).await.unwrap();
    assert_eq!(created, SessionOutcome::PasswordChanged, "judged by the old password");
    let link = NewLink { purpose: LinkPurpose::ResetPassword, ..link(&one.entropy, one.user) };
    let token = link.token;
    store.create_link(link, Trail::default()).await.unwrap();
    store.set_password(one.user, "newer", None, Trail::default()).await.unwrap();
    let reset = store.reset_password(token, "stolen", NOW, Trail::default()).await.unwrap();
    assert_eq!(reset, None, "a link from before the change");
}

async fn a_session_is_one_devices(store: &dyn Store) {
    let one = Person::new(store).await;
    let (session, first, second) = (one.log_in().await, one.new_device(), one.new_device());
    let enrol = |device: &NewDevice| store.enrol(device.clone(), session, Trail::default());
    assert!(matches!(enrol(&first).await.unwrap(), EnrolOutcome::Enrolled { .. }));
    assert!(matches!(enrol(&first).await.unwrap(), EnrolOutcome::Enrolled { .. }), "the same one again");
    assert_eq!(enrol(&second).await.unwrap(), EnrolOutcome::SessionGone, "it would outlive a removal of the first");
    let other = one.pending().await.id;
    assert!(!store.bind_session(session, one.user, other).await.unwrap());
    assert!(store.bind_session(session, one.user, first.id).await.unwrap());
}

/// What must not slip in between another transaction's look and its commit. Each race is run often enough to be lost.
async fn races_end_in_an_order(store: &dyn Store) {
    for round in 0..30 {
        let one = Person::without_second_factor(store).await;
        let late = one.new_session(SessionId::from_uuid(one.entropy.id(NOW)), one.hash());
        let (created, set) = tokio::join!(
            store.create_session(late, room(100), Trail::default()),
            store.set_password(one.user, "new", None, Trail::default())
        );
        created.and(set.map(|_| true)).unwrap();
        let left = SessionStore::sessions(store, one.user, NOW).await.unwrap();
        assert_eq!(left, [], "a login by the old password outlives it, in round {round}");

        let one = Person::new(store).await;
        let (device, session) = (one.verified().await.id, one.log_in().await);
        let (bound, _) = tokio::join!(
            store.bind_session(session, one.user, device),
            one.revoke(device, RevokeReason::Removed, Some(LATER))
        );
        bound.unwrap();
        let left = SessionStore::sessions(store, one.user, NOW).await.unwrap();
        assert!(left.iter().all(|session| session.device.is_none()), "a session outlives its device, in round {round}");

        let codes: [TokenHash; 4] = std::array::from_fn(|_| one.hash());
        let (first, second) = tokio::join!(
            store.replace_recovery_codes(one.user, &codes[..2], Trail::default()),
            store.replace_recovery_codes(one.user, &codes[2..], Trail::default())
        );
        first.and(second).unwrap();
        let mut good = 0;
        for code in codes {
            good += usize::from(one.takes_recovery(code).await);
        }
        assert_eq!(good, 2, "codes that were replaced are good, in round {round}");
    }
}

async fn sessions_without_a_device_end(store: &dyn Store) {
    let one = Person::new(store).await;
    one.log_in().await;
    let device = one.verified().await;
    let panic = async |device| {
        let which = Revoke::Panic { device, session: one.session };
        let revocation = Revocation { which, reason: RevokeReason::Panic, at: NOW, restore_until: Some(LATER) };
        store.revoke(one.user, &revocation, Trail::default()).await
    };
    let kept = panic(Some(device.id)).await.unwrap().unwrap();
    assert!(kept.devices.is_empty());
    assert_eq!(store.heads(one.user).await.unwrap().unwrap().sessions, kept.seq);
    let left = SessionStore::sessions(store, one.user, NOW).await.unwrap();
    assert_eq!(left.len(), 2);
    assert!(left.iter().any(|session| session.device == Some(device.id)));
    assert!(left.iter().any(|session| session.id == one.session && session.device.is_none()));
    one.log_in().await;
    assert_eq!(panic(None).await.unwrap().unwrap().devices.len(), 1);
    assert_eq!(SessionStore::sessions(store, one.user, NOW).await.unwrap().len(), 1, "the device is gone too");
}
