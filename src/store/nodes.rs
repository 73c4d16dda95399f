//! Nodes that are alive, by leases on the database's clock.

use std::{fmt::Debug, time::Duration};

use async_trait::async_trait;
use keyleash_protocol::NodeId;

use super::StoreResult;

#[async_trait]
pub trait NodeStore: Debug + Send + Sync {
    /// From now on the node is alive for this long. All that are, this one too.
    async fn renew_lease(&self, node: NodeId, lease: Duration) -> StoreResult<Vec<NodeId>>;

    /// The node leaves: what it wrote down about its devices is void from now on.
    async fn end_lease(&self, node: NodeId) -> StoreResult<()>;
}
