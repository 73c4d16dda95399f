//! The outbox.

use std::fmt::Debug;

use async_trait::async_trait;
use keyleash_protocol::{UnixMillis, UserId};

use super::StoreResult;

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OutboxMail {
    pub id: uuid::Uuid,
    pub user: UserId,
    pub sealed: Vec<u8>,
    /// Tries before this one.
    pub tries: u32,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MailOutcome {
    Sent,
    RetryAt(UnixMillis),
    /// Refused for good, or tried too often.
    GivenUp,
}

#[async_trait]
pub trait MailStore: Debug + Send + Sync {
    /// Takes up to `limit` due mails; nobody else gets them before `lease_until`.
    async fn claim_mails(&self, now: UnixMillis, lease_until: UnixMillis, limit: u32) -> StoreResult<Vec<OutboxMail>>;

    async fn finish_mail(&self, mail: uuid::Uuid, outcome: MailOutcome, at: UnixMillis) -> StoreResult<()>;
}
