//! Second factors, recovery codes, and what is done by one.

use futures_util::future::join_all;
use keyleash_protocol::{http::EventKind, socket::RevokeReason};

use super::{
    LATER, NOW, POLICY,
    person::{Person, confirmed, given, pending, revocation},
};
use crate::store::{Code, CodeRefusal, ConfirmedTotp, GivenCode, Store, Trail};

pub(super) async fn suite(store: &dyn Store) {
    a_totp_step_is_taken_once(store).await;
    another_second_factor_takes_the_place_of_the_first(store).await;
    a_recovery_code_is_taken_once(store).await;
    tries_of_codes_are_counted_with_their_verdict(store).await;
    codes_tried_at_once_are_counted_one_by_one(store).await;
    a_removal_is_by_a_right_code_or_not_at_all(store).await;
}

async fn a_totp_step_is_taken_once(store: &dyn Store) {
    let one = Person::without_second_factor(store).await;
    assert_eq!(store.turn_sync_on(one.user, Trail::default()).await.unwrap(), None, "no second factor, no sync");
    assert!(store.set_totp_pending(one.user, &pending(b"other"), None).await.unwrap());
    assert!(store.set_totp_pending(one.user, &pending(b"secret"), None).await.unwrap());
    assert_eq!(store.user(one.user).await.unwrap().unwrap().totp_pending, Some(pending(b"secret")));
    let enable = |totp| store.enable_totp(one.user, totp, Trail::default());
    assert_eq!(enable(confirmed(b"other", None, 100)).await.unwrap(), None, "another set-up was begun since");
    assert!(enable(confirmed(b"secret", None, 100)).await.unwrap().is_some());
    assert_eq!(enable(confirmed(b"secret", None, 101)).await.unwrap(), None, "enabled already");
    assert!(!one.takes_step(100).await, "taken by the set-up");
    let (a, b) = tokio::join!(one.takes_step(101), one.takes_step(101));
    assert_eq!(u8::from(a) + u8::from(b), 1, "one of two wins");
    assert!(!one.takes_step(99).await, "older");
}

async fn another_second_factor_takes_the_place_of_the_first(store: &dyn Store) {
    let one = Person::new(store).await;
    let (first, second) = (b"secret".as_slice(), b"second".as_slice());
    assert!(one.takes_step(200).await);
    let old_code = one.hash();
    store.replace_recovery_codes(one.user, &[old_code], Trail::default()).await.unwrap();
    assert!(!store.set_totp_pending(one.user, &pending(second), None).await.unwrap(), "allowed before there was one");
    assert!(!store.set_totp_pending(one.user, &pending(second), Some(second)).await.unwrap());
    assert!(store.set_totp_pending(one.user, &pending(second), Some(first)).await.unwrap());
    let user = store.user(one.user).await.unwrap().unwrap();
    assert_eq!(user.totp_secret.as_deref(), Some(first), "in force until the new one is confirmed");

    let new_codes = [one.hash(), one.hash()];
    let change = |present, step| {
        let totp = ConfirmedTotp { recovery_codes: &new_codes, ..confirmed(second, present, step) };
        store.enable_totp(one.user, totp, Trail::default())
    };
    assert_eq!(change(None, 199).await.unwrap(), None);
    let (a, b) = tokio::join!(change(Some(first), 199), change(Some(first), 199));
    assert_eq!([a.unwrap(), b.unwrap()].iter().flatten().count(), 1, "one of two wins");
    let user = store.user(one.user).await.unwrap().unwrap();
    assert_eq!((user.totp_secret.as_deref(), user.totp_pending), (Some(second), None));
    assert!(user.sync_enabled, "sync stays on");
    assert!(!one.takes_step(200).await, "a step that was taken stays taken");
    assert!(one.takes_step(201).await);
    assert!(!one.takes_recovery(old_code).await, "of the one before");
    assert!(one.takes_recovery(new_codes[0]).await);
}

async fn a_recovery_code_is_taken_once(store: &dyn Store) {
    let (one, other) = (Person::new(store).await, Person::new(store).await);
    let code = one.hash();
    store.replace_recovery_codes(one.user, &[code, one.hash()], Trail::default()).await.unwrap();
    assert!(!other.takes_recovery(code).await);
    assert_eq!(store.recovery_codes_left(one.user).await.unwrap(), 2);
    let (a, b) = tokio::join!(one.takes_recovery(code), one.takes_recovery(code));
    assert_eq!(u8::from(a) + u8::from(b), 1);
    assert_eq!(store.recovery_codes_left(one.user).await.unwrap(), 1);
}

