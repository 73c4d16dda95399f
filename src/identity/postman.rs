//! The outbox: mails are sealed and written along with what they tell about, and sent from there until it worked.
//!
//! Every node has a postman. A mail is one postman's at a time: the claim lasts longer than a sending may take, and what
//! became of it is written before the claim is over. Only a node that dies between the mail server's "taken" and that
//! writing has a mail sent twice; both have one `Message-ID`.

use std::{
    collections::HashMap,
    fmt::Debug,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use keyleash_protocol::{DeviceId, EventId, UnixMillis, UserId, http::EventKind};
use serde::{Deserialize, Serialize};
use tokio::{sync::Notify, task::JoinSet, time::Instant};
use uuid::Uuid;

use crate::{
    causes,
    clock::Clock,
    entropy::Entropy,
    mail::{Mail, MailError, Mailer, PostedMail},
    store::{MailOutcome, MailStore, NewEvent, OutboxMail, QueuedMail, Trail},
    telemetry::FIGURES,
    vault::{Purpose, Vault, VaultError},
};

/// Mails of this node that are being sent at the same time. Most of a sending is waiting.
const SENDING_MAX: usize = 4;
/// One sending is given up after this long. More than a mailer needs for all its steps when each is as slow as it may be
/// and works: a mail server that scans a mail for two minutes still gets to say that it took it.
const SENDING_TIME_MAX: Duration = Duration::from_mins(4);
/// For opening a mail and writing what became of it.
const WRITING_TIME: Duration = Duration::from_mins(1);
/// How long a claim lasts. The mails of a node that dies are sent by the others after this.
const LEASE: Duration = Duration::from_mins(5);
const _: () = assert!(LEASE.as_secs() >= SENDING_TIME_MAX.as_secs() + WRITING_TIME.as_secs());
/// The outbox is looked at this often even if nobody rang.
const ROUND: Duration = Duration::from_secs(5);
/// And counted this often.
const COUNT_ROUND: Duration = Duration::from_secs(30);
/// While what became of a mail cannot be written, it is tried again this often.
const WRITE_AGAIN: Duration = Duration::from_secs(1);

/// A mail that was not taken: the first wait, which doubles up to the longest.
const FIRST_RETRY: Duration = Duration::from_secs(2);
const LONGEST_RETRY: Duration = Duration::from_mins(5);
/// A mail that was not delivered by then is given up.
const GIVE_UP_AFTER: Duration = Duration::from_hours(48);

/// A mail server that takes nothing is left alone: the first pause, which doubles up to the longest.
const FIRST_PAUSE: Duration = Duration::from_secs(1);
const LONGEST_PAUSE: Duration = Duration::from_secs(30);

pub struct Postman {
    store: Arc<dyn MailStore>,
    vault: Arc<dyn Vault>,
    mailer: Arc<dyn Mailer>,
    clock: Arc<dyn Clock>,
    entropy: Entropy,
    bell: Notify,
    is_leaving: AtomicBool,
}

impl Debug for Postman {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Postman").field("mailer", &self.mailer).finish_non_exhaustive()
    }
}

/// What is sealed.
#[derive(Debug, Serialize, Deserialize)]
struct Enclosed {
    #[serde(flatten)]
    mail: Mail,
    /// The device whose owner waits for it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    waiting: Option<DeviceId>,
}

/// A mail and the device that waits for it, as far as that is known.
type Told<'m> = Option<(&'m Mail, Option<DeviceId>)>;

/// What a sending said about the mail server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Weather {
    Fair,
    Foul,
    /// Nothing: it did not come to that.
    Unknown,
}

impl Postman {
    pub fn new(
        store: Arc<dyn MailStore>,
        vault: Arc<dyn Vault>,
        mailer: Arc<dyn Mailer>,
        clock: Arc<dyn Clock>,
        entropy: Entropy,
    ) -> Self {
        let is_leaving = AtomicBool::new(false);
        Self { store, vault, mailer, clock, entropy, bell: Notify::new(), is_leaving }
    }

    /// Seals a mail for the outbox. It is sent once the transaction that stores it is committed.
    pub(super) async fn enclose(
        &self,
        id: Uuid,
        user: UserId,
        mail: &Mail,
        waiting: Option<DeviceId>,
        at: UnixMillis,
    ) -> Result<QueuedMail, VaultError> {
        let enclosed = Enclosed { mail: mail.clone(), waiting };
        let plaintext = serde_json::to_vec(&enclosed).map_err(|_| VaultError::Corrupt { what: "mail" })?;
        let sealed = self.vault.seal(user, Purpose::Mail, &plaintext).await?;
        Ok(QueuedMail { id, sealed, at })
    }

