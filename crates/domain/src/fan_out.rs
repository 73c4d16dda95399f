//! Who among a user's live devices is told what, when the user's state may have changed.
//!
//! Owns: the knowledge of one user that a node keeps while a device of that user is connected. Never: reads the store
//! itself; it says what to read and is given what was found. One look at a time; what made-up hints may cost, and delay,
//! is in `hints`.
//!
//! The order of a look is the order of trust: first who may still be here (devices and sessions), and those who may not
//! are told at once; only then is anything sealed, for those who remain.

use std::time::Duration;

use keyleash_protocol::{CloseCode, DeviceId, Seq, UnixMillis, limits::SOCKETS_PER_DEVICE_MAX, socket::SyncPage};

use crate::{connection::News, outbox::Delivery, retrieval::Reader};

mod hints;
mod judgement;
mod presences;
mod socket;
mod terms;

use hints::Hints;
pub use presences::Presence;
use presences::Presences;
use socket::{Picture, Socket, Standing};
pub use terms::{DeviceFact, Effect, Facts, Heads, Input, Joining, Place, Removed, Sealed, SessionFact, SocketId};

/// The clocks of two nodes agree at least to this. Of two sockets of a device on two nodes that said hello closer together
/// nobody knows which is the newer, so both stay until they end by themselves.
pub const CLOCKS_APART_MAX: Duration = Duration::from_secs(1);

/// What the next look is to read though it may not have moved; each includes the one before.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
enum Wanted {
    #[default]
    Nothing,
    /// A device may have come or gone: that moves no seq.
    Presence,
    /// A socket joined, or a look failed.
    Everything,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
    Idle,
    Looking,
    Sealing,
    /// After a failure.
    Paused,
}

/// A pause before something is shown, so that what passes by is not; each includes the one before.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
enum Pause {
    #[default]
    None,
    /// What this node knows is shown then, if it looks different.
    ThenShow,
    /// What other nodes wrote down is read first.
    ThenRead,
}

/// One user, watched.
#[derive(Debug)]
pub struct Watch {
    sockets: Vec<Socket>,
    presences: Presences,
    /// As of the last look.
    seen: Option<Heads>,
    /// Up to where changes were sealed and told.
    position: Seq,
    stage: Stage,
    look_again: bool,
    hints: Hints,
    wanted: Wanted,
    pause: Pause,
    /// The present look is for the sake of presence: what it finds has waited long enough to be shown.
    show_found: bool,
}

