//! The one place that knows which adapter a configuration names.

use std::{path::PathBuf, sync::Arc, time::Duration};

use keyleash_domain::claims::Terms;
use keyleash_protocol::UnixMillis;
use tokio::sync::mpsc::{self, Receiver, Sender};

use super::{Patience, StartError, keys};
use crate::{
    actors,
    bus::{Bus, BusEvent, local::LocalBus, redis::RedisBus},
    clock::{Clock, DatabaseClock},
    config::{Config, IdentityProvider},
    entropy::Entropy,
    identity::{self, Logins, Vendor},
    jwks::{Jwks, JwksError, file::FileJwks, url::UrlJwks},
    kms::{Kms, file::FileKms},
    mail::{MailArchive, Mailer, files::FileMailer, smtp::SmtpMailer},
    store::{Store, StoreResult, sql},
    vault::{Vault, data_keys::DataKeyLimits, local::LocalVault},
};

/// Hints that may wait for this node; what does not fit is found by a sweep.
const BUS_QUEUE: usize = 4_096;

/// Every part, as configured.
pub(super) struct Adapters {
    pub(super) store: Arc<dyn Store>,
    pub(super) vault: Arc<dyn Vault>,
    pub(super) kms: Arc<dyn Kms>,
    pub(super) mailer: Arc<dyn Mailer>,
    /// Where mails can be read that stay on this machine.
    pub(super) archive: Option<Arc<dyn MailArchive>>,
    pub(super) bus: Arc<dyn Bus>,
    /// What the bus hears.
    pub(super) heard: Receiver<BusEvent>,
    pub(super) logins: Logins,
    pub(super) clock: Arc<DatabaseClock>,
    pub(super) entropy: Entropy,
}

impl Adapters {
    pub(super) async fn open(config: &Config, patience: Patience) -> Result<Self, StartError> {
        let (entropy, clock) = (Entropy::new(), Arc::new(DatabaseClock::default()));
        let store = store(config, &entropy).await?;
        set(&clock, &*store).await.map_err(StartError::Database)?;
        let kms = keys::open(config, &*clock, &entropy).await?;
        let limits = DataKeyLimits::default();
        let vault =
            LocalVault::start(store.clone(), store.clone(), kms.clone(), clock.clone(), entropy.clone(), limits);
        let (mailer, archive) = mailer(config)?;
        let logins = logins(config, patience).await?;
        let (hints, heard) = mpsc::channel(BUS_QUEUE);
        let bus = bus(config, patience, hints, &entropy).await?;
        Ok(Self { store, vault, kms, mailer, archive, bus, heard, logins, clock, entropy })
    }

    pub(super) fn for_identity(&self) -> identity::Ports {
        identity::Ports {
            store: self.store.clone(),
            vault: self.vault.clone(),
            bus: self.bus.clone(),
            clock: self.clock.clone(),
        }
    }

    pub(super) fn for_actors(&self) -> actors::Ports {
        actors::Ports {
            users: self.store.clone(),
            devices: self.store.clone(),
            sessions: self.store.clone(),
            nodes: self.store.clone(),
            vault: self.vault.clone(),
            bus: self.bus.clone(),
            clock: self.clock.clone(),
            entropy: self.entropy.clone(),
        }
    }
}

/// Before anything asks for the time.
pub(super) async fn set(clock: &DatabaseClock, store: &dyn Store) -> StoreResult<()> {
    let asking = DatabaseClock::asking();
    let present = store.changed_since(UnixMillis(i64::MAX)).await?.now;
    clock.learn(&asking, present);
    Ok(())
}

/// The database, its tables up to date.
pub(super) async fn store(config: &Config, entropy: &Entropy) -> Result<Arc<dyn Store>, StartError> {
    Ok(sql::open(&config.store.url, config.store.connections, entropy).await?)
}

/// A bus that does not work yet is nothing to wait for: the node serves without it, and changes arrive a little later. The
/// bus says so by itself.
async fn bus(
    config: &Config,
    patience: Patience,
    hints: Sender<BusEvent>,
    entropy: &Entropy,
) -> Result<Arc<dyn Bus>, StartError> {
    if is_local(config) {
        return Ok(Arc::new(LocalBus::new(hints)));
    }
    if patience == Patience::FailFast {
        probe_bus(config, entropy).await?;
    }
    Ok(Arc::new(RedisBus::start(&config.bus.url, config.bus.cluster, hints, entropy.clone())?))
}

/// Tries the bus, if it is one that can fail.
pub(super) async fn probe_bus(config: &Config, entropy: &Entropy) -> Result<(), StartError> {
    if is_local(config) {
        return Ok(());
    }
    Ok(RedisBus::probe(&config.bus.url, config.bus.cluster, entropy).await?)
}

fn is_local(config: &Config) -> bool {
    config.bus.url.starts_with("local:")
}

/// Which logins are taken. A vendor that cannot be reached yet is nothing to wait for: its keys are asked for again with the
/// next login.
async fn logins(config: &Config, patience: Patience) -> Result<Logins, StartError> {
    let identity = &config.identity;
    let accounts = identity.provider != IdentityProvider::Jwt;
    if identity.provider == IdentityProvider::Accounts {
        return Ok(Logins { accounts, vendor: None });
    }
    let (keys, fetched) = vendors_keys(config).await.map_err(StartError::VendorsKeys)?;
    if patience == Patience::FailFast {
        fetched.map_err(StartError::VendorsKeys)?;
    }
    let given = |key: &Option<String>| key.clone().unwrap_or_default();
    let terms = Terms {
        issuer: given(&identity.jwt_issuer),
        audience: given(&identity.jwt_audience),
        skew: Duration::from_secs(identity.clock_skew_seconds),
    };
    let (mail_claim, login_url) = (identity.mail_claim.clone(), given(&identity.login_url));
    Ok(Logins { accounts, vendor: Some(Vendor { keys, terms, mail_claim, login_url }) })
}

type KeysAndWhetherTheyCame = (Arc<dyn Jwks>, Result<(), JwksError>);

/// The vendor's keys. A file is there or it is a mistake; an address may answer later.
pub(super) async fn vendors_keys(config: &Config) -> Result<KeysAndWhetherTheyCame, JwksError> {
    let identity = &config.identity;
    if let Some(path) = &identity.jwks_file {
        return Ok((Arc::new(FileJwks::open(path.as_ref())?), Ok(())));
    }
    let keys = UrlJwks::new(identity.jwks_url.as_deref().unwrap_or_default())?;
    let fetched = keys.fetch().await;
    Ok((Arc::new(keys), fetched))
}

type MailOutAndIn = (Arc<dyn Mailer>, Option<Arc<dyn MailArchive>>);

pub(super) fn mailer(config: &Config) -> Result<MailOutAndIn, StartError> {
    let url = &config.mail.url;
    if let Some(path) = url.strip_prefix("file:") {
        let mailer = FileMailer::open(PathBuf::from(path))
            .map_err(|source| StartError::MailDirectory { path: path.to_owned(), source })?;
        let mailer = Arc::new(mailer);
        return Ok((mailer.clone(), Some(mailer)));
    }
    Ok((Arc::new(SmtpMailer::new(url, &config.mail.from)?), None))
}

/// The master key file; only for a configuration that names one.
pub(super) fn master_keys(config: &Config, clock: &dyn Clock, entropy: &Entropy) -> Result<FileKms, StartError> {
    let path = config.kms.master_key_file().ok_or(StartError::NoKeyFile)?;
    Ok(FileKms::open(path, clock, entropy.clone())?)
}
