//! Acks, signs of life, comings and goings on their way into the store: collected, the newest of each device, and written
//! together. A push never waits for them. What could not be written is kept and written later: a device that left while
//! the database was away is not online for ever.

use std::{
    collections::{HashMap, HashSet},
    mem,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use keyleash_protocol::{DeviceId, NodeId, UserId};
use tokio::{sync::Notify, time::sleep};

use super::limits::{ACTIVITY_BATCH, ACTIVITY_DEVICES_MAX, ACTIVITY_EVERY};
use crate::{
    bus::{Bus, Hint},
    store::{Activity, DeviceStore},
};

/// One device's news.
#[derive(Clone, Copy, Debug)]
pub(super) struct Note {
    pub(super) user: UserId,
    pub(super) activity: Activity,
    /// An ack that is not only a sign of life.
    pub(super) caught_up: bool,
}

/// Collects for the node's one writer.
#[derive(Debug)]
pub(super) struct ActivityLog {
    node: NodeId,
    devices: Arc<dyn DeviceStore>,
    bus: Arc<dyn Bus>,
    waiting: Mutex<HashMap<DeviceId, Note>>,
    some: Notify,
    /// Held by who writes: two at once could write the older after the newer.
    writing: tokio::sync::Mutex<()>,
}

impl Note {
    /// Whether others would see a difference.
    fn is_visible(&self) -> bool {
        self.caught_up || self.activity.step.is_some()
    }

    /// This one, and then `later`.
    fn then(self, later: Self) -> Self {
        Self {
            user: self.user,
            activity: self.activity.then(later.activity),
            caught_up: self.caught_up || later.caught_up,
        }
    }
}

impl ActivityLog {
    pub(super) fn new(node: NodeId, devices: Arc<dyn DeviceStore>, bus: Arc<dyn Bus>) -> Self {
        Self {
            node,
            devices,
            bus,
            waiting: Mutex::default(),
            some: Notify::new(),
            writing: tokio::sync::Mutex::default(),
        }
    }

    pub(super) fn note(&self, note: Note) {
        let mut waiting = self.waiting();
        let device = note.activity.device;
        if let Some(known) = waiting.get_mut(&device) {
            *known = known.then(note);
        } else if waiting.len() < ACTIVITY_DEVICES_MAX {
            waiting.insert(device, note);
        } else {
            tracing::warn!("what a device did was not remembered: too many others wait to be written");
        }
        self.some.notify_one();
    }

    /// Writes now and then, for as long as the node lives.
    pub(super) async fn keep_writing(&self) {
        loop {
            self.some.notified().await;
            sleep(ACTIVITY_EVERY).await;
            self.write().await;
        }
    }

    /// Writes everything that waits, or keeps it.
    pub(super) async fn write(&self) {
        let _writing = self.writing.lock().await;
        let mut notes: Vec<Note> = mem::take(&mut *self.waiting()).into_values().collect();
        // One order for all nodes: two batches with the same devices do not wait for each other.
        notes.sort_unstable_by_key(|note| note.activity.device);
        for batch in notes.chunks(ACTIVITY_BATCH) {
            let activities: Vec<Activity> = batch.iter().map(|note| note.activity).collect();
            match self.devices.record_activity(self.node, &activities).await {
                Ok(()) => self.tell_others(batch).await,
                Err(error) => {
                    tracing::warn!(%error, "what {} devices did was not written; trying again", batch.len());
                    self.put_back(batch);
                }
            }
        }
    }

    /// Signs of life are not kept: the next one makes up for them.
    fn put_back(&self, batch: &[Note]) {
        let mut waiting = self.waiting();
        for note in batch.iter().filter(|note| note.is_visible()) {
            let newest = waiting.get(&note.activity.device).map_or(*note, |later| note.then(*later));
            waiting.insert(note.activity.device, newest);
        }
        self.some.notify_one();
    }

    async fn tell_others(&self, batch: &[Note]) {
        let users: HashSet<UserId> = batch.iter().filter(|note| note.is_visible()).map(|note| note.user).collect();
        for user in users {
            if let Err(error) = self.bus.publish(Hint::presence(user)).await {
                tracing::debug!(%error, "a hint was not published; the sweep makes up for it");
            }
        }
    }

    /// A panic elsewhere leaves the map whole: every change to it is one step.
    fn waiting(&self) -> MutexGuard<'_, HashMap<DeviceId, Note>> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
