//! The users' data keys in memory: few, not for long, fetched once however many ask at the same time, and cleared when
//! they go.

use std::{
    collections::HashMap,
    fmt, mem,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use keyleash_protocol::{UnixMillis, UserId};
use tokio::{sync::OnceCell, time::timeout};

use super::VaultError;
use crate::{
    aead::Key,
    clock::Clock,
    kms::{KeyContext, Kms, KmsError},
    store::CredentialStore,
    telemetry::FIGURES,
};

/// How much one memory image of this process can give away.
#[derive(Clone, Copy, Debug)]
pub struct DataKeyLimits {
    /// Keys held at once. 16,384 take about 3 MB, and are more users than one node serves at the same time.
    pub count_max: usize,
    /// How long a key may be used before the key service is asked again. 15 minutes: a key that is disabled there stops
    /// working here soon, and 20,000 busy users cost the key service 22 calls a second.
    pub age_max: Duration,
    /// How long anybody waits for the key service. 5 seconds: it answers in milliseconds or it is not well, and whoever
    /// waits longer would sooner be told to come back.
    pub wait_max: Duration,
}

impl Default for DataKeyLimits {
    fn default() -> Self {
        Self { count_max: 16_384, age_max: Duration::from_mins(15), wait_max: Duration::from_secs(5) }
    }
}

pub(super) struct DataKeys {
    store: Arc<dyn CredentialStore>,
    kms: Arc<dyn Kms>,
    clock: Arc<dyn Clock>,
    limits: DataKeyLimits,
    generations: Mutex<Generations>,
}

impl DataKeys {
    pub fn new(
        store: Arc<dyn CredentialStore>,
        kms: Arc<dyn Kms>,
        clock: Arc<dyn Clock>,
        limits: DataKeyLimits,
    ) -> Self {
        Self { store, kms, clock, limits, generations: Mutex::default() }
    }

    /// The user's data key; made now if this user has none.
    pub async fn of(&self, user: UserId) -> Result<Arc<Key>, VaultError> {
        let entry = self.generations().entry(user, self.clock.now(), &self.limits);
        let outcome = match timeout(self.limits.wait_max, entry.key.get_or_try_init(|| self.fetch(user))).await {
            Ok(fetched) => fetched.cloned(),
            Err(elapsed) => {
                Err(KmsError::Unavailable { operation: "wait for a data key", source: Box::new(elapsed) }.into())
            }
        };
        if let Err(VaultError::Kms(error)) = &outcome {
            FIGURES.kms.has_trouble(error);
        }
        outcome
    }

    /// Clears the user's key from memory; the next use asks the key service.
    pub fn forget(&self, user: UserId) {
        self.generations().forget(user);
    }

    /// Clears every key whose time is over, also those that nobody asks for.
    pub fn forget_aged(&self) {
        let now = self.clock.now();
        self.generations().forget_aged(now, self.limits.age_max);
    }

    fn held(&self) -> usize {
        let generations = self.generations();
        generations.young.len() + generations.old.len()
    }

    async fn fetch(&self, user: UserId) -> Result<Arc<Key>, VaultError> {
        let context = KeyContext { user };
        if let Some(wrapped) = self.store.data_key(user).await? {
            let key = self.kms.unwrap(&context, &wrapped).await?;
            FIGURES.kms.is_well();
            return Ok(Arc::new(Key::new(key)));
        }
        let (key, wrapped) = self.kms.generate(&context).await?;
        let stored = self.store.insert_data_key(user, wrapped.clone(), self.clock.now()).await?;
        // Another node may have been first: then everything is under its key.
        let key = if stored == wrapped { key } else { self.kms.unwrap(&context, &stored).await? };
        FIGURES.kms.is_well();
        Ok(Arc::new(Key::new(key)))
    }

    fn generations(&self) -> MutexGuard<'_, Generations> {
        self.generations.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for DataKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "DataKeys({} held)", self.held())
    }
}

