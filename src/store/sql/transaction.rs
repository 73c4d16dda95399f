//! A transaction that changes something of one user.

use keyleash_domain::device::ends_sessions;
use keyleash_protocol::{CredentialId, DeviceId, Seq, SessionId, UnixMillis, UserId, socket::RevokeReason};
use sqlx::{query, query_as, query_scalar};

use super::{
    Driver, SqlStore,
    connections::Opened,
    driver::for_every_driver,
    meaning::{self, Meaning},
    rows::{Fault, name, parse},
};
use crate::store::{NewLink, Revoke, RevokedDevice, TokenHash, Trail};

/// Which part of a user changes; the actors read only what moved.
#[derive(Clone, Copy)]
pub(super) enum Part {
    Devices,
    Sessions,
    DevicesAndSessions,
}

/// A transaction that writes.
pub(super) struct Writing<D: Driver>(pub Opened<D>);

/// A transaction with the user's row taken, so that nobody else changes anything of this user until it ends.
pub(super) struct Change<D: Driver> {
    pub tx: Writing<D>,
    pub user: UserId,
    pub seq: Seq,
}

for_every_driver! {
impl SqlStore {
    pub(super) async fn begin(&self) -> Result<Writing<D>, Fault> {
        Ok(Writing(self.writer.begin().await?))
    }

    /// Begins a change: takes the user's row and the next seq. `None`: no such user.
    pub(super) async fn change(&self, user: UserId, part: Part) -> Result<Option<Change<D>>, Fault> {
        let mut tx = self.begin().await?;
        let seq = tx.count(user, part).await?;
        Ok(seq.map(|seq| Change { tx, user, seq }))
    }
}
}

