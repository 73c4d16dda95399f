//! Credentials out: opened with the user's key and sealed with each device's, in full or without the secrets. Whoever gets
//! something in full is on record as holding it before it is sealed.

use std::collections::HashSet;

use keyleash_domain::{
    connection::Retrieved,
    retrieval::{Detail, Reader},
};
use keyleash_protocol::{
    CredentialId, DeviceId, EventId, Seq, UserId,
    socket::{SyncPage, Tombstone, Upsert},
    transcript::{Direction, box_aad},
};
use zeroize::Zeroizing;

use super::{
    FanOut, VaultError, binding, form,
    local::{LocalVault, VerifiedDevice},
    pages::{Page, first_page, fitting},
};
use crate::store::{CredentialRow, Gift, SHAREABLE_ROWS_MAX, Shareable};

/// Who is given a page, and how much of each of its rows.
struct Share {
    reader: Reader,
    details: Vec<Detail>,
}

/// Rows and what is in them; `None` for a tombstone.
struct Opened<'r> {
    rows: &'r [CredentialRow],
    plaintexts: Vec<Option<Zeroizing<Vec<u8>>>>,
}

impl LocalVault {
    pub(super) async fn sealed_page(&self, user: UserId, reader: Reader, cursor: Seq) -> Result<SyncPage, VaultError> {
        let Shareable { changes, keys, holders } = self.rows.shareable_since(user, cursor).await?;
        let page = first_page(changes);
        let verified = self.verified(user, keys, |device| device == reader.device).await?;
        let share = self.entitled(user, &[reader], &verified, &page, &holders).await?.pop();
        let (Some(share), Some(device)) = (share, verified.first()) else { return Err(VaultError::NotVerified) };
        let opened = self.open_rows(user, &page.rows).await?;
        let sealed = self.seal_for(user, device, &opened, &share.details)?;
        Ok(SyncPage { seq: page.seq, done: page.done, total: Some(page.total), ..sealed })
    }

    pub(super) async fn sealed_for_each(
        &self,
        user: UserId,
        since: Seq,
        readers: &[Reader],
    ) -> Result<FanOut, VaultError> {
        let Shareable { changes, keys, holders } = self.rows.shareable_since(user, since).await?;
        let head = changes.seq;
        let page = first_page(changes);
        let verified = self.verified(user, keys, |device| readers.iter().any(|reader| reader.device == device)).await?;
        let find = |reader: Reader| verified.iter().find(|device| device.id == reader.device);
        if !page.done {
            let entitled = readers.iter().filter(|reader| find(**reader).is_some());
            return Ok(FanOut { seq: head, parts: entitled.map(|reader| (*reader, None)).collect() });
        }
        let shares = self.entitled(user, readers, &verified, &page, &holders).await?;
        if shares.is_empty() {
            return Ok(FanOut { seq: page.seq, parts: Vec::new() });
        }
        let opened = self.open_rows(user, &page.rows).await?;
        let mut parts = Vec::with_capacity(shares.len());
        for Share { reader, details } in shares {
            let Some(device) = find(reader) else { continue };
            let sealed = self.seal_for(user, device, &opened, &details)?;
            parts.push((reader, Some(SyncPage { seq: page.seq, done: true, ..sealed })));
        }
        Ok(FanOut { seq: page.seq, parts })
    }

    pub(super) async fn sealed_by_name(
        &self,
        user: UserId,
        device: DeviceId,
        ids: &[CredentialId],
    ) -> Result<Retrieved, VaultError> {
        let device = self.verified_one(user, device).await?;
        let (ids, later) = ids.split_at(ids.len().min(SHAREABLE_ROWS_MAX as usize));
        let found = self.rows.credentials_by_id(user, ids).await?.rows;
        let fits = fitting(&found);
        let found: Vec<CredentialId> = found.iter().map(|row| row.id).collect();
        let (now, rest) = found.split_at(fits);
        let gifts: Vec<_> = now.iter().map(|id| (device.id, *id)).collect();
        if !self.record(user, &gifts).await?.contains(&device.id) {
            return Err(VaultError::NotVerified);
        }
        // Read again, because what counts is what is there once the device is on record.
        let given = self.rows.credentials_by_id(user, now).await?;
        let (rows, grown) = given.rows.split_at(fitting(&given.rows));
        let opened = self.open_rows(user, rows).await?;
        let sealed = self.seal_for(user, &device, &opened, &vec![Detail::Full; rows.len()])?;
        let left = grown.iter().map(|row| row.id).chain(rest.iter().copied()).chain(later.iter().copied());
        Ok(Retrieved { page: SyncPage { seq: given.seq, ..sealed }, left: left.collect() })
    }

