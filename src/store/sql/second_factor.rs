//! The second factor's secrets, steps and recovery codes.

use keyleash_domain::attempts::{Attempts, Decision};
use keyleash_protocol::{Seq, UnixMillis, UserId};
use sqlx::{query, query_scalar};

use super::{
    driver::for_every_driver,
    rows::Fault,
    transaction::{Part, Writing, existing},
};
use crate::store::{
    Code, CodeRefusal, ConfirmedTotp, GivenCode, PendingTotp, SecondFactorStore, StoreResult, TokenHash, Trail,
};

for_every_driver! {
impl SecondFactorStore for SqlStore {
    async fn set_totp_pending(
        &self,
        user: UserId,
        pending: &PendingTotp,
        present: Option<&[u8]>,
    ) -> StoreResult<bool> {
        self.run("begin the second factor's set-up", || async {
            let mut tx = self.begin().await?;
            let begun = query(
                "UPDATE users SET totp_pending = $2, totp_pending_at = $3
                 WHERE id = $1 AND totp_secret IS NOT DISTINCT FROM $4 RETURNING id",
            )
            .bind(user.to_string())
            .bind(pending.sealed.clone())
            .bind(pending.since.0)
            .bind(present.map(<[u8]>::to_vec))
            .fetch_optional(&mut *tx.0)
            .await?;
            tx.commit().await?;
            Ok(begun.is_some())
        })
        .await
    }

    async fn enable_totp(&self, user: UserId, totp: ConfirmedTotp<'_>, trail: Trail) -> StoreResult<Option<Seq>> {
        self.run("enable the second factor", || async {
            let Some(mut change) = self.change(user, Part::Devices).await? else { return Ok(None) };
            let enabled = query(
                "UPDATE users SET totp_secret = totp_pending, totp_pending = NULL, totp_pending_at = NULL,
                 totp_step = CASE WHEN totp_step < $2 THEN $2 ELSE totp_step END
                 WHERE id = $1 AND totp_pending = $3 AND totp_secret IS NOT DISTINCT FROM $4 RETURNING id",
            )
            .bind(user.to_string())
            .bind(totp.step)
            .bind(totp.sealed.to_vec())
            .bind(totp.present.map(<[u8]>::to_vec))
            .fetch_optional(&mut *change.tx.0)
            .await?;
            if enabled.is_none() {
                return Ok(None);
            }
            change.tx.set_recovery_codes(user, totp.recovery_codes).await?;
            change.write(&trail).await?;
            change.commit().await.map(Some)
        })
        .await
    }

    async fn disable_totp(
        &self,
        user: UserId,
        at: UnixMillis,
        restore_until: UnixMillis,
        trail: Trail,
    ) -> StoreResult<Seq> {
        self.run("disable the second factor", || async {
            let mut change = existing(self.change(user, Part::DevicesAndSessions).await?)?;
            query("UPDATE users SET totp_secret = NULL, totp_pending = NULL, totp_pending_at = NULL WHERE id = $1")
                .bind(user.to_string())
                .execute(&mut *change.tx.0)
                .await?;
            change.tx.set_recovery_codes(user, &[]).await?;
            change.turn_sync_off(at, restore_until).await?;
            change.write(&trail).await?;
            change.commit().await
        })
        .await
    }

    async fn try_code(&self, user: UserId, given: &GivenCode) -> StoreResult<Result<(), CodeRefusal>> {
        self.run("try a code", || async {
            let mut tx = self.begin().await?;
            let verdict = tx.try_code(user, given).await?;
            if verdict.is_ok() {
                tx.write(user, &given.trail).await?;
            }
            tx.commit().await?;
            Ok(verdict)
        })
        .await
    }

    async fn recovery_codes_left(&self, user: UserId) -> StoreResult<u32> {
        self.run("count the recovery codes", || async {
            let left: i64 = query_scalar("SELECT COUNT(*) FROM recovery_codes WHERE user_id = $1 AND used_at IS NULL")
                .bind(user.to_string())
                .fetch_one(&self.reader)
                .await?;
            Ok(u32::try_from(left).unwrap_or(u32::MAX))
        })
        .await
    }

    async fn replace_recovery_codes(&self, user: UserId, codes: &[TokenHash], trail: Trail) -> StoreResult<()> {
        self.run("replace the recovery codes", || async {
            let mut tx = self.begin().await?;
            tx.take(user).await?;
            tx.set_recovery_codes(user, codes).await?;
            tx.write(user, &trail).await?;
            tx.commit().await
        })
        .await
    }
}
}

for_every_driver! {
impl Writing {
    /// See [`SecondFactorStore::try_code`]; the trail is left to the caller. Whatever the verdict is, it is told to nobody
    /// before this is committed.
    pub(super) async fn try_code(&mut self, user: UserId, given: &GivenCode) -> Result<Result<(), CodeRefusal>, Fault> {
        let before = self.tries(&given.counted_as).await?;
        let counted = match given.policy.decide(before, given.at) {
            Decision::Try(counted) => counted,
            Decision::Wait(wait) => return Ok(Err(CodeRefusal::Wait(wait))),
        };
        if !self.use_up(user, given).await? {
            self.set_tries(&given.counted_as, counted).await?;
            return Ok(Err(CodeRefusal::Wrong { is_last_free: counted.count == given.policy.free }));
        }
        if before.is_some() {
            self.set_tries(&given.counted_as, Attempts::NONE).await?;
        }
        Ok(Ok(()))
    }

    /// The condition is the decision: of two nodes with the same code, one gets the row.
    async fn use_up(&mut self, user: UserId, given: &GivenCode) -> Result<bool, Fault> {
        let statement = match &given.code {
            Code::OfNoStep => return Ok(false),
            // RFC 6238, 5.2: each step's code once, and none older than one that was taken.
            Code::OfStep(step) => {
                query("UPDATE users SET totp_step = $2 WHERE id = $1 AND totp_step < $2 RETURNING id")
                    .bind(user.to_string())
                    .bind(*step)
            }
            Code::Recovery(hash) => query(
                "UPDATE recovery_codes SET used_at = $3
                 WHERE user_id = $1 AND code_hash = $2 AND used_at IS NULL RETURNING user_id",
            )
            .bind(user.to_string())
            .bind(hash.to_vec())
            .bind(given.at.0),
        };
        Ok(statement.fetch_optional(&mut *self.0).await?.is_some())
    }
}
}
