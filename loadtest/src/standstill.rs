//! Waiting for a count to come to what is wanted: for as long as it grows, however long that takes.

use std::time::Duration;

use tokio::time::{Instant, sleep};

const POLL: Duration = Duration::from_millis(10);

/// What the count is once it came to `wanted`, or did not grow for `patience`.
pub async fn until<T: Ord + Copy>(wanted: T, count: impl Fn() -> T, patience: Duration) -> T {
    let (mut most, mut since) = (count(), Instant::now());
    while most < wanted {
        sleep(POLL).await;
        let now = count();
        if now > most {
            (most, since) = (now, Instant::now());
        } else if since.elapsed() >= patience {
            break;
        }
    }
    most
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use tokio::time::timeout;

    use super::*;

    /// Nobody who gives up takes a fraction of it.
    const GIVEN_UP: Duration = Duration::from_secs(30);

    /// Grows by one whenever it is looked at, up to `most`.
    fn source(most: u64) -> impl Fn() -> u64 {
        let looks = Cell::new(0);
        move || {
            looks.set(looks.get() + 1);
            looks.get().min(most)
        }
    }

    #[tokio::test]
    async fn what_grows_is_waited_for_beyond_all_patience() {
        assert_eq!(until(10, source(u64::MAX), Duration::ZERO).await, 10);
    }

    #[tokio::test]
    async fn what_stands_still_is_given_up() {
        for patience in [Duration::ZERO, 5 * POLL] {
            assert_eq!(timeout(GIVEN_UP, until(10, source(3), patience)).await, Ok(3));
        }
    }

    #[tokio::test]
    async fn what_is_there_is_not_waited_for() {
        assert_eq!(until(3, source(3), Duration::MAX).await, 3);
    }
}
