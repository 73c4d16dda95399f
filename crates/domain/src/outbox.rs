//! What one verified device still has to get, in bounded memory.
//!
//! At most [`WINDOW_FRAMES`] pages are sent and not yet acknowledged. Beyond that nothing is queued: the outbox remembers
//! only that the device is *behind*, and has the rest read again from the store when acks come. So a device that is slow,
//! or far behind, costs the same as one that is not.

use std::{collections::VecDeque, time::Instant};

use keyleash_protocol::{Seq, socket::SyncPage};

/// Pages in flight to one device. With frames of 32 KiB a device on a line with a round trip of 100 ms still catches up at
/// 1.3 MB/s, and one that stops reading holds at most 128 KiB.
pub const WINDOW_FRAMES: usize = 4;

/// News of one change, or a run of them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Delivery {
    /// The page continues from here; a device that is not there has a gap and reads again.
    pub from: Seq,
    pub to: Seq,
    /// What changed after `from` up to `to`. `None`: more than fits one frame, or not worth sealing; to be read.
    pub page: Option<SyncPage>,
}

/// A device says it applied what it was never sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AckBeyondSent;

#[derive(Debug)]
pub struct Outbox {
    /// Up to here pages were sent.
    sent: Seq,
    /// Up to here there is something to send.
    head: Seq,
    /// Where each unacknowledged page leads to, oldest first.
    in_flight: VecDeque<Seq>,
    /// Since when the peer owes an ack for what is in flight.
    waiting_since: Option<Instant>,
    reading: bool,
    /// In the middle of a run of pages: its total was told already.
    mid_run: bool,
    /// The first catch-up is not over.
    initial: bool,
    /// Up to here there is nothing to read for the first catch-up.
    nothing_until: Option<Seq>,
    /// Up to here it is not sure that news was sealed after the device was last given what it retrieved.
    retrieved: Seq,
}

impl Outbox {
    pub fn new(cursor: Seq, head: Seq) -> Self {
        Self {
            sent: cursor,
            head: head.max(cursor),
            in_flight: VecDeque::new(),
            waiting_since: None,
            reading: false,
            mid_run: false,
            initial: true,
            nothing_until: None,
            retrieved: Seq(0),
        }
    }

    /// The device has all that there is up to the head: its first catch-up need not be read.
    pub fn has_everything(&mut self) {
        self.nothing_until = Some(self.head);
    }

    /// The empty page that is all of the first catch-up of a device that has everything; once.
    pub fn page_without_reading(&mut self, now: Instant) -> Option<SyncPage> {
        let seq = self.nothing_until.take_if(|_| self.initial && !self.reading)?;
        Some(self.page_read(SyncPage { seq, done: true, total: Some(0), ..SyncPage::default() }, now))
    }

    /// Takes news in. Gives the page back if it may be sent now.
    pub fn deliver(&mut self, delivery: Delivery, now: Instant) -> Option<SyncPage> {
        self.head = self.head.max(delivery.to);
        let continues = delivery.from <= self.sent && self.sent < delivery.to;
        // Sealed before the device held what it retrieved, a summary would take the place of what it has in full.
        let is_outdated = delivery.to <= self.retrieved;
        if !continues || is_outdated || self.reading || self.mid_run || self.initial || !self.has_room() {
            return None;
        }
        delivery.page.map(|page| self.send(page, now))
    }

    /// The cursor to read the next page from, if one is wanted and there is room for it. Until
    /// [`Self::page_read`] or [`Self::read_failed`], no other is.
    pub fn next_read(&mut self) -> Option<Seq> {
        let wanted = self.initial || self.mid_run || self.sent < self.head;
        if !wanted || self.reading || !self.has_room() {
            return None;
        }
        self.reading = true;
        Some(self.sent)
    }

    /// The page that was read, ready to be sent.
    pub fn page_read(&mut self, mut page: SyncPage, now: Instant) -> SyncPage {
        self.reading = false;
        if self.mid_run {
            page.total = None;
        }
        self.mid_run = !page.done;
        self.initial &= !page.done;
        self.send(page, now)
    }

