//! The outbox: mails are sealed and written along with what they tell about, and sent from there until it worked.

use std::{fmt::Debug, sync::Arc, time::Duration};

use keyleash_protocol::{UnixMillis, UserId};
use tokio::sync::Notify;
use uuid::Uuid;

use crate::{
    clock::Clock,
    mail::{Mail, MailError, Mailer},
    store::{MailOutcome, MailStore, OutboxMail, QueuedMail, StoreError},
    telemetry::FIGURES,
    vault::{Purpose, Vault, VaultError},
};

/// Mails taken at a time; each is sent before the next batch is asked for.
const BATCH: u32 = 16;
/// A node that dies while sending holds its mails back this long.
const LEASE: Duration = Duration::from_mins(2);
/// The outbox is looked at this often even if nobody rang.
const ROUND: Duration = Duration::from_secs(5);
/// The first wait after a failure; doubles up to the longest.
const FIRST_RETRY: Duration = Duration::from_secs(2);
const LONGEST_RETRY: Duration = Duration::from_hours(1);
/// After so many tries (about two days) a mail is given up.
const TRIES_MAX: u32 = 55;

pub struct Postman {
    store: Arc<dyn MailStore>,
    vault: Arc<dyn Vault>,
    mailer: Arc<dyn Mailer>,
    clock: Arc<dyn Clock>,
    bell: Notify,
}

impl Debug for Postman {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Postman").field("mailer", &self.mailer).finish_non_exhaustive()
    }
}

impl Postman {
    pub fn new(
        store: Arc<dyn MailStore>,
        vault: Arc<dyn Vault>,
        mailer: Arc<dyn Mailer>,
        clock: Arc<dyn Clock>,
    ) -> Self {
        Self { store, vault, mailer, clock, bell: Notify::new() }
    }

    /// Seals a mail for the outbox. It is sent once the transaction that stores it is committed.
    pub(super) async fn enclose(
        &self,
        id: Uuid,
        user: UserId,
        mail: &Mail,
        at: UnixMillis,
    ) -> Result<QueuedMail, VaultError> {
        let plaintext = serde_json::to_vec(mail).map_err(|_| VaultError::Corrupt { what: "mail" })?;
        let sealed = self.vault.seal(user, Purpose::Mail, &plaintext).await?;
        Ok(QueuedMail { id, sealed, at })
    }

    /// Something was put into the outbox.
    pub(super) fn ring(&self) {
        self.bell.notify_one();
    }

    /// Sends what is due, for ever.
    pub async fn walk(&self) {
        loop {
            match self.round().await {
                Ok(0) => {
                    let _ = tokio::time::timeout(ROUND, self.bell.notified()).await;
                }
                Ok(_) => {}
                Err(error) => {
                    tracing::warn!(%error, "the outbox could not be read");
                    tokio::time::sleep(ROUND).await;
                }
            }
        }
    }

    /// Sends one batch; how many there were.
    async fn round(&self) -> Result<usize, StoreError> {
        let now = self.clock.now();
        let mails = self.store.claim_mails(now, now.after(LEASE), BATCH).await?;
        for mail in &mails {
            let outcome = self.send(mail).await;
            self.store.finish_mail(mail.id, outcome, self.clock.now()).await?;
        }
        Ok(mails.len())
    }

    async fn send(&self, mail: &OutboxMail) -> MailOutcome {
        let opened = match self.vault.open(mail.user, Purpose::Mail, &mail.sealed).await {
            Ok(plaintext) => serde_json::from_slice::<Mail>(&plaintext),
            Err(error) => {
                tracing::warn!(mail = %mail.id, %error, "a mail in the outbox cannot be opened");
                return self.later(mail);
            }
        };
        let Ok(opened) = opened else {
            tracing::error!(mail = %mail.id, "a mail in the outbox is not a mail");
            return MailOutcome::GivenUp;
        };
        match self.mailer.send(&opened).await {
            Ok(()) => {
                FIGURES.mail.is_well();
                MailOutcome::Sent
            }
            Err(error @ MailError::Temporary { .. }) => {
                FIGURES.mail.has_trouble(&error);
                tracing::warn!(mail = %mail.id, tries = mail.tries + 1, %error, "a mail has to wait");
                self.later(mail)
            }
            Err(error @ MailError::Permanent { .. }) => {
                tracing::error!(mail = %mail.id, %error, "a mail was given up");
                MailOutcome::GivenUp
            }
        }
    }

    fn later(&self, mail: &OutboxMail) -> MailOutcome {
        if mail.tries + 1 >= TRIES_MAX {
            return MailOutcome::GivenUp;
        }
        let wait = FIRST_RETRY.saturating_mul(1 << mail.tries.min(20)).min(LONGEST_RETRY);
        MailOutcome::RetryAt(self.clock.now().after(wait))
    }
}
