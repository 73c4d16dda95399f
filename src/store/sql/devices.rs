//! Devices: enrolment, approval, removal. The races between these are decided here, by the order of transactions.

use std::collections::BTreeMap;

use keyleash_domain::{
    device::{Life, Step},
    text::DeviceName,
};
use keyleash_protocol::{
    DeviceId, NodeId, Seq, SessionId, UnixMillis, UserId, limits::DEVICES_PER_USER_MAX, socket::DeviceState,
};
use sqlx::{query, query_scalar};

use super::{
    SqlStore,
    driver::for_every_driver,
    rows::{Columns, Fault, name},
    transaction::{Change, Part, Writing},
};
use crate::store::{
    Activity, ApproveOutcome, CodeRefusal, Device, DeviceStore, EnrolOutcome, GivenCode, Greeted, Link, LinkPurpose,
    NewDevice, Receipt, Revocation, Revoked, StoreResult, TokenHash, Trail,
};

/// Devices as they are read: with the node that they are on, if it is alive.
macro_rules! select_devices {
    ($which:literal) => {
        concat!(
            "SELECT d.*, n.id AS online_at FROM devices d
             LEFT JOIN nodes n ON n.id = d.node AND n.alive_until > (SELECT now_ms FROM clock) ",
            $which
        )
    };
}

fn life(device: &Device) -> Life {
    Life { state: device.state, removed_before: device.removed_at.is_some() }
}