for_every_driver! {
impl Change {
    pub(super) async fn commit(self) -> Result<Seq, Fault> {
        self.tx.commit().await?;
        Ok(self.seq)
    }

    pub(super) async fn write(&mut self, trail: &Trail) -> Result<(), Fault> {
        self.tx.write(self.user, trail).await
    }

    /// Revokes devices; see [`crate::store::DeviceStore::revoke`]. `None`: no such device.
    pub(super) async fn revoke(
        &mut self,
        which: Revoke,
        reason: RevokeReason,
        at: UnixMillis,
        restore_until: Option<UnixMillis>,
    ) -> Result<Option<Vec<RevokedDevice>>, Fault> {
        let devices: Vec<(String, String, String, Option<String>)> = query_as(
            "SELECT d.id, d.name, d.state, n.id FROM devices d
             LEFT JOIN nodes n ON n.id = d.node AND n.alive_until > (SELECT now_ms FROM clock)
             WHERE d.user_id = $1 ORDER BY d.id",
        )
        .bind(self.user.to_string())
        .fetch_all(&mut *self.tx.0)
        .await?;
        let (mut revoked, mut is_there) = (Vec::new(), !matches!(which, Revoke::One(_)));
        for (id, name, state, node) in devices {
            let id: DeviceId = parse(&id)?;
            if !which.covers(id) {
                continue;
            }
            is_there = true;
            // Removing twice changes nothing, except to destroy a key that is still aside.
            let anew = state != "removed" || (reason == RevokeReason::Erased && self.has_key(id).await?);
            if anew {
                let held = self.revoke_one(id, reason, at, restore_until).await?;
                revoked.push(RevokedDevice { id, name, online: node.is_some(), held });
            }
        }
        if let Revoke::Panic { session, .. } = which {
            self.end_sessions_without_device(session).await?;
        }
        Ok(is_there.then_some(revoked))
    }

    /// Those of removed devices, which were marked with the reason, stay to tell it.
    async fn end_sessions_without_device(&mut self, keep: SessionId) -> Result<(), Fault> {
        query(
            "DELETE FROM sessions WHERE user_id = $1 AND id <> $2 AND revoked IS NULL AND NOT EXISTS
             (SELECT 1 FROM devices WHERE id = sessions.device_id AND state <> 'removed')",
        )
        .bind(self.user.to_string())
        .bind(keep.to_string())
        .execute(&mut *self.tx.0)
        .await?;
        Ok(())
    }

    async fn has_key(&mut self, device: DeviceId) -> Result<bool, Fault> {
        let count: i64 = query_scalar("SELECT COUNT(*) FROM device_keys WHERE device_id = $1")
            .bind(device.to_string())
            .fetch_one(&mut *self.tx.0)
            .await?;
        Ok(count > 0)
    }

    async fn revoke_one(
        &mut self,
        device: DeviceId,
        reason: RevokeReason,
        at: UnixMillis,
        restore_until: Option<UnixMillis>,
    ) -> Result<Vec<CredentialId>, Fault> {
        let id = device.to_string();
        query(
            "UPDATE devices SET state = 'removed', removed_at = $2, reason = $3, receipt_at = NULL,
             receipt_wiped = NULL, seq = $4 WHERE id = $1",
        )
        .bind(id.clone())
        .bind(at.0)
        .bind(name(&reason)?)
        .bind(self.seq.0)
        .execute(&mut *self.tx.0)
        .await?;
        match restore_until {
            Some(until) => {
                query("UPDATE device_keys SET restore_until = $2 WHERE device_id = $1")
                    .bind(id.clone())
                    .bind(until.0)
                    .execute(&mut *self.tx.0)
                    .await?
            }
            None => {
                query("DELETE FROM device_keys WHERE device_id = $1").bind(id.clone()).execute(&mut *self.tx.0).await?
            }
        };
        if ends_sessions(reason) {
            query("UPDATE sessions SET revoked = $3 WHERE user_id = $1 AND device_id = $2 AND revoked IS NULL")
                .bind(self.user.to_string())
                .bind(id.clone())
                .bind(name(&reason)?)
                .execute(&mut *self.tx.0)
                .await?;
        }
        query("UPDATE links SET used = TRUE WHERE user_id = $1 AND device_id = $2")
            .bind(self.user.to_string())
            .bind(id)
            .execute(&mut *self.tx.0)
            .await?;
        self.tx.held(device).await
    }
}
}

