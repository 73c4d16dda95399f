//! Abuse cases 32 and 33: how often the key service is asked, and what happens when it does not answer.

use std::time::Duration;

use futures_util::future::join_all;
use keyleash::{
    kms::KmsError,
    vault::{Purpose, Vault, VaultError, data_keys::DataKeyLimits},
};
use keyleash_protocol::{Seq, UserId};

use tokio::{select, time::timeout};

use crate::house::House;

/// Nothing here takes this long unless it hangs.
const PATIENCE: Duration = Duration::from_secs(10);

#[tokio::test]
async fn the_key_service_is_asked_once_however_many_ask_at_the_same_time() {
    let house = House::new().await;
    let user = house.user().await;
    join_all((0..50).map(|_| use_key(&house, user))).await;
    assert_eq!(house.kms.calls(), 1);

    let another = house.another_vault();
    let sealed = house.vault.seal(user, Purpose::Mail, b"mail").await.unwrap();
    assert_eq!(another.open(user, Purpose::Mail, &sealed).await.unwrap().as_slice(), b"mail");
    assert_eq!(house.kms.calls(), 2);
}

#[tokio::test]
async fn two_nodes_that_meet_a_new_user_at_the_same_time_use_one_key() {
    let house = House::new().await;
    let another = house.another_vault();
    for _ in 0..10 {
        let user = house.user().await;
        let (here, there) =
            tokio::join!(house.vault.seal(user, Purpose::Mail, b"here"), another.seal(user, Purpose::Mail, b"there"));
        assert_eq!(another.open(user, Purpose::Mail, &here.unwrap()).await.unwrap().as_slice(), b"here");
        assert_eq!(house.vault.open(user, Purpose::Mail, &there.unwrap()).await.unwrap().as_slice(), b"there");
    }
}

#[tokio::test]
async fn a_key_is_used_for_so_long_and_no_longer() {
    let limits = DataKeyLimits { count_max: 100, ..DataKeyLimits::default() };
    let house = House::with(limits).await;
    let user = house.user().await;
    use_key(&house, user).await;
    house.clock.advance(limits.age_max.saturating_sub(Duration::from_millis(1)));
    use_key(&house, user).await;
    assert_eq!(house.kms.calls(), 1, "being used does not make it younger, nor older");
    house.clock.advance(Duration::from_millis(1));
    use_key(&house, user).await;
    assert_eq!(house.kms.calls(), 2);
}

#[tokio::test]
async fn few_keys_are_held_and_those_in_use_stay() {
    let house = House::with(DataKeyLimits { count_max: 8, ..DataKeyLimits::default() }).await;
    let (busy, first) = (house.user().await, house.user().await);
    use_key(&house, first).await;
    for _ in 0..20 {
        use_key(&house, busy).await;
        use_key(&house, house.user().await).await;
        let held: usize =
            format!("{:?}", house.vault).chars().filter(char::is_ascii_digit).collect::<String>().parse().unwrap();
        assert!(held <= 8, "{held} held");
    }
    let calls = house.kms.calls();
    assert_eq!(calls, 1 + 1 + 20, "the busy user's key was fetched once");
    use_key(&house, first).await;
    assert_eq!(house.kms.calls(), calls + 1, "the first user's key was forgotten");
}

#[tokio::test]
async fn a_removal_makes_the_vault_ask_again() {
    let house = House::new().await;
    let user = house.user().await;
    let (desk, laptop) = (house.device(user).await, house.device(user).await);
    let calls = house.kms.calls();
    house.remove(&laptop).await;
    assert!(house.vault.unlock(user, laptop.id).await.is_err());
    house.vault.unlock(user, desk.id).await.unwrap();
    assert_eq!(house.kms.calls(), calls + 1);
}

#[tokio::test]
async fn without_the_key_service_nothing_opens_and_what_is_at_hand_goes_on() {
    let house = House::new().await;
    let (at_hand, cold) = (house.user().await, house.user().await);
    let (live, waiting) = (house.device(at_hand).await, house.device(cold).await);
    house.data_keys_age();
    use_key(&house, at_hand).await;

    house.kms.set_down(true);
    house.vault.page(at_hand, live.reader(), Seq(0)).await.unwrap();
    for _ in 0..2 {
        let refusal = house.vault.unlock(cold, waiting.id).await.unwrap_err();
        assert!(matches!(refusal, VaultError::Kms(_)), "{refusal:?}");
    }
    house.kms.set_down(false);
    house.vault.unlock(cold, waiting.id).await.unwrap();
}

#[tokio::test]
async fn whoever_waits_for_a_key_service_that_does_not_answer_is_told_to_come_back() {
    let wait_max = Duration::from_millis(50);
    let house = House::with(DataKeyLimits { wait_max, ..DataKeyLimits::default() }).await;
    let user = house.user().await;
    let desk = house.device(user).await;
    house.data_keys_age();
    house.kms.get_stuck_for(Some(user));
    let waiting = join_all((0..20).map(|_| house.vault.unlock(user, desk.id)));
    let refusals = timeout(PATIENCE, waiting).await.unwrap();
    assert!(refusals.iter().all(|refusal| matches!(refusal, Err(VaultError::Kms(KmsError::Unavailable { .. })))));
    house.kms.get_stuck_for(None);
    house.vault.unlock(user, desk.id).await.unwrap();
}

#[tokio::test]
async fn a_key_service_that_does_not_answer_about_one_user_holds_up_no_other() {
    let house = House::with(DataKeyLimits { wait_max: PATIENCE * 2, ..DataKeyLimits::default() }).await;
    let (user, neighbour) = (house.user().await, house.user().await);
    let (desk, laptop) = (house.device(user).await, house.device(neighbour).await);
    house.data_keys_age();
    house.kms.get_stuck_for(Some(user));
    let waiting = join_all((0..20).map(|_| house.vault.unlock(user, desk.id)));
    let served = timeout(PATIENCE, house.vault.unlock(neighbour, laptop.id));
    select! {
        biased;
        refused = waiting => panic!("{refused:?}"),
        served = served => served.unwrap().unwrap(),
    };
}

async fn use_key(house: &House, user: UserId) {
    house.vault.seal(user, Purpose::Mail, b"mail").await.unwrap();
}
