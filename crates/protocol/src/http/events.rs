//! What the security log tells of.

use serde::{Deserialize, Serialize};

/// The kinds of entry in the security log.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum EventKind {
    SignedUp,
    LoggedIn,
    LoggedOut,
    SessionEnded,
    OtherSessionsEnded,
    TotpEnabled,
    /// Another authenticator app took the place of the one before.
    TotpChanged,
    TotpDisabled,
    RecoveryCodeUsed,
    RecoveryCodesRenewed,
    PasswordChanged,
    PasswordReset,
    MailPreferencesChanged,
    SyncTurnedOn,
    SyncTurnedOff,
    DeviceAdded,
    DeviceVerified,
    DeviceRenamed,
    DeviceRemoved,
    DeviceErased,
    DeviceWiped,
    Panic,
    CredentialAdded,
    CredentialChanged,
    CredentialDeleted,
    /// A device was given this credential for the first time.
    CredentialRead,
    /// The owner says that this credential, which a removed device held, was rotated at the exchange.
    CredentialRotated,
    AttemptsBlocked,
    MailUndeliverable,
    /// The vendor says another mail address than before.
    MailChanged,
}
