//! How often may something be tried: passwords, codes, mails. The count is stored before the try is judged, so that
//! neither a restart nor another node forgets it.

use std::time::Duration;

use keyleash_protocol::UnixMillis;

/// What is stored about one thing that is being tried.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Attempts {
    /// Tries since the last success or the last quiet period.
    pub count: u32,
    pub last: UnixMillis,
}

impl Attempts {
    pub const NONE: Self = Self { count: 0, last: UnixMillis(0) };
}

/// How many tries are free, and how the wait grows after them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Policy {
    pub free: u32,
    /// The wait after the first try beyond the free ones; doubles with each further one.
    pub first_wait: Duration,
    pub longest_wait: Duration,
    /// After this long without a try the count begins anew.
    pub forget_after: Duration,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Decision {
    /// Go ahead; store this first.
    Try(Attempts),
    /// Not before the wait is over. Nothing is stored: asking while blocked does not lengthen the wait.
    Wait(Duration),
}

impl Policy {
    pub fn decide(&self, stored: Option<Attempts>, now: UnixMillis) -> Decision {
        let Some(stored) = stored.filter(|stored| now.since(stored.last) < self.forget_after) else {
            return Decision::Try(Attempts { count: 1, last: now });
        };
        let waited = now.since(stored.last);
        if let Some(left) = self.wait_after(stored.count).checked_sub(waited).filter(|left| !left.is_zero()) {
            return Decision::Wait(left);
        }
        Decision::Try(Attempts { count: stored.count.saturating_add(1), last: now })
    }

    /// How long to wait after the `count`th try.
    fn wait_after(&self, count: u32) -> Duration {
        let Some(beyond) = count.checked_sub(self.free) else { return Duration::ZERO };
        // 2^20 first waits are beyond any longest wait in use.
        self.first_wait.saturating_mul(1 << beyond.min(20)).min(self.longest_wait)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const POLICY: Policy = Policy {
        free: 5,
        first_wait: Duration::from_secs(1),
        longest_wait: Duration::from_mins(15),
        forget_after: Duration::from_hours(24),
    };

    #[test]
    fn the_free_tries_are_free_and_then_the_wait_doubles() {
        let now = UnixMillis(1_000_000);
        let mut stored = None;
        for _ in 0..5 {
            let Decision::Try(attempts) = POLICY.decide(stored, now) else { panic!("a free try was refused") };
            stored = Some(attempts);
        }
        assert_eq!(POLICY.decide(stored, now), Decision::Wait(Duration::from_secs(1)));
        let later = now.after(Duration::from_secs(1));
        let Decision::Try(attempts) = POLICY.decide(stored, later) else { panic!("the wait is over") };
        assert_eq!(POLICY.decide(Some(attempts), later), Decision::Wait(Duration::from_secs(2)));
    }

    proptest! {
        /// However the tries are spread over an hour, a guesser gets few of them.
        #[test]
        fn a_guesser_gets_few_tries_in_an_hour(gaps in prop::collection::vec(0u64..60_000, 1..2_000)) {
            let (mut now, mut stored, mut tries) = (UnixMillis(0), None, 0);
            for gap in gaps {
                now = now.after(Duration::from_millis(gap));
                if now.0 > 3_600_000 { break }
                if let Decision::Try(attempts) = POLICY.decide(stored, now) {
                    stored = Some(attempts);
                    tries += 1;
                }
            }
            // 5 free, 10 while the wait grows to 512 s (together 1,023 s), then one per 900 s.
            prop_assert!(tries <= 5 + 10 + 4, "{tries} tries");
        }

        /// A wait is never longer than the longest one.
        #[test]
        fn a_wait_ends(count in 0u32..u32::MAX, ago in 0i64..1_000_000) {
            let stored = Some(Attempts { count, last: UnixMillis(0) });
            if let Decision::Wait(wait) = POLICY.decide(stored, UnixMillis(ago)) {
                prop_assert!(wait <= POLICY.longest_wait);
            }
        }
    }
}
