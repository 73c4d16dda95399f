//! `keyleash admin restored`: says that a backup of the database was put back.

use std::time::Duration;

use keyleash_protocol::{Base64Url, Epoch};

use super::{StartError, adapters};
use crate::{
    clock::{Clock, SystemClock},
    config::Config,
    entropy::Entropy,
    store::{HistoryOutcome, NewHistory, StoreError},
};

/// How long a device that was verified can be verified again with the unlock key that it had, and so keeps its local-only
/// accounts. As long as an operator may configure for removed devices: these were not removed.
const KEYS_STAY: Duration = Duration::from_hours(90 * 24);

#[derive(Debug, thiserror::Error)]
pub enum RestoredError {
    #[error(transparent)]
    Open(#[from] StartError),
    #[error("the database cannot begin another history")]
    Store(#[from] StoreError),
    #[error(
        "nodes are running, or were until a moment ago ({nodes}); stop every node, wait 15 seconds, and run this again before any is started"
    )]
    NodesAlive { nodes: u64 },
}

/// Lets the database begin another history. Every node has to be stopped.
pub fn restored(config: &Config) -> Result<(), RestoredError> {
    actix_rt::System::new().block_on(async {
        let entropy = Entropy::new();
        let store = adapters::store(config, &entropy).await?;
        let (epoch, at) = (Epoch(Base64Url::encode(&entropy.bytes::<16>())), SystemClock.now());
        let outcome = store.begin_history(NewHistory { epoch, at, keys_until: at.after(KEYS_STAY) }).await;
        store.close().await;
        match outcome? {
            HistoryOutcome::Begun { devices } => {
                println!(
                    "another history has begun: everybody has to log in, and {devices} devices have to be verified"
                );
                println!("by mail and authenticator code before they are unlocked. Start the nodes.");
                Ok(())
            }
            HistoryOutcome::NodesAlive { nodes } => Err(RestoredError::NodesAlive { nodes }),
        }
    })
}
