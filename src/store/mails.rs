//! The outbox.

use std::fmt::Debug;

use async_trait::async_trait;
use keyleash_protocol::{DeviceId, UnixMillis, UserId};
use uuid::Uuid;

use super::{StoreResult, Trail};

/// A mail that somebody claimed, to send it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OutboxMail {
    pub id: Uuid,
    pub user: UserId,
    pub sealed: Vec<u8>,
    /// When it was written.
    pub at: UnixMillis,
    /// Claims before this one. Together with the id it names this claim.
    pub tries: u32,
}

#[derive(Clone, Debug)]
pub enum MailOutcome {
    Sent,
    RetryAt(UnixMillis),
    /// Refused for good, or tried for too long.
    GivenUp {
        at: UnixMillis,
        /// What the owner reads about it.
        trail: Trail,
        /// The device that waits for it.
        device: Option<DeviceId>,
    },
}

#[async_trait]
pub trait MailStore: Debug + Send + Sync {
    /// Takes up to `limit` due mails; nobody else gets them before `lease_until`.
    async fn claim_mails(&self, now: UnixMillis, lease_until: UnixMillis, limit: u32) -> StoreResult<Vec<OutboxMail>>;

    /// Writes what became of a claim. If somebody else claimed the mail since, only `Sent` has an effect: a mail that is
    /// gone must not be sent again.
    async fn finish_mail(&self, claimed: &OutboxMail, outcome: &MailOutcome) -> StoreResult<()>;

    /// Mails that were neither sent nor given up.
    async fn mails_waiting(&self) -> StoreResult<u64>;
}
