//! Credential rows and keys: for the vault alone.

use std::collections::{BTreeSet, HashMap, HashSet};

use keyleash_protocol::{CredentialId, DeviceId, Seq, UnixMillis, UserId};
use sqlx::{Row, query, query_as, query_scalar};

use super::{
    asked::{in_a_row, with_asked},
    driver::for_every_driver,
    questions::Desk,
    rows::{Columns, Fault, parse},
};
use crate::{
    kms::WrappedKey,
    store::{
        ChangeOutcome, CredentialChange, CredentialChanges, CredentialStore, DeviceKey, Gift, SHAREABLE_ROWS_MAX,
        Shareable, StoreResult,
    },
};

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

    async fn device_keys(&self, user: UserId) -> StoreResult<Vec<DeviceKey>> {
        self.questions.device_keys(user).await
    }

    async fn change_credential(&self, change: CredentialChange) -> StoreResult<ChangeOutcome> {
        self.questions.change_credential(change).await
    }

    async fn shareable_since(&self, user: UserId, cursor: Seq) -> StoreResult<Shareable> {
        self.questions.shareable_since(user, cursor).await
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

    async fn record_given(&self, user: UserId, gifts: &[Gift], at: UnixMillis) -> StoreResult<Vec<DeviceId>> {
        self.questions.record_given(user, gifts, at).await
    }
}
}

/// A user, and the cursor after which changes are asked for.
pub(super) type Since = (UserId, Seq);

