//! Who among a user's live devices is told what, when the user's state may have changed.
//!
//! Owns: the knowledge of one user that a node keeps while a device of that user is connected. Never: reads the store
//! itself; it says what to read and is given what was found. One look at a time, so a flood of hints costs one look after
//! another and no more.
//!
//! The order of a look is the order of trust: first who may still be here (devices and sessions), and those who may not
//! are told at once; only then is anything sealed, for those who remain.

use std::hash::{DefaultHasher, Hash, Hasher};

use keyleash_protocol::{
    CloseCode, DeviceId, Seq, SessionId, UnixMillis,
    limits::SOCKETS_PER_DEVICE_MAX,
    socket::{DeviceState, RevokeReason, SyncPage},
};

use crate::{connection::News, outbox::Delivery};

mod terms;

pub use terms::{DeviceFact, Effect, Facts, Heads, Input, Joining, Presence, Sealed, SessionFact, SocketId};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Standing {
    Pending,
    Verified {
        at: UnixMillis,
    },
    /// Was told that it is over.
    Ended,
}

#[derive(Debug)]
struct Socket {
    id: SocketId,
    device: DeviceId,
    session: SessionId,
    standing: Standing,
    /// Up to where it was told that there is something; `None`: nothing yet.
    told: Option<Seq>,
    /// Joined before the present look began: what that finds is newer than what the socket was welcomed by.
    settled: bool,
    /// Has the list of devices.
    listed: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
    Idle,
    Looking,
    Sealing,
    /// After a failure.
    Paused,
}

/// What the last list of devices looked like to a person.
#[derive(Debug, Default)]
struct Shown {
    devices: Seq,
    presence: u64,
}

/// One user, watched.
#[derive(Debug)]
pub struct Watch {
    sockets: Vec<Socket>,
    presences: Vec<Presence>,
    /// As of the last look.
    seen: Option<Heads>,
    /// Up to where changes were sealed and told.
    position: Seq,
    stage: Stage,
    look_again: bool,
    /// A socket joined after the rows were last asked for.
    rows_wanted: bool,
    shown: Shown,
    show_pending: bool,
}

impl Default for Watch {
    fn default() -> Self {
        Self {
            sockets: Vec::new(),
            presences: Vec::new(),
            seen: None,
            position: Seq(0),
            stage: Stage::Idle,
            look_again: false,
            rows_wanted: true,
            shown: Shown::default(),
            show_pending: false,
        }
    }
}

impl Watch {
    /// A socket was welcomed. The look that follows closes the gap between what it was welcomed by and what is true now.
    pub fn join(&mut self, joining: Joining) -> Vec<Effect> {
        let mut effects = Vec::new();
        let siblings = self.sockets.iter().filter(|socket| socket.device == joining.device && socket.is_live());
        let siblings: Vec<SocketId> = siblings.map(|socket| socket.id).collect();
        if siblings.len() >= SOCKETS_PER_DEVICE_MAX
            && let Some(oldest) = siblings.iter().min()
        {
            self.end(*oldest, News::Close(CloseCode::Superseded), &mut effects);
        }
        let standing = joining.verified_at.map_or(Standing::Pending, |at| Standing::Verified { at });
        let (id, device, session) = (joining.socket, joining.device, joining.session);
        // Most users have one or two devices: no room is kept for more.
        self.sockets.reserve_exact(1);
        self.sockets.push(Socket { id, device, session, standing, told: None, settled: false, listed: false });
        if !self.presences.iter().any(|presence| presence.device == device) {
            self.presences.reserve_exact(1);
            self.presences.push(Presence { device, online: true, acked: joining.cursor });
        }
        self.presence(device, |presence| {
            presence.online = true;
            presence.acked = joining.cursor;
        });
        self.rows_wanted = true;
        self.look(&mut effects);
        effects
    }

