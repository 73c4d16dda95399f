//! Adapter: the vault inside this process.

use std::{
    error::Error,
    fmt,
    sync::{Arc, Weak},
    thread,
    time::Duration,
};

use async_trait::async_trait;
use keyleash_domain::{connection::Retrieved, retrieval::Reader};
use keyleash_protocol::{
    CredentialId, DeviceId, SealedBox, Seq, UserId, Version,
    limits::UNLOCK_KEY_BYTES,
    socket::{SealedUnlock, SyncPage},
};
use tokio::{sync::Semaphore, task::spawn_blocking, time::interval};
use zeroize::Zeroizing;

use super::{
    Committed, FanOut, Purpose, Vault, VaultError, WriteError, binding,
    data_keys::{DataKeyLimits, DataKeys},
    unlock,
};
use crate::{
    aead::Key,
    clock::Clock,
    entropy::Entropy,
    kms::{Kms, KmsError},
    store::{CredentialStore, DeviceKey, UserStore},
};

/// How often keys whose time is over are looked for: they outlive their time by at most this.
const AGEING_INTERVAL: Duration = Duration::from_secs(30);

pub struct LocalVault {
    pub(super) rows: Arc<dyn CredentialStore>,
    users: Arc<dyn UserStore>,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) entropy: Entropy,
    pub(super) data_keys: DataKeys,
    /// One HPKE seal for each processor: more at once would only queue for it, each with a thread of its own.
    seals: Semaphore,
}

/// A device that was verified when this was read.
pub(super) struct VerifiedDevice {
    pub id: DeviceId,
    pub receive_key: Vec<u8>,
    pub unlock_key: Key,
    pub auto_connect: bool,
}

impl LocalVault {
    /// Needs a running tokio runtime: until the vault is dropped, a task clears data keys whose time is over.
    pub fn start(
        rows: Arc<dyn CredentialStore>,
        users: Arc<dyn UserStore>,
        kms: Arc<dyn Kms>,
        clock: Arc<dyn Clock>,
        entropy: Entropy,
        limits: DataKeyLimits,
    ) -> Arc<Self> {
        let data_keys = DataKeys::new(rows.clone(), kms, clock.clone(), limits);
        let seals = Semaphore::new(thread::available_parallelism().map_or(1, usize::from));
        let vault = Arc::new(Self { rows, users, clock, entropy, data_keys, seals });
        tokio::spawn(age(Arc::downgrade(&vault)));
        vault
    }

    /// Opens those of the stored keys that are asked for.
    pub(super) async fn verified(
        &self,
        user: UserId,
        keys: Vec<DeviceKey>,
        is_asked: impl Fn(DeviceId) -> bool,
    ) -> Result<Vec<VerifiedDevice>, VaultError> {
        let asked: Vec<DeviceKey> = keys.into_iter().filter(|key| is_asked(key.device)).collect();
        if asked.is_empty() {
            return Ok(Vec::new());
        }
        let data_key = self.data_keys.of(user).await?;
        let open = |stored: DeviceKey| {
            let opened = data_key.open(&binding::unlock_key(user, stored.device), &stored.sealed).ok()?;
            let unlock_key: &[u8; UNLOCK_KEY_BYTES] = opened.as_slice().try_into().ok()?;
            let unlock_key = Key::new(Zeroizing::new(*unlock_key));
            let DeviceKey { device: id, receive_key, auto_connect, .. } = stored;
            Some(VerifiedDevice { id, receive_key, unlock_key, auto_connect })
        };
        let opened: Option<_> = asked.into_iter().map(open).collect();
        opened.ok_or(VaultError::Corrupt { what: "unlock key" })
    }

    /// The device, as the database has it now. One that asks without being verified was most likely removed: the user's data key is cleared from memory
    /// then, and whoever needs it next asks the key service.
    pub(super) async fn verified_one(&self, user: UserId, device: DeviceId) -> Result<VerifiedDevice, VaultError> {
        let keys = self.rows.device_keys(user).await?;
        let found = self.verified(user, keys, |key| key == device).await?.pop();
        if found.is_none() {
            self.data_keys.forget(user);
        }
        found.ok_or(VaultError::NotVerified)
    }
}

#[async_trait]
impl Vault for LocalVault {
    async fn seal(&self, user: UserId, purpose: Purpose, plaintext: &[u8]) -> Result<Vec<u8>, VaultError> {
        let data_key = self.data_keys.of(user).await?;
        Ok(data_key.seal(&self.entropy, &binding::identity(user, purpose), plaintext))
    }

    async fn open(&self, user: UserId, purpose: Purpose, sealed: &[u8]) -> Result<Zeroizing<Vec<u8>>, VaultError> {
        let what = match purpose {
            Purpose::TotpSecret => "TOTP secret",
            Purpose::Mail => "mail",
        };
        let data_key = self.data_keys.of(user).await?;
        data_key.open(&binding::identity(user, purpose), sealed).map_err(|_| VaultError::Corrupt { what })
    }

    async fn new_unlock_key(&self, user: UserId, device: DeviceId) -> Result<Vec<u8>, VaultError> {
        let unlock_key: Zeroizing<[u8; UNLOCK_KEY_BYTES]> = Zeroizing::new(self.entropy.bytes());
        let data_key = self.data_keys.of(user).await?;
        Ok(data_key.seal(&self.entropy, &binding::unlock_key(user, device), unlock_key.as_slice()))
    }

    async fn unlock(&self, user: UserId, device: DeviceId) -> Result<SealedUnlock, VaultError> {
        let epoch = self.users.epoch().await?;
        // Before the turn: a key service that is slow for one user holds up nobody else.
        self.data_keys.of(user).await?;
        let _turn = self.seals.acquire().await.map_err(|closed| stopped(closed.into()))?;
        // Read last: what waited for its turn is judged by what the database says now.
        let verified = self.verified_one(user, device).await?;
        spawn_blocking(move || unlock::seal(user, device, &epoch, &verified.receive_key, &verified.unlock_key))
            .await
            .map_err(|ended| stopped(ended.into()))?
    }

    async fn put(
        &self,
        user: UserId,
        device: DeviceId,
        id: CredentialId,
        base: Version,
        sealed: &SealedBox,
    ) -> Result<Committed, WriteError> {
        self.put_credential(user, device, id, base, sealed).await
    }

    async fn delete(
        &self,
        user: UserId,
        device: DeviceId,
        id: CredentialId,
        base: Version,
    ) -> Result<Committed, WriteError> {
        self.change(user, device, id, base, None).await
    }

    async fn page(&self, user: UserId, reader: Reader, cursor: Seq) -> Result<SyncPage, VaultError> {
        self.sealed_page(user, reader, cursor).await
    }

    async fn fan_out(&self, user: UserId, since: Seq, readers: &[Reader]) -> Result<FanOut, VaultError> {
        self.sealed_for_each(user, since, readers).await
    }

    async fn retrieve(&self, user: UserId, device: DeviceId, ids: &[CredentialId]) -> Result<Retrieved, VaultError> {
        self.sealed_by_name(user, device, ids).await
    }
}

impl fmt::Debug for LocalVault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "LocalVault({:?})", self.data_keys)
    }
}

fn stopped(source: Box<dyn Error + Send + Sync>) -> VaultError {
    VaultError::Kms(KmsError::Unavailable { operation: "seal the unlock key", source })
}

async fn age(vault: Weak<LocalVault>) {
    let mut ticks = interval(AGEING_INTERVAL);
    loop {
        ticks.tick().await;
        let Some(vault) = vault.upgrade() else { return };
        vault.data_keys.forget_aged();
    }
}