impl Default for Watch {
    fn default() -> Self {
        Self {
            sockets: Vec::new(),
            presences: Presences::default(),
            seen: None,
            position: Seq(0),
            stage: Stage::Idle,
            look_again: false,
            hints: Hints::default(),
            wanted: Wanted::Everything,
            pause: Pause::None,
            show_found: false,
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
        let joined_at = joining.at;
        self.sockets.push(Socket {
            id,
            device,
            session,
            standing,
            retrieve: joining.retrieve,
            told: None,
            settled: false,
            listed: None,
            joined_at,
        });
        self.presences.came(device, joining.cursor);
        effects.push(Effect::Came(device, joined_at));
        self.wanted = Wanted::Everything;
        self.look(&mut effects);
        effects
    }

    pub fn handle(&mut self, input: Input) -> Vec<Effect> {
        let mut effects = Vec::new();
        match input {
            Input::Hint(seq) if self.seen.is_some_and(|seen| seq <= seen.seq) => {}
            Input::Hint(seq) => {
                self.hints.hear(seq);
                self.look_if_hinted(&mut effects);
            }
            Input::TrustHints => {
                self.hints.trust();
                self.look_if_hinted(&mut effects);
            }
            Input::Removed(removed) => self.remove(removed, &mut effects),
            Input::LookAgain => self.look(&mut effects),
            // Nobody to show it to; who joins reads everything.
            Input::Presence | Input::NodeGone(_) if self.sockets.is_empty() => {}
            Input::NodeGone(node) if !self.presences.anybody_at(node) => {}
            Input::Presence | Input::NodeGone(_) => {
                self.show_after(Pause::ThenRead, &mut effects);
            }
            Input::Left(socket) => self.leave(socket, &mut effects),
            Input::Acked(socket, seq) => self.acked(socket, seq, &mut effects),
            Input::Facts(Some(facts)) => self.learn(&facts, &mut effects),
            Input::Sealed(Some(sealed)) => self.share(sealed.to, &sealed.parts, &mut effects),
            Input::Facts(None) | Input::Sealed(None) => {
                self.stage = Stage::Paused;
                self.wanted = Wanted::Everything;
                effects.push(Effect::RetryLater);
            }
            Input::Retry => {
                if self.stage == Stage::Paused {
                    self.stage = Stage::Idle;
                }
                self.look(&mut effects);
            }
            Input::ShowDue => self.show_due(&mut effects),
        }
        effects
    }

    pub fn is_empty(&self) -> bool {
        self.sockets.is_empty()
    }

    pub fn presences(&self) -> &[Presence] {
        self.presences.all()
    }

    /// The user's last known heads.
    pub fn heads(&self) -> Heads {
        self.seen.unwrap_or_default()
    }

    fn look(&mut self, effects: &mut Vec<Effect>) {
        if self.stage == Stage::Idle {
            self.stage = Stage::Looking;
            self.look_again = false;
            self.hints.look_begins();
            let wanted = std::mem::take(&mut self.wanted);
            self.show_found = wanted == Wanted::Presence;
            let known = match wanted {
                Wanted::Nothing => self.seen,
                Wanted::Presence => self.seen.map(Heads::without_devices),
                Wanted::Everything => None,
            };
            self.sockets.iter_mut().for_each(|socket| socket.settled = true);
            effects.push(Effect::Look { known });
        } else {
            self.look_again = true;
        }
    }

    fn look_if_hinted(&mut self, effects: &mut Vec<Effect>) {
        if self.stage == Stage::Idle && self.hints.call_for_a_look() {
            self.look(effects);
        }
    }

    fn leave(&mut self, id: SocketId, effects: &mut Vec<Effect>) {
        let Some(index) = self.sockets.iter().position(|socket| socket.id == id) else { return };
        let device = self.sockets.swap_remove(index).device;
        if !self.sockets.iter().any(|socket| socket.device == device) {
            self.presences.went(device);
            effects.push(Effect::Went(device));
        }
        self.show_soon(effects);
    }

    fn acked(&mut self, id: SocketId, seq: Seq, effects: &mut Vec<Effect>) {
        let Some(socket) = self.sockets.iter().find(|socket| socket.id == id) else { return };
        self.presences.acked(socket.device, seq);
        self.show_soon(effects);
    }

    fn learn(&mut self, facts: &Facts, effects: &mut Vec<Effect>) {
        let heads = facts.heads;
        if let Some(rows) = &facts.devices {
            self.judge_devices(rows, facts, effects);
            self.locate(rows, effects);
            let sockets = &self.sockets;
            self.presences.read(rows, |device| sockets.iter().any(|socket| socket.device == device));
        }
        if let Some(sessions) = &facts.sessions {
            self.judge_sessions(sessions, facts.now, effects);
        }
        self.seen = Some(heads);
        if self.hints.look_found(heads.seq) {
            effects.push(Effect::DoubtHints);
        }
        if facts.devices.is_some() {
            self.show_after_look(effects);
        }
        let (since, behind) = (self.position, |socket: &&Socket| socket.is_verified() && socket.told < Some(heads.seq));
        let continuing = self.sockets.iter().filter(behind).filter(|socket| socket.told == Some(since));
        let mut readers: Vec<Reader> = continuing.map(Socket::reader).collect();
        readers.sort_unstable();
        readers.dedup();
        if heads.credentials <= since {
            // Nothing to seal: something else changed.
            let page = SyncPage { seq: heads.seq, done: true, ..SyncPage::default() };
            let parts: Vec<_> = readers.into_iter().map(|reader| (reader, Some(page.clone()))).collect();
            self.share(self.position.max(heads.seq), &parts, effects);
        } else if readers.is_empty() {
            self.share(self.position.max(heads.seq), &[], effects);
        } else {
            self.stage = Stage::Sealing;
            effects.push(Effect::Seal { since, readers });
        }
    }

    /// A device has its sockets on the node that its newest one chose, and there their number is kept in bounds: here it is
    /// superseded. If nobody newer is written down, this node writes itself down (again): a newest one that came and went
    /// elsewhere leaves those that are still here.
    fn locate(&mut self, rows: &[DeviceFact], effects: &mut Vec<Effect>) {
        for row in rows {
            let here = self.sockets.iter().filter(|socket| socket.device == row.id && socket.is_live());
            let Some(newest) = here.map(|socket| socket.joined_at).max() else { continue };
            match row.place {
                Place::Here => {}
                Place::Elsewhere { since, .. } if since >= newest => self.supersede(row.id, since, effects),
                Place::Nowhere | Place::Elsewhere { .. } => effects.push(Effect::Came(row.id, newest)),
            }
        }
    }

    fn supersede(&mut self, device: DeviceId, since: UnixMillis, effects: &mut Vec<Effect>) {
        let is_older = |socket: &&Socket| {
            socket.device == device && socket.is_live() && socket.joined_at.after(CLOCKS_APART_MAX) < since
        };
        let older: Vec<SocketId> = self.sockets.iter().filter(is_older).map(|socket| socket.id).collect();
        for id in older {
            self.end(id, News::Close(CloseCode::Superseded), effects);
        }
    }

    /// Tells every verified socket that was not told yet, with its part if that continues from where it is. One without a
    /// part reads by itself; one that the vault holds for verified no more is refused there, and the next look says why.
    fn share(&mut self, to: Seq, parts: &[(Reader, Option<SyncPage>)], effects: &mut Vec<Effect>) {
        let since = std::mem::replace(&mut self.position, to);
        self.stage = Stage::Idle;
        for socket in self.sockets.iter_mut().filter(|socket| socket.is_verified() && socket.told < Some(to)) {
            let from = socket.told.replace(to).unwrap_or_default();
            let part = parts.iter().find(|(reader, _)| *reader == socket.reader() && from == since);
            let page = part.and_then(|(_, page)| page.clone());
            effects.push(Effect::Tell { socket: socket.id, news: News::Changed(Delivery { from, to, page }) });
        }
        self.show_soon(effects);
        if self.look_again || self.wanted > Wanted::Nothing {
            self.look(effects);
        } else {
            self.look_if_hinted(effects);
        }
    }

    fn end(&mut self, id: SocketId, news: News, effects: &mut Vec<Effect>) {
        if let Some(socket) = self.sockets.iter_mut().find(|socket| socket.id == id) {
            socket.standing = Standing::Ended;
            effects.push(Effect::Tell { socket: id, news });
        }
    }

    /// Newcomers get the list, and those whose list has other rows get a new one at once.
    fn show_after_look(&mut self, effects: &mut Vec<Effect>) {
        let presence_waited = self.show_found;
        let is_due =
            |had: Picture, now: Picture| had.devices < now.devices || (presence_waited && had.presence != now.presence);
        self.show(|socket, now| socket.listed.is_none_or(|had| is_due(had, now)), effects);
    }

    fn show_soon(&mut self, effects: &mut Vec<Effect>) {
        if self.sockets.is_empty() {
            return;
        }
        let now = self.picture();
        if self.sockets.iter().any(|socket| socket.is_live() && socket.saw_other_presence(now)) {
            self.show_after(Pause::ThenShow, effects);
        }
    }

    fn show_after(&mut self, pause: Pause, effects: &mut Vec<Effect>) {
        if self.pause == Pause::None {
            effects.push(Effect::ShowSoon);
        }
        self.pause = self.pause.max(pause);
    }

    fn show_due(&mut self, effects: &mut Vec<Effect>) {
        if std::mem::take(&mut self.pause) == Pause::ThenRead {
            self.wanted = self.wanted.max(Wanted::Presence);
            self.look(effects);
            return;
        }
        self.show(Socket::saw_other_presence, effects);
    }

    /// Has the list sent to those who lack it.
    fn show(&mut self, lacks: impl Fn(&Socket, Picture) -> bool, effects: &mut Vec<Effect>) {
        let now = self.picture();
        let audience = self.sockets.iter_mut().filter(|socket| socket.is_live() && lacks(socket, now));
        let audience: Vec<SocketId> = audience
            .map(|socket| {
                socket.listed = Some(now);
                socket.id
            })
            .collect();
        if !audience.is_empty() {
            effects.push(Effect::Show(audience));
        }
    }

    fn picture(&self) -> Picture {
        let heads = self.heads();
        Picture { devices: heads.devices, presence: self.presences.digest(heads.credentials) }
    }
}

#[cfg(test)]
mod tests {
    use keyleash_protocol::socket::{DeviceState, RetrieveMode, RevokeReason};
    use keyleash_protocol::{NodeId, SessionId};
    use uuid::Uuid;

