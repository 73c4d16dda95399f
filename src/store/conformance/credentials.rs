//! Credentials, and who is given them.

use std::collections::{BTreeMap, HashSet};

use futures_util::future::join_all;
use keyleash_protocol::{CredentialId, EventId, NodeId, Seq, UserId, Version, http::EventKind, socket::RevokeReason};

use super::{LATER, NOW, person::Person};
use crate::{
    kms::WrappedKey,
    store::{Activity, ChangeOutcome, CredentialChange, Gift, SHAREABLE_ROWS_MAX, Store},
};

pub(super) async fn suite(store: &dyn Store) {
    credentials_are_versioned_and_ordered(store).await;
    a_revoked_device_writes_nothing(store).await;
    what_was_given_is_remembered(store).await;
    credentials_are_found_by_name_and_holder(store).await;
    changes_that_come_together_are_each_answered_and_stored(store).await;
    gifts_that_come_together_are_recorded_once(store).await;
}

async fn credentials_are_versioned_and_ordered(store: &dyn Store) {
    let one = Person::new(store).await;
    let device = one.verified().await.id;
    let (a, b) = (one.credential(), one.credential());
    let ChangeOutcome::Committed { version, seq: first } = one.put(device, a, 0).await else { panic!("refused") };
    assert_eq!(version, Version(1));
    assert_eq!(one.put(device, a, 0).await, ChangeOutcome::Conflict { present: Version(1) });
    assert_eq!(one.put(device, b, 3).await, ChangeOutcome::Conflict { present: Version(0) });
    one.put(device, b, 0).await;
    assert!(matches!(one.put(device, a, 1).await, ChangeOutcome::Committed { version: Version(2), .. }));

    let changes = store.shareable_since(one.user, Seq(0)).await.unwrap().changes;
    assert_eq!(changes.rows.iter().map(|row| (row.id, row.version.0)).collect::<Vec<_>>(), [(b, 1), (a, 2)]);
    assert_eq!(changes.rows[1].added_seq, first);
    assert_eq!(changes.seq, changes.rows[1].seq);

    let delete = one.change(device, a, 2, None);
    let deleted = store.change_credential(delete.clone()).await.unwrap();
    assert!(matches!(deleted, ChangeOutcome::Committed { version: Version(3), .. }));
    let again = CredentialChange { base: Version(3), ..delete };
    assert_eq!(store.change_credential(again).await.unwrap(), ChangeOutcome::Conflict { present: Version(3) });
    let ChangeOutcome::Committed { version, seq } = one.put(device, a, 3).await else { panic!("refused") };
    assert_eq!(version, Version(4), "a tombstone is brought back on its version");
    let row = store.shareable_since(one.user, Seq(0)).await.unwrap().changes.rows.pop().unwrap();
    assert_eq!((row.id, row.added_seq), (a, seq));
}

async fn a_revoked_device_writes_nothing(store: &dyn Store) {
    let one = Person::new(store).await;
    let (pending, device) = (one.pending().await.id, one.verified().await.id);
    assert_eq!(one.put(pending, one.credential(), 0).await, ChangeOutcome::NotVerified);
    one.revoke(device, RevokeReason::Removed, Some(LATER)).await;
    let before = store.heads(one.user).await.unwrap();
    assert_eq!(one.put(device, one.credential(), 0).await, ChangeOutcome::NotVerified);
    assert_eq!(store.heads(one.user).await.unwrap(), before, "a refused write leaves nothing");
}

async fn what_was_given_is_remembered(store: &dyn Store) {
    let one = Person::new(store).await;
    let device = one.verified().await.id;
    let (a, b) = (one.credential(), one.credential());
    let gift = |credential| Gift { device, credential, event: EventId::from_uuid(one.entropy.id(NOW)) };
    assert_eq!(store.record_given(one.user, &[gift(a), gift(b)], NOW).await.unwrap(), [device]);
    assert_eq!(store.record_given(one.user, &[gift(a)], LATER).await.unwrap(), [device]);
    let held = one.revoke(device, RevokeReason::Removed, None).await.devices.remove(0).held;
    assert_eq!(held.len(), 2);
    assert!(store.record_given(one.user, &[gift(a)], LATER).await.unwrap().is_empty(), "it is not verified any more");
    assert_eq!(store.held(one.user, device).await.unwrap(), held);
    let read = store.events(one.user, None, None, 100).await.unwrap();
    assert_eq!(read.iter().filter(|event| event.kind == EventKind::CredentialRead).count(), 2);

    let activity = |acked| Activity { device, acked: Seq(acked), last_seen: LATER, step: None };
    let node = NodeId::from_uuid(one.entropy.id(NOW));
    store.record_activity(node, &[activity(7), activity(3)]).await.unwrap();
    assert_eq!(one.device(device).await.acked, Seq(7), "acks only rise");

    let key = |id: &str| WrappedKey { key_id: id.to_owned(), blob: vec![1] };
    assert_eq!(store.insert_data_key(one.user, key("first"), NOW).await.unwrap(), key("first"));
    assert_eq!(store.insert_data_key(one.user, key("second"), NOW).await.unwrap(), key("first"));
    assert_eq!(store.data_key(one.user).await.unwrap(), Some(key("first")));
}

