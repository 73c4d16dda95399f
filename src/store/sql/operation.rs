//! One operation of the store, from its first try to its last.
//!
//! An operation has at most one transaction, and that one's COMMIT is its last word to the database. So whatever fails
//! before has changed nothing, and may be tried again; once COMMIT was sent, only the database's own "no" counts as one.

use std::{future::Future, io, time::Duration};

use tokio::time::{sleep, timeout};

use super::{
    Driver, SqlStore,
    meaning::{self, Meaning},
    rows::Fault,
};
use crate::{
    entropy::Entropy,
    store::{StoreError, StoreResult},
    telemetry::{Call, FIGURES, Outcome},
};

/// How long an operation may take with all its tries, waits for connections and rows: whoever asked holds a socket or a
/// request open meanwhile. Also the longest that a database which does not answer is waited for.
pub(super) const OPERATION_MAX: Duration = Duration::from_secs(8);
/// The longest pauses before a further try; each is drawn at random, so that those who met do not meet again. A deadlock is
/// over at once, a connection is there again at once or not for long: acquiring one waits for the server by itself.
const PAUSES_MAX: [Duration; 3] = [Duration::from_millis(20), Duration::from_millis(100), Duration::from_millis(400)];

impl<D: Driver> SqlStore<D> {
    /// [`run`], for the store's own methods.
    pub(super) async fn run<T, F>(
        &self,
        operation: &'static str,
        attempt: impl Fn() -> F + Send + Sync,
    ) -> StoreResult<T>
    where
        T: Send,
        F: Future<Output = Result<T, Fault>> + Send,
    {
        run(operation, attempt).await
    }
}

/// Carries out an operation and names it in whatever goes wrong. `attempt` is one try: it may be run several times.
pub(super) async fn run<T, F>(operation: &'static str, attempt: impl Fn() -> F + Send + Sync) -> StoreResult<T>
where
    T: Send,
    F: Future<Output = Result<T, Fault>> + Send,
{
    let outcome = timeout(OPERATION_MAX, persist(attempt)).await;
    let fault = match outcome {
        Ok(Ok(done)) => return Ok(done),
        Ok(Err(fault)) => fault,
        Err(_) => Fault::InDoubt(took_too_long()),
    };
    let error = fault.during(operation);
    let outcome = match error {
        StoreError::Unavailable { .. } => Outcome::Unavailable,
        StoreError::Refused { .. } | StoreError::Corrupt { .. } => Outcome::Refused,
    };
    FIGURES.store_errors.get_or_create(&Call::new(operation, outcome)).inc();
    Err(error)
}

/// Tries again where nothing was done and another try may do it.
async fn persist<T, F>(attempt: impl Fn() -> F + Send + Sync) -> Result<T, Fault>
where
    F: Future<Output = Result<T, Fault>> + Send,
{
    for pause_max in PAUSES_MAX {
        match attempt().await {
            Err(Fault::Undone(error)) if matches!(meaning::of(&error), Meaning::RunAgain | Meaning::Broken) => {
                tracing::debug!(%error, "an operation is tried again");
                FIGURES.store_retries.inc();
                let [share] = Entropy::new().bytes();
                sleep(pause_max * u32::from(share) / u32::from(u8::MAX)).await;
            }
            outcome => return outcome,
        }
    }
    attempt().await
}

pub(super) fn took_too_long() -> sqlx::Error {
    io::Error::from(io::ErrorKind::TimedOut).into()
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;

    async fn tries(fault: impl Fn() -> Fault + Send + Sync) -> usize {
        let tries = AtomicUsize::new(0);
        let attempt = || async {
            tries.fetch_add(1, Ordering::Relaxed);
            Err::<(), _>(fault())
        };
        assert!(persist(attempt).await.is_err());
        tries.into_inner()
    }

    #[tokio::test]
    async fn what_may_have_been_done_is_not_done_again() {
        let lost = || sqlx::Error::Io(io::ErrorKind::ConnectionReset.into());
        assert_eq!(tries(|| Fault::Undone(lost())).await, 1 + PAUSES_MAX.len());
        assert_eq!(tries(|| Fault::InDoubt(lost())).await, 1);
        assert_eq!(tries(|| Fault::Undone(sqlx::Error::PoolTimedOut)).await, 1, "more of it helps nobody");
        assert_eq!(tries(|| Fault::Unexpected(String::new())).await, 1);
    }
}