    use super::*;

    const DEVICE: u128 = 1;

    fn heads(seq: i64, devices: i64) -> Heads {
        Heads { seq: Seq(seq), devices: Seq(devices), ..Heads::default() }
    }

    /// Of a change to a credential.
    fn with_credentials(seq: i64) -> Heads {
        Heads { credentials: Seq(seq), ..heads(seq, 1) }
    }

    fn facts(heads: Heads, state: Option<DeviceState>) -> Input {
        Input::Facts(Some(found(heads, state, Place::Here)))
    }

    /// The device is verified and at this place.
    fn found_at(heads: Heads, place: Place) -> Input {
        Input::Facts(Some(found(heads, Some(DeviceState::Verified), place)))
    }

    /// The device is here, and another one at this place.
    fn found_with(heads: Heads, place: Place) -> Input {
        let mut facts = found(heads, Some(DeviceState::Verified), Place::Here);
        if let Some(rows) = &mut facts.devices {
            let other = DeviceFact { id: DeviceId::from_uuid(Uuid::from_u128(DEVICE + 1)), place, ..rows[0].clone() };
            rows.push(other);
        }
        Input::Facts(Some(facts))
    }

    fn found(heads: Heads, state: Option<DeviceState>, place: Place) -> Facts {
        let row = |state| DeviceFact {
            id: DeviceId::from_uuid(Uuid::from_u128(DEVICE)),
            state,
            verified_at: Some(UnixMillis(1)),
            removed_at: None,
            reason: None,
            acked: Seq(0),
            place,
        };
        let session = SessionFact { id: SessionId::from_uuid(Uuid::from_u128(DEVICE)), revoked: None };
        let devices = state.map(|state| vec![row(state)]);
        let sessions = state.map(|_| vec![session]);
        Facts { heads, devices, sessions, now: UnixMillis(9) }
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
            retrieve: RetrieveMode::All,
            cursor: Seq(5),
            at: UnixMillis(1),
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
        let sealing = watch.handle(facts(with_credentials(6), None));
        assert!(matches!(sealing[..], [Effect::Seal { since: Seq(5), .. }]));
        // Seq 7, a removal, committed before the vault read.
        watch.handle(Input::Sealed(Some(Sealed { to: Seq(7), parts: Vec::new() })));
        assert_eq!(watch.handle(Input::Hint(Seq(7))), [Effect::Look { known: Some(with_credentials(6)) }]);
    }

