//! Abuse case 28: whoever can write to the database moves rows about. Nothing that was moved opens.

use keyleash::vault::{Vault, VaultError};
use keyleash_protocol::{CredentialId, Seq, Version};

use crate::{
    device::{TestDevice, form},
    house::House,
};

const MOVE_CREDENTIAL: &str = "UPDATE credentials SET sealed = (SELECT sealed FROM credentials
    WHERE user_id = $1 AND id = $2) WHERE user_id = $3 AND id = $4";
const MOVE_UNLOCK_KEY: &str = "UPDATE device_keys SET sealed = (SELECT sealed FROM device_keys
    WHERE device_id = $1) WHERE device_id = $2";

#[tokio::test]
async fn a_credential_moved_to_another_credential_does_not_open() {
    let house = House::new().await;
    let user = house.user().await;
    let desk = house.device(user).await;
    let (from, to) = (put(&house, &desk).await, put(&house, &desk).await);
    house.tamper(MOVE_CREDENTIAL, &[&user, &from, &user, &to]).await;
    assert_corrupt(house.vault.page(user, desk.reader(), Seq(0)).await, "credential");
    assert_corrupt(house.vault.fan_out(user, Seq(0), &[desk.reader()]).await, "credential");
}

#[tokio::test]
async fn a_credential_moved_to_another_user_does_not_open() {
    let house = House::new().await;
    let (victim, attacker) = (house.user().await, house.user().await);
    let (victims, attackers) = (house.device(victim).await, house.device(attacker).await);
    let id = put(&house, &victims).await;
    put_as(&house, &attackers, id).await;
    house.tamper(MOVE_CREDENTIAL, &[&victim, &id, &attacker, &id]).await;
    assert_corrupt(house.vault.page(attacker, attackers.reader(), Seq(0)).await, "credential");

    // Not even together with the victim's data key: the key service binds that to its user.
    house
        .tamper(
            "UPDATE data_keys SET wrapped = (SELECT wrapped FROM data_keys WHERE user_id = $1) WHERE user_id = $2",
            &[&victim, &attacker],
        )
        .await;
    let refusal = house.another_vault().page(attacker, attackers.reader(), Seq(0)).await.unwrap_err();
    assert!(matches!(refusal, VaultError::Kms(_)), "{refusal:?}");
}

#[tokio::test]
async fn a_credential_put_back_to_an_older_version_does_not_open() {
    let house = House::new().await;
    let user = house.user().await;
    let (desk, id) = (house.device(user).await, house.credential());
    put_as(&house, &desk, id).await;
    house.tamper("INSERT INTO meta (name, value) SELECT 'kept', sealed FROM credentials WHERE id = $1", &[&id]).await;
    let changed = desk.seal(id, Version(2), &form("newer", 64));
    house.vault.put(user, desk.id, id, Version(1), &changed).await.unwrap();
    house
        .tamper("UPDATE credentials SET sealed = (SELECT value FROM meta WHERE name = 'kept') WHERE id = $1", &[&id])
        .await;
    assert_corrupt(house.vault.page(user, desk.reader(), Seq(0)).await, "credential");
    // Nor is the number alone worth anything.
    house.tamper("UPDATE credentials SET version = 9 WHERE id = $1", &[&id]).await;
    assert_corrupt(house.vault.page(user, desk.reader(), Seq(0)).await, "credential");
}

#[tokio::test]
async fn an_unlock_key_moved_to_another_device_does_not_open() {
    let house = House::new().await;
    let (victim, attacker) = (house.user().await, house.user().await);
    let (desk, laptop) = (house.device(victim).await, house.device(victim).await);
    let strange = house.device(attacker).await;
    house.tamper(MOVE_UNLOCK_KEY, &[&desk.id, &laptop.id]).await;
    assert_corrupt(house.vault.unlock(victim, laptop.id).await, "unlock key");
    house.tamper(MOVE_UNLOCK_KEY, &[&desk.id, &strange.id]).await;
    assert_corrupt(house.vault.unlock(attacker, strange.id).await, "unlock key");
}

#[tokio::test]
async fn a_receive_key_that_is_no_point_is_not_sealed_to() {
    let house = House::new().await;
    let user = house.user().await;
    let desk = house.device(user).await;
    house.tamper("UPDATE devices SET receive_key = zeroblob(65) WHERE id = $1", &[&desk.id]).await;
    assert_corrupt(house.vault.unlock(user, desk.id).await, "receive key");
}

async fn put(house: &House, device: &TestDevice) -> CredentialId {
    let id = house.credential();
    put_as(house, device, id).await;
    id
}

async fn put_as(house: &House, device: &TestDevice, id: CredentialId) {
    let sealed = device.seal(id, Version(1), &form("Main", 64));
    house.vault.put(device.user, device.id, id, Version(0), &sealed).await.unwrap();
}

#[track_caller]
fn assert_corrupt<T: std::fmt::Debug>(outcome: Result<T, VaultError>, expected: &str) {
    let refusal = outcome.unwrap_err();
    assert!(matches!(refusal, VaultError::Corrupt { what } if what == expected), "{refusal:?}");
}
