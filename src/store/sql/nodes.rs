//! Nodes' leases, and what nodes write down about their devices.

use std::time::Duration;

use keyleash_protocol::NodeId;
use sqlx::{query, query_as};

use super::{
    asked::{in_a_row, with_asked},
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

/// Devices in one statement: beyond this the list costs more to take apart than the statement.
const DEVICES_AT_ONCE: usize = 64;

/// What is written down of one device, as [`with_asked`] takes it: its id, and numbers of 16 digits.
fn line(activity: &Activity) -> String {
    let came = match activity.step {
        Some(Step::Came(at)) => at.0,
        Some(Step::Went) | None => 0,
    };
    let step = u8::from(activity.step.is_some());
    format!("{}{:016}{:016}{came:016}{step}", activity.device, activity.acked.0, activity.last_seen.0)
}

for_every_driver! {
impl Writing {
    /// A batch with each device once.
    pub(super) async fn record(&mut self, node: NodeId, batch: &[Activity]) -> Result<(), Fault> {
        for batch in batch.chunks(DEVICES_AT_ONCE) {
            self.record_signs_of_life(in_a_row(batch.iter().map(line))).await?;
            let of = |which: fn(&Step) -> bool| batch.iter().filter(move |activity| activity.step.as_ref().is_some_and(which));
            let came = in_a_row(of(|step| matches!(step, Step::Came(_))).map(line));
            if !came.is_empty() {
                self.record_arrivals(node, came).await?;
            }
            let went = in_a_row(of(|step| *step == Step::Went).map(|activity| activity.device));
            if !went.is_empty() {
                self.record_departures(node, went).await?;
            }
        }
        Ok(())
    }

    async fn record_signs_of_life(&mut self, lines: String) -> Result<(), Fault> {
        query(with_asked!(
            "$1",
            ", did AS (SELECT substr(id, 1, 36) AS device, CAST(substr(id, 37, 16) AS BIGINT) AS acked,
                       CAST(substr(id, 53, 16) AS BIGINT) AS seen, substr(id, 85, 1) AS step FROM asked)
             UPDATE devices SET last_seen = did.seen,
             acked = CASE WHEN devices.acked < did.acked THEN did.acked ELSE devices.acked END,
             presence_at = CASE WHEN devices.acked < did.acked OR did.step = '1'
                           THEN (SELECT now_ms FROM clock) ELSE presence_at END
             FROM did WHERE devices.id = did.device"
        ))
        .bind(lines)
        .execute(&mut *self.0)
        .await?;
        Ok(())
    }

    async fn record_arrivals(&mut self, node: NodeId, lines: String) -> Result<(), Fault> {
        query(with_asked!(
            "$1",
            ", came AS (SELECT substr(id, 1, 36) AS device, CAST(substr(id, 69, 16) AS BIGINT) AS since FROM asked)
             UPDATE devices SET node = $2, node_since = came.since FROM came WHERE devices.id = came.device AND NOT (
                 node_since IS NOT NULL AND node_since > came.since AND EXISTS (
                     SELECT 1 FROM nodes n
                     WHERE n.id = devices.node AND n.alive_until > (SELECT now_ms FROM clock)))"
        ))
        .bind(lines)
        .bind(node.to_string())
        .execute(&mut *self.0)
        .await?;
        Ok(())
    }

    async fn record_departures(&mut self, node: NodeId, devices: String) -> Result<(), Fault> {
        query(with_asked!("$1", "UPDATE devices SET node = NULL WHERE id IN (SELECT id FROM asked) AND node = $2"))
            .bind(devices)
            .bind(node.to_string())
            .execute(&mut *self.0)
            .await?;
        Ok(())
    }
}
}