    /// A flood of hints is one look at a time, and made-up ones are one look for each pause.
    #[test]
    fn made_up_hints_share_a_look_after_a_pause() {
        let mut watch = watching();
        let look = [Effect::Look { known: Some(heads(5, 1)) }];
        assert_eq!(watch.handle(Input::Hint(Seq(1_000))), look);
        for seq in 1_001..2_000 {
            assert_eq!(watch.handle(Input::Hint(Seq(seq))), []);
        }
        assert_eq!(watch.handle(facts(heads(5, 1), None)), [Effect::DoubtHints]);
        assert_eq!(watch.handle(Input::Hint(Seq(6))), []);
        assert_eq!(watch.handle(Input::TrustHints), look);
        // The true one among them is found; the others are still made up.
        let effects = watch.handle(facts(with_credentials(6), None));
        assert!(matches!(effects[..], [Effect::DoubtHints, Effect::Seal { .. }]));
        watch.handle(Input::Sealed(Some(Sealed { to: Seq(6), parts: Vec::new() })));
        assert_eq!(watch.handle(Input::TrustHints), [], "nothing was hinted at since");
        assert_eq!(watch.handle(Input::Hint(Seq(7))), [Effect::Look { known: Some(with_credentials(6)) }]);
    }

    /// A look that began before a hint may not find it; that is no reason to doubt, nor to wait.
    #[test]
    fn a_hint_during_a_look_is_looked_for_at_once() {
        let mut watch = watching();
        watch.handle(Input::Hint(Seq(6)));
        watch.handle(Input::Hint(Seq(7)));
        watch.handle(facts(with_credentials(6), None));
        let effects = watch.handle(Input::Sealed(Some(Sealed { to: Seq(6), parts: Vec::new() })));
        assert!(effects.contains(&Effect::Look { known: Some(with_credentials(6)) }), "{effects:?}");
        watch.handle(facts(with_credentials(8), None));
        let effects = watch.handle(Input::Sealed(Some(Sealed { to: Seq(8), parts: Vec::new() })));
        assert!(!effects.iter().any(|effect| matches!(effect, Effect::Look { .. })), "{effects:?}");
    }

