//! Credential rows and the keys that they are under: for the vault alone.

use std::{collections::HashSet, fmt::Debug};

use async_trait::async_trait;
use keyleash_protocol::{CredentialId, DeviceId, EventId, Seq, UnixMillis, UserId, Version};

use super::StoreResult;
use crate::kms::WrappedKey;

/// Rows read at once for a user's devices. Small credentials fill a frame with about 50 of them; 64 of the largest size take
/// 1 MiB for as long as a page is made.
pub const SHAREABLE_ROWS_MAX: u32 = 64;

/// A device's key as the vault needs it.
#[derive(Clone, PartialEq, Eq)]
pub struct DeviceKey {
    pub device: DeviceId,
    /// Under the user's data key.
    pub sealed: Vec<u8>,
    pub receive_key: Vec<u8>,
    /// Whether the device takes over every credential by itself.
    pub auto_connect: bool,
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

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CredentialChanges {
    /// The user's seq that was read before the rows; with all rows given, a reader of them is at the higher of this and
    /// the last row's.
    pub seq: Seq,
    /// In the order of seq.
    pub rows: Vec<CredentialRow>,
    /// How many there are in all after the cursor.
    pub total: u64,
}

/// What changed after a cursor, and who may be given it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Shareable {
    pub changes: CredentialChanges,
    /// Of the user's devices that were verified when the rows had been read.
    pub keys: Vec<DeviceKey>,
    /// Which of the user's devices were ever given which of the rows; maybe also which of other rows.
    pub holders: HashSet<(DeviceId, CredentialId)>,
}

/// A credential's change; `sealed: None` deletes.
#[derive(Clone, Debug, PartialEq, Eq)]
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

    /// The keys of the user's verified devices.
    async fn device_keys(&self, user: UserId) -> StoreResult<Vec<DeviceKey>>;

    async fn change_credential(&self, change: CredentialChange) -> StoreResult<ChangeOutcome>;

    /// The first [`SHAREABLE_ROWS_MAX`] rows that changed after `cursor`, and who may be given them.
    async fn shareable_since(&self, user: UserId, cursor: Seq) -> StoreResult<Shareable>;

    /// Those of these credentials that are there, in the order of seq; all of them.
    async fn credentials_by_id(&self, user: UserId, ids: &[CredentialId]) -> StoreResult<CredentialChanges>;

    /// Records what devices are about to be given, with a log entry for each credential that is new to its device. Only
    /// for devices that are verified at that moment; it returns these. So what a removal lists as held is complete.
    async fn record_given(&self, user: UserId, gifts: &[Gift], at: UnixMillis) -> StoreResult<Vec<DeviceId>>;
}
