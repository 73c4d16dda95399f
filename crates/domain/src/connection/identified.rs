//! A device that proved itself: pending, verified, or being told that it is revoked.

use std::{
    collections::VecDeque,
    time::{Duration, Instant},
};

use bytestring::ByteString;
use keyleash_protocol::{
    CloseCode, ProblemCode, Seq, UnixMillis,
    socket::{ClientMessage, DeviceState, RevokeReason, SealedUnlock, ServerMessage, SocketError, SyncPage, Welcome},
};

use super::{
    JAM_MAX, RECEIPT_MAX, REPLIES_MAX, RETRY_PAUSE,
    rate::{Pace, Rate},
    retrieval::Retrieval,
    silence_max,
    terms::{Effect, Input, Moment, News, Standing, Start, VaultRefusal, Write},
};
use crate::outbox::Outbox;

#[derive(Debug)]
pub(super) enum Stage {
    Pending,
    Verified {
        outbox: Outbox,
        /// Its unlock key is being sealed; no page goes before it.
        unlocking: bool,
    },
    /// Was told to wipe. Nothing else is sent to it and nothing of it is taken but the receipt.
    Revoked {
        reason: RevokeReason,
        at: UnixMillis,
        until: Instant,
        /// Its receipt came; further ones are nothing new.
        confirmed: bool,
    },
    Closed,
}

#[derive(Debug)]
pub struct Identified {
    pub(super) stage: Stage,
    cursor: Seq,
    heartbeat: Duration,
    heard: Instant,
    jammed_since: Option<Instant>,
    retry_at: Option<Instant>,
    rate: Rate,
    /// One write at a time; the peer is not read meanwhile, so that a flood waits on its own side.
    pub(super) writing: bool,
    /// Boxed, so that a device that wants nothing carries no room for it.
    pub(super) retrieval: Option<Box<Retrieval>>,
    pub(super) replies: VecDeque<ServerMessage>,
    /// The newest list that was not sent yet.
    devices: Option<ByteString>,
}

impl Identified {
    pub fn new(start: Start, moment: Moment) -> (Self, Vec<Effect>) {
        let mut connection = Self {
            stage: Stage::Pending,
            cursor: start.cursor,
            heartbeat: start.heartbeat,
            heard: moment.now,
            jammed_since: None,
            retry_at: None,
            rate: Rate::new(moment.now),
            writing: false,
            retrieval: None,
            replies: VecDeque::new(),
            devices: None,
        };
        let mut effects = Vec::new();
        let state = match start.standing {
            Standing::Pending => DeviceState::Pending,
            Standing::Verified => DeviceState::Verified,
            Standing::Revoked { reason, at } => {
                connection.revoke(reason, at, moment, &mut effects);
                return (connection, effects);
            }
        };
        effects.push(Effect::Send(ServerMessage::Welcome(Welcome {
            state,
            seq: start.head,
            epoch: start.epoch,
            heartbeat_ms: millis(start.heartbeat),
            grace_ms: millis(start.grace),
        })));
        if state == DeviceState::Verified {
            connection.begin(start.head, start.want_unlock, &mut effects);
            if let Stage::Verified { outbox, .. } = &mut connection.stage
                && start.cursor >= start.credentials
            {
                outbox.has_everything();
            }
        }
        connection.pump(moment, &mut effects);
        (connection, effects)
    }

