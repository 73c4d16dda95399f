//! Credential rows and keys: for the vault alone.

use std::collections::HashSet;

use keyleash_protocol::{
    CredentialId, DeviceId, EventId, Seq, UnixMillis, UserId, Version, http::EventKind,
    limits::CREDENTIALS_PER_USER_MAX,
};
use sqlx::{query, query_as, query_scalar};

use super::{
    driver::for_every_driver,
    rows::{Columns, Fault, parse},
    transaction::{Change, Part, Writing},
};
use crate::{
    kms::WrappedKey,
    store::{
        ChangeOutcome, CredentialChange, CredentialChanges, CredentialStore, DeviceKey, Gift, NewEvent, StoreResult,
        Trail,
    },
};

/// What is stored of a credential, as far as the next write depends on it.
#[derive(Clone, Copy)]
struct Present {
    version: Version,
    added: Seq,
    deleted: bool,
}

impl Present {
    const NONE: Self = Self { version: Version(0), added: Seq(0), deleted: true };
}

/// A statement that may name `asked`, the ids in `$2`, which stand there one behind the other: no list is a parameter in
/// every dialect, and one statement for any number of ids is prepared once.
macro_rules! with_asked {
    ($statement:literal) => {
        concat!(
            "WITH RECURSIVE asked (start, id) AS (SELECT 1, substr($2, 1, 36)
             UNION ALL SELECT start + 36, substr($2, start + 36, 36) FROM asked WHERE start + 36 <= length($2)) ",
            $statement
        )
    };
}

fn in_a_row(ids: &[CredentialId]) -> String {
    ids.iter().map(ToString::to_string).collect()
}

