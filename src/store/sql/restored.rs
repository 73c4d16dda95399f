//! A backup that was put back.

use sqlx::{query, query_scalar};

use super::{driver::for_every_driver, rows::Fault, transaction::Writing};
use crate::store::{HistoryOutcome, NewHistory, RestoredStore, StoreResult};

for_every_driver! {
impl RestoredStore for SqlStore {
    async fn begin_history(&self, new: NewHistory) -> StoreResult<HistoryOutcome> {
        // Not as an operation that somebody waits for: it goes over everything, and takes as long as that takes.
        let begun = async {
            let mut tx = self.begin().await?;
            if let Some(statement) = D::UNHURRIED {
                query(statement).execute(&mut *tx.0).await?;
            }
            let nodes: i64 =
                query_scalar("SELECT COUNT(*) FROM nodes WHERE alive_until > (SELECT now_ms FROM clock)")
                    .fetch_one(&mut *tx.0)
                    .await?;
            if nodes > 0 {
                return Ok(HistoryOutcome::NodesAlive { nodes: nodes.unsigned_abs() });
            }
            let devices = tx.begin_history(&new).await?;
            tx.commit().await?;
            Ok(HistoryOutcome::Begun { devices })
        };
        begun.await.map_err(|fault: Fault| fault.during("begin another history"))
    }
}
}

for_every_driver! {
impl Writing {
    async fn begin_history(&mut self, new: &NewHistory) -> Result<u64, Fault> {
        query("UPDATE meta SET value = $1 WHERE name = 'epoch'")
            .bind(new.epoch.0.clone())
            .execute(&mut *self.0)
            .await?;
        query("UPDATE users SET seq = seq + 1, devices_seq = seq + 1, sessions_seq = seq + 1")
            .execute(&mut *self.0)
            .await?;
        // One that is pending may have been removed since, too.
        query(
            "UPDATE devices SET state = 'pending', removed_at = COALESCE(removed_at, $1),
             seq = (SELECT u.seq FROM users u WHERE u.id = devices.user_id) WHERE state <> 'removed'",
        )
        .bind(new.at.0)
        .execute(&mut *self.0)
        .await?;
        query("UPDATE device_keys SET restore_until = $1 WHERE restore_until IS NULL")
            .bind(new.keys_until.0)
            .execute(&mut *self.0)
            .await?;
        query("DELETE FROM sessions").execute(&mut *self.0).await?;
        query("UPDATE links SET used = TRUE").execute(&mut *self.0).await?;
        query("DELETE FROM mails WHERE given_up_at IS NULL").execute(&mut *self.0).await?;
        let devices: i64 = query_scalar("SELECT COUNT(*) FROM devices WHERE state <> 'removed'")
            .fetch_one(&mut *self.0)
            .await?;
        Ok(devices.unsigned_abs())
    }
}
}
