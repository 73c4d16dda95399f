//! Prepared devices of one process: connected and kept, hung up, given something to write.
//!
//! Each connected device is one task that takes in what comes, checks it and answers it. What it is to write waits in its
//! seat; it is written when a credential of its own is free, and its time counts from when it was meant to be written.

use std::{
    collections::VecDeque,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering::Relaxed},
    },
    time::Duration,
};

use keyleash_protocol::{CredentialId, ProblemCode, Version, socket::SyncPage};
use serde::{Deserialize, Serialize};
use tokio::{
    sync::{Notify, Semaphore},
    task::JoinSet,
    time::{Instant, timeout},
};

use crate::{
    board::Board,
    credential,
    device::{Device, DeviceError},
    fleet::PreparedUser,
    live::{Live, LiveError, News, Seat},
    pace::Pace,
    sources::Sources,
    times::{Moment, Times},
};

/// A device that is not live by then has failed.
pub const HELLO_MAX: Duration = Duration::from_mins(1);
/// Devices that connect at the same moment: more only wait in the server's queue instead of ours, and a server takes only
/// so many from one address that have not said hello.
pub const AT_ONCE: usize = 96;
/// Credentials that one device writes by turns: as many of its writes are under way at once.
const CREDENTIALS_PER_WRITER: u8 = 4;
/// Writes that wait for one device. A run that is so far behind measures nothing any more.
const WAITING_MAX: usize = 10_000;

/// How devices come.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub enum Rush {
    /// As fast as they can, so many on their way at once.
    AtOnce(usize),
    /// On a schedule, however long each takes.
    PerSecond(f64),
}

/// What the times of a run are written to; a scenario that does not measure one leaves it out. Several of a kind are for
/// parts of the run that are told apart by when they were meant to begin.
#[derive(Clone, Debug, Default)]
pub struct Meters {
    /// From the first packet to a live device with its catch-up whole.
    pub hello: Option<Arc<Times>>,
    /// From when a put was meant to begin to its `done`.
    pub done: Vec<Arc<Times>>,
    /// From when a put was meant to begin to each other device that has it, opened.
    pub delivery: Vec<Arc<Times>>,
    /// The same to devices on another node than their user's first device, for runs in which that one writes.
    pub delivery_elsewhere: Vec<Arc<Times>>,
}

/// A device of this process.
#[derive(Debug)]
pub struct Post {
    pub seat: Seat,
    /// Its place in the crew.
    pub place: usize,
    /// The place of its user in the fleet, and its own among its user's devices.
    pub user: usize,
    pub number: usize,
    /// Whether it began on another node than its user's first device.
    elsewhere: bool,
    target: Mutex<usize>,
    waiting: Mutex<VecDeque<Order>>,
    /// Whether each `done` is followed by the next write.
    keeps_writing: AtomicBool,
    /// Its node is leaving: when to come back.
    told_to_leave: Mutex<Option<Duration>>,
    wake: Notify,
}

/// Something to write.
#[derive(Clone, Copy, Debug)]
pub struct Order {
    pub intended: Moment,
    pub bytes: usize,
}

/// The devices of one process.
#[derive(Debug)]
pub struct Crew {
    pub posts: Vec<Arc<Post>>,
    pub board: Arc<Board>,
    targets: Arc<Vec<String>>,
    /// Where its sockets come from.
    pub sources: Arc<Sources>,
    tasks: JoinSet<()>,
}

impl Post {
    fn new(seat: Seat, place: usize, (user, number): (usize, usize), nodes: usize) -> Self {
        let target = (user + number) % nodes;
        Self {
            seat,
            place,
            user,
            number,
            elsewhere: target != user % nodes,
            target: Mutex::new(target),
            waiting: Mutex::default(),
            keeps_writing: AtomicBool::new(false),
            told_to_leave: Mutex::default(),
            wake: Notify::new(),
        }
    }

    /// Has it write, as soon as one of its credentials is free.
    pub fn write(&self, order: Order, board: &Board) {
        let mut waiting = self.waiting();
        if waiting.len() < WAITING_MAX {
            waiting.push_back(order);
            self.wake.notify_one();
        } else {
            board.failed_with("too many writes wait for one device");
        }
    }

