//! The outbox of mails.

use keyleash_protocol::UnixMillis;
use sqlx::{query, query_scalar};

use super::{driver::for_every_driver, rows::Columns, transaction::Part};
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
                 RETURNING id, user_id, sealed, created_at, tries - 1 AS tries",
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

    async fn finish_mail(&self, claimed: &OutboxMail, outcome: &MailOutcome) -> StoreResult<()> {
        self.run("finish a mail", || async {
            let (id, tries) = (claimed.id.to_string(), i64::from(claimed.tries) + 1);
            let statement = match outcome {
                MailOutcome::Sent => query("DELETE FROM mails WHERE id = $1").bind(id),
                MailOutcome::RetryAt(due) => {
                    query("UPDATE mails SET due_at = $3 WHERE id = $1 AND tries = $2").bind(id).bind(tries).bind(due.0)
                }
                MailOutcome::GivenUp { at, trail, device } => {
                    // The user's sequence moves, so that the devices that are connected hear of it.
                    let Some(mut change) = self.change(claimed.user, Part::Devices).await? else { return Ok(()) };
                    // The row stays to be counted; its links and words do not.
                    let given_up: Option<i64> = query_scalar(
                        "UPDATE mails SET given_up_at = $3, sealed = $4
                         WHERE id = $1 AND tries = $2 AND given_up_at IS NULL RETURNING tries",
                    )
                    .bind(id)
                    .bind(tries)
                    .bind(at.0)
                    .bind(Vec::<u8>::new())
                    .fetch_optional(&mut *change.tx.0)
                    .await?;
                    if given_up.is_none() {
                        return Ok(());
                    }
                    change.write(trail).await?;
                    // A newer mail may be on its way.
                    query(
                        "UPDATE devices SET mail_failed_at = $3, seq = $4 WHERE id = $1 AND user_id = $2
                         AND NOT EXISTS (SELECT 1 FROM links WHERE device_id = $1 AND created_at > $5)",
                    )
                    .bind(device.map(|device| device.to_string()))
                    .bind(claimed.user.to_string())
                    .bind(at.0)
                    .bind(change.seq.0)
                    .bind(claimed.at.0)
                    .execute(&mut *change.tx.0)
                    .await?;
                    return change.commit().await.map(drop);
                }
            };
            let mut tx = self.begin().await?;
            statement.execute(&mut *tx.0).await?;
            tx.commit().await
        })
        .await
    }

    async fn mails_waiting(&self) -> StoreResult<u64> {
        self.run("count mails", || async {
            let count: i64 =
                query_scalar("SELECT COUNT(*) FROM mails WHERE given_up_at IS NULL").fetch_one(&self.reader).await?;
            Ok(u64::try_from(count).unwrap_or_default())
        })
        .await
    }
}
}
