//! What a database becomes after a backup of it was put back.
//!
//! Since the backup devices were removed, logins ended, links and mails used: all that is forgotten now, and nobody can say
//! what it was. So nothing that gives access is believed.

use std::fmt::Debug;

use async_trait::async_trait;
use keyleash_protocol::{Epoch, UnixMillis};

use super::StoreResult;

/// Another history of the database, which begins now.
#[derive(Clone, Debug)]
pub struct NewHistory {
    pub epoch: Epoch,
    pub at: UnixMillis,
    /// Until when devices can be verified again and have the unlock key that they had.
    pub keys_until: UnixMillis,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HistoryOutcome {
    /// So many devices wait to be verified.
    Begun { devices: u64 },
    /// Nodes are running, which believe in the old history. Nothing was done.
    NodesAlive { nodes: u64 },
}

#[async_trait]
pub trait RestoredStore: Debug + Send + Sync {
    /// In one transaction: the epoch changes; every login ends; links and waiting mails are void; each device that is not
    /// removed is pending, has to be approved with a second factor, and its unlock key is aside until then.
    async fn begin_history(&self, new: NewHistory) -> StoreResult<HistoryOutcome>;
}