    pub fn handle(&mut self, input: Input) -> Vec<Effect> {
        let mut effects = Vec::new();
        match input {
            Input::Hint(seq) if self.seen.is_some_and(|seen| seq <= seen.seq) => {}
            Input::Hint(_) | Input::LookAgain => self.look(&mut effects),
            Input::Left(socket) => self.leave(socket, &mut effects),
            Input::Acked(socket, seq) => self.acked(socket, seq, &mut effects),
            Input::Facts(Some(facts)) => self.learn(&facts, &mut effects),
            Input::Sealed(Some(sealed)) => self.share(sealed.to, &sealed.parts, &mut effects),
            Input::Facts(None) | Input::Sealed(None) => {
                self.stage = Stage::Paused;
                self.rows_wanted = true;
                effects.push(Effect::RetryLater);
            }
            Input::Retry => {
                if self.stage == Stage::Paused {
                    self.stage = Stage::Idle;
                }
                self.look(&mut effects);
            }
            Input::ShowDue => self.show_if_changed(&mut effects),
        }
        effects
    }

    pub fn is_empty(&self) -> bool {
        self.sockets.is_empty()
    }

    pub fn presences(&self) -> &[Presence] {
        &self.presences
    }

    /// The user's last known heads.
    pub fn heads(&self) -> Heads {
        self.seen.unwrap_or_default()
    }

    fn look(&mut self, effects: &mut Vec<Effect>) {
        if self.stage == Stage::Idle {
            self.stage = Stage::Looking;
            self.look_again = false;
            let known = if std::mem::take(&mut self.rows_wanted) { None } else { self.seen };
            self.sockets.iter_mut().for_each(|socket| socket.settled = true);
            effects.push(Effect::Look { known });
        } else {
            self.look_again = true;
        }
    }

    fn leave(&mut self, id: SocketId, effects: &mut Vec<Effect>) {
        let Some(index) = self.sockets.iter().position(|socket| socket.id == id) else { return };
        let device = self.sockets.swap_remove(index).device;
        let online = self.sockets.iter().any(|socket| socket.device == device);
        self.presence(device, |presence| presence.online = online);
        self.show_soon(effects);
    }

    fn acked(&mut self, id: SocketId, seq: Seq, effects: &mut Vec<Effect>) {
        let Some(socket) = self.sockets.iter().find(|socket| socket.id == id) else { return };
        self.presence(socket.device, |presence| presence.acked = presence.acked.max(seq));
        self.show_soon(effects);
    }

    fn learn(&mut self, facts: &Facts, effects: &mut Vec<Effect>) {
        let heads = facts.heads;
        if let Some(rows) = &facts.devices {
            self.judge_devices(rows, facts, effects);
            self.update_presences(rows);
        }
        if let Some(sessions) = &facts.sessions {
            self.judge_sessions(sessions, facts.now, effects);
        }
        self.seen = Some(heads);
        if facts.devices.is_some() {
            self.show_after_look(heads, effects);
        }
        let (since, behind) = (self.position, |socket: &&Socket| socket.is_verified() && socket.told < Some(heads.seq));
        let continuing = self.sockets.iter().filter(behind).filter(|socket| socket.told == Some(since));
        let mut devices: Vec<DeviceId> = continuing.map(|socket| socket.device).collect();
        devices.sort_unstable();
        devices.dedup();
        if devices.is_empty() {
            self.share(self.position.max(heads.seq), &[], effects);
        } else {
            self.stage = Stage::Sealing;
            effects.push(Effect::Seal { since, devices });
        }
    }