for_every_driver! {
impl DeviceStore for SqlStore {
    async fn enrol(&self, device: NewDevice, session: SessionId, trail: Trail) -> StoreResult<EnrolOutcome> {
        self.run("enrol a device", || async {
            let Some(mut change) = self.change(device.user, Part::Devices).await? else {
                return Ok(EnrolOutcome::SyncOff);
            };
            let sync_enabled: bool = query_scalar("SELECT sync_enabled FROM users WHERE id = $1")
                .bind(device.user.to_string())
                .fetch_one(&mut *change.tx.0)
                .await?;
            if !sync_enabled {
                return Ok(EnrolOutcome::SyncOff);
            }
            let known = change.tx.device_by_keys(device.keys).await?;
            let (id, state) = match known {
                Some(known) if known.user != device.user => return Ok(EnrolOutcome::KeysTaken),
                Some(known) => (known.id, change.enrol_again(&known, &device).await?),
                None => {
                    if change.device_count().await? >= DEVICES_PER_USER_MAX as u64 {
                        return Ok(EnrolOutcome::TooManyDevices);
                    }
                    change.insert_device(&device).await?;
                    (device.id, Life::NEW.state)
                }
            };
            if !change.tx.bind_session(session, device.user, id).await? {
                return Ok(EnrolOutcome::SessionGone);
            }
            change.write(&trail.clone().about(id)).await?;
            let seq = change.commit().await?;
            Ok(EnrolOutcome::Enrolled { id, state, seq })
        })
        .await
    }

    async fn device(&self, user: UserId, device: DeviceId) -> StoreResult<Option<Device>> {
        self.run("read a device", || async {
            let row = query(select_devices!("WHERE d.id = $1 AND d.user_id = $2"))
                .bind(device.to_string())
                .bind(user.to_string())
                .fetch_optional(&self.reader)
                .await?;
            row.map(|row| Columns::<D>(&row).device()).transpose()
        })
        .await
    }

    async fn greet(&self, user: UserId, device: DeviceId) -> StoreResult<Option<Greeted>> {
        self.questions.greet(user, device).await
    }

    async fn devices(&self, user: UserId) -> StoreResult<Vec<Device>> {
        self.questions.devices(user).await
    }

    async fn approve(
        &self,
        token: TokenHash,
        second_factor: bool,
        unlock_key: &[u8],
        now: UnixMillis,
        trail: Trail,
    ) -> StoreResult<ApproveOutcome> {
        self.run("approve a device", || async {
            let Some(link) = self.verification(token, now).await? else {
                return Ok(ApproveOutcome::LinkUsedOrExpired);
            };
            let (Some(asked), Some(mut change)) = (link.device, self.change(link.user, Part::Devices).await?) else {
                return Ok(ApproveOutcome::LinkUsedOrExpired);
            };
            if !change.tx.use_up_link(token).await? {
                return Ok(ApproveOutcome::LinkUsedOrExpired);
            }
            // The approval covers the keys that asked, and no others.
            let device = match change.tx.device_by_keys(asked.keys).await? {
                Some(device) if device.id == asked.id && device.user == link.user => device,
                _ => return Ok(ApproveOutcome::LinkUsedOrExpired),
            };
            if let Err(refusal) = life(&device).step(Step::Approve { second_factor }) {
                return Ok(ApproveOutcome::Refused(refusal));
            }
            change.verify(device.id, unlock_key, now).await?;
            change.write(&trail.clone().about(device.id)).await?;
            let seq = change.commit().await?;
            let device = Device {
                state: DeviceState::Verified,
                verified_at: Some(now),
                reason: None,
                receipt: None,
                acked: Seq(0),
                seq,
                ..device
            };
            Ok(ApproveOutcome::Approved(Box::new(device)))
        })
        .await
    }

    async fn rename_device(
        &self,
        user: UserId,
        device: DeviceId,
        name: &DeviceName,
        trail: Trail,
    ) -> StoreResult<Option<Seq>> {
        self.run("rename a device", || async {
            let Some(mut change) = self.change(user, Part::Devices).await? else { return Ok(None) };
            let renamed = query("UPDATE devices SET name = $3, seq = $4 WHERE id = $1 AND user_id = $2 RETURNING id")
                .bind(device.to_string())
                .bind(user.to_string())
                .bind(name.as_str().to_owned())
                .bind(change.seq.0)
                .fetch_optional(&mut *change.tx.0)
                .await?;
            if renamed.is_none() {
                return Ok(None);
            }
            change.write(&trail).await?;
            change.commit().await.map(Some)
        })
        .await
    }

    async fn set_auto_connect(&self, user: UserId, device: DeviceId, on: bool) -> StoreResult<Option<Seq>> {
        self.run("set a device's auto connect", || async {
            let Some(mut change) = self.change(user, Part::Devices).await? else { return Ok(None) };
            let set =
                query("UPDATE devices SET auto_connect = $3, seq = $4 WHERE id = $1 AND user_id = $2 RETURNING id")
                    .bind(device.to_string())
                    .bind(user.to_string())
                    .bind(on)
                    .bind(change.seq.0)
                    .fetch_optional(&mut *change.tx.0)
                    .await?;
            if set.is_none() {
                return Ok(None);
            }
            change.commit().await.map(Some)
        })
        .await
    }

    async fn revoke(&self, user: UserId, revocation: &Revocation, trail: Trail) -> StoreResult<Option<Revoked>> {
        self.run("revoke devices", || async { self.begin().await?.revoke(user, revocation, Trail::default(), &trail).await }).await
    }

    async fn revoke_by_code(
        &self,
        user: UserId,
        given: &GivenCode,
        revocation: &Revocation,
        trail: Trail,
    ) -> StoreResult<Result<Option<Revoked>, CodeRefusal>> {
        self.run("revoke devices by a code", || async {
            let mut tx = self.begin().await?;
            match tx.try_code(user, given).await? {
                Ok(()) => tx.revoke(user, revocation, given.trail.clone(), &trail).await.map(Ok),
                Err(refusal) => {
                    tx.commit().await?;
                    Ok(Err(refusal))
                }
            }
        })
        .await
    }

    async fn record_receipt(
        &self,
        user: UserId,
        device: DeviceId,
        receipt: Receipt,
        trail: Trail,
    ) -> StoreResult<Option<Seq>> {
        self.run("record a receipt", || async {
            let Some(mut change) = self.change(user, Part::Devices).await? else { return Ok(None) };
            let recorded = query(
                "UPDATE devices SET receipt_at = $3, receipt_wiped = $4, seq = $5
                 WHERE id = $1 AND user_id = $2 AND state = 'removed' AND receipt_at IS NULL RETURNING id",
            )
            .bind(device.to_string())
            .bind(user.to_string())
            .bind(receipt.at.0)
            .bind(receipt.wiped)
            .bind(change.seq.0)
            .fetch_optional(&mut *change.tx.0)
            .await?;
            if recorded.is_none() {
                return Ok(None);
            }
            change.write(&trail).await?;
            change.commit().await.map(Some)
        })
        .await
    }

    async fn record_activity(&self, node: NodeId, batch: &[Activity]) -> StoreResult<()> {
        self.run("record activity", || async {
            let mut tx = self.begin().await?;
            // In one order, so that two nodes hardly ever hold what the other one waits for.
            let mut devices = BTreeMap::new();
            for activity in batch {
                devices.entry(activity.device).and_modify(|known: &mut Activity| *known = known.then(*activity)).or_insert(*activity);
            }
            tx.record(node, &devices.into_values().collect::<Vec<_>>()).await?;
            tx.commit().await
        })
        .await
    }

    async fn destroy_expired_keys(&self, now: UnixMillis) -> StoreResult<u64> {
        self.run("destroy expired keys", || async {
            let mut tx = self.begin().await?;
            let destroyed = query("DELETE FROM device_keys WHERE restore_until <= $1 RETURNING device_id")
                .bind(now.0)
                .fetch_all(&mut *tx.0)
                .await?;
            tx.commit().await?;
            Ok(destroyed.len() as u64)
        })
        .await
    }
}
}

