//! What many devices write at the same moment, in one transaction: their changes, and what they are about to be given.

use std::collections::{BTreeMap, HashMap, HashSet};

use keyleash_protocol::{CredentialId, DeviceId, Seq, UnixMillis, UserId, Version, http::EventKind};
use sqlx::{query, query_as};

use super::{
    asked::{in_a_row, with_asked},
    changes::{Decided, Facts, Present, Row},
    driver::for_every_driver,
    questions::Desk,
    rows::{Fault, name, parse},
    transaction::Writing,
};
use crate::store::{ChangeOutcome, CredentialChange, Gift};

/// What devices of one user are about to be given.
pub(super) type Given = (UserId, Vec<Gift>, UnixMillis);

for_every_driver! {
impl Desk {
    pub(super) async fn change_credentials(&self, changes: &[CredentialChange]) -> Result<Vec<ChangeOutcome>, Fault> {
        let mut tx = Writing(self.0.begin().await?);
        let mut facts = tx.facts_for(changes).await?;
        let decided = facts.decide(changes);
        if !decided.rows.is_empty() {
            tx.write_changes(&decided).await?;
            tx.commit().await?;
        }
        Ok(decided.outcomes)
    }

    /// For each, the user's devices that were verified when it was put on record.
    pub(super) async fn record_given(&self, given: &[Given]) -> Result<Vec<Vec<DeviceId>>, Fault> {
        let mut tx = Writing(self.0.begin().await?);
        tx.take_users(given.iter().map(|(user, ..)| *user)).await?;
        let mut verified: HashMap<UserId, Vec<DeviceId>> = HashMap::new();
        let rows: Vec<(String, String)> = query_as(with_asked!(
            "$1",
            "SELECT d.user_id, d.id FROM devices d JOIN device_keys k ON k.device_id = d.id
             WHERE d.user_id IN (SELECT id FROM asked) AND d.state = 'verified' AND k.restore_until IS NULL"
        ))
        .bind(in_a_row(given.iter().map(|(user, ..)| user)))
        .fetch_all(&mut *tx.0)
        .await?;
        for (user, device) in rows {
            verified.entry(parse(&user)?).or_default().push(parse(&device)?);
        }
        let verified_of = |user: &UserId| verified.get(user).map_or(&[][..], Vec::as_slice);
        // Two that are given the same at the same moment are one entry in the log.
        let mut lines: BTreeMap<(DeviceId, CredentialId), String> = BTreeMap::new();
        for (user, gifts, at) in given {
            for gift in gifts.iter().filter(|gift| verified_of(user).contains(&gift.device)) {
                lines.insert((gift.device, gift.credential), gift_line(*user, gift, *at));
            }
        }
        if !lines.is_empty() {
            tx.hold(in_a_row(lines.values())).await?;
        }
        tx.commit().await?;
        Ok(given.iter().map(|(user, ..)| verified_of(user).to_vec()).collect())
    }
}
}

/// A device that wants to change a credential (user, device, credential), and what is stored of that: version, when it was
/// added, whether it is deleted; and whether the device holds it.
type Found = (String, String, String, Option<i64>, Option<i64>, bool, bool);

/// A number as long as every other.
fn fixed(number: i64) -> String {
    format!("{number:019}")
}

fn gift_line(user: UserId, gift: &Gift, at: UnixMillis) -> String {
    format!("{}{}{}{user}{}", gift.device, gift.credential, gift.event, fixed(at.0))
}