async fn credentials_are_found_by_name_and_holder(store: &dyn Store) {
    let (one, other) = (Person::new(store).await, Person::new(store).await);
    let (desk, laptop, strange) = (one.verified().await.id, one.verified().await.id, other.verified().await.id);
    let mut ids = Vec::new();
    for _ in 0..100 {
        ids.push(one.credential());
        one.put(desk, ids[ids.len() - 1], 0).await;
    }
    let (deleted, unknown, foreign) = (ids[50], one.credential(), other.credential());
    store.change_credential(one.change(desk, deleted, 1, None)).await.unwrap();
    other.put(strange, foreign, 0).await;
    let head = store.heads(one.user).await.unwrap().unwrap().seq;
    for asked in [vec![], vec![unknown, foreign, deleted], ids.clone(), [&ids[3..9], &[unknown, foreign]].concat()] {
        let found = store.credentials_by_id(one.user, &asked).await.unwrap();
        let expected: Vec<_> = ids.iter().filter(|id| **id != deleted && asked.contains(id)).copied().collect();
        assert_eq!(found.rows.iter().map(|row| row.id).collect::<Vec<_>>(), expected);
        assert_eq!((found.seq, found.total), (head, expected.len() as u64));
    }

    let gift = Gift { device: laptop, credential: ids[7], event: EventId::from_uuid(one.entropy.id(NOW)) };
    store.record_given(one.user, &[gift], NOW).await.unwrap();
    let auto_connect = async || {
        let keys = store.device_keys(one.user).await.unwrap();
        keys.iter().find(|key| key.device == laptop).unwrap().auto_connect
    };
    assert!(!auto_connect().await);
    store.set_auto_connect(one.user, laptop, true).await.unwrap().unwrap();
    assert!(auto_connect().await);

    // Five ask together, two of them for the same; the deleted one is last by its seq.
    let rows_max = SHAREABLE_ROWS_MAX as usize;
    let (cursor_of_last, head) = (Seq(head.0 - 1), store.heads(one.user).await.unwrap().unwrap().seq);
    let asked =
        [(one.user, Seq(0)), (other.user, Seq(0)), (one.user, Seq(0)), (one.user, cursor_of_last), (one.user, head)];
    let found = join_all(asked.map(|(user, cursor)| store.shareable_since(user, cursor))).await;
    let [first, theirs, again, last, nothing] = found.try_into().unwrap();
    let (first, theirs) = (first.unwrap(), theirs.unwrap());
    assert_eq!(first.changes, again.unwrap().changes);
    let living: Vec<_> = ids.iter().filter(|id| **id != deleted).copied().collect();
    assert_eq!(first.changes.rows.iter().map(|row| row.id).collect::<Vec<_>>(), living[..rows_max]);
    assert_eq!((first.changes.seq, first.changes.total), (head, ids.len() as u64));
    let mut expected: HashSet<_> = living[..rows_max].iter().map(|id| (desk, *id)).collect();
    expected.insert((laptop, ids[7]));
    assert_eq!(first.holders, expected, "whoever writes it holds it");
    assert_eq!(first.keys.iter().map(|key| key.device).collect::<HashSet<_>>(), [desk, laptop].into());
    assert_eq!(theirs.changes.rows.iter().map(|row| row.id).collect::<Vec<_>>(), [foreign]);
    assert_eq!((theirs.holders, theirs.keys.len()), ([(strange, foreign)].into(), 1));
    let last = last.unwrap();
    assert_eq!((last.changes.rows[0].id, last.changes.rows.len(), last.changes.total), (deleted, 1, 1));
    assert!(last.changes.rows[0].sealed.is_none());
    let nothing = nothing.unwrap();
    assert_eq!((nothing.changes.seq, nothing.changes.rows.len(), nothing.changes.total), (head, 0, 0));
}

