//! Port: what is remembered. The database is the truth; each method is one transaction, and each change first takes the
//! user's row (`seq + 1`), so that the changes of one user have one order.
//!
//! Owns: the traits and the rows. Never: plaintext of anything sealed. What [`CredentialStore`] gives out is for the vault
//! alone; the other traits give no access to keys.

use std::error::Error;

use async_trait::async_trait;
use keyleash_protocol::{DeviceId, EventId, UnixMillis, http::EventKind};

mod attempts;
mod conformance;
mod credentials;
mod data_keys;
mod devices;
mod history;
mod holdings;
mod links;
mod mails;
mod nodes;
mod restored;
mod second_factor;
mod sessions;
pub mod sql;
mod users;

pub use keyleash_domain::fan_out::Heads;

pub use self::{
    attempts::AttemptStore,
    credentials::{
        ChangeOutcome, CredentialChange, CredentialChanges, CredentialRow, CredentialStore, DeviceKey, Gift,
        SHAREABLE_ROWS_MAX, Shareable,
    },
    data_keys::DataKeyStore,
    devices::{
        Activity, ApproveOutcome, Device, DeviceStore, EnrolOutcome, Greeted, NewDevice, Receipt, Revocation, Revoke,
        Revoked, RevokedDevice, Step, Whereabouts,
    },
    history::{Event, HistoryStore},
    holdings::{HoldingStore, TickOutcome},
    links::{Link, LinkPurpose, LinkStore, LinkedDevice, NewLink},
    mails::{MailOutcome, MailStore, OutboxMail},
    nodes::{NodeAlive, NodeStore},
    restored::{HistoryOutcome, NewHistory, RestoredStore},
    second_factor::{Code, CodeRefusal, ConfirmedTotp, GivenCode, PendingTotp, SecondFactorStore},
    sessions::{NewSession, Room, Session, SessionOutcome, SessionStore},
    users::{Changes, Look, NewUser, NewVendorUser, User, UserStore},
};

#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// Worth trying again. Of a change it is not known whether it was made: it may have been, and the answer was lost.
    #[error("the database is unavailable ({operation})")]
    Unavailable { operation: &'static str, source: Box<dyn Error + Send + Sync> },
    /// The database will not do this, however often it is asked.
    #[error("the database refused ({operation})")]
    Refused { operation: &'static str, source: Box<dyn Error + Send + Sync> },
    /// A row does not hold what this program writes.
    #[error("the database holds something unexpected ({operation}): {what}")]
    Corrupt { operation: &'static str, what: String },
}

pub type StoreResult<T> = Result<T, StoreError>;

/// A secret's SHA-256: what is stored of tokens and recovery codes.
pub type TokenHash = [u8; 32];

/// What is written along with a change, in the same transaction: the security log's entries and the mails to send.
#[derive(Clone, Debug, Default)]
pub struct Trail {
    pub events: Vec<NewEvent>,
    pub mails: Vec<QueuedMail>,
}

impl Trail {
    pub fn and(mut self, other: &Self) -> Self {
        self.events.extend_from_slice(&other.events);
        self.mails.extend_from_slice(&other.mails);
        self
    }

    /// Entries that name no device are about this one.
    pub fn about(mut self, device: DeviceId) -> Self {
        for event in &mut self.events {
            event.device.get_or_insert(device);
        }
        self
    }
}

#[derive(Clone, Debug)]
pub struct NewEvent {
    pub id: EventId,
    pub kind: EventKind,
    pub device: Option<DeviceId>,
    pub address: Option<String>,
    pub detail: String,
    pub at: UnixMillis,
}

/// A mail for the outbox, its content sealed by the vault.
#[derive(Clone, Debug)]
pub struct QueuedMail {
    pub id: uuid::Uuid,
    pub sealed: Vec<u8>,
    pub at: UnixMillis,
}

/// Everything that one database remembers. Callers take the part that they need.
#[async_trait]
pub trait Store:
    UserStore
    + SecondFactorStore
    + SessionStore
    + LinkStore
    + AttemptStore
    + DeviceStore
    + HoldingStore
    + CredentialStore
    + DataKeyStore
    + MailStore
    + HistoryStore
    + NodeStore
    + RestoredStore
{
    /// Waits for transactions under way and leaves the database in good order.
    async fn close(&self);
}