    /// The page could not be read, or not be sent any more when it came; it will be read again.
    pub fn read_failed(&mut self) {
        self.reading = false;
    }

    /// Whether what the device asked for by name may be read now: between two runs, while nothing else is, and with no page
    /// under way, because its pages all lead to where the device is, and an ack of one would be an ack of all. Until
    /// [`Self::retrieved`] or [`Self::read_failed`], nothing else is read, so that the device meets versions in their order.
    pub fn begin_retrieval(&mut self) -> bool {
        let may = !self.reading && !self.mid_run && !self.initial && self.in_flight.is_empty();
        self.reading |= may;
        may
    }

    /// The page of what was asked for, ready to be sent, if there is anything in it. It moves no cursor: it leads to where
    /// the pages before it have led.
    pub fn retrieved(&mut self, page: SyncPage, now: Instant) -> Option<SyncPage> {
        self.reading = false;
        self.retrieved = self.retrieved.max(page.seq);
        let page = SyncPage { seq: self.sent, total: None, done: true, ..page };
        (!page.upserts.is_empty()).then(|| self.send(page, now))
    }

    pub fn ack(&mut self, seq: Seq, now: Instant) -> Result<(), AckBeyondSent> {
        if seq > self.sent {
            return Err(AckBeyondSent);
        }
        let before = self.in_flight.len();
        while self.in_flight.front().is_some_and(|to| *to <= seq) {
            self.in_flight.pop_front();
        }
        if self.in_flight.is_empty() {
            // A device is idle most of its life: keep no buffer for it.
            self.in_flight = VecDeque::new();
            self.waiting_since = None;
        } else if self.in_flight.len() < before {
            self.waiting_since = Some(now);
        }
        Ok(())
    }

    /// The first catch-up was sent to its end.
    pub fn is_live(&self) -> bool {
        !self.initial
    }

    /// An empty page that says "you are at", if everything was sent and acknowledged; the one before too.
    pub fn heartbeat(&mut self, now: Instant) -> Option<SyncPage> {
        let idle = self.is_live() && !self.reading && self.in_flight.is_empty() && self.sent >= self.head;
        let page = SyncPage { seq: self.sent, done: true, ..SyncPage::default() };
        idle.then(|| self.send(page, now))
    }

    pub fn waiting_since(&self) -> Option<Instant> {
        self.waiting_since
    }

    pub fn in_flight(&self) -> usize {
        self.in_flight.len()
    }

    fn has_room(&self) -> bool {
        self.in_flight.len() < WINDOW_FRAMES
    }

    fn send(&mut self, page: SyncPage, now: Instant) -> SyncPage {
        self.sent = self.sent.max(page.seq);
        self.head = self.head.max(page.seq);
        self.in_flight.push_back(page.seq);
        self.waiting_since.get_or_insert(now);
        page
    }
}

#[cfg(test)]
mod tests {
    use keyleash_protocol::{CredentialId, SealedBox, Version, socket::Upsert};
    use uuid::Uuid;

    use super::*;

    fn page(seq: i64) -> SyncPage {
        SyncPage { seq: Seq(seq), done: true, ..SyncPage::default() }
    }