    pub fn handle(&mut self, input: Input, moment: Moment) -> Vec<Effect> {
        let mut effects = Vec::new();
        self.note_jam(moment, &mut effects);
        match input {
            Input::Message(message) => {
                self.heard = moment.now;
                self.hear(message, moment, &mut effects);
            }
            Input::Heard => {
                self.heard = moment.now;
                // They cost little, and a peer that sends nothing else can still send more than others should wait for.
                if self.rate.count(moment.now) == Pace::Flood {
                    self.close(CloseCode::RateLimited, &mut effects);
                }
            }
            Input::News(news) => self.learn(news, moment, &mut effects),
            Input::Unlocked(result) => self.unlocked(result, moment, &mut effects),
            Input::Page(result) => self.page(result, moment, &mut effects),
            Input::Retrieved(result) => self.retrieved(result, moment, &mut effects),
            Input::Written { r#ref, id, result } => self.written(r#ref, id, result, &mut effects),
            Input::ReceiptRecorded => self.close(CloseCode::Revoked, &mut effects),
            Input::Writable => {}
            Input::Beat => self.beat(moment, &mut effects),
            Input::Wake => self.check_deadlines(moment, &mut effects),
        }
        self.pump(moment, &mut effects);
        effects
    }

    /// Whether the peer's next message should be taken in. What is not waits in the network, on the peer's account.
    pub fn wants_input(&self) -> bool {
        !self.writing && self.replies.len() < REPLIES_MAX
    }

    pub fn is_revoked(&self) -> bool {
        matches!(self.stage, Stage::Revoked { .. })
    }

    fn begin(&mut self, head: Seq, unlocking: bool, effects: &mut Vec<Effect>) {
        self.stage = Stage::Verified { outbox: Outbox::new(self.cursor, head), unlocking };
        effects.push(Effect::Acked(self.cursor));
        if unlocking {
            effects.push(Effect::Unlock);
        }
    }

    fn revoke(&mut self, reason: RevokeReason, at: UnixMillis, moment: Moment, effects: &mut Vec<Effect>) {
        if matches!(self.stage, Stage::Revoked { .. } | Stage::Closed) {
            return;
        }
        self.stage = Stage::Revoked { reason, at, until: moment.now + RECEIPT_MAX, confirmed: false };
        // Whatever waited is not for this device any more.
        self.replies.clear();
        self.retrieval = None;
        self.devices = None;
        effects.push(Effect::Send(ServerMessage::Revoked { reason, at }));
        effects.push(Effect::WakeAfter(RECEIPT_MAX));
    }

    fn close(&mut self, code: CloseCode, effects: &mut Vec<Effect>) {
        if !matches!(self.stage, Stage::Closed) {
            self.stage = Stage::Closed;
            effects.push(Effect::Close(code));
        }
    }

    fn hear(&mut self, message: ClientMessage, moment: Moment, effects: &mut Vec<Effect>) {
        let pace = self.rate.count(moment.now);
        if pace == Pace::Flood {
            return self.close(CloseCode::RateLimited, effects);
        }
        match (&mut self.stage, message) {
            // What was on its way when the revocation overtook it.
            (
                Stage::Revoked { .. },
                ClientMessage::Ack { .. }
                | ClientMessage::Put { .. }
                | ClientMessage::Delete { .. }
                | ClientMessage::Retrieve { .. },
            )
            | (Stage::Revoked { confirmed: true, .. }, ClientMessage::Receipt { .. })
            | (Stage::Closed, _) => {}
            (Stage::Revoked { reason, at, confirmed, .. }, ClientMessage::Receipt { wiped, .. }) => match reason {
                // The device stays verified: there is no removal to confirm.
                RevokeReason::SignedOut => self.close(CloseCode::Revoked, effects),
                RevokeReason::Removed | RevokeReason::Erased | RevokeReason::Panic | RevokeReason::SyncOff => {
                    *confirmed = true;
                    effects.push(Effect::RecordReceipt { wiped, removed_at: *at });
                }
            },
            (Stage::Verified { outbox, .. }, ClientMessage::Ack { seq }) => match outbox.ack(seq, moment.now) {
                Ok(()) => {
                    self.cursor = self.cursor.max(seq);
                    effects.push(Effect::Acked(seq));
                }
                Err(_) => self.close(CloseCode::ProtocolError, effects),
            },
            (Stage::Pending | Stage::Verified { .. }, ClientMessage::Put { r#ref, id, base_version, r#box }) => {
                self.write(Write::Put { r#ref, id, base: base_version, sealed: r#box }, pace, effects);
            }
            (Stage::Pending | Stage::Verified { .. }, ClientMessage::Delete { r#ref, id, base_version }) => {
                self.write(Write::Delete { r#ref, id, base: base_version }, pace, effects);
            }
            (Stage::Pending | Stage::Verified { .. }, ClientMessage::Retrieve { r#ref, ids }) => {
                self.retrieve(r#ref, ids, pace);
            }
            (_, ClientMessage::Hello(_))
            | (Stage::Pending, ClientMessage::Ack { .. })
            | (Stage::Pending | Stage::Verified { .. }, ClientMessage::Receipt { .. }) => {
                self.close(CloseCode::ProtocolError, effects);
            }
        }
    }

    fn learn(&mut self, news: News, moment: Moment, effects: &mut Vec<Effect>) {
        match (&mut self.stage, news) {
            (_, News::Revoked { reason, at }) => self.revoke(reason, at, moment, effects),
            // Its only duty left is to wipe; its own deadline ends it.
            (Stage::Revoked { .. } | Stage::Closed, _)
            | (Stage::Verified { .. }, News::Verified { .. })
            | (Stage::Pending, News::Changed(_)) => {}
            (Stage::Pending, News::Verified { head }) => self.begin(head, true, effects),
            (Stage::Verified { outbox, unlocking }, News::Changed(mut delivery)) => {
                if !moment.writable || *unlocking {
                    delivery.page = None;
                }
                if let Some(page) = outbox.deliver(delivery, moment.now) {
                    effects.push(Effect::Send(ServerMessage::Sync(page)));
                }
            }
            (_, News::Devices(list)) => self.devices = Some(list),
            (_, News::Drain { reconnect_after }) => {
                let reconnect_after_ms = millis(reconnect_after);
                effects.push(Effect::Send(ServerMessage::Drain { reconnect_after_ms }));
                self.close(CloseCode::GoingAway, effects);
            }
            (_, News::Close(code)) => self.close(code, effects),
        }
    }

    fn unlocked(&mut self, result: Result<SealedUnlock, VaultRefusal>, moment: Moment, effects: &mut Vec<Effect>) {
        let Stage::Verified { unlocking, .. } = &mut self.stage else { return };
        match result {
            Ok(sealed) => {
                *unlocking = false;
                self.replies.push_back(ServerMessage::Unlock(sealed));
            }
            Err(VaultRefusal::NotVerified) => {
                // The news why should follow; if they do not, it comes back and asks anew.
                self.retry_at = Some(moment.now + RETRY_PAUSE);
                effects.extend([Effect::LookAgain, Effect::WakeAfter(RETRY_PAUSE)]);
            }
            Err(VaultRefusal::Unavailable) => {
                effects.push(Effect::Send(ServerMessage::Error(SocketError {
                    r#ref: None,
                    code: ProblemCode::Unavailable,
                    detail: "The keys cannot be reached for now; come back later.".to_owned(),
                    version: None,
                })));
                self.close(CloseCode::Unavailable, effects);
            }
        }
    }

    fn page(&mut self, result: Result<SyncPage, VaultRefusal>, moment: Moment, effects: &mut Vec<Effect>) {
        let Stage::Verified { outbox, .. } = &mut self.stage else { return };
        match result {
            Ok(page) if moment.writable => {
                effects.push(Effect::Send(ServerMessage::Sync(outbox.page_read(page, moment.now))));
            }
            Ok(_) => outbox.read_failed(),
            Err(refusal) => {
                outbox.read_failed();
                self.retry_at = Some(moment.now + RETRY_PAUSE);
                effects.push(Effect::WakeAfter(RETRY_PAUSE));
                if refusal == VaultRefusal::NotVerified {
                    effects.push(Effect::LookAgain);
                }
            }
        }
    }

    fn beat(&mut self, moment: Moment, effects: &mut Vec<Effect>) {
        self.check_deadlines(moment, effects);
        // A page is acknowledged: whoever is sent one is asked already whether it is alive.
        let mut asked = false;
        let owed_since = match &mut self.stage {
            Stage::Closed | Stage::Revoked { .. } => return,
            Stage::Pending => None,
            Stage::Verified { outbox, .. } => {
                // A browser cannot see pings; this is how its page knows that the server is there.
                let beat = if moment.writable { outbox.heartbeat(moment.now) } else { None };
                asked |= beat.is_some();
                effects.extend(beat.map(|page| Effect::Send(ServerMessage::Sync(page))));
                outbox.waiting_since()
            }
        };
        if moment.writable && !asked {
            effects.push(Effect::Ping);
        }
        // A deadline that comes before the next beat has a look of its own.
        let oldest = owed_since.map_or(self.heard, |since| since.min(self.heard));
        let left = (oldest + silence_max(self.heartbeat)).saturating_duration_since(moment.now);
        if left < self.heartbeat {
            effects.push(Effect::WakeAfter(left));
        }
    }

    fn check_deadlines(&mut self, moment: Moment, effects: &mut Vec<Effect>) {
        let over = |since: Instant, max: Duration| moment.now.saturating_duration_since(since) >= max;
        let owed_since = match &self.stage {
            Stage::Closed => return,
            Stage::Revoked { until, .. } => {
                if moment.now >= *until {
                    self.close(CloseCode::Revoked, effects);
                }
                return;
            }
            Stage::Pending => None,
            Stage::Verified { outbox, .. } => outbox.waiting_since(),
        };
        let silence_max = silence_max(self.heartbeat);
        if over(self.heard, silence_max) {
            self.close(CloseCode::HeartbeatLost, effects);
        } else if self.jammed_since.is_some_and(|since| over(since, JAM_MAX))
            || owed_since.is_some_and(|since| over(since, silence_max))
        {
            self.close(CloseCode::SlowConsumer, effects);
        } else if self.retry_at.is_some_and(|at| moment.now >= at) {
            self.retry_at = None;
            if matches!(self.stage, Stage::Verified { unlocking: true, .. }) {
                self.close(CloseCode::Unavailable, effects);
            }
        }
    }

    fn note_jam(&mut self, moment: Moment, effects: &mut Vec<Effect>) {
        if moment.writable {
            self.jammed_since = None;
        } else if self.jammed_since.is_none() {
            self.jammed_since = Some(moment.now);
            effects.push(Effect::WakeAfter(JAM_MAX));
        }
    }

    /// Sends what may go now: answers, then pages, then the list of devices once the first catch-up is over.
    fn pump(&mut self, moment: Moment, effects: &mut Vec<Effect>) {
        if !moment.writable || matches!(self.stage, Stage::Revoked { .. } | Stage::Closed) {
            return;
        }
        effects.extend(std::mem::take(&mut self.replies).into_iter().map(Effect::Send));
        let list_may_go = match &mut self.stage {
            Stage::Verified { outbox, unlocking: false } => {
                let page = outbox.page_without_reading(moment.now);
                effects.extend(page.map(|page| Effect::Send(ServerMessage::Sync(page))));
                if self.retry_at.is_none() {
                    effects.extend(outbox.next_read().map(|cursor| Effect::Read { cursor }));
                    effects.extend(self.retrieval.as_ref().and_then(|retrieval| retrieval.next(outbox)));
                }
                outbox.is_live()
            }
            Stage::Pending => true,
            Stage::Verified { unlocking: true, .. } | Stage::Revoked { .. } | Stage::Closed => false,
        };
        if list_may_go {
            effects.extend(self.devices.take().map(Effect::SendText));
        }
    }
}

fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use keyleash_protocol::Epoch;

    use super::*;

    fn welcomed(standing: Standing, credentials: Seq, moment: Moment) -> (Identified, Vec<Effect>) {
        let start = Start {
            standing,
            cursor: Seq(5),
            head: Seq(9),
            credentials,
            epoch: Epoch("e".into()),
            want_unlock: false,
            heartbeat: Duration::from_secs(30),
            grace: Duration::ZERO,
        };
        Identified::new(start, moment)
    }

    fn is_page(effect: &Effect, at: Seq) -> bool {
        matches!(effect, Effect::Send(ServerMessage::Sync(page)) if page.seq == at && page.done && page.upserts.is_empty())
    }

    #[test]
    fn only_who_may_lack_something_is_read_for() {
        let moment = Moment { now: Instant::now(), writable: true };
        let (_, lacking) = welcomed(Standing::Verified, Seq(6), moment);
        assert!(lacking.contains(&Effect::Read { cursor: Seq(5) }));
        let (_, complete) = welcomed(Standing::Verified, Seq(5), moment);
        assert!(!complete.iter().any(|effect| matches!(effect, Effect::Read { .. })), "{complete:?}");
        assert!(complete.iter().any(|effect| is_page(effect, Seq(9))), "{complete:?}");
    }

    #[test]
    fn each_beat_asks_once_whether_somebody_is_there() {
        let moment = Moment { now: Instant::now(), writable: true };
        let (mut pending, _) = welcomed(Standing::Pending, Seq(5), moment);
        assert_eq!(pending.handle(Input::Beat, moment), [Effect::Ping]);
        let (mut verified, _) = welcomed(Standing::Verified, Seq(5), moment);
        assert_eq!(verified.handle(Input::Beat, moment), [Effect::Ping], "its first page is under way");
        verified.handle(Input::Message(ClientMessage::Ack { seq: Seq(9) }), moment);
        let asked = verified.handle(Input::Beat, moment);
        assert!(matches!(&asked[..], [page] if is_page(page, Seq(9))), "{asked:?}");
    }
}
