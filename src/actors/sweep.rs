//! How a node hears that a user changed: from the bus at once, and, because hints may be lost, from the database at the
//! latest one interval later.

use std::{collections::HashSet, time::Duration};

use keyleash_protocol::{Seq, UnixMillis, UserId};
use tokio::{
    sync::mpsc::Receiver,
    time::{Instant, sleep_until},
};

use super::{
    directory::Directory,
    limits::{SWEEP_EVERY, SWEEP_EVERY_BLIND, SWEEP_OVERLAP},
};
use crate::bus::{BusEvent, Hint};

/// Runs until the bus is closed.
pub(super) async fn listen(directory: Directory, mut events: Receiver<BusEvent>) {
    let mut sweep = Sweep::default();
    let mut due = Instant::now();
    loop {
        tokio::select! {
            event = events.recv() => match event {
                Some(BusEvent::Hint(hint)) => directory.wake(hint),
                Some(BusEvent::Missed) => due = Instant::now(),
                None => return,
            },
            () = sleep_until(due) => {
                sweep.run(&directory).await;
                due = Instant::now() + interval(directory.bus_is_blind());
            }
        }
    }
}

fn interval(blind: bool) -> Duration {
    if blind { SWEEP_EVERY_BLIND } else { SWEEP_EVERY }
}

#[derive(Debug, Default)]
struct Sweep {
    /// By the database's clock; `None`: it was not asked yet, and nobody here knows of anything before.
    reached: Option<UnixMillis>,
    /// What the last one found: the overlap shows it again.
    known: HashSet<(UserId, Seq)>,
}

impl Sweep {
    async fn run(&mut self, directory: &Directory) {
        let overlap = i64::try_from(SWEEP_OVERLAP.as_millis()).unwrap_or(i64::MAX);
        let since = self.reached.map_or(UnixMillis(i64::MAX), |reached| UnixMillis(reached.0.saturating_sub(overlap)));
        match directory.changed_since(since).await {
            Ok((now, changed)) => {
                for &(user, seq) in changed.iter().filter(|change| !self.known.contains(change)) {
                    directory.wake(Hint::changed(user, seq));
                }
                self.reached = Some(now);
                self.known = changed.into_iter().collect();
            }
            Err(error) => tracing::warn!(%error, "the sweep could not look"),
        }
    }
}
