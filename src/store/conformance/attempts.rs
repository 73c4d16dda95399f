//! Tries that are counted.

use keyleash_domain::attempts::Decision;

use super::{NOW, POLICY};
use crate::{entropy::Entropy, store::Store};

pub(super) async fn suite(store: &dyn Store) {
    attempts_are_counted(store).await;
}

async fn attempts_are_counted(store: &dyn Store) {
    let key = format!("test/{}", Entropy::new().id(NOW));
    let attempt = || store.begin_attempt(&key, &POLICY, NOW);
    let decisions = [attempt().await.unwrap(), attempt().await.unwrap(), attempt().await.unwrap()];
    assert!(matches!(decisions, [Decision::Try(_), Decision::Try(_), Decision::Wait(_)]), "{decisions:?}");
    assert_eq!(store.attempts(&key).await.unwrap().unwrap().count, 2);
    store.clear_attempts(&key).await.unwrap();
    assert!(matches!(attempt().await.unwrap(), Decision::Try(_)));
}
