//! A key set in a file of this machine, read again when it changes.

use std::{
    fmt, fs,
    path::{Path, PathBuf},
    sync::{Arc, PoisonError, RwLock},
    time::Duration,
};

use async_trait::async_trait;

use super::{Jwks, JwksError, KeySet};
use crate::{causes, telemetry::FIGURES};

/// How often the file is looked at: a key that is taken out is good for so long.
const LOOK_EVERY: Duration = Duration::from_secs(10);

pub struct FileJwks {
    path: PathBuf,
    known: RwLock<Arc<KeySet>>,
}

impl FileJwks {
    pub fn open(path: &Path) -> Result<Self, JwksError> {
        let known = RwLock::new(Arc::new(read(path)?));
        Ok(Self { path: path.to_owned(), known })
    }

    fn known(&self) -> Arc<KeySet> {
        self.known.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// A file that cannot be used changes nothing: somebody may be writing it.
    fn look(&self) -> Result<(), JwksError> {
        let keys = read(&self.path)?;
        if keys != *self.known() {
            tracing::info!(file = %self.path.display(), "the vendor's keys were read again");
            *self.known.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(keys);
        }
        Ok(())
    }
}

#[async_trait]
impl Jwks for FileJwks {
    async fn keys(&self, _: &str) -> Result<Arc<KeySet>, JwksError> {
        Ok(self.known())
    }

    async fn watch(&self) {
        loop {
            tokio::time::sleep(LOOK_EVERY).await;
            match self.look() {
                Ok(()) => FIGURES.vendor_keys.is_well(),
                Err(error) => {
                    FIGURES.vendor_keys.has_trouble(&error);
                    let error = causes::in_one_line(&error);
                    tracing::error!(error, "the vendor's keys stay as they were");
                }
            }
        }
    }
}

fn read(path: &Path) -> Result<KeySet, JwksError> {
    let place = || path.display().to_string();
    let json = fs::read(path).map_err(|source| JwksError::Unreadable { place: place(), source: source.into() })?;
    KeySet::parse(&json).map_err(|source| JwksError::Unusable { place: place(), source })
}

impl fmt::Debug for FileJwks {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "FileJwks({})", self.path.display())
    }
}
