//! A user with verified devices, and the server's parts around them: what is measured is called as the server calls it.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use criterion::Bencher;
use keyleash::{
    clock::SystemClock,
    entropy::Entropy,
    kms::file::FileKms,
    store::{Store, sql},
    vault::{Vault, data_keys::DataKeyLimits, local::LocalVault},
};
use keyleash_domain::retrieval::Reader;
use keyleash_protocol::{
    CredentialId, Epoch, Seq, UnixMillis, Version,
    socket::{DeviceState, RetrieveMode, ServerMessage, SyncPage, Welcome},
};
use loadtest::device::Device;
use serde_json::json;
use tempfile::TempDir;
use tokio::runtime::Runtime;
use uuid::Uuid;

use crate::{crowd, support::Server};

/// Connections to the database, as the server has by default.
const CONNECTIONS: u32 = 16;

pub struct Desk {
    pub runtime: Runtime,
    pub store: Arc<dyn Store>,
    pub vault: Arc<dyn Vault>,
    /// Each holds its unlock key.
    pub devices: Vec<Device>,
    _directory: TempDir,
}

impl Desk {
    pub fn on_sqlite(devices: usize) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let url = format!("sqlite:{}/keyleash.db", directory.path().display());
        Self::new(&url, devices, directory)
    }

    pub fn at(url: &str, devices: usize) -> Self {
        Self::new(url, devices, tempfile::tempdir().unwrap())
    }

    fn new(url: &str, devices: usize, directory: TempDir) -> Self {
        let runtime = Runtime::new().unwrap();
        let key_file = directory.path().join("master.key");
        let (store, vault, devices) = runtime.block_on(async {
            // A server makes the user, and is gone before anything is measured.
            let configuration = [("STORE__URL", url), ("KMS__KEY_FILE", key_file.to_str().unwrap())];
            let server = Server::start_with(&configuration).await;
            let crowd = crowd::seed(&server, 1, devices).await;
            drop(server);
            let entropy = Entropy::new();
            let store = sql::open(url, CONNECTIONS, &entropy).await.unwrap();
            let kms = Arc::new(FileKms::open(&key_file, &SystemClock, entropy.clone()).unwrap());
            let (rows, users, clock) = (store.clone(), store.clone(), Arc::new(SystemClock));
            let vault = LocalVault::start(rows, users, kms, clock, entropy, DataKeyLimits::default());
            let epoch = store.epoch().await.unwrap();
            let mut devices: Vec<Device> = crowd.into_iter().map(|(device, _)| device).collect();
            for device in &mut devices {
                unlock(device, &epoch, &*vault).await;
            }
            (store, vault as Arc<dyn Vault>, devices)
        });
        Self { runtime, store, vault, devices, _directory: directory }
    }

    pub fn reader(&self, device: usize) -> Reader {
        Reader { device: self.devices[device].id, retrieve: RetrieveMode::All }
    }

    /// Has the first device put so many credentials; where the user's changes stand then.
    pub fn put(&self, credentials: u128) -> Seq {
        let device = &self.devices[0];
        let put_all = async {
            let mut seq = Seq(0);
            for number in 0..credentials {
                let (id, base) = (credential(number), Version(0));
                let sealed = device.seal(id, base, &plaintext(number)).unwrap();
                seq = self.vault.put(device.user, device.id, id, base, &sealed).await.unwrap().seq;
            }
            seq
        };
        self.runtime.block_on(put_all)
    }

    /// All that changed after `cursor`, page by page, sealed for the device with this number.
    pub async fn catch_up(&self, device: usize, cursor: Seq) -> Vec<SyncPage> {
        let (user, reader, mut cursor) = (self.devices[device].user, self.reader(device), cursor);
        let mut pages = Vec::new();
        loop {
            let page = self.vault.page(user, reader, cursor).await.unwrap();
            cursor = page.seq;
            let done = page.done;
            pages.push(page);
            if done {
                return pages;
            }
        }
    }

    /// Measures something that waits. One runtime's turn for each sample, not for each round.
    pub fn measure<T>(&self, bencher: &mut Bencher<'_>, mut round: impl AsyncFnMut() -> T) {
        bencher.iter_custom(|rounds| {
            self.runtime.block_on(async {
                let began = Instant::now();
                for _ in 0..rounds {
                    std::hint::black_box(round().await);
                }
                began.elapsed()
            })
        });
    }
}

/// As after a page was opened: the device learns the database's name and gets its key.
async fn unlock(device: &mut Device, epoch: &Epoch, vault: &dyn Vault) {
    let welcome = Welcome {
        state: DeviceState::Verified,
        seq: Seq(0),
        epoch: epoch.clone(),
        heartbeat_ms: 0,
        grace_ms: Duration::from_mins(15).as_millis().try_into().unwrap(),
    };
    let sealed = vault.unlock(device.user, device.id).await.unwrap();
    for message in [ServerMessage::Welcome(welcome), ServerMessage::Unlock(sealed)] {
        assert_eq!(device.take(&message, UnixMillis(0)), Ok(None));
    }
}

pub fn credential(number: u128) -> CredentialId {
    CredentialId::from_uuid(Uuid::from_u128(0x0190_0000_0000_7000_8000_0000_0000_0000 + number))
}

/// An exchange's key and secret in the agreed form, as most credentials are.
pub fn plaintext(number: u128) -> Vec<u8> {
    let form = json!({
        "exchange": "binance",
        "kind": "hmac",
        "label": format!("Account {number}"),
        "environment": "mainnet",
        "fields": { "api_key": "k".repeat(64), "secret": "s".repeat(64) },
        "created_at": 1_700_000_000_000_u64,
    });
    serde_json::to_vec(&form).unwrap()
}
