//! A device that picks: what it gets in full is on record, and of the rest it gets nothing that signs an order.

use std::sync::Arc;

use keyleash::{
    store::{DeviceStore, HoldingStore, UserStore},
    vault::{Vault, VaultError},
};
use keyleash_protocol::{
    CredentialId, Seq, Version,
    limits::FRAME_BYTES_MAX,
    socket::{ServerMessage, SyncPage, Upsert},
};
use serde_json::{Value, json};
use tokio::{
    spawn,
    time::{Duration, sleep},
};

use crate::{
    device::{TestDevice, form},
    house::House,
};

async fn put(house: &House, device: &TestDevice, id: CredentialId, base: i64, label: &str) {
    let sealed = device.seal(id, Version(base + 1), &form(label, 64));
    house.vault.put(device.user, device.id, id, Version(base), &sealed).await.unwrap();
}

/// Of each upsert: which, which version, and whether it is there in full. What is in a box says the same as the flag.
fn told(device: &TestDevice, page: &SyncPage) -> Vec<(CredentialId, i64, bool)> {
    let tell = |upsert| -> (CredentialId, i64, bool) {
        let opened: Value = serde_json::from_slice(&device.open(upsert).unwrap()).unwrap();
        let mut names: Vec<_> = opened.as_object().unwrap().keys().map(String::as_str).collect();
        names.sort_unstable();
        if upsert.summary {
            assert_eq!(names, ["created_at", "environment", "exchange", "kind", "label"]);
        } else {
            assert_eq!(names, ["created_at", "environment", "exchange", "fields", "kind", "label"]);
            assert_eq!(opened["fields"]["secret"], json!("s".repeat(64)));
        }
        (upsert.id, upsert.version.0, !upsert.summary)
    };
    page.upserts.iter().map(tell).collect()
}

#[tokio::test]
async fn what_it_holds_comes_in_full_and_the_rest_as_a_summary() {
    let house = House::new().await;
    let user = house.user().await;
    let (desk, laptop) = (house.device(user).await, house.device(user).await);
    let (theirs, own) = (house.credential(), house.credential());
    put(&house, &desk, theirs, 0, "Main").await;
    put(&house, &laptop, own, 0, "Own").await;

    let page = house.vault.page(user, laptop.picker(), Seq(0)).await.unwrap();
    assert_eq!(told(&laptop, &page), [(theirs, 1, false), (own, 1, true)]);
    assert_eq!(house.store.held(user, laptop.id).await.unwrap(), [own], "a summary is nothing to rotate");

    // What changes is told likewise, to each reader by its own measure, and one device may be two.
    put(&house, &desk, theirs, 1, "Main, renamed").await;
    let readers = [desk.picker(), laptop.picker()];
    let fan_out = house.vault.fan_out(user, page.seq, &readers).await.unwrap();
    let part = |reader| fan_out.parts.iter().find(|(of, _)| *of == reader).unwrap().1.clone().unwrap();
    assert_eq!(told(&desk, &part(desk.picker())), [(theirs, 2, true)]);
    assert_eq!(told(&laptop, &part(laptop.picker())), [(theirs, 2, false)]);
    assert_eq!(house.store.held(user, laptop.id).await.unwrap(), [own]);

    let readers = [laptop.picker(), laptop.reader()];
    let fan_out = house.vault.fan_out(user, page.seq, &readers).await.unwrap();
    let in_full: Vec<_> = fan_out.parts.iter().map(|(of, part)| (*of, told(&laptop, part.as_ref().unwrap()))).collect();
    assert_eq!(in_full, [(laptop.picker(), vec![(theirs, 2, false)]), (laptop.reader(), vec![(theirs, 2, true)])]);
    let held = house.store.held(user, laptop.id).await.unwrap();
    assert!(held.len() == 2 && held.contains(&theirs), "the other of the two was given it: {held:?}");
    let page = house.vault.page(user, laptop.picker(), Seq(0)).await.unwrap();
    assert_eq!(told(&laptop, &page), [(own, 1, true), (theirs, 2, true)]);
}

/// A device that knew a credential as a summary, and later reads without picking, is given it then: that is on record,
/// though the credential is not new to its cursor.
#[tokio::test]
async fn one_that_stops_picking_is_on_record_for_what_it_gets() {
    let house = House::new().await;
    let user = house.user().await;
    let (desk, laptop) = (house.device(user).await, house.device(user).await);
    let id = house.credential();
    put(&house, &desk, id, 0, "Main").await;
    let cursor = house.vault.page(user, laptop.picker(), Seq(0)).await.unwrap().seq;
    put(&house, &desk, id, 1, "Main, renamed").await;
    let page = house.vault.page(user, laptop.reader(), cursor).await.unwrap();
    assert_eq!(told(&laptop, &page), [(id, 2, true)]);
    assert_eq!(house.store.held(user, laptop.id).await.unwrap(), [id]);
}

#[tokio::test]
async fn auto_connect_gets_in_full_what_changes_from_then_on() {
    let house = House::new().await;
    let user = house.user().await;
    let (desk, laptop) = (house.device(user).await, house.device(user).await);
    let (one, other) = (house.credential(), house.credential());
    put(&house, &desk, one, 0, "One").await;
    put(&house, &desk, other, 0, "Other").await;
    let before = house.vault.page(user, laptop.picker(), Seq(0)).await.unwrap();
    assert_eq!(told(&laptop, &before), [(one, 1, false), (other, 1, false)]);

    house.store.set_auto_connect(user, laptop.id, true).await.unwrap().unwrap();
    put(&house, &desk, other, 1, "Other, renamed").await;
    let page = house.vault.page(user, laptop.picker(), before.seq).await.unwrap();
    assert_eq!(told(&laptop, &page), [(other, 2, true)]);
    assert_eq!(house.store.held(user, laptop.id).await.unwrap(), [other]);
}

