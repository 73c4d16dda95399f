//! Credentials in and out: opened with one key, sealed with another, and in between for as short as it takes.

use keyleash_protocol::{
    CredentialId, DeviceId, EventId, SealedBox, Seq, UserId, Version,
    limits::BOX_BYTES_MAX,
    socket::{SyncPage, Tombstone, Upsert},
    transcript::{Direction, box_aad},
};
use zeroize::Zeroizing;

use super::{
    Committed, FanOut, VaultError, WriteError, binding, form,
    local::{LocalVault, VerifiedDevice},
    pages::{PAGE_ROWS_MAX, Page, first_page},
};
use crate::store::{ChangeOutcome, CredentialChange, CredentialRow, Gift};

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

    pub(super) async fn sealed_page(
        &self,
        user: UserId,
        device: DeviceId,
        cursor: Seq,
    ) -> Result<SyncPage, VaultError> {
        let page = first_page(self.rows.credentials_since(user, cursor, PAGE_ROWS_MAX).await?);
        let device = self.entitled(user, cursor, &[device], &page).await?.pop().ok_or(VaultError::NotVerified)?;
        let opened = self.open_rows(user, &page.rows).await?;
        Ok(SyncPage { total: Some(page.total), ..self.seal_for(user, &device, &page, &opened) })
    }

    pub(super) async fn sealed_for_each(
        &self,
        user: UserId,
        since: Seq,
        devices: &[DeviceId],
    ) -> Result<FanOut, VaultError> {
        let changes = self.rows.credentials_since(user, since, PAGE_ROWS_MAX).await?;
        let head = changes.seq;
        let page = first_page(changes);
        if !page.done {
            let parts = self.verified(user, devices).await?.into_iter().map(|device| (device.id, None)).collect();
            return Ok(FanOut { seq: head, parts });
        }
        let verified = self.entitled(user, since, devices, &page).await?;
        if verified.is_empty() {
            return Ok(FanOut { seq: page.seq, parts: Vec::new() });
        }
        let opened = self.open_rows(user, &page.rows).await?;
        let parts =
            verified.iter().map(|device| (device.id, Some(self.seal_for(user, device, &page, &opened)))).collect();
        Ok(FanOut { seq: page.seq, parts })
    }

    /// Those of `devices` that may be given this page: verified after its rows were read. What is new to them is on record
    /// first, and whoever was removed before that is left out: what a removal lists as held is everything ever sealed.
    async fn entitled(
        &self,
        user: UserId,
        cursor: Seq,
        devices: &[DeviceId],
        page: &Page,
    ) -> Result<Vec<VerifiedDevice>, VaultError> {
        let mut verified = self.verified(user, devices).await?;
        let is_new = |row: &&CredentialRow| row.sealed.is_some() && row.added_seq > cursor;
        let new: Vec<CredentialId> = page.rows.iter().filter(is_new).map(|row| row.id).collect();
        let at = self.clock.now();
        let gift = |device, credential| Gift { device, credential, event: EventId::from_uuid(self.entropy.id(at)) };
        let gifts: Vec<Gift> =
            verified.iter().flat_map(|device| new.iter().map(|&credential| gift(device.id, credential))).collect();
        if !gifts.is_empty() {
            let still_verified = self.rows.record_given(user, &gifts, at).await?;
            verified.retain(|device| still_verified.contains(&device.id));
        }
        Ok(verified)
    }

    /// The plaintext of each row, in their order; `None` for a tombstone.
    async fn open_rows(
        &self,
        user: UserId,
        rows: &[CredentialRow],
    ) -> Result<Vec<Option<Zeroizing<Vec<u8>>>>, VaultError> {
        if rows.iter().all(|row| row.sealed.is_none()) {
            return Ok(rows.iter().map(|_| None).collect());
        }
        let data_key = self.data_keys.of(user).await?;
        let open = |row: &CredentialRow| {
            let Some(sealed) = &row.sealed else { return Ok(None) };
            let bound_to = binding::credential(user, row.id, row.version);
            data_key.open(&bound_to, sealed).map(Some).map_err(|_| VaultError::Corrupt { what: "credential" })
        };
        rows.iter().map(open).collect()
    }

    fn seal_for(
        &self,
        user: UserId,
        device: &VerifiedDevice,
        page: &Page,
        opened: &[Option<Zeroizing<Vec<u8>>>],
    ) -> SyncPage {
        let mut sealed = SyncPage { seq: page.seq, done: page.done, ..SyncPage::default() };
        for (&CredentialRow { id, version, seq, .. }, plaintext) in page.rows.iter().zip(opened) {
            match plaintext {
                None => sealed.deletes.push(Tombstone { id, version, seq }),
                Some(plaintext) => {
                    let bound_to = box_aad(Direction::Down, user, device.id, id, version);
                    let sealed_box = device.unlock_key.seal(&self.entropy, &bound_to, plaintext);
                    sealed.upserts.push(Upsert { id, version, seq, r#box: sealed_box.into(), summary: false });
                }
            }
        }
        sealed
    }
}

fn next_version(base: Version) -> Result<Version, WriteError> {
    if (0..i64::MAX).contains(&base.0) {
        Ok(base.next())
    } else {
        Err(WriteError::Malformed("base_version: 0 or more"))
    }
}
