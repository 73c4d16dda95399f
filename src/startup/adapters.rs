//! The one place that knows which adapter a configuration names.

use std::{path::PathBuf, sync::Arc};

use tokio::sync::mpsc::{self, Receiver};

use super::StartError;
use crate::{
    actors,
    bus::{Bus, BusEvent, local::LocalBus},
    clock::{Clock, SystemClock},
    config::{Config, KmsProvider},
    entropy::Entropy,
    identity,
    kms::{Kms, file::FileKms},
    mail::{MailArchive, Mailer, files::FileMailer},
    store::{Store, sql},
    vault::{Vault, data_keys::DataKeyLimits, local::LocalVault},
};

/// Hints that may wait for this node; what does not fit is found by a sweep.
const BUS_QUEUE: usize = 4_096;

/// Every part, as configured.
pub(super) struct Adapters {
    pub(super) store: Arc<dyn Store>,
    pub(super) vault: Arc<dyn Vault>,
    pub(super) mailer: Arc<dyn Mailer>,
    /// Where mails can be read that stay on this machine.
    pub(super) archive: Option<Arc<dyn MailArchive>>,
    pub(super) bus: Arc<dyn Bus>,
    /// What the bus hears.
    pub(super) heard: Receiver<BusEvent>,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) entropy: Entropy,
}

impl Adapters {
    pub(super) async fn open(config: &Config) -> Result<Self, StartError> {
        let (entropy, clock): (_, Arc<dyn Clock>) = (Entropy::new(), Arc::new(SystemClock));
        let store = store(config, &entropy).await?;
        let kms = kms(config, &*clock, &entropy)?;
        let limits = DataKeyLimits::default();
        let vault = LocalVault::start(store.clone(), store.clone(), kms, clock.clone(), entropy.clone(), limits);
        let (mailer, archive) = mailer(config, &clock, &entropy)?;
        let (hints, heard) = mpsc::channel(BUS_QUEUE);
        let bus = Arc::new(LocalBus::new(hints));
        Ok(Self { store, vault, mailer, archive, bus, heard, clock, entropy })
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
            vault: self.vault.clone(),
            bus: self.bus.clone(),
            clock: self.clock.clone(),
            entropy: self.entropy.clone(),
        }
    }
}

/// The database, its tables up to date.
pub(super) async fn store(config: &Config, entropy: &Entropy) -> Result<Arc<dyn Store>, StartError> {
    Ok(sql::open(&config.store.url, config.store.connections, entropy).await?)
}

pub(super) fn kms(config: &Config, clock: &dyn Clock, entropy: &Entropy) -> Result<Arc<dyn Kms>, StartError> {
    match config.kms.provider {
        KmsProvider::File => Ok(Arc::new(master_keys(config, clock, entropy)?)),
        KmsProvider::Aws => Err(StartError::NoKeyFile),
    }
}

type MailOutAndIn = (Arc<dyn Mailer>, Option<Arc<dyn MailArchive>>);

pub(super) fn mailer(config: &Config, clock: &Arc<dyn Clock>, entropy: &Entropy) -> Result<MailOutAndIn, StartError> {
    let directory = PathBuf::from(config.mail.url.trim_start_matches("file:"));
    let mailer = FileMailer::open(directory.clone(), clock.clone(), entropy.clone())
        .map_err(|source| StartError::Mail { path: directory.display().to_string(), source })?;
    let mailer = Arc::new(mailer);
    Ok((mailer.clone(), Some(mailer)))
}

/// The master key file; only for a configuration that names one.
pub(super) fn master_keys(config: &Config, clock: &dyn Clock, entropy: &Entropy) -> Result<FileKms, StartError> {
    let path = config.kms.master_key_file().ok_or(StartError::NoKeyFile)?;
    Ok(FileKms::open(path, clock, entropy.clone())?)
}
