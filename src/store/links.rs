//! Links in mails.

use std::fmt::Debug;

use async_trait::async_trait;
use keyleash_protocol::{DeviceId, Seq, UnixMillis, UserId};
use serde::{Deserialize, Serialize};

use super::{StoreResult, TokenHash, Trail};

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
    /// Stores a link; earlier unused ones of the same purpose (and device) are good for nothing from now on. A device's link
    /// is a change of the devices: that the mail before it could not be delivered is forgotten, and whoever shows it hears so.
    async fn create_link(&self, link: NewLink, trail: Trail) -> StoreResult<Option<Seq>>;

    /// The link with this token, if it can still be used. Uses nothing up.
    async fn link(&self, token: TokenHash, now: UnixMillis) -> StoreResult<Option<Link>>;

    /// Uses up a link of this purpose that needs nothing else done in the same transaction.
    async fn use_link(&self, token: TokenHash, purpose: LinkPurpose, now: UnixMillis) -> StoreResult<Option<Link>>;
}
