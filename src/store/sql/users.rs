//! Users, their passwords, their sync switch.

use keyleash_domain::{login::Login, text::Email};
use keyleash_protocol::{Epoch, Seq, SessionId, UnixMillis, UserId, http::MailPreferences, socket::RevokeReason};
use sqlx::{query, query_as, query_scalar};

use super::{
    driver::for_every_driver,
    rows::{Columns, Fault, name, parse},
    transaction::{Change, Part, existing},
};
use crate::store::{
    Changes, Heads, LinkPurpose, Look, NewLink, NewUser, NewVendorUser, Revocation, Revoke, StoreResult, TokenHash,
    Trail, User, UserStore,
};

for_every_driver! {
impl UserStore for SqlStore {
    async fn epoch(&self) -> StoreResult<Epoch> {
        self.run("read the epoch", || async {
            let epoch = query_scalar("SELECT value FROM meta WHERE name = 'epoch'").fetch_one(&self.reader).await?;
            Ok(Epoch(epoch))
        })
        .await
    }

    async fn create_user(&self, user: NewUser, link: NewLink, trail: Trail) -> StoreResult<bool> {
        self.run("create a user", || async {
            let mut tx = self.begin().await?;
            let created = query(
                "INSERT INTO users (id, login, email, password_hash, created_at) VALUES ($1, $2, $2, $3, $4)
                 ON CONFLICT (login) DO UPDATE SET password_hash = excluded.password_hash
                 WHERE users.confirmed = FALSE AND users.id = excluded.id RETURNING id",
            )
            .bind(user.id.to_string())
            .bind(user.email.as_str().to_owned())
            .bind(user.password_hash.clone())
            .bind(user.at.0)
            .fetch_optional(&mut *tx.0)
            .await?;
            if created.is_none() {
                return Ok(false);
            }
            tx.insert_link(&link).await?;
            tx.write(user.id, &trail).await?;
            tx.commit().await?;
            Ok(true)
        })
        .await
    }

    async fn forget_sign_ups(&self, before: UnixMillis, most: u32) -> StoreResult<u64> {
        self.run("forget old sign-ups", || async {
            let mut tx = self.begin().await?;
            let candidates: Vec<String> = query_scalar(
                "SELECT id FROM users WHERE confirmed = FALSE AND created_at < $1
                 AND NOT EXISTS (SELECT 1 FROM links WHERE user_id = users.id) ORDER BY created_at LIMIT $2",
            )
            .bind(before.0)
            .bind(i64::from(most))
            .fetch_all(&mut *tx.0)
            .await?;
            let mut forgotten = 0;
            for id in candidates {
                // Takes the row: who signs up again just now is before this, with a new link, or after it, as a new user.
                let taken = query(
                    "UPDATE users SET changed_at = changed_at WHERE id = $1 AND confirmed = FALSE
                     AND NOT EXISTS (SELECT 1 FROM links WHERE user_id = users.id) RETURNING id",
                )
                .bind(id.clone())
                .fetch_optional(&mut *tx.0)
                .await?;
                if taken.is_none() {
                    continue;
                }
                for statement in [
                    "DELETE FROM events WHERE user_id = $1",
                    "DELETE FROM mails WHERE user_id = $1",
                    "DELETE FROM data_keys WHERE user_id = $1",
                    "DELETE FROM users WHERE id = $1",
                ] {
                    query(statement).bind(id.clone()).execute(&mut *tx.0).await?;
                }
                forgotten += 1;
            }
            tx.commit().await?;
            Ok(forgotten)
        })
        .await
    }

    async fn count_users(&self, most: u32) -> StoreResult<u64> {
        self.run("count the users", || async {
            let count: i64 = query_scalar("SELECT COUNT(*) FROM (SELECT id FROM users LIMIT $1) some_users")
                .bind(i64::from(most))
                .fetch_one(&self.reader)
                .await?;
            u64::try_from(count).map_err(|_| Fault::Unexpected("fewer users than none".to_owned()))
        })
        .await
    }

    async fn user(&self, user: UserId) -> StoreResult<Option<User>> {
        self.run("read a user", || async {
            let row = query("SELECT * FROM users WHERE id = $1")
                .bind(user.to_string())
                .fetch_optional(&self.reader)
                .await?;
            row.map(|row| Columns::<D>(&row).user()).transpose()
        })
        .await
    }

    async fn user_by_login(&self, login: &Login) -> StoreResult<Option<User>> {
        self.run("find a user", || async {
            let row = query("SELECT * FROM users WHERE login = $1")
                .bind(login.to_text())
                .fetch_optional(&self.reader)
                .await?;
            row.map(|row| Columns::<D>(&row).user()).transpose()
        })
        .await
    }

    async fn create_vendor_user(&self, user: NewVendorUser, trail: Trail) -> StoreResult<bool> {
        self.run("create a vendor's user", || async {
            let mut tx = self.begin().await?;
            let created = query(
                "INSERT INTO users (id, login, email, password_hash, confirmed, created_at)
                 VALUES ($1, $2, $3, '', TRUE, $4) ON CONFLICT (login) DO NOTHING RETURNING id",
            )
            .bind(user.id.to_string())
            .bind(Login::Vendor(user.login.clone()).to_text())
            .bind(user.email.as_str().to_owned())
            .bind(user.at.0)
            .fetch_optional(&mut *tx.0)
            .await?;
            if created.is_none() {
                return Ok(false);
            }
            tx.write(user.id, &trail).await?;
            tx.commit().await?;
            Ok(true)
        })
        .await
    }

    async fn set_email(&self, user: UserId, email: &Email, trail: Trail) -> StoreResult<bool> {
        self.run("set a mail address", || async {
            let mut tx = self.begin().await?;
            let set = query("UPDATE users SET email = $2 WHERE id = $1 AND email <> $2 RETURNING id")
                .bind(user.to_string())
                .bind(email.as_str().to_owned())
                .fetch_optional(&mut *tx.0)
                .await?;
            if set.is_none() {
                return Ok(false);
            }
            tx.write(user, &trail).await?;
            tx.commit().await?;
            Ok(true)
        })
        .await
    }

    async fn confirm_user(&self, token: TokenHash, now: UnixMillis) -> StoreResult<Option<UserId>> {
        self.run("confirm a user", || async {
            let mut tx = self.begin().await?;
            let user: Option<String> = query_scalar(
                "UPDATE links SET used = TRUE
                 WHERE token_hash = $1 AND purpose = $2 AND used = FALSE AND expires_at > $3 RETURNING user_id",
            )
            .bind(token.to_vec())
            .bind(name(&LinkPurpose::ConfirmSignUp)?)
            .bind(now.0)
            .fetch_optional(&mut *tx.0)
            .await?;
            let Some(user) = user else { return Ok(None) };
            query("UPDATE users SET confirmed = TRUE WHERE id = $1").bind(user.clone()).execute(&mut *tx.0).await?;
            tx.commit().await?;
            parse(&user).map(Some)
        })
        .await
    }

    async fn set_mail_preferences(&self, user: UserId, wanted: MailPreferences, trail: Trail) -> StoreResult<()> {
        self.run("set the mail preferences", || async {
            let MailPreferences { logins } = wanted;
            let mut tx = self.begin().await?;
            query("UPDATE users SET mail_logins = $2 WHERE id = $1")
                .bind(user.to_string())
                .bind(logins)
                .execute(&mut *tx.0)
                .await?;
            tx.write(user, &trail).await?;
            tx.commit().await
        })
        .await
    }

    async fn turn_sync_on(&self, user: UserId, trail: Trail) -> StoreResult<Option<Seq>> {
        self.run("turn sync on", || async {
            let mut change = existing(self.change(user, Part::Devices).await?)?;
            let turned_on = query(
                "UPDATE users SET sync_enabled = TRUE WHERE id = $1 AND totp_secret IS NOT NULL RETURNING id",
            )
            .bind(user.to_string())
            .fetch_optional(&mut *change.tx.0)
            .await?;
            if turned_on.is_none() {
                return Ok(None);
            }
            change.write(&trail).await?;
            change.commit().await.map(Some)
        })
        .await
    }

    async fn turn_sync_off(
        &self,
        user: UserId,
        at: UnixMillis,
        restore_until: UnixMillis,
        trail: Trail,
    ) -> StoreResult<Seq> {
        self.run("turn sync off", || async {
            let mut change = existing(self.change(user, Part::Devices).await?)?;
            change.turn_sync_off(at, restore_until).await?;
            change.write(&trail).await?;
            change.commit().await
        })
        .await
    }

    async fn set_password(
        &self,
        user: UserId,
        password_hash: &str,
        keep: Option<SessionId>,
        trail: Trail,
    ) -> StoreResult<Seq> {
        self.run("set a password", || async {
            let mut change = existing(self.change(user, Part::Sessions).await?)?;
            change.set_password(password_hash, keep).await?;
            change.write(&trail).await?;
            change.commit().await
        })
        .await
    }

    async fn reset_password(
        &self,
        token: TokenHash,
        password_hash: &str,
        now: UnixMillis,
        trail: Trail,
    ) -> StoreResult<Option<Seq>> {
        self.run("reset a password", || async {
            let owner: Option<String> = query_scalar(
                "SELECT user_id FROM links
                 WHERE token_hash = $1 AND purpose = $2 AND used = FALSE AND expires_at > $3",
            )
            .bind(token.to_vec())
            .bind(name(&LinkPurpose::ResetPassword)?)
            .bind(now.0)
            .fetch_optional(&self.reader)
            .await?;
            let Some(owner) = owner else { return Ok(None) };
            let mut change = existing(self.change(parse(&owner)?, Part::Sessions).await?)?;
            if !change.tx.use_up_link(token).await? {
                return Ok(None);
            }
            change.set_password(password_hash, None).await?;
            // Whoever opened this link reads the mail of that address.
            query("UPDATE users SET confirmed = TRUE WHERE id = $1").bind(owner).execute(&mut *change.tx.0).await?;
            change.write(&trail).await?;
            change.commit().await.map(Some)
        })
        .await
    }

    async fn heads(&self, user: UserId) -> StoreResult<Option<Heads>> {
        self.run("read a user's seq", || async {
            let row = query(
                "SELECT seq AS head_seq, devices_seq AS head_devices, sessions_seq AS head_sessions,
                 credentials_seq AS head_credentials FROM users WHERE id = $1",
            )
            .bind(user.to_string())
            .fetch_optional(&self.reader)
            .await?;
            row.map(|row| Columns::<D>(&row).heads()).transpose()
        })
        .await
    }

    async fn look(&self, user: UserId, known: Option<Heads>) -> StoreResult<Option<Look>> {
        self.questions.look(user, known).await
    }

    async fn changed_since(&self, since: UnixMillis) -> StoreResult<Changes> {
        self.run("look for changed users", || async {
            // One statement: a node asks this all the time. A change that commits meanwhile is seen now or, by the
            // caller's overlap, next time.
            let rows: Vec<(i64, Option<String>, Option<i64>, Option<i64>)> = query_as(
                "SELECT clock.now_ms, changed.id, changed.seq, changed.presence_at FROM clock LEFT JOIN (
                     SELECT id, seq, CAST(NULL AS BIGINT) AS presence_at FROM users WHERE changed_at >= $1
                     UNION ALL
                     SELECT user_id, CAST(NULL AS BIGINT), MAX(presence_at) FROM devices
                     WHERE presence_at >= $1 GROUP BY user_id
                 ) changed ON TRUE",
            )
            .bind(since.0)
            .fetch_all(&self.reader)
            .await?;
            let now = rows.first().map(|(now, ..)| UnixMillis(*now));
            let now = now.ok_or_else(|| Fault::Unexpected("a database without a clock".to_owned()))?;
            let mut changes = Changes { now, users: Vec::new(), presence: Vec::new() };
            for (_, id, seq, presence_at) in rows {
                let Some(id) = id else { continue };
                changes.users.extend(seq.map(|seq| Ok::<_, Fault>((parse(&id)?, Seq(seq)))).transpose()?);
                changes.presence.extend(presence_at.map(|at| Ok::<_, Fault>((parse(&id)?, UnixMillis(at)))).transpose()?);
            }
            Ok(changes)
        })
        .await
    }
}
}

