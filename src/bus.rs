//! Port: how nodes tell each other that there is something new about a user.
//!
//! A hint carries no secret and may be lost, doubled, late or forged: whoever hears it reads the database. Nothing but
//! latency depends on it.

use std::{error::Error, fmt::Debug};

use async_trait::async_trait;
use keyleash_protocol::{Seq, UserId};

#[cfg(test)]
mod conformance;
pub mod local;
mod outlet;
pub mod redis;

/// That there is something new about a user.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Hint {
    pub user: UserId,
    pub news: HintNews,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HintNews {
    /// "User U is now at seq N."
    Changed(Seq),
    /// A device of the user's came, went, or caught up.
    Presence,
}

impl Hint {
    pub const fn changed(user: UserId, seq: Seq) -> Self {
        Self { user, news: HintNews::Changed(seq) }
    }

    pub const fn presence(user: UserId) -> Self {
        Self { user, news: HintNews::Presence }
    }
}

/// What a node hears. Delivered through the bounded channel that an adapter is made with; hints that do not fit are
/// dropped and replaced by one [`BusEvent::Missed`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BusEvent {
    Hint(Hint),
    /// Hints may have been lost: look at the database (the sweep does).
    Missed,
}

#[derive(Debug, thiserror::Error)]
#[error("the bus is unavailable ({operation})")]
pub struct BusError {
    pub operation: &'static str,
    pub source: Box<dyn Error + Send + Sync>,
}

#[async_trait]
pub trait Bus: Debug + Send + Sync {
    /// Tells every node that subscribed to the user. Call it after the change is committed; an error costs latency only.
    async fn publish(&self, hint: Hint) -> Result<(), BusError>;

    /// From now on hints about this user are delivered to this node. Does not wait.
    fn subscribe(&self, user: UserId);

    fn unsubscribe(&self, user: UserId);

    /// Whether hints are known not to arrive at present; the sweep runs faster then.
    fn is_blind(&self) -> bool;
}
