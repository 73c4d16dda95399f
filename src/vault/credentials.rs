//! Credentials in: opened with the device's key, sealed with the user's, and in between for as short as it takes.

use keyleash_protocol::{
    CredentialId, DeviceId, EventId, SealedBox, UserId, Version,
    limits::BOX_BYTES_MAX,
    transcript::{Direction, box_aad},
};

use super::{Committed, VaultError, WriteError, binding, form, local::LocalVault};
use crate::store::{ChangeOutcome, CredentialChange};

impl LocalVault {
    pub(super) async fn put_credential(
        &self,
        user: UserId,
        device: DeviceId,
        id: CredentialId,
        base: Version,
        sealed: &SealedBox,
    ) -> Result<Committed, WriteError> {
        let version = next_version(base)?;
        if sealed.as_slice().len() > BOX_BYTES_MAX {
            return Err(WriteError::Malformed("at most 16 KiB"));
        }
        let unlock_key = self.verified_one(user, device).await?.unlock_key;
        let plaintext = unlock_key
            .open(&box_aad(Direction::Up, user, device, id, version), sealed.as_slice())
            .map_err(|_| WriteError::DoesNotOpen)?;
        form::check(&plaintext).map_err(WriteError::Malformed)?;
        let data_key = self.data_keys.of(user).await?;
        let row = data_key.seal(&self.entropy, &binding::credential(user, id, version), &plaintext);
        self.change(user, device, id, base, Some(row)).await
    }

    /// Stores a row, or a tombstone. Whether the device is verified is decided again, in the change's transaction.
    pub(super) async fn change(
        &self,
        user: UserId,
        device: DeviceId,
        id: CredentialId,
        base: Version,
        sealed: Option<Vec<u8>>,
    ) -> Result<Committed, WriteError> {
        next_version(base)?;
        let at = self.clock.now();
        let event = EventId::from_uuid(self.entropy.id(at));
        let change = CredentialChange { user, device, id, base, sealed, at, event };
        match self.rows.change_credential(change).await.map_err(VaultError::Store)? {
            ChangeOutcome::Committed { version, seq } => Ok(Committed { version, seq }),
            ChangeOutcome::NotVerified => Err(VaultError::NotVerified.into()),
            ChangeOutcome::Conflict { present } => Err(WriteError::Conflict { present }),
            ChangeOutcome::QuotaExceeded => Err(WriteError::QuotaExceeded),
        }
    }
}

fn next_version(base: Version) -> Result<Version, WriteError> {
    if (0..i64::MAX).contains(&base.0) {
        Ok(base.next())
    } else {
        Err(WriteError::Malformed("base_version: 0 or more"))
    }
}
