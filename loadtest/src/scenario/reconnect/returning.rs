//! A device that wants to be connected: when its node goes, it comes back to another one.

use std::{
    sync::{
        Arc, OnceLock,
        atomic::{AtomicU64, AtomicUsize, Ordering::Relaxed},
    },
    time::Duration,
};

use keyleash_protocol::CloseCode;
use tokio::{
    sync::Semaphore,
    time::{sleep, timeout},
};

use super::LEAVING;
use crate::{
    board::Board,
    crew::{HELLO_MAX, Meters, Post, attend},
    live::{Live, LiveError},
    sources::Sources,
    times::{Moment, Times},
};

/// A device that is not let in tries again after this, and every time after the same: it is the server that is measured.
const RETRY: Duration = Duration::from_millis(200);

/// What all devices of a run share.
pub(super) struct Stage {
    pub away: Arc<Times>,
    pub hello: Arc<Times>,
    pub told_to_wait: Arc<Times>,
    targets: Vec<String>,
    sources: Arc<Sources>,
    board: Arc<Board>,
    /// Devices on their way at the same moment.
    room: Semaphore,
    /// When the first node was sent away.
    opening: OnceLock<Moment>,
    first_end: OnceLock<Moment>,
    /// Devices that are live on the first node.
    leaving: AtomicUsize,
    back: AtomicUsize,
    /// Changes that they were given with the first pages.
    missed: AtomicUsize,
    /// When the last one came back, as a [`Moment`].
    last_back: AtomicU64,
}

impl Stage {
    pub fn new(at_once: usize, targets: Vec<String>, sources: Arc<Sources>, board: Arc<Board>) -> Self {
        let closed = |name, title| Arc::new(Times::closed(name, title));
        Self {
            away: closed("away", "from a socket's end to live and caught up elsewhere"),
            hello: closed("hello", "hello on the other node, from the first packet to live and caught up"),
            told_to_wait: closed("told_to_wait", "how long the node that left told a device to wait"),
            targets,
            sources,
            board,
            room: Semaphore::new(at_once),
            opening: OnceLock::new(),
            first_end: OnceLock::new(),
            leaving: AtomicUsize::new(0),
            back: AtomicUsize::new(0),
            missed: AtomicUsize::new(0),
            last_back: AtomicU64::new(0),
        }
    }

    /// From now on a socket to the first node may end, and what comes then is measured.
    pub fn first_node_goes(&self) -> Moment {
        let now = *self.opening.get_or_init(Moment::now);
        for times in [&self.away, &self.hello, &self.told_to_wait] {
            times.measure(now, Moment(u64::MAX));
        }
        now
    }

    /// Devices that are live on the first node. One that is between two sockets is nobody's.
    pub fn leaving(&self) -> usize {
        self.leaving.load(Relaxed)
    }

    /// Devices of the first node that are live elsewhere.
    pub fn back(&self) -> usize {
        self.back.load(Relaxed)
    }

    /// Changes that they had missed and were given when they came back.
    pub fn missed(&self) -> usize {
        self.missed.load(Relaxed)
    }

    /// From a moment, or else from the first socket's end, until the last one came back.
    pub fn seconds_until_last(&self, opening: Option<Moment>) -> f64 {
        let opening = opening.or_else(|| self.first_end.get().copied());
        opening.map_or(0.0, |opening| Moment(self.last_back.load(Relaxed)).since(opening).as_secs_f64())
    }

    /// Connects it, however often it has to try.
    async fn connect(&self, post: &Post) -> Live {
        loop {
            // Closed never.
            let turn = self.room.acquire().await;
            let began = Moment::now();
            let hello = Live::connect(self.sources.next(), &self.targets[post.target()], &post.seat);
            let outcome = timeout(HELLO_MAX, hello).await;
            match outcome.unwrap_or_else(|_| Err(LiveError::Silence(HELLO_MAX.as_secs()))) {
                Ok((live, missed)) => {
                    self.board.came();
                    self.hello.ended(began);
                    if self.opening.get().is_some() {
                        let changes = missed.iter().map(|page| page.upserts.len()).sum();
                        self.missed.fetch_add(changes, Relaxed);
                    }
                    return live;
                }
                Err(error) => {
                    // A node that has more than its part sends some elsewhere, also those that are just coming.
                    let is_sent_away =
                        matches!(error, LiveError::Closed(Some(code)) if code == CloseCode::GoingAway.code());
                    if is_sent_away || (post.target() == LEAVING && self.opening.get().is_some()) {
                        post.move_to(self.other(post));
                    }
                    self.board.failed(&error);
                }
            }
            drop(turn);
            sleep(RETRY).await;
        }
    }

    /// Its socket ended at `lost`. Whether that is because the first node goes; otherwise it is an error, unless the node
    /// told it to come back.
    fn ended(&self, post: &Post, lost: Moment, told: Option<Duration>, error: &LiveError) -> bool {
        let is_going = post.target() == LEAVING && self.opening.get().is_some();
        if is_going {
            self.first_end.get_or_init(|| lost);
        } else if told.is_none() {
            self.board.failed(error);
        }
        if let Some(wait) = told {
            self.told_to_wait.took(lost, wait);
        }
        is_going
    }

    /// Another node, and never again the one that went: not all on the one that is next.
    fn other(&self, post: &Post) -> usize {
        let may_go = |target: &usize| *target != post.target() && (*target != LEAVING || self.opening.get().is_none());
        let others: Vec<usize> = (0..self.targets.len()).filter(may_go).collect();
        // The last one has nowhere to go but to itself.
        if others.is_empty() { post.target() } else { others[post.place % others.len()] }
    }

    fn came_back(&self, lost: Moment) {
        let now = Moment::now();
        self.away.took(lost, now.since(lost));
        self.last_back.fetch_max(now.0, Relaxed);
        self.back.fetch_add(1, Relaxed);
    }
}

/// Keeps one device connected until the run ends.
pub(super) async fn stay(post: Arc<Post>, stage: Arc<Stage>) {
    let meters = Meters::default();
    let mut lost = None;
    loop {
        let live = stage.connect(&post).await;
        if let Some(lost) = lost.take() {
            stage.came_back(lost);
        }
        let target = post.target();
        if target == LEAVING {
            stage.leaving.fetch_add(1, Relaxed);
        }
        let error = attend(live, &post, &stage.board, &meters).await;
        stage.board.went();
        if target == LEAVING {
            stage.leaving.fetch_sub(1, Relaxed);
        }
        let (now, told) = (Moment::now(), post.take_told_to_leave());
        lost = stage.ended(&post, now, told, &error).then_some(now);
        post.move_to(stage.other(&post));
        if let Some(wait) = told {
            sleep(wait).await;
        }
    }
}