for_every_driver! {
impl SqlStore {
    async fn verification(&self, token: TokenHash, now: UnixMillis) -> Result<Option<Link>, Fault> {
        let row = query(
            "SELECT * FROM links WHERE token_hash = $1 AND purpose = $2 AND used = FALSE AND expires_at > $3",
        )
        .bind(token.to_vec())
        .bind(name(&LinkPurpose::VerifyDevice)?)
        .bind(now.0)
        .fetch_optional(&self.reader)
        .await?;
        row.map(|row| Columns::<D>(&row).link()).transpose()
    }
}
}

for_every_driver! {
impl Writing {
    /// `trail` is of what was revoked, `already` of what was done in any case.
    async fn revoke(
        self,
        user: UserId,
        revocation: &Revocation,
        already: Trail,
        trail: &Trail,
    ) -> Result<Option<Revoked>, Fault> {
        let Some(mut change) = self.change(user, Part::DevicesAndSessions).await? else { return Ok(None) };
        let Some(devices) = change.revoke(revocation).await? else { return Ok(None) };
        let nothing = Trail::default();
        change.write(&already.and(if devices.is_empty() { &nothing } else { trail })).await?;
        let (seq, Revocation { reason, at, .. }) = (change.commit().await?, *revocation);
        Ok(Some(Revoked { seq, reason, at, devices }))
    }

    async fn device_by_keys(&mut self, keys: TokenHash) -> Result<Option<Device>, Fault> {
        let row = query(select_devices!("WHERE d.keys_hash = $1"))
            .bind(keys.to_vec())
            .fetch_optional(&mut *self.0)
            .await?;
        row.map(|row| Columns::<D>(&row).device()).transpose()
    }
}
}

for_every_driver! {
impl Change {
    async fn device_count(&mut self) -> Result<u64, Fault> {
        let count: i64 = query_scalar("SELECT COUNT(*) FROM devices WHERE user_id = $1 AND state <> 'removed'")
            .bind(self.user.to_string())
            .fetch_one(&mut *self.tx.0)
            .await?;
        Ok(count.unsigned_abs())
    }

    async fn insert_device(&mut self, device: &NewDevice) -> Result<(), Fault> {
        query(
            "INSERT INTO devices (id, user_id, name, user_agent, receive_key, signing_key, keys_hash, match_code,
             state, created_at, last_seen, seq) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, 'pending', $9, $9, $10)",
        )
        .bind(device.id.to_string())
        .bind(self.user.to_string())
        .bind(device.name.as_str().to_owned())
        .bind(device.user_agent.clone())
        .bind(device.receive_key.clone())
        .bind(device.signing_key.clone())
        .bind(device.keys.to_vec())
        .bind(device.match_code.clone())
        .bind(device.at.0)
        .bind(self.seq.0)
        .execute(&mut *self.tx.0)
        .await?;
        Ok(())
    }

    async fn enrol_again(&mut self, known: &Device, asked: &NewDevice) -> Result<DeviceState, Fault> {
        let Ok(life) = life(known).step(Step::Enrol) else {
            return Err(Fault::Unexpected("enrolling is never refused by a device's life".to_owned()));
        };
        query(
            "UPDATE devices SET state = $2, name = $3, user_agent = $4, match_code = $5, last_seen = $6, seq = $7
             WHERE id = $1",
        )
        .bind(known.id.to_string())
        .bind(name(&life.state)?)
        .bind(asked.name.as_str().to_owned())
        .bind(asked.user_agent.clone())
        .bind(asked.match_code.clone())
        .bind(asked.at.0)
        .bind(self.seq.0)
        .execute(&mut *self.tx.0)
        .await?;
        Ok(life.state)
    }

    /// Makes the device verified, with the unlock key that is still aside or else the new one.
    async fn verify(&mut self, device: DeviceId, unlock_key: &[u8], now: UnixMillis) -> Result<(), Fault> {
        query(
            "UPDATE devices SET state = 'verified', verified_at = $2, reason = NULL, receipt_at = NULL,
             receipt_wiped = NULL, acked = 0, seq = $3 WHERE id = $1",
        )
        .bind(device.to_string())
        .bind(now.0)
        .bind(self.seq.0)
        .execute(&mut *self.tx.0)
        .await?;
        query(
            "INSERT INTO device_keys (device_id, user_id, sealed) VALUES ($1, $2, $3)
             ON CONFLICT (device_id) DO UPDATE SET restore_until = NULL,
             sealed = CASE WHEN device_keys.restore_until > $4 THEN device_keys.sealed ELSE excluded.sealed END",
        )
        .bind(device.to_string())
        .bind(self.user.to_string())
        .bind(unlock_key.to_vec())
        .bind(now.0)
        .execute(&mut *self.tx.0)
        .await?;
        self.clear_ticks(device).await
    }
}
}
