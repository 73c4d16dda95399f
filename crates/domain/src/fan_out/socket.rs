//! One socket, as its user's watch knows it.

use keyleash_protocol::{DeviceId, Seq, SessionId, UnixMillis, socket::RetrieveMode};

use super::terms::SocketId;
use crate::retrieval::Reader;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Standing {
    Pending,
    Verified {
        at: UnixMillis,
    },
    /// Was told that it is over.
    Ended,
}

/// What a list of devices looks like to a person.
#[derive(Clone, Copy, Debug)]
pub(super) struct Picture {
    /// As of which change to a device.
    pub(super) devices: Seq,
    /// A digest of who is online, and who has everything.
    pub(super) presence: u64,
}

#[derive(Debug)]
pub(super) struct Socket {
    pub(super) id: SocketId,
    pub(super) device: DeviceId,
    pub(super) session: SessionId,
    pub(super) standing: Standing,
    /// What this connection of the device asked for.
    pub(super) retrieve: RetrieveMode,
    /// Up to where it was told that there is something; `None`: nothing yet.
    pub(super) told: Option<Seq>,
    /// Joined before the present look began: what that finds is newer than what the socket was welcomed by.
    pub(super) settled: bool,
    /// The list of devices that it has.
    pub(super) listed: Option<Picture>,
    pub(super) joined_at: UnixMillis,
}

impl Socket {
    pub(super) fn is_live(&self) -> bool {
        self.standing != Standing::Ended
    }

    pub(super) fn reader(&self) -> Reader {
        Reader { device: self.device, retrieve: self.retrieve }
    }

    pub(super) fn saw_other_presence(&self, now: Picture) -> bool {
        self.listed.is_some_and(|had| had.presence != now.presence)
    }

    pub(super) fn is_verified(&self) -> bool {
        matches!(self.standing, Standing::Verified { .. })
    }
}