/// Thirty of each of three users at once, and of another whom nobody knows: each user's are counted without a gap, of two on
/// one version one is good, and what is stored is what was answered.
async fn changes_that_come_together_are_each_answered_and_stored(store: &dyn Store) {
    let users = [Person::new(store).await, Person::new(store).await, Person::new(store).await];
    let mut changes = Vec::new();
    for (n, one) in users.iter().enumerate() {
        let (device, pending) = (one.verified().await.id, one.pending().await.id);
        for k in 0..14_u8 {
            let (id, sealed) = (one.credential(), vec![k; 1 + 100 * usize::from(k)]);
            changes.push(one.change(device, id, 0, Some(&sealed)));
            changes.push(one.change(device, id, 0, Some(b"the other")));
        }
        changes.push(one.change(pending, one.credential(), 0, Some(b"x")));
        changes.push(CredentialChange {
            user: users[(n + 1) % 3].user,
            ..one.change(device, one.credential(), 0, Some(b"x"))
        });
    }
    let stranger = UserId::from_uuid(users[0].entropy.id(NOW));
    changes.push(CredentialChange { user: stranger, ..changes[0].clone() });
    let before = join_all(users.iter().map(|one| store.heads(one.user))).await;

    let outcomes = join_all(changes.iter().map(|change| store.change_credential(change.clone()))).await;
    let mut seqs: BTreeMap<UserId, Vec<Seq>> = BTreeMap::new();
    let mut stored: BTreeMap<(UserId, CredentialId), &CredentialChange> = BTreeMap::new();
    for (change, outcome) in changes.iter().zip(outcomes) {
        match outcome.unwrap() {
            ChangeOutcome::Committed { version, seq } => {
                assert_eq!(version, Version(1));
                seqs.entry(change.user).or_default().push(seq);
                assert!(stored.insert((change.user, change.id), change).is_none(), "two on one version");
            }
            ChangeOutcome::Conflict { present } => assert_eq!(present, Version(1)),
            ChangeOutcome::NotVerified => assert!(change.sealed.as_deref() == Some(b"x") || change.user == stranger),
            ChangeOutcome::QuotaExceeded => panic!("there is room"),
        }
    }
    assert_eq!(stored.len(), 3 * 14);
    for (one, before) in users.iter().zip(before) {
        let mut seqs = seqs.remove(&one.user).unwrap();
        seqs.sort_unstable();
        let first = before.unwrap().unwrap().seq.0 + 1;
        assert_eq!(seqs, (first..first + 14).map(Seq).collect::<Vec<_>>());
        let found = store.shareable_since(one.user, Seq(0)).await.unwrap().changes;
        assert_eq!((found.seq, found.rows.len()), (seqs[13], 14));
        for row in &found.rows {
            assert_eq!(row.sealed, stored[&(one.user, row.id)].sealed, "what was answered is what is there");
            assert_eq!(row.added_seq, row.seq);
        }
        let heads = store.heads(one.user).await.unwrap().unwrap();
        assert_eq!((heads.seq, heads.credentials), (seqs[13], seqs[13]));
        let log = store.events(one.user, None, None, 100).await.unwrap();
        assert_eq!(log.iter().filter(|event| event.kind == EventKind::CredentialAdded).count(), 14);
    }
}

/// Two that give a device the same at the same moment are one entry in the log, and each user is told of its own devices.
async fn gifts_that_come_together_are_recorded_once(store: &dyn Store) {
    let (one, other) = (Person::new(store).await, Person::new(store).await);
    let (device, strange, pending) = (one.verified().await.id, other.verified().await.id, other.pending().await.id);
    let credential = one.credential();
    let gift = |device| Gift { device, credential, event: EventId::from_uuid(one.entropy.id(NOW)) };
    let given =
        [(one.user, device), (one.user, device), (other.user, strange), (other.user, pending), (one.user, strange)];
    let recorded =
        join_all(given.map(|(user, device)| async move { store.record_given(user, &[gift(device)], NOW).await })).await;
    let recorded: Vec<_> = recorded.into_iter().map(Result::unwrap).collect();
    assert_eq!(recorded, [[device], [device], [strange], [strange], [device]]);
    for (user, holds) in [(one.user, device), (other.user, strange)] {
        let read = store.events(user, None, None, 100).await.unwrap();
        let read: Vec<_> = read.iter().filter(|event| event.kind == EventKind::CredentialRead).collect();
        assert_eq!(read.len(), 1, "{read:?}");
        assert_eq!(store.held(user, holds).await.unwrap(), [credential]);
    }
    assert!(store.held(other.user, pending).await.unwrap().is_empty());
}
