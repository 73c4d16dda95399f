//! One per node: where each user's actor is. The count of a user's live sockets is kept under the lock of the user's
//! shard, so that the last leaving and the next joining cannot miss each other.

use std::{
    collections::HashMap,
    fmt,
    hash::{DefaultHasher, Hash, Hasher},
    net::IpAddr,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering},
    },
    time::Duration,
};

use actix::{Actor, Addr};
use keyleash_domain::fan_out::{Removed, SocketId};
use keyleash_protocol::{DeviceId, Epoch, NodeId, Seq, UnixMillis, UserId};
use tokio::{
    sync::mpsc::Receiver,
    time::{Instant, sleep},
};

use super::{
    activity::ActivityLog,
    lease,
    limits::{DIRECTORY_SHARDS, DRAIN_BATCH, DRAIN_PAUSE, DRAIN_POLL, EVERYONE_BATCH, EVERYONE_PAUSE, LEASE},
    strangers::{Stranger, Strangers},
    sweep,
    user::{Leave, UserActor, WhoIsLive},
};
use crate::{
    bus::{Bus, BusEvent, Hint},
    clock::{Clock, DatabaseClock},
    entropy::Entropy,
    store::{Changes, DeviceStore, NodeAlive, NodeStore, Revoked, SessionStore, StoreResult, UserStore},
    vault::Vault,
};

/// What the actors ask.
#[derive(Clone, Debug)]
pub struct Ports {
    pub users: Arc<dyn UserStore>,
    pub devices: Arc<dyn DeviceStore>,
    pub sessions: Arc<dyn SessionStore>,
    pub nodes: Arc<dyn NodeStore>,
    pub vault: Arc<dyn Vault>,
    pub bus: Arc<dyn Bus>,
    /// Set by each sweep.
    pub clock: Arc<DatabaseClock>,
    pub entropy: Entropy,
}

/// What an operator may set.
#[derive(Clone, Copy, Debug)]
pub struct Settings {
    pub heartbeat: Duration,
    /// How long an unlocked browser may go on without the server; browsers keep to it.
    pub grace: Duration,
    /// Sockets of one address that have not said hello yet.
    pub strangers_per_address: u32,
}

/// A device with a live socket on this node.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LiveDevice {
    pub device: DeviceId,
    pub acked: Seq,
    pub last_seen: UnixMillis,
}

/// The handle to a node's actors.
#[derive(Clone)]
pub struct Directory(Arc<Node>);

/// What concerns the users of every actor here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Everyone {
    NodeGone(NodeId),
    ReadPresence,
}

/// What every actor of a node shares.
pub(super) struct Node {
    pub(super) ports: Ports,
    pub(super) settings: Settings,
    /// Names this process among the nodes.
    pub(super) id: NodeId,
    pub(super) epoch: Epoch,
    pub(super) activity: ActivityLog,
    shards: [Mutex<HashMap<UserId, Entry>>; DIRECTORY_SHARDS],
    strangers: Arc<Strangers>,
    next_socket: AtomicU64,
    open_sockets: AtomicUsize,
    leaving: AtomicBool,
    draining: AtomicBool,
}

struct Entry {
    actor: Addr<UserActor>,
    /// Sockets that hold a [`Seat`].
    live: u32,
}

impl Directory {
    /// Starts the actors' common parts: the writer of acks, who listens to the bus, and the node's lease. Needs a running
    /// actix system.
    pub async fn start(ports: Ports, settings: Settings, events: Receiver<BusEvent>) -> StoreResult<Self> {
        let id = NodeId::from_uuid(ports.entropy.id(ports.clock.now()));
        // No devices are sent to it before load balancers know that it is there.
        let alive = ports.nodes.renew_lease(id, LEASE, None).await?;
        let node = Node {
            id,
            epoch: ports.users.epoch().await?,
            activity: ActivityLog::new(id, ports.devices.clone(), ports.bus.clone()),
            ports,
            settings,
            shards: std::array::from_fn(|_| Mutex::default()),
            strangers: Strangers::new(settings.strangers_per_address),
            next_socket: AtomicU64::new(0),
            open_sockets: AtomicUsize::new(0),
            leaving: AtomicBool::new(false),
            draining: AtomicBool::new(false),
        };
        let directory = Self(Arc::new(node));
        tokio::spawn(sweep::listen(directory.clone(), events));
        tokio::spawn(lease::keep(directory.clone(), alive.into_iter().map(|node| node.id).collect()));
        let node = directory.0.clone();
        tokio::spawn(async move { node.activity.keep_writing().await });
        Ok(directory)
    }