#[tokio::test]
async fn what_is_retrieved_comes_in_frames_on_record_and_nothing_else_does() {
    const SIZES: [usize; 7] = [10, 16_000, 700, 16_000, 3_000, 10, 16_000];
    let house = House::new().await;
    let user = house.user().await;
    let (desk, laptop) = (house.device(user).await, house.device(user).await);
    let strange = house.device(house.user().await).await;
    let mut expected = Vec::new();
    for bytes in SIZES.into_iter().chain([30; 90]) {
        let (id, plaintext) = (house.credential(), form("Account", bytes));
        house.vault.put(user, desk.id, id, Version(0), &desk.seal(id, Version(1), &plaintext)).await.unwrap();
        expected.push((id, Version(1), plaintext));
    }
    let (deleted, unknown, foreign) = (expected.remove(50).0, house.credential(), house.credential());
    house.vault.delete(user, desk.id, deleted, Version(1)).await.unwrap();
    put(&house, &strange, foreign, 0, "Another user's").await;
    let (not_picked, ..) = expected.pop().unwrap();

    let mut left: Vec<_> = expected.iter().map(|(id, ..)| *id).chain([deleted, unknown, foreign]).collect();
    let (mut got, mut recorded) = (Vec::new(), 0);
    while !left.is_empty() {
        let before = left.len();
        let retrieved = house.vault.retrieve(user, laptop.id, &left).await.unwrap();
        let frame = serde_json::to_string(&ServerMessage::Sync(retrieved.page.clone())).unwrap();
        assert!(frame.len() <= FRAME_BYTES_MAX, "{} bytes", frame.len());
        assert!(retrieved.page.upserts.iter().all(|upsert| !upsert.summary) && retrieved.page.deletes.is_empty());
        recorded += retrieved.page.upserts.len();
        let held = house.store.held(user, laptop.id).await.unwrap();
        assert_eq!(held.len(), recorded, "what is not sent yet is not on record");
        got.extend(laptop.open_all(&retrieved.page));
        left = retrieved.left;
        assert!(left.len() < before);
    }
    got.sort_unstable();
    expected.sort_unstable();
    assert_eq!(got, expected);
    assert!(!house.store.held(user, laptop.id).await.unwrap().contains(&not_picked));
}

/// The remover is told what to rotate: everything that was retrieved while the removal went on, and nothing after it.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whatever_was_retrieved_before_a_removal_is_in_its_list() {
    for round in 0..10 {
        let house = Arc::new(House::new().await);
        let user = house.user().await;
        let (desk, laptop) = (house.device(user).await, house.device(user).await);
        let mut ids = Vec::new();
        for _ in 0..20 {
            ids.push(house.credential());
            put(&house, &desk, ids[ids.len() - 1], 0, "Main").await;
        }
        let (reading, device) = (house.clone(), laptop.id);
        let reading = spawn(async move {
            let mut given = Vec::new();
            for id in ids.into_iter().cycle() {
                match reading.vault.retrieve(user, device, &[id]).await {
                    Ok(retrieved) => given.extend(retrieved.page.upserts.iter().map(|upsert| upsert.id)),
                    Err(VaultError::NotVerified) => break,
                    Err(other) => panic!("{other:?}"),
                }
            }
            given
        });
        sleep(Duration::from_millis(round)).await;
        let held = house.remove(&laptop).await.devices.remove(0).held;
        let given = reading.await.unwrap();
        assert!(given.iter().all(|id| held.contains(id)), "given {given:?}, said to be held {held:?}");
        assert_eq!(house.store.held(user, laptop.id).await.unwrap(), held, "nothing is added to the list afterwards");
    }
}

/// A summary that was sealed while its credential was retrieved is no newer than what was retrieved; or else a device would
/// lose what it has just been given to a summary of the next version, and not be sent that.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_summary_is_newer_than_what_was_retrieved_meanwhile() {
    let house = Arc::new(House::new().await);
    let user = house.user().await;
    let (desk, laptop) = (Arc::new(house.device(user).await), Arc::new(house.device(user).await));
    let mut met = 0;
    for _ in 0..150 {
        let id = house.credential();
        let since = house.store.heads(user).await.unwrap().unwrap().seq;
        put(&house, &desk, id, 0, "Main").await;
        let (writing, writer) = (house.clone(), desk.clone());
        let writing = spawn(async move { put(&writing, &writer, id, 1, "Main, renamed").await });
        let (telling, reader) = (house.clone(), laptop.clone());
        let telling = spawn(async move {
            let mut summaries = 0;
            while let Some(upsert) = told_now(&telling, &reader, since, id).await.filter(|upsert| upsert.summary) {
                summaries = upsert.version.0;
            }
            summaries
        });
        let retrieved = house.vault.retrieve(user, laptop.id, &[id]).await.unwrap().page.upserts[0].version.0;
        let newest_summary = telling.await.unwrap();
        writing.await.unwrap();
        assert!(newest_summary <= retrieved, "retrieved version {retrieved}, then a summary of {newest_summary}");
        met += usize::from(newest_summary > 0);
    }
    assert!(met > 0, "no summary was ever sealed meanwhile");
}

/// What the device is told of one credential now.
async fn told_now(house: &House, device: &TestDevice, since: Seq, id: CredentialId) -> Option<Upsert> {
    let mut parts = house.vault.fan_out(device.user, since, &[device.picker()]).await.unwrap().parts;
    parts.pop()?.1?.upserts.into_iter().find(|upsert| upsert.id == id)
}
