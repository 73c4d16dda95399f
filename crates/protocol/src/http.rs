//! The bodies of the HTTP interface under `/api/v1`.

mod events;

pub use events::EventKind;
use serde::{Deserialize, Serialize};

use crate::{DeviceId, EventId, Sensitive, SessionId, UnixMillis, UserId};

macro_rules! body {
    ($( $(#[$meta:meta])* pub struct $name:ident { $($fields:tt)* } )+) => { $(
        $(#[$meta])*
        #[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
        #[cfg_attr(feature = "typescript", derive(ts_rs::TS), ts(optional_fields))]
        #[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
        pub struct $name { $($fields)* }
    )+ };
}

mod devices;

pub use devices::*;

body! {
    pub struct SignUp {
        pub email: String,
        /// 12 to 1,024 characters.
        pub password: Sensitive,
    }

    /// A token from a mail link's fragment.
    pub struct LinkToken {
        pub token: Sensitive,
    }

    pub struct LogIn {
        pub email: String,
        pub password: Sensitive,
        #[serde(flatten)]
        pub second_factor: SecondFactor,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub transport: Option<Transport>,
    }

    /// What this server takes as a login.
    pub struct LoginOffer {
        /// Sign-up, password and its reset.
        pub accounts: bool,
        /// A token of the vendor's, at `/login/token`.
        pub vendor: bool,
        /// The vendor's page to log in at.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub login_url: Option<String>,
    }

    pub struct LogInByToken {
        /// A JWT (RFC 7519) that the vendor signed.
        pub token: Sensitive,
        #[serde(flatten)]
        pub second_factor: SecondFactor,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub transport: Option<Transport>,
    }

    /// A fresh code of the authenticator app, or one of the recovery codes.
    #[derive(Default)]
    pub struct SecondFactor {
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub totp: Option<Sensitive>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub recovery_code: Option<Sensitive>,
    }

    pub struct LoggedIn {
        #[serde(flatten)]
        pub me: Me,
        /// With `"transport": "bearer"`: goes into `Authorization: Bearer`.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub token: Option<Sensitive>,
    }

    pub struct Me {
        pub user_id: UserId,
        /// Where mails go.
        pub email: String,
        pub login: LoginKind,
        pub totp_enabled: bool,
        pub sync_enabled: bool,
        /// Whether the device of this session shares every account by itself.
        pub auto_connect: bool,
        /// Recovery codes that were not used yet.
        pub recovery_codes_left: u32,
        pub mail_preferences: MailPreferences,
    }

    /// Which of the mails that are a courtesy are sent. Those that security needs are sent always.
    #[derive(Copy)]
    pub struct MailPreferences {
        /// When somebody logged in with a browser that was not used before.
        pub logins: bool,
    }

    /// Begins the set-up of two-factor authentication, or of another authenticator app in place of the present one. Who asks
    /// shows once more who they are: by the password, or, who logs in with a vendor's token, by one that was issued within
    /// the last five minutes.
    #[derive(Default)]
    pub struct SetUpTotp {
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub password: Option<Sensitive>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub identity_token: Option<Sensitive>,
        /// For a change: of the present one.
        #[serde(flatten)]
        pub second_factor: SecondFactor,
    }

    pub struct TotpSetup {
        /// Base32, for typing.
        pub secret: Sensitive,
        pub otpauth_url: Sensitive,
        /// The same as an SVG image.
        pub qr_svg: Sensitive,
    }

    pub struct TotpConfirm {
        pub code: Sensitive,
    }

    pub struct RecoveryCodes {
        pub recovery_codes: Vec<Sensitive>,
    }

    pub struct SetSync {
        /// Turn sync on or off for the user, on every device. Turning off needs a second factor.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub enabled: Option<bool>,
        /// Turn "auto connect all accounts" on or off for the device of this session.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub auto_connect: Option<bool>,
        #[serde(flatten)]
        pub second_factor: SecondFactor,
    }

    pub struct PasswordChange {
        pub password: Sensitive,
        pub new_password: Sensitive,
        #[serde(flatten)]
        pub second_factor: SecondFactor,
    }

    pub struct PasswordForgot {
        pub email: String,
    }

    pub struct PasswordReset {
        pub token: Sensitive,
        pub new_password: Sensitive,
        #[serde(flatten)]
        pub second_factor: SecondFactor,
    }

    pub struct SessionView {
        pub id: SessionId,
        pub created_at: UnixMillis,
        pub last_used_at: UnixMillis,
        pub expires_at: UnixMillis,
        pub user_agent: String,
        pub address: String,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub device: Option<DeviceId>,
        /// Whether it is the one that asks.
        pub current: bool,
    }

    pub struct SessionList {
        pub sessions: Vec<SessionView>,
    }

    pub struct EndedSessions {
        /// How many logins ended.
        pub ended: u32,
    }

    pub struct EventView {
        pub id: EventId,
        pub at: UnixMillis,
        pub kind: EventKind,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub device: Option<DeviceId>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub address: Option<String>,
        /// Words about it; never a secret.
        pub detail: String,
    }

    pub struct EventList {
        pub events: Vec<EventView>,
    }
}

/// How the session is carried.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum Transport {
    #[default]
    Cookie,
    /// For pages of other origins, and for programs that are no browsers.
    Bearer,
}

/// Who knows this user's login.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum LoginKind {
    /// This server: an address and a password.
    Account,
    /// The vendor, whose tokens are taken: there is no password here.
    Vendor,
}