    /// The user's devices that are connected to this node.
    pub async fn live(&self, user: UserId) -> Vec<LiveDevice> {
        let actor = self.0.shard(user).get(&user).map(|entry| entry.actor.clone());
        match actor {
            Some(actor) => actor.send(WhoIsLive).await.unwrap_or_default(),
            None => Vec::new(),
        }
    }

    /// Has the user's actor look at the database, if there is one here. One that does not fit into its mailbox is made up
    /// for by the next sweep.
    pub fn wake(&self, hint: Hint) {
        if let Some(entry) = self.0.shard(hint.user).get(&hint.user) {
            entry.actor.try_send(super::user::Wake(hint.news)).ok();
        }
    }

    /// Has the user's actor tell devices that this node removed, without waiting for the look that the hint brings about.
    /// What does not fit into its mailbox is left to that look.
    pub fn removed(&self, user: UserId, revoked: &Revoked) {
        if let Some(entry) = self.0.shard(user).get(&user) {
            for device in &revoked.devices {
                let removed = Removed { device: device.id, reason: revoked.reason, at: revoked.at };
                entry.actor.try_send(super::user::WasRemoved(removed)).ok();
            }
        }
    }

    /// Sockets that are open on this node, strangers too.
    pub fn sockets(&self) -> usize {
        self.0.open_sockets.load(Ordering::Relaxed)
    }

    /// From now on the node is not ready for more. It still takes who comes: they were sent before others knew.
    pub fn announce_leaving(&self) {
        self.0.leaving.store(true, Ordering::Relaxed);
    }

    pub fn is_leaving(&self) -> bool {
        self.0.leaving.load(Ordering::Relaxed)
    }

    /// Whether devices are being sent away.
    pub fn is_draining(&self) -> bool {
        self.0.draining.load(Ordering::Relaxed)
    }

    /// Sends every device away: each is told when to come back, spread over `spread`. Ends when the last socket is gone,
    /// or after `deadline`.
    pub async fn drain(&self, spread: Duration, deadline: Duration) {
        self.0.draining.store(true, Ordering::Relaxed);
        let until = Instant::now() + deadline;
        self.send_away(usize::MAX, spread).await;
        while self.sockets() > 0 && Instant::now() < until {
            sleep(DRAIN_POLL).await;
        }
    }

    /// Tells some devices when to come back, within `spread`, and how many it told. They are not the same each time.
    pub(super) async fn send_away(&self, at_most: usize, spread: Duration) -> usize {
        let mut actors = self.actors();
        let from = usize::from_le_bytes(self.0.ports.entropy.bytes()) % actors.len().max(1);
        actors.rotate_left(from);
        let mut sent = 0;
        for batch in actors.chunks(DRAIN_BATCH) {
            for actor in batch {
                if sent == at_most {
                    return sent;
                }
                // An actor that is gone has no sockets.
                sent += actor.send(Leave { spread, at_most: at_most - sent }).await.unwrap_or(0);
            }
            sleep(DRAIN_PAUSE).await;
        }
        sent
    }

    /// Writes down what its devices did last, and that this node is not alive any more. Call it when the sockets are gone.
    pub async fn leave(&self) {
        self.0.activity.write().await;
        if let Err(error) = self.0.ports.nodes.end_lease(self.0.id).await {
            tracing::warn!(%error, "the others will notice only by the end of the lease that this node left");
        }
    }

    /// A place for a socket that has not said hello, if its address has one left.
    pub fn admit_stranger(&self, address: IpAddr) -> Option<Stranger> {
        self.0.strangers.admit(address)
    }

    /// Counts a socket for as long as the guard lives.
    pub fn open_socket(&self) -> OpenSocket {
        self.0.open_sockets.fetch_add(1, Ordering::Relaxed);
        OpenSocket(self.0.clone())
    }

    pub(super) fn node(&self) -> &Arc<Node> {
        &self.0
    }

    pub(super) fn clock(&self) -> &DatabaseClock {
        &self.0.ports.clock
    }

