//! What a node reads for each device that comes and each user that may have changed.

use std::collections::HashMap;

use keyleash_protocol::{DeviceId, Seq, SessionId, UnixMillis, UserId};
use sqlx::{query, query_as};

use super::{
    asked::{bytes_in_a_row, in_a_row, with_asked},
    driver::for_every_driver,
    questions::Desk,
    rows::{Columns, Fault, parse},
    transaction::Writing,
};
use crate::store::{Device, Greeted, Heads, Look, Session, TokenHash};

for_every_driver! {
impl Desk {
    pub(super) async fn sessions(&self, tokens: &[TokenHash]) -> Result<Vec<Option<Session>>, Fault> {
        let rows = query(with_asked!(bytes "$1", "SELECT * FROM sessions WHERE token_hash IN (SELECT id FROM asked)"))
            .bind(bytes_in_a_row(tokens.iter().map(<[u8; 32]>::as_slice)))
            .fetch_all(&self.0)
            .await?;
        let mut found: HashMap<TokenHash, Session> = HashMap::with_capacity(rows.len());
        for row in &rows {
            let columns = Columns::<D>(row);
            found.insert(columns.token_hash()?, columns.session()?);
        }
        Ok(tokens.iter().map(|token| found.get(token).cloned()).collect())
    }

    pub(super) async fn touch_sessions(&self, uses: &[(SessionId, UnixMillis)]) -> Result<Vec<()>, Fault> {
        // Together means within a moment: the last one is near enough for all.
        let at = uses.iter().map(|(_, at)| *at).max().unwrap_or_default();
        let mut tx = Writing(self.0.begin().await?);
        query(with_asked!(
            "$1",
            "UPDATE sessions SET last_used_at = $2 WHERE id IN (SELECT id FROM asked) AND last_used_at < $2"
        ))
        .bind(in_a_row(uses.iter().map(|(session, _)| session)))
        .bind(at.0)
        .execute(&mut *tx.0)
        .await?;
        tx.commit().await?;
        Ok(vec![(); uses.len()])
    }

    pub(super) async fn greetings(&self, devices: &[DeviceId]) -> Result<Vec<Option<Greeted>>, Fault> {
        let rows = query(with_asked!(
            "$1",
            "SELECT d.id, d.user_id, d.signing_key, d.state, d.verified_at, d.removed_at, d.reason,
             u.seq AS head_seq, u.devices_seq AS head_devices, u.sessions_seq AS head_sessions,
             u.credentials_seq AS head_credentials
             FROM devices d JOIN users u ON u.id = d.user_id WHERE d.id IN (SELECT id FROM asked)"
        ))
        .bind(in_a_row(devices))
        .fetch_all(&self.0)
        .await?;
        let mut found: HashMap<DeviceId, Greeted> = HashMap::with_capacity(rows.len());
        for row in &rows {
            let columns = Columns::<D>(row);
            found.insert(columns.id()?, columns.greeted()?);
        }
        Ok(devices.iter().map(|device| found.get(device).cloned()).collect())
    }

    /// The heads first: whatever is read after them is at least as new.
    pub(super) async fn looks(&self, asked: &[(UserId, Option<Heads>)]) -> Result<Vec<Option<Look>>, Fault> {
        let mut connection = self.0.lease().await?;
        let heads = Self::heads_of(&mut connection, in_a_row(asked.iter().map(|(user, _)| user))).await?;
        let moved = |part: fn(&Heads) -> Seq| -> Vec<bool> {
            let moved = |(user, known): &(UserId, Option<Heads>)| {
                heads.get(user).is_some_and(|heads| known.is_none_or(|known| part(&known) < part(heads)))
            };
            asked.iter().map(moved).collect()
        };
        let (devices_moved, sessions_moved) = (moved(|heads| heads.devices), moved(|heads| heads.sessions));
        let those = |moved: &[bool]| {
            in_a_row(asked.iter().zip(moved).filter(|(_, moved)| **moved).map(|((user, _), _)| user))
        };
        let devices = Self::devices_of(&mut connection, those(&devices_moved)).await?;
        let sessions = Self::sessions_of(&mut connection, those(&sessions_moved)).await?;
        connection.give_back();
        let look = |(index, (user, _)): (usize, &(UserId, _))| {
            let devices = || devices.get(user).cloned().unwrap_or_default();
            let sessions = || sessions.get(user).cloned().unwrap_or_default();
            Some(Look {
                heads: *heads.get(user)?,
                devices: devices_moved[index].then(devices),
                sessions: sessions_moved[index].then(sessions),
            })
        };
        Ok(asked.iter().enumerate().map(look).collect())
    }

    pub(super) async fn devices(&self, users: &[UserId]) -> Result<Vec<Vec<Device>>, Fault> {
        let mut connection = self.0.lease().await?;
        let devices = Self::devices_of(&mut connection, in_a_row(users)).await?;
        connection.give_back();
        // One user may be asked for twice.
        Ok(users.iter().map(|user| devices.get(user).cloned().unwrap_or_default()).collect())
    }

    async fn heads_of(connection: &mut D::Connection, users: String) -> Result<HashMap<UserId, Heads>, Fault> {
        let rows = query(with_asked!(
            "$1",
            "SELECT id, seq AS head_seq, devices_seq AS head_devices, sessions_seq AS head_sessions,
             credentials_seq AS head_credentials FROM users WHERE id IN (SELECT id FROM asked)"
        ))
        .bind(users)
        .fetch_all(connection)
        .await?;
        let entry = |row| Ok((Columns::<D>(row).id()?, Columns::<D>(row).heads()?));
        rows.iter().map(entry).collect()
    }

    async fn devices_of(connection: &mut D::Connection, users: String) -> Result<HashMap<UserId, Vec<Device>>, Fault> {
        let mut devices: HashMap<UserId, Vec<Device>> = HashMap::new();
        if users.is_empty() {
            return Ok(devices);
        }
        let rows = query(with_asked!(
            "$1",
            "SELECT d.*, n.id AS online_at FROM devices d
             LEFT JOIN nodes n ON n.id = d.node AND n.alive_until > (SELECT now_ms FROM clock)
             WHERE d.user_id IN (SELECT id FROM asked) ORDER BY d.id"
        ))
        .bind(users)
        .fetch_all(connection)
        .await?;
        for row in &rows {
            let device = Columns::<D>(row).device()?;
            devices.entry(device.user).or_default().push(device);
        }
        Ok(devices)
    }

    async fn sessions_of(
        connection: &mut D::Connection,
        users: String,
    ) -> Result<HashMap<UserId, Vec<(SessionId, UnixMillis)>>, Fault> {
        let mut sessions: HashMap<UserId, Vec<(SessionId, UnixMillis)>> = HashMap::new();
        if users.is_empty() {
            return Ok(sessions);
        }
        let rows: Vec<(String, String, i64)> = query_as(with_asked!(
            "$1",
            "SELECT user_id, id, expires_at FROM sessions
             WHERE user_id IN (SELECT id FROM asked) AND revoked IS NULL"
        ))
        .bind(users)
        .fetch_all(connection)
        .await?;
        for (user, id, expires_at) in rows {
            sessions.entry(parse(&user)?).or_default().push((parse(&id)?, UnixMillis(expires_at)));
        }
        Ok(sessions)
    }
}
}