for_every_driver! {
impl CredentialStore for SqlStore {
    async fn data_key(&self, user: UserId) -> StoreResult<Option<WrappedKey>> {
        self.run("read a data key", || async {
            let row = query("SELECT key_id, wrapped FROM data_keys WHERE user_id = $1")
                .bind(user.to_string())
                .fetch_optional(&self.reader)
                .await?;
            row.map(|row| Columns::<D>(&row).data_key()).transpose()
        })
        .await
    }

    async fn insert_data_key(&self, user: UserId, key: WrappedKey, at: UnixMillis) -> StoreResult<WrappedKey> {
        self.run("store a data key", || async {
            let mut tx = self.begin().await?;
            // The update that changes nothing makes the stored row come back, whoever stored it.
            let row = query(
                "INSERT INTO data_keys (user_id, key_id, wrapped, created_at) VALUES ($1, $2, $3, $4)
                 ON CONFLICT (user_id) DO UPDATE SET key_id = data_keys.key_id RETURNING key_id, wrapped",
            )
            .bind(user.to_string())
            .bind(key.key_id.clone())
            .bind(key.blob.clone())
            .bind(at.0)
            .fetch_one(&mut *tx.0)
            .await?;
            tx.commit().await?;
            Columns::<D>(&row).data_key()
        })
        .await
    }

    async fn device_keys(&self, user: UserId, devices: &[DeviceId]) -> StoreResult<Vec<DeviceKey>> {
        self.run("read device keys", || async {
            let rows = query(
                "SELECT k.device_id, k.sealed, d.receive_key, d.auto_connect FROM device_keys k JOIN devices d ON d.id = k.device_id
                 WHERE d.user_id = $1 AND d.state = 'verified' AND k.restore_until IS NULL",
            )
            .bind(user.to_string())
            .fetch_all(&self.reader)
            .await?;
            // A user has few devices; choosing here keeps one statement for any number asked for.
            let mut keys = Vec::with_capacity(devices.len());
            for row in &rows {
                let key = Columns::<D>(row).device_key()?;
                if devices.contains(&key.device) {
                    keys.push(key);
                }
            }
            Ok(keys)
        })
        .await
    }

    async fn change_credential(&self, change: CredentialChange) -> StoreResult<ChangeOutcome> {
        self.run("change a credential", || async {
            let Some(mut tx) = self.change(change.user, Part::Credentials).await? else {
                return Ok(ChangeOutcome::NotVerified);
            };
            if !tx.is_verified(change.device).await? {
                return Ok(ChangeOutcome::NotVerified);
            }
            let present = tx.present(change.id).await?.unwrap_or(Present::NONE);
            let nothing_to_delete = change.sealed.is_none() && present.deleted;
            if present.version != change.base || nothing_to_delete {
                return Ok(ChangeOutcome::Conflict { present: present.version });
            }
            if present.deleted && tx.credential_count().await? >= CREDENTIALS_PER_USER_MAX as u64 {
                return Ok(ChangeOutcome::QuotaExceeded);
            }
            let version = present.version.next();
            tx.write_credential(&change, present, version).await?;
            let seq = tx.commit().await?;
            Ok(ChangeOutcome::Committed { version, seq })
        })
        .await
    }

    async fn credentials_since(&self, user: UserId, cursor: Seq, limit: u32) -> StoreResult<CredentialChanges> {
        self.run("read changed credentials", || async {
            // The seq first: every row up to it is visible to the next statement.
            let seq: Option<i64> = query_scalar("SELECT seq FROM users WHERE id = $1")
                .bind(user.to_string())
                .fetch_optional(&self.reader)
                .await?;
            let rows = query(
                "SELECT id, version, seq, added_seq, sealed FROM credentials
                 WHERE user_id = $1 AND seq > $2 ORDER BY seq LIMIT $3",
            )
            .bind(user.to_string())
            .bind(cursor.0)
            .bind(i64::from(limit))
            .fetch_all(&self.reader)
            .await?;
            let rows: Vec<_> = rows.iter().map(|row| Columns::<D>(row).credential()).collect::<Result<_, _>>()?;
            let mut total = rows.len() as u64;
            if rows.len() >= limit as usize {
                let count: i64 =
                    query_scalar("SELECT COUNT(*) FROM credentials WHERE user_id = $1 AND seq > $2")
                        .bind(user.to_string())
                        .bind(cursor.0)
                        .fetch_one(&self.reader)
                        .await?;
                total = count.unsigned_abs();
            }
            Ok(CredentialChanges { seq: Seq(seq.unwrap_or_default()), rows, total })
        })
        .await
    }

    async fn credentials_by_id(&self, user: UserId, ids: &[CredentialId]) -> StoreResult<CredentialChanges> {
        self.run("read credentials by name", || async {
            // The seq first, as above.
            let seq: Option<i64> = query_scalar("SELECT seq FROM users WHERE id = $1")
                .bind(user.to_string())
                .fetch_optional(&self.reader)
                .await?;
            let rows = query(with_asked!(
                "SELECT id, version, seq, added_seq, sealed FROM credentials
                 WHERE user_id = $1 AND sealed IS NOT NULL AND id IN (SELECT id FROM asked) ORDER BY seq"
            ))
            .bind(user.to_string())
            .bind(in_a_row(ids))
            .fetch_all(&self.reader)
            .await?;
            let rows: Vec<_> = rows.iter().map(|row| Columns::<D>(row).credential()).collect::<Result<_, _>>()?;
            let total = rows.len() as u64;
            Ok(CredentialChanges { seq: Seq(seq.unwrap_or_default()), rows, total })
        })
        .await
    }

    async fn holders(&self, user: UserId, ids: &[CredentialId]) -> StoreResult<HashSet<(DeviceId, CredentialId)>> {
        self.run("read who holds credentials", || async {
            let rows: Vec<(String, String)> = query_as(with_asked!(
                "SELECT h.device_id, h.credential_id FROM devices d JOIN holdings h ON h.device_id = d.id
                 WHERE d.user_id = $1 AND h.credential_id IN (SELECT id FROM asked)"
            ))
            .bind(user.to_string())
            .bind(in_a_row(ids))
            .fetch_all(&self.reader)
            .await?;
            rows.iter().map(|(device, credential)| Ok((parse(device)?, parse(credential)?))).collect()
        })
        .await
    }

    async fn record_given(&self, user: UserId, gifts: &[Gift], at: UnixMillis) -> StoreResult<Vec<DeviceId>> {
        self.run("record what devices are given", || async {
            let mut tx = self.begin().await?;
            tx.take(user).await?;
            let verified: Vec<String> = query_scalar(
                "SELECT d.id FROM devices d JOIN device_keys k ON k.device_id = d.id
                 WHERE d.user_id = $1 AND d.state = 'verified' AND k.restore_until IS NULL",
            )
            .bind(user.to_string())
            .fetch_all(&mut *tx.0)
            .await?;
            let verified: Vec<DeviceId> = verified.iter().map(|id| parse(id)).collect::<Result<_, _>>()?;
            for gift in gifts.iter().filter(|gift| verified.contains(&gift.device)) {
                if tx.hold(gift.device, gift.credential, at).await? {
                    let event = NewEvent {
                        id: gift.event,
                        kind: EventKind::CredentialRead,
                        device: Some(gift.device),
                        address: None,
                        detail: gift.credential.to_string(),
                        at,
                    };
                    tx.write(user, &Trail { events: vec![event], mails: Vec::new() }).await?;
                }
            }
            tx.commit().await?;
            Ok(verified)
        })
        .await
    }
}
}

