//! Somebody of the day: what people do with their devices, each thing from when it was meant to begin.

use std::sync::{Arc, Mutex};

use keyleash_protocol::{CredentialId, DeviceId, ProblemCode, Sensitive, UserId, Version};
use tokio::sync::oneshot;

use super::{
    Day, Deed, Dice,
    browser::{Answer, Ask, Browser, Removal, Stage},
    ledger::{Ledger, Write, content},
    lock,
};
use crate::{
    api::Api,
    credential,
    device::Device,
    fleet::PreparedUser,
    live::Seat,
    owner::{Owner, OwnerError},
    times::Moment,
};

/// Credentials that somebody has, about: beyond that, existing ones are changed.
const CREDENTIALS: usize = 12;
/// Of ten puts by somebody who has fewer, so many add one.
const ADDED_OF_TEN: usize = 4;
/// A removal that leaves fewer devices is not made: what is checked is what stays.
const DEVICES_MIN: usize = 2;
/// An enrolment that makes more is not made.
const DEVICES_MAX: usize = 8;
/// Bytes of a credential; now and then a PEM.
const BYTES: [usize; 4] = [200, 300, 500, 4_000];

#[derive(Debug)]
pub struct Person {
    pub id: UserId,
    /// One thing at a time that needs the phone: codes and mails are not told apart otherwise.
    owner: tokio::sync::Mutex<Owner>,
    browsers: Mutex<Vec<Arc<Browser>>>,
    ledger: Mutex<Ledger>,
}

/// How a deed ended, if it did not fail.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Outcome {
    Done,
    /// Somebody else changed the credential first; nothing was overwritten.
    Conflict,
    /// A removal or a reconnect came first.
    Unanswered,
    /// There was nothing to do it with, such as a second device to remove.
    NothingToDo,
}

impl Person {
    /// With the devices that were prepared, connected to the nodes by turns.
    pub fn begin(prepared: &PreparedUser, turn: usize, day: &Arc<Day>) -> Result<Self, OwnerError> {
        let owner = Owner::prepared(prepared)?;
        if owner.account.is_none() {
            return Err(OwnerError::NoAccount(owner.id));
        }
        let mut browsers = Vec::with_capacity(prepared.devices.len());
        for (number, saved) in prepared.devices.iter().enumerate() {
            let target = (turn + number) % day.targets.len();
            let api = day.apis[target].with_token(Sensitive::new(saved.token.clone()));
            let seat = Seat::new(Device::prepared(prepared.id, saved)?, saved.token.clone());
            browsers.push(Browser::open(seat, api, target, day));
        }
        Ok(Self {
            id: prepared.id,
            owner: tokio::sync::Mutex::new(owner),
            browsers: Mutex::new(browsers),
            ledger: Mutex::default(),
        })
    }

    pub async fn does(
        &self,
        deed: Deed,
        mut dice: Dice,
        intended: Moment,
        day: &Arc<Day>,
    ) -> Result<Outcome, OwnerError> {
        match deed {
            Deed::Put => Ok(self.put(&mut dice, intended, day).await),
            Deed::Delete => Ok(self.delete(&mut dice, intended, day).await),
            Deed::Reconnect => Ok(self.reconnect(&mut dice, intended, day).await),
            Deed::LogIn => self.log_in(&mut dice, intended, day).await,
            Deed::Enrol => self.enrol(&mut dice, intended, day).await,
            Deed::Remove => self.remove(&mut dice, intended, day).await,
            Deed::RemoveOthers => self.remove_others(&mut dice, intended, day).await,
        }
    }

    pub fn browsers(&self) -> Vec<Arc<Browser>> {
        lock(&self.browsers).clone()
    }

    /// Those that were not removed.
    pub fn staying(&self) -> Vec<Arc<Browser>> {
        lock(&self.browsers).iter().filter(|browser| browser.removal() == Removal::None).cloned().collect()
    }

    pub fn ledger(&self) -> Ledger {
        lock(&self.ledger).clone()
    }

    /// For another run: with the devices that stay.
    pub async fn save(&self) -> PreparedUser {
        let owner = self.owner.lock().await;
        owner.save(self.staying().iter().map(|browser| &browser.seat))
    }

    /// A session that no device has used: what a removed device could come back with, if anything.
    pub async fn fresh_session(&self, server: &Api) -> Result<Api, OwnerError> {
        Ok(self.owner.lock().await.log_in(server).await?.0)
    }

    async fn put(&self, dice: &mut Dice, intended: Moment, day: &Day) -> Outcome {
        let Some(browser) = self.pick(dice) else { return Outcome::NothingToDo };
        let held: Vec<(CredentialId, Version)> = held(&browser);
        let adds = held.len() < CREDENTIALS && (held.is_empty() || dice.below(10) < ADDED_OF_TEN);
        let (id, base) = if adds { (dice.credential(), Version(0)) } else { held[dice.below(held.len())] };
        let plaintext = credential::plaintext(intended, BYTES[dice.below(BYTES.len())]);
        let outcome = self.write(&browser, id, base, Some(plaintext), day).await;
        if outcome == Outcome::Done {
            day.board.put();
            day.times.put.ended(intended);
        }
        outcome
    }

    async fn delete(&self, dice: &mut Dice, intended: Moment, day: &Day) -> Outcome {
        let Some(browser) = self.pick(dice) else { return Outcome::NothingToDo };
        let held = held(&browser);
        if held.is_empty() {
            return Outcome::NothingToDo;
        }
        let (id, base) = held[dice.below(held.len())];
        let outcome = self.write(&browser, id, base, None, day).await;
        if outcome == Outcome::Done {
            day.times.delete.ended(intended);
        }
        outcome
    }

