//! Users, their passwords, and their sync switch.

use std::fmt::Debug;

use async_trait::async_trait;
use keyleash_domain::{
    login::{Login, VendorLogin},
    text::Email,
};
use keyleash_protocol::{Epoch, Seq, SessionId, UnixMillis, UserId, http::MailPreferences};

use super::{Device, Heads, NewLink, PendingTotp, StoreResult, TokenHash, Trail};

#[derive(Clone, Debug)]
pub struct NewUser {
    pub id: UserId,
    pub email: Email,
    /// Argon2id in PHC form.
    pub password_hash: String,
    pub at: UnixMillis,
}

/// Somebody who comes with a vendor's token for the first time.
#[derive(Clone, Debug)]
pub struct NewVendorUser {
    pub id: UserId,
    pub login: VendorLogin,
    pub email: Email,
    pub at: UnixMillis,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct User {
    pub id: UserId,
    pub login: Login,
    /// Where mails go. Names nobody: several users may have one.
    pub email: String,
    /// Of a vendor's user empty, which is no password's.
    pub password_hash: String,
    /// Whether the address was confirmed.
    pub confirmed: bool,
    /// The sealed secret of the enabled second factor.
    pub totp_secret: Option<Vec<u8>>,
    pub totp_pending: Option<PendingTotp>,
    pub sync_enabled: bool,
    pub mail_preferences: MailPreferences,
    pub seq: Seq,
}

/// A look at one user.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Look {
    pub heads: Heads,
    /// All of them, oldest first, if any moved.
    pub devices: Option<Vec<Device>>,
    /// Those that were not revoked and when they expire, if any moved.
    pub sessions: Option<Vec<(SessionId, UnixMillis)>>,
}

/// A look at everybody.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Changes {
    /// The present by the database's clock.
    pub now: UnixMillis,
    /// Who changed, and how far it goes now.
    pub users: Vec<(UserId, Seq)>,
    /// Whose devices came, went or caught up, and when one did last.
    pub presence: Vec<(UserId, UnixMillis)>,
}

#[async_trait]
pub trait UserStore: Debug + Send + Sync {
    async fn epoch(&self) -> StoreResult<Epoch>;

    /// Creates a user, or gives one with the same id whose address was never confirmed this password. `false`: the
    /// address is taken, nothing was written. `link` confirms the address.
    async fn create_user(&self, user: NewUser, link: NewLink, trail: Trail) -> StoreResult<bool>;

    /// Deletes sign-ups from before `before` that nobody confirmed and that no link is left for, so many at the most.
    async fn forget_sign_ups(&self, before: UnixMillis, most: u32) -> StoreResult<u64>;

    /// How many users there are, counted up to `most`: beyond that, counting takes longer than it is worth.
    async fn count_users(&self, most: u32) -> StoreResult<u64>;

    async fn user(&self, user: UserId) -> StoreResult<Option<User>>;

    async fn user_by_login(&self, login: &Login) -> StoreResult<Option<User>>;

    /// `false`: there is one with this login; nothing was written.
    async fn create_vendor_user(&self, user: NewVendorUser, trail: Trail) -> StoreResult<bool>;

    /// Where mails go from now on. `false`: they go there already; nothing was written.
    async fn set_email(&self, user: UserId, email: &Email, trail: Trail) -> StoreResult<bool>;

    /// Uses up a sign-up link. `None`: used, expired or never given.
    async fn confirm_user(&self, token: TokenHash, now: UnixMillis) -> StoreResult<Option<UserId>>;

    async fn set_mail_preferences(&self, user: UserId, wanted: MailPreferences, trail: Trail) -> StoreResult<()>;

    /// `None`: there is no second factor (any more), and sync stays off.
    async fn turn_sync_on(&self, user: UserId, trail: Trail) -> StoreResult<Option<Seq>>;

    /// Turns sync off and revokes every device that is not removed, with reason `sync_off`.
    async fn turn_sync_off(
        &self,
        user: UserId,
        at: UnixMillis,
        restore_until: UnixMillis,
        trail: Trail,
    ) -> StoreResult<Seq>;

    /// Sets a new password and ends every session but `keep`, and every reset link.
    async fn set_password(
        &self,
        user: UserId,
        password_hash: &str,
        keep: Option<SessionId>,
        trail: Trail,
    ) -> StoreResult<Seq>;

    /// Uses up a reset link and sets a new password; every session ends. `None`: used, expired or never given.
    async fn reset_password(
        &self,
        token: TokenHash,
        password_hash: &str,
        now: UnixMillis,
        trail: Trail,
    ) -> StoreResult<Option<Seq>>;

    async fn heads(&self, user: UserId) -> StoreResult<Option<Heads>>;

    /// Where the user's changes stand, and what moved since `known`: all of it at least as new as the heads say. Asked by
    /// thousands at the same moment; an adapter answers those together.
    async fn look(&self, user: UserId, known: Option<Heads>) -> StoreResult<Option<Look>>;

    /// What changed at or after `since`, by the database's clock.
    async fn changed_since(&self, since: UnixMillis) -> StoreResult<Changes>;
}
