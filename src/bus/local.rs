//! Adapter: the bus of a node that is alone. Hints go through this process only.

use std::{
    collections::HashSet,
    sync::{Mutex, PoisonError},
};

use async_trait::async_trait;
use keyleash_protocol::UserId;
use tokio::sync::mpsc::Sender;

use super::{Bus, BusError, BusEvent, Hint, outlet::Outlet};

#[derive(Debug)]
pub struct LocalBus {
    outlet: Outlet,
    subscribed: Mutex<HashSet<UserId>>,
}

impl LocalBus {
    /// Delivers into `events`; its capacity is how many hints may wait.
    pub fn new(events: Sender<BusEvent>) -> Self {
        Self { outlet: Outlet::new(events), subscribed: Mutex::default() }
    }

    fn subscribed(&self) -> std::sync::MutexGuard<'_, HashSet<UserId>> {
        self.subscribed.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[async_trait]
impl Bus for LocalBus {
    async fn publish(&self, hint: Hint) -> Result<(), BusError> {
        if !self.subscribed().contains(&hint.user) {
            return Ok(());
        }
        let closed = |source| BusError { operation: "hand a hint to this node", source };
        self.outlet.deliver(hint).map_err(|error| closed(error.into()))
    }

    fn subscribe(&self, user: UserId) {
        self.subscribed().insert(user);
    }

    fn unsubscribe(&self, user: UserId) {
        self.subscribed().remove(&user);
    }

    fn is_blind(&self) -> bool {
        self.outlet.is_closed()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::bus::conformance;

    #[tokio::test]
    async fn keeps_the_promises_of_a_bus() {
        conformance::check(|events| Arc::new(LocalBus::new(events))).await;
    }
}
