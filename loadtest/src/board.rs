//! What is counted while a scenario runs: many tasks write, the live view and the report read.

use std::{
    collections::BTreeMap,
    sync::{
        Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
};

use serde::{Deserialize, Serialize};

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
    /// What other processes of this run count, by their number.
    others: Mutex<BTreeMap<usize, Tally>>,
}

/// The numbers at one moment.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Counts {
    pub live: u64,
    /// Hellos that ended with a live device, and its first catch-up whole.
    pub hellos: u64,
    /// Writes that were answered with `done`.
    pub puts: u64,
    /// Changes that came to a device that had not written them.
    pub deliveries: u64,
}

/// Everything that one process counts.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tally {
    pub counts: Counts,
    pub errors: BTreeMap<String, u64>,
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

    /// What another process of this run has counted until now.
    pub fn of_another(&self, number: usize, tally: Tally) {
        self.others().insert(number, tally);
    }

    /// Everything that is counted.
    pub fn tally(&self) -> Tally {
        Tally { counts: self.counts(), errors: self.errors() }
    }

    pub fn counts(&self) -> Counts {
        let own = Counts {
            live: self.live.load(Relaxed),
            hellos: self.hellos.load(Relaxed),
            puts: self.puts.load(Relaxed),
            deliveries: self.deliveries.load(Relaxed),
        };
        self.others().values().map(|tally| tally.counts).fold(own, |sum, other| Counts {
            live: sum.live + other.live,
            hellos: sum.hellos + other.hellos,
            puts: sum.puts + other.puts,
            deliveries: sum.deliveries + other.deliveries,
        })
    }

    pub fn errors(&self) -> BTreeMap<String, u64> {
        let mut errors = self.lock().clone();
        for (kind, count) in self.others().values().flat_map(|tally| &tally.errors) {
            *errors.entry(kind.clone()).or_default() += count;
        }
        errors
    }

    pub fn error_count(&self) -> u64 {
        self.errors().values().sum()
    }

    fn others(&self) -> MutexGuard<'_, BTreeMap<usize, Tally>> {
        self.others.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<String, u64>> {
        self.errors.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
