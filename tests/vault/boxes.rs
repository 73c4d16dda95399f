//! What goes in and comes out: boxes, unlock keys, sealed secrets of identity.

use std::fs;

use keyleash::vault::{Committed, Purpose, Vault, VaultError, WriteError};
use keyleash_protocol::{
    Base64Url, Epoch, Seq, Version,
    limits::{BOX_BYTES_MAX, PLAINTEXT_BYTES_MAX},
};

use crate::{device::form, house::House};

#[tokio::test]
async fn what_one_device_puts_another_opens() {
    let house = House::new().await;
    let user = house.user().await;
    let (desk, laptop) = (house.device(user).await, house.device(user).await);
    let (id, at_first, relabelled) = (house.credential(), form("Main", 64), form("Main, renamed", 64));
    let start = house.vault.page(user, laptop.reader(), Seq(0)).await.unwrap().seq;

    let added = house.vault.put(user, desk.id, id, Version(0), &desk.seal(id, Version(1), &at_first)).await.unwrap();
    assert_eq!(added, Committed { version: Version(1), seq: Seq(start.0 + 1) });
    let page = house.vault.page(user, laptop.reader(), start).await.unwrap();
    assert_eq!((page.seq, page.total, page.done), (added.seq, Some(1), true));
    assert_eq!(laptop.open_all(&page), [(id, Version(1), at_first)]);
    assert!(desk.open(&page.upserts[0]).is_none(), "sealed for the laptop, opened by the desk");

    let changed =
        house.vault.put(user, laptop.id, id, Version(1), &laptop.seal(id, Version(2), &relabelled)).await.unwrap();
    let page = house.vault.page(user, desk.reader(), added.seq).await.unwrap();
    assert_eq!(desk.open_all(&page), [(id, Version(2), relabelled.clone())]);

    let deleted = house.vault.delete(user, desk.id, id, Version(2)).await.unwrap();
    assert_eq!(deleted.version, Version(3));
    let page = house.vault.page(user, laptop.reader(), changed.seq).await.unwrap();
    assert!(page.upserts.is_empty());
    assert_eq!((page.deletes[0].id, page.deletes[0].version, page.deletes[0].seq), (id, Version(3), deleted.seq));

    let again = desk.seal(id, Version(4), &relabelled);
    assert_eq!(house.vault.put(user, desk.id, id, Version(3), &again).await.unwrap().version, Version(4));
}

#[tokio::test]
async fn an_unlock_key_opens_for_its_device_and_this_epoch_alone() {
    let house = House::new().await;
    let user = house.user().await;
    let (mut desk, mut laptop) = (house.device(user).await, house.device(user).await);
    let sealed = house.vault.unlock(user, desk.id).await.unwrap();
    let epoch = house.epoch().await;

    assert!(desk.unlock(&sealed, &epoch));
    assert!(!desk.unlock(&sealed, &Epoch("another".to_owned())));
    assert!(!laptop.unlock(&sealed, &epoch));
    laptop.id = desk.id;
    assert!(!laptop.unlock(&sealed, &epoch), "it is the key that counts, not the name");
    let mut altered = sealed.clone();
    altered.ct.0[0] ^= 1;
    assert!(!desk.unlock(&altered, &epoch));

    // The same key each time, freshly sealed: what is stored in the browser opens after a reload.
    let again = house.vault.unlock(user, desk.id).await.unwrap();
    assert_ne!(again, sealed);
    let id = house.credential();
    assert!(desk.unlock(&sealed, &epoch));
    let box_of_the_first = desk.seal(id, Version(1), &form("Main", 64));
    house.vault.put(user, desk.id, id, Version(0), &box_of_the_first).await.unwrap();
    assert!(desk.unlock(&again, &epoch));
    assert_eq!(desk.open_all(&house.vault.page(user, desk.reader(), Seq(0)).await.unwrap()).len(), 1);
}

#[tokio::test]
async fn a_box_is_worth_nothing_for_another_direction_device_user_credential_or_version() {
    let house = House::new().await;
    let user = house.user().await;
    let (desk, laptop) = (house.device(user).await, house.device(user).await);
    let (id, other_id, plaintext) = (house.credential(), house.credential(), form("Main", 64));
    let before = house.vault.page(user, desk.reader(), Seq(0)).await.unwrap();

    let good = desk.bound_to("up", id, Version(1));
    let mut altered = desk.seal(id, Version(1), &plaintext);
    altered.0[20] ^= 1;
    let of_another_user = {
        let stranger = house.user().await;
        good.replace(&user.to_string(), &stranger.to_string())
    };
    for sealed in [
        desk.seal_bound_to(&desk.bound_to("down", id, Version(1)), &plaintext),
        desk.seal_bound_to(&laptop.bound_to("up", id, Version(1)), &plaintext),
        desk.seal_bound_to(&of_another_user, &plaintext),
        desk.seal(other_id, Version(1), &plaintext),
        desk.seal(id, Version(2), &plaintext),
        laptop.seal_bound_to(&good, &plaintext),
        altered,
        Base64Url(Vec::new()),
        Base64Url(vec![0; 27]),
    ] {
        let refusal = house.vault.put(user, desk.id, id, Version(0), &sealed).await.unwrap_err();
        assert!(matches!(refusal, WriteError::DoesNotOpen), "{refusal:?}");
    }
    assert_eq!(house.vault.page(user, desk.reader(), Seq(0)).await.unwrap(), before, "nothing was written");
}

