//! Devices: enrolled, approved, removed.

use std::fmt::Debug;

use async_trait::async_trait;
use keyleash_domain::{device::Refusal, text::DeviceName};
use keyleash_protocol::{
    CredentialId, DeviceId, NodeId, Seq, SessionId, UnixMillis, UserId,
    http::{DeviceView, ReceiptView},
    socket::{DeviceState, RevokeReason},
};

use super::{CodeRefusal, GivenCode, Heads, StoreResult, TokenHash, Trail};

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
    /// Where it is online, as the nodes wrote it down; a node that is not alive does not count.
    pub online: Option<Whereabouts>,
    /// When it was given up to deliver its verification mail.
    pub mail_failed_at: Option<UnixMillis>,
    /// The seq of its last change.
    pub seq: Seq,
}

impl Device {
    /// The device as its owner sees it. What its node knows better is not written down yet. `credentials` is the seq of the user's last
    /// change to a credential: a device that acknowledged it is up to date.
    pub fn view(&self, credentials: Seq) -> DeviceView {
        let removed_at = self.removed_at.filter(|_| self.state == DeviceState::Removed);
        DeviceView {
            id: self.id,
            name: self.name.clone(),
            user_agent: self.user_agent.clone(),
            state: self.state,
            created_at: self.created_at,
            verified_at: self.verified_at,
            removed_at,
            last_seen: self.last_seen,
            online: removed_at.is_none() && self.online.is_some(),
            acked_seq: self.acked,
            seq: credentials,
            mail_failed_at: self.mail_failed_at.filter(|_| self.state == DeviceState::Pending),
            reason: removed_at.and(self.reason),
            receipt: removed_at.zip(self.receipt).map(|(removed_at, receipt)| ReceiptView {
                at: receipt.at,
                after_ms: receipt.at.0 - removed_at.0,
                wiped: receipt.wiped,
            }),
        }
    }
}

/// The node that a device's newest socket is on, and since when, by the clock that all nodes share.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Whereabouts {
    pub node: NodeId,
    pub since: UnixMillis,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Receipt {
    /// When the server got it.
    pub at: UnixMillis,
    pub wiped: bool,
}

/// What a hello is judged by.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Greeted {
    pub user: UserId,
    /// Where its user's changes stood when its row was read.
    pub heads: Heads,
    pub signing_key: Vec<u8>,
    pub state: DeviceState,
    pub verified_at: Option<UnixMillis>,
    pub removed_at: Option<UnixMillis>,
    pub reason: Option<RevokeReason>,
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
    /// The session ended meanwhile, or is another device's.
    SessionGone,
    /// These keys belong to another user's device.
    KeysTaken,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ApproveOutcome {
    /// The device as it is now.
    Approved(Box<Device>),
    LinkUsedOrExpired,
    Refused(Refusal),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Revoke {
    One(DeviceId),
    /// Every device that is not removed, but this one if given.
    AllBut(Option<DeviceId>),
    /// Every device that is not removed but `device`, and every login that is no device's but `session`.
    Panic {
        device: Option<DeviceId>,
        session: SessionId,
    },
}

impl Revoke {
    /// Whether it is meant for this device of the user's.
    pub fn covers(self, device: DeviceId) -> bool {
        match self {
            Self::One(one) => device == one,
            Self::AllBut(kept) | Self::Panic { device: kept, .. } => Some(device) != kept,
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Revocation {
    pub which: Revoke,
    pub reason: RevokeReason,
    pub at: UnixMillis,
    /// Until when the unlock keys are kept aside; `None`: they are destroyed.
    pub restore_until: Option<UnixMillis>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Revoked {
    pub seq: Seq,
    pub reason: RevokeReason,
    pub at: UnixMillis,
    /// What was revoked now. Empty: there was nothing (left) to revoke.
    pub devices: Vec<RevokedDevice>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RevokedDevice {
    pub id: DeviceId,
    pub name: String,
    /// Whether it was on a node that is alive.
    pub online: bool,
    /// Every credential that it was ever given.
    pub held: Vec<CredentialId>,
}

/// What a live device did; written in batches, so that a push never waits for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Activity {
    pub device: DeviceId,
    pub acked: Seq,
    pub last_seen: UnixMillis,
    /// `None`: it is where it was.
    pub step: Option<Step>,
}

impl Activity {
    /// This, and then `later`, of the same device.
    pub fn then(self, later: Self) -> Self {
        Self {
            device: self.device,
            acked: self.acked.max(later.acked),
            last_seen: self.last_seen.max(later.last_seen),
            step: later.step.or(self.step),
        }
    }
}

/// How a device's place changes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// A socket of it said hello here, at this time.
    Came(UnixMillis),
    /// Its last socket here is gone.
    Went,
}

#[async_trait]
pub trait DeviceStore: Debug + Send + Sync {
    /// Enrols a device or finds it by its keys, and binds the session to it, all or nothing.
    async fn enrol(&self, device: NewDevice, session: SessionId, trail: Trail) -> StoreResult<EnrolOutcome>;

    async fn device(&self, user: UserId, device: DeviceId) -> StoreResult<Option<Device>>;

    /// A device that says hello. Asked by thousands at the same moment; an adapter answers those together.
    async fn greet(&self, user: UserId, device: DeviceId) -> StoreResult<Option<Greeted>>;

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

    /// Takes the unlock keys away, marks the devices removed,
    /// ends their sessions if the reason says so ([`keyleash_domain::device::ends_sessions`]), and counts the change.
    /// A device that is removed already is revoked again only to destroy its key (`erased`). `None`: no such device.
    async fn revoke(&self, user: UserId, revocation: &Revocation, trail: Trail) -> StoreResult<Option<Revoked>>;

    /// Revokes if the code is right, both in one transaction; see [`super::SecondFactorStore::try_code`] and [`Self::revoke`].
    async fn revoke_by_code(
        &self,
        user: UserId,
        given: &GivenCode,
        revocation: &Revocation,
        trail: Trail,
    ) -> StoreResult<Result<Option<Revoked>, CodeRefusal>>;

    /// The removed device's claim; only the first one since the removal counts. `None`: not removed, or claimed before.
    async fn record_receipt(
        &self,
        user: UserId,
        device: DeviceId,
        receipt: Receipt,
        trail: Trail,
    ) -> StoreResult<Option<Seq>>;

    /// Writes down what devices did on this node. Acks only rise. The newest socket on a node that is alive says where a
    /// device is, in whatever order the nodes write; who went from here is offline unless it is elsewhere.
    async fn record_activity(&self, node: NodeId, batch: &[Activity]) -> StoreResult<()>;

    /// Destroys unlock keys whose time aside is over.
    async fn destroy_expired_keys(&self, now: UnixMillis) -> StoreResult<u64>;
}
