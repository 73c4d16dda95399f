//! The words between a watch and those who run it: what was found, and who is to be told.

use keyleash_protocol::{
    DeviceId, NodeId, Seq, SessionId, UnixMillis,
    socket::{DeviceState, RetrieveMode, RevokeReason, SyncPage},
};

use crate::{connection::News, retrieval::Reader};

/// Where a user's changes stand; cheap to read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Heads {
    pub seq: Seq,
    /// The seq of the last change to devices, to sync or to 2FA.
    pub devices: Seq,
    /// The seq of the last change to sessions.
    pub sessions: Seq,
    /// The seq of the last change to credentials: a device that acknowledged it is up to date.
    pub credentials: Seq,
}

impl Heads {
    /// As if nothing were known of the devices: their rows are read again, whether they moved or not.
    pub const fn without_devices(self) -> Self {
        Self { devices: Seq(0), ..self }
    }
}

/// Names one socket on this node; a later one has a higher number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct SocketId(pub u64);

/// A device's row, as far as it decides who is told what.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeviceFact {
    pub id: DeviceId,
    pub state: DeviceState,
    pub verified_at: Option<UnixMillis>,
    pub removed_at: Option<UnixMillis>,
    pub reason: Option<RevokeReason>,
    pub acked: Seq,
    pub place: Place,
}

/// Where a device's newest socket is, as the nodes have written it down.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    Nowhere,
    /// On this node.
    Here,
    /// On another node that is alive.
    Elsewhere {
        node: NodeId,
        since: UnixMillis,
    },
}

/// A session that is good for something; `revoked` ones only to say so.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SessionFact {
    pub id: SessionId,
    pub revoked: Option<RevokeReason>,
}

/// What a look found.
#[derive(Clone, Debug)]
pub struct Facts {
    /// Read first: what follows is at least as new.
    pub heads: Heads,
    /// Read if they moved since the last look, or if a socket joined.
    pub devices: Option<Vec<DeviceFact>>,
    pub sessions: Option<Vec<SessionFact>>,
    pub now: UnixMillis,
}

/// What was sealed, one part for each reader whose device the vault holds for verified.
#[derive(Clone, Debug)]
pub struct Sealed {
    pub to: Seq,
    /// A part without a page is more than fits one frame.
    pub parts: Vec<(Reader, Option<SyncPage>)>,
}

/// A socket as it was welcomed.
#[derive(Clone, Copy, Debug)]
pub struct Joining {
    pub socket: SocketId,
    pub device: DeviceId,
    pub session: SessionId,
    /// `None`: pending.
    pub verified_at: Option<UnixMillis>,
    pub retrieve: RetrieveMode,
    pub cursor: Seq,
    /// When it said hello, by the clock that all nodes share.
    pub at: UnixMillis,
}

/// A removal that is known to be true.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Removed {
    pub device: DeviceId,
    pub reason: RevokeReason,
    pub at: UnixMillis,
}

#[derive(Clone, Debug)]
pub enum Input {
    /// The user may be at this seq.
    Hint(Seq),
    /// A device of the user's may have come, gone or caught up on another node.
    Presence,
    /// This node is not alive any more.
    NodeGone(NodeId),
    /// The pause that [`Effect::DoubtHints`] asked for is over.
    TrustHints,
    /// This node removed a device, and the removal is committed. Not needed, since a hint follows: the device is told
    /// without waiting for a look.
    Removed(Removed),
    /// Somebody met a refusal that the last look does not explain.
    LookAgain,
    /// The pause that [`Effect::RetryLater`] asked for is over.
    Retry,
    Left(SocketId),
    Acked(SocketId, Seq),
    /// The answer to [`Effect::Look`]. `None`: the store is unavailable.
    Facts(Option<Facts>),
    /// The answer to [`Effect::Seal`]. `None`: the vault is unavailable.
    Sealed(Option<Sealed>),
    /// The pause that [`Effect::ShowSoon`] asked for is over.
    ShowDue,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Effect {
    /// Read the heads, and devices and sessions if they moved since `known`.
    Look {
        known: Option<Heads>,
    },
    /// Have what changed after this sealed for these.
    Seal {
        since: Seq,
        readers: Vec<Reader>,
    },
    Tell {
        socket: SocketId,
        news: News,
    },
    /// Send the list of devices to these sockets.
    Show(Vec<SocketId>),
    /// Write down that the device's newest socket is on this node, since this time.
    Came(DeviceId, UnixMillis),
    /// Write down that its last socket on this node is gone.
    Went(DeviceId),
    /// Something visible may have changed: ask again shortly, when it has settled.
    ShowSoon,
    /// A part was unavailable: look again after a pause.
    RetryLater,
    /// A hint was made up: trust them again after a pause.
    DoubtHints,
}
