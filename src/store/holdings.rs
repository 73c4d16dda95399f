//! What devices were ever given, and which of it their owner rotated since.
//!
//! A tick, [`Holding::rotated_at`], is about what a device was given before its removal. A verified device is given every
//! change of what it holds, so there a tick would be about something else a moment later: it has none, and one that is
//! verified again loses those it had.

use std::fmt::Debug;

use async_trait::async_trait;
use keyleash_protocol::{CredentialId, DeviceId, Seq, UnixMillis, UserId, http::Holding};

use super::{StoreResult, Trail};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TickOutcome {
    Ticked {
        seq: Seq,
    },
    /// It was as asked before.
    Unchanged,
    /// This user has no such device, or it was never given that.
    NotHeld,
    /// The device is given what changes: there is nothing to tick off.
    Verified,
}

#[async_trait]
pub trait HoldingStore: Debug + Send + Sync {
    /// What a device was ever given, first given first.
    async fn held(&self, user: UserId, device: DeviceId) -> StoreResult<Vec<CredentialId>>;

    /// The same of each of the user's devices, oldest first, removed ones too.
    async fn holdings(&self, user: UserId) -> StoreResult<Vec<(DeviceId, Vec<Holding>)>>;

    /// Ticks off that a credential, which a device held, was rotated at this time; `None`: it was not after all. A change to
    /// devices, if it is one, and then with its trail.
    async fn tick(
        &self,
        user: UserId,
        device: DeviceId,
        credential: CredentialId,
        rotated_at: Option<UnixMillis>,
        trail: Trail,
    ) -> StoreResult<TickOutcome>;
}
