//! The only place that asks what time it is. Everything else is given the time, so that tests can set it.
//!
//! A cluster has one clock, the database's: codes, sessions, leases and "since" mean the same on every node, also on one
//! whose machine is wrong about the time.

use std::{
    fmt::Debug,
    sync::atomic::{AtomicI64, Ordering},
    time::{Duration, Instant, SystemTime, UNIX_EPOCH},
};

use keyleash_protocol::UnixMillis;

use crate::telemetry::FIGURES;

pub trait Clock: Debug + Send + Sync {
    fn now(&self) -> UnixMillis;
}

/// The machine's clock.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    #[expect(clippy::disallowed_methods, reason = "the one place that may")]
    fn now(&self) -> UnixMillis {
        let since_epoch = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        UnixMillis(i64::try_from(since_epoch.as_millis()).unwrap_or(i64::MAX))
    }
}

/// The database's clock, kept by the machine's between two questions: that one, and how far it is off.
#[derive(Debug, Default)]
pub struct DatabaseClock {
    /// What to add to the machine's time, ms.
    offset: AtomicI64,
}

/// A question for the time that is under way.
#[derive(Debug)]
pub struct Asking {
    machine: UnixMillis,
    began: Instant,
}

impl DatabaseClock {
    /// A difference of less than this is not worth a step of the time: the answer's way here varies by as much, and
    /// nothing here depends on it.
    pub const JITTER: Duration = Duration::from_millis(250);
    /// Further off than this is worth an operator's attention: codes of authenticator apps are good for 30 seconds.
    pub const AHEAD_MAX: Duration = Duration::from_secs(5);

    /// Call it before the database is asked, and [`Self::learn`] with what it said.
    pub fn asking() -> Asking {
        Asking { machine: SystemClock.now(), began: Instant::now() }
    }

    /// Follows the database's time.
    pub fn learn(&self, asking: &Asking, answer: UnixMillis) {
        let known = self.offset.load(Ordering::Relaxed);
        let offset = follow(known, asking.machine, asking.began.elapsed(), answer);
        let apart = Duration::from_millis(offset.unsigned_abs()).as_secs_f64();
        FIGURES.clock_ahead_seconds.set(if offset > 0 { -apart } else { apart });
        if offset == known {
            return;
        }
        self.offset.store(offset, Ordering::Relaxed);
        if offset.unsigned_abs() > millis(Self::AHEAD_MAX).unsigned_abs() {
            tracing::warn!(ahead_ms = -offset, "this machine's clock is off; the database's counts. Set both by NTP");
        } else {
            tracing::info!(ahead_ms = -offset, "following the database's clock");
        }
    }
}

impl Clock for DatabaseClock {
    fn now(&self) -> UnixMillis {
        UnixMillis(SystemClock.now().0.saturating_add(self.offset.load(Ordering::Relaxed)))
    }
}

/// The offset after an answer. It was given at some time of the round trip, most likely in its middle: what lies within
/// half of it, or is small, says nothing new.
fn follow(known: i64, machine: UnixMillis, round_trip: Duration, answer: UnixMillis) -> i64 {
    let half = millis(round_trip) / 2;
    let offset = answer.0 - machine.0 - half;
    if (offset - known).abs() <= millis(DatabaseClock::JITTER) + half { known } else { offset }
}

fn millis(duration: Duration) -> i64 {
    i64::try_from(duration.as_millis()).unwrap_or(i64::MAX)
}

/// A clock that stands still until it is moved.
#[derive(Debug)]
pub struct ManualClock(AtomicI64);

impl ManualClock {
    pub fn at(now: UnixMillis) -> Self {
        Self(AtomicI64::new(now.0))
    }

    pub fn advance(&self, by: Duration) {
        self.0.fetch_add(i64::try_from(by.as_millis()).unwrap_or(i64::MAX), Ordering::SeqCst);
    }
}

impl Clock for ManualClock {
    fn now(&self) -> UnixMillis {
        UnixMillis(self.0.load(Ordering::SeqCst))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MACHINE: UnixMillis = UnixMillis(1_800_000_000_000);

    fn after(known: i64, round_trip_ms: u64, database_ahead_ms: i64) -> i64 {
        follow(known, MACHINE, Duration::from_millis(round_trip_ms), UnixMillis(MACHINE.0 + database_ahead_ms))
    }

    #[test]
    fn a_machine_that_is_wrong_follows_at_once() {
        let ten_minutes = 600_000;
        assert_eq!(after(0, 2, ten_minutes), ten_minutes - 1);
        assert_eq!(after(0, 2, -ten_minutes), -ten_minutes - 1);
        // Somebody set the machine's clock meanwhile.
        assert_eq!(after(-ten_minutes, 0, 0), 0);
    }

    #[test]
    fn the_time_does_not_jump_for_what_an_answers_way_may_explain() {
        assert_eq!(after(0, 2, 200), 0);
        assert_eq!(after(-600_000, 2, -600_200), -600_000);
        // An answer that took four seconds may be as old as that.
        for given_after in [0, 2_000, 4_000] {
            assert_eq!(after(0, 4_000, given_after), 0);
        }
    }
}