    #[test]
    fn revocations_are_told_before_anything_is_sealed() {
        let mut watch = watching();
        watch.handle(Input::Hint(Seq(6)));
        let effects = watch.handle(facts(heads(6, 6), Some(DeviceState::Removed)));
        assert!(matches!(effects[0], Effect::Tell { socket: SocketId(7), news: News::Revoked { .. } }));
        assert!(!effects.iter().any(|effect| matches!(effect, Effect::Seal { .. })));
    }

    /// Without a look; once, whatever the look finds; and not to a socket that was verified since.
    #[test]
    fn a_removal_that_this_node_made_is_told_at_once() {
        let removal = |at| {
            let (device, reason) = (DeviceId::from_uuid(Uuid::from_u128(DEVICE)), RevokeReason::Erased);
            Removed { device, reason, at: UnixMillis(at) }
        };
        let mut watch = watching();
        let told = watch.handle(Input::Removed(removal(2)));
        let news = News::Revoked { reason: RevokeReason::Erased, at: UnixMillis(2) };
        assert_eq!(told, [Effect::Tell { socket: SocketId(7), news }]);
        assert_eq!(watch.handle(Input::Removed(removal(2))), []);
        watch.handle(Input::Hint(Seq(6)));
        let effects = watch.handle(facts(heads(6, 6), Some(DeviceState::Removed)));
        assert!(!effects.iter().any(|effect| matches!(effect, Effect::Tell { .. })), "{effects:?}");
        assert_eq!(watching().handle(Input::Removed(removal(1))), [], "verified since");
    }

    /// What is no credential's change has every device's cursor move, and nothing is asked of the vault.
    #[test]
    fn nothing_is_sealed_for_a_change_of_something_else() {
        let mut watch = watching();
        watch.handle(Input::Hint(Seq(6)));
        let effects = watch.handle(facts(heads(6, 6), Some(DeviceState::Verified)));
        let page = SyncPage { seq: Seq(6), done: true, ..SyncPage::default() };
        let news = News::Changed(Delivery { from: Seq(5), to: Seq(6), page: Some(page) });
        assert!(effects.contains(&Effect::Tell { socket: SocketId(7), news }), "{effects:?}");
        assert!(!effects.iter().any(|effect| matches!(effect, Effect::Seal { .. })), "{effects:?}");
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
            retrieve: RetrieveMode::All,
            cursor: Seq(6),
            at: UnixMillis(2),
        };
        watch.join(another);
        let effects = watch.handle(facts(heads(6, 1), Some(DeviceState::Verified)));
        assert!(effects.contains(&Effect::Show(vec![SocketId(8)])), "a newcomer gets it at once");
        let effects = watch.handle(Input::LookAgain);
        assert_eq!(effects.len(), 1);
        let effects = watch.handle(facts(heads(7, 7), Some(DeviceState::Verified)));
        assert!(effects.contains(&Effect::Show(vec![SocketId(8)])), "a changed row is shown at once");
    }

