//! A user's devices on two nodes, simulated: every interleaving of changes, removals, lost hints, slow readers and late
//! answers, and hints that somebody made up, that the random walk finds. After every step: no device has a gap, none goes
//! back, the window holds, nothing follows a revocation, nobody is revoked who was not, and a device's newest socket stays
//! wherever it moves. Nobody has in full what is not on record as given to them, and nobody loses it to a summary. In the
//! end everyone agrees with the store, and on who is online.

#![expect(clippy::unwrap_used, reason = "a simulation that cannot go on has failed")]

use std::{
    collections::{BTreeMap, BTreeSet, VecDeque},
    time::{Duration, Instant},
};

use keyleash_domain::{
    connection::{
        Effect, Identified, Input, Moment, News, RECEIPT_MAX, Retrieved, Standing, Start, VaultRefusal, Write,
        WriteRefusal,
    },
    fan_out::{
        self, CLOCKS_APART_MAX, DeviceFact, Facts, Heads, Joining, Place, Removed, SessionFact, SocketId, Watch,
    },
    outbox::WINDOW_FRAMES,
    retrieval::{Detail, Reader},
};
use keyleash_protocol::{
    CloseCode, CredentialId, DeviceId, Epoch, NodeId, ProblemCode, SealedBox, Seq, SessionId, UnixMillis, Version,
    socket::{
        ClientMessage, DeviceState, RetrieveMode, RevokeReason, SealedUnlock, ServerMessage, SyncPage, Tombstone,
        Upsert,
    },
};
use proptest::prelude::*;
use uuid::Uuid;

const DEVICES: usize = 4;
const NODES: usize = 2;
const CREDENTIALS: u8 = 6;
const PAGE_ROWS: usize = 2;
/// What every retrieval is called; writes have smaller numbers.
const RETRIEVAL: u32 = 1_000;

fn credential(n: u8) -> CredentialId {
    CredentialId::from_uuid(Uuid::from_u128(100 + u128::from(n)))
}

fn node_id(index: usize) -> NodeId {
    NodeId::from_uuid(Uuid::from_u128(500 + index as u128))
}

/// When a socket joined, by a node's own idea of the time: they differ by nearly as much as they may.
fn joined_at(socket: SocketId, node: usize) -> UnixMillis {
    let apart = i64::try_from(CLOCKS_APART_MAX.as_millis()).unwrap();
    let (number, node) = (i64::try_from(socket.0).unwrap(), i64::try_from(node).unwrap());
    UnixMillis(10_000 + 2 * apart * number + (apart - 1) * node)
}

fn device(index: usize) -> DeviceId {
    DeviceId::from_uuid(Uuid::from_u128(1 + index as u128))
}

#[derive(Clone, Copy, Debug)]
struct Row {
    version: Version,
    seq: Seq,
    alive: bool,
}

#[derive(Debug)]
struct StoredDevice {
    state: DeviceState,
    verified_at: Option<UnixMillis>,
    removed_at: Option<UnixMillis>,
    session: SessionId,
    signed_out: bool,
    auto_connect: bool,
    /// On record as given to it.
    holds: BTreeSet<CredentialId>,
    /// The node that wrote it down last, and for which socket's sake; that one may be gone.
    node: Option<usize>,
    node_since: UnixMillis,
}

#[derive(Debug)]
struct Store {
    heads: Heads,
    rows: BTreeMap<CredentialId, Row>,
    devices: Vec<StoredDevice>,
    sessions: u128,
}

impl Store {
    fn new() -> Self {
        let devices = (0..DEVICES)
            .map(|index| StoredDevice {
                state: if index == DEVICES - 1 { DeviceState::Pending } else { DeviceState::Verified },
                verified_at: (index != DEVICES - 1).then_some(UnixMillis(1)),
                removed_at: None,
                session: SessionId::from_uuid(Uuid::from_u128(1_000 + index as u128)),
                signed_out: false,
                auto_connect: false,
                holds: BTreeSet::new(),
                node: None,
                node_since: UnixMillis(0),
            })
            .collect();
        Self {
            heads: Heads { seq: Seq(1), devices: Seq(1), ..Heads::default() },
            rows: BTreeMap::new(),
            devices,
            sessions: 2_000,
        }
    }

