//! Port: how a mail leaves the house. Mails wait in the store's outbox, so that one that was promised is sent even if the
//! mail server is down for a day.

use std::{error::Error, fmt, fmt::Debug};

use async_trait::async_trait;
use keyleash_protocol::UnixMillis;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

pub mod files;

/// A mail, ready to be sent. Sealed while it waits: it may carry a link's token.
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

#[derive(Debug, thiserror::Error)]
pub enum MailError {
    #[error("the mail could not be handed over ({operation}); it will be tried again")]
    Temporary { operation: &'static str, source: Box<dyn Error + Send + Sync> },
    #[error("the mail was refused for good ({operation})")]
    Permanent { operation: &'static str, source: Box<dyn Error + Send + Sync> },
}

#[async_trait]
pub trait Mailer: Debug + Send + Sync {
    async fn send(&self, mail: &Mail) -> Result<(), MailError>;
}

/// A mail that was kept on this machine instead of being sent.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FiledMail {
    pub id: Uuid,
    pub at: UnixMillis,
    #[serde(flatten)]
    pub mail: Mail,
}

/// A mailer whose mails can be read here, for trying out.
#[async_trait]
pub trait MailArchive: Debug + Send + Sync {
    /// Newest first.
    async fn newest(&self, most: usize) -> Result<Vec<FiledMail>, MailError>;
}
