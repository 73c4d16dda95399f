//! How often something was tried; counted before it is judged.

use std::fmt::Debug;

use async_trait::async_trait;
use keyleash_domain::attempts::{Attempts, Decision, Policy};
use keyleash_protocol::UnixMillis;

use super::StoreResult;

#[async_trait]
pub trait AttemptStore: Debug + Send + Sync {
    /// Decides by `policy` and, if it may be tried, stores the count before it is tried. One transaction, so that two
    /// nodes cannot both use the last free try.
    async fn begin_attempt(&self, key: &str, policy: &Policy, now: UnixMillis) -> StoreResult<Decision>;

    async fn attempts(&self, key: &str) -> StoreResult<Option<Attempts>>;

    async fn clear_attempts(&self, key: &str) -> StoreResult<()>;

    /// Deletes what no policy remembers any more, and links and sessions that ended before `before`.
    async fn forget_before(&self, before: UnixMillis) -> StoreResult<u64>;
}