    pub(super) fn bus_is_blind(&self) -> bool {
        self.0.ports.bus.is_blind()
    }

    /// All nodes that are alive. They learn how many devices this one has, or that it wants no more because it leaves.
    pub(super) async fn renew_lease(&self, lease: Duration) -> StoreResult<Vec<NodeAlive>> {
        let devices = (!self.is_leaving()).then(|| self.devices());
        self.0.ports.nodes.renew_lease(self.0.id, lease, devices).await
    }

    /// Sockets that said hello. Strangers are no load that could be sent elsewhere.
    pub(super) fn devices(&self) -> usize {
        let on = |shard: &Mutex<HashMap<UserId, Entry>>| {
            lock(shard).values().map(|entry| entry.live as usize).sum::<usize>()
        };
        self.0.shards.iter().map(on).sum()
    }

    /// Tells every user's actor. One whose mailbox is full is waited for: there is no second word about a node.
    pub(super) async fn tell_everyone(&self, news: Everyone) {
        for batch in self.actors().chunks(EVERYONE_BATCH) {
            for actor in batch {
                // An actor that is gone has nobody to show it to.
                actor.send(super::user::Concerns(news)).await.ok();
            }
            sleep(EVERYONE_PAUSE).await;
        }
    }

    fn actors(&self) -> Vec<Addr<UserActor>> {
        let on = |shard: &Mutex<HashMap<UserId, Entry>>| -> Vec<_> {
            lock(shard).values().map(|entry| entry.actor.clone()).collect()
        };
        self.0.shards.iter().flat_map(on).collect()
    }

    pub(super) async fn changed_since(&self, since: UnixMillis) -> StoreResult<Changes> {
        self.0.ports.users.changed_since(since).await
    }
}

impl Node {
    /// Finds the user's actor, or starts it on this thread, and takes a seat with it.
    pub(super) fn join(self: &Arc<Self>, user: UserId) -> Seat {
        let mut shard = self.shard(user);
        let entry = shard.entry(user).or_insert_with(|| {
            self.ports.bus.subscribe(user);
            Entry { actor: UserActor::new(self.clone(), user).start(), live: 0 }
        });
        entry.live += 1;
        Seat { node: self.clone(), user, actor: entry.actor.clone() }
    }

    /// Takes the user's actor out, unless somebody holds a seat. `true`: nobody can find it any more.
    pub(super) fn retire(&self, user: UserId) -> bool {
        let mut shard = self.shard(user);
        let idle = shard.get(&user).is_some_and(|entry| entry.live == 0);
        if idle {
            shard.remove(&user);
            self.ports.bus.unsubscribe(user);
        }
        idle
    }

    pub(super) fn next_socket(&self) -> SocketId {
        SocketId(self.next_socket.fetch_add(1, Ordering::Relaxed))
    }

    pub(super) fn is_draining(&self) -> bool {
        self.draining.load(Ordering::Relaxed)
    }

    fn shard(&self, user: UserId) -> MutexGuard<'_, HashMap<UserId, Entry>> {
        let mut hasher = DefaultHasher::new();
        user.hash(&mut hasher);
        let index = hasher.finish() % DIRECTORY_SHARDS as u64;
        lock(&self.shards[usize::try_from(index).unwrap_or(0)])
    }
}

/// A panic elsewhere leaves the map whole: every change to it is one step.
fn lock<T>(shard: &Mutex<T>) -> MutexGuard<'_, T> {
    shard.lock().unwrap_or_else(PoisonError::into_inner)
}

/// While it is held, the user's actor can be found.
pub(super) struct Seat {
    node: Arc<Node>,
    user: UserId,
    pub(super) actor: Addr<UserActor>,
}

impl Drop for Seat {
    fn drop(&mut self) {
        if let Some(entry) = self.node.shard(self.user).get_mut(&self.user) {
            entry.live -= 1;
        }
    }
}

/// Counts one open socket.
pub struct OpenSocket(Arc<Node>);

impl Drop for OpenSocket {
    fn drop(&mut self) {
        self.0.open_sockets.fetch_sub(1, Ordering::Relaxed);
    }
}

impl fmt::Debug for OpenSocket {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("OpenSocket")
    }
}

impl fmt::Debug for Directory {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Directory({} sockets)", self.sockets())
    }
}