    /// Something was put into the outbox.
    pub(super) fn ring(&self) {
        self.bell.notify_one();
    }

    /// Has [`Self::walk`] end once the mails under way are sent.
    pub fn leave(&self) {
        self.is_leaving.store(true, Ordering::Release);
        self.bell.notify_one();
    }

    /// Sends what is due, until told to leave.
    pub async fn walk(self: Arc<Self>) {
        // Tasks of their own: a sending that waits for the database must go on while a claim waits for it too.
        let mut under_way = JoinSet::new();
        let mut in_hand = HashMap::new();
        let mut pause = Pause::default();
        let mut count_at = Instant::now();
        // Something may be due that is not claimed.
        let mut may_be_due = true;
        while !self.is_leaving.load(Ordering::Acquire) {
            let room = if may_be_due { pause.room().saturating_sub(under_way.len()) } else { 0 };
            let claimed = self.claim(room).await;
            // With no room, or as many as there was room for, there may be more.
            may_be_due &= claimed.len() == room;
            for (mail, lease_until) in claimed {
                // It is in hand already if its claim ran out while what became of it could not be written.
                if in_hand.values().all(|id| *id != mail.id) {
                    let (id, postman) = (mail.id, self.clone());
                    let task = under_way.spawn(async move { postman.deliver(mail, lease_until).await });
                    in_hand.insert(task.id(), id);
                }
            }
            if count_at <= Instant::now() {
                count_at += COUNT_ROUND;
                self.count().await;
            }
            tokio::select! {
                Some(ended) = under_way.join_next_with_id() => {
                    let (task, weather) = ended.unwrap_or_else(|failed| (failed.id(), Weather::Unknown));
                    in_hand.remove(&task);
                    pause.note(weather);
                }
                () = self.bell.notified() => may_be_due = true,
                () = tokio::time::sleep_until(pause.next_look()) => may_be_due = true,
            }
        }
        while under_way.join_next().await.is_some() {}
    }

    async fn claim(&self, limit: usize) -> Vec<(OutboxMail, UnixMillis)> {
        if limit == 0 {
            return Vec::new();
        }
        let now = self.clock.now();
        let lease_until = now.after(LEASE);
        match self.store.claim_mails(now, lease_until, u32::try_from(limit).unwrap_or(u32::MAX)).await {
            Ok(mails) => mails.into_iter().map(|mail| (mail, lease_until)).collect(),
            Err(error) => {
                tracing::warn!(error = causes::in_one_line(&error), "the outbox could not be read");
                Vec::new()
            }
        }
    }

    async fn count(&self) {
        match self.store.mails_waiting().await {
            Ok(waiting) => {
                FIGURES.outbox_waiting.set(i64::try_from(waiting).unwrap_or(i64::MAX));
            }
            Err(error) => tracing::debug!(%error, "the outbox could not be counted"),
        }
    }

    /// Sends one mail and writes what became of it.
    async fn deliver(&self, claimed: OutboxMail, lease_until: UnixMillis) -> Weather {
        let (outcome, weather) = match self.open(&claimed).await {
            Ok(enclosed) => self.send(&claimed, enclosed, lease_until).await,
            Err(outcome) => (Some(outcome), Weather::Unknown),
        };
        if let Some(outcome) = outcome {
            self.write_down(&claimed, &outcome).await;
        }
        weather
    }

    async fn open(&self, claimed: &OutboxMail) -> Result<Enclosed, MailOutcome> {
        let opened = self.vault.open(claimed.user, Purpose::Mail, &claimed.sealed).await;
        let plaintext = opened.map_err(|error| {
            tracing::warn!(mail = %claimed.id, error = causes::in_one_line(&error), "a mail cannot be opened");
            self.later(claimed, None)
        })?;
        serde_json::from_slice(&plaintext).map_err(|_| {
            tracing::error!(mail = %claimed.id, "a mail in the outbox is not a mail");
            self.give_up(None)
        })
    }

