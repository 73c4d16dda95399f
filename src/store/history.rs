//! The security log.

use std::fmt::Debug;

use async_trait::async_trait;
use keyleash_protocol::{DeviceId, EventId, UnixMillis, UserId, http::EventKind};

use super::{StoreResult, Trail};

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Event {
    pub id: EventId,
    pub at: UnixMillis,
    pub kind: EventKind,
    pub device: Option<DeviceId>,
    pub address: Option<String>,
    pub detail: String,
}

#[async_trait]
pub trait HistoryStore: Debug + Send + Sync {
    /// Newest first; of these kinds only, if any are named.
    async fn events(
        &self,
        user: UserId,
        before: Option<EventId>,
        kinds: Option<&[EventKind]>,
        limit: u32,
    ) -> StoreResult<Vec<Event>>;

    async fn record(&self, user: UserId, trail: Trail) -> StoreResult<()>;
}
