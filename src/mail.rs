//! Port: how a mail leaves the house. Mails wait in the store's outbox, so that one that was promised is sent even if the
//! mail server is down for a day.

use std::{error::Error, fmt, fmt::Debug};

use async_trait::async_trait;
use keyleash_protocol::UnixMillis;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

#[cfg(test)]
mod conformance;
pub mod files;
pub mod smtp;

/// A mail as it was written. Sealed while it waits: it may carry a link's token.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Mail {
    pub to: String,
    pub subject: String,
    pub text: String,
    pub html: String,
}

impl Debug for Mail {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Mail({:?})", self.subject)
    }
}

/// A mail on its way. If it has to be handed over again, id and time are the same: whoever gets it twice can tell.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PostedMail {
    pub id: Uuid,
    /// When it was written.
    pub at: UnixMillis,
    #[serde(flatten)]
    pub mail: Mail,
}

/// Why a mail is still here. Holds no address and no password.
#[derive(Debug, thiserror::Error)]
pub enum MailError {
    /// Nothing can be handed over at present, neither this mail nor another.
    #[error("mails cannot be handed over at present ({operation})")]
    Unavailable { operation: &'static str, source: Box<dyn Error + Send + Sync> },
    /// This mail was not taken; later it may be.
    #[error("the mail was not taken for now ({operation})")]
    Temporary { operation: &'static str, source: Box<dyn Error + Send + Sync> },
    /// This mail will never be taken.
    #[error("the mail was refused for good ({operation})")]
    Permanent { operation: &'static str, source: Box<dyn Error + Send + Sync> },
}

#[async_trait]
pub trait Mailer: Debug + Send + Sync {
    /// Hands a mail over. May be given up half-way, by dropping it, without harm to what is sent next.
    async fn send(&self, mail: &PostedMail) -> Result<(), MailError>;

    /// Tries everything but a mail.
    async fn check(&self) -> Result<(), MailError>;
}

/// A mailer whose mails can be read here, for trying out.
#[async_trait]
pub trait MailArchive: Debug + Send + Sync {
    /// Newest first.
    async fn newest(&self, most: usize) -> Result<Vec<PostedMail>, MailError>;
}