#[tokio::test]
async fn only_the_agreed_form_gets_in_and_nothing_over_16_kib() {
    let house = House::new().await;
    let user = house.user().await;
    let (desk, id) = (house.device(user).await, house.credential());
    let empty = form("", 0).len();

    for plaintext in [b"{}".to_vec(), b"not JSON".to_vec(), Vec::new(), form("", PLAINTEXT_BYTES_MAX - empty + 1)] {
        let sealed = desk.seal(id, Version(1), &plaintext);
        let refusal = house.vault.put(user, desk.id, id, Version(0), &sealed).await.unwrap_err();
        assert!(matches!(refusal, WriteError::Malformed(_)), "{refusal:?}");
    }
    for base in [-1, i64::MIN, i64::MAX] {
        let sealed = desk.seal(id, Version(1), &form("", 1));
        let refusals = [
            house.vault.put(user, desk.id, id, Version(base), &sealed).await.unwrap_err(),
            house.vault.delete(user, desk.id, id, Version(base)).await.unwrap_err(),
        ];
        assert!(refusals.iter().all(|refusal| matches!(refusal, WriteError::Malformed(_))), "{refusals:?}");
    }

    let largest = form("", PLAINTEXT_BYTES_MAX - empty);
    let sealed = desk.seal(id, Version(1), &largest);
    assert_eq!(sealed.as_slice().len(), BOX_BYTES_MAX);
    house.vault.put(user, desk.id, id, Version(0), &sealed).await.unwrap();
    let page = house.vault.page(user, desk.reader(), Seq(0)).await.unwrap();
    assert_eq!(desk.open_all(&page), [(id, Version(1), largest)]);
}

#[tokio::test]
async fn a_write_that_is_based_on_an_old_version_overwrites_nothing() {
    let house = House::new().await;
    let user = house.user().await;
    let (desk, id) = (house.device(user).await, house.credential());
    for version in 1..=2 {
        let sealed = desk.seal(id, Version(version), &form(&format!("v{version}"), 64));
        house.vault.put(user, desk.id, id, Version(version - 1), &sealed).await.unwrap();
    }
    for base in [0, 1, 7] {
        let sealed = desk.seal(id, Version(base + 1), &form("stale", 64));
        for refusal in [
            house.vault.put(user, desk.id, id, Version(base), &sealed).await.unwrap_err(),
            house.vault.delete(user, desk.id, id, Version(base)).await.unwrap_err(),
        ] {
            assert!(matches!(refusal, WriteError::Conflict { present: Version(2) }), "{refusal:?}");
        }
    }
    let page = house.vault.page(user, desk.reader(), Seq(0)).await.unwrap();
    assert_eq!(desk.open_all(&page), [(id, Version(2), form("v2", 64))]);
}

#[tokio::test]
async fn secrets_of_identity_open_for_their_user_and_use() {
    let house = House::new().await;
    let (user, stranger) = (house.user().await, house.user().await);
    let sealed = house.vault.seal(user, Purpose::TotpSecret, b"a secret").await.unwrap();
    assert_eq!(house.vault.open(user, Purpose::TotpSecret, &sealed).await.unwrap().as_slice(), b"a secret");

    for (user, purpose) in [(user, Purpose::Mail), (stranger, Purpose::TotpSecret)] {
        let refusal = house.vault.open(user, purpose, &sealed).await.unwrap_err();
        assert!(matches!(refusal, VaultError::Corrupt { .. }), "{refusal:?}");
    }
}

#[tokio::test]
async fn nothing_that_is_stored_or_shown_has_a_secret_in_it() {
    let house = House::new().await;
    let user = house.user().await;
    let (desk, id) = (house.device(user).await, house.credential());
    let canary = format!("canary{}", house.credential());
    let plaintext = form(&canary, 16);
    house.vault.put(user, desk.id, id, Version(0), &desk.seal(id, Version(1), &plaintext)).await.unwrap();
    house.vault.seal(user, Purpose::TotpSecret, canary.as_bytes()).await.unwrap();

    for entry in fs::read_dir(house.directory.path()).unwrap() {
        let path = entry.unwrap().path();
        let bytes = fs::read(&path).unwrap();
        assert!(!bytes.windows(canary.len()).any(|part| part == canary.as_bytes()), "{}", path.display());
    }
    assert_eq!(format!("{:?}", house.vault), "LocalVault(DataKeys(1 held))");
}
