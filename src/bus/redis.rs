//! Adapter: hints through the publish/subscribe of Redis 7, a single server or a cluster.
//!
//! Owns: one task of this node, and the connections to Redis, one to each server. On them it subscribes to the channel of
//! each user that is wanted, publishes, and speaks to itself: the canary. While the canary is not heard the bus is blind,
//! whatever the connection looks like; then it connects anew. Never: makes a caller wait for Redis; keeps anything there;
//! believes a word of it, since whoever can publish can forge. Why so: `docs/adr/0009-a-bus-that-hears-itself.md`.
//!
//! What it needs of an ACL, of a single server and of a cluster:
//! ```text
//! user keyleash on >... resetchannels &keyleash:* -@all +subscribe +unsubscribe +publish
//! user keyleash on >... resetchannels &keyleash:* -@all +ssubscribe +sunsubscribe +spublish +cluster|slots
//! ```

mod ear;
mod links;
mod session;
mod words;

use std::{
    collections::HashSet,
    error::Error,
    fmt, mem,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use async_trait::async_trait;
use keyleash_protocol::UserId;
use redis::RedisError;
use tokio::{
    sync::{
        Notify,
        mpsc::{self, Sender},
    },
    task::AbortHandle,
};

use self::{links::Place, words::NodeName};
use super::{Bus, BusError, BusEvent, Hint, outlet::Outlet};
use crate::{
    causes,
    entropy::Entropy,
    telemetry::{ByOutcome, FIGURES, Outcome},
};

/// How often the canary speaks.
const BEAT: Duration = Duration::from_secs(1);
/// How long it may take to be heard after Redis took it; more than a loaded network costs. A wedged Redis is noticed
/// after at most a beat and this, or [`REPLY_MAX`].
const SILENCE_MAX: Duration = Duration::from_secs(2);
/// How long Redis may take to answer.
const REPLY_MAX: Duration = Duration::from_secs(2);
/// How long a connection may take, TLS and log-in included.
const CONNECT_MAX: Duration = Duration::from_secs(3);
/// Pauses before connecting anew: short for a restart, and so long at most that a Redis that is back is used at once.
const PAUSE_FIRST: Duration = Duration::from_millis(50);
const PAUSE_LONGEST: Duration = Duration::from_secs(2);

/// Hints that may wait to be published: a burst, or the last ones before Redis went away. More are dropped: the sweeps of
/// the other nodes find what they were about.
const PUBLISH_QUEUE: usize = 4_096;
/// Hints published in one round trip.
const PUBLISH_BATCH: usize = 512;
/// Channels subscribed to in one round trip: Redis answers others in between.
const SUBSCRIBE_BATCH: usize = 1_000;

#[derive(Debug, thiserror::Error)]
pub enum RedisBusError {
    /// Without the address: there is a password in it.
    #[error("bus.url is no address of a Redis server, such as redis://user:password@host:6379")]
    Url,
    #[error("Redis at {address} cannot be reached: {reason}")]
    Unreachable { address: String, reason: String },
    #[error("Redis at {address} does not take the user or the password of bus.url")]
    Credentials { address: String },
    #[error("Redis refuses a command: {reason}")]
    Refused { reason: String },
    #[error("Redis did not answer within {REPLY_MAX:?}")]
    Silent,
    #[error("the Redis cluster has no master for some of its slots")]
    Slots,
    #[error("what this node published did not come back within {SILENCE_MAX:?}")]
    Deaf,
    #[error("the connection to Redis broke")]
    Broken,
}

impl RedisBusError {
    fn connecting(address: String, error: &RedisError) -> Self {
        match error.code() {
            Some("WRONGPASS" | "NOAUTH") => Self::Credentials { address },
            _ => Self::Unreachable { address, reason: error.to_string() },
        }
    }

    fn commanding(error: RedisError) -> Self {
        if error.is_timeout() {
            return Self::Silent;
        }
        // Of many commands in one request, the first that was refused.
        match error.into_server_errors().as_deref() {
            Some([(_, first), ..]) => {
                Self::Refused { reason: format!("{} {}", first.code(), first.details().unwrap_or_default()) }
            }
            _ => Self::Broken,
        }
    }
}

/// A node's place on the bus.
pub struct RedisBus {
    shared: Arc<Shared>,
    hints: Sender<Hint>,
    task: AbortHandle,
}

/// What callers and the task share.
#[derive(Debug)]
struct Shared {
    node: NodeName,
    outlet: Outlet,
    wanted: Mutex<Wanted>,
    wanted_changed: Notify,
    sight: Mutex<Sight>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Sight {
    /// There was no news of Redis yet.
    Unknown,
    Sees,
    Blind,
}

impl RedisBus {
    /// Begins to connect, and goes on trying: Redis need not be there, nor let this node in. It only makes changes faster
    /// to arrive, so it never decides whether a node serves. Delivers into `events`; its capacity is how many hints may
    /// wait. Needs a running tokio runtime.
    ///
    /// Fails if `url` is no address.
    pub fn start(
        url: &str,
        is_cluster: bool,
        events: Sender<BusEvent>,
        entropy: Entropy,
    ) -> Result<Self, RedisBusError> {
        let place = Place::parse(url, is_cluster)?;
        let (hints, waiting) = mpsc::channel(PUBLISH_QUEUE);
        let shared = Arc::new(Shared {
            node: NodeName(u64::from_ne_bytes(entropy.bytes())),
            outlet: Outlet::new(events),
            wanted: Mutex::default(),
            wanted_changed: Notify::new(),
            sight: Mutex::new(Sight::Unknown),
        });
        FIGURES.bus_blind.set(1);
        let task = tokio::spawn(session::run(shared.clone(), place, waiting, entropy)).abort_handle();
        Ok(Self { shared, hints, task })
    }

    /// Tries all that a node does with Redis: connects, logs in, subscribes, publishes, hears it.
    pub async fn probe(url: &str, is_cluster: bool, entropy: &Entropy) -> Result<(), RedisBusError> {
        let mut place = Place::parse(url, is_cluster)?;
        // There are no hints on a canary's channel: nobody need listen.
        let (nowhere, _) = mpsc::channel(1);
        let (links, ear) = place.open(NodeName(u64::from_ne_bytes(entropy.bytes())), &Outlet::new(nowhere)).await?;
        let canaries: Vec<String> = links.canaries().collect();
        links.subscribe(&canaries).await?;
        session::hear_canaries(&links, &ear, 1).await?;
        ear.expect_to_leave(canaries.len());
        links.unsubscribe(&canaries).await
    }
}

#[async_trait]
impl Bus for RedisBus {
    /// Never waits and never fails: the bus tells by itself when hints do not get through.
    async fn publish(&self, hint: Hint) -> Result<(), BusError> {
        // To the devices on this node the way does not lead through Redis.
        if self.shared.wanted().users.contains(&hint.user) {
            let _ = self.shared.outlet.deliver(hint);
        }
        if self.hints.try_send(hint).is_err() {
            FIGURES.hints_published.get_or_create(&ByOutcome { outcome: Outcome::Unavailable }).inc();
        }
        Ok(())
    }

    fn subscribe(&self, user: UserId) {
        self.shared.want(|wanted| wanted.users.insert(user), user);
    }

    fn unsubscribe(&self, user: UserId) {
        self.shared.want(|wanted| wanted.users.remove(&user), user);
    }

    fn is_blind(&self) -> bool {
        *self.shared.sight() != Sight::Sees
    }
}

impl Drop for RedisBus {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl fmt::Debug for RedisBus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "RedisBus({}, {:?})", self.shared.node, *self.shared.sight())
    }
}

