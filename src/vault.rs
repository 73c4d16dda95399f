//! Port: the wall. Behind it, and nowhere else, are plaintext credentials and data keys.
//!
//! Narrow on purpose: it could become a process of its own, with its own network and database role, without a change to
//! its callers. Callers carry ciphertext; what comes out is sealed for one device.

use std::fmt::Debug;

use async_trait::async_trait;
use keyleash_domain::{connection::Retrieved, retrieval::Reader};
use keyleash_protocol::{
    CredentialId, DeviceId, SealedBox, Seq, UserId, Version,
    socket::{SealedUnlock, SyncPage},
};
use zeroize::Zeroizing;

use crate::{kms::KmsError, store::StoreError};

/// What a sealed blob of identity is for; part of what it is bound to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    TotpSecret,
    Mail,
}

/// A write that was committed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Committed {
    pub version: Version,
    pub seq: Seq,
}

/// What one change, or a run of them, means for the devices that are live on a node.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FanOut {
    /// The user's seq that these parts lead to.
    pub seq: Seq,
    /// One part for each of the asked readers whose device is verified. `None`: more than fits one frame; the device has to
    /// read page by page.
    pub parts: Vec<(Reader, Option<SyncPage>)>,
}

#[derive(Debug, thiserror::Error)]
pub enum VaultError {
    /// The device is not verified (any more): it has no key here, nothing is sealed to it, nothing of it is accepted.
    #[error("the device is not verified")]
    NotVerified,
    #[error("the vault cannot reach its keys")]
    Kms(#[from] KmsError),
    #[error("the vault cannot reach its rows")]
    Store(#[from] StoreError),
    /// A row does not open: it was swapped, altered, or sealed for something else.
    #[error("a stored {what} does not open")]
    Corrupt { what: &'static str },
}

#[derive(Debug, thiserror::Error)]
pub enum WriteError {
    #[error("the box does not open with this device's key")]
    DoesNotOpen,
    #[error("the credential is not in the agreed form: {0}")]
    Malformed(&'static str),
    #[error("based on another version than the stored one")]
    Conflict { present: Version },
    #[error("as many credentials as allowed")]
    QuotaExceeded,
    #[error(transparent)]
    Vault(#[from] VaultError),
}

#[async_trait]
pub trait Vault: Debug + Send + Sync {
    /// Seals a secret of the user's identity for storage.
    async fn seal(&self, user: UserId, purpose: Purpose, plaintext: &[u8]) -> Result<Vec<u8>, VaultError>;

    async fn open(&self, user: UserId, purpose: Purpose, sealed: &[u8]) -> Result<Zeroizing<Vec<u8>>, VaultError>;

    /// A fresh unlock key for a device, sealed for storage. It counts once the approval's transaction has stored it.
    async fn new_unlock_key(&self, user: UserId, device: DeviceId) -> Result<Vec<u8>, VaultError>;

    /// The device's unlock key, sealed to its receive key (HPKE).
    async fn unlock(&self, user: UserId, device: DeviceId) -> Result<SealedUnlock, VaultError>;

    /// Opens a box that the device sealed for version `base + 1` (direction up), and stores what is in it.
    async fn put(
        &self,
        user: UserId,
        device: DeviceId,
        id: CredentialId,
        base: Version,
        sealed: &SealedBox,
    ) -> Result<Committed, WriteError>;

    async fn delete(
        &self,
        user: UserId,
        device: DeviceId,
        id: CredentialId,
        base: Version,
    ) -> Result<Committed, WriteError>;

    /// The next page of what changed after `cursor`, sealed for this reader (direction down), in full or as summaries. Fits
    /// one frame; `total` is set to the number of changes after `cursor`. What is in it in full is recorded as held by the
    /// device before this returns.
    async fn page(&self, user: UserId, reader: Reader, cursor: Seq) -> Result<SyncPage, VaultError>;

    /// What changed after `since`, read once and sealed for each of `readers`. Recorded as held, like [`Self::page`].
    async fn fan_out(&self, user: UserId, since: Seq, readers: &[Reader]) -> Result<FanOut, VaultError>;

    /// As many of these credentials as fit one frame, in full, and the ids of the others; of what is not there, neither.
    /// Recorded as held before they are read, so that nothing that was sealed for the device without knowing so is newer.
    async fn retrieve(&self, user: UserId, device: DeviceId, ids: &[CredentialId]) -> Result<Retrieved, VaultError>;
}

mod binding;
mod credentials;
pub mod data_keys;
mod form;
pub mod local;
mod pages;
pub mod rewrap;
mod sharing;
mod unlock;
