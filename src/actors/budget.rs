//! How many hints are looked after one by one. Beyond that one sweep, a single query, is cheaper, and a flood of made-up
//! hints about many users costs no more.

use std::time::Duration;

use tokio::time::Instant;

use super::limits::HINTS_PER_SECOND;

const SECOND: Duration = Duration::from_secs(1);

#[derive(Debug)]
pub(super) struct HintBudget {
    since: Instant,
    spent: u32,
}

impl HintBudget {
    pub(super) fn new(now: Instant) -> Self {
        Self { since: now, spent: 0 }
    }

    /// Whether one more may be looked after now.
    pub(super) fn spend(&mut self, now: Instant) -> bool {
        if now.duration_since(self.since) >= SECOND {
            *self = Self::new(now);
        }
        self.spent = self.spent.saturating_add(1);
        self.spent <= HINTS_PER_SECOND
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn so_many_a_second_and_no_more() {
        let now = Instant::now();
        let mut budget = HintBudget::new(now);
        assert_eq!((0..10 * HINTS_PER_SECOND).filter(|_| budget.spend(now)).count(), HINTS_PER_SECOND as usize);
        assert!(budget.spend(now + SECOND));
    }
}
