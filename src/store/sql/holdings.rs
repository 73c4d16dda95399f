//! What devices were given, and which of it was rotated.

use keyleash_protocol::{CredentialId, DeviceId, UnixMillis, UserId, http::Holding, socket::DeviceState};
use sqlx::{query, query_as};

use super::{
    driver::for_every_driver,
    rows::{Fault, named, parse},
    transaction::{Change, Part},
};
use crate::store::{HoldingStore, StoreResult, TickOutcome, Trail};

for_every_driver! {
impl HoldingStore for SqlStore {
    async fn held(&self, user: UserId, device: DeviceId) -> StoreResult<Vec<CredentialId>> {
        self.run("list what a device held", || async {
            let ids: Vec<(String,)> = query_as(
                "SELECT h.credential_id FROM holdings h JOIN devices d ON d.id = h.device_id
                 WHERE d.id = $1 AND d.user_id = $2 ORDER BY h.given_at, h.credential_id",
            )
            .bind(device.to_string())
            .bind(user.to_string())
            .fetch_all(&self.reader)
            .await?;
            ids.iter().map(|(id,)| parse(id)).collect()
        })
        .await
    }

    async fn holdings(&self, user: UserId) -> StoreResult<Vec<(DeviceId, Vec<Holding>)>> {
        self.run("list what devices hold", || async {
            let rows: Vec<(String, Option<String>, Option<i64>, Option<i64>)> = query_as(
                "SELECT d.id, h.credential_id, h.given_at, h.rotated_at FROM devices d
                 LEFT JOIN holdings h ON h.device_id = d.id
                 WHERE d.user_id = $1 ORDER BY d.id, h.given_at, h.credential_id",
            )
            .bind(user.to_string())
            .fetch_all(&self.reader)
            .await?;
            let mut devices: Vec<(DeviceId, Vec<Holding>)> = Vec::new();
            for (device, credential, given_at, rotated_at) in rows {
                let device = parse(&device)?;
                if devices.last().is_none_or(|(last, _)| *last != device) {
                    devices.push((device, Vec::new()));
                }
                if let (Some(credential), Some(given_at), Some((_, held))) = (credential, given_at, devices.last_mut()) {
                    held.push(Holding {
                        credential: parse(&credential)?,
                        given_at: UnixMillis(given_at),
                        rotated_at: rotated_at.map(UnixMillis),
                    });
                }
            }
            Ok(devices)
        })
        .await
    }

    async fn tick(
        &self,
        user: UserId,
        device: DeviceId,
        credential: CredentialId,
        rotated_at: Option<UnixMillis>,
        trail: Trail,
    ) -> StoreResult<TickOutcome> {
        self.run("tick off a rotation", || async {
            let Some(mut change) = self.change(user, Part::Devices).await? else { return Ok(TickOutcome::NotHeld) };
            let Some((state, ticked_at)) = change.holding(device, credential).await? else {
                return Ok(TickOutcome::NotHeld);
            };
            if state == DeviceState::Verified {
                return Ok(TickOutcome::Verified);
            }
            if ticked_at.is_some() == rotated_at.is_some() {
                return Ok(TickOutcome::Unchanged);
            }
            change.tick(device, credential, rotated_at).await?;
            change.write(&trail).await?;
            let seq = change.commit().await?;
            Ok(TickOutcome::Ticked { seq })
        })
        .await
    }
}
}

for_every_driver! {
impl Change {
    async fn holding(
        &mut self,
        device: DeviceId,
        credential: CredentialId,
    ) -> Result<Option<(DeviceState, Option<UnixMillis>)>, Fault> {
        let row: Option<(String, Option<i64>)> = query_as(
            "SELECT d.state, h.rotated_at FROM holdings h JOIN devices d ON d.id = h.device_id
             WHERE d.id = $1 AND d.user_id = $2 AND h.credential_id = $3",
        )
        .bind(device.to_string())
        .bind(self.user.to_string())
        .bind(credential.to_string())
        .fetch_optional(&mut *self.tx.0)
        .await?;
        row.map(|(state, rotated_at)| Ok((named(&state)?, rotated_at.map(UnixMillis)))).transpose()
    }

    async fn tick(
        &mut self,
        device: DeviceId,
        credential: CredentialId,
        rotated_at: Option<UnixMillis>,
    ) -> Result<(), Fault> {
        query("UPDATE holdings SET rotated_at = $3 WHERE device_id = $1 AND credential_id = $2")
            .bind(device.to_string())
            .bind(credential.to_string())
            .bind(rotated_at.map(|at| at.0))
            .execute(&mut *self.tx.0)
            .await?;
        query("UPDATE devices SET seq = $2 WHERE id = $1")
            .bind(device.to_string())
            .bind(self.seq.0)
            .execute(&mut *self.tx.0)
            .await?;
        Ok(())
    }

    /// A device that is verified again is given anew what it held: whatever was rotated before is no answer to that.
    pub(super) async fn clear_ticks(&mut self, device: DeviceId) -> Result<(), Fault> {
        query("UPDATE holdings SET rotated_at = NULL WHERE device_id = $1 AND rotated_at IS NOT NULL")
            .bind(device.to_string())
            .execute(&mut *self.tx.0)
            .await?;
        Ok(())
    }
}
}
