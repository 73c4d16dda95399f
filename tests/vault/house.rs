//! A house to test in: a database file, a key file that can be made to fail, a clock that stands still, and the vault.

use std::{
    fmt::Display,
    future::pending,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    time::Duration,
};

use async_trait::async_trait;
use keyleash::{
    clock::{Clock, ManualClock},
    entropy::Entropy,
    kms::{DataKey, KeyContext, Kms, KmsError, WrappedKey, file::FileKms},
    store::{
        ApproveOutcome, ConfirmedTotp, DeviceStore, EnrolOutcome, LinkPurpose, LinkStore, LinkedDevice, NewDevice,
        NewLink, NewSession, NewUser, PendingTotp, Revocation, Revoke, Revoked, Room, SecondFactorStore, SessionStore,
        Trail, UserStore, sql::SqliteStore,
    },
    vault::{Vault, data_keys::DataKeyLimits, local::LocalVault},
};
use keyleash_domain::text::{DeviceName, Email};
use keyleash_protocol::{
    CredentialId, DeviceId, Epoch, SessionId, UnixMillis, UserId, limits::P256_POINT_BYTES, socket::RevokeReason,
};
use sqlx::{Connection, SqliteConnection};
use tempfile::TempDir;
use tokio::time::sleep;

use crate::device::TestDevice;

pub struct House {
    pub directory: TempDir,
    pub store: Arc<SqliteStore>,
    pub kms: Arc<WatchedKms>,
    pub clock: Arc<ManualClock>,
    pub vault: Arc<LocalVault>,
    pub entropy: Entropy,
}

impl House {
    pub async fn new() -> Self {
        Self::with(DataKeyLimits::default()).await
    }

    pub async fn with(limits: DataKeyLimits) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let (entropy, clock) = (Entropy::new(), Arc::new(ManualClock::at(UnixMillis(1_800_000_000_000))));
        let url = format!("sqlite:{}", directory.path().join("keyleash.db").display());
        let store = Arc::new(SqliteStore::open(&url, &entropy).await.unwrap());
        let keys = FileKms::open(&directory.path().join("master.key"), &*clock, entropy.clone()).unwrap();
        let kms = Arc::new(WatchedKms {
            keys,
            calls: AtomicUsize::new(0),
            down: AtomicBool::new(false),
            stuck_for: Mutex::default(),
        });
        let vault =
            LocalVault::start(store.clone(), store.clone(), kms.clone(), clock.clone(), entropy.clone(), limits);
        Self { directory, store, kms, clock, vault, entropy }
    }

    /// A second node's vault on the same database and keys.
    pub fn another_vault(&self) -> Arc<LocalVault> {
        LocalVault::start(
            self.store.clone(),
            self.store.clone(),
            self.kms.clone(),
            self.clock.clone(),
            self.entropy.clone(),
            DataKeyLimits::default(),
        )
    }

    pub async fn user(&self) -> UserId {
        let (user, at) = (UserId::from_uuid(self.entropy.id(self.clock.now())), self.clock.now());
        let email = Email::parse(&format!("{user}@example.com")).unwrap();
        let new = NewUser { id: user, email, password_hash: String::new(), at };
        let link = self.link(user, LinkPurpose::ConfirmSignUp, None);
        assert!(self.store.create_user(new, link, Trail::default()).await.unwrap());
        let pending = PendingTotp { sealed: b"secret".to_vec(), since: at };
        assert!(self.store.set_totp_pending(user, &pending, None).await.unwrap());
        let confirmed = ConfirmedTotp { sealed: b"secret", present: None, step: 0, recovery_codes: &[] };
        assert!(self.store.enable_totp(user, confirmed, Trail::default()).await.unwrap().is_some());
        self.store.turn_sync_on(user, Trail::default()).await.unwrap();
        user
    }

    pub async fn pending_device(&self, user: UserId) -> TestDevice {
        let signing_key: [u8; P256_POINT_BYTES] = self.entropy.bytes();
        let mut device = TestDevice::new(user, signing_key);
        device.id = self.enrol(&device).await;
        device
    }

    /// Enrols the device, or asks again with the keys that are known already.
    pub async fn enrol(&self, device: &TestDevice) -> DeviceId {
        let at = self.clock.now();
        let session = NewSession {
            id: SessionId::from_uuid(self.entropy.id(at)),
            user: device.user,
            token: self.entropy.bytes(),
            password_hash: String::new(),
            at,
            expires_at: at.after(Duration::from_hours(1)),
            user_agent: String::new(),
            address: String::new(),
        };
        let session_id = session.id;
        self.store
            .create_session(session, Room { sessions: 100, trail: Trail::default() }, Trail::default())
            .await
            .unwrap();
        let new = NewDevice {
            id: DeviceId::from_uuid(self.entropy.id(at)),
            user: device.user,
            name: DeviceName::parse("Desk").unwrap(),
            user_agent: String::new(),
            receive_key: device.receive_key.to_vec(),
            signing_key: device.signing_key.to_vec(),
            keys: device.fingerprint(),
            match_code: String::new(),
            at,
        };
        match self.store.enrol(new, session_id, Trail::default()).await.unwrap() {
            EnrolOutcome::Enrolled { id, .. } => id,
            refused => panic!("{refused:?}"),
        }
    }

    pub async fn approve(&self, device: &TestDevice) {
        let linked = LinkedDevice { id: device.id, keys: device.fingerprint(), address: String::new() };
        let link = self.link(device.user, LinkPurpose::VerifyDevice, Some(linked));
        let token = link.token;
        self.store.create_link(link, Trail::default()).await.unwrap();
        let sealed = self.vault.new_unlock_key(device.user, device.id).await.unwrap();
        let outcome = self.store.approve(token, true, &sealed, self.clock.now(), Trail::default()).await.unwrap();
        assert!(matches!(outcome, ApproveOutcome::Approved { .. }), "{outcome:?}");
    }

    /// A device that is verified and has its unlock key.
    pub async fn device(&self, user: UserId) -> TestDevice {
        let mut device = self.pending_device(user).await;
        self.approve(&device).await;
        let sealed = self.vault.unlock(user, device.id).await.unwrap();
        assert!(device.unlock(&sealed, &self.epoch().await));
        device
    }

    pub async fn remove(&self, device: &TestDevice) -> Revoked {
        let at = self.clock.now();
        let revocation = Revocation {
            which: Revoke::One(device.id),
            reason: RevokeReason::Removed,
            at,
            restore_until: Some(at.after(Duration::from_hours(1))),
        };
        self.store.revoke(device.user, &revocation, Trail::default()).await.unwrap().unwrap()
    }

    pub async fn epoch(&self) -> Epoch {
        self.store.epoch().await.unwrap()
    }

    /// Ids in the order in which they were made.
    pub fn credential(&self) -> CredentialId {
        self.clock.advance(Duration::from_millis(1));
        CredentialId::from_uuid(self.entropy.id(self.clock.now()))
    }

    /// Writes to the database as an attacker would.
    pub async fn tamper(&self, statement: &'static str, parameters: &[&dyn Display]) {
        let url = format!("sqlite:{}", self.directory.path().join("keyleash.db").display());
        let mut connection = SqliteConnection::connect(&url).await.unwrap();
        let mut query = sqlx::query(statement);
        for parameter in parameters {
            query = query.bind(parameter.to_string());
        }
        let changed = query.execute(&mut connection).await.unwrap().rows_affected();
        assert!(changed > 0, "{statement}");
        connection.close().await.unwrap();
    }

    /// The time of every data key that is in memory is over.
    pub fn data_keys_age(&self) {
        self.clock.advance(DataKeyLimits::default().age_max);
    }

    fn link(&self, user: UserId, purpose: LinkPurpose, device: Option<LinkedDevice>) -> NewLink {
        let at = self.clock.now();
        let expires_at = at.after(Duration::from_hours(1));
        NewLink { token: self.entropy.bytes(), purpose, user, device, at, expires_at }
    }
}