for_every_driver! {
impl Writing<'t> {
    /// Whether the device did not hold it before.
    async fn hold(&mut self, device: DeviceId, credential: CredentialId, at: UnixMillis) -> Result<bool, Fault> {
        let new = query(
            "INSERT INTO holdings (device_id, credential_id, given_at) VALUES ($1, $2, $3)
             ON CONFLICT DO NOTHING RETURNING device_id",
        )
        .bind(device.to_string())
        .bind(credential.to_string())
        .bind(at.0)
        .fetch_optional(&mut *self.0)
        .await?;
        Ok(new.is_some())
    }
}
}

for_every_driver! {
impl Change<'t> {
    async fn is_verified(&mut self, device: DeviceId) -> Result<bool, Fault> {
        let count: i64 = query_scalar(
            "SELECT COUNT(*) FROM devices d JOIN device_keys k ON k.device_id = d.id
             WHERE d.id = $1 AND d.user_id = $2 AND d.state = 'verified' AND k.restore_until IS NULL",
        )
        .bind(device.to_string())
        .bind(self.user.to_string())
        .fetch_one(&mut *self.tx.0)
        .await?;
        Ok(count == 1)
    }

    async fn present(&mut self, id: CredentialId) -> Result<Option<Present>, Fault> {
        let row: Option<(i64, i64, bool)> = query_as(
            "SELECT version, added_seq, sealed IS NULL FROM credentials WHERE user_id = $1 AND id = $2",
        )
        .bind(self.user.to_string())
        .bind(id.to_string())
        .fetch_optional(&mut *self.tx.0)
        .await?;
        Ok(row.map(|(version, added, deleted)| Present { version: Version(version), added: Seq(added), deleted }))
    }

    async fn credential_count(&mut self) -> Result<u64, Fault> {
        let count: i64 =
            query_scalar("SELECT COUNT(*) FROM credentials WHERE user_id = $1 AND sealed IS NOT NULL")
                .bind(self.user.to_string())
                .fetch_one(&mut *self.tx.0)
                .await?;
        Ok(count.unsigned_abs())
    }

    async fn write_credential(
        &mut self,
        change: &CredentialChange,
        present: Present,
        version: Version,
    ) -> Result<(), Fault> {
        let added = if present.deleted { self.seq } else { present.added };
        query(
            "INSERT INTO credentials (user_id, id, version, seq, added_seq, sealed, updated_at, updated_by)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
             ON CONFLICT (user_id, id) DO UPDATE SET version = excluded.version, seq = excluded.seq,
             added_seq = excluded.added_seq, sealed = excluded.sealed, updated_at = excluded.updated_at,
             updated_by = excluded.updated_by",
        )
        .bind(self.user.to_string())
        .bind(change.id.to_string())
        .bind(version.0)
        .bind(self.seq.0)
        .bind(added.0)
        .bind(change.sealed.clone())
        .bind(change.at.0)
        .bind(change.device.to_string())
        .execute(&mut *self.tx.0)
        .await?;
        if change.sealed.is_some() {
            self.tx.hold(change.device, change.id, change.at).await?;
        }
        let kind = match (&change.sealed, present.deleted) {
            (None, _) => EventKind::CredentialDeleted,
            (Some(_), true) => EventKind::CredentialAdded,
            (Some(_), false) => EventKind::CredentialChanged,
        };
        self.log(change.event, kind, change.device, change.id, change.at).await
    }

    async fn log(
        &mut self,
        id: EventId,
        kind: EventKind,
        device: DeviceId,
        credential: CredentialId,
        at: UnixMillis,
    ) -> Result<(), Fault> {
        let detail = credential.to_string();
        let event = NewEvent { id, kind, device: Some(device), address: None, detail, at };
        self.write(&Trail { events: vec![event], mails: Vec::new() }).await
    }
}
}
