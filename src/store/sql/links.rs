//! Links in mails.

use keyleash_protocol::{Seq, UnixMillis};
use sqlx::query;

use super::{
    driver::for_every_driver,
    rows::{Columns, name},
    transaction::Part,
};
use crate::store::{Link, LinkPurpose, LinkStore, NewLink, StoreResult, TokenHash, Trail};

for_every_driver! {
impl LinkStore for SqlStore {
    async fn create_link(&self, link: NewLink, trail: Trail) -> StoreResult<Option<Seq>> {
        self.run("store a link", || async {
            let Some(device) = &link.device else {
                let mut tx = self.begin().await?;
                tx.take(link.user).await?;
                tx.insert_link(&link).await?;
                tx.write(link.user, &trail).await?;
                tx.commit().await?;
                return Ok(None);
            };
            let Some(mut change) = self.change(link.user, Part::Devices).await? else { return Ok(None) };
            change.tx.insert_link(&link).await?;
            change.write(&trail).await?;
            query("UPDATE devices SET mail_failed_at = NULL, seq = $2 WHERE id = $1 AND mail_failed_at IS NOT NULL")
                .bind(device.id.to_string())
                .bind(change.seq.0)
                .execute(&mut *change.tx.0)
                .await?;
            change.commit().await.map(Some)
        })
        .await
    }

    async fn link(&self, token: TokenHash, now: UnixMillis) -> StoreResult<Option<Link>> {
        self.run("find a link", || async {
            let row = query("SELECT * FROM links WHERE token_hash = $1 AND used = FALSE AND expires_at > $2")
                .bind(token.to_vec())
                .bind(now.0)
                .fetch_optional(&self.reader)
                .await?;
            row.map(|row| Columns::<D>(&row).link()).transpose()
        })
        .await
    }

    async fn use_link(&self, token: TokenHash, purpose: LinkPurpose, now: UnixMillis) -> StoreResult<Option<Link>> {
        self.run("use a link", || async {
            let mut tx = self.begin().await?;
            let row = query(
                "UPDATE links SET used = TRUE
                 WHERE token_hash = $1 AND purpose = $2 AND used = FALSE AND expires_at > $3 RETURNING *",
            )
            .bind(token.to_vec())
            .bind(name(&purpose)?)
            .bind(now.0)
            .fetch_optional(&mut *tx.0)
            .await?;
            tx.commit().await?;
            row.map(|row| Columns::<D>(&row).link()).transpose()
        })
        .await
    }
}
}
