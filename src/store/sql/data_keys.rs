//! Data keys, all of them: for the vault alone.

use keyleash_protocol::UserId;
use sqlx::{Row, query, query_scalar};

use super::{
    driver::for_every_driver,
    rows::{Columns, parse},
};
use crate::{
    kms::WrappedKey,
    store::{DataKeyStore, StoreResult},
};

for_every_driver! {
impl DataKeyStore for SqlStore {
    async fn count_not_under(&self, key_id: &str) -> StoreResult<u64> {
        self.run("count data keys", || async {
            let count: i64 = query_scalar("SELECT COUNT(*) FROM data_keys WHERE key_id <> $1")
                .bind(key_id.to_owned())
                .fetch_one(&self.reader)
                .await?;
            Ok(count.unsigned_abs())
        })
        .await
    }

    async fn data_keys_not_under(
        &self,
        key_id: &str,
        after: Option<UserId>,
        limit: u32,
    ) -> StoreResult<Vec<(UserId, WrappedKey)>> {
        self.run("list data keys", || async {
            let rows = query(
                "SELECT user_id, key_id, wrapped FROM data_keys
                 WHERE key_id <> $1 AND user_id > $2 ORDER BY user_id LIMIT $3",
            )
            .bind(key_id.to_owned())
            .bind(after.map_or_else(String::new, |user| user.to_string()))
            .bind(i64::from(limit))
            .fetch_all(&self.reader)
            .await?;
            let read = |row| {
                let user = parse(&Row::try_get::<String, _>(row, "user_id")?)?;
                Ok((user, Columns::<D>(row).data_key()?))
            };
            rows.iter().map(read).collect()
        })
        .await
    }

    async fn replace_data_key(&self, user: UserId, old: &WrappedKey, new: WrappedKey) -> StoreResult<bool> {
        self.run("replace a data key", || async {
            let mut tx = self.begin().await?;
            let replaced = query(
                "UPDATE data_keys SET key_id = $4, wrapped = $5
                 WHERE user_id = $1 AND key_id = $2 AND wrapped = $3 RETURNING user_id",
            )
            .bind(user.to_string())
            .bind(old.key_id.clone())
            .bind(old.blob.clone())
            .bind(new.key_id.clone())
            .bind(new.blob.clone())
            .fetch_optional(&mut *tx.0)
            .await?;
            tx.commit().await?;
            Ok(replaced.is_some())
        })
        .await
    }
}
}
