//! The outbox of mails.

use keyleash_protocol::UnixMillis;
use sqlx::query;
use uuid::Uuid;

use super::{driver::for_every_driver, rows::Columns};
use crate::store::{MailOutcome, MailStore, OutboxMail, StoreResult};

for_every_driver! {
impl MailStore for SqlStore {
    async fn claim_mails(
        &self,
        now: UnixMillis,
        lease_until: UnixMillis,
        limit: u32,
    ) -> StoreResult<Vec<OutboxMail>> {
        self.run("claim mails", || async {
            let mut tx = self.begin().await?;
            // The outer condition is checked again on a row that another node just claimed.
            let rows = query(
                "UPDATE mails SET due_at = $2, tries = tries + 1
                 WHERE id IN (SELECT id FROM mails WHERE given_up_at IS NULL AND due_at <= $1 ORDER BY due_at, id LIMIT $3)
                 AND due_at <= $1
                 RETURNING id, user_id, sealed, tries - 1 AS tries",
            )
            .bind(now.0)
            .bind(lease_until.0)
            .bind(i64::from(limit))
            .fetch_all(&mut *tx.0)
            .await?;
            tx.commit().await?;
            rows.iter().map(|row| Columns::<D>(row).mail()).collect()
        })
        .await
    }

    async fn finish_mail(&self, mail: Uuid, outcome: MailOutcome, at: UnixMillis) -> StoreResult<()> {
        self.run("finish a mail", || async {
            let statement = match outcome {
                MailOutcome::Sent => query("DELETE FROM mails WHERE id = $1").bind(mail.to_string()),
                MailOutcome::RetryAt(due) => {
                    query("UPDATE mails SET due_at = $2 WHERE id = $1").bind(mail.to_string()).bind(due.0)
                }
                // The row stays to be counted; its links and words do not.
                MailOutcome::GivenUp => query("UPDATE mails SET given_up_at = $2, sealed = $3 WHERE id = $1")
                    .bind(mail.to_string())
                    .bind(at.0)
                    .bind(Vec::<u8>::new()),
            };
            let mut tx = self.begin().await?;
            statement.execute(&mut *tx.0).await?;
            tx.commit().await
        })
        .await
    }
}
}
