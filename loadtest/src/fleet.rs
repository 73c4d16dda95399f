//! Prepared users with their devices, and the file that keeps them for the next run.
//!
//! The file holds private keys and session tokens of users that exist for load tests alone; it is readable by its owner only.

use std::{
    fmt,
    fs::OpenOptions,
    io::{self, BufRead, BufReader, BufWriter, Write},
    os::unix::fs::OpenOptionsExt,
    path::Path,
};

use keyleash_protocol::{Base64Url, DeviceId, Epoch, Seq, UserId};
use serde::{Deserialize, Serialize};

/// Lines of one file: as many users as fit into a machine's memory many times over.
const USERS_MAX: usize = 10_000_000;

#[derive(Debug, thiserror::Error)]
pub enum FleetError {
    #[error("cannot read {path}")]
    Read { path: String, source: io::Error },
    #[error("cannot write {path}")]
    Write { path: String, source: io::Error },
    #[error("line {line} of {path} is no prepared user")]
    Form { path: String, line: usize, source: serde_json::Error },
    #[error("{path} has more than {USERS_MAX} users")]
    TooMany { path: String },
}

/// A user with what is needed to act for it: one line of the file.
#[derive(Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PreparedUser {
    pub id: UserId,
    /// For logging in. Users that the admin command made cannot; they have none.
    pub account: Option<Account>,
    /// Base32, as an authenticator takes it.
    pub totp_secret: String,
    /// Unused ones: a code of the authenticator is good once in its 30 seconds, these are there at once.
    pub recovery_codes: Vec<String>,
    pub devices: Vec<PreparedDevice>,
}

#[derive(Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Account {
    pub email: String,
    pub password: String,
}

#[derive(Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PreparedDevice {
    pub id: DeviceId,
    /// The session's bearer token.
    pub token: String,
    /// PKCS #8.
    pub signing_key: Base64Url,
    /// The HPKE private key, 32 bytes.
    pub receive_key: Base64Url,
    /// Once it was unlocked. A browser never keeps this; a load test may, to leave the unlocking out of what it measures.
    pub unlock_key: Option<Base64Url>,
    pub epoch: Option<Epoch>,
    pub cursor: Seq,
}

/// Reads prepared users, at most `users` of them.
pub fn read(path: &Path, users: usize) -> Result<Vec<PreparedUser>, FleetError> {
    let shown = || path.display().to_string();
    let unreadable = |source| FleetError::Read { path: shown(), source };
    let file = std::fs::File::open(path).map_err(unreadable)?;
    let mut fleet = Vec::new();
    for (index, line) in BufReader::new(file).lines().enumerate().take(users) {
        if index == USERS_MAX {
            return Err(FleetError::TooMany { path: shown() });
        }
        let form = |source| FleetError::Form { path: shown(), line: index + 1, source };
        fleet.push(serde_json::from_str(&line.map_err(unreadable)?).map_err(form)?);
    }
    Ok(fleet)
}

/// Writes them, beside the file first: a run that is broken off leaves the one before whole.
pub fn write(path: &Path, fleet: &[PreparedUser]) -> Result<(), FleetError> {
    let unwritable = |source| FleetError::Write { path: path.display().to_string(), source };
    let beside = path.with_extension("new");
    let file = OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&beside);
    let mut file = BufWriter::new(file.map_err(unwritable)?);
    for user in fleet {
        serde_json::to_writer(&mut file, user).map_err(|error| unwritable(error.into()))?;
        file.write_all(b"\n").map_err(unwritable)?;
    }
    file.flush().map_err(unwritable)?;
    std::fs::rename(&beside, path).map_err(unwritable)
}

impl fmt::Debug for PreparedUser {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PreparedUser({} with {} devices)", self.id, self.devices.len())
    }
}

impl fmt::Debug for Account {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Account({})", self.email)
    }
}

impl fmt::Debug for PreparedDevice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PreparedDevice({})", self.id)
    }
}