struct Entry {
    since: UnixMillis,
    key: OnceCell<Arc<Key>>,
}

impl Entry {
    /// A clock that was set back ends the entry too: its age is not known any more.
    fn is_fresh(&self, now: UnixMillis, age_max: Duration) -> bool {
        now >= self.since && now.since(self.since) < age_max
    }
}

/// What was used lately and what was used before that. When the young generation is full, the old one goes and the young
/// one takes its place: the least used half is forgotten in one step, with no list to keep in order.
#[derive(Default)]
struct Generations {
    young: HashMap<UserId, Arc<Entry>>,
    old: HashMap<UserId, Arc<Entry>>,
}

impl Generations {
    fn entry(&mut self, user: UserId, now: UnixMillis, limits: &DataKeyLimits) -> Arc<Entry> {
        if let Some(entry) = self.young.get(&user).filter(|entry| entry.is_fresh(now, limits.age_max)) {
            return entry.clone();
        }
        self.young.remove(&user);
        let entry = self
            .old
            .remove(&user)
            .filter(|entry| entry.is_fresh(now, limits.age_max))
            .unwrap_or_else(|| Arc::new(Entry { since: now, key: OnceCell::new() }));
        if self.young.len() >= (limits.count_max / 2).max(1) {
            self.old = mem::take(&mut self.young);
        }
        self.young.insert(user, entry.clone());
        entry
    }

    fn forget(&mut self, user: UserId) {
        self.young.remove(&user);
        self.old.remove(&user);
    }

    fn forget_aged(&mut self, now: UnixMillis, age_max: Duration) {
        self.young.retain(|_, entry| entry.is_fresh(now, age_max));
        self.old.retain(|_, entry| entry.is_fresh(now, age_max));
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;
    use zeroize::Zeroizing;

    use super::*;

    const LIMITS: DataKeyLimits =
        DataKeyLimits { count_max: 4, age_max: Duration::from_secs(10), wait_max: Duration::from_secs(1) };

    #[test]
    fn keys_that_nobody_asks_for_are_dropped_when_their_time_is_over() {
        let mut generations = Generations::default();
        let keys: Vec<_> = (0..3).map(|n| fill(&generations.entry(user(n), UnixMillis(0), &LIMITS))).collect();
        let late = fill(&generations.entry(user(3), UnixMillis(1), &LIMITS));
        generations.forget_aged(UnixMillis(9_999), LIMITS.age_max);
        assert!(keys.iter().all(|key| key.upgrade().is_some()));
        generations.forget_aged(UnixMillis(10_000), LIMITS.age_max);
        assert!(keys.iter().all(|key| key.upgrade().is_none()));
        assert!(late.upgrade().is_some());
    }

    #[test]
    fn a_clock_that_was_set_back_makes_no_key_older_than_it_may_be() {
        let mut generations = Generations::default();
        let key = fill(&generations.entry(user(0), UnixMillis(1_000_000), &LIMITS));
        assert!(generations.entry(user(0), UnixMillis(0), &LIMITS).key.get().is_none());
        assert!(key.upgrade().is_none());
    }

    #[test]
    fn what_is_forgotten_is_gone_from_both_generations() {
        let mut generations = Generations::default();
        let keys: Vec<_> = (0..3).map(|n| fill(&generations.entry(user(n), UnixMillis(0), &LIMITS))).collect();
        assert!(!generations.young.is_empty() && !generations.old.is_empty());
        (0..3).for_each(|n| generations.forget(user(n)));
        assert!(keys.iter().all(|key| key.upgrade().is_none()));
    }

    fn fill(entry: &Entry) -> std::sync::Weak<Key> {
        let key = Arc::new(Key::new(Zeroizing::new([7; 32])));
        let weak = Arc::downgrade(&key);
        entry.key.set(key).unwrap();
        weak
    }

    fn user(n: u128) -> UserId {
        UserId::from_uuid(Uuid::from_u128(n))
    }
}
