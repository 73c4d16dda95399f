//! What there was at the end of the day: on every device, with every removed one, and in the database.

use std::collections::{BTreeMap, BTreeSet};

use keyleash_protocol::{CredentialId, DeviceId, Seq, UserId, Version};

use super::ledger::{Content, Ledger};

/// A user at the end.
#[derive(Clone, Debug)]
pub struct UserFound {
    pub id: UserId,
    pub devices: Vec<DeviceFound>,
    pub ledger: Ledger,
    /// What the database has; without it the devices and the ledger are laid beside each other.
    pub database: Option<Rows>,
}

#[derive(Clone, Debug)]
pub struct DeviceFound {
    pub id: DeviceId,
    /// Opened, with the device's own key.
    pub held: BTreeMap<CredentialId, (Version, Content)>,
    /// Deletions that it was told of and that nothing undid.
    pub deleted: BTreeMap<CredentialId, Version>,
    pub cursor: Seq,
    /// The seq of the newest change that it was ever sent.
    pub newest_change: Seq,
    /// Whether a write of it was refused because it is not verified.
    pub refused: bool,
    pub fate: Fate,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate {
    Stays,
    Removed {
        /// The seq of the removal; `None`: its remover got no answer.
        at: Option<Seq>,
        /// Whether it heard so: by the revocation, or by being refused.
        told: bool,
        /// What its session, or its hello, still opened afterwards.
        let_in: Option<&'static str>,
    },
}

/// A user's rows.
#[derive(Clone, Debug, Default)]
pub struct Rows {
    pub credentials: BTreeMap<CredentialId, Row>,
    /// Which of the devices are verified.
    pub verified: BTreeSet<DeviceId>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Row {
    pub version: Version,
    pub deleted: bool,
    pub seq: Seq,
}