    /// `None`: the claim may be over before it can be sent, so that it is somebody else's.
    async fn send(
        &self,
        claimed: &OutboxMail,
        enclosed: Enclosed,
        lease_until: UnixMillis,
    ) -> (Option<MailOutcome>, Weather) {
        // This process may have been stopped for a while, or the vault was slow.
        if self.clock.now().after(SENDING_TIME_MAX) > lease_until {
            return (None, Weather::Unknown);
        }
        let Enclosed { mail, waiting } = enclosed;
        let posted = PostedMail { id: claimed.id, at: claimed.at, mail };
        let sent = tokio::time::timeout(SENDING_TIME_MAX, self.mailer.send(&posted)).await;
        let told = Some((&posted.mail, waiting));
        let (error, outcome, weather) = match sent {
            Ok(Ok(())) => {
                FIGURES.mail.is_well();
                return (Some(MailOutcome::Sent), Weather::Fair);
            }
            Ok(Err(error @ MailError::Unavailable { .. })) => (error, self.put_back(claimed, told), Weather::Foul),
            Ok(Err(error @ MailError::Temporary { .. })) => (error, self.later(claimed, told), Weather::Fair),
            Ok(Err(error @ MailError::Permanent { .. })) => (error, self.give_up(told), Weather::Fair),
            Err(late) => {
                let error = MailError::Temporary { operation: "send it in time", source: Box::new(late) };
                (error, self.later(claimed, told), Weather::Fair)
            }
        };
        match weather {
            Weather::Foul => FIGURES.mail.has_trouble(&error),
            Weather::Fair | Weather::Unknown => {}
        }
        let (id, tries, error) = (claimed.id, claimed.tries + 1, causes::in_one_line(&error));
        match outcome {
            MailOutcome::GivenUp { .. } => tracing::error!(mail = %id, tries, error, "a mail was given up"),
            MailOutcome::RetryAt(_) | MailOutcome::Sent => {
                tracing::warn!(mail = %id, tries, error, "a mail has to wait");
            }
        }
        (Some(outcome), weather)
    }

    /// Again and again: a mail that is sent and stays in the outbox is sent twice. A retry comes by itself once the claim is
    /// over.
    async fn write_down(&self, claimed: &OutboxMail, outcome: &MailOutcome) {
        while let Err(error) = self.store.finish_mail(claimed, outcome).await {
            let error = causes::in_one_line(&error);
            tracing::warn!(mail = %claimed.id, error, "what became of a mail could not be written");
            match outcome {
                MailOutcome::Sent | MailOutcome::GivenUp { .. } => tokio::time::sleep(WRITE_AGAIN).await,
                MailOutcome::RetryAt(_) => return,
            }
        }
    }

    /// This mail waits; others go on.
    fn later(&self, claimed: &OutboxMail, told: Told<'_>) -> MailOutcome {
        self.retry_after(FIRST_RETRY.saturating_mul(1 << claimed.tries.min(20)).min(LONGEST_RETRY), claimed, told)
    }

    /// All wait, as [`Pause`] says; this one no longer than the others.
    fn put_back(&self, claimed: &OutboxMail, told: Told<'_>) -> MailOutcome {
        self.retry_after(Duration::ZERO, claimed, told)
    }

    fn retry_after(&self, wait: Duration, claimed: &OutboxMail, told: Told<'_>) -> MailOutcome {
        let now = self.clock.now();
        if claimed.at.after(GIVE_UP_AFTER) <= now { self.give_up(told) } else { MailOutcome::RetryAt(now.after(wait)) }
    }

    fn give_up(&self, told: Told<'_>) -> MailOutcome {
        let at = self.clock.now();
        let device = told.and_then(|(_, waiting)| waiting);
        let event = NewEvent {
            id: EventId::from_uuid(self.entropy.id(at)),
            kind: EventKind::MailUndeliverable,
            device,
            address: None,
            detail: told.map(|(mail, _)| mail.subject.clone()).unwrap_or_default(),
            at,
        };
        MailOutcome::GivenUp { at, trail: Trail { events: vec![event], mails: Vec::new() }, device }
    }
}

/// What is left of a pause, after a mail server took nothing.
#[derive(Debug, Default)]
struct Pause {
    /// How long it was, and until when.
    last: Option<(Duration, Instant)>,
}

impl Pause {
    /// How many mails may be under way now. After a pause one mail goes ahead to see.
    fn room(&self) -> usize {
        match self.last {
            None => SENDING_MAX,
            Some((_, until)) => usize::from(until <= Instant::now()),
        }
    }

    fn note(&mut self, weather: Weather) {
        match (weather, self.last) {
            (Weather::Fair, _) => self.last = None,
            (Weather::Foul, None) => self.begin(FIRST_PAUSE),
            // Of several that were under way when it began, one counts.
            (Weather::Foul, Some((length, until))) if until <= Instant::now() => {
                self.begin((length * 2).min(LONGEST_PAUSE));
            }
            (Weather::Foul | Weather::Unknown, _) => {}
        }
    }

    fn begin(&mut self, length: Duration) {
        self.last = Some((length, Instant::now() + length));
    }

    fn next_look(&self) -> Instant {
        let now = Instant::now();
        match self.last {
            Some((_, until)) if until > now => until,
            _ => now + ROUND,
        }
    }
}