    /// Writes, and keeps in the ledger what may have come of it.
    async fn write(
        &self,
        browser: &Browser,
        id: CredentialId,
        base: Version,
        plaintext: Option<Vec<u8>>,
        day: &Day,
    ) -> Outcome {
        let write = Write { writer: browser.seat.device().id, content: plaintext.as_deref().map(content), done: None };
        let (answer, answered) = oneshot::channel();
        if !browser.ask(Ask::Write { id, base, plaintext, answer }).await {
            return Outcome::Unanswered;
        }
        match answered.await {
            Ok(Answer::Done { version, seq }) => {
                lock(&self.ledger).note(id, version, Write { done: Some(seq), ..write });
                Outcome::Done
            }
            Ok(Answer::Refused(ProblemCode::Conflict)) => Outcome::Conflict,
            Ok(Answer::Refused(ProblemCode::DeviceState)) => {
                browser.was_refused();
                Outcome::Unanswered
            }
            Ok(Answer::Refused(code)) => {
                day.board.failed_with(&format!("refused with {code:?}"));
                Outcome::NothingToDo
            }
            Err(_) => {
                lock(&self.ledger).note(id, base.next(), write);
                Outcome::Unanswered
            }
        }
    }

    async fn reconnect(&self, dice: &mut Dice, intended: Moment, day: &Day) -> Outcome {
        let Some(browser) = self.pick(dice) else { return Outcome::NothingToDo };
        let target = dice.below(day.targets.len());
        if browser.ask(Ask::Reconnect { target, intended }).await { Outcome::Done } else { Outcome::Unanswered }
    }

    async fn log_in(&self, dice: &mut Dice, intended: Moment, day: &Day) -> Result<Outcome, OwnerError> {
        let mut owner = self.owner.lock().await;
        let (session, _) = owner.log_in(&day.apis[dice.below(day.apis.len())]).await?;
        day.times.log_in.ended(intended);
        session.devices().await?;
        Ok(Outcome::Done)
    }

    /// A new browser: logs in, enrols, follows the mail's link, and is live and caught up.
    async fn enrol(&self, dice: &mut Dice, intended: Moment, day: &Arc<Day>) -> Result<Outcome, OwnerError> {
        let mut owner = self.owner.lock().await;
        if self.staying().len() >= DEVICES_MAX {
            return Ok(Outcome::NothingToDo);
        }
        let target = dice.below(day.targets.len());
        let (api, _) = owner.log_in(&day.apis[target]).await?;
        let seat = owner.enrol(&api, "Another device", &day.mails).await?;
        let browser = Browser::open(seat, api, target, day);
        lock(&self.browsers).push(browser.clone());
        // Not before it is on the list: it may be the next that is removed.
        drop(owner);
        if browser.settled().await == Stage::Live {
            day.times.enrol.ended(intended);
        }
        Ok(Outcome::Done)
    }

    async fn remove(&self, dice: &mut Dice, intended: Moment, day: &Day) -> Result<Outcome, OwnerError> {
        let mut owner = self.owner.lock().await;
        let mut staying = self.staying();
        if staying.len() <= DEVICES_MIN {
            return Ok(Outcome::NothingToDo);
        }
        let lost = staying.swap_remove(dice.below(staying.len()));
        let at_hand = &staying[dice.below(staying.len())];
        lost.remove(Removal::Unknown);
        let answer = owner.remove(&at_hand.api, id(&lost)).await?;
        day.times.removal.ended(intended);
        lost.remove(Removal::Made(answer.seq));
        Ok(Outcome::Done)
    }

    async fn remove_others(&self, dice: &mut Dice, intended: Moment, day: &Day) -> Result<Outcome, OwnerError> {
        let mut owner = self.owner.lock().await;
        let mut staying = self.staying();
        if staying.len() <= DEVICES_MIN {
            return Ok(Outcome::NothingToDo);
        }
        let at_hand = staying.swap_remove(dice.below(staying.len()));
        for browser in &staying {
            browser.remove(Removal::Unknown);
        }
        let answer = owner.remove_others(&at_hand.api, id(&at_hand)).await?;
        day.times.removal.ended(intended);
        // Each has to be among them; the check finds who was left out.
        for browser in &staying {
            let made = answer.removed.iter().any(|gone| gone.id == id(browser));
            browser.remove(if made { Removal::Made(answer.seq) } else { Removal::None });
        }
        Ok(Outcome::Done)
    }

    /// One that was not removed.
    fn pick(&self, dice: &mut Dice) -> Option<Arc<Browser>> {
        let staying = self.staying();
        if staying.is_empty() { None } else { Some(staying[dice.below(staying.len())].clone()) }
    }
}

impl Dice {
    /// An id that nobody has.
    fn credential(&mut self) -> CredentialId {
        let random = (u128::from(self.roll()) << 64) | u128::from(self.roll());
        CredentialId::from_uuid(uuid::Builder::from_random_bytes(random.to_be_bytes()).into_uuid())
    }
}

fn id(browser: &Browser) -> DeviceId {
    browser.seat.device().id
}

fn held(browser: &Browser) -> Vec<(CredentialId, Version)> {
    browser.seat.device().held.iter().map(|(id, held)| (*id, held.version)).collect()
}
