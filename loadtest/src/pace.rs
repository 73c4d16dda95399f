//! Open-loop load: when each thing is meant to begin, whether or not the one before has ended.

use std::time::Duration;

use tokio::time::{Instant, sleep_until};

use crate::times::Moment;

/// A schedule of so many a second, evenly spread.
#[derive(Clone, Copy, Debug)]
pub struct Pace {
    begin: Instant,
    gap: Duration,
    next: u32,
}

impl Pace {
    /// The first is due `offset` after `begin`, so that many schedules of one rate do not fall together.
    pub fn new(begin: Instant, per_second: f64, offset: Duration) -> Self {
        Self { begin: begin + offset, gap: Duration::from_secs_f64(1.0 / per_second.max(1e-6)), next: 0 }
    }

    /// When the next one is due.
    pub fn due(&self) -> Instant {
        self.begin + self.gap * self.next
    }

    /// Waits for it, and gives the moment at which it was meant to begin; at once if that has passed.
    pub async fn tick(&mut self) -> Moment {
        let due = self.due();
        sleep_until(due).await;
        self.next += 1;
        Moment::of(due.into_std())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn who_is_late_is_measured_from_the_intention() {
        // Moments count from the first one of a process.
        Moment::now();
        let begin = Instant::now() + Duration::from_millis(1);
        let mut pace = Pace::new(begin, 10_000.0, Duration::ZERO);
        sleep_until(begin + Duration::from_millis(60)).await;
        let first = pace.tick().await;
        for _ in 1..500 {
            pace.tick().await;
        }
        let last = pace.tick().await;
        assert_eq!(last.since(first), Duration::from_millis(50));
        assert!(Moment::now().since(last) >= Duration::from_millis(10), "all of them were late");
    }
}
