//! The messages of `/api/v1/socket`: one JSON object per text frame, told apart by `type`.

use serde::{Deserialize, Serialize};

use crate::{
    Base64Url, CredentialId, DeviceId, Epoch, ProblemCode, SealedBox, Seq, UnixMillis, Version, http::DeviceView,
};

/// The subprotocol that client and server agree on in the upgrade.
pub const SUBPROTOCOL: &str = "keyleash.v1";
/// What a page that has a token and no cookie offers beside [`SUBPROTOCOL`], the token behind it: a browser lets a page set no
/// other header of an upgrade. It is never selected.
pub const BEARER_SUBPROTOCOL: &str = "keyleash.bearer.";

/// The suite of [`SealedUnlock`]: DHKEM(P-256, HKDF-SHA256), HKDF-SHA256, AES-256-GCM (RFC 9180, section 7: 0x0010, 0x0001, 0x0002).
pub const UNLOCK_SUITE: &str = "DHKEM_P256_HKDF_SHA256-HKDF_SHA256-AES_256_GCM";

/// From the browser.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum ClientMessage {
    /// Who I am and how far I got; the first message.
    Hello(Hello),
    /// Applied and stored up to here.
    Ack {
        seq: Seq,
    },
    /// Add (`base_version` 0) or change a credential.
    Put {
        /// The client's own name for this request; comes back in `done` or `error`.
        r#ref: u32,
        id: CredentialId,
        base_version: Version,
        r#box: SealedBox,
    },
    Delete {
        r#ref: u32,
        id: CredentialId,
        base_version: Version,
    },
    /// Give me these in full: what a device that picks wants of what it knows by its summary. At most
    /// [`crate::limits::RETRIEVE_IDS_MAX`].
    Retrieve {
        r#ref: u32,
        ids: Vec<CredentialId>,
    },
    /// Done wiping.
    Receipt {
        at: UnixMillis,
        wiped: bool,
    },
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
pub struct Hello {
    pub device: DeviceId,
    pub cursor: Seq,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "typescript", ts(optional))]
    pub epoch: Option<Epoch>,
    /// ECDSA P-256 with SHA-256, r ‖ s, over [`crate::transcript::hello`].
    pub signature: Base64Url,
    /// Whether the unlock key is wanted; a reconnecting tab still holds it.
    pub want_unlock: bool,
    /// What this connection is sent in full; left out: everything.
    #[serde(default, skip_serializing_if = "RetrieveMode::is_all")]
    #[cfg_attr(feature = "typescript", ts(optional, as = "Option<RetrieveMode>"))]
    pub retrieve: RetrieveMode,
}

/// How much of the user's credentials a device wants.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
#[serde(rename_all = "snake_case")]
pub enum RetrieveMode {
    /// Everything, in full.
    #[default]
    All,
    /// In full what it holds already, wrote itself or retrieved; everything, once it connects automatically. Of the rest
    /// a summary, to pick from.
    Picked,
}

impl RetrieveMode {
    #[expect(clippy::trivially_copy_pass_by_ref, reason = "serde calls it with a reference")]
    fn is_all(&self) -> bool {
        *self == Self::All
    }
}

/// From the server.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum ServerMessage {
    /// The first frame.
    Challenge {
        nonce: Base64Url,
    },
    /// The device is live.
    Welcome(Welcome),
    Unlock(SealedUnlock),
    Sync(SyncPage),
    /// Your write is committed.
    Done {
        r#ref: u32,
        id: CredentialId,
        version: Version,
        seq: Seq,
    },
    /// What you retrieved is in the pages before this one; an id that was not in them is of nothing that is there.
    Retrieved {
        r#ref: u32,
    },
    /// Your message was refused; nothing changed.
    Error(SocketError),
    Devices {
        devices: Vec<DeviceView>,
    },
    /// Wipe now.
    Revoked {
        reason: RevokeReason,
        at: UnixMillis,
    },
    /// Come back, on another node: this one is leaving, or has more than its part of the devices.
    Drain {
        #[cfg_attr(feature = "typescript", ts(type = "number"))]
        reconnect_after_ms: u64,
    },
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
pub struct Welcome {
    pub state: DeviceState,
    pub seq: Seq,
    pub epoch: Epoch,
    #[cfg_attr(feature = "typescript", ts(type = "number"))]
    pub heartbeat_ms: u64,
    /// How long an unlocked tab may go on without the server.
    #[cfg_attr(feature = "typescript", ts(type = "number"))]
    pub grace_ms: u64,
}

/// A device's unlock key, sealed to its receive key (HPKE base mode, single shot).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
pub struct SealedUnlock {
    pub suite: String,
    /// The encapsulated key, 65 bytes.
    pub enc: Base64Url,
    pub ct: Base64Url,
}

/// What changed, in the order of `seq`. After applying it the cursor is `seq`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
pub struct SyncPage {
    pub seq: Seq,
    #[serde(default)]
    pub upserts: Vec<Upsert>,
    #[serde(default)]
    pub deletes: Vec<Tombstone>,
    /// How many changes this catch-up has in all, on its first page, so that a client can show progress.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "typescript", ts(optional, type = "number"))]
    pub total: Option<u64>,
    /// Whether this is the last page: the device has everything up to `seq`.
    pub done: bool,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
pub struct Upsert {
    pub id: CredentialId,
    pub version: Version,
    pub seq: Seq,
    pub r#box: SealedBox,
    /// The box holds the credential without its `fields`: enough to pick it, nothing to sign with.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    #[cfg_attr(feature = "typescript", ts(optional, as = "Option<bool>"))]
    pub summary: bool,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
pub struct Tombstone {
    pub id: CredentialId,
    pub version: Version,
    pub seq: Seq,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
pub struct SocketError {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "typescript", ts(optional))]
    pub r#ref: Option<u32>,
    pub code: ProblemCode,
    pub detail: String,
    /// With `conflict`: the version that is stored now.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "typescript", ts(optional))]
    pub version: Option<Version>,
}

/// A device's life: pending, verified, removed; verified again only by mail and TOTP.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum DeviceState {
    Pending,
    Verified,
    Removed,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum RevokeReason {
    /// The owner removed this device; it can come back by mail and TOTP, with its local-only keys.
    Removed,
    /// The owner removed it and destroyed its key: local-only ciphertext is deleted too.
    Erased,
    /// The owner locked every device at once.
    Panic,
    /// Sync was turned off for the user.
    SyncOff,
    /// The session ended: lock, keep the ciphertext.
    SignedOut,
}
