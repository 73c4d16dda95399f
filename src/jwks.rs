//! Port: the public keys that a vendor signs its tokens with, a JSON Web Key Set (RFC 7517).
//!
//! Owns: which of a set's keys are used, for which algorithm, and checking a signature with one. Never: says what a token
//! is worth; that is identity's.

pub mod file;
mod set;
pub mod url;

use std::{error::Error, fmt::Debug, sync::Arc};

use async_trait::async_trait;

pub use set::{Algorithm, Key, KeySet, SetError};

/// Largest set, bytes; those of large vendors, with a certificate beside each key, have less than 20 KiB.
const SET_BYTES_MAX: usize = 256 * 1024;

#[derive(Debug, thiserror::Error)]
pub enum JwksError {
    #[error("cannot read {place}")]
    Unreadable { place: String, source: Box<dyn Error + Send + Sync> },
    #[error("cannot use what {place} holds")]
    Unusable { place: String, source: SetError },
    /// Worth trying again.
    #[error("no keys of the vendor's are known: {reason}")]
    NoKeys { reason: String },
}

#[async_trait]
pub trait Jwks: Debug + Send + Sync {
    /// The vendor's keys. If the one with this id is not among them, that is as new as may be asked for.
    async fn keys(&self, wanted: &str) -> Result<Arc<KeySet>, JwksError>;

    /// Keeps up with the vendor, for ever.
    async fn watch(&self);
}
