//! Adapter: the bus of a node that is alone. Hints go through this process only.

use std::{
    collections::HashSet,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
};

use async_trait::async_trait;
use keyleash_protocol::UserId;
use tokio::sync::mpsc::{Sender, error::TrySendError};

use super::{Bus, BusError, BusEvent, Hint};

#[derive(Debug)]
pub struct LocalBus {
    events: Sender<BusEvent>,
    subscribed: Mutex<HashSet<UserId>>,
    /// A [`BusEvent::Missed`] waits for room in the channel.
    missed: Arc<AtomicBool>,
}

impl LocalBus {
    /// Delivers into `events`; its capacity is how many hints may wait.
    pub fn new(events: Sender<BusEvent>) -> Self {
        Self { events, subscribed: Mutex::default(), missed: Arc::default() }
    }

    fn subscribed(&self) -> std::sync::MutexGuard<'_, HashSet<UserId>> {
        self.subscribed.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn report_missed(&self) {
        if !self.missed.swap(true, Ordering::AcqRel) {
            let (events, missed) = (self.events.clone(), self.missed.clone());
            tokio::spawn(async move {
                // A closed channel has nobody left to tell.
                if let Ok(room) = events.reserve().await {
                    missed.store(false, Ordering::Release);
                    room.send(BusEvent::Missed);
                }
            });
        }
    }
}

#[async_trait]
impl Bus for LocalBus {
    async fn publish(&self, hint: Hint) -> Result<(), BusError> {
        if !self.subscribed().contains(&hint.user) {
            return Ok(());
        }
        match self.events.try_send(BusEvent::Hint(hint)) {
            Ok(()) => Ok(()),
            Err(TrySendError::Full(_)) => {
                self.report_missed();
                Ok(())
            }
            Err(closed @ TrySendError::Closed(_)) => {
                Err(BusError { operation: "hand a hint to this node", source: closed.into() })
            }
        }
    }

    fn subscribe(&self, user: UserId) {
        self.subscribed().insert(user);
    }

    fn unsubscribe(&self, user: UserId) {
        self.subscribed().remove(&user);
    }

    fn is_blind(&self) -> bool {
        self.events.is_closed()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bus::conformance;

    #[tokio::test]
    async fn keeps_the_promises_of_a_bus() {
        conformance::check(|events| Arc::new(LocalBus::new(events))).await;
    }
}
