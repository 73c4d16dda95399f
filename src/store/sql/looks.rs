//! What a node asks for each device that comes and each user that may have changed: thousands of times in one second when
//! another node is gone. So it is asked together, see [`Together`].

use std::{collections::HashMap, sync::Arc};

use keyleash_protocol::{DeviceId, Seq, SessionId, UnixMillis, UserId};
use sqlx::{query, query_as};

use super::{
    Driver,
    asked::{bytes_in_a_row, in_a_row, with_asked},
    connections::Connections,
    credentials::Since,
    driver::for_every_driver,
    rows::{Columns, Fault, parse},
    together::{BATCH_MAX, Together},
    transaction::Writing,
    writes::Given,
};
use crate::store::{
    ChangeOutcome, CredentialChange, Device, DeviceKey, Gift, Greeted, Heads, Look, Session, Shareable, StoreResult,
    TokenHash,
};

#[derive(Debug)]
pub(super) struct Questions {
    sessions: Together<TokenHash, Option<Session>>,
    uses: Together<(SessionId, UnixMillis), ()>,
    greetings: Together<DeviceId, Option<Greeted>>,
    looks: Together<(UserId, Option<Heads>), Option<Look>>,
    device_keys: Together<UserId, Vec<DeviceKey>>,
    shareable: Together<Since, Shareable>,
    changes: Together<CredentialChange, ChangeOutcome>,
    given: Together<Given, Vec<DeviceId>>,
}

/// Of these answers each may be a megabyte.
const SHAREABLE_AT_ONCE: usize = 16;

impl Questions {
    pub(super) async fn session(&self, token: TokenHash, now: UnixMillis) -> StoreResult<Option<Session>> {
        Ok(self.sessions.ask(token).await?.filter(|session| session.expires_at > now))
    }

    pub(super) async fn touch_session(&self, session: SessionId, at: UnixMillis) -> StoreResult<()> {
        self.uses.ask((session, at)).await
    }

    pub(super) async fn greet(&self, user: UserId, device: DeviceId) -> StoreResult<Option<Greeted>> {
        Ok(self.greetings.ask(device).await?.filter(|greeted| greeted.user == user))
    }

    pub(super) async fn look(&self, user: UserId, known: Option<Heads>) -> StoreResult<Option<Look>> {
        self.looks.ask((user, known)).await
    }

    pub(super) async fn device_keys(&self, user: UserId) -> StoreResult<Vec<DeviceKey>> {
        self.device_keys.ask(user).await
    }

    pub(super) async fn shareable_since(&self, user: UserId, cursor: Seq) -> StoreResult<Shareable> {
        self.shareable.ask((user, cursor)).await
    }

    pub(super) async fn change_credential(&self, change: CredentialChange) -> StoreResult<ChangeOutcome> {
        self.changes.ask(change).await
    }

    pub(super) async fn record_given(
        &self,
        user: UserId,
        gifts: &[Gift],
        at: UnixMillis,
    ) -> StoreResult<Vec<DeviceId>> {
        self.given.ask((user, gifts.to_vec(), at)).await
    }
}

/// The database, as those use it who answer.
#[derive(Debug)]
pub(super) struct Desk<D: Driver>(pub(super) Connections<D>);

for_every_driver! {
impl Desk {
    pub(super) fn questions(writer: &Connections<D>, reader: &Connections<D>) -> Questions {
        /// Has a desk answer with one of its methods.
        macro_rules! desk {
            ($pool:ident.$method:ident) => {{
                let desk = Arc::new(Self($pool.clone()));
                move |asked: Arc<[_]>| {
                    let desk = desk.clone();
                    async move { desk.$method(&asked).await }
                }
            }};
        }
        Questions {
            sessions: Together::start("find a session", BATCH_MAX, desk!(reader.sessions)),
            uses: Together::start("note a session's use", BATCH_MAX, desk!(writer.touch_sessions)),
            greetings: Together::start("read a device that says hello", BATCH_MAX, desk!(reader.greetings)),
            looks: Together::start("look at a user", BATCH_MAX, desk!(reader.looks)),
            device_keys: Together::start("read device keys", BATCH_MAX, desk!(reader.device_keys)),
            shareable: Together::start("read changed credentials", SHAREABLE_AT_ONCE, desk!(reader.shareable_since)),
            changes: Together::start("change a credential", BATCH_MAX, desk!(writer.change_credentials)),
            given: Together::start("record what devices are given", BATCH_MAX, desk!(writer.record_given)),
        }
    }

    async fn sessions(&self, tokens: &[TokenHash]) -> Result<Vec<Option<Session>>, Fault> {
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

    async fn touch_sessions(&self, uses: &[(SessionId, UnixMillis)]) -> Result<Vec<()>, Fault> {
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

    async fn greetings(&self, devices: &[DeviceId]) -> Result<Vec<Option<Greeted>>, Fault> {
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
    async fn looks(&self, asked: &[(UserId, Option<Heads>)]) -> Result<Vec<Option<Look>>, Fault> {
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
