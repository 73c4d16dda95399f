//! Nodes that are alive, by leases on the database's clock.

use std::{fmt::Debug, time::Duration};

use async_trait::async_trait;
use keyleash_protocol::NodeId;

use super::StoreResult;

/// A node as it was when it renewed its lease.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NodeAlive {
    pub id: NodeId,
    /// Connected to it; `None` if it wants no more.
    pub devices: Option<usize>,
}

#[async_trait]
pub trait NodeStore: Debug + Send + Sync {
    /// From now on the node is alive for this long, with so many devices, or `None` if it wants no more of them. All that
    /// are alive, this one too.
    async fn renew_lease(&self, node: NodeId, lease: Duration, devices: Option<usize>) -> StoreResult<Vec<NodeAlive>>;

    /// The node leaves: what it wrote down about its devices is void from now on.
    async fn end_lease(&self, node: NodeId) -> StoreResult<()>;
}
