//! How long things took: HDR histograms that many tasks write to.

use std::{
    fmt,
    sync::{
        LazyLock, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
    time::{Duration, Instant},
};

use hdrhistogram::Histogram;

use crate::run::Latency;

/// Two values that differ by less than a thousandth are one.
const SIGNIFICANT_DIGITS: u8 = 3;
/// What takes longer counts as this, microseconds: ten minutes.
const LONGEST_MICROS: u64 = 600_000_000;

static ORIGIN: LazyLock<Instant> = LazyLock::new(Instant::now);

/// A moment of this process, microseconds since it first asked: small enough to travel in a credential.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Moment(pub u64);

impl Moment {
    pub fn now() -> Self {
        Self::of(Instant::now())
    }

    pub fn of(at: Instant) -> Self {
        Self(u64::try_from(at.saturating_duration_since(*ORIGIN).as_micros()).unwrap_or(u64::MAX))
    }

    pub fn since(self, earlier: Self) -> Duration {
        Duration::from_micros(self.0.saturating_sub(earlier.0))
    }
}

/// One kind of thing. What was meant to begin before the warm-up's end, or after what is measured, is left out.
pub struct Times {
    name: &'static str,
    title: &'static str,
    target_p99: Option<f64>,
    since: AtomicU64,
    until: AtomicU64,
    histogram: Mutex<Histogram<u64>>,
}

impl Times {
    /// `name` and `title` as in [`Latency`]; `since` is the end of the warm-up.
    ///
    /// # Panics
    /// Never: the library takes these bounds.
    pub fn new(name: &'static str, title: &'static str, since: Moment) -> Self {
        #[expect(clippy::expect_used, reason = "the library takes these bounds")]
        let histogram = Histogram::new_with_bounds(1, LONGEST_MICROS, SIGNIFICANT_DIGITS).expect("good bounds");
        Self {
            name,
            title,
            target_p99: None,
            since: AtomicU64::new(since.0),
            until: AtomicU64::new(u64::MAX),
            histogram: Mutex::new(histogram),
        }
    }

    /// For something whose warm-up has no end yet: nothing counts before [`Self::measure`].
    pub fn closed(name: &'static str, title: &'static str) -> Self {
        Self::new(name, title, Moment(u64::MAX))
    }

    /// From here on what is meant to begin between these moments counts.
    pub fn measure(&self, since: Moment, until: Moment) {
        self.since.store(since.0, Relaxed);
        self.until.store(until.0, Relaxed);
    }

    /// What 99 of 100 are to stay below, seconds.
    pub fn with_target_p99(mut self, seconds: f64) -> Self {
        self.target_p99 = Some(seconds);
        self
    }

    /// Something that was meant to begin at `intended` has ended just now. It is the intention that counts: who is late
    /// because the one before took long has waited too.
    pub fn ended(&self, intended: Moment) {
        self.took(intended, Moment::now().since(intended));
    }

    /// The same with the time that it took.
    pub fn took(&self, intended: Moment, time: Duration) {
        if (self.since.load(Relaxed)..self.until.load(Relaxed)).contains(&intended.0) {
            let micros = u64::try_from(time.as_micros()).unwrap_or(LONGEST_MICROS);
            self.lock().saturating_record(micros);
        }
    }

    pub fn count(&self) -> u64 {
        self.lock().len()
    }

    /// The value that this share of all is at or below; `share` is 0 to 1.
    pub fn quantile(&self, share: f64) -> Duration {
        Duration::from_micros(self.lock().value_at_quantile(share))
    }

    /// What another process measured.
    pub fn add(&self, buckets: &[(u64, u64)]) {
        let mut histogram = self.lock();
        for &(micros, count) in buckets {
            histogram.saturating_record_n(micros, count);
        }
    }

    pub fn latency(&self) -> Latency {
        let histogram = self.lock();
        let recorded = histogram.iter_recorded();
        Latency {
            name: self.name.to_owned(),
            title: self.title.to_owned(),
            buckets: recorded.map(|bucket| (bucket.value_iterated_to(), bucket.count_since_last_iteration())).collect(),
            target_p99: self.target_p99,
        }
    }

    fn lock(&self) -> MutexGuard<'_, Histogram<u64>> {
        self.histogram.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for Times {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Times({}, {} of them)", self.name, self.count())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_began_in_the_warm_up_is_left_out() {
        let times = Times::new("put", "a put", Moment(1_000));
        times.took(Moment(999), Duration::from_secs(1));
        times.took(Moment(1_000), Duration::from_millis(2));
        times.took(Moment(5_000), Duration::from_mins(150));
        assert_eq!(times.count(), 2);
        let latency = times.latency();
        assert_eq!(latency.count(), 2);
        assert!((latency.quantile(0.5) - 0.002).abs() < 0.000_01, "{latency:?}");
        times.measure(Moment(10), Moment(20));
        times.took(Moment(20), Duration::from_secs(1));
        assert_eq!(times.count(), 2, "it was over");
        assert!((latency.quantile(1.0) - 600.0).abs() < 0.6, "the longest that is told apart: {latency:?}");
    }

    #[test]
    fn buckets_of_another_process_are_added() {
        let (one, other) = (Times::new("put", "a put", Moment(0)), Times::new("put", "a put", Moment(0)));
        for millis in 1..100 {
            one.took(Moment(0), Duration::from_millis(millis));
        }
        other.add(&one.latency().buckets);
        assert_eq!(one.latency(), other.latency());
    }
}
