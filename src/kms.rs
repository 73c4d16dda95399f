//! Port: whoever holds the key that wraps the users' data keys.
//!
//! Owns: the trait and its errors. Never: caches (the vault does), or sees anything but data keys.

use std::{error::Error, fmt};

use async_trait::async_trait;
use keyleash_protocol::UserId;
use zeroize::Zeroizing;

/// A user's data key, 256 bits; its memory is cleared when it is dropped.
pub type DataKey = Zeroizing<[u8; 32]>;

/// What a wrapped key is bound to; unwrapping with another context fails.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KeyContext {
    pub user: UserId,
}

impl KeyContext {
    /// Names the use, so that a key wrapped for another purpose is refused.
    pub const PURPOSE: &'static str = "keyleash/v1/user-data-key";
}

/// A data key as it is stored.
#[derive(Clone, PartialEq, Eq)]
pub struct WrappedKey {
    /// Which key of the key service wrapped it.
    pub key_id: String,
    pub blob: Vec<u8>,
}

impl fmt::Debug for WrappedKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "WrappedKey({})", self.key_id)
    }
}

#[derive(Debug, thiserror::Error)]
pub enum KmsError {
    /// Throttled, unreachable or too slow: worth trying again.
    #[error("the key service is unavailable ({operation})")]
    Unavailable { operation: &'static str, source: Box<dyn Error + Send + Sync> },
    /// Disabled, unknown or wrong key, or a wrapped key that does not belong to this context: an operator has to look.
    #[error("the key service refused ({operation}): {reason}")]
    Refused { operation: &'static str, reason: String },
}

#[async_trait]
pub trait Kms: fmt::Debug + Send + Sync {
    /// A new data key, in the clear and wrapped.
    async fn generate(&self, context: &KeyContext) -> Result<(DataKey, WrappedKey), KmsError>;

    /// Opens a data key, whichever of the keys that this service still holds wrapped it.
    async fn unwrap(&self, context: &KeyContext, wrapped: &WrappedKey) -> Result<DataKey, KmsError>;

    /// Wraps a data key anew, under the key that wraps at present.
    async fn wrap(&self, context: &KeyContext, key: &DataKey) -> Result<WrappedKey, KmsError>;

    /// Names the key that wraps at present, as [`WrappedKey::key_id`] has it.
    async fn wrapping_key(&self) -> Result<String, KmsError>;
}

pub mod aws;
#[cfg(test)]
pub mod conformance;
pub mod file;
pub mod moving;