for_every_driver! {
impl Writing {
    /// Takes the rows of those users that are there, and says where their changes stand. Everybody who takes several does
    /// so in the order of their ids.
    async fn take_users(&mut self, users: impl Iterator<Item = UserId> + Send) -> Result<HashMap<UserId, Seq>, Fault> {
        let rows: Vec<(String, i64)> =
            query_as(with_asked!(taking "$1", "SELECT id, seq FROM users WHERE id IN (SELECT id FROM asked) ORDER BY id"))
                .bind(in_a_row(users))
                .fetch_all(&mut *self.0)
                .await?;
        rows.iter().map(|(user, seq)| Ok((parse(user)?, Seq(*seq)))).collect()
    }

    async fn facts_for(&mut self, changes: &[CredentialChange]) -> Result<Facts, Fault> {
        let heads = self.take_users(changes.iter().map(|change| change.user)).await?;
        let mut facts = Facts { heads, ..Facts::default() };
        let line = |change: &CredentialChange| format!("{}{}{}", change.user, change.device, change.id);
        let rows: Vec<Found> = query_as(with_asked!(
            "$1",
            "SELECT d.user_id, d.id, substr(asked.id, 73, 36), c.version, c.added_seq, c.sealed IS NULL,
             h.device_id IS NOT NULL
             FROM asked JOIN devices d ON d.id = substr(asked.id, 37, 36) AND d.user_id = substr(asked.id, 1, 36)
             JOIN device_keys k ON k.device_id = d.id
             LEFT JOIN credentials c ON c.user_id = d.user_id AND c.id = substr(asked.id, 73, 36)
             LEFT JOIN holdings h ON h.device_id = d.id AND h.credential_id = substr(asked.id, 73, 36)
             WHERE d.state = 'verified' AND k.restore_until IS NULL"
        ))
        .bind(in_a_row(changes.iter().map(line)))
        .fetch_all(&mut *self.0)
        .await?;
        for (user, device, credential, version, added, deleted, held) in rows {
            let (user, device, credential) = (parse(&user)?, parse(&device)?, parse(&credential)?);
            facts.verified.insert((user, device));
            if let (Some(version), Some(added)) = (version, added) {
                let present = Present { version: Version(version), added: Seq(added), deleted };
                facts.present.insert((user, credential), present);
            }
            if held {
                facts.held.insert((device, credential));
            }
        }
        let counted = facts.who_to_count(changes);
        if !counted.is_empty() {
            facts.counts = self.count_credentials(&counted).await?;
        }
        Ok(facts)
    }

    async fn count_credentials(&mut self, users: &HashSet<UserId>) -> Result<HashMap<UserId, usize>, Fault> {
        let rows: Vec<(String, i64)> = query_as(with_asked!(
            "$1",
            "SELECT user_id, COUNT(*) FROM credentials
             WHERE user_id IN (SELECT id FROM asked) AND sealed IS NOT NULL GROUP BY user_id"
        ))
        .bind(in_a_row(users))
        .fetch_all(&mut *self.0)
        .await?;
        rows.iter().map(|(user, count)| Ok((parse(user)?, usize::try_from(*count).unwrap_or(usize::MAX)))).collect()
    }

    async fn write_changes(&mut self, decided: &Decided<'_>) -> Result<(), Fault> {
        self.move_heads(decided).await?;
        self.write_credentials(decided.rows.values()).await?;
        if !decided.holds.is_empty() {
            let line = |change: &&CredentialChange| format!("{}{}{}", change.device, change.id, fixed(change.at.0));
            query(with_asked!(
                "$1",
                "INSERT INTO holdings (device_id, credential_id, given_at)
                 SELECT substr(id, 1, 36), substr(id, 37, 36), CAST(substr(id, 73) AS BIGINT) FROM asked
                 WHERE TRUE ON CONFLICT DO NOTHING"
            ))
            .bind(in_a_row(decided.holds.iter().map(line)))
            .execute(&mut *self.0)
            .await?;
        }
        let mut lines = Vec::with_capacity(decided.log.len());
        for (change, kind) in &decided.log {
            let CredentialChange { event, user, at, device, id, .. } = change;
            lines.push(format!("{event}{user}{}{device}{id}{}", fixed(at.0), name(kind)?));
        }
        query(with_asked!(
            "$1",
            "INSERT INTO events (id, user_id, at, kind, device_id, address, detail)
             SELECT substr(id, 1, 36), substr(id, 37, 36), CAST(substr(id, 73, 19) AS BIGINT), substr(id, 164),
             substr(id, 92, 36), NULL, substr(id, 128, 36) FROM asked"
        ))
        .bind(in_a_row(lines))
        .execute(&mut *self.0)
        .await?;
        Ok(())
    }

    async fn move_heads(&mut self, decided: &Decided<'_>) -> Result<(), Fault> {
        query(with_asked!(
            "$1",
            ", moved AS (SELECT substr(id, 1, 36) AS user_id, CAST(substr(id, 37) AS BIGINT) AS seq FROM asked)
             UPDATE users SET seq = moved.seq, credentials_seq = moved.seq FROM moved WHERE users.id = moved.user_id"
        ))
        .bind(in_a_row(decided.heads.iter().map(|(user, seq)| format!("{user}{}", fixed(seq.0)))))
        .execute(&mut *self.0)
        .await?;
        Ok(())
    }

    async fn write_credentials<'r>(&mut self, rows: impl Iterator<Item = &'r Row<'r>> + Send) -> Result<(), Fault> {
        // What is sealed stands in a parameter of its own, one behind the other; a tombstone has none.
        let (mut lines, mut sealed) = (Vec::new(), Vec::new());
        for Row { change, version, seq, added } in rows {
            let CredentialChange { user, id, device, at, .. } = change;
            let numbers = [version.0, seq.0, added.0, at.0].map(fixed).concat();
            let (first, length) = match &change.sealed {
                Some(row) => (sealed.len() + 1, row.len().to_string()),
                None => (0, String::new()),
            };
            lines.push(format!("{user}{id}{device}{numbers}{first:010}{length}"));
            sealed.extend_from_slice(change.sealed.as_deref().unwrap_or_default());
        }
        query(with_asked!(
            "$1",
            "INSERT INTO credentials (user_id, id, updated_by, version, seq, added_seq, updated_at, sealed)
             SELECT substr(id, 1, 36), substr(id, 37, 36), substr(id, 73, 36), CAST(substr(id, 109, 19) AS BIGINT),
             CAST(substr(id, 128, 19) AS BIGINT), CAST(substr(id, 147, 19) AS BIGINT), CAST(substr(id, 166, 19) AS BIGINT),
             CASE WHEN length(id) > 194
                  THEN substr($2, CAST(substr(id, 185, 10) AS INTEGER), CAST(substr(id, 195) AS INTEGER)) END
             FROM asked WHERE TRUE
             ON CONFLICT (user_id, id) DO UPDATE SET version = excluded.version, seq = excluded.seq,
             added_seq = excluded.added_seq, sealed = excluded.sealed, updated_at = excluded.updated_at,
             updated_by = excluded.updated_by"
        ))
        .bind(in_a_row(lines))
        .bind(sealed)
        .execute(&mut *self.0)
        .await?;
        Ok(())
    }

    /// Puts on record what devices hold from now on, each with an entry in the log if it is new to the device.
    async fn hold(&mut self, lines: String) -> Result<(), Fault> {
        // The log first: what is on record already is in it.
        query(with_asked!(
            "$1",
            "INSERT INTO events (id, user_id, at, kind, device_id, address, detail)
             SELECT substr(id, 73, 36), substr(id, 109, 36), CAST(substr(id, 145) AS BIGINT), $2, substr(id, 1, 36), NULL,
             substr(id, 37, 36) FROM asked
             WHERE NOT EXISTS (SELECT 1 FROM holdings h WHERE h.device_id = substr(asked.id, 1, 36)
                               AND h.credential_id = substr(asked.id, 37, 36))"
        ))
        .bind(lines.clone())
        .bind(name(&EventKind::CredentialRead)?)
        .execute(&mut *self.0)
        .await?;
        query(with_asked!(
            "$1",
            "INSERT INTO holdings (device_id, credential_id, given_at)
             SELECT substr(id, 1, 36), substr(id, 37, 36), CAST(substr(id, 145) AS BIGINT) FROM asked
             WHERE TRUE ON CONFLICT DO NOTHING"
        ))
        .bind(lines)
        .execute(&mut *self.0)
        .await?;
        Ok(())
    }
}
}
