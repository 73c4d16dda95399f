//! Where a user's devices are and how far they got, as this node knows it: of those that are here by itself, of the others by
//! what the other nodes wrote down.

use std::hash::{DefaultHasher, Hash, Hasher};

use keyleash_protocol::{DeviceId, NodeId, Seq, socket::DeviceState};

use super::terms::{DeviceFact, Place};

/// What this node knows of a device.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Presence {
    pub device: DeviceId,
    /// It has a socket on this node.
    pub here: bool,
    /// Its newest socket is on this node, which is alive.
    pub elsewhere: Option<NodeId>,
    pub acked: Seq,
}

impl Presence {
    pub const fn is_online(&self) -> bool {
        self.here || self.elsewhere.is_some()
    }
}

/// A user's devices that are not removed.
#[derive(Debug, Default)]
pub(super) struct Presences(Vec<Presence>);

impl Presences {
    pub(super) fn all(&self) -> &[Presence] {
        &self.0
    }

    /// A socket of the device was welcomed here. It says itself how far it got.
    pub(super) fn came(&mut self, device: DeviceId, acked: Seq) {
        let known = self.entry(device);
        (known.here, known.elsewhere, known.acked) = (true, None, acked);
    }

    /// Its last socket here is gone.
    pub(super) fn went(&mut self, device: DeviceId) {
        if let Some(known) = self.0.iter_mut().find(|known| known.device == device) {
            known.here = false;
        }
    }

    pub(super) fn acked(&mut self, device: DeviceId, seq: Seq) {
        if let Some(known) = self.0.iter_mut().find(|known| known.device == device) {
            known.acked = known.acked.max(seq);
        }
    }

    /// Takes over what is written down about devices that are not here. Of those that are, this node knows more: also of
    /// one that was removed when the rows were asked for, and came back meanwhile.
    pub(super) fn read(&mut self, rows: &[DeviceFact], is_here: impl Fn(DeviceId) -> bool) {
        let stays = |row: &&DeviceFact| row.state != DeviceState::Removed;
        self.0.retain(|known| rows.iter().filter(stays).any(|row| row.id == known.device));
        for row in rows.iter().filter(stays) {
            let known = self.entry(row.id);
            known.here = is_here(row.id);
            known.elsewhere = match row.place {
                Place::Elsewhere { node, .. } => Some(node),
                Place::Nowhere | Place::Here => None,
            };
            if !known.here {
                known.acked = known.acked.max(row.acked);
            }
        }
    }

    pub(super) fn anybody_at(&self, node: NodeId) -> bool {
        self.0.iter().any(|known| known.elsewhere == Some(node))
    }

    /// What a person sees of it: who is online, and who has everything that there is to have.
    pub(super) fn digest(&self, owed: Seq) -> u64 {
        let mut seen: Vec<(DeviceId, bool, bool)> =
            self.0.iter().map(|known| (known.device, known.is_online(), known.acked >= owed)).collect();
        seen.sort_unstable();
        let mut hasher = DefaultHasher::new();
        seen.hash(&mut hasher);
        hasher.finish()
    }

    fn entry(&mut self, device: DeviceId) -> &mut Presence {
        let index = self.0.iter().position(|known| known.device == device).unwrap_or_else(|| {
            // Most users have one or two devices: no room is kept for more.
            self.0.reserve_exact(1);
            self.0.push(Presence { device, here: false, elsewhere: None, acked: Seq(0) });
            self.0.len() - 1
        });
        &mut self.0[index]
    }
}
