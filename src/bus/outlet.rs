//! Where an adapter delivers what it hears: never waits, and turns what does not fit into one [`BusEvent::Missed`].

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

use tokio::sync::mpsc::{
    Sender,
    error::{SendError, TrySendError},
};

use super::{BusEvent, Hint};

#[derive(Clone, Debug)]
pub(super) struct Outlet {
    events: Sender<BusEvent>,
    /// A [`BusEvent::Missed`] waits for room in the channel.
    missed: Arc<AtomicBool>,
}

impl Outlet {
    pub(super) fn new(events: Sender<BusEvent>) -> Self {
        Self { events, missed: Arc::default() }
    }

    /// Fails when nobody listens any more.
    pub(super) fn deliver(&self, hint: Hint) -> Result<(), SendError<BusEvent>> {
        match self.events.try_send(BusEvent::Hint(hint)) {
            Ok(()) => Ok(()),
            Err(TrySendError::Full(_)) => {
                self.report_missed();
                Ok(())
            }
            Err(TrySendError::Closed(event)) => Err(SendError(event)),
        }
    }

    /// Tells, as soon as there is room, that hints may have been lost.
    pub(super) fn report_missed(&self) {
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

    pub(super) fn is_closed(&self) -> bool {
        self.events.is_closed()
    }
}