    /// Has it write one after another, as fast as they are done, until it is told to stop.
    pub fn keep_writing(&self, keeps: bool, bytes: usize, board: &Board) {
        if keeps && !self.keeps_writing.swap(true, Relaxed) {
            self.write(Order { intended: Moment::now(), bytes }, board);
        }
        self.keeps_writing.store(keeps, Relaxed);
    }

    /// The node that it connects to, by its place among the targets.
    pub fn target(&self) -> usize {
        *self.target.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub fn move_to(&self, target: usize) {
        *self.target.lock().unwrap_or_else(PoisonError::into_inner) = target;
    }

    /// How long its node told it to wait before it comes back elsewhere, if it did; once.
    pub fn take_told_to_leave(&self) -> Option<Duration> {
        self.told_to_leave.lock().unwrap_or_else(PoisonError::into_inner).take()
    }

    fn waiting(&self) -> MutexGuard<'_, VecDeque<Order>> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Crew {
    /// The devices of these users, each user's spread over the nodes. Nobody is connected yet.
    pub fn new(fleet: &[PreparedUser], targets: Vec<String>, board: Arc<Board>) -> Result<Self, DeviceError> {
        let mut posts = Vec::new();
        for (index, user) in fleet.iter().enumerate() {
            for (number, prepared) in user.devices.iter().enumerate() {
                let device = Device::prepared(user.id, prepared)?;
                let seat = Seat::new(device, prepared.token.clone());
                posts.push(Arc::new(Post::new(seat, posts.len(), (index, number), targets.len())));
            }
        }
        let sources = Arc::new(Sources::of(&targets));
        Ok(Self { posts, board, targets: Arc::new(targets), sources, tasks: JoinSet::new() })
    }

    /// Connects every device that `which` chooses, and gives back control when each is live or has failed. They stay
    /// connected, and are attended to, until they are hung up.
    pub async fn connect(&mut self, rush: Rush, meters: &Meters, which: impl Fn(&Post) -> bool) {
        let (at_once, mut pace) = match rush {
            Rush::AtOnce(at_once) => (at_once, None),
            Rush::PerSecond(rate) => (self.posts.len(), Some(Pace::new(Instant::now(), rate, Duration::ZERO))),
        };
        let room = Arc::new(Semaphore::new(at_once));
        for post in self.posts.iter().filter(|post| which(post)) {
            let scheduled = match &mut pace {
                Some(pace) => Some(pace.tick().await),
                None => None,
            };
            // Closed never.
            let Ok(turn) = room.clone().acquire_owned().await else { return };
            let (post, board, meters) = (post.clone(), self.board.clone(), meters.clone());
            let (targets, source) = (self.targets.clone(), self.sources.next());
            self.tasks.spawn(async move {
                let began = scheduled.unwrap_or_else(Moment::now);
                let hello = Live::connect(source, &targets[post.target()], &post.seat);
                let connected = timeout(HELLO_MAX, hello).await;
                let connected = connected.unwrap_or_else(|_| Err(LiveError::Silence(HELLO_MAX.as_secs())));
                match connected {
                    Ok((live, _)) => {
                        board.came();
                        if let Some(times) = &meters.hello {
                            times.ended(began);
                        }
                        drop(turn);
                        let error = attend(live, &post, &board, &meters).await;
                        board.went();
                        board.failed(&error);
                    }
                    Err(error) => board.failed(&error),
                }
            });
        }
        // Once each turn is back, nobody is on the way any more.
        let all = u32::try_from(at_once).unwrap_or(u32::MAX);
        drop(room.acquire_many(all).await);
    }

    /// Closes every socket, as browsers do that are killed.
    pub async fn hang_up(&mut self) {
        self.tasks.shutdown().await;
        self.board.nobody_is_live();
    }
}

/// A credential that a device writes.
struct Slot {
    id: CredentialId,
    version: Version,
    /// The reference of the write that is under way.
    busy: Option<(u32, Order)>,
}

/// Takes in what comes and writes what is to be written, until the socket ends.
pub async fn attend(mut live: Live, post: &Post, board: &Board, meters: &Meters) -> LiveError {
    let mut slots: Vec<Slot> = Vec::new();
    let mut next_ref = 0;
    loop {
        let outcome = tokio::select! {
            heard = live.line.next() => match heard {
                Ok(heard) => take(&mut live, heard, post, board, meters, &mut slots).await,
                Err(error) => Err(error.into()),
            },
            () = post.wake.notified() => Ok(()),
        };
        if let Err(error) = outcome {
            return error;
        }
        if let Err(error) = write(&mut live, post, &mut slots, &mut next_ref).await {
            return error;
        }
    }
}

async fn take(
    live: &mut Live,
    heard: crate::line::Heard,
    post: &Post,
    board: &Board,
    meters: &Meters,
    slots: &mut [Slot],
) -> Result<(), LiveError> {
    match live.take(&post.seat, heard).await? {
        News::Synced(page) => delivered(&page, post, board, meters, slots),
        News::Done { r#ref, version, .. } => {
            let slot = slots.iter_mut().find(|slot| slot.busy.is_some_and(|(busy, _)| busy == r#ref));
            if let Some((slot, (_, order))) = slot.and_then(|slot| slot.busy.take().map(|busy| (slot, busy))) {
                slot.version = version;
                board.put();
                meters.done.iter().for_each(|times| times.ended(order.intended));
                if post.keeps_writing.load(Relaxed) {
                    post.write(Order { intended: Moment::now(), bytes: order.bytes }, board);
                }
            }
        }
        News::Refused { r#ref, code, present } => {
            let slot = slots.iter_mut().find(|slot| slot.busy.is_some_and(|(busy, _)| Some(busy) == r#ref));
            match (slot, code, present) {
                // An earlier run wrote it; what it is based on is known now.
                (Some(slot), ProblemCode::Conflict, Some(present)) => {
                    slot.version = present;
                    if let Some((_, order)) = slot.busy.take() {
                        post.waiting().push_front(order);
                    }
                }
                (slot, code, _) => {
                    board.failed_with(&format!("refused with {code:?}"));
                    if let Some(slot) = slot {
                        slot.busy = None;
                    }
                }
            }
        }
        News::Revoked(_) => return Err(LiveError::Closed(None)),
        News::Drain { reconnect_after_ms } => {
            let wait = Duration::from_millis(reconnect_after_ms);
            *post.told_to_leave.lock().unwrap_or_else(PoisonError::into_inner) = Some(wait);
        }
        News::Devices(_) | News::Other => {}
    }
    Ok(())
}

fn delivered(page: &SyncPage, post: &Post, board: &Board, meters: &Meters, slots: &[Slot]) {
    let device = post.seat.device();
    for upsert in page.upserts.iter().filter(|upsert| slots.iter().all(|slot| slot.id != upsert.id)) {
        board.delivered();
        if meters.delivery.is_empty() {
            continue;
        }
        let held = device.held.get(&upsert.id);
        if let Some(intended) = held.and_then(|held| credential::intended(&held.plaintext)) {
            let elsewhere = meters.delivery_elsewhere.iter().filter(|_| post.elsewhere);
            meters.delivery.iter().chain(elsewhere).for_each(|times| times.ended(intended));
        }
    }
}

async fn write(live: &mut Live, post: &Post, slots: &mut Vec<Slot>, next_ref: &mut u32) -> Result<(), LiveError> {
    loop {
        let Some(order) = post.waiting().pop_front() else { return Ok(()) };
        if slots.is_empty() {
            slots.extend((0..CREDENTIALS_PER_WRITER).map(|number| slot(&post.seat, number)));
        }
        let Some(free) = slots.iter().position(|slot| slot.busy.is_none()) else {
            post.waiting().push_front(order);
            return Ok(());
        };
        // By turns: what a device missed is not made good by the very next write.
        slots[free..].rotate_left(1);
        let Some(slot) = slots.last_mut() else { return Ok(()) };
        *next_ref += 1;
        slot.busy = Some((*next_ref, order));
        let plaintext = credential::plaintext(order.intended, order.bytes);
        let (id, base) = (slot.id, slot.version);
        live.put(&post.seat, *next_ref, id, base, &plaintext).await?;
    }
}

fn slot(seat: &Seat, number: u8) -> Slot {
    let device = seat.device();
    let id = credential::id(device.id, number);
    Slot { id, version: device.held.get(&id).map_or(Version(0), |held| held.version), busy: None }
}
