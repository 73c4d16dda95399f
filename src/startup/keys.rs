//! The key service that a configuration names, and what to do about it if it does not work.

use std::sync::Arc;

use keyleash_protocol::UserId;
use uuid::Uuid;

use super::{StartError, adapters::master_keys};
use crate::{
    clock::Clock,
    config::{Config, KmsProvider},
    entropy::Entropy,
    kms::{
        KeyContext, Kms, KmsError,
        aws::{AwsKey, AwsKms},
        file::{FileKms, MasterKeyError},
        moving::MovingKms,
    },
};

/// Opens it, and asks it which key wraps: a key that cannot be used is found out about at the start.
pub(super) async fn open(config: &Config, clock: &dyn Clock, entropy: &Entropy) -> Result<Arc<dyn Kms>, StartError> {
    let kms: Arc<dyn Kms> = match config.kms.provider {
        KmsProvider::File => Arc::new(master_keys(config, clock, entropy)?),
        KmsProvider::Aws => {
            let aws = AwsKms::open(AwsKey {
                id: config.kms.key_id.clone().unwrap_or_default(),
                region: config.kms.region.clone(),
                endpoint_url: config.kms.endpoint_url.clone(),
            });
            let aws = aws.await?;
            match config.kms.master_key_file() {
                None => Arc::new(aws),
                // A file that is not there is a mistake here: a new one would open nothing.
                Some(path) => Arc::new(MovingKms::new(FileKms::open_existing(path, entropy.clone())?, aws)),
            }
        }
    };
    kms.wrapping_key().await?;
    Ok(kms)
}

/// Makes a data key that nobody uses, and opens it again.
pub(super) async fn try_out(config: &Config, clock: &dyn Clock, entropy: &Entropy) -> Result<String, StartError> {
    let kms = open(config, clock, entropy).await?;
    let context = KeyContext { user: UserId::from_uuid(Uuid::nil()) };
    let (key, wrapped) = kms.generate(&context).await?;
    if kms.unwrap(&context, &wrapped).await? != key {
        let reason = "a data key does not come back as it went".to_owned();
        return Err(KmsError::Refused { operation: "unwrap", reason }.into());
    }
    Ok(match (config.kms.provider, config.kms.master_key_file()) {
        (KmsProvider::Aws, Some(path)) => format!(
            "key {} wraps and unwraps; what is still under {} opens too, until `keyleash admin rewrap` has moved it",
            wrapped.key_id,
            path.display()
        ),
        _ => format!("key {} wraps and unwraps", wrapped.key_id),
    })
}

/// What an operator does about it.
pub(super) fn mending(error: &StartError) -> &'static str {
    match error {
        StartError::Kms(KmsError::Unavailable { .. }) => {
            "check that this machine reaches the key service: network, proxy, kms.region, kms.endpoint_url"
        }
        StartError::Kms(KmsError::Refused { .. }) => {
            "until that is mended nobody is unlocked; who is live stays live for as long as their data key is in memory"
        }
        StartError::MasterKey(MasterKeyError::Missing { .. }) => {
            "put back the file with which the data keys were wrapped, or take kms.key_file out of the configuration if \
             `keyleash admin rewrap` has moved them all"
        }
        _ => "check kms.key_file: it must be this user's alone; without it the database cannot be opened",
    }
}
