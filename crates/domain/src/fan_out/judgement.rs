//! Who may still be here, as a look found. Those who may not are told so, before anything is sealed for the others.

use keyleash_protocol::{
    UnixMillis,
    socket::{DeviceState, RevokeReason},
};

use super::{
    DeviceFact, Effect, Facts, Removed, SessionFact, SocketId, Watch,
    socket::{Socket, Standing},
};
use crate::connection::News;

impl Watch {
    pub(super) fn judge_devices(&mut self, rows: &[DeviceFact], facts: &Facts, effects: &mut Vec<Effect>) {
        for index in 0..self.sockets.len() {
            let socket = &mut self.sockets[index];
            if !socket.settled {
                continue;
            }
            let row = rows.iter().find(|row| row.id == socket.device);
            let state = row.map_or(DeviceState::Removed, |row| row.state);
            let verified_at = row.and_then(|row| row.verified_at).unwrap_or_default();
            match (socket.standing, state) {
                (Standing::Ended, _) | (Standing::Pending, DeviceState::Pending) => {}
                (Standing::Pending, DeviceState::Verified) => {
                    socket.standing = Standing::Verified { at: verified_at };
                    let news = News::Verified { head: facts.heads.seq };
                    effects.push(Effect::Tell { socket: socket.id, news });
                }
                (Standing::Verified { at }, DeviceState::Verified) if at == verified_at => {}
                // Removed; or removed and already on its way back, in which case the key that this socket was given is
                // gone all the same.
                (Standing::Pending | Standing::Verified { .. }, DeviceState::Removed)
                | (Standing::Verified { .. }, DeviceState::Pending | DeviceState::Verified) => {
                    let reason = row.and_then(|row| row.reason).unwrap_or(RevokeReason::Removed);
                    let at = row.and_then(|row| row.removed_at).unwrap_or(facts.now);
                    let id = socket.id;
                    self.end(id, News::Revoked { reason, at }, effects);
                }
            }
        }
    }

    /// Tells those whose verification the removal ended. One that was verified since, and word that comes late, are the
    /// look's business.
    pub(super) fn remove(&mut self, removed: Removed, effects: &mut Vec<Effect>) {
        let Removed { device, reason, at } = removed;
        let was_verified = |socket: &&Socket| {
            socket.device == device && matches!(socket.standing, Standing::Verified { at: since } if since < at)
        };
        let over: Vec<SocketId> = self.sockets.iter().filter(was_verified).map(|socket| socket.id).collect();
        for id in over {
            self.end(id, News::Revoked { reason, at }, effects);
        }
    }

    pub(super) fn judge_sessions(&mut self, sessions: &[SessionFact], now: UnixMillis, effects: &mut Vec<Effect>) {
        for index in 0..self.sockets.len() {
            let socket = &self.sockets[index];
            let (id, session) = (socket.id, sessions.iter().find(|session| session.id == socket.session));
            let reason = session.map_or(Some(RevokeReason::SignedOut), |session| session.revoked);
            if let Some(reason) = reason
                && socket.is_live()
                && socket.settled
            {
                self.end(id, News::Revoked { reason, at: now }, effects);
            }
        }
    }
}