for_every_driver! {
impl Change {
    pub(super) async fn turn_sync_off(&mut self, at: UnixMillis, restore_until: UnixMillis) -> Result<(), Fault> {
        query("UPDATE users SET sync_enabled = FALSE WHERE id = $1")
            .bind(self.user.to_string())
            .execute(&mut *self.tx.0)
            .await?;
        let (which, reason) = (Revoke::AllBut(None), RevokeReason::SyncOff);
        self.revoke(&Revocation { which, reason, at, restore_until: Some(restore_until) }).await?;
        Ok(())
    }

    async fn set_password(&mut self, password_hash: &str, keep: Option<SessionId>) -> Result<(), Fault> {
        query("UPDATE users SET password_hash = $2 WHERE id = $1")
            .bind(self.user.to_string())
            .bind(password_hash.to_owned())
            .execute(&mut *self.tx.0)
            .await?;
        query("DELETE FROM sessions WHERE user_id = $1 AND id <> $2")
            .bind(self.user.to_string())
            .bind(keep.map_or_else(String::new, |keep| keep.to_string()))
            .execute(&mut *self.tx.0)
            .await?;
        // Whoever asked for one before may not be whoever set the password now.
        query("UPDATE links SET used = TRUE WHERE user_id = $1 AND purpose = $2")
            .bind(self.user.to_string())
            .bind(name(&LinkPurpose::ResetPassword)?)
            .execute(&mut *self.tx.0)
            .await?;
        Ok(())
    }
}
}
