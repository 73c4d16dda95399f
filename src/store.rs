//! Port: what is remembered. The database is the truth; each method is one transaction, and each change first takes the
//! user's row (`seq + 1`), so that the changes of one user have one order.
//!
//! Owns: the traits and the rows. Never: plaintext of anything sealed. What [`CredentialStore`] gives out is for the vault
//! alone; the other traits give no access to keys.

use std::{error::Error, fmt::Debug};

use async_trait::async_trait;
use keyleash_domain::{
    attempts::{Attempts, Decision, Policy},
    device::Refusal,
    text::{DeviceName, Email},
};
use keyleash_protocol::{
    CredentialId, DeviceId, Epoch, EventId, Seq, SessionId, UnixMillis, UserId, Version,
    http::EventKind,
    socket::{DeviceState, RevokeReason},
};
use serde::{Deserialize, Serialize};

use crate::kms::WrappedKey;

pub mod sql;

#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    #[error("the database is unavailable ({operation})")]
    Unavailable { operation: &'static str, source: Box<dyn Error + Send + Sync> },
    /// A row does not hold what this program writes.
    #[error("the database holds something unexpected ({operation}): {what}")]
    Corrupt { operation: &'static str, what: String },
}

pub type StoreResult<T> = Result<T, StoreError>;

/// A secret's SHA-256: what is stored of tokens and recovery codes.
pub type TokenHash = [u8; 32];

/// What is written along with a change, in the same transaction: the security log's entries and the mails to send.
#[derive(Clone, Debug, Default)]
pub struct Trail {
    pub events: Vec<NewEvent>,
    pub mails: Vec<QueuedMail>,
}

impl Trail {
    /// Entries that name no device are about this one.
    pub fn about(mut self, device: DeviceId) -> Self {
        for event in &mut self.events {
            event.device.get_or_insert(device);
        }
        self
    }
}

#[derive(Clone, Debug)]
pub struct NewEvent {
    pub id: EventId,
    pub kind: EventKind,
    pub device: Option<DeviceId>,
    pub address: Option<String>,
    pub detail: String,
    pub at: UnixMillis,
}

/// A mail for the outbox, its content sealed by the vault.
#[derive(Clone, Debug)]
pub struct QueuedMail {
    pub id: uuid::Uuid,
    pub sealed: Vec<u8>,
    pub at: UnixMillis,
}

// ---------------------------------------------------------------------------------------------------------- users

#[derive(Clone, Debug)]
pub struct NewUser {
    pub id: UserId,
    pub email: Email,
    /// Argon2id in PHC form.
    pub password_hash: String,
    pub at: UnixMillis,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct User {
    pub id: UserId,
    pub email: String,
    pub password_hash: String,
    /// Whether the address was confirmed.
    pub confirmed: bool,
    /// The sealed secret of the enabled second factor.
    pub totp_secret: Option<Vec<u8>>,
    /// The sealed secret of one that is being set up.
    pub totp_pending: Option<Vec<u8>>,
    pub sync_enabled: bool,
    pub seq: Seq,
}

/// Where a user's changes stand; cheap to read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Heads {
    pub seq: Seq,
    /// The seq of the last change to devices, to sync or to 2FA.
    pub devices: Seq,
    /// The seq of the last change to sessions.
    pub sessions: Seq,
}

#[async_trait]
pub trait UserStore: Debug + Send + Sync {
    async fn epoch(&self) -> StoreResult<Epoch>;

    /// Creates a user, or gives one with the same id whose address was never confirmed this password. `false`: the
    /// address is taken, nothing was written. `link` confirms the address.
    async fn create_user(&self, user: NewUser, link: NewLink, trail: Trail) -> StoreResult<bool>;

    async fn user(&self, user: UserId) -> StoreResult<Option<User>>;

    async fn user_by_email(&self, email: &Email) -> StoreResult<Option<User>>;

    /// Uses up a sign-up link. `None`: used, expired or never given.
    async fn confirm_user(&self, token: TokenHash, now: UnixMillis) -> StoreResult<Option<UserId>>;

    async fn set_totp_pending(&self, user: UserId, sealed: &[u8]) -> StoreResult<()>;

    /// Makes the pending secret the second factor, with `step` taken and these recovery codes. `false`: it is enabled
    /// already, or nothing is pending.
    async fn enable_totp(
        &self,
        user: UserId,
        step: i64,
        recovery_codes: &[TokenHash],
        trail: Trail,
    ) -> StoreResult<bool>;

    /// Turns the second factor off, and sync with it (see [`DeviceStore::revoke`]).
    async fn disable_totp(
        &self,
        user: UserId,
        at: UnixMillis,
        restore_until: UnixMillis,
        trail: Trail,
    ) -> StoreResult<Seq>;

    /// Takes a step's code, atomically: `false` if it, or a later one, was taken before.
    async fn take_totp_step(&self, user: UserId, step: i64) -> StoreResult<bool>;

    /// Uses up a recovery code. `false`: not one of them, or used.
    async fn take_recovery_code(&self, user: UserId, code: TokenHash, at: UnixMillis) -> StoreResult<bool>;

    async fn replace_recovery_codes(&self, user: UserId, codes: &[TokenHash], trail: Trail) -> StoreResult<()>;

    async fn turn_sync_on(&self, user: UserId, trail: Trail) -> StoreResult<Seq>;

    /// Turns sync off and revokes every device that is not removed, with reason `sync_off`.
    async fn turn_sync_off(
        &self,
        user: UserId,
        at: UnixMillis,
        restore_until: UnixMillis,
        trail: Trail,
    ) -> StoreResult<Seq>;

    /// Sets a new password and ends every session but `keep`.
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

    /// Users that changed at or after `since`, by the database's clock, and that clock's present.
    async fn changed_since(&self, since: UnixMillis) -> StoreResult<(UnixMillis, Vec<(UserId, Seq)>)>;
}

// ------------------------------------------------------------------------------------------------------- sessions

#[derive(Clone, Debug)]
pub struct NewSession {
    pub id: SessionId,
    pub user: UserId,
    pub token: TokenHash,
    pub at: UnixMillis,
    pub expires_at: UnixMillis,
    pub user_agent: String,
    pub address: String,
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
    async fn create_session(&self, session: NewSession, trail: Trail) -> StoreResult<()>;

    /// The session with this token, revoked ones too; not expired or ended ones.
    async fn session(&self, token: TokenHash, now: UnixMillis) -> StoreResult<Option<Session>>;

    /// Gives a session a new token; the old one is good for nothing from now on.
    async fn rotate_session(&self, session: SessionId, token: TokenHash) -> StoreResult<()>;

    /// This session is used by this device from now on; a removal of the device ends it. `false`: the session or the
    /// device is gone, or the device is not this user's.
    async fn bind_session(&self, session: SessionId, user: UserId, device: DeviceId) -> StoreResult<bool>;

    async fn touch_session(&self, session: SessionId, at: UnixMillis) -> StoreResult<()>;

    /// `None`: not this user's, or ended before.
    async fn end_session(&self, user: UserId, session: SessionId, trail: Trail) -> StoreResult<Option<Seq>>;

    /// The sessions that are good for something, newest first.
    async fn sessions(&self, user: UserId, now: UnixMillis) -> StoreResult<Vec<Session>>;
}

// ---------------------------------------------------------------------------------------------------------- links

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LinkPurpose {
    ConfirmSignUp,
    VerifyDevice,
    ResetPassword,
}

/// A link in a mail: single use, short-lived, its token stored hashed.
#[derive(Clone, Debug)]
pub struct NewLink {
    pub token: TokenHash,
    pub purpose: LinkPurpose,
    pub user: UserId,
    pub device: Option<LinkedDevice>,
    pub at: UnixMillis,
    pub expires_at: UnixMillis,
}

/// What a verification link is bound to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LinkedDevice {
    pub id: DeviceId,
    /// SHA-256 of both public keys: the approval covers these and no others.
    pub keys: TokenHash,
    /// Where the request came from.
    pub address: String,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Link {
    pub purpose: LinkPurpose,
    pub user: UserId,
    pub device: Option<LinkedDevice>,
    pub created_at: UnixMillis,
}

#[async_trait]
pub trait LinkStore: Debug + Send + Sync {
    /// Stores a link; earlier unused ones of the same purpose (and device) are good for nothing from now on.
    async fn create_link(&self, link: NewLink, trail: Trail) -> StoreResult<()>;

    /// The link with this token, if it can still be used. Uses nothing up.
    async fn link(&self, token: TokenHash, now: UnixMillis) -> StoreResult<Option<Link>>;

    /// Uses up a link of this purpose that needs nothing else done in the same transaction.
    async fn use_link(&self, token: TokenHash, purpose: LinkPurpose, now: UnixMillis) -> StoreResult<Option<Link>>;
}

// ------------------------------------------------------------------------------------------------------- attempts

#[async_trait]
pub trait AttemptStore: Debug + Send + Sync {
    /// Decides by `policy` and, if it may be tried, stores the count before it is tried. One transaction, so that two
    /// nodes cannot both use the last free try.
    async fn begin_attempt(&self, key: &str, policy: &Policy, now: UnixMillis) -> StoreResult<Decision>;

    async fn attempts(&self, key: &str) -> StoreResult<Option<Attempts>>;

    async fn clear_attempts(&self, key: &str) -> StoreResult<()>;

    /// Deletes what no policy remembers any more, and links and sessions that ended before `before`.
    async fn forget_before(&self, before: UnixMillis) -> StoreResult<u64>;
}

// -------------------------------------------------------------------------------------------------------- devices

#[derive(Clone, Debug)]
pub struct NewDevice {
    /// Its id if the keys are not known yet.
    pub id: DeviceId,
    pub user: UserId,
    pub name: DeviceName,
    pub user_agent: String,
    pub receive_key: Vec<u8>,
    pub signing_key: Vec<u8>,
    /// SHA-256 of both public keys.
    pub keys: TokenHash,
    pub match_code: String,
    pub at: UnixMillis,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Device {
    pub id: DeviceId,
    pub user: UserId,
    pub name: String,
    pub user_agent: String,
    pub receive_key: Vec<u8>,
    pub signing_key: Vec<u8>,
    pub keys: TokenHash,
    pub match_code: String,
    pub state: DeviceState,
    pub auto_connect: bool,
    pub created_at: UnixMillis,
    pub verified_at: Option<UnixMillis>,
    /// Set by the first removal and never cleared: coming back needs a second factor.
    pub removed_at: Option<UnixMillis>,
    pub reason: Option<RevokeReason>,
    pub last_seen: Option<UnixMillis>,
    pub acked: Seq,
    pub receipt: Option<Receipt>,
    /// The seq of its last change.
    pub seq: Seq,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Receipt {
    /// When the server got it.
    pub at: UnixMillis,
    pub wiped: bool,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum EnrolOutcome {
    /// Enrolled, or known by its keys and asking again; sessions and seq are as after [`SessionStore::bind_session`].
    Enrolled {
        id: DeviceId,
        state: DeviceState,
        seq: Seq,
    },
    SyncOff,
    TooManyDevices,
    /// These keys belong to another user's device.
    KeysTaken,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ApproveOutcome {
    Approved { device: Device, seq: Seq },
    LinkUsedOrExpired,
    Refused(Refusal),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Revoke {
    One(DeviceId),
    /// Every device that is not removed, but this one if given.
    AllBut(Option<DeviceId>),
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Revoked {
    pub seq: Seq,
    /// What was revoked now. Empty: there was nothing (left) to revoke.
    pub devices: Vec<RevokedDevice>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RevokedDevice {
    pub id: DeviceId,
    pub name: String,
    /// Every credential that it was ever given.
    pub held: Vec<CredentialId>,
}

/// What a live device did; written in batches, one lost costs nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Activity {
    pub device: DeviceId,
    pub acked: Seq,
    pub last_seen: UnixMillis,
}

#[async_trait]
pub trait DeviceStore: Debug + Send + Sync {
    /// Enrols a device or finds it by its keys, and binds the session to it, all or nothing.
    async fn enrol(&self, device: NewDevice, session: SessionId, trail: Trail) -> StoreResult<EnrolOutcome>;

    async fn device(&self, user: UserId, device: DeviceId) -> StoreResult<Option<Device>>;

    /// All of a user's devices, oldest first, removed ones too.
    async fn devices(&self, user: UserId) -> StoreResult<Vec<Device>>;

    /// Uses up the link, checks its device's keys and life, and stores the unlock key: the one that is still aside, or
    /// else `unlock_key` (sealed). All or nothing.
    async fn approve(
        &self,
        token: TokenHash,
        second_factor: bool,
        unlock_key: &[u8],
        now: UnixMillis,
        trail: Trail,
    ) -> StoreResult<ApproveOutcome>;

    /// `None`: no such device.
    async fn rename_device(
        &self,
        user: UserId,
        device: DeviceId,
        name: &DeviceName,
        trail: Trail,
    ) -> StoreResult<Option<Seq>>;

    async fn set_auto_connect(&self, user: UserId, device: DeviceId, on: bool) -> StoreResult<Option<Seq>>;

    /// Takes the unlock keys away (aside until `restore_until`, or destroyed if that is `None`), marks the devices removed,
    /// ends their sessions if the reason says so ([`keyleash_domain::device::ends_sessions`]), and counts the change.
    /// A device that is removed already is revoked again only to destroy its key (`erased`). `None`: no such device.
    async fn revoke(
        &self,
        user: UserId,
        which: Revoke,
        reason: RevokeReason,
        at: UnixMillis,
        restore_until: Option<UnixMillis>,
        trail: Trail,
    ) -> StoreResult<Option<Revoked>>;

    /// What a device was ever given, first given first.
    async fn held(&self, user: UserId, device: DeviceId) -> StoreResult<Vec<CredentialId>>;

    /// The removed device's claim; only the first one since the removal counts. `None`: not removed, or claimed before.
    async fn record_receipt(
        &self,
        user: UserId,
        device: DeviceId,
        receipt: Receipt,
        trail: Trail,
    ) -> StoreResult<Option<Seq>>;

    /// Acks only rise.
    async fn record_activity(&self, batch: &[Activity]) -> StoreResult<()>;

    /// Destroys unlock keys whose time aside is over.
    async fn destroy_expired_keys(&self, now: UnixMillis) -> StoreResult<u64>;
}

// ---------------------------------------------------------------------------------------- credentials (vault only)

/// A device's key as the vault needs it.
#[derive(Clone, PartialEq, Eq)]
pub struct DeviceKey {
    pub device: DeviceId,
    /// Under the user's data key.
    pub sealed: Vec<u8>,
    pub receive_key: Vec<u8>,
}

impl Debug for DeviceKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "DeviceKey({})", self.device)
    }
}

#[derive(Clone, PartialEq, Eq)]
pub struct CredentialRow {
    pub id: CredentialId,
    pub version: Version,
    pub seq: Seq,
    /// The seq at which it was added, or last brought back.
    pub added_seq: Seq,
    /// `None`: a tombstone.
    pub sealed: Option<Vec<u8>>,
}

impl Debug for CredentialRow {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "CredentialRow({} v{} at {})", self.id, self.version, self.seq)
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CredentialChanges {
    /// The user's seq that was read before the rows; with all rows given, a reader of them is at the higher of this and
    /// the last row's.
    pub seq: Seq,
    /// In the order of seq, at most as many as asked for.
    pub rows: Vec<CredentialRow>,
    /// How many there are in all after the cursor.
    pub total: u64,
}

/// A credential's change; `sealed: None` deletes.
#[derive(Clone, Debug)]
pub struct CredentialChange {
    pub user: UserId,
    /// Must be verified when the change is made.
    pub device: DeviceId,
    pub id: CredentialId,
    pub base: Version,
    pub sealed: Option<Vec<u8>>,
    pub at: UnixMillis,
    /// The log entry's id; its kind follows from the change.
    pub event: EventId,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ChangeOutcome {
    Committed {
        version: Version,
        seq: Seq,
    },
    NotVerified,
    /// The stored version; 0 if there is none.
    Conflict {
        present: Version,
    },
    QuotaExceeded,
}

/// A credential that a device is about to be given.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Gift {
    pub device: DeviceId,
    pub credential: CredentialId,
    /// The log entry's id, if it is new to the device.
    pub event: EventId,
}

#[async_trait]
pub trait CredentialStore: Debug + Send + Sync {
    async fn data_key(&self, user: UserId) -> StoreResult<Option<WrappedKey>>;

    /// Stores a user's first data key; if there is one already, that one stays and is returned.
    async fn insert_data_key(&self, user: UserId, key: WrappedKey, at: UnixMillis) -> StoreResult<WrappedKey>;

    /// The keys of those of `devices` that are this user's and verified.
    async fn device_keys(&self, user: UserId, devices: &[DeviceId]) -> StoreResult<Vec<DeviceKey>>;

    async fn change_credential(&self, change: CredentialChange) -> StoreResult<ChangeOutcome>;

    async fn credentials_since(&self, user: UserId, cursor: Seq, limit: u32) -> StoreResult<CredentialChanges>;

    /// Records what devices are about to be given, with a log entry for each credential that is new to its device. Only
    /// for devices that are verified at that moment; it returns these. So what a removal lists as held is complete.
    async fn record_given(&self, user: UserId, gifts: &[Gift], at: UnixMillis) -> StoreResult<Vec<DeviceId>>;
}

// ------------------------------------------------------------------------------------------------- mail and history

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OutboxMail {
    pub id: uuid::Uuid,
    pub user: UserId,
    pub sealed: Vec<u8>,
    /// Tries before this one.
    pub tries: u32,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MailOutcome {
    Sent,
    RetryAt(UnixMillis),
    /// Refused for good, or tried too often.
    GivenUp,
}

#[async_trait]
pub trait MailStore: Debug + Send + Sync {
    /// Takes up to `limit` due mails; nobody else gets them before `lease_until`.
    async fn claim_mails(&self, now: UnixMillis, lease_until: UnixMillis, limit: u32) -> StoreResult<Vec<OutboxMail>>;

    async fn finish_mail(&self, mail: uuid::Uuid, outcome: MailOutcome, at: UnixMillis) -> StoreResult<()>;
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Event {
    pub id: EventId,
    pub at: UnixMillis,
    pub kind: EventKind,
    pub device: Option<DeviceId>,
    pub address: Option<String>,
    pub detail: String,
}

#[async_trait]
pub trait HistoryStore: Debug + Send + Sync {
    /// Newest first.
    async fn events(&self, user: UserId, before: Option<EventId>, limit: u32) -> StoreResult<Vec<Event>>;

    async fn record(&self, user: UserId, trail: Trail) -> StoreResult<()>;
}

/// Everything that one database remembers. Callers take the part that they need.
pub trait Store:
    UserStore + SessionStore + LinkStore + AttemptStore + DeviceStore + CredentialStore + MailStore + HistoryStore
{
}

impl<T> Store for T where
    T: UserStore + SessionStore + LinkStore + AttemptStore + DeviceStore + CredentialStore + MailStore + HistoryStore
{
}
