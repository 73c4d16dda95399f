//! Moves every data key to the key that wraps at present: after a new key was made, or from one key service to another.
//!
//! Data keys stay the same, only what they are stored under changes: nodes may run meanwhile, and whoever has one in memory
//! goes on. It may be stopped at any time and run again; it begins with what is left.

use std::time::Duration;

use futures_util::{StreamExt, stream};
use keyleash_protocol::UserId;
use tokio::time::sleep;

use super::VaultError;
use crate::{
    kms::{KeyContext, Kms, KmsError, WrappedKey},
    store::DataKeyStore,
};

/// How fast, and how patient.
#[derive(Clone, Copy, Debug)]
pub struct Pace {
    /// Data keys read at once, and between two words of progress.
    pub batch: u32,
    /// Data keys on their way at once. 16 are about 500 a second at a key service that takes 10 ms, which leaves it time
    /// for the nodes.
    pub at_once: usize,
    /// Pauses between tries while the key service is unavailable. After the last one the whole is given up for now.
    pub pauses: &'static [Duration],
}

impl Default for Pace {
    fn default() -> Self {
        const PAUSES: &[Duration] =
            &[Duration::from_secs(1), Duration::from_secs(2), Duration::from_secs(4), Duration::from_secs(8)];
        Self { batch: 256, at_once: 16, pauses: PAUSES }
    }
}

/// Most that are named: with the former key gone it is all of them, for one reason.
const LEFT_NAMED_MAX: usize = 20;

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Progress {
    /// Data keys that were not under the present key at the beginning.
    pub total: u64,
    pub moved: u64,
    /// Those that cannot be opened; they stay as they are.
    pub left: u64,
    /// Some of these, and why.
    pub left_for: Vec<(UserId, String)>,
    /// Known at the end: data keys that came under another key meanwhile, from a node that does not know the present one.
    pub added: u64,
}

impl Progress {
    fn leave(&mut self, user: UserId, reason: String) {
        self.left += 1;
        if self.left_for.len() < LEFT_NAMED_MAX {
            self.left_for.push((user, reason));
        }
    }
}

/// Moves what is not under the present key. A data key that does not open is left, and named at the end.
///
/// # Errors
/// The database or the key service is unavailable, or the present key cannot wrap. What was moved until then is.
pub async fn rewrap(
    store: &dyn DataKeyStore,
    kms: &dyn Kms,
    pace: Pace,
    mut tell: impl FnMut(&Progress),
) -> Result<Progress, VaultError> {
    let present = kms.wrapping_key().await?;
    let mut progress = Progress { total: store.count_not_under(&present).await?, ..Progress::default() };
    let mut after = None;
    loop {
        tell(&progress);
        let batch = store.data_keys_not_under(&present, after, pace.batch).await?;
        let Some((last, _)) = batch.last() else { break };
        after = Some(*last);
        let moves = batch.into_iter().map(|(user, old)| move_one(store, kms, pace, user, old));
        let mut moves = stream::iter(moves).buffer_unordered(pace.at_once);
        while let Some(outcome) = moves.next().await {
            match outcome? {
                Moved::Here | Moved::BySomebodyElse => progress.moved += 1,
                Moved::Not { user, reason } => progress.leave(user, reason),
            }
        }
    }
    let not_under = store.count_not_under(&present).await?;
    progress.added = not_under.saturating_sub(progress.left);
    Ok(progress)
}

enum Moved {
    Here,
    BySomebodyElse,
    Not { user: UserId, reason: String },
}

async fn move_one(
    store: &dyn DataKeyStore,
    kms: &dyn Kms,
    pace: Pace,
    user: UserId,
    old: WrappedKey,
) -> Result<Moved, VaultError> {
    let context = KeyContext { user };
    let key = match patiently(pace, || kms.unwrap(&context, &old)).await {
        Ok(key) => key,
        Err(KmsError::Refused { reason, .. }) => return Ok(Moved::Not { user, reason }),
        Err(unavailable @ KmsError::Unavailable { .. }) => return Err(unavailable.into()),
    };
    let new = patiently(pace, || kms.wrap(&context, &key)).await?;
    // Read back before the old one goes: it is the last.
    if patiently(pace, || kms.unwrap(&context, &new)).await? != key {
        return Err(VaultError::Corrupt { what: "data key, wrapped anew," });
    }
    let is_moved = store.replace_data_key(user, &old, new).await?;
    Ok(if is_moved { Moved::Here } else { Moved::BySomebodyElse })
}

/// Asks again while the key service is unavailable.
async fn patiently<T>(pace: Pace, ask: impl AsyncFn() -> Result<T, KmsError>) -> Result<T, KmsError> {
    for pause in pace.pauses {
        match ask().await {
            Err(KmsError::Unavailable { .. }) => sleep(*pause).await,
            answer => return answer,
        }
    }
    ask().await
}
