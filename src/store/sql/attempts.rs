//! Counts of tries.

use keyleash_domain::attempts::{Attempts, Decision, Policy};
use keyleash_protocol::UnixMillis;
use sqlx::{query, query_as};

use super::{driver::for_every_driver, rows::Fault, transaction::Writing};
use crate::store::{AttemptStore, StoreResult};

/// A row with a count of none is there to be taken.
fn attempts((count, last): (i64, i64)) -> Option<Attempts> {
    (count > 0).then(|| Attempts { count: u32::try_from(count).unwrap_or(u32::MAX), last: UnixMillis(last) })
}

for_every_driver! {
impl AttemptStore for SqlStore {
    async fn begin_attempt(&self, key: &str, policy: &Policy, now: UnixMillis) -> StoreResult<Decision> {
        self.run("count an attempt", || async {
            let mut tx = self.begin().await?;
            let decision = policy.decide(tx.tries(key).await?, now);
            if let Decision::Try(next) = decision {
                tx.set_tries(key, next).await?;
                tx.commit().await?;
            }
            Ok(decision)
        })
        .await
    }

    async fn attempts(&self, key: &str) -> StoreResult<Option<Attempts>> {
        self.run("read attempts", || async {
            let stored: Option<(i64, i64)> = query_as("SELECT count, last_at FROM attempts WHERE name = $1")
                .bind(key.to_owned())
                .fetch_optional(&self.reader)
                .await?;
            Ok(stored.and_then(attempts))
        })
        .await
    }

    async fn clear_attempts(&self, key: &str) -> StoreResult<()> {
        self.run("clear attempts", || async {
            let mut tx = self.begin().await?;
            query("DELETE FROM attempts WHERE name = $1").bind(key.to_owned()).execute(&mut *tx.0).await?;
            tx.commit().await
        })
        .await
    }

    async fn forget_before(&self, before: UnixMillis) -> StoreResult<u64> {
        self.run("forget what is over", || async {
            let mut tx = self.begin().await?;
            let mut forgotten = 0;
            for statement in [
                "DELETE FROM attempts WHERE last_at < $1 RETURNING 1",
                "DELETE FROM links WHERE expires_at < $1 RETURNING 1",
                "DELETE FROM sessions WHERE expires_at < $1 RETURNING 1",
                "DELETE FROM nodes WHERE alive_until < $1 RETURNING 1",
            ] {
                forgotten += query(statement).bind(before.0).fetch_all(&mut *tx.0).await?.len() as u64;
            }
            tx.commit().await?;
            Ok(forgotten)
        })
        .await
    }
}
}

for_every_driver! {
impl Writing {
    /// Takes the count's row, or makes it, before reading it: two nodes cannot read the same count.
    pub(super) async fn tries(&mut self, key: &str) -> Result<Option<Attempts>, Fault> {
        let stored: (i64, i64) = query_as(
            "INSERT INTO attempts (name, count, last_at) VALUES ($1, 0, 0)
             ON CONFLICT (name) DO UPDATE SET count = attempts.count RETURNING count, last_at",
        )
        .bind(key.to_owned())
        .fetch_one(&mut *self.0)
        .await?;
        Ok(attempts(stored))
    }

    pub(super) async fn set_tries(&mut self, key: &str, tries: Attempts) -> Result<(), Fault> {
        query("UPDATE attempts SET count = $2, last_at = $3 WHERE name = $1")
            .bind(key.to_owned())
            .bind(i64::from(tries.count))
            .bind(tries.last.0)
            .execute(&mut *self.0)
            .await?;
        Ok(())
    }
}
}