    fn bump(&mut self) -> Seq {
        self.heads.seq.0 += 1;
        self.heads.seq
    }

    fn change(&mut self, id: CredentialId, alive: bool) -> (Version, Seq) {
        let seq = self.bump();
        self.heads.credentials = seq;
        let version = self.rows.get(&id).map_or(Version(1), |row| row.version.next());
        self.rows.insert(id, Row { version, seq, alive });
        (version, seq)
    }

    fn remove(&mut self, index: usize) {
        let seq = self.bump();
        self.heads.devices = seq;
        self.heads.sessions = seq;
        let device = &mut self.devices[index];
        device.state = DeviceState::Removed;
        device.removed_at = Some(UnixMillis(seq.0));
    }

    fn approve(&mut self, index: usize) {
        let seq = self.bump();
        self.heads.devices = seq;
        self.heads.sessions = seq;
        self.sessions += 1;
        let device = &mut self.devices[index];
        // A removed device comes back with a session of its own.
        if device.state == DeviceState::Removed || device.signed_out {
            device.session = SessionId::from_uuid(Uuid::from_u128(self.sessions));
            device.signed_out = false;
        }
        device.state = DeviceState::Verified;
        device.verified_at = Some(UnixMillis(seq.0));
    }

    fn sign_out(&mut self, index: usize) {
        self.heads.sessions = self.bump();
        self.devices[index].signed_out = true;
    }

    fn page(&mut self, reader: Reader, cursor: Seq, limit: usize) -> SyncPage {
        let mut rows: Vec<_> = self.rows.iter().map(|(id, row)| (*id, *row)).collect();
        rows.retain(|(_, row)| row.seq > cursor);
        rows.sort_by_key(|(_, row)| row.seq);
        let index = (0..DEVICES).find(|index| device(*index) == reader.device).unwrap();
        let stored = &mut self.devices[index];
        let done = rows.len() <= limit;
        let mut page = SyncPage { total: Some(rows.len() as u64), done, ..SyncPage::default() };
        for &(id, row) in rows.iter().take(limit) {
            if row.alive {
                let summary = reader.detail(stored.auto_connect, stored.holds.contains(&id)) == Detail::Summary;
                if !summary {
                    stored.holds.insert(id);
                }
                page.upserts.push(upsert(id, row, summary));
            } else {
                page.deletes.push(Tombstone { id, version: row.version, seq: row.seq });
            }
        }
        page.seq = if done { self.heads.seq } else { rows[limit - 1].1.seq };
        page
    }

    /// Some of what a device asked for by name; it is on record before it is read.
    fn retrieved(&mut self, index: usize, mut ids: Vec<CredentialId>) -> Retrieved {
        let left = ids.split_off(ids.len().min(PAGE_ROWS));
        let mut page = SyncPage { seq: self.heads.seq, ..SyncPage::default() };
        for id in ids {
            if let Some(row) = self.rows.get(&id).filter(|row| row.alive) {
                self.devices[index].holds.insert(id);
                page.upserts.push(upsert(id, *row, false));
            }
        }
        Retrieved { page, left }
    }

    fn device_facts(&self, node: usize) -> Vec<DeviceFact> {
        let fact = |(index, stored): (usize, &StoredDevice)| DeviceFact {
            id: device(index),
            state: stored.state,
            verified_at: stored.verified_at,
            removed_at: stored.removed_at,
            reason: stored.removed_at.map(|_| RevokeReason::Removed),
            acked: Seq(0),
            place: match stored.node {
                None => Place::Nowhere,
                Some(here) if here == node => Place::Here,
                Some(other) => Place::Elsewhere { node: node_id(other), since: stored.node_since },
            },
        };
        self.devices.iter().enumerate().map(fact).collect()
    }

    fn session_facts(&self) -> Vec<SessionFact> {
        let good = self.devices.iter().filter(|device| !device.signed_out);
        good.map(|device| SessionFact {
            id: device.session,
            revoked: (device.state == DeviceState::Removed).then_some(RevokeReason::Removed),
        })
        .collect()
    }
}

