//! What is counted while a scenario runs: many tasks write, the live view and the report read.

use std::{
    collections::BTreeMap,
    sync::{
        Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
};

use crate::live::LiveError;

/// Kinds of errors that are told apart; more than that is one kind, and the run is broken anyhow.
const KINDS_MAX: usize = 64;

#[derive(Debug, Default)]
pub struct Board {
    /// Devices that are connected at present.
    live: AtomicU64,
    hellos: AtomicU64,
    puts: AtomicU64,
    deliveries: AtomicU64,
    errors: Mutex<BTreeMap<String, u64>>,
}

/// The numbers at one moment.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    pub live: u64,
    /// Hellos that ended with a live device, and its first catch-up whole.
    pub hellos: u64,
    /// Writes that were answered with `done`.
    pub puts: u64,
    /// Changes that came to a device that had not written them.
    pub deliveries: u64,
}

impl Board {
    pub fn came(&self) {
        self.live.fetch_add(1, Relaxed);
        self.hellos.fetch_add(1, Relaxed);
    }

    pub fn went(&self) {
        self.live.fetch_sub(1, Relaxed);
    }

    pub fn nobody_is_live(&self) {
        self.live.store(0, Relaxed);
    }

    pub fn put(&self) {
        self.puts.fetch_add(1, Relaxed);
    }

    pub fn delivered(&self) {
        self.deliveries.fetch_add(1, Relaxed);
    }

    pub fn failed(&self, error: &LiveError) {
        self.failed_with(&error.kind());
    }

    /// `kind` names nobody and no address.
    pub fn failed_with(&self, kind: &str) {
        let mut errors = self.lock();
        let kind = if errors.len() < KINDS_MAX || errors.contains_key(kind) { kind } else { "others" };
        *errors.entry(kind.to_owned()).or_default() += 1;
    }

    pub fn counts(&self) -> Counts {
        Counts {
            live: self.live.load(Relaxed),
            hellos: self.hellos.load(Relaxed),
            puts: self.puts.load(Relaxed),
            deliveries: self.deliveries.load(Relaxed),
        }
    }

    pub fn errors(&self) -> BTreeMap<String, u64> {
        self.lock().clone()
    }

    pub fn error_count(&self) -> u64 {
        self.lock().values().sum()
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<String, u64>> {
        self.errors.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
