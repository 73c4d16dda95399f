//! How many messages a peer may send: a bucket that fills steadily, with as much patience below its bottom as above.

use std::time::Instant;

use super::{MESSAGES_BURST, MESSAGES_PER_SECOND};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Pace {
    Fine,
    /// Over the rate: what it asks for is refused.
    TooFast,
    /// It was told as often as the burst is long, and goes on.
    Flood,
}

#[derive(Clone, Copy, Debug)]
pub(super) struct Rate {
    /// In thousandths of a message, so that short times count too. Below zero: over the rate.
    level: i64,
    at: Instant,
}

const FULL: i64 = MESSAGES_BURST as i64 * 1_000;

impl Rate {
    pub(super) fn new(now: Instant) -> Self {
        Self { level: FULL, at: now }
    }

    pub(super) fn count(&mut self, now: Instant) -> Pace {
        let millis = i64::try_from(now.saturating_duration_since(self.at).as_millis()).unwrap_or(i64::MAX);
        self.at = now;
        let filled = self.level.saturating_add(millis.saturating_mul(i64::from(MESSAGES_PER_SECOND)));
        self.level = filled.min(FULL) - 1_000;
        match self.level {
            0.. => Pace::Fine,
            level if level >= -FULL => Pace::TooFast,
            _ => Pace::Flood,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn a_burst_is_fine_then_refused_then_a_flood() {
        let now = Instant::now();
        let mut rate = Rate::new(now);
        let burst = MESSAGES_BURST as usize;
        let paces: Vec<Pace> = (0..=2 * burst).map(|_| rate.count(now)).collect();
        assert!(paces[..burst].iter().all(|pace| *pace == Pace::Fine));
        assert!(paces[burst..2 * burst].iter().all(|pace| *pace == Pace::TooFast));
        assert_eq!(paces[2 * burst], Pace::Flood);
        assert_eq!(rate.count(now + Duration::from_mins(1)), Pace::Fine);
    }

    #[test]
    fn the_steady_rate_is_fine_for_ever() {
        let mut now = Instant::now();
        let mut rate = Rate::new(now);
        for _ in 0..10_000 {
            now += Duration::from_millis(u64::from(1_000 / MESSAGES_PER_SECOND));
            assert_eq!(rate.count(now), Pace::Fine);
        }
    }
}
