//! Abuse cases 22 and 23: a device that was removed gets nothing and writes nothing, whatever was under way.

use std::sync::Arc;

use keyleash::{
    store::HoldingStore,
    vault::{Vault, VaultError, WriteError},
};
use keyleash_domain::retrieval::Reader;
use keyleash_protocol::{CredentialId, DeviceId, Seq, UnixMillis, UserId, Version, socket::RetrieveMode};
use tokio::{
    spawn,
    time::{Duration, sleep},
};

use crate::{
    device::{TestDevice, form},
    house::House,
};

#[tokio::test]
async fn a_removed_device_gets_nothing_and_writes_nothing() {
    let house = House::new().await;
    let user = house.user().await;
    let (desk, laptop) = (house.device(user).await, house.device(user).await);
    let id = house.credential();
    let sealed = desk.seal(id, Version(1), &form("Main", 64));
    house.vault.put(user, desk.id, id, Version(0), &sealed).await.unwrap();
    house.vault.page(user, laptop.reader(), Seq(0)).await.unwrap();
    assert_eq!(house.remove(&laptop).await.devices[0].held, [id]);

    let before = house.vault.page(user, desk.reader(), Seq(0)).await.unwrap().seq;
    assert_not_verified(house.vault.unlock(user, laptop.id).await);
    assert_not_verified(house.vault.page(user, laptop.reader(), Seq(0)).await);
    let sealed = laptop.seal(id, Version(2), &form("Stolen", 64));
    let written = house.vault.put(user, laptop.id, id, Version(1), &sealed).await;
    assert!(matches!(written, Err(WriteError::Vault(VaultError::NotVerified))), "{written:?}");
    let deleted = house.vault.delete(user, laptop.id, id, Version(1)).await;
    assert!(matches!(deleted, Err(WriteError::Vault(VaultError::NotVerified))), "{deleted:?}");
    assert_not_verified(house.vault.retrieve(user, laptop.id, &[id]).await);
    let parts = house.vault.fan_out(user, Seq(0), &[desk.reader(), laptop.reader()]).await.unwrap().parts;
    assert_eq!(parts.iter().map(|(reader, _)| *reader).collect::<Vec<_>>(), [desk.reader()]);
    assert_eq!(house.vault.page(user, desk.reader(), Seq(0)).await.unwrap().seq, before, "nothing changed");

    // Verified again in time, it has the key that its local-only accounts are under.
    let box_from_before = laptop.seal(id, Version(2), &form("From before", 64));
    let mut laptop = laptop;
    assert_eq!(house.enrol(&laptop).await, laptop.id);
    house.approve(&laptop).await;
    assert!(laptop.unlock(&house.vault.unlock(user, laptop.id).await.unwrap(), &house.epoch().await));
    house.vault.put(user, laptop.id, id, Version(1), &box_from_before).await.unwrap();
}

#[tokio::test]
async fn a_pending_device_and_a_strangers_device_get_nothing() {
    let house = House::new().await;
    let (user, stranger) = (house.user().await, house.user().await);
    let (pending, strange) = (house.pending_device(user).await, house.device(stranger).await);
    for device in [pending.id, strange.id, DeviceId::from_uuid(house.entropy.id(UnixMillis(0)))] {
        assert_not_verified(house.vault.unlock(user, device).await);
        for retrieve in [RetrieveMode::All, RetrieveMode::Picked] {
            assert_not_verified(house.vault.page(user, Reader { device, retrieve }, Seq(0)).await);
        }
        assert_not_verified(house.vault.retrieve(user, device, &[house.credential()]).await);
    }
}

/// The remover is told what to rotate. A page that was sealed while the removal went on must be in that list.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whatever_was_sealed_before_a_removal_is_in_its_list() {
    for round in 0..10 {
        let house = Arc::new(House::new().await);
        let user = house.user().await;
        let (desk, laptop) = (house.device(user).await, house.device(user).await);
        let reading = spawn(read_until_refused(house.clone(), user, laptop.reader()));
        let writing = spawn(put_some(house.clone(), desk));
        sleep(Duration::from_millis(round)).await;
        let held = house.remove(&laptop).await.devices.remove(0).held;
        let given = reading.await.unwrap();
        assert!(given.iter().all(|id| held.contains(id)), "given {given:?}, said to be held {held:?}");
        assert_eq!(house.store.held(user, laptop.id).await.unwrap(), held, "nothing is added to the list afterwards");
        writing.await.unwrap();
    }
}

async fn read_until_refused(house: Arc<House>, user: UserId, reader: Reader) -> Vec<CredentialId> {
    let (mut given, mut cursor) = (Vec::new(), Seq(0));
    loop {
        match house.vault.page(user, reader, cursor).await {
            Ok(page) => {
                given.extend(page.upserts.iter().map(|upsert| upsert.id));
                cursor = page.seq;
            }
            Err(VaultError::NotVerified) => return given,
            Err(other) => panic!("{other:?}"),
        }
    }
}

async fn put_some(house: Arc<House>, desk: TestDevice) {
    for _ in 0..30 {
        let id = house.credential();
        let sealed = desk.seal(id, Version(1), &form("Main", 64));
        house.vault.put(desk.user, desk.id, id, Version(0), &sealed).await.unwrap();
    }
}

#[track_caller]
fn assert_not_verified<T: std::fmt::Debug>(outcome: Result<T, VaultError>) {
    let refusal = outcome.unwrap_err();
    assert!(matches!(refusal, VaultError::NotVerified), "{refusal:?}");
}
