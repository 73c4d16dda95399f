//! The security log.

use keyleash_protocol::{EventId, UserId};
use sqlx::query;

use super::{driver::for_every_driver, rows::Columns};
use crate::store::{Event, HistoryStore, StoreResult, Trail};

for_every_driver! {
impl HistoryStore for SqlStore {
    async fn events(&self, user: UserId, before: Option<EventId>, limit: u32) -> StoreResult<Vec<Event>> {
        self.run("read the security log", || async {
            // Ids sort by time, and "g" sorts after every hexadecimal id.
            let rows = query("SELECT * FROM events WHERE user_id = $1 AND id < $2 ORDER BY id DESC LIMIT $3")
                .bind(user.to_string())
                .bind(before.map_or_else(|| "g".to_owned(), |before| before.to_string()))
                .bind(i64::from(limit))
                .fetch_all(&self.reader)
                .await?;
            rows.iter().map(|row| Columns::<D>(row).event()).collect()
        })
        .await
    }

    async fn record(&self, user: UserId, trail: Trail) -> StoreResult<()> {
        self.run("write the security log", || async {
            let mut tx = self.begin().await?;
            tx.write(user, &trail).await?;
            tx.commit().await
        })
        .await
    }
}
}