for_every_driver! {
impl Writing {
    pub(super) async fn commit(self) -> Result<(), Fault> {
        // Only where the database says so is it known that nothing was done.
        self.0.commit().await.map_err(|error| match meaning::of(&error) {
            Meaning::RunAgain => Fault::Undone(error),
            Meaning::Broken | Meaning::Busy | Meaning::Wrong => Fault::InDoubt(error),
        })
    }

    /// Takes the user's row and the next seq. `None`: no such user.
    pub(super) async fn count(&mut self, user: UserId, part: Part) -> Result<Option<Seq>, Fault> {
        let statement = match part {
            Part::Devices => "UPDATE users SET seq = seq + 1, devices_seq = seq + 1 WHERE id = $1 RETURNING seq",
            Part::Sessions => "UPDATE users SET seq = seq + 1, sessions_seq = seq + 1 WHERE id = $1 RETURNING seq",
            Part::DevicesAndSessions => {
                "UPDATE users SET seq = seq + 1, devices_seq = seq + 1, sessions_seq = seq + 1
                 WHERE id = $1 RETURNING seq"
            }
        };
        let seq: Option<i64> = query_scalar(statement).bind(user.to_string()).fetch_optional(&mut *self.0).await?;
        Ok(seq.map(Seq))
    }

    /// Takes the user's row without counting a change: whatever changes the user is before this or after it.
    pub(super) async fn take(&mut self, user: UserId) -> Result<(), Fault> {
        query("UPDATE users SET changed_at = changed_at WHERE id = $1")
            .bind(user.to_string())
            .execute(&mut *self.0)
            .await?;
        Ok(())
    }

    /// Writes the log entries and queues the mails that go with a change.
    pub(super) async fn write(&mut self, user: UserId, trail: &Trail) -> Result<(), Fault> {
        for event in &trail.events {
            query(
                "INSERT INTO events (id, user_id, at, kind, device_id, address, detail)
                 VALUES ($1, $2, $3, $4, $5, $6, $7)",
            )
            .bind(event.id.to_string())
            .bind(user.to_string())
            .bind(event.at.0)
            .bind(name(&event.kind)?)
            .bind(event.device.map(|device| device.to_string()))
            .bind(event.address.clone())
            .bind(event.detail.clone())
            .execute(&mut *self.0)
            .await?;
        }
        for mail in &trail.mails {
            query("INSERT INTO mails (id, user_id, sealed, created_at, due_at) VALUES ($1, $2, $3, $4, $5)")
                .bind(mail.id.to_string())
                .bind(user.to_string())
                .bind(mail.sealed.clone())
                .bind(mail.at.0)
                .bind(mail.at.0)
                .execute(&mut *self.0)
                .await?;
        }
        Ok(())
    }

    /// What a device was ever given, first given first.
    pub(super) async fn held(&mut self, device: DeviceId) -> Result<Vec<CredentialId>, Fault> {
        let ids: Vec<(String,)> =
            query_as("SELECT credential_id FROM holdings WHERE device_id = $1 ORDER BY given_at, credential_id")
                .bind(device.to_string())
                .fetch_all(&mut *self.0)
                .await?;
        ids.iter().map(|(id,)| parse(id)).collect()
    }

    /// Uses up a link; `false` if somebody else did.
    pub(super) async fn use_up_link(&mut self, token: TokenHash) -> Result<bool, Fault> {
        let used: Vec<(i64,)> =
            query_as("UPDATE links SET used = TRUE WHERE token_hash = $1 AND used = FALSE RETURNING created_at")
                .bind(token.to_vec())
                .fetch_all(&mut *self.0)
                .await?;
        Ok(!used.is_empty())
    }

    pub(super) async fn set_recovery_codes(&mut self, user: UserId, codes: &[TokenHash]) -> Result<(), Fault> {
        query("DELETE FROM recovery_codes WHERE user_id = $1").bind(user.to_string()).execute(&mut *self.0).await?;
        for code in codes {
            query("INSERT INTO recovery_codes (user_id, code_hash) VALUES ($1, $2)")
                .bind(user.to_string())
                .bind(code.to_vec())
                .execute(&mut *self.0)
                .await?;
        }
        Ok(())
    }

    pub(super) async fn insert_link(&mut self, link: &NewLink) -> Result<(), Fault> {
        let device = link.device.as_ref();
        let device_id = device.map(|device| device.id.to_string());
        query(
            "UPDATE links SET used = TRUE
             WHERE user_id = $1 AND purpose = $2 AND (device_id = $3 OR device_id IS NULL) AND used = FALSE",
        )
        .bind(link.user.to_string())
        .bind(name(&link.purpose)?)
        .bind(device_id.clone())
        .execute(&mut *self.0)
        .await?;
        query(
            "INSERT INTO links (token_hash, purpose, user_id, device_id, device_keys_hash, address, created_at, expires_at)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
        )
        .bind(link.token.to_vec())
        .bind(name(&link.purpose)?)
        .bind(link.user.to_string())
        .bind(device_id)
        .bind(device.map(|device| device.keys.to_vec()))
        .bind(device.map(|device| device.address.clone()))
        .bind(link.at.0)
        .bind(link.expires_at.0)
        .execute(&mut *self.0)
        .await?;
        Ok(())
    }
}
}

/// Callers hold a user that they read before, and users whose address was confirmed are never deleted.
pub(super) fn existing<T>(change: Option<T>) -> Result<T, Fault> {
    change.ok_or_else(|| Fault::Unexpected("the user is gone".to_owned()))
}
