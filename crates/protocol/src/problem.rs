//! Why a request was refused: over HTTP in `application/problem+json` (RFC 9457), on the socket in `error`.

use serde::{Deserialize, Serialize};

use crate::socket::RevokeReason;

macro_rules! problem_codes {
    ($( $(#[doc = $doc:literal])+ $name:ident = $status:literal; )+) => {
        /// The stable `code` of a refusal.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
        #[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
        #[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
        #[serde(rename_all = "snake_case")]
        pub enum ProblemCode { $( $(#[doc = $doc])+ $name, )+ }

        impl ProblemCode {
            pub const ALL: &[Self] = &[ $( Self::$name, )+ ];

            /// The HTTP status that goes with it.
            pub const fn status(self) -> u16 {
                match self { $( Self::$name => $status, )+ }
            }

            /// A sentence for people; the detail of the refusal may say more.
            pub const fn title(self) -> &'static str {
                match self { $( Self::$name => concat!($( $doc ),+).trim_ascii(), )+ }
            }
        }
    };
}

problem_codes! {
    /// The body is not the JSON that this call takes.
    BadJson = 400;
    /// The address or the password is wrong.
    BadCredentials = 401;
    /// The vendor's token is not one that is taken here.
    BadToken = 401;
    /// Log in first.
    SessionRequired = 401;
    /// This device was removed by its owner.
    DeviceRemoved = 401;
    /// A code from the authenticator app is needed.
    TotpRequired = 403;
    /// The code is wrong, too old, or was used before.
    TotpInvalid = 403;
    /// The request came from a page that is not allowed to make it.
    OriginRefused = 403;
    /// This kind of login is not taken here.
    LoginElsewhere = 403;
    /// There is no such thing here.
    NotFound = 404;
    /// This address does not take that method.
    MethodNotAllowed = 405;
    /// Two-factor authentication is not turned on.
    TotpNotEnabled = 409;
    /// Two-factor authentication is on already.
    TotpAlreadyEnabled = 409;
    /// Sync is off for this user.
    SyncOff = 409;
    /// The write was based on a version that is not the present one.
    Conflict = 409;
    /// This cannot be done to a device in its present state.
    DeviceState = 409;
    /// The link was used before, is too old, or was never given.
    LinkUsedOrExpired = 410;
    /// More bytes than this call takes.
    TooLarge = 413;
    /// The body must be application/json.
    UnsupportedMediaType = 415;
    /// A field does not keep to its rule.
    InvalidField = 422;
    /// The key is not a P-256 public key, or the proof of its possession is wrong.
    BadKey = 422;
    /// The box does not open with this device's key, or what is in it is not a credential.
    BadBox = 422;
    /// The user has as many of these as allowed.
    QuotaExceeded = 422;
    /// Too many wrong codes or passwords; wait.
    TooManyAttempts = 429;
    /// Too many requests of this kind; wait.
    TooManyRequests = 429;
    /// Something went wrong inside; it is logged.
    Internal = 500;
    /// A part that the server needs is unavailable for now; try again.
    Unavailable = 503;
}

/// The body of a refusal over HTTP (RFC 9457; `type` is always `about:blank`).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Problem {
    pub code: ProblemCode,
    pub status: u16,
    pub title: String,
    /// What exactly was refused and what would be accepted.
    pub detail: String,
    /// The field of the body that is at fault.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "typescript", ts(optional))]
    pub field: Option<String>,
    /// When it is worth trying again, seconds from now (also in `Retry-After`).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "typescript", ts(optional, type = "number"))]
    pub retry_after: Option<u64>,
    /// With `device_removed`: why, so that a device that was away carries out what it missed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "typescript", ts(optional))]
    pub reason: Option<RevokeReason>,
}
