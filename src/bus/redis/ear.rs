//! What a connection's messages come to. It is called on the connection's own task, so it never waits.

use std::{
    str,
    sync::{
        Arc,
        atomic::{AtomicI64, Ordering},
    },
};

use redis::{PushInfo, PushKind, Value, aio::SendError};
use tokio::sync::{Notify, watch};

use super::words::{self, NodeName};
use crate::{bus::outlet::Outlet, telemetry::FIGURES};

#[derive(Debug)]
pub(super) struct Ear {
    node: NodeName,
    outlet: Outlet,
    /// Of each link, the last beat of its canary that was heard.
    beats: watch::Sender<Vec<u64>>,
    /// Unsubscriptions that were asked for and are not confirmed yet.
    leaving: AtomicI64,
    broken: Notify,
}

impl Ear {
    pub(super) fn new(node: NodeName, outlet: Outlet, links: usize) -> Self {
        let beats = watch::Sender::new(vec![0; links]);
        Self { node, outlet, beats, leaving: AtomicI64::new(0), broken: Notify::new() }
    }

    /// What the link's connection calls with each message.
    pub(super) fn of_link(
        self: &Arc<Self>,
        link: usize,
        canary: String,
    ) -> impl Fn(PushInfo) -> Result<(), SendError> + use<> {
        let ear = self.clone();
        move |push| {
            ear.hear(link, &canary, &push);
            Ok(())
        }
    }

    fn hear(&self, link: usize, canary: &str, push: &PushInfo) {
        match push.kind {
            PushKind::Message | PushKind::SMessage => match push.data.as_slice() {
                [Value::BulkString(channel), Value::BulkString(payload)] if channel == canary.as_bytes() => {
                    self.hear_canary(link, payload);
                }
                [Value::BulkString(channel), Value::BulkString(payload)] => self.hear_hint(channel, payload),
                _ => {
                    FIGURES.hints_refused.inc();
                }
            },
            // A cluster takes the subscriptions of a slot away when it moves the slot.
            PushKind::Unsubscribe | PushKind::SUnsubscribe if !self.was_asked_to_leave() => self.broken.notify_one(),
            PushKind::Disconnection => self.broken.notify_one(),
            _ => {}
        }
    }

    fn was_asked_to_leave(&self) -> bool {
        self.leaving.fetch_sub(1, Ordering::AcqRel) > 0
    }

    fn hear_canary(&self, link: usize, payload: &[u8]) {
        if let Some(beat) = str::from_utf8(payload).ok().and_then(|text| text.parse::<u64>().ok()) {
            self.beats.send_modify(|beats| beats[link] = beats[link].max(beat));
        }
    }

    fn hear_hint(&self, channel: &[u8], payload: &[u8]) {
        match words::read(channel, payload) {
            // This node's own took the short way.
            Some((from, _)) if from == self.node => {}
            Some((_, hint)) => {
                FIGURES.hints_heard.inc();
                // When nobody listens any more, the node is stopping.
                let _ = self.outlet.deliver(hint);
            }
            None => {
                FIGURES.hints_refused.inc();
            }
        }
    }

    /// That many unsubscriptions are about to be asked for.
    pub(super) fn expect_to_leave(&self, channels: usize) {
        self.leaving.fetch_add(i64::try_from(channels).unwrap_or(i64::MAX), Ordering::AcqRel);
    }

    /// Waits until this beat was heard on every link.
    pub(super) async fn heard(&self, beat: u64) {
        // The sender lives as long as `self`, so there is no other end to the wait.
        let _ = self.beats.subscribe().wait_for(|beats| beats.iter().all(|heard| *heard >= beat)).await;
    }

    /// Waits until a connection broke or lost a subscription.
    pub(super) async fn broken(&self) {
        self.broken.notified().await;
    }
}