fn upsert(id: CredentialId, row: Row, summary: bool) -> Upsert {
    Upsert { id, version: row.version, seq: row.seq, r#box: SealedBox::default(), summary }
}

/// What one browser keeps.
#[derive(Debug, Default)]
struct Browser {
    cursor: Seq,
    held: BTreeMap<CredentialId, (Version, bool)>,
    in_full: BTreeSet<CredentialId>,
}

impl Browser {
    /// A summary takes the place of nothing that is there in full.
    fn keep(&mut self, row: &Upsert) {
        let known = self.held.get(&row.id).map_or(Version(0), |(version, _)| *version);
        if row.summary && self.in_full.contains(&row.id) {
            assert!(row.version <= known, "had version {known} in full, and lost it to a summary of {}", row.version);
        } else if known <= row.version {
            self.held.insert(row.id, (row.version, true));
            if !row.summary {
                self.in_full.insert(row.id);
            }
        }
    }

    fn forget(&mut self, row: &Tombstone) {
        if self.held.get(&row.id).is_none_or(|(version, _)| *version <= row.version) {
            self.held.insert(row.id, (row.version, false));
            self.in_full.remove(&row.id);
        }
    }
}

#[derive(Debug)]
enum Asked {
    Unlock,
    Read(Seq),
    Write(Write),
    Retrieve(Vec<CredentialId>),
    Receipt,
}

#[derive(Debug)]
#[expect(clippy::struct_excessive_bools, reason = "facts about one line that have nothing to do with each other")]
struct Line {
    device: usize,
    node: usize,
    socket: SocketId,
    retrieve: RetrieveMode,
    cursor: Seq,
    /// What came over this line in full.
    in_full: BTreeSet<CredentialId>,
    /// Retrievals that were asked for and not answered.
    unanswered: usize,
    connection: Identified,
    news: VecDeque<News>,
    asked: VecDeque<Asked>,
    down: VecDeque<ServerMessage>,
    up: VecDeque<ClientMessage>,
    jammed: bool,
    revoked: bool,
    closed: bool,
    /// Its browser was wiped and listens no more.
    deaf: bool,
    /// The device was removed, or its session ended, after this line was welcomed.
    may_be_revoked: bool,
}

impl Line {
    fn is_reading(&self) -> bool {
        self.asked.iter().any(|asked| matches!(asked, Asked::Read(_) | Asked::Retrieve(_)))
    }

    fn reader(&self) -> Reader {
        Reader { device: device(self.device), retrieve: self.retrieve }
    }
}

#[derive(Debug)]
enum Looking {
    Heads(Option<Heads>),
    Rows(Option<Heads>, Heads),
    Found(Facts),
    Seal(Seq, Vec<Reader>),
}

#[derive(Debug, Default)]
struct Node {
    watch: Watch,
    looking: Option<Looking>,
    paused: bool,
    doubts: bool,
    show_due: bool,
    /// Removals that this node made, on their way to the watch.
    removals: VecDeque<Removed>,
    /// Comings (with their time) and goings that are not written down yet.
    notes: VecDeque<(DeviceId, Option<UnixMillis>)>,
}

struct World {
    store: Store,
    nodes: Vec<Node>,
    lines: Vec<Line>,
    browsers: Vec<Browser>,
    joined: u64,
    /// Of each device, the socket that said hello last.
    newest: [Option<SocketId>; DEVICES],
    now: Instant,
}

impl World {
    fn new() -> Self {
        Self {
            store: Store::new(),
            nodes: (0..NODES).map(|_| Node::default()).collect(),
            lines: Vec::new(),
            browsers: (0..DEVICES).map(|_| Browser::default()).collect(),
            joined: 0,
            newest: [None; DEVICES],
            now: Instant::now(),
        }
    }

    fn hint(&mut self, lost: u8) {
        for node in 0..NODES {
            if lost & (1 << node) == 0 {
                let effects = self.nodes[node].watch.handle(fan_out::Input::Hint(self.store.heads.seq));
                self.carry_out(node, effects);
            }
        }
    }

    /// Somebody who can publish on the bus promises what is not there, or repeats what is long known.
    fn make_up_a_hint(&mut self, node: usize, seq: u8) {
        let seq = if seq < 64 { Seq(i64::from(seq)) } else { Seq(i64::MAX) };
        let effects = self.nodes[node].watch.handle(fan_out::Input::Hint(seq));
        self.carry_out(node, effects);
    }

    fn connect(&mut self, index: usize, node: usize, retrieve: RetrieveMode) {
        let stored = &self.store.devices[index];
        if stored.signed_out || stored.state == DeviceState::Removed {
            return;
        }
        let verified_at = stored.verified_at.filter(|_| stored.state == DeviceState::Verified);
        let (session, cursor) = (stored.session, self.browsers[index].cursor);
        let start = Start {
            standing: if verified_at.is_some() { Standing::Verified } else { Standing::Pending },
            cursor,
            head: self.store.heads.seq,
            credentials: self.store.heads.credentials,
            epoch: Epoch("e".into()),
            want_unlock: node == 0,
            heartbeat: Duration::from_secs(30),
            grace: Duration::ZERO,
        };
        let (connection, effects) = Identified::new(start, Moment { now: self.now, writable: true });
        let socket = SocketId(self.joined);
        self.joined += 1;
        self.newest[index] = Some(socket);
        let at = joined_at(socket, node);
        let joining = Joining { socket, device: device(index), session, verified_at, retrieve, cursor, at };
        let joined = self.nodes[node].watch.join(joining);
        self.lines.push(Line {
            device: index,
            node,
            socket,
            retrieve,
            cursor,
            in_full: BTreeSet::new(),
            unanswered: 0,
            connection,
            news: VecDeque::new(),
            asked: VecDeque::new(),
            down: VecDeque::new(),
            up: VecDeque::new(),
            jammed: false,
            revoked: false,
            closed: false,
            deaf: false,
            may_be_revoked: false,
        });
        let line = self.lines.len() - 1;
        self.perform(line, effects);
        self.carry_out(node, joined);
    }

    fn disconnect(&mut self, line: usize) {
        let line = self.lines.swap_remove(line);
        let effects = self.nodes[line.node].watch.handle(fan_out::Input::Left(line.socket));
        self.carry_out(line.node, effects);
    }

    fn carry_out(&mut self, node: usize, effects: Vec<fan_out::Effect>) {
        for effect in effects {
            match effect {
                fan_out::Effect::Look { known } => {
                    assert!(self.nodes[node].looking.is_none(), "one look at a time");
                    self.nodes[node].looking = Some(Looking::Heads(known));
                }
                fan_out::Effect::Seal { since, readers } => {
                    assert!(self.nodes[node].looking.is_none(), "one look at a time");
                    self.nodes[node].looking = Some(Looking::Seal(since, readers));
                }
                fan_out::Effect::Tell { socket, news } => {
                    if let Some(line) = self.lines.iter_mut().find(|line| line.node == node && line.socket == socket) {
                        if news == News::Close(CloseCode::Superseded) {
                            assert_ne!(self.newest[line.device], Some(socket), "the newest socket stays");
                        }
                        line.news.push_back(news);
                    }
                }
                fan_out::Effect::Show(sockets) => {
                    for line in self.lines.iter_mut().filter(|line| line.node == node && sockets.contains(&line.socket))
                    {
                        line.news.push_back(News::Devices("list".into()));
                    }
                }
                fan_out::Effect::Came(device, at) => self.nodes[node].notes.push_back((device, Some(at))),
                fan_out::Effect::Went(device) => self.nodes[node].notes.push_back((device, None)),
                fan_out::Effect::ShowSoon => self.nodes[node].show_due = true,
                fan_out::Effect::RetryLater => self.nodes[node].paused = true,
                fan_out::Effect::DoubtHints => {
                    assert!(!self.nodes[node].doubts, "one pause at a time");
                    self.nodes[node].doubts = true;
                }
            }
        }
    }

    fn input(&mut self, line: usize, input: Input) {
        let moment = Moment { now: self.now, writable: !self.lines[line].jammed };
        let effects = self.lines[line].connection.handle(input, moment);
        self.perform(line, effects);
    }

    fn perform(&mut self, index: usize, effects: Vec<Effect>) {
        for effect in effects {
            let line = &mut self.lines[index];
            assert!(!line.closed, "nothing after the close: {effect:?}");
            match effect {
                Effect::Send(message) => {
                    assert!(!line.revoked, "nothing after the revocation: {message:?}");
                    if let ServerMessage::Revoked { .. } = message {
                        assert!(line.may_be_revoked, "revoked, but not removed");
                        line.revoked = true;
                    } else {
                        assert!(!line.jammed, "sent into a jam: {message:?}");
                    }
                    line.down.push_back(message);
                    let pages = line.down.iter().filter(|message| matches!(message, ServerMessage::Sync(_))).count();
                    assert!(pages <= WINDOW_FRAMES, "more in flight than the window");
                }
                Effect::SendText(_) => assert!(!line.revoked && !line.jammed),
                Effect::Unlock => line.asked.push_back(Asked::Unlock),
                Effect::Read { cursor } => {
                    assert!(!line.is_reading(), "one read at a time");
                    line.asked.push_back(Asked::Read(cursor));
                }
                Effect::Retrieve { ids } => {
                    assert!(!line.revoked && !line.is_reading(), "one read at a time");
                    line.asked.push_back(Asked::Retrieve(ids));
                }
                Effect::Write(write) => {
                    assert!(!line.revoked, "a write of a revoked device");
                    line.asked.push_back(Asked::Write(write));
                }
                Effect::Acked(seq) => {
                    let (node, socket) = (line.node, line.socket);
                    let effects = self.nodes[node].watch.handle(fan_out::Input::Acked(socket, seq));
                    self.carry_out(node, effects);
                }
                Effect::RecordReceipt { .. } => line.asked.push_back(Asked::Receipt),
                Effect::LookAgain => {
                    let node = line.node;
                    let effects = self.nodes[node].watch.handle(fan_out::Input::LookAgain);
                    self.carry_out(node, effects);
                }
                Effect::Close(_) => line.closed = true,
                Effect::Ping | Effect::WakeAfter(_) => {}
            }
        }
    }

    fn answer(&mut self, index: usize) -> bool {
        let Some(asked) = self.lines[index].asked.pop_front() else { return false };
        let (reader, asking) = (self.lines[index].reader(), self.lines[index].device);
        let verified = self.store.devices[asking].state == DeviceState::Verified;
        let input = match asked {
            Asked::Unlock if verified => Input::Unlocked(Ok(SealedUnlock {
                suite: String::new(),
                enc: SealedBox::default(),
                ct: SealedBox::default(),
            })),
            Asked::Unlock => Input::Unlocked(Err(VaultRefusal::NotVerified)),
            Asked::Read(cursor) if verified => Input::Page(Ok(self.store.page(reader, cursor, PAGE_ROWS))),
            Asked::Read(_) => Input::Page(Err(VaultRefusal::NotVerified)),
            Asked::Retrieve(ids) if verified => Input::Retrieved(Ok(self.store.retrieved(asking, ids))),
            Asked::Retrieve(_) => Input::Retrieved(Err(VaultRefusal::NotVerified)),
            Asked::Write(Write::Put { r#ref, id, .. }) if verified => {
                let committed = self.store.change(id, true);
                self.hint(0);
                Input::Written { r#ref, id, result: Ok(committed) }
            }
            Asked::Write(Write::Put { r#ref, id, .. } | Write::Delete { r#ref, id, .. }) => {
                let (code, detail) = (ProblemCode::DeviceState, String::new());
                Input::Written { r#ref, id, result: Err(WriteRefusal { code, detail, present: None }) }
            }
            Asked::Receipt => Input::ReceiptRecorded,
        };
        self.input(index, input);
        true
    }

    /// The browser takes its next message.
    fn receive(&mut self, index: usize) -> bool {
        let line = &mut self.lines[index];
        let Some(message) = line.down.pop_front() else { return false };
        if line.deaf {
            return true;
        }
        let browser = &mut self.browsers[line.device];
        match message {
            ServerMessage::Sync(page) => {
                assert!(page.seq >= line.cursor, "rolled back from {} to {}", line.cursor, page.seq);
                for row in &page.upserts {
                    browser.keep(row);
                    assert!(!row.summary || !line.in_full.contains(&row.id), "what came in full comes as a summary");
                    if !row.summary {
                        line.in_full.insert(row.id);
                        let on_record = &self.store.devices[line.device].holds;
                        assert!(on_record.contains(&row.id), "given, and not on record");
                    }
                }
                for row in &page.deletes {
                    browser.forget(row);
                }
                line.cursor = page.seq;
                browser.cursor = browser.cursor.max(page.seq);
                for (id, row) in self.store.rows.iter().filter(|(_, row)| row.seq <= page.seq) {
                    assert_eq!(browser.held.get(id), Some(&(row.version, row.alive)), "a gap");
                }
                line.up.push_back(ClientMessage::Ack { seq: page.seq });
            }
            ServerMessage::Revoked { .. } => {
                *browser = Browser::default();
                line.up.push_back(ClientMessage::Receipt { at: UnixMillis(0), wiped: true });
                let wiped = line.device;
                self.lines.iter_mut().filter(|line| line.device == wiped).for_each(|line| line.deaf = true);
            }
            ServerMessage::Retrieved { r#ref: RETRIEVAL } => line.unanswered -= 1,
            ServerMessage::Error(error) if error.r#ref == Some(RETRIEVAL) => line.unanswered -= 1,
            ServerMessage::Challenge { .. }
            | ServerMessage::Welcome(_)
            | ServerMessage::Unlock(_)
            | ServerMessage::Done { .. }
            | ServerMessage::Retrieved { .. }
            | ServerMessage::Error(_)
            | ServerMessage::Devices { .. }
            | ServerMessage::Drain { .. } => {}
        }
        true
    }

    fn take(&mut self, line: usize) -> bool {
        if self.lines[line].closed || !self.lines[line].connection.wants_input() {
            return false;
        }
        let Some(message) = self.lines[line].up.pop_front() else { return false };
        self.input(line, Input::Message(message));
        true
    }

    fn hear_news(&mut self, line: usize) -> bool {
        let Some(news) = self.lines[line].news.pop_front() else { return false };
        self.input(line, Input::News(news));
        true
    }

    /// However late.
    fn hear_of_removal(&mut self, node: usize) -> bool {
        let Some(removed) = self.nodes[node].removals.pop_front() else { return false };
        let effects = self.nodes[node].watch.handle(fan_out::Input::Removed(removed));
        self.carry_out(node, effects);
        true
    }

    /// A node's look goes one step on; other things may happen between its reads.
    fn look_on(&mut self, node: usize, fails: bool) -> bool {
        let Some(looking) = self.nodes[node].looking.take() else { return false };
        let input = match looking {
            Looking::Heads(_) | Looking::Rows(..) | Looking::Found(_) if fails => fan_out::Input::Facts(None),
            Looking::Seal(..) if fails => fan_out::Input::Sealed(None),
            Looking::Heads(known) => {
                self.nodes[node].looking = Some(Looking::Rows(known, self.store.heads));
                return true;
            }
            Looking::Rows(known, heads) => {
                let moved = |head: fn(&Heads) -> Seq| known.is_none_or(|known| head(&known) < head(&heads));
                let facts = Facts {
                    heads,
                    devices: moved(|heads| heads.devices).then(|| self.store.device_facts(node)),
                    sessions: moved(|heads| heads.sessions).then(|| self.store.session_facts()),
                    now: UnixMillis(0),
                };
                self.nodes[node].looking = Some(Looking::Found(facts));
                return true;
            }
            Looking::Found(facts) => fan_out::Input::Facts(Some(facts)),
            Looking::Seal(since, readers) => {
                let mut parts = Vec::new();
                for reader in readers {
                    let index = (0..DEVICES).find(|n| device(*n) == reader.device).unwrap();
                    if self.store.devices[index].state == DeviceState::Verified {
                        let page = self.store.page(reader, since, PAGE_ROWS);
                        parts.push((reader, page.done.then_some(SyncPage { total: None, ..page })));
                    }
                }
                fan_out::Input::Sealed(Some(fan_out::Sealed { to: self.store.heads.seq, parts }))
            }
        };
        let effects = self.nodes[node].watch.handle(input);
        self.carry_out(node, effects);
        true
    }

    fn timers(&mut self, node: usize) -> bool {
        let (paused, due) =
            (std::mem::take(&mut self.nodes[node].paused), std::mem::take(&mut self.nodes[node].show_due));
        let doubts = std::mem::take(&mut self.nodes[node].doubts);
        let timers =
            [(paused, fan_out::Input::Retry), (due, fan_out::Input::ShowDue), (doubts, fan_out::Input::TrustHints)];
        for (fires, input) in timers {
            if fires {
                let effects = self.nodes[node].watch.handle(input);
                self.carry_out(node, effects);
            }
        }
        paused || due || doubts
    }

    /// A node writes down its next coming or going, as the database takes it, and the others may hear of it.
    fn write_note(&mut self, node: usize, lost: u8) -> bool {
        let Some((id, came)) = self.nodes[node].notes.pop_front() else { return false };
        let index = (0..DEVICES).find(|index| device(*index) == id).unwrap();
        let stored = &mut self.store.devices[index];
        match came {
            Some(at) if at >= stored.node_since || stored.node.is_none() => {
                (stored.node, stored.node_since) = (Some(node), at);
            }
            None if stored.node == Some(node) => stored.node = None,
            Some(_) | None => {}
        }
        for other in 0..NODES {
            if lost & (1 << other) == 0 {
                let effects = self.nodes[other].watch.handle(fan_out::Input::Presence);
                self.carry_out(other, effects);
            }
        }
        true
    }

    fn removed(&mut self, index: usize) {
        for line in self.lines.iter_mut().filter(|line| line.device == index) {
            line.may_be_revoked = true;
        }
    }

    fn step(&mut self, (kind, a, b): (u8, u8, u8)) {
        let line = (!self.lines.is_empty()).then(|| usize::from(a) % self.lines.len().max(1));
        let (index, node) = (usize::from(a) % DEVICES, usize::from(b) % NODES);
        match (kind % 38, line) {
            (0..=3, _) => {
                self.store.change(credential(a % CREDENTIALS), b % 4 != 0);
                self.hint(b / 4);
            }
            (4, _) if b % 4 == 0 => {
                self.store.remove(index);
                self.removed(index);
                let at = self.store.devices[index].removed_at.unwrap();
                let removed = Removed { device: device(index), reason: RevokeReason::Removed, at };
                self.nodes[usize::from(b / 4) % NODES].removals.push_back(removed);
                self.hint(b / 4);
            }
            (5, _)
                if self.store.devices[index].state != DeviceState::Verified || self.store.devices[index].signed_out =>
            {
                self.store.approve(index);
                self.hint(b / 4);
            }
            (6, _) if b % 4 == 0 => {
                self.store.sign_out(index);
                self.removed(index);
                self.hint(b / 4);
            }
            (7..=9, _) => {
                let retrieve = if b % 8 < 2 { RetrieveMode::All } else { RetrieveMode::Picked };
                self.connect(index, node, retrieve);
            }
            (10, Some(line)) if b % 4 == 0 => self.disconnect(line),
            (11, Some(line)) => {
                self.lines[line].jammed = !self.lines[line].jammed;
                self.input(line, Input::Writable);
            }
            (12, Some(line)) => {
                let put = ClientMessage::Put {
                    r#ref: u32::from(b),
                    id: credential(b % CREDENTIALS),
                    base_version: Version(0),
                    r#box: SealedBox::default(),
                };
                self.lines[line].up.push_back(put);
            }
            (13, Some(line)) => {
                self.now += Duration::from_secs(u64::from(b % 3));
                self.input(line, Input::Beat);
                if !self.lines[line].closed {
                    self.input(line, Input::Wake);
                }
            }
            (14, _) if b % 8 == 7 => self.make_up_a_hint(node, a),
            (14, _) => drop(self.timers(node)),
            (15, _) => drop(self.look_on(node, true)),
            (16..=20, _) => drop(self.look_on(node, false)),
            (21..=23, Some(line)) => drop(self.receive(line)),
            (24..=26, Some(line)) => drop(self.take(line)),
            (27..=29, Some(line)) => drop(self.hear_news(line)),
            (30..=31, Some(line)) => drop(self.answer(line)),
            (32..=33, _) => drop(self.write_note(node, b / 4)),
            (34..=35, Some(line)) => {
                let ids = (0..CREDENTIALS).filter(|n| b & (1 << n) != 0).map(credential).collect();
                self.lines[line].up.push_back(ClientMessage::Retrieve { r#ref: RETRIEVAL, ids });
                self.lines[line].unanswered += 1;
            }
            (37, _) => drop(self.hear_of_removal(node)),
            (36, _) if b % 8 == 0 => self.store.devices[index].auto_connect ^= true,
            _ => {}
        }
    }

    /// Lets everything that is under way arrive, and those who were sent away go.
    fn settle(&mut self) {
        for _ in 0..100 {
            for node in 0..NODES {
                while self.write_note(node, 0) {}
                let effects = self.nodes[node].watch.handle(fan_out::Input::Presence);
                self.carry_out(node, effects);
            }
            self.come_to_rest();
            self.wait_for_receipts();
            while let Some(line) = self.lines.iter().position(|line| line.closed) {
                self.disconnect(line);
            }
            if self.nodes.iter().all(|node| node.notes.is_empty()) {
                return;
            }
        }
        panic!("comes and goes for ever");
    }

    /// A browser that was wiped by another line's revocation sends no receipt for this one, and is not waited for for ever.
    fn wait_for_receipts(&mut self) {
        self.now += RECEIPT_MAX;
        for line in 0..self.lines.len() {
            if self.lines[line].revoked && !self.lines[line].closed {
                self.input(line, Input::Wake);
                assert!(self.lines[line].closed, "revoked, and stays: {:?}", self.lines[line]);
            }
        }
    }

    /// With one sweep.
    fn come_to_rest(&mut self) {
        for line in 0..self.lines.len() {
            self.lines[line].jammed = false;
            self.input(line, Input::Writable);
        }
        self.hint(0);
        for _ in 0..10_000 {
            let mut busy = false;
            for node in 0..NODES {
                busy |= self.hear_of_removal(node) | self.look_on(node, false) | self.timers(node);
            }
            for line in 0..self.lines.len() {
                busy |= self.hear_news(line) | self.receive(line) | self.take(line);
                if !self.lines[line].asked.is_empty() {
                    busy |= self.answer(line);
                }
                if !busy && !self.lines[line].closed {
                    self.now += Duration::from_secs(1);
                    self.input(line, Input::Wake);
                    busy |= !self.lines[line].asked.is_empty();
                }
            }
            if !busy {
                return;
            }
        }
        panic!("never comes to rest");
    }

    fn check_presence(&self) {
        for (index, node) in self.nodes.iter().enumerate().filter(|(_, node)| !node.watch.is_empty()) {
            for presence in node.watch.presences() {
                let is_here = |line: &&Line| device(line.device) == presence.device;
                let online = self.lines.iter().any(|line| is_here(&line));
                assert_eq!(presence.is_online(), online, "node {index} is wrong about {presence:?}");
            }
        }
        for index in 0..DEVICES {
            let stays = |line: &&Line| line.device == index && !line.revoked && !line.deaf;
            let at: Vec<usize> = self.lines.iter().filter(stays).map(|line| line.node).collect();
            assert!(at.windows(2).all(|pair| pair[0] == pair[1]), "device {index} is on two nodes");
        }
    }

    fn check_agreement(&self) {
        for line in &self.lines {
            let stored = &self.store.devices[line.device];
            let good = stored.state == DeviceState::Verified && !stored.signed_out;
            if line.closed || line.revoked || line.deaf {
                continue;
            }
            assert!(good || stored.state == DeviceState::Pending, "a device that may not be here still is: {line:?}");
            if good {
                let rows: BTreeMap<_, _> =
                    self.store.rows.iter().map(|(id, row)| (*id, (row.version, row.alive))).collect();
                assert_eq!(self.browsers[line.device].held, rows, "did not converge: {line:?}");
                assert_eq!(self.browsers[line.device].cursor, self.store.heads.seq);
                assert_eq!(line.unanswered, 0, "asked, and never answered: {line:?}");
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2_000, ..ProptestConfig::default() })]

    #[test]
    fn devices_converge_whatever_happens(steps in prop::collection::vec(any::<(u8, u8, u8)>(), 0..1_500)) {
        let mut world = World::new();
        for step in steps {
            world.step(step);
            world.lines.iter().position(|line| line.closed).into_iter().for_each(|line| world.disconnect(line));
        }
        world.settle();
        world.check_agreement();
        world.check_presence();
    }
}