for_every_driver! {
impl Desk {
    pub(super) async fn device_keys(&self, users: &[UserId]) -> Result<Vec<Vec<DeviceKey>>, Fault> {
        let mut connection = self.0.lease().await?;
        let keys = Self::keys_of(&mut connection, in_a_row(users)).await?;
        connection.give_back();
        Ok(users.iter().map(|user| keys.get(user).cloned().unwrap_or_default()).collect())
    }

    /// The rows first, then who may be given them: whoever is verified was so when the rows had been read.
    pub(super) async fn shareable_since(&self, asked: &[Since]) -> Result<Vec<Shareable>, Fault> {
        let mut connection = self.0.lease().await?;
        let mut changes = Self::changes_since(&mut connection, asked).await?;
        let keys = Self::keys_of(&mut connection, in_a_row(asked.iter().map(|(user, _)| user))).await?;
        let holders = Self::holders_of(&mut connection, &changes).await?;
        connection.give_back();
        let share = |(index, since): (usize, &Since)| {
            // Two of a user's devices may be at the same place.
            let is_asked_again = asked[index + 1..].contains(since);
            let changes = if is_asked_again { changes.get(since).cloned() } else { changes.remove(since) };
            Shareable {
                changes: changes.unwrap_or_default(),
                keys: keys.get(&since.0).cloned().unwrap_or_default(),
                holders: holders.get(&since.0).cloned().unwrap_or_default(),
            }
        };
        Ok(asked.iter().enumerate().map(share).collect())
    }

    async fn changes_since(
        connection: &mut D::Connection,
        asked: &[Since],
    ) -> Result<HashMap<Since, CredentialChanges>, Fault> {
        let line = |(user, cursor): &Since| format!("{user}{}", cursor.0);
        let each: BTreeSet<Since> = asked.iter().copied().collect();
        // One statement sees one moment: every row up to the seq is there.
        let rows = query(with_asked!("$1",
            ", since AS (SELECT substr(id, 1, 36) AS user_id, CAST(substr(id, 37) AS BIGINT) AS cursor FROM asked)
             SELECT u.id AS user_id, since.cursor, u.seq AS head_seq, c.id, c.version, c.seq, c.added_seq, c.sealed
             FROM since JOIN users u ON u.id = since.user_id
             LEFT JOIN credentials c ON c.user_id = u.id AND c.seq > since.cursor AND c.seq <= COALESCE(
                 (SELECT l.seq FROM credentials l WHERE l.user_id = since.user_id AND l.seq > since.cursor
                  ORDER BY l.seq LIMIT 1 OFFSET $2), 9223372036854775807)
             ORDER BY c.seq"
        ))
        .bind(in_a_row(each.iter().map(line)))
        .bind(i64::from(SHAREABLE_ROWS_MAX) - 1)
        .fetch_all(&mut *connection)
        .await?;
        let mut found: HashMap<Since, CredentialChanges> = HashMap::with_capacity(each.len());
        for row in &rows {
            let columns = Columns::<D>(row);
            let changes = found.entry((columns.user_id()?, Seq(row.try_get("cursor")?))).or_default();
            changes.seq = Seq(row.try_get("head_seq")?);
            changes.rows.extend(columns.credential_if_any()?);
            changes.total = changes.rows.len() as u64;
        }
        let is_cut = |changes: &CredentialChanges| changes.rows.len() >= SHAREABLE_ROWS_MAX as usize;
        let cut = in_a_row(found.iter().filter(|(_, changes)| is_cut(changes)).map(|(since, _)| line(since)));
        if !cut.is_empty() {
            let counts: Vec<(String, i64, i64)> = query_as(with_asked!("$1",
                ", since AS (SELECT substr(id, 1, 36) AS user_id, CAST(substr(id, 37) AS BIGINT) AS cursor FROM asked)
                 SELECT since.user_id, since.cursor, COUNT(*)
                 FROM since JOIN credentials c ON c.user_id = since.user_id AND c.seq > since.cursor
                 GROUP BY since.user_id, since.cursor"
            ))
            .bind(cut)
            .fetch_all(&mut *connection)
            .await?;
            for (user, cursor, count) in counts {
                if let Some(changes) = found.get_mut(&(parse(&user)?, Seq(cursor))) {
                    changes.total = count.unsigned_abs();
                }
            }
        }
        Ok(found)
    }

    async fn keys_of(
        connection: &mut D::Connection,
        users: String,
    ) -> Result<HashMap<UserId, Vec<DeviceKey>>, Fault> {
        let rows = query(with_asked!("$1",
            "SELECT d.user_id, k.device_id, k.sealed, d.receive_key, d.auto_connect
             FROM devices d JOIN device_keys k ON k.device_id = d.id
             WHERE d.user_id IN (SELECT id FROM asked) AND d.state = 'verified' AND k.restore_until IS NULL"
        ))
        .bind(users)
        .fetch_all(connection)
        .await?;
        let mut keys: HashMap<UserId, Vec<DeviceKey>> = HashMap::new();
        for row in &rows {
            let columns = Columns::<D>(row);
            keys.entry(columns.user_id()?).or_default().push(columns.device_key()?);
        }
        Ok(keys)
    }

    /// Who was ever given which of these rows.
    async fn holders_of(
        connection: &mut D::Connection,
        changes: &HashMap<Since, CredentialChanges>,
    ) -> Result<HashMap<UserId, HashSet<(DeviceId, CredentialId)>>, Fault> {
        let mut asked = BTreeSet::new();
        for ((user, _), changes) in changes {
            asked.extend(changes.rows.iter().filter(|row| row.sealed.is_some()).map(|row| (*user, row.id)));
        }
        let mut holders: HashMap<UserId, HashSet<(DeviceId, CredentialId)>> = HashMap::new();
        if asked.is_empty() {
            return Ok(holders);
        }
        let rows: Vec<(String, String, String)> = query_as(with_asked!("$1",
            "SELECT d.user_id, h.device_id, h.credential_id FROM asked JOIN devices d ON d.user_id = substr(asked.id, 1, 36)
             JOIN holdings h ON h.device_id = d.id AND h.credential_id = substr(asked.id, 37, 36)"
        ))
        .bind(in_a_row(asked.iter().map(|(user, credential)| format!("{user}{credential}"))))
        .fetch_all(connection)
        .await?;
        for (user, device, credential) in rows {
            holders.entry(parse(&user)?).or_default().insert((parse(&device)?, parse(&credential)?));
        }
        Ok(holders)
    }
}
}