    fn upsert() -> Upsert {
        let id = CredentialId::from_uuid(Uuid::nil());
        Upsert { id, version: Version(1), seq: Seq(1), r#box: SealedBox::default(), summary: false }
    }

    fn delivery(from: i64, to: i64) -> Delivery {
        Delivery { from: Seq(from), to: Seq(to), page: Some(page(to)) }
    }

    fn live_at(seq: i64, now: Instant) -> Outbox {
        let mut outbox = Outbox::new(Seq(seq), Seq(seq));
        assert_eq!(outbox.next_read(), Some(Seq(seq)));
        outbox.page_read(page(seq), now);
        outbox.ack(Seq(seq), now).unwrap();
        outbox
    }

    #[test]
    fn news_that_continue_are_sent_and_a_gap_is_read() {
        let now = Instant::now();
        let mut outbox = live_at(5, now);
        assert_eq!(outbox.deliver(delivery(5, 6), now), Some(page(6)));
        assert_eq!(outbox.deliver(delivery(5, 6), now), None, "told twice");
        assert_eq!(outbox.next_read(), None);
        assert_eq!(outbox.deliver(delivery(7, 8), now), None, "a gap");
        assert_eq!(outbox.next_read(), Some(Seq(6)));
        assert_eq!(outbox.next_read(), None, "one read at a time");
    }

    #[test]
    fn beyond_the_window_changes_coalesce_into_one_read() {
        let now = Instant::now();
        let mut outbox = live_at(0, now);
        for seq in 1..=100 {
            let sent = outbox.deliver(delivery(seq - 1, seq), now).is_some();
            assert_eq!(sent, seq <= 4);
            assert_eq!(outbox.next_read(), None);
        }
        outbox.ack(Seq(1), now).unwrap();
        assert_eq!(outbox.next_read(), Some(Seq(4)));
        outbox.page_read(page(100), now);
        assert_eq!(outbox.in_flight(), WINDOW_FRAMES);
        outbox.ack(Seq(100), now).unwrap();
        assert_eq!(outbox.heartbeat(now), Some(page(100)));
        assert_eq!(outbox.heartbeat(now), None, "the one before was not answered");
    }

    /// What is retrieved comes between, moves no cursor, and is not replaced by what was sealed before it.
    #[test]
    fn what_is_retrieved_leads_nowhere() {
        let now = Instant::now();
        let asked = |seq| SyncPage { upserts: vec![upsert()], ..page(seq) };
        let mut outbox = Outbox::new(Seq(0), Seq(9));
        assert!(!outbox.begin_retrieval(), "the first catch-up is not over");
        let mut outbox = live_at(5, now);
        assert!(outbox.begin_retrieval());
        assert_eq!(outbox.deliver(delivery(5, 6), now), None, "one answer at a time");
        assert_eq!(outbox.next_read(), None);
        let sent = outbox.retrieved(asked(7), now).unwrap();
        assert_eq!((sent.seq, sent.done), (Seq(5), true));
        assert!(!outbox.begin_retrieval(), "the page before was not acknowledged");
        assert_eq!(outbox.deliver(delivery(5, 7), now), None, "sealed before or after, who knows");
        outbox.ack(Seq(5), now).unwrap();
        assert_eq!(outbox.next_read(), Some(Seq(5)));
        outbox.page_read(page(7), now);
        assert_eq!(outbox.deliver(delivery(7, 8), now), Some(page(8)));
        outbox.ack(Seq(8), now).unwrap();
        assert!(outbox.begin_retrieval());
        assert_eq!(outbox.retrieved(page(8), now), None, "there is nothing in it");
        assert_eq!(outbox.heartbeat(now), Some(page(8)));
    }

    #[test]
    fn who_has_everything_is_told_so_without_a_read_and_reads_what_came_meanwhile() {
        let now = Instant::now();
        let mut outbox = Outbox::new(Seq(5), Seq(7));
        outbox.has_everything();
        assert_eq!(outbox.deliver(delivery(7, 8), now), None, "the first catch-up is not over");
        assert_eq!(outbox.page_without_reading(now), Some(SyncPage { total: Some(0), ..page(7) }));
        assert!(outbox.is_live());
        assert_eq!(outbox.page_without_reading(now), None, "once");
        assert_eq!(outbox.next_read(), Some(Seq(7)), "what came meanwhile");
    }

    #[test]
    fn the_total_is_told_once_in_a_run() {
        let now = Instant::now();
        let mut outbox = Outbox::new(Seq(0), Seq(9));
        let piece =
            |seq, done| SyncPage { seq: Seq(seq), total: Some(9 - seq.unsigned_abs()), done, ..SyncPage::default() };
        outbox.next_read();
        assert_eq!(outbox.page_read(piece(4, false), now).total, Some(5));
        outbox.next_read();
        assert_eq!(outbox.page_read(piece(9, true), now).total, None);
    }

    #[test]
    fn an_ack_of_what_was_not_sent_is_a_lie() {
        let now = Instant::now();
        assert_eq!(live_at(5, now).ack(Seq(6), now), Err(AckBeyondSent));
    }
}