impl Shared {
    fn want(&self, change: impl FnOnce(&mut Wanted) -> bool, user: UserId) {
        let mut wanted = self.wanted();
        if change(&mut wanted)
            && let Some(changed) = &mut wanted.changed
        {
            changed.insert(user);
            self.wanted_changed.notify_one();
        }
    }

    fn wanted(&self) -> MutexGuard<'_, Wanted> {
        self.wanted.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn sight(&self) -> MutexGuard<'_, Sight> {
        self.sight.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The canary was heard. What was said before is looked for in the database.
    fn gain_sight(&self) {
        if mem::replace(&mut *self.sight(), Sight::Sees) != Sight::Sees {
            FIGURES.bus_blind.set(0);
            tracing::info!("hints arrive");
            self.outlet.report_missed();
        }
    }

    /// The time with Redis ended. Whether hints arrived until now.
    fn lose_sight(&self, why: &dyn Error) -> bool {
        let before = mem::replace(&mut *self.sight(), Sight::Blind);
        if before != Sight::Blind {
            FIGURES.bus_blind.set(1);
            tracing::warn!(
                error = causes::in_one_line(why),
                "the bus is blind: until hints arrive again, changes are found by a faster sweep"
            );
            // So that the faster sweep begins now.
            self.outlet.report_missed();
        }
        before == Sight::Sees
    }
}

/// Of whom this node wants to hear, and of whom it does.
#[derive(Debug, Default)]
struct Wanted {
    users: HashSet<UserId>,
    /// In the present session with Redis.
    subscribed: HashSet<UserId>,
    /// Users for whom that may differ. `None` between sessions: the next one begins with everybody.
    changed: Option<HashSet<UserId>>,
}

impl Wanted {
    fn begin(&mut self) {
        self.subscribed.clear();
        self.changed = Some(self.users.clone());
    }

    fn rest(&mut self) {
        self.changed = None;
    }

    /// Whom to subscribe to, and whom not any more.
    fn take_changes(&mut self) -> (Vec<UserId>, Vec<UserId>) {
        let (mut come, mut gone) = (Vec::new(), Vec::new());
        for user in self.changed.as_mut().map(mem::take).unwrap_or_default() {
            if !self.users.contains(&user) {
                gone.extend(self.subscribed.take(&user));
            } else if self.subscribed.insert(user) {
                come.push(user);
            }
        }
        (come, gone)
    }
}

#[cfg(test)]
mod tests;
