//! Nodes' leases, and what nodes write down about their devices.

use std::time::Duration;

use keyleash_protocol::NodeId;
use sqlx::{query, query_as};

use super::{
    driver::for_every_driver,
    rows::{Fault, parse},
    transaction::Writing,
};
use crate::store::{Activity, NodeAlive, NodeStore, Step, StoreResult};

for_every_driver! {
impl NodeStore for SqlStore {
    async fn renew_lease(
        &self,
        node: NodeId,
        lease: Duration,
        devices: Option<usize>,
    ) -> StoreResult<Vec<NodeAlive>> {
        self.run("renew this node's lease", || async {
            let mut tx = self.begin().await?;
            query(
                "INSERT INTO nodes (id, alive_until, devices) SELECT $1, now_ms + $2, $3 FROM clock WHERE TRUE
                 ON CONFLICT (id) DO UPDATE SET alive_until = excluded.alive_until, devices = excluded.devices",
            )
            .bind(node.to_string())
            .bind(i64::try_from(lease.as_millis()).unwrap_or(i64::MAX))
            .bind(devices.map(|devices| i64::try_from(devices).unwrap_or(i64::MAX)))
            .execute(&mut *tx.0)
            .await?;
            let alive: Vec<(String, Option<i64>)> =
                query_as("SELECT id, devices FROM nodes WHERE alive_until > (SELECT now_ms FROM clock)")
                    .fetch_all(&mut *tx.0)
                    .await?;
            tx.commit().await?;
            let node_alive = |(id, devices): &(String, Option<i64>)| {
                Ok(NodeAlive { id: parse(id)?, devices: devices.and_then(|devices| usize::try_from(devices).ok()) })
            };
            alive.iter().map(node_alive).collect()
        })
        .await
    }

    async fn end_lease(&self, node: NodeId) -> StoreResult<()> {
        self.run("end this node's lease", || async {
            let mut tx = self.begin().await?;
            query("DELETE FROM nodes WHERE id = $1").bind(node.to_string()).execute(&mut *tx.0).await?;
            tx.commit().await
        })
        .await
    }
}
}

for_every_driver! {
impl Writing<'t> {
    /// One device's part of a batch.
    pub(super) async fn record(&mut self, node: NodeId, activity: &Activity) -> Result<(), Fault> {
        query(
            "UPDATE devices SET last_seen = $3, acked = CASE WHEN acked < $2 THEN $2 ELSE acked END,
             presence_at = CASE WHEN acked < $2 OR $4 THEN (SELECT now_ms FROM clock) ELSE presence_at END
             WHERE id = $1",
        )
        .bind(activity.device.to_string())
        .bind(activity.acked.0)
        .bind(activity.last_seen.0)
        .bind(activity.step.is_some())
        .execute(&mut *self.0)
        .await?;
        match activity.step {
            None => {}
            Some(Step::Came(at)) => {
                query(
                    "UPDATE devices SET node = $2, node_since = $3 WHERE id = $1 AND NOT (
                         node_since IS NOT NULL AND node_since > $3 AND EXISTS (
                             SELECT 1 FROM nodes n
                             WHERE n.id = devices.node AND n.alive_until > (SELECT now_ms FROM clock)))",
                )
                .bind(activity.device.to_string())
                .bind(node.to_string())
                .bind(at.0)
                .execute(&mut *self.0)
                .await?;
            }
            Some(Step::Went) => {
                query("UPDATE devices SET node = NULL WHERE id = $1 AND node = $2")
                    .bind(activity.device.to_string())
                    .bind(node.to_string())
                    .execute(&mut *self.0)
                    .await?;
            }
        }
        Ok(())
    }
}
}
