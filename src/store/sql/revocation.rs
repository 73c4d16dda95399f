//! Devices revoked within a change: their keys are taken away in the same transaction.

use keyleash_domain::device::ends_sessions;
use keyleash_protocol::{CredentialId, DeviceId, SessionId, UnixMillis, socket::RevokeReason};
use sqlx::{query, query_as, query_scalar};

use super::{
    driver::for_every_driver,
    rows::{Fault, name, parse},
    transaction::Change,
};
use crate::store::{Revocation, Revoke, RevokedDevice};

for_every_driver! {
impl Change {
    /// See [`crate::store::DeviceStore::revoke`]. `None`: no such device.
    pub(super) async fn revoke(&mut self, revocation: &Revocation) -> Result<Option<Vec<RevokedDevice>>, Fault> {
        // In one order, so that two transactions hardly ever hold what the other one waits for.
        let asked = match revocation.which {
            Revoke::One(device) => vec![device],
            Revoke::AllBut(_) | Revoke::Panic { .. } => self.devices(revocation.which).await?,
        };
        let mut revoked = Vec::with_capacity(asked.len());
        for device in asked {
            revoked.extend(self.revoke_one(device, revocation).await?);
        }
        match revocation.which {
            Revoke::One(device) if revoked.is_empty() && !self.has_device(device).await? => return Ok(None),
            Revoke::One(_) | Revoke::AllBut(_) => {}
            Revoke::Panic { session, .. } => self.end_sessions_without_device(session).await?,
        }
        Ok(Some(revoked))
    }

    async fn devices(&mut self, which: Revoke) -> Result<Vec<DeviceId>, Fault> {
        let ids: Vec<(String,)> =
            query_as("SELECT id FROM devices WHERE user_id = $1 AND state <> 'removed' ORDER BY id")
                .bind(self.user.to_string())
                .fetch_all(&mut *self.tx.0)
                .await?;
        let ids = ids.iter().map(|(id,)| parse(id));
        ids.filter(|id| id.as_ref().map_or(true, |id| which.covers(*id))).collect()
    }

    async fn has_device(&mut self, device: DeviceId) -> Result<bool, Fault> {
        let count: i64 = query_scalar("SELECT COUNT(*) FROM devices WHERE id = $1 AND user_id = $2")
            .bind(device.to_string())
            .bind(self.user.to_string())
            .fetch_one(&mut *self.tx.0)
            .await?;
        Ok(count > 0)
    }

    /// `None`: there is nothing to revoke. Removing twice changes nothing, except to destroy a key that is still aside.
    async fn revoke_one(&mut self, device: DeviceId, by: &Revocation) -> Result<Option<RevokedDevice>, Fault> {
        let Some((name, node)) = self.mark_removed(device, by).await? else { return Ok(None) };
        self.take_key_away(device, by.restore_until).await?;
        if ends_sessions(by.reason) {
            self.end_sessions_of(device, by.reason).await?;
        }
        query("UPDATE links SET used = TRUE WHERE user_id = $1 AND device_id = $2")
            .bind(self.user.to_string())
            .bind(device.to_string())
            .execute(&mut *self.tx.0)
            .await?;
        let held = self.held(device).await?;
        Ok(Some(RevokedDevice { id: device, name, online: node.is_some(), held }))
    }

    /// Its name, and the node that it is on if that is alive.
    async fn mark_removed(
        &mut self,
        device: DeviceId,
        by: &Revocation,
    ) -> Result<Option<(String, Option<String>)>, Fault> {
        let marked = query_as(
            "UPDATE devices SET state = 'removed', removed_at = $3, reason = $4, receipt_at = NULL,
             receipt_wiped = NULL, seq = $5
             WHERE id = $1 AND user_id = $2 AND (state <> 'removed'
             OR ($6 AND EXISTS (SELECT 1 FROM device_keys k WHERE k.device_id = devices.id)))
             RETURNING name, (SELECT n.id FROM nodes n
             WHERE n.id = devices.node AND n.alive_until > (SELECT now_ms FROM clock))",
        )
        .bind(device.to_string())
        .bind(self.user.to_string())
        .bind(by.at.0)
        .bind(name(&by.reason)?)
        .bind(self.seq.0)
        .bind(by.reason == RevokeReason::Erased)
        .fetch_optional(&mut *self.tx.0)
        .await?;
        Ok(marked)
    }

    async fn take_key_away(&mut self, device: DeviceId, restore_until: Option<UnixMillis>) -> Result<(), Fault> {
        let id = device.to_string();
        let statement = match restore_until {
            Some(until) => {
                query("UPDATE device_keys SET restore_until = $2 WHERE device_id = $1").bind(id).bind(until.0)
            }
            None => query("DELETE FROM device_keys WHERE device_id = $1").bind(id),
        };
        statement.execute(&mut *self.tx.0).await?;
        Ok(())
    }

    async fn end_sessions_of(&mut self, device: DeviceId, reason: RevokeReason) -> Result<(), Fault> {
        query("UPDATE sessions SET revoked = $3 WHERE user_id = $1 AND device_id = $2 AND revoked IS NULL")
            .bind(self.user.to_string())
            .bind(device.to_string())
            .bind(name(&reason)?)
            .execute(&mut *self.tx.0)
            .await?;
        Ok(())
    }

    /// What it was ever given, first given first.
    async fn held(&mut self, device: DeviceId) -> Result<Vec<CredentialId>, Fault> {
        let ids: Vec<(String,)> =
            query_as("SELECT credential_id FROM holdings WHERE device_id = $1 ORDER BY given_at, credential_id")
                .bind(device.to_string())
                .fetch_all(&mut *self.tx.0)
                .await?;
        ids.iter().map(|(id,)| parse(id)).collect()
    }

    /// Those of removed devices, which were marked with the reason, stay to tell it.
    async fn end_sessions_without_device(&mut self, keep: SessionId) -> Result<(), Fault> {
        query(
            "DELETE FROM sessions WHERE user_id = $1 AND id <> $2 AND revoked IS NULL AND NOT EXISTS
             (SELECT 1 FROM devices WHERE id = sessions.device_id AND state <> 'removed')",
        )
        .bind(self.user.to_string())
        .bind(keep.to_string())
        .execute(&mut *self.tx.0)
        .await?;
        Ok(())
    }
}
}
