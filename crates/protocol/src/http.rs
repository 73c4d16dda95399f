//! The bodies of the HTTP interface under `/api/v1`.

mod events;

pub use events::EventKind;
use serde::{Deserialize, Serialize};

use crate::{
    Base64Url, CredentialId, DeviceId, EventId, Sensitive, Seq, SessionId, UnixMillis, UserId,
    socket::{DeviceState, RevokeReason},
};

macro_rules! body {
    ($( $(#[$meta:meta])* pub struct $name:ident { $($fields:tt)* } )+) => { $(
        $(#[$meta])*
        #[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
        #[cfg_attr(feature = "typescript", derive(ts_rs::TS), ts(optional_fields))]
        #[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
        pub struct $name { $($fields)* }
    )+ };
}

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

    pub struct Enrol {
        /// 1 to 64 characters.
        pub name: String,
        /// P-256 for HPKE, 65 bytes, uncompressed.
        pub receive_key: Base64Url,
        /// P-256 for ECDSA, 65 bytes, uncompressed.
        pub signing_key: Base64Url,
        /// Signature over `transcript::enrol`.
        pub proof: Base64Url,
    }

    pub struct Enrolled {
        pub id: DeviceId,
        pub state: DeviceState,
        /// Stands on the asking screen, in the mail and on the approving page.
        pub match_code: String,
    }

    pub struct DeviceView {
        pub id: DeviceId,
        pub name: String,
        pub user_agent: String,
        pub state: DeviceState,
        pub created_at: UnixMillis,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub verified_at: Option<UnixMillis>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub removed_at: Option<UnixMillis>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub last_seen: Option<UnixMillis>,
        pub online: bool,
        /// How far this device has applied.
        pub acked_seq: Seq,
        /// Up to where there is something for it; up to date when `acked_seq` has reached it.
        pub seq: Seq,
        /// While it is pending: since when it is known that its verification mail could not be delivered.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub mail_failed_at: Option<UnixMillis>,
        /// Why it was removed.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub reason: Option<RevokeReason>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub receipt: Option<ReceiptView>,
    }

    /// The device's own claim that it disabled its keys. The lock-out does not depend on it.
    pub struct ReceiptView {
        /// When the server got it.
        pub at: UnixMillis,
        /// How long after the removal that was, milliseconds.
        #[cfg_attr(feature = "typescript", ts(type = "number"))]
        pub after_ms: i64,
        pub wiped: bool,
    }

    pub struct DeviceList {
        pub devices: Vec<DeviceView>,
    }

    pub struct VerificationMail {
        pub expires_at: UnixMillis,
    }

    /// What the approving page shows; asking for it changes nothing.
    pub struct Inspection {
        pub device_name: String,
        pub user_agent: String,
        /// Where the request came from on the network.
        pub address: String,
        pub requested_at: UnixMillis,
        pub match_code: String,
        /// Whether the approval needs a code even with the owner's session: this device was removed before.
        pub totp_required: bool,
    }

    pub struct Approve {
        pub token: Sensitive,
        #[serde(flatten)]
        pub second_factor: SecondFactor,
    }

    pub struct RenameDevice {
        pub name: String,
    }

    pub struct RemoveDevice {
        /// Destroy its key now, without the restore window.
        #[serde(default)]
        pub erase: bool,
        #[serde(flatten)]
        pub second_factor: SecondFactor,
    }

    pub struct Removal {
        pub state: DeviceState,
        pub seq: Seq,
        /// Whether the device had a live socket when it was removed.
        pub online: bool,
        /// The credentials that this device was ever given: what to rotate.
        pub held: Vec<CredentialId>,
    }

    pub struct RemoveMany {
        /// The device that stays.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub device: Option<DeviceId>,
        #[serde(flatten)]
        pub second_factor: SecondFactor,
    }

    pub struct RemovedDevices {
        pub seq: Seq,
        pub removed: Vec<RemovedDevice>,
    }

    pub struct RemovedDevice {
        pub id: DeviceId,
        pub online: bool,
        pub held: Vec<CredentialId>,
    }

    /// What each device was ever given: with the removed ones, what to rotate.
    pub struct HoldingsList {
        pub devices: Vec<DeviceHoldings>,
    }

    pub struct DeviceHoldings {
        pub device: DeviceId,
        /// First given first.
        pub held: Vec<Holding>,
    }

    pub struct Holding {
        pub credential: CredentialId,
        /// When the device was first given it.
        pub given_at: UnixMillis,
        /// When the owner said that it was rotated at the exchange, since the device was removed.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub rotated_at: Option<UnixMillis>,
    }

    pub struct SetRotated {
        pub rotated: bool,
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