    /// A newcomer has seen itself come; the others are told after a pause, and only they.
    #[test]
    fn nobody_is_shown_what_they_have_seen() {
        let mut watch = watching();
        let other = Uuid::from_u128(DEVICE + 1);
        watch.join(Joining {
            socket: SocketId(8),
            device: DeviceId::from_uuid(other),
            session: SessionId::from_uuid(Uuid::from_u128(DEVICE)),
            verified_at: Some(UnixMillis(1)),
            retrieve: RetrieveMode::All,
            cursor: Seq(5),
            at: UnixMillis(2),
        });
        let effects = watch.handle(found_with(heads(5, 1), Place::Here));
        let shown = |effects: &[Effect]| -> Vec<Effect> {
            effects.iter().filter(|effect| matches!(effect, Effect::Show(_))).cloned().collect()
        };
        assert_eq!(shown(&effects), [Effect::Show(vec![SocketId(8)])]);
        assert!(effects.contains(&Effect::ShowSoon), "the first does not know yet");
        assert_eq!(watch.handle(Input::ShowDue), [Effect::Show(vec![SocketId(7)])]);
        watch.handle(Input::Acked(SocketId(8), Seq(5)));
        assert_eq!(watch.handle(Input::ShowDue), []);
    }

    fn elsewhere(since: i64) -> Place {
        Place::Elsewhere { node: NodeId::from_uuid(Uuid::from_u128(50)), since: UnixMillis(since) }
    }

    /// A device has its sockets on one node; which one its newest socket says, not the order in which nodes write.
    #[test]
    fn a_device_that_moved_is_superseded_here_and_a_newer_socket_never() {
        let superseded = Effect::Tell { socket: SocketId(7), news: News::Close(CloseCode::Superseded) };
        for (since, goes) in [(0, false), (1, false), (1_001, false), (1_002, true)] {
            let mut watch = watching();
            watch.handle(Input::Hint(Seq(6)));
            let effects = watch.handle(found_at(heads(6, 6), elsewhere(since)));
            assert_eq!(effects.contains(&superseded), goes, "a socket since 1, elsewhere since {since}");
        }
    }

    /// However many comings and goings other nodes write down, the rows are read once in a pause.
    #[test]
    fn presence_is_read_once_in_a_pause_and_shown_if_it_changed() {
        let mut watch = watching();
        let rows_again = Effect::Look { known: Some(heads(5, 1).without_devices()) };
        assert_eq!(watch.handle(Input::Presence), [Effect::ShowSoon]);
        for _ in 0..100 {
            assert_eq!(watch.handle(Input::Presence), []);
        }
        assert_eq!(watch.handle(Input::ShowDue), std::slice::from_ref(&rows_again));
        let came = watch.handle(found_with(heads(5, 1), elsewhere(5)));
        assert!(came.contains(&Effect::Show(vec![SocketId(7)])), "{came:?}");

        watch.handle(Input::Presence);
        watch.handle(Input::ShowDue);
        let nothing_new = watch.handle(found_with(heads(5, 1), elsewhere(5)));
        assert!(!nothing_new.iter().any(|effect| matches!(effect, Effect::Show(_))), "{nothing_new:?}");

        let stranger = NodeId::from_uuid(Uuid::from_u128(51));
        assert_eq!(watch.handle(Input::NodeGone(stranger)), []);
        assert_eq!(watch.handle(Input::NodeGone(NodeId::from_uuid(Uuid::from_u128(50)))), [Effect::ShowSoon]);
        assert_eq!(watch.handle(Input::ShowDue), [rows_again]);
        let went = watch.handle(found_with(heads(5, 1), Place::Nowhere));
        assert!(went.contains(&Effect::Show(vec![SocketId(7)])), "{went:?}");
    }

    #[test]
    fn nobody_is_asked_for_a_user_who_is_not_here() {
        let mut watch = watching();
        assert!(
            watch
                .handle(Input::Left(SocketId(7)))
                .contains(&Effect::Went(DeviceId::from_uuid(Uuid::from_u128(DEVICE))))
        );
        assert_eq!(watch.handle(Input::Presence), []);
    }
}
