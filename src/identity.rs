//! Who somebody is, and what they may do with their devices: sign-up, login, second factor, sessions, mail links,
//! enrolment, approval, removal.
//!
//! Owns: every place where a password, a code or a link's token is judged. All of them go through [`limiter`]. After each
//! committed change it publishes the hint (persist, then publish, then reply). Never: sees a credential.

mod accounts;
mod approvals;
mod crowd;
mod devices;
mod letters;
pub mod limiter;
mod passwords;
mod postman;
mod refusal;
mod second_factor;
mod sessions;
mod sync;
pub mod token;
mod vendor;

use std::sync::Arc;

use keyleash_domain::login::Login;
use keyleash_protocol::{
    DeviceId, EventId, Seq, UserId,
    http::{EventKind, SecondFactor},
};
pub use postman::Postman;
pub use refusal::Refusal;
pub use sessions::{Caller, NewLogin};
use tokio::sync::Semaphore;
pub use vendor::{Logins, Vendor};

use self::{letters::Letters, passwords::Passwords};
use crate::{
    bus::{Bus, Hint},
    clock::Clock,
    config::limits::Limits,
    entropy::Entropy,
    mail::Mail,
    store::{NewEvent, QueuedMail, Store, StoreError, Trail, User},
    vault::{Vault, VaultError},
};

/// Requests whose mail is still being written after their answer; a further one is answered once one of these is done.
const AFTER_ANSWERS_MAX: usize = 64;

/// Where a request came from; shown to the owner, never trusted.
#[derive(Clone, Debug)]
pub struct Origin {
    /// The client's address on the network.
    pub address: String,
    /// What its browser calls itself; printable, bounded.
    pub user_agent: String,
}

/// The ports that identity works with.
#[derive(Clone, Debug)]
pub struct Ports {
    pub store: Arc<dyn Store>,
    pub vault: Arc<dyn Vault>,
    pub bus: Arc<dyn Bus>,
    pub clock: Arc<dyn Clock>,
}

/// The one that judges.
#[derive(Debug)]
pub struct Identity {
    store: Arc<dyn Store>,
    vault: Arc<dyn Vault>,
    bus: Arc<dyn Bus>,
    clock: Arc<dyn Clock>,
    entropy: Entropy,
    passwords: Passwords,
    /// Bounds what is still being done for requests that were answered.
    after_answers: Arc<Semaphore>,
    postman: Arc<Postman>,
    logins: Logins,
    limits: Limits,
    /// What mail links begin with.
    public_url: String,
}

impl Identity {
    pub fn new(
        ports: Ports,
        postman: Arc<Postman>,
        entropy: Entropy,
        logins: Logins,
        limits: Limits,
        public_url: String,
    ) -> Self {
        let Ports { store, vault, bus, clock } = ports;
        let passwords = Passwords::new(limits.password_checks, entropy.clone());
        let after_answers = Arc::new(Semaphore::new(AFTER_ANSWERS_MAX));
        Self { store, vault, bus, clock, entropy, passwords, after_answers, postman, logins, limits, public_url }
    }

    pub async fn user(&self, caller: &Caller) -> Result<User, Refusal> {
        self.store.user(caller.user).await?.ok_or(Refusal::SessionRequired)
    }

    /// Tells the nodes that a user changed. Losing it costs latency only: the sweep finds the change in the database.
    async fn announce(&self, user: UserId, seq: Seq) {
        if let Err(error) = self.bus.publish(Hint::changed(user, seq)).await {
            tracing::warn!(%error, "a hint was not published; the sweep will find the change");
        }
    }

    /// Begins what is written along with a change: its entry in the security log.
    fn log(&self, kind: EventKind, device: Option<DeviceId>, origin: &Origin, detail: impl Into<String>) -> Trail {
        let at = self.clock.now();
        let id = EventId::from_uuid(self.entropy.id(at));
        let event = NewEvent { id, kind, device, address: Some(origin.address.clone()), detail: detail.into(), at };
        Trail { events: vec![event], mails: Vec::new() }
    }

    /// Adds a mail to what is written along with a change.
    async fn with_mail(&self, mut trail: Trail, user: UserId, mail: &Mail) -> Result<Trail, VaultError> {
        trail.mails.push(self.enclose(user, mail, None).await?);
        Ok(trail)
    }

    /// `waiting`: the device that is told if the mail cannot be delivered.
    async fn enclose(&self, user: UserId, mail: &Mail, waiting: Option<DeviceId>) -> Result<QueuedMail, VaultError> {
        let at = self.clock.now();
        self.postman.enclose(self.entropy.id(at), user, mail, waiting, at).await
    }

    /// To people who have no account, or ask for their password.
    fn letters(&self) -> Letters<'_> {
        Letters { public_url: &self.public_url, login_url: None, at: self.clock.now() }
    }

    fn letters_to(&self, user: &User) -> Letters<'_> {
        let login_url = match (&user.login, &self.logins.vendor) {
            (Login::Vendor(_), Some(vendor)) => Some(vendor.login_url.as_str()),
            _ => None,
        };
        Letters { login_url, ..self.letters() }
    }

    async fn record(&self, user: UserId, trail: Trail) -> Result<(), StoreError> {
        self.store.record(user, trail).await
    }
}

/// The second factor as it came in a body.
type Given<'a> = &'a SecondFactor;
