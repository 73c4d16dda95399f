//! The node's time with Redis: connect, subscribe, publish, listen, until something breaks; then the same again.

use std::{convert::Infallible, future::pending, sync::Arc, time::Duration};

use keyleash_protocol::UserId;
use tokio::{
    sync::mpsc::Receiver,
    time::{sleep, timeout},
};

use super::{
    BEAT, PAUSE_FIRST, PAUSE_LONGEST, PUBLISH_BATCH, RedisBusError, SILENCE_MAX, SUBSCRIBE_BATCH, Shared,
    ear::Ear,
    links::{Links, Place},
    words,
};
use crate::{
    bus::Hint,
    entropy::Entropy,
    telemetry::{ByOutcome, FIGURES, Outcome},
};

/// The one task of a node's bus. `hints` are to be published.
pub(super) async fn run(shared: Arc<Shared>, mut place: Place, mut hints: Receiver<Hint>, entropy: Entropy) {
    let (mut beat, mut pause) = (0, PAUSE_FIRST);
    loop {
        let Err(error) = session(&shared, &mut place, &mut hints, &mut beat).await;
        shared.wanted().rest();
        if shared.lose_sight(&error) {
            pause = PAUSE_FIRST;
        }
        sleep(jittered(pause, &entropy)).await;
        pause = (pause * 2).min(PAUSE_LONGEST);
    }
}

/// Ends when something breaks. `beat` counts what the canary said.
async fn session(
    shared: &Shared,
    place: &mut Place,
    hints: &mut Receiver<Hint>,
    beat: &mut u64,
) -> Result<Infallible, RedisBusError> {
    let (links, ear) = place.open(shared.node, &shared.outlet).await?;
    let mut subscriber = Subscriber { shared, links: &links, ear: &ear };
    let canaries: Vec<String> = links.canaries().collect();
    links.subscribe(&canaries).await?;
    shared.wanted().begin();
    subscriber.catch_up().await?;
    tokio::select! {
        ended = subscriber.keep_up() => ended,
        ended = publish(shared, &links, hints) => ended,
        ended = watch(shared, &links, &ear, beat) => ended,
        () = ear.broken() => Err(RedisBusError::Broken),
    }
}

async fn watch(shared: &Shared, links: &Links, ear: &Ear, beat: &mut u64) -> Result<Infallible, RedisBusError> {
    loop {
        *beat += 1;
        hear_canaries(links, ear, *beat).await?;
        shared.gain_sight();
        sleep(BEAT).await;
    }
}

/// Speaks on the node's own channels, and waits until it hears itself.
pub(super) async fn hear_canaries(links: &Links, ear: &Ear, beat: u64) -> Result<(), RedisBusError> {
    let messages: Vec<_> = links.canaries().map(|canary| (canary, beat.to_string())).collect();
    links.publish(&messages).await?;
    timeout(SILENCE_MAX, ear.heard(beat)).await.map_err(|_| RedisBusError::Deaf)
}

/// Brings the subscriptions to what is wanted.
struct Subscriber<'a> {
    shared: &'a Shared,
    links: &'a Links,
    ear: &'a Ear,
}

impl Subscriber<'_> {
    async fn keep_up(&mut self) -> Result<Infallible, RedisBusError> {
        loop {
            self.shared.wanted_changed.notified().await;
            self.catch_up().await?;
        }
    }

    async fn catch_up(&mut self) -> Result<(), RedisBusError> {
        let (come, gone) = self.shared.wanted().take_changes();
        for users in come.chunks(SUBSCRIBE_BATCH) {
            self.links.subscribe(&channels(users)).await?;
        }
        for users in gone.chunks(SUBSCRIBE_BATCH) {
            self.ear.expect_to_leave(users.len());
            self.links.unsubscribe(&channels(users)).await?;
        }
        Ok(())
    }
}

fn channels(users: &[UserId]) -> Vec<String> {
    users.iter().copied().map(words::channel).collect()
}

/// Publishes what waits, all that is there in one round trip.
async fn publish(shared: &Shared, links: &Links, hints: &mut Receiver<Hint>) -> Result<Infallible, RedisBusError> {
    let mut waiting = Vec::new();
    while hints.recv_many(&mut waiting, PUBLISH_BATCH).await > 0 {
        let message = |hint: Hint| (words::channel(hint.user), words::payload(shared.node, hint.news));
        let messages: Vec<_> = waiting.drain(..).map(message).collect();
        let published = links.publish(&messages).await;
        let outcome = if published.is_ok() { Outcome::Ok } else { Outcome::Unavailable };
        FIGURES.hints_published.get_or_create(&ByOutcome { outcome }).inc_by(messages.len() as u64);
        published?;
    }
    // Nobody can publish any more: the node is stopping, and this task with it.
    pending().await
}

/// Between half of it and all of it, so that nodes that lost the same Redis do not come back in step.
fn jittered(pause: Duration, entropy: &Entropy) -> Duration {
    pause.mul_f64(0.5 + f64::from(u16::from_ne_bytes(entropy.bytes())) / f64::from(u16::MAX) / 2.0)
}
