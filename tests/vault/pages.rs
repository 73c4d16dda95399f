//! Catch-up and fan-out: what fits a frame, in which order, and what is on record.

use keyleash::{
    store::{HistoryStore, HoldingStore},
    vault::Vault,
};
use keyleash_protocol::{
    CredentialId, Seq, Version,
    http::EventKind,
    limits::FRAME_BYTES_MAX,
    socket::{ServerMessage, SyncPage},
};

use crate::{
    device::{TestDevice, form},
    house::House,
};

/// A mixture that ends pages by their rows as well as by their bytes.
const SIZES: [usize; 9] = [10, 3_000, 16_000, 10, 16_000, 16_000, 700, 9_000, 10];

#[tokio::test]
async fn catch_up_goes_page_by_page_in_frames_and_misses_nothing() {
    let house = House::new().await;
    let user = house.user().await;
    let (desk, laptop) = (house.device(user).await, house.device(user).await);
    let mut expected = Vec::new();
    for (n, &bytes) in SIZES.iter().enumerate().chain((9..150).zip([30].iter().cycle())) {
        let plaintext = form(&format!("Account {n}"), bytes);
        expected.push((put(&house, &desk, &plaintext).await, plaintext));
    }
    let (dropped, _) = expected.remove(100);
    house.vault.delete(user, desk.id, dropped, Version(1)).await.unwrap();

    let mut cursor = Seq(0);
    let mut pages = Vec::new();
    while pages.last().is_none_or(|page: &SyncPage| !page.done) {
        let page = house.vault.page(user, laptop.reader(), cursor).await.unwrap();
        assert!(page.seq > cursor, "each page leads on");
        assert!(frame_bytes(&page) <= FRAME_BYTES_MAX, "{} bytes", frame_bytes(&page));
        cursor = page.seq;
        pages.push(page);
    }
    assert_eq!(pages[0].total, Some(150));
    let got: Vec<_> = pages.iter().flat_map(|page| laptop.open_all(page)).map(|(id, _, it)| (id, it)).collect();
    assert_eq!(got, expected);
    let deletes: Vec<CredentialId> = pages.iter().flat_map(|page| &page.deletes).map(|delete| delete.id).collect();
    assert_eq!(deletes, [dropped]);

    let nothing = house.vault.page(user, laptop.reader(), cursor).await.unwrap();
    assert_eq!(nothing, SyncPage { seq: cursor, total: Some(0), done: true, ..SyncPage::default() });
}

#[tokio::test]
async fn a_change_is_read_once_and_sealed_for_each_verified_device() {
    let house = House::new().await;
    let user = house.user().await;
    let (desk, laptop, phone) = (house.device(user).await, house.device(user).await, house.pending_device(user).await);
    let strange = house.device(house.user().await).await;
    let since = house.vault.page(user, desk.reader(), Seq(0)).await.unwrap().seq;
    let plaintext = form("Main", 64);
    let id = put(&house, &desk, &plaintext).await;

    let all = [&desk, &laptop, &phone, &strange].map(TestDevice::reader);
    let fan_out = house.vault.fan_out(user, since, &all).await.unwrap();
    assert_eq!(fan_out.parts.len(), 2, "{fan_out:?}");
    for device in [&desk, &laptop] {
        let (_, part) = fan_out.parts.iter().find(|(reader, _)| *reader == device.reader()).unwrap();
        let page = part.as_ref().unwrap();
        assert_eq!((page.seq, page.done, page.total), (fan_out.seq, true, None));
        assert_eq!(device.open_all(page), [(id, Version(1), plaintext.clone())]);
    }

    // More than a frame holds: each device has to read page by page, and nothing is on record as given yet.
    for _ in 0..3 {
        put(&house, &desk, &form("Large", 16_000)).await;
    }
    let more = house.vault.fan_out(user, fan_out.seq, &all).await.unwrap();
    assert_eq!(more.seq, Seq(fan_out.seq.0 + 3));
    assert!(more.parts.len() == 2 && more.parts.iter().all(|(_, part)| part.is_none()), "{more:?}");
    assert_eq!(house.store.held(user, laptop.id).await.unwrap(), [id]);
}

#[tokio::test]
async fn what_a_device_was_given_is_on_record_once() {
    let house = House::new().await;
    let user = house.user().await;
    let (desk, laptop) = (house.device(user).await, house.device(user).await);
    let first = put(&house, &desk, &form("First", 64)).await;
    let second = put(&house, &desk, &form("Second", 64)).await;
    assert_eq!(house.store.held(user, laptop.id).await.unwrap(), []);
    for _ in 0..2 {
        house.vault.page(user, laptop.reader(), Seq(0)).await.unwrap();
    }
    let changed = desk.seal(first, Version(2), &form("First, renamed", 64));
    house.vault.put(user, desk.id, first, Version(1), &changed).await.unwrap();
    house.vault.page(user, laptop.reader(), Seq(0)).await.unwrap();

    assert_eq!(house.store.held(user, laptop.id).await.unwrap(), [first, second]);
    let reads = house.store.events(user, None, None, 100).await.unwrap().into_iter();
    let reads = reads.filter(|event| event.kind == EventKind::CredentialRead && event.device == Some(laptop.id));
    assert_eq!(reads.count(), 2);
}

async fn put(house: &House, device: &TestDevice, plaintext: &[u8]) -> CredentialId {
    let id = house.credential();
    let sealed = device.seal(id, Version(1), plaintext);
    house.vault.put(device.user, device.id, id, Version(0), &sealed).await.unwrap();
    id
}

fn frame_bytes(page: &SyncPage) -> usize {
    serde_json::to_string(&ServerMessage::Sync(page.clone())).unwrap().len()
}
