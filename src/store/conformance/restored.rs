//! A database that was restored from a backup.

use keyleash_domain::device::Refusal;
use keyleash_protocol::{Epoch, socket::DeviceState};

use super::{
    LATER, NOW,
    nodes::{LEASE, alive, new_node},
    person::Person,
};
use crate::store::{ApproveOutcome, HistoryOutcome, NewHistory, SessionStore, Store, Trail};

pub(super) async fn suite(store: &dyn Store) {
    a_backup_is_believed_nothing_that_gives_access(store).await;
}

async fn a_backup_is_believed_nothing_that_gives_access(store: &dyn Store) {
    let one = Person::new(store).await;
    let (verified, pending, node) = (one.verified().await, one.pending().await, new_node(&one).await);
    let (link, before) = (one.ask(&pending).await, store.heads(one.user).await.unwrap().unwrap());
    let epoch = store.epoch().await.unwrap();
    let begin = || store.begin_history(NewHistory { epoch: Epoch("another".into()), at: NOW, keys_until: LATER });
    assert!(matches!(begin().await.unwrap(), HistoryOutcome::NodesAlive { nodes: 1.. }));
    assert_eq!((store.epoch().await.unwrap(), store.heads(one.user).await.unwrap().unwrap()), (epoch, before));

    for node in alive(store, node, LEASE).await {
        store.end_lease(node).await.unwrap();
    }
    assert!(matches!(begin().await.unwrap(), HistoryOutcome::Begun { devices: 2.. }));
    assert_eq!(store.epoch().await.unwrap(), Epoch("another".into()));
    assert!(store.heads(one.user).await.unwrap().unwrap().devices > before.devices);
    assert!(SessionStore::sessions(store, one.user, NOW).await.unwrap().is_empty());
    let outcome = store.approve(link, true, b"new", NOW, Trail::default()).await.unwrap();
    assert_eq!(outcome, ApproveOutcome::LinkUsedOrExpired);
    for (device, key) in [(verified, &b"key"[..]), (pending, b"new")] {
        assert_eq!(one.device(device.id).await.state, DeviceState::Pending);
        assert_eq!(one.key(device.id).await, None);
        let refused = one.approve(&device, false, b"new").await;
        assert_eq!(refused, ApproveOutcome::Refused(Refusal::SecondFactorNeeded));
        assert!(matches!(one.approve(&device, true, b"new").await, ApproveOutcome::Approved(_)));
        assert_eq!(one.key(device.id).await.as_deref(), Some(key));
    }
    assert!(store.claim_mails(LATER, LATER, 1_000).await.unwrap().is_empty(), "what waited may have been sent");
}