async fn tries_of_codes_are_counted_with_their_verdict(store: &dyn Store) {
    let one = Person::new(store).await;
    let code = one.hash();
    store.replace_recovery_codes(one.user, &[code], Trail::default()).await.unwrap();
    let attempt = async |code| store.try_code(one.user, &given(&one, code, 2)).await.unwrap();
    let tries = async || store.attempts(&format!("code/{}", one.user)).await.unwrap().map(|tries| tries.count);
    let log = async || store.events(one.user, None, Some(&[EventKind::RecoveryCodeUsed]), 9).await.unwrap().len();
    assert_eq!(attempt(Code::OfNoStep).await, Err(CodeRefusal::Wrong { is_last_free: false }));
    assert_eq!(tries().await, Some(1));
    assert_eq!(attempt(Code::Recovery(one.hash())).await, Err(CodeRefusal::Wrong { is_last_free: true }));
    assert_eq!((tries().await, log().await), (Some(2), 0));
    // A right one is not looked at.
    assert_eq!(attempt(Code::Recovery(code)).await, Err(CodeRefusal::Wait(POLICY.first_wait)));
    assert_eq!((tries().await, store.recovery_codes_left(one.user).await.unwrap()), (Some(2), 1));

    let later = GivenCode { at: NOW.after(POLICY.first_wait), ..given(&one, Code::Recovery(code), 2) };
    assert_eq!(store.try_code(one.user, &later).await.unwrap(), Ok(()));
    assert_eq!((tries().await, log().await), (None, 1), "a right one forgets those before");
    assert_eq!(attempt(Code::OfStep(300)).await, Ok(()));
    assert_eq!(attempt(Code::OfStep(300)).await, Err(CodeRefusal::Wrong { is_last_free: false }), "taken");
}

/// However many are tried at once, no more are judged than are free.
async fn codes_tried_at_once_are_counted_one_by_one(store: &dyn Store) {
    let one = Person::new(store).await;
    let wrong = given(&one, Code::OfNoStep, 3);
    let verdicts = join_all((0..12).map(|_| store.try_code(one.user, &wrong))).await;
    let judged = verdicts.iter().filter(|verdict| matches!(verdict, Ok(Err(CodeRefusal::Wrong { .. })))).count();
    let last = verdicts.iter().filter(|verdict| matches!(verdict, Ok(Err(CodeRefusal::Wrong { is_last_free: true }))));
    assert_eq!((judged, last.count()), (3, 1), "{verdicts:?}");
}

async fn a_removal_is_by_a_right_code_or_not_at_all(store: &dyn Store) {
    let one = Person::new(store).await;
    let (device, other) = (one.verified().await.id, one.verified().await.id);
    let codes = [one.hash(), one.hash()];
    store.replace_recovery_codes(one.user, &codes, Trail::default()).await.unwrap();
    let remove = async |device, code| {
        let removal = revocation(device, RevokeReason::Removed, Some(LATER));
        store.revoke_by_code(one.user, &given(&one, code, 2), &removal, Trail::default()).await.unwrap()
    };
    let tries = async || store.attempts(&format!("code/{}", one.user)).await.unwrap().map(|tries| tries.count);
    let before = store.heads(one.user).await.unwrap();
    let refused = remove(device, Code::Recovery(one.hash())).await;
    assert_eq!(refused, Err(CodeRefusal::Wrong { is_last_free: false }));
    assert_eq!((tries().await, store.heads(one.user).await.unwrap()), (Some(1), before), "counted, and nothing else");
    assert!(one.key(device).await.is_some());

    // Of one code for two devices, one removal.
    let (a, b) = tokio::join!(remove(device, Code::Recovery(codes[0])), remove(other, Code::Recovery(codes[0])));
    assert_eq!(u8::from(a.is_ok()) + u8::from(b.is_ok()), 1, "{a:?} {b:?}");
    assert_eq!(store.recovery_codes_left(one.user).await.unwrap(), 1);
    let (gone, stays) = if a.is_ok() { (device, other) } else { (other, device) };
    assert_eq!((one.key(gone).await, one.key(stays).await.is_some()), (None, true));

    let stranger = Person::new(store).await.verified().await.id;
    assert_eq!(remove(stranger, Code::Recovery(codes[1])).await, Ok(None));
    assert_eq!(store.recovery_codes_left(one.user).await.unwrap(), 1, "nothing was done");
}
