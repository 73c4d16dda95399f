//! What every key service has to hold to. Each adapter's tests run it against the real thing.

use std::collections::HashSet;

use futures_util::future::join_all;
use keyleash_protocol::UserId;
use uuid::Uuid;

use super::{KeyContext, Kms, KmsError, WrappedKey};

pub async fn holds(kms: &dyn Kms) {
    gives_back_the_key_that_it_made(kms).await;
    binds_a_key_to_its_user(kms).await;
    refuses_what_was_altered(kms).await;
    never_makes_a_key_twice(kms).await;
    wraps_a_key_anew(kms).await;
    keeps_keys_out_of_sight(kms).await;
}

async fn gives_back_the_key_that_it_made(kms: &dyn Kms) {
    let (key, wrapped) = kms.generate(&context(1)).await.unwrap();
    for _ in 0..2 {
        assert_eq!(kms.unwrap(&context(1), &wrapped).await.unwrap(), key);
    }
}

async fn binds_a_key_to_its_user(kms: &dyn Kms) {
    let (_, wrapped) = kms.generate(&context(1)).await.unwrap();
    assert_refused(kms, &context(2), &wrapped).await;
}

async fn refuses_what_was_altered(kms: &dyn Kms) {
    let (_, wrapped) = kms.generate(&context(1)).await.unwrap();
    for position in [0, wrapped.blob.len() / 2, wrapped.blob.len() - 1] {
        let mut altered = wrapped.clone();
        altered.blob[position] ^= 1;
        assert_refused(kms, &context(1), &altered).await;
    }
    let shorter = wrapped.blob[..wrapped.blob.len() - 1].to_vec();
    for blob in [shorter, vec![0], wrapped.blob.repeat(2)] {
        assert_refused(kms, &context(1), &WrappedKey { blob, ..wrapped.clone() }).await;
    }
    let of_an_unknown_key = WrappedKey { key_id: Uuid::from_u128(7).to_string(), ..wrapped };
    assert_refused(kms, &context(1), &of_an_unknown_key).await;
}

async fn never_makes_a_key_twice(kms: &dyn Kms) {
    let same = context(1);
    let made = join_all((0..32).map(|_| kms.generate(&same))).await;
    let (keys, blobs): (HashSet<_>, HashSet<_>) =
        made.into_iter().map(Result::unwrap).map(|(key, wrapped)| (*key, wrapped.blob)).unzip();
    assert_eq!((keys.len(), blobs.len()), (32, 32));
}

async fn wraps_a_key_anew(kms: &dyn Kms) {
    let (key, wrapped) = kms.generate(&context(1)).await.unwrap();
    let again = kms.wrap(&context(1), &key).await.unwrap();
    assert_ne!(again.blob, wrapped.blob);
    assert_eq!(again.key_id, kms.wrapping_key().await.unwrap());
    assert_eq!(kms.unwrap(&context(1), &again).await.unwrap(), key);
    assert_refused(kms, &context(2), &again).await;
}

async fn keeps_keys_out_of_sight(kms: &dyn Kms) {
    let (key, wrapped) = kms.generate(&context(1)).await.unwrap();
    assert!(!wrapped.blob.windows(key.len()).any(|part| part == key.as_slice()));
    assert!(!wrapped.key_id.is_empty());
    assert!(!format!("{kms:?}{wrapped:?}").contains(&format!("{:?}", key.as_slice())));
}

async fn assert_refused(kms: &dyn Kms, context: &KeyContext, wrapped: &WrappedKey) {
    let outcome = kms.unwrap(context, wrapped).await;
    assert!(matches!(outcome, Err(KmsError::Refused { .. })), "{wrapped:?} in {context:?}");
}

fn context(n: u128) -> KeyContext {
    KeyContext { user: UserId::from_uuid(Uuid::from_u128(n)) }
}
