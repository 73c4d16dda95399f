//! Data keys move to another key while nodes use them.

use std::time::Duration;

use futures_util::future::join_all;
use keyleash::{
    clock::Clock,
    kms::{KmsError, WrappedKey},
    store::{CredentialStore, DataKeyStore},
    vault::{
        Purpose, Vault, VaultError,
        rewrap::{Pace, Progress, rewrap},
    },
};
use keyleash_protocol::UserId;
use tokio::{runtime::Handle, task::block_in_place, time::sleep};
use uuid::Uuid;

use crate::house::House;

/// Small batches, so that a few users are several.
const PACE: Pace = Pace { batch: 3, at_once: 2, pauses: &[Duration::from_millis(5)] };

/// Longer than a key service is away here.
const PATIENCE: [Duration; 200] = [Duration::from_millis(20); 200];

#[tokio::test]
async fn every_data_key_moves_and_everything_still_opens() {
    let house = House::new().await;
    let sealed = seal_for_users(&house, 8).await;
    let present = house.kms.rotate(&house.clock);
    let mut told = Vec::new();
    let progress = rewrap(&*house.store, &*house.kms, PACE, |progress| told.push(progress.moved)).await.unwrap();
    assert_eq!(progress, Progress { total: 8, moved: 8, ..Progress::default() });
    assert_eq!(told, [0, 3, 6, 8], "it tells after each batch");
    for (user, _) in &sealed {
        assert_eq!(house.store.data_key(*user).await.unwrap().unwrap().key_id, present);
    }
    assert_all_open(&house, &sealed).await;
    let again = rewrap(&*house.store, &*house.kms, PACE, |_| {}).await.unwrap();
    assert_eq!(again, Progress::default(), "nothing is left to do");
}

#[tokio::test]
async fn nodes_go_on_meanwhile() {
    let house = House::new().await;
    let sealed = seal_for_users(&house, 12).await;
    house.kms.rotate(&house.clock);
    let busy = async {
        for _ in 0..10 {
            // Each has to fetch its data keys anew.
            assert_all_open(&house, &sealed).await;
            seal_for_users(&house, 1).await;
        }
    };
    let pace = Pace { batch: 1, ..PACE };
    let (progress, ()) = tokio::join!(rewrap(&*house.store, &*house.kms, pace, |_| {}), busy);
    assert_eq!((progress.as_ref().unwrap().moved, progress.unwrap().left), (12, 0));
    assert_all_open(&house, &sealed).await;
}

#[tokio::test]
async fn two_operators_at_once_do_no_harm() {
    let house = House::new().await;
    let sealed = seal_for_users(&house, 9).await;
    house.kms.rotate(&house.clock);
    let run = || rewrap(&*house.store, &*house.kms, PACE, |_| {});
    let (one, other) = tokio::join!(run(), run());
    assert_eq!((one.unwrap().left, other.unwrap().left), (0, 0));
    assert_all_open(&house, &sealed).await;
}

#[tokio::test]
async fn what_does_not_open_is_left_and_named() {
    let house = House::new().await;
    let sealed = seal_for_users(&house, 6).await;
    let (victim, _) = sealed[2];
    house.tamper("UPDATE data_keys SET wrapped = $2 WHERE user_id = $1", &[&victim, &"rubbish"]).await;
    let before = house.store.data_key(victim).await.unwrap();
    house.kms.rotate(&house.clock);
    for moved in [5, 0] {
        let progress = rewrap(&*house.store, &*house.kms, PACE, |_| {}).await.unwrap();
        assert_eq!((progress.moved, progress.left, progress.added), (moved, 1, 0));
        assert_eq!(progress.left_for.iter().map(|(user, _)| *user).collect::<Vec<_>>(), [victim]);
    }
    assert_eq!(house.store.data_key(victim).await.unwrap(), before);
}

#[tokio::test]
async fn it_waits_for_a_key_service_that_is_away_and_goes_on_where_it_stopped() {
    let house = House::new().await;
    let sealed = seal_for_users(&house, 9).await;
    let present = house.kms.rotate(&house.clock);
    let stopped = rewrap(&*house.store, &*house.kms, PACE, |progress| house.kms.set_down(progress.moved >= 3)).await;
    assert!(matches!(stopped, Err(VaultError::Kms(KmsError::Unavailable { .. }))), "{stopped:?}");
    assert_eq!(house.store.count_not_under(&present).await.unwrap(), 6);

    let patient = Pace { pauses: &PATIENCE, ..PACE };
    let comes_back = async {
        sleep(Duration::from_millis(60)).await;
        house.kms.set_down(false);
    };
    let (progress, ()) = tokio::join!(rewrap(&*house.store, &*house.kms, patient, |_| {}), comes_back);
    assert_eq!(progress.unwrap(), Progress { total: 6, moved: 6, ..Progress::default() });
    assert_all_open(&house, &sealed).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_node_that_still_wraps_with_the_former_key_is_noticed() {
    let house = House::new().await;
    seal_for_users(&house, 4).await;
    house.kms.rotate(&house.clock);
    // Its place in the order is one that the work has left behind already.
    let newcomer = UserId::from_uuid(Uuid::nil());
    let former = WrappedKey { key_id: "former".to_owned(), blob: vec![1] };
    let progress = rewrap(&*house.store, &*house.kms, PACE, |progress| {
        if progress.moved > 0 {
            let stored = house.store.insert_data_key(newcomer, former.clone(), house.clock.now());
            block_in_place(|| Handle::current().block_on(stored)).unwrap();
        }
    });
    let progress = progress.await.unwrap();
    assert_eq!((progress.moved, progress.left, progress.added), (4, 0, 1));
}

/// New users, each with something that opens only with its data key.
async fn seal_for_users(house: &House, count: usize) -> Vec<(UserId, Vec<u8>)> {
    let users = join_all((0..count).map(|_| house.user())).await;
    let seal = async |user| (user, house.vault.seal(user, Purpose::Mail, user.to_string().as_bytes()).await.unwrap());
    join_all(users.into_iter().map(seal)).await
}

/// At a node that has no data key in memory.
async fn assert_all_open(house: &House, sealed: &[(UserId, Vec<u8>)]) {
    let fresh = house.another_vault();
    for (user, sealed) in sealed {
        let opened = fresh.open(*user, Purpose::Mail, sealed).await.unwrap();
        assert_eq!(opened.as_slice(), user.to_string().as_bytes());
    }
}