    fn judge_devices(&mut self, rows: &[DeviceFact], facts: &Facts, effects: &mut Vec<Effect>) {
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

    fn judge_sessions(&mut self, sessions: &[SessionFact], now: UnixMillis, effects: &mut Vec<Effect>) {
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

    fn update_presences(&mut self, rows: &[DeviceFact]) {
        let stays = |state| state != DeviceState::Removed;
        self.presences.retain(|known| rows.iter().any(|row| row.id == known.device && stays(row.state)));
        for row in rows.iter().filter(|row| row.state == DeviceState::Verified) {
            match self.presences.iter_mut().find(|known| known.device == row.id) {
                // Another node may have heard more of it.
                Some(known) if !known.online => known.acked = known.acked.max(row.acked),
                Some(_) => {}
                None => self.presences.push(Presence { device: row.id, online: false, acked: row.acked }),
            }
        }
    }

    /// Tells every verified socket that was not told yet, with its part if that continues from where it is. One without a
    /// part reads by itself; one that the vault holds for verified no more is refused there, and the next look says why.
    fn share(&mut self, to: Seq, parts: &[(DeviceId, Option<SyncPage>)], effects: &mut Vec<Effect>) {
        let since = std::mem::replace(&mut self.position, to);
        self.stage = Stage::Idle;
        for socket in self.sockets.iter_mut().filter(|socket| socket.is_verified() && socket.told < Some(to)) {
            let from = socket.told.replace(to).unwrap_or_default();
            let part = parts.iter().find(|(device, _)| *device == socket.device && from == since);
            let page = part.and_then(|(_, page)| page.clone());
            effects.push(Effect::Tell { socket: socket.id, news: News::Changed(Delivery { from, to, page }) });
        }
        self.show_soon(effects);
        if self.look_again || self.rows_wanted {
            self.look(effects);
        }
    }

    fn end(&mut self, id: SocketId, news: News, effects: &mut Vec<Effect>) {
        if let Some(socket) = self.sockets.iter_mut().find(|socket| socket.id == id) {
            socket.standing = Standing::Ended;
            effects.push(Effect::Tell { socket: id, news });
        }
    }

    /// Rows that changed are shown at once, to everybody; if none did, newcomers get the list.
    fn show_after_look(&mut self, heads: Heads, effects: &mut Vec<Effect>) {
        let rows_changed = heads.devices > self.shown.devices;
        let audience: Vec<SocketId> = self
            .sockets
            .iter()
            .filter(|socket| socket.is_live() && (rows_changed || !socket.listed))
            .map(|socket| socket.id)
            .collect();
        self.shown.devices = heads.devices;
        if rows_changed {
            self.shown.presence = self.presence_digest();
        }
        self.show(audience, effects);
    }

    fn show_soon(&mut self, effects: &mut Vec<Effect>) {
        if !self.show_pending && !self.sockets.is_empty() && self.presence_digest() != self.shown.presence {
            self.show_pending = true;
            effects.push(Effect::ShowSoon);
        }
    }

    fn show_if_changed(&mut self, effects: &mut Vec<Effect>) {
        self.show_pending = false;
        let presence = self.presence_digest();
        if presence != self.shown.presence {
            self.shown.presence = presence;
            let audience = self.sockets.iter().filter(|socket| socket.is_live()).map(|socket| socket.id).collect();
            self.show(audience, effects);
        }
    }

    fn show(&mut self, audience: Vec<SocketId>, effects: &mut Vec<Effect>) {
        if audience.is_empty() {
            return;
        }
        for socket in self.sockets.iter_mut().filter(|socket| audience.contains(&socket.id)) {
            socket.listed = true;
        }
        effects.push(Effect::Show(audience));
    }

    /// What a person sees of it: who is online, and who has everything.
    fn presence_digest(&self) -> u64 {
        let owed = self.heads().credentials;
        let mut seen: Vec<(DeviceId, bool, bool)> =
            self.presences.iter().map(|known| (known.device, known.online, known.acked >= owed)).collect();
        seen.sort_unstable();
        let mut hasher = DefaultHasher::new();
        seen.hash(&mut hasher);
        hasher.finish()
    }

    fn presence(&mut self, device: DeviceId, change: impl FnOnce(&mut Presence)) {
        if let Some(presence) = self.presences.iter_mut().find(|presence| presence.device == device) {
            change(presence);
        }
    }
}

impl Socket {
    fn is_live(&self) -> bool {
        self.standing != Standing::Ended
    }

    fn is_verified(&self) -> bool {
        matches!(self.standing, Standing::Verified { .. })
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    const DEVICE: u128 = 1;

    fn heads(seq: i64, devices: i64) -> Heads {
        Heads { seq: Seq(seq), devices: Seq(devices), ..Heads::default() }
    }

    fn facts(heads: Heads, state: Option<DeviceState>) -> Input {
        let row = |state| DeviceFact {
            id: DeviceId::from_uuid(Uuid::from_u128(DEVICE)),
            state,
            verified_at: Some(UnixMillis(1)),
            removed_at: None,
            reason: None,
            acked: Seq(0),
        };
        let session = SessionFact { id: SessionId::from_uuid(Uuid::from_u128(DEVICE)), revoked: None };
        let devices = state.map(|state| vec![row(state)]);
        let sessions = state.map(|_| vec![session]);
        Input::Facts(Some(Facts { heads, devices, sessions, now: UnixMillis(9) }))
    }

    /// A watch with one verified socket that was told everything up to seq 5.
    fn watching() -> Watch {
        let mut watch = Watch::default();
        let (device, session) = (Uuid::from_u128(DEVICE), Uuid::from_u128(DEVICE));
        watch.join(Joining {
            socket: SocketId(7),
            device: DeviceId::from_uuid(device),
            session: SessionId::from_uuid(session),
            verified_at: Some(UnixMillis(1)),
            cursor: Seq(5),
        });
        watch.handle(facts(heads(5, 1), Some(DeviceState::Verified)));
        watch
    }

    /// What was sealed may reach further than what was looked at; a removal in between must still be looked for.
    #[test]
    fn a_hint_is_old_only_if_a_look_has_reached_it() {
        let mut watch = watching();
        assert_eq!(watch.handle(Input::Hint(Seq(5))), []);
        assert_eq!(watch.handle(Input::Hint(Seq(6))), [Effect::Look { known: Some(heads(5, 1)) }]);
        let sealing = watch.handle(facts(heads(6, 1), None));
        assert!(matches!(sealing[..], [Effect::Seal { since: Seq(5), .. }]));
        // Seq 7, a removal, committed before the vault read.
        watch.handle(Input::Sealed(Some(Sealed { to: Seq(7), parts: Vec::new() })));
        assert_eq!(watch.handle(Input::Hint(Seq(7))), [Effect::Look { known: Some(heads(6, 1)) }]);
    }

    /// A flood of hints, forged ones too, is one look after another.
    #[test]
    fn one_look_at_a_time() {
        let mut watch = watching();
        assert_eq!(watch.handle(Input::Hint(Seq(1_000))).len(), 1);
        for seq in 1_001..2_000 {
            assert_eq!(watch.handle(Input::Hint(Seq(seq))), []);
        }
        let effects = watch.handle(facts(heads(5, 1), None));
        assert_eq!(effects, [Effect::Look { known: Some(heads(5, 1)) }]);
    }

    #[test]
    fn revocations_are_told_before_anything_is_sealed() {
        let mut watch = watching();
        watch.handle(Input::Hint(Seq(6)));
        let effects = watch.handle(facts(heads(6, 6), Some(DeviceState::Removed)));
        assert!(matches!(effects[0], Effect::Tell { socket: SocketId(7), news: News::Revoked { .. } }));
        assert!(!effects.iter().any(|effect| matches!(effect, Effect::Seal { .. })));
    }

    /// The list of devices is sent when a person would see a difference, and not for a change that everybody has applied
    /// by the time that it is asked.
    #[test]
    fn the_list_is_shown_only_if_something_visible_changed() {
        let mut watch = watching();
        assert_eq!(watch.handle(Input::Acked(SocketId(7), Seq(5))), []);
        watch.handle(Input::Hint(Seq(6)));
        watch.handle(facts(Heads { credentials: Seq(6), ..heads(6, 1) }, None));
        let effects = watch.handle(Input::Sealed(Some(Sealed { to: Seq(6), parts: Vec::new() })));
        assert!(effects.contains(&Effect::ShowSoon), "one device is behind now");
        assert_eq!(watch.handle(Input::Acked(SocketId(7), Seq(6))), [], "asked for already");
        assert_eq!(watch.handle(Input::ShowDue), [], "it caught up meanwhile");

        watch.handle(Input::Left(SocketId(7)));
        let another = Joining {
            socket: SocketId(8),
            device: DeviceId::from_uuid(Uuid::from_u128(DEVICE)),
            session: SessionId::from_uuid(Uuid::from_u128(DEVICE)),
            verified_at: Some(UnixMillis(1)),
            cursor: Seq(6),
        };
        watch.join(another);
        let effects = watch.handle(facts(heads(6, 1), Some(DeviceState::Verified)));
        assert!(effects.contains(&Effect::Show(vec![SocketId(8)])), "a newcomer gets it at once");
        let effects = watch.handle(Input::LookAgain);
        assert_eq!(effects.len(), 1);
        let effects = watch.handle(facts(heads(7, 7), Some(DeviceState::Verified)));
        assert!(effects.contains(&Effect::Show(vec![SocketId(8)])), "a changed row is shown at once");
    }
}
