//! Acks and signs of life on their way into the store: collected, the newest of each device, and written together. A push
//! never waits for them, and one that is lost costs nothing.

use std::{collections::HashMap, sync::Arc};

use keyleash_protocol::DeviceId;
use tokio::{
    sync::mpsc::{Receiver, Sender, channel},
    time::timeout,
};

use super::limits::{ACTIVITY_BATCH, ACTIVITY_EVERY, ACTIVITY_QUEUE};
use crate::store::{Activity, DeviceStore};

#[derive(Clone, Debug)]
pub(super) struct ActivityLog(Sender<Activity>);

impl ActivityLog {
    /// Starts the writer; it ends, with everything written, when the last handle is gone.
    pub(super) fn start(devices: Arc<dyn DeviceStore>) -> Self {
        let (sender, receiver) = channel(ACTIVITY_QUEUE);
        tokio::spawn(write(receiver, devices));
        Self(sender)
    }

    pub(super) fn note(&self, activity: Activity) {
        if self.0.try_send(activity).is_err() {
            tracing::debug!("an ack was not remembered: the writer is behind");
        }
    }
}

async fn write(mut activities: Receiver<Activity>, devices: Arc<dyn DeviceStore>) {
    while let Some(first) = activities.recv().await {
        let mut batch = HashMap::from([(first.device, first)]);
        // The time limit ends the collecting; nothing else can go wrong in it.
        let _ = timeout(ACTIVITY_EVERY, collect(&mut activities, &mut batch)).await;
        let batch: Vec<Activity> = batch.into_values().collect();
        if let Err(error) = devices.record_activity(&batch).await {
            tracing::warn!(%error, "acks of {} devices were not written", batch.len());
        }
    }
}

async fn collect(activities: &mut Receiver<Activity>, batch: &mut HashMap<DeviceId, Activity>) {
    while batch.len() < ACTIVITY_BATCH
        && let Some(activity) = activities.recv().await
    {
        let newest = batch.entry(activity.device).or_insert(activity);
        newest.acked = newest.acked.max(activity.acked);
        newest.last_seen = newest.last_seen.max(activity.last_seen);
    }
}
