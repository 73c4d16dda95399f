//! Devices, their verification and removal, and what each holds.

use serde::{Deserialize, Serialize};

use super::SecondFactor;
use crate::{
    Base64Url, CredentialId, DeviceId, Sensitive, Seq, UnixMillis,
    socket::{DeviceState, RevokeReason},
};

body! {
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
}
