//! Open-loop load: when each thing is meant to begin, whether or not the one before has ended.

use std::{thread, time::Duration};

use tokio::{
    task::spawn_blocking,
    time::{Instant, sleep_until},
};

use crate::times::Moment;

/// tokio's timer counts whole milliseconds, which would be in every figure. It waits until this long before, and a thread,
/// which the kernel wakes to 50 µs, for the rest.
const COARSE: Duration = Duration::from_millis(2);

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
        let due = self.due().into_std();
        self.next += 1;
        sleep_until(due.checked_sub(COARSE).unwrap_or(due).into()).await;
        if due > std::time::Instant::now() {
            #[expect(clippy::disallowed_methods, reason = "on a thread for that: no actor waits behind it")]
            let rest = move || thread::sleep(due.saturating_duration_since(std::time::Instant::now()));
            // Only a runtime that ends drops it, and then nobody waits.
            spawn_blocking(rest).await.ok();
        }
        Moment::of(due)
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
