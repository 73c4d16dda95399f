//! How a node hears that a user changed: from the bus at once, and, because hints may be lost, from the database at the
//! latest one interval later.

use std::{collections::HashSet, time::Duration};

use keyleash_protocol::{Seq, UnixMillis, UserId};
use tokio::{
    sync::mpsc::Receiver,
    time::{Instant, sleep, sleep_until},
};

use super::{
    budget::HintBudget,
    directory::Directory,
    limits::{EVERYONE_BATCH, EVERYONE_PAUSE, SWEEP_EVERY, SWEEP_EVERY_BLIND, SWEEP_OVERLAP, SWEEP_PAUSE},
};
use crate::{
    bus::{BusEvent, Hint},
    clock::DatabaseClock,
    store::Changes,
    telemetry::FIGURES,
};

/// Runs until the bus is closed.
pub(super) async fn listen(directory: Directory, mut events: Receiver<BusEvent>) {
    let mut sweep = Sweep::default();
    let (mut due, mut earliest) = (Instant::now(), Instant::now());
    let mut budget = HintBudget::new(Instant::now());
    loop {
        tokio::select! {
            event = events.recv() => match event {
                Some(BusEvent::Hint(hint)) if budget.spend(Instant::now()) => directory.wake(hint),
                Some(BusEvent::Hint(_) | BusEvent::Missed) => due = due.min(earliest),
                None => return,
            },
            () = sleep_until(due) => {
                sweep.run(&directory).await;
                earliest = Instant::now() + SWEEP_PAUSE;
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
    looks: Looks,
    /// What the last one found: the next one finds most of it again.
    known: HashSet<(UserId, Seq)>,
    known_presence: HashSet<(UserId, UnixMillis)>,
    /// When the last one that worked began.
    worked: Option<Instant>,
}

impl Sweep {
    async fn run(&mut self, directory: &Directory) {
        let began = Instant::now();
        let asking = DatabaseClock::asking();
        match directory.changed_since(self.looks.next_since()).await {
            Ok(Changes { now, users, presence }) => {
                directory.clock().learn(&asking, now);
                self.worked = Some(began);
                for &(user, seq) in users.iter().filter(|change| !self.known.contains(change)) {
                    directory.wake(Hint::changed(user, seq));
                }
                let moved = presence.iter().filter(|moved| !self.known_presence.contains(moved));
                let hints = moved.map(|(user, _)| Hint::presence(*user)).collect();
                tokio::spawn(wake_in_batches(directory.clone(), hints));
                self.looks.reached(now);
                self.known = users.into_iter().collect();
                self.known_presence = presence.into_iter().collect();
            }
            Err(error) => tracing::warn!(%error, "the sweep could not look"),
        }
        let lag = self.worked.map_or(Duration::ZERO, |worked| worked.elapsed());
        FIGURES.sweep_lag_seconds.set(lag.as_secs_f64());
    }
}

/// After many devices moved at once, the looks at them come in a stream, not in a flood.
async fn wake_in_batches(directory: Directory, hints: Vec<Hint>) {
    for batch in hints.chunks(EVERYONE_BATCH) {
        for hint in batch {
            directory.wake(*hint);
        }
        sleep(EVERYONE_PAUSE).await;
    }
}

/// How far the last two looks that worked reached, by the database's clock.
///
/// A change bears the time at which it was made, and can be seen only once it is committed. In good times the overlap is
/// longer than that takes. When the database stood still it may take as long as that lasted: a COMMIT that was on its way is
/// carried out when it goes on, and the first look after it can be just before that. So the look after that one still goes
/// back to before it stood still.
#[derive(Debug, Default)]
struct Looks {
    last: Option<UnixMillis>,
    before: Option<UnixMillis>,
}

impl Looks {
    fn next_since(&self) -> UnixMillis {
        let overlap = i64::try_from(SWEEP_OVERLAP.as_millis()).unwrap_or(i64::MAX);
        // Before the first one nobody here knows of anything.
        self.before.or(self.last).map_or(UnixMillis(i64::MAX), |at| UnixMillis(at.0.saturating_sub(overlap)))
    }

    fn reached(&mut self, now: UnixMillis) {
        self.before = self.last.replace(now);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The database stands still for a minute with a COMMIT on its way, which is carried out after the next look.
    #[test]
    fn a_change_that_an_outage_held_up_is_found() {
        let mut looks = Looks::default();
        assert_eq!(looks.next_since(), UnixMillis(i64::MAX));
        let (began, made, ended) = (UnixMillis(1_000_000), UnixMillis(1_000_100), UnixMillis(1_060_000));
        looks.reached(began);
        assert!(looks.next_since() < made);
        looks.reached(ended);
        assert!(looks.next_since() < made, "the first look may have been too early");
        looks.reached(UnixMillis(ended.0 + 5_000));
        assert!(looks.next_since() > began, "it does not look back for ever");
    }
}
