//! Credential rows and keys: for the vault alone.

use std::collections::HashSet;

use keyleash_protocol::{
    CredentialId, DeviceId, EventId, Seq, UnixMillis, UserId, Version, http::EventKind,
    limits::CREDENTIALS_PER_USER_MAX,
};
use sqlx::{Row, query, query_as, query_scalar};

use super::{
    asked::{in_a_row, with_asked},
    driver::for_every_driver,
    rows::{Columns, Fault, name, parse},
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
    /// Or never there.
    deleted: bool,
    /// The device that writes is on record as holding it.
    held: bool,
}

/// Gifts in one statement: beyond this the list costs more to take apart than the statement.
const GIFTS_AT_ONCE: usize = 64;

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
            let Some(present) = tx.present(change.device, change.id).await? else {
                return Ok(ChangeOutcome::NotVerified);
            };
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
            // One statement sees one moment: every row up to the seq is there.
            let rows = query(
                "SELECT u.seq AS head_seq, c.id, c.version, c.seq, c.added_seq, c.sealed FROM users u LEFT JOIN (
                     SELECT id, version, seq, added_seq, sealed FROM credentials
                     WHERE user_id = $1 AND seq > $2 ORDER BY seq LIMIT $3
                 ) c ON TRUE WHERE u.id = $1 ORDER BY c.seq",
            )
            .bind(user.to_string())
            .bind(cursor.0)
            .bind(i64::from(limit))
            .fetch_all(&self.reader)
            .await?;
            let seq = rows.first().map(|row| row.try_get("head_seq")).transpose()?;
            let rows = rows.iter().filter_map(|row| Columns::<D>(row).credential_if_any().transpose());
            let rows = rows.collect::<Result<Vec<_>, _>>()?;
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
            // The seq first: every row up to it is visible to the next statement.
            let seq: Option<i64> = query_scalar("SELECT seq FROM users WHERE id = $1")
                .bind(user.to_string())
                .fetch_optional(&self.reader)
                .await?;
            let rows = query(with_asked!("$2",
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
            let rows: Vec<(String, String)> = query_as(with_asked!("$2",
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
            let gifts: Vec<&Gift> = gifts.iter().filter(|gift| verified.contains(&gift.device)).collect();
            for gifts in gifts.chunks(GIFTS_AT_ONCE) {
                tx.hold(user, gifts, at).await?;
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
    /// Puts on record what devices hold from now on, each with an entry in the log if it is new to the device.
    async fn hold(&mut self, user: UserId, gifts: &[&Gift], at: UnixMillis) -> Result<(), Fault> {
        let line = |gift: &&Gift| format!("{}{}{}", gift.device, gift.credential, gift.event);
        let lines = in_a_row(gifts.iter().map(line));
        // The log first: what is on record already is in it.
        query(with_asked!(
            "$1",
            "INSERT INTO events (id, user_id, at, kind, device_id, address, detail)
             SELECT substr(id, 73, 36), $2, $3, $4, substr(id, 1, 36), NULL, substr(id, 37, 36) FROM asked
             WHERE NOT EXISTS (SELECT 1 FROM holdings h WHERE h.device_id = substr(asked.id, 1, 36)
                               AND h.credential_id = substr(asked.id, 37, 36))"
        ))
        .bind(lines.clone())
        .bind(user.to_string())
        .bind(at.0)
        .bind(name(&EventKind::CredentialRead)?)
        .execute(&mut *self.0)
        .await?;
        query(with_asked!(
            "$1",
            "INSERT INTO holdings (device_id, credential_id, given_at)
             SELECT substr(id, 1, 36), substr(id, 37, 36), $2 FROM asked WHERE TRUE ON CONFLICT DO NOTHING"
        ))
        .bind(lines)
        .bind(at.0)
        .execute(&mut *self.0)
        .await?;
        Ok(())
    }
}
}

for_every_driver! {
impl Change<'t> {
    /// What is stored of a credential that the device is about to write. `None`: the device is not verified.
    async fn present(&mut self, device: DeviceId, id: CredentialId) -> Result<Option<Present>, Fault> {
        type Row = (Option<i64>, Option<i64>, bool, bool);
        let row: Option<Row> = query_as(
            "SELECT c.version, c.added_seq, c.sealed IS NULL, h.device_id IS NOT NULL
             FROM devices d JOIN device_keys k ON k.device_id = d.id
             LEFT JOIN credentials c ON c.user_id = d.user_id AND c.id = $3
             LEFT JOIN holdings h ON h.device_id = d.id AND h.credential_id = $3
             WHERE d.id = $1 AND d.user_id = $2 AND d.state = 'verified' AND k.restore_until IS NULL",
        )
        .bind(device.to_string())
        .bind(self.user.to_string())
        .bind(id.to_string())
        .fetch_optional(&mut *self.tx.0)
        .await?;
        Ok(row.map(|(version, added, deleted, held)| Present {
            version: Version(version.unwrap_or_default()),
            added: Seq(added.unwrap_or_default()),
            deleted,
            held,
        }))
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
        if change.sealed.is_some() && !present.held {
            query("INSERT INTO holdings (device_id, credential_id, given_at) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING")
                .bind(change.device.to_string())
                .bind(change.id.to_string())
                .bind(change.at.0)
                .execute(&mut *self.tx.0)
                .await?;
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
