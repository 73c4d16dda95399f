//! The security log.

use keyleash_protocol::{EventId, UserId, http::EventKind};
use sqlx::QueryBuilder;

use super::{
    driver::for_every_driver,
    rows::{Columns, name},
};
use crate::store::{Event, HistoryStore, StoreResult, Trail};

for_every_driver! {
impl HistoryStore for SqlStore {
    async fn events(
        &self,
        user: UserId,
        before: Option<EventId>,
        kinds: Option<&[EventKind]>,
        limit: u32,
    ) -> StoreResult<Vec<Event>> {
        self.run("read the security log", || async {
            let mut query = QueryBuilder::<D>::new("SELECT * FROM events WHERE user_id = ");
            query.push_bind(user.to_string());
            if let Some(before) = before {
                // Ids sort by time.
                query.push(" AND id < ").push_bind(before.to_string());
            }
            if let Some(kinds) = kinds {
                if kinds.is_empty() {
                    return Ok(Vec::new());
                }
                query.push(" AND kind IN (");
                let mut names = query.separated(", ");
                for kind in kinds {
                    names.push_bind(name(kind)?);
                }
                query.push(")");
            }
            query.push(" ORDER BY id DESC LIMIT ").push_bind(i64::from(limit));
            let rows = query.build().fetch_all(&self.reader).await?;
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