    /// Those of `readers` that may be given this page: verified after its rows were read. What is new to them is on record
    /// first, and whoever was removed before that is left out: what a removal lists as held is everything ever sealed.
    async fn entitled(
        &self,
        user: UserId,
        readers: &[Reader],
        verified: &[VerifiedDevice],
        page: &Page,
        holders: &HashSet<(DeviceId, CredentialId)>,
    ) -> Result<Vec<Share>, VaultError> {
        let mut shares = Vec::with_capacity(readers.len());
        for &reader in readers {
            let Some(device) = verified.iter().find(|device| device.id == reader.device) else { continue };
            let detail =
                |row: &CredentialRow| reader.detail(device.auto_connect, holders.contains(&(device.id, row.id)));
            shares.push(Share { reader, details: page.rows.iter().map(detail).collect() });
        }
        let mut gifts = Vec::new();
        for Share { reader, details } in &shares {
            let in_full =
                page.rows.iter().zip(details).filter(|(row, detail)| row.sealed.is_some() && **detail == Detail::Full);
            gifts.extend(in_full.map(|(row, _)| (reader.device, row.id)).filter(|gift| !holders.contains(gift)));
        }
        if !gifts.is_empty() {
            let still_verified = self.record(user, &gifts).await?;
            shares.retain(|share| still_verified.contains(&share.reader.device));
        }
        Ok(shares)
    }

    /// Puts on record what devices are about to be given; those that are still verified then.
    async fn record(&self, user: UserId, gifts: &[(DeviceId, CredentialId)]) -> Result<Vec<DeviceId>, VaultError> {
        let at = self.clock.now();
        let gift = |&(device, credential)| Gift { device, credential, event: EventId::from_uuid(self.entropy.id(at)) };
        let gifts: Vec<Gift> = gifts.iter().map(gift).collect();
        Ok(self.rows.record_given(user, &gifts, at).await?)
    }

    async fn open_rows<'r>(&self, user: UserId, rows: &'r [CredentialRow]) -> Result<Opened<'r>, VaultError> {
        if rows.iter().all(|row| row.sealed.is_none()) {
            return Ok(Opened { rows, plaintexts: rows.iter().map(|_| None).collect() });
        }
        let data_key = self.data_keys.of(user).await?;
        let open = |row: &CredentialRow| {
            let Some(sealed) = &row.sealed else { return Ok(None) };
            let bound_to = binding::credential(user, row.id, row.version);
            data_key.open(&bound_to, sealed).map(Some).map_err(|_| VaultError::Corrupt { what: "credential" })
        };
        let plaintexts: Result<_, VaultError> = rows.iter().map(open).collect();
        Ok(Opened { rows, plaintexts: plaintexts? })
    }

    fn seal_for(
        &self,
        user: UserId,
        device: &VerifiedDevice,
        opened: &Opened<'_>,
        details: &[Detail],
    ) -> Result<SyncPage, VaultError> {
        let mut sealed = SyncPage::default();
        for ((row, plaintext), detail) in opened.rows.iter().zip(&opened.plaintexts).zip(details) {
            let &CredentialRow { id, version, seq, .. } = row;
            let Some(plaintext) = plaintext else {
                sealed.deletes.push(Tombstone { id, version, seq });
                continue;
            };
            let bound_to = box_aad(Direction::Down, user, device.id, id, version);
            let seal = |plaintext: &[u8]| device.unlock_key.seal(&self.entropy, &bound_to, plaintext).into();
            let (r#box, summary) = match detail {
                Detail::Full => (seal(plaintext), false),
                Detail::Summary => {
                    let summary = form::summary(plaintext).map_err(|_| VaultError::Corrupt { what: "credential" })?;
                    (seal(&summary), true)
                }
            };
            sealed.upserts.push(Upsert { id, version, seq, r#box, summary });
        }
        Ok(sealed)
    }
}
