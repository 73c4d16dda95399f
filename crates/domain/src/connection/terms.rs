//! The words between a connection and those who run it: what happened, and what is to be done about it.

use std::time::{Duration, Instant};

use bytestring::ByteString;
use keyleash_protocol::{
    CloseCode, CredentialId, Epoch, ProblemCode, SealedBox, Seq, UnixMillis, Version,
    socket::{ClientMessage, RevokeReason, SealedUnlock, ServerMessage, SyncPage},
};

use crate::outbox::Delivery;

/// What is known when `hello` was found good.
#[derive(Clone, Debug)]
pub struct Start {
    pub standing: Standing,
    /// Where to catch up from (see [`crate::catch_up`]).
    pub cursor: Seq,
    pub head: Seq,
    /// The last change to a credential; a device that is there already has nothing to catch up on.
    pub credentials: Seq,
    pub epoch: Epoch,
    pub want_unlock: bool,
    pub heartbeat: Duration,
    pub grace: Duration,
}

/// How the owner stands to the device.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    Pending,
    Verified,
    Revoked { reason: RevokeReason, at: UnixMillis },
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Write {
    Put { r#ref: u32, id: CredentialId, base: Version, sealed: SealedBox },
    Delete { r#ref: u32, id: CredentialId, base: Version },
}

impl Write {
    pub fn reference(&self) -> u32 {
        match self {
            Self::Put { r#ref, .. } | Self::Delete { r#ref, .. } => *r#ref,
        }
    }
}

/// Why a write changed nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WriteRefusal {
    pub code: ProblemCode,
    pub detail: String,
    /// With a conflict: the stored version.
    pub present: Option<Version>,
}

/// Some of what a device asked for by name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Retrieved {
    /// Its `seq`: what the user's changes had come to when it was read.
    pub page: SyncPage,
    /// What did not fit, to be asked for again.
    pub left: Vec<CredentialId>,
}

/// Why the vault gave nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum VaultRefusal {
    /// It does not hold this device for verified (any more).
    NotVerified,
    /// For now.
    Unavailable,
}

/// What the rest of the node tells a connection.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum News {
    /// The owner approved this device.
    Verified {
        head: Seq,
    },
    Revoked {
        reason: RevokeReason,
        at: UnixMillis,
    },
    Changed(Delivery),
    /// The `devices` message, encoded once for all.
    Devices(ByteString),
    /// This node leaves, or another is emptier.
    Drain {
        reconnect_after: Duration,
    },
    Close(CloseCode),
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Input {
    Message(ClientMessage),
    /// A sign of life that says nothing.
    Heard,
    News(News),
    /// The answer to [`Effect::Unlock`].
    Unlocked(Result<SealedUnlock, VaultRefusal>),
    /// The answer to [`Effect::Read`].
    Page(Result<SyncPage, VaultRefusal>),
    /// The answer to [`Effect::Retrieve`].
    Retrieved(Result<Retrieved, VaultRefusal>),
    /// The answer to [`Effect::Write`].
    Written {
        r#ref: u32,
        id: CredentialId,
        result: Result<(Version, Seq), WriteRefusal>,
    },
    /// The answer to [`Effect::RecordReceipt`].
    ReceiptRecorded,
    /// What was sent has left for the network.
    Writable,
    /// A heartbeat is due.
    Beat,
    /// A time that [`Effect::WakeAfter`] asked for has come.
    Wake,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Effect {
    Send(ServerMessage),
    SendText(ByteString),
    Ping,
    /// Ask the vault for the unlock key.
    Unlock,
    /// Ask the vault for the page after this.
    Read {
        cursor: Seq,
    },
    /// Ask the vault for as many of these as fit a page, in full.
    Retrieve {
        ids: Vec<CredentialId>,
    },
    /// Ask the vault to store this.
    Write(Write),
    /// The device applied everything up to here.
    Acked(Seq),
    RecordReceipt {
        wiped: bool,
        removed_at: UnixMillis,
    },
    /// The vault does not hold this device for verified: have somebody look why.
    LookAgain,
    WakeAfter(Duration),
    /// Say this last word and hang up.
    Close(CloseCode),
}

/// The world at the time of an input.
#[derive(Clone, Copy, Debug)]
pub struct Moment {
    pub now: Instant,
    /// Nothing that was sent still waits on this side of the network.
    pub writable: bool,
}
