//! Sessions: who is logged in, from which browser.

use keyleash_protocol::{DeviceId, Seq, SessionId, UnixMillis, UserId};
use sqlx::{query, query_as};

use super::{
    driver::for_every_driver,
    rows::{Columns, Fault},
    transaction::{Part, Writing},
};
use crate::store::{NewSession, Room, Session, SessionOutcome, SessionStore, StoreResult, TokenHash, Trail};

for_every_driver! {
impl SessionStore for SqlStore {
    async fn create_session(&self, session: NewSession, room: Room, trail: Trail) -> StoreResult<SessionOutcome> {
        self.run("create a session", || async {
            let mut tx = self.begin().await?;
            // Takes the user's row: a change of the password is before this, and there is no session, or after it, and
            // ends the session.
            let taken = query("UPDATE users SET changed_at = changed_at WHERE id = $1 AND password_hash = $2 RETURNING id")
                .bind(session.user.to_string())
                .bind(session.password_hash.clone())
                .fetch_optional(&mut *tx.0)
                .await?;
            if taken.is_none() {
                return Ok(SessionOutcome::PasswordChanged);
            }
            query(
                "INSERT INTO sessions
                 (id, user_id, token_hash, created_at, last_used_at, expires_at, user_agent, address)
                 VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
            )
            .bind(session.id.to_string())
            .bind(session.user.to_string())
            .bind(session.token.to_vec())
            .bind(session.at.0)
            .bind(session.at.0)
            .bind(session.expires_at.0)
            .bind(session.user_agent.clone())
            .bind(session.address.clone())
            .execute(&mut *tx.0)
            .await?;
            tx.write(session.user, &trail).await?;
            let made_room = tx.make_room(&session, &room).await?;
            tx.commit().await?;
            Ok(made_room.map_or(SessionOutcome::Created, SessionOutcome::CreatedInPlace))
        })
        .await
    }

    async fn session(&self, token: TokenHash, now: UnixMillis) -> StoreResult<Option<Session>> {
        self.questions.session(token, now).await
    }

    async fn rotate_session(&self, session: SessionId, token: TokenHash) -> StoreResult<()> {
        self.run("rotate a session", || async {
            let mut tx = self.begin().await?;
            query("UPDATE sessions SET token_hash = $2 WHERE id = $1")
                .bind(session.to_string())
                .bind(token.to_vec())
                .execute(&mut *tx.0)
                .await?;
            tx.commit().await
        })
        .await
    }

    async fn bind_session(&self, session: SessionId, user: UserId, device: DeviceId) -> StoreResult<bool> {
        self.run("bind a session to a device", || async {
            let mut tx = self.begin().await?;
            // A removal of the device is before this or after it.
            tx.take(user).await?;
            let bound = tx.bind_session(session, user, device).await?;
            tx.commit().await?;
            Ok(bound)
        })
        .await
    }

    async fn touch_session(&self, session: SessionId, at: UnixMillis) -> StoreResult<()> {
        self.questions.touch_session(session, at).await
    }

    async fn end_session(&self, user: UserId, session: SessionId, trail: Trail) -> StoreResult<Option<Seq>> {
        self.run("end a session", || async {
            let Some(mut change) = self.change(user, Part::Sessions).await? else { return Ok(None) };
            let ended = query("DELETE FROM sessions WHERE id = $1 AND user_id = $2 RETURNING id")
                .bind(session.to_string())
                .bind(user.to_string())
                .fetch_optional(&mut *change.tx.0)
                .await?;
            if ended.is_none() {
                return Ok(None);
            }
            change.write(&trail).await?;
            change.commit().await.map(Some)
        })
        .await
    }

    async fn end_other_sessions(
        &self,
        user: UserId,
        keep: SessionId,
        now: UnixMillis,
        trail: Trail,
    ) -> StoreResult<Option<(Seq, u32)>> {
        self.run("end other sessions", || async {
            let Some(mut change) = self.change(user, Part::Sessions).await? else { return Ok(None) };
            let ended: Vec<(i64,)> = query_as(
                "DELETE FROM sessions WHERE user_id = $1 AND id <> $2 AND revoked IS NULL RETURNING expires_at",
            )
            .bind(user.to_string())
            .bind(keep.to_string())
            .fetch_all(&mut *change.tx.0)
            .await?;
            let were_good = ended.iter().filter(|(expires_at,)| *expires_at > now.0).count();
            if were_good == 0 {
                return Ok(None);
            }
            change.write(&trail).await?;
            let seq = change.commit().await?;
            Ok(Some((seq, u32::try_from(were_good).unwrap_or(u32::MAX))))
        })
        .await
    }

    async fn sessions(&self, user: UserId, now: UnixMillis) -> StoreResult<Vec<Session>> {
        self.run("list sessions", || async {
            let rows = query(
                "SELECT * FROM sessions WHERE user_id = $1 AND expires_at > $2 AND revoked IS NULL ORDER BY id DESC",
            )
            .bind(user.to_string())
            .bind(now.0)
            .fetch_all(&self.reader)
            .await?;
            rows.iter().map(|row| Columns::<D>(row).session()).collect()
        })
        .await
    }
}
}

for_every_driver! {
impl Writing {
    /// Ends the user's sessions that are beyond what there is room for, beside this one.
    async fn make_room(&mut self, besides: &NewSession, room: &Room) -> Result<Option<Seq>, Fault> {
        let ended = query(
            "DELETE FROM sessions WHERE id IN (
                 SELECT s.id FROM sessions s LEFT JOIN devices d ON d.id = s.device_id
                 WHERE s.user_id = $1 AND s.revoked IS NULL AND s.expires_at > $2 AND s.id <> $3
                 ORDER BY CASE WHEN d.last_seen > s.last_used_at THEN d.last_seen ELSE s.last_used_at END DESC, s.id DESC
                 LIMIT $4 OFFSET $5) RETURNING id",
        )
        .bind(besides.user.to_string())
        .bind(besides.at.0)
        .bind(besides.id.to_string())
        .bind(i64::MAX)
        .bind(i64::from(room.sessions.saturating_sub(1)))
        .fetch_all(&mut *self.0)
        .await?;
        if ended.is_empty() {
            return Ok(None);
        }
        self.write(besides.user, &room.trail).await?;
        self.count(besides.user, Part::Sessions).await
    }

    pub(super) async fn bind_session(
        &mut self,
        session: SessionId,
        user: UserId,
        device: DeviceId,
    ) -> Result<bool, Fault> {
        let bound = query(
            "UPDATE sessions SET device_id = $3
             WHERE id = $1 AND user_id = $2 AND revoked IS NULL
             AND EXISTS (SELECT 1 FROM devices WHERE id = $3 AND user_id = $2 AND state <> 'removed')
             AND NOT EXISTS (SELECT 1 FROM devices
                             WHERE id = sessions.device_id AND id <> $3 AND state <> 'removed') RETURNING id",
        )
        .bind(session.to_string())
        .bind(user.to_string())
        .bind(device.to_string())
        .fetch_optional(&mut *self.0)
        .await?;
        Ok(bound.is_some())
    }
}
}