/// The key file, with a count of what it is asked, and a switch to take it away.
#[derive(Debug)]
pub struct WatchedKms {
    keys: FileKms,
    calls: AtomicUsize,
    down: AtomicBool,
    stuck_for: Mutex<Option<UserId>>,
}

impl WatchedKms {
    pub fn calls(&self) -> usize {
        self.calls.load(Ordering::SeqCst)
    }

    pub fn set_down(&self, down: bool) {
        self.down.store(down, Ordering::SeqCst);
    }

    /// Does not answer about this user any more.
    pub fn get_stuck_for(&self, user: Option<UserId>) {
        *self.stuck_for.lock().unwrap() = user;
    }

    /// Makes a new master key, which wraps from now on.
    pub fn rotate(&self, clock: &ManualClock) -> String {
        self.keys.rotate(clock).unwrap()
    }

    async fn be_asked(&self, user: UserId) -> Result<(), KmsError> {
        self.calls.fetch_add(1, Ordering::SeqCst);
        let stuck = *self.stuck_for.lock().unwrap() == Some(user);
        if stuck {
            pending::<()>().await;
        }
        // As over a network: others get to run before the answer is there.
        sleep(Duration::from_millis(1)).await;
        if self.down.load(Ordering::SeqCst) {
            return Err(KmsError::Unavailable { operation: "answer", source: "taken away".into() });
        }
        Ok(())
    }
}

#[async_trait]
impl Kms for WatchedKms {
    async fn generate(&self, context: &KeyContext) -> Result<(DataKey, WrappedKey), KmsError> {
        self.be_asked(context.user).await?;
        self.keys.generate(context).await
    }

    async fn unwrap(&self, context: &KeyContext, wrapped: &WrappedKey) -> Result<DataKey, KmsError> {
        self.be_asked(context.user).await?;
        self.keys.unwrap(context, wrapped).await
    }

    async fn wrap(&self, context: &KeyContext, key: &DataKey) -> Result<WrappedKey, KmsError> {
        self.be_asked(context.user).await?;
        self.keys.wrap(context, key).await
    }

    async fn wrapping_key(&self) -> Result<String, KmsError> {
        self.keys.wrapping_key().await
    }
}
