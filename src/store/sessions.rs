//! Sessions: who is logged in, where, and on which device.

use std::fmt::Debug;

use async_trait::async_trait;
use keyleash_protocol::{DeviceId, Seq, SessionId, UnixMillis, UserId, socket::RevokeReason};

use super::{StoreResult, TokenHash, Trail};

#[derive(Clone, Debug)]
pub struct NewSession {
    pub id: SessionId,
    pub user: UserId,
    pub token: TokenHash,
    /// The stored hash that the password was checked against.
    pub password_hash: String,
    pub at: UnixMillis,
    pub expires_at: UnixMillis,
    pub user_agent: String,
    pub address: String,
}

/// How many sessions a user has at the most.
#[derive(Clone, Debug)]
pub struct Room {
    pub sessions: u32,
    /// Written if one ends to make room.
    pub trail: Trail,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SessionOutcome {
    Created,
    /// The one that was unused for longest ended; a device's use counts as its session's.
    CreatedInPlace(Seq),
    /// After it was checked. There is no session.
    PasswordChanged,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Session {
    pub id: SessionId,
    pub user: UserId,
    pub device: Option<DeviceId>,
    pub created_at: UnixMillis,
    pub last_used_at: UnixMillis,
    pub expires_at: UnixMillis,
    pub user_agent: String,
    pub address: String,
    /// Set once the device that this session used was removed: the session is good for nothing but to say so.
    pub revoked: Option<RevokeReason>,
}

#[async_trait]
pub trait SessionStore: Debug + Send + Sync {
    async fn create_session(&self, session: NewSession, room: Room, trail: Trail) -> StoreResult<SessionOutcome>;

    /// The session with this token, revoked ones too; not expired or ended ones.
    async fn session(&self, token: TokenHash, now: UnixMillis) -> StoreResult<Option<Session>>;

    /// Gives a session a new token; the old one is good for nothing from now on.
    async fn rotate_session(&self, session: SessionId, token: TokenHash) -> StoreResult<()>;

    /// This session is used by this device from now on; a removal of the device ends it. `false`: the session or the
    /// device is gone, the device is not this user's, or the session belongs to another device that was not removed, whose
    /// removal it would escape.
    async fn bind_session(&self, session: SessionId, user: UserId, device: DeviceId) -> StoreResult<bool>;

    async fn touch_session(&self, session: SessionId, at: UnixMillis) -> StoreResult<()>;

    /// `None`: not this user's, or ended before.
    async fn end_session(&self, user: UserId, session: SessionId, trail: Trail) -> StoreResult<Option<Seq>>;

    /// Ends every session but this one; not those of removed devices, which are kept to say so. The count is of those that
    /// were good for something; `None`: there was none.
    async fn end_other_sessions(
        &self,
        user: UserId,
        keep: SessionId,
        now: UnixMillis,
        trail: Trail,
    ) -> StoreResult<Option<(Seq, u32)>>;

    /// The sessions that are good for something, newest first.
    async fn sessions(&self, user: UserId, now: UnixMillis) -> StoreResult<Vec<Session>>;
}
