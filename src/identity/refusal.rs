//! Why identity said no.

use std::time::Duration;

use keyleash_domain::{claims::BadToken, text::Invalid};
use keyleash_protocol::socket::RevokeReason;

use crate::{device_keys::BadKey, jwks::JwksError, store::StoreError, vault::VaultError};

#[derive(Debug, thiserror::Error)]
pub enum Refusal {
    #[error("the address or the password is wrong, or the address is not confirmed yet")]
    BadCredentials,
    #[error(transparent)]
    BadToken(#[from] BadToken),
    #[error("the vendor's keys are not known")]
    VendorsKeys(#[from] JwksError),
    #[error("this kind of login is not taken here; GET /identity says which is")]
    LoginElsewhere,
    #[error("log in first")]
    SessionRequired,
    #[error("this device was removed by its owner")]
    DeviceRemoved(RevokeReason),
    #[error("a code from the authenticator app is needed")]
    TotpRequired { at_login: bool },
    #[error("the code is wrong, too old, or was used before")]
    TotpInvalid,
    #[error("too many wrong tries")]
    TooManyAttempts { wait: Duration },
    #[error("too many requests of this kind")]
    TooManyRequests { wait: Duration },
    #[error("turn two-factor authentication on first: sync is only for accounts that have it")]
    TotpNotEnabled,
    #[error("two-factor authentication is on already, or its set-up was not begun within the last hour")]
    TotpAlreadyEnabled,
    #[error("sync is off; turn it on first")]
    SyncOff,
    #[error("there is no such thing here")]
    NotFound,
    #[error("this cannot be done to a device in its present state")]
    DeviceState,
    #[error("the link was used before, is too old, or was never given")]
    LinkUsedOrExpired,
    #[error("as many devices as allowed; remove one first")]
    TooManyDevices,
    #[error(transparent)]
    Invalid(#[from] Invalid),
    #[error(transparent)]
    BadKey(#[from] BadKey),
    #[error("receive_key: these keys are in use already")]
    KeysTaken,
    #[error("the store failed")]
    Store(#[from] StoreError),
    #[error("the vault failed")]
    Vault(#[from] VaultError),
    /// Work off the actors' threads was given up; only when the process ends.
    #[error("the work was interrupted ({0})")]
    Interrupted(&'static str),
}

impl Refusal {
    /// At login a missing code is part of not being logged in.
    pub(super) fn at_login(self) -> Self {
        match self {
            Self::TotpRequired { .. } => Self::TotpRequired { at_login: true },
            other => other,
        }
    }
}
