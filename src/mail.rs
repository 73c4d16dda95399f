//! Port: how a mail leaves the house. Mails wait in the store's outbox, so that one that was promised is sent even if the
//! mail server is down for a day.

use std::{error::Error, fmt, fmt::Debug};

use async_trait::async_trait;
use serde::{Deserialize, Serialize};

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
