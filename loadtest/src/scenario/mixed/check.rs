//! The end of the day: waits until it is quiet, then asks every device, every removed one, and the database.

use std::{sync::Arc, time::Duration};

use futures_util::{StreamExt, TryStreamExt, stream};
use keyleash_protocol::ProblemCode;
use tokio::time::{Instant, sleep, timeout};

use super::{
    Day,
    browser::{Browser, Stage},
    found::UserFound,
    person::Person,
    truth,
};
use crate::{
    api::Api,
    device::Device,
    line::{Line, LineError, Upgrade},
    live::{Live, Seat},
    owner::OwnerError,
    scenario::ScenarioError,
};

/// Every device has everything within this after the last deed, or is behind.
const QUIET_MAX: Duration = Duration::from_mins(1);
const LOOK_EVERY: Duration = Duration::from_millis(100);
/// Users whose removed device tries a session that it never had: each costs a login.
const FRESH_SESSIONS: usize = 20;
/// A device that is let in is live sooner.
const LET_IN_MAX: Duration = Duration::from_secs(5);
/// Users that are asked about at the same time.
const AT_ONCE: usize = 8;

/// Waits until every device that stays has what the server says there is, and every removed one knows that it was. Gives
/// up after a while: the check says who is behind.
pub async fn until_quiet(people: &[Arc<Person>], day: &Day) {
    let deadline = Instant::now() + QUIET_MAX;
    let mut waiting: Vec<&Arc<Person>> = people.iter().collect();
    while !waiting.is_empty() && Instant::now() < deadline {
        let asked = stream::iter(waiting).map(async |person| (person, is_quiet(person, day).await));
        let asked: Vec<_> = asked.buffer_unordered(AT_ONCE).collect().await;
        waiting = asked.into_iter().filter(|(_, quiet)| !quiet).map(|(person, _)| person).collect();
        if !waiting.is_empty() {
            sleep(LOOK_EVERY).await;
        }
    }
}

async fn is_quiet(person: &Person, day: &Day) -> bool {
    let browsers = person.browsers();
    if !browsers.iter().all(|browser| browser.is_at_rest()) {
        return false;
    }
    let live: Vec<_> = browsers.iter().filter(|browser| browser.stage() == Stage::Live).collect();
    let Some(one) = live.first() else { return true };
    match one.api.devices().await {
        Ok(views) => live.iter().all(|browser| {
            let device = browser.seat.device();
            views.iter().any(|view| view.id == device.id && device.cursor >= view.seq)
        }),
        Err(error) => {
            day.board.failed_with(&error.kind());
            false
        }
    }
}

/// What everybody has, and what each removed device still gets. `database` is the address to read in, if there is one.
pub async fn gather(
    people: &[Arc<Person>],
    day: &Day,
    database: Option<&str>,
) -> Result<Vec<UserFound>, ScenarioError> {
    let tried = stream::iter(people.iter().enumerate());
    let found = tried.map(async |(index, person)| ask(person, index < FRESH_SESSIONS, day).await);
    let mut found: Vec<UserFound> = found.buffered(AT_ONCE).try_collect().await?;
    if let Some(database) = database {
        let users: Vec<_> = found.iter().map(|user| user.id).collect();
        let rows = truth::read(database, &users).await?;
        for (user, rows) in found.iter_mut().zip(rows) {
            user.database = Some(rows);
        }
    }
    Ok(found)
}

async fn ask(person: &Person, with_fresh_session: bool, day: &Day) -> Result<UserFound, ScenarioError> {
    let mut devices = Vec::new();
    let mut tries = with_fresh_session;
    for browser in person.browsers() {
        let mut let_in = None;
        if browser.stage() == Stage::Told {
            let_in = opened(&browser, day).await;
            if std::mem::take(&mut tries) && let_in.is_none() {
                let session = person.fresh_session(&day.apis[0]).await?;
                let_in = says_hello(&browser, &session, day).await?.then_some("hello");
            }
        }
        devices.push(browser.found(let_in));
    }
    Ok(UserFound { id: person.id, devices, ledger: person.ledger(), database: None })
}

/// What a removed device's session still opens.
async fn opened(browser: &Browser, day: &Day) -> Option<&'static str> {
    match browser.api.devices().await {
        Err(error) if error.code() == Some(ProblemCode::DeviceRemoved) => {}
        Ok(_) | Err(_) => return Some("interface"),
    }
    let target = &day.targets[0];
    match Line::open_from(day.sources.next(), target, Upgrade::of(&browser.seat.token, target)).await {
        Err(LineError::Refused(status)) if status.as_u16() == 401 => None,
        Ok(_) | Err(_) => Some("upgrade"),
    }
}

/// Whether a removed device becomes live with its own keys and a session that nothing was ever removed from.
async fn says_hello(browser: &Browser, session: &Api, day: &Day) -> Result<bool, OwnerError> {
    let token = session.token().ok_or(OwnerError::NoSession)?.expose().to_owned();
    let (user, saved) = {
        let device = browser.seat.device();
        (device.user, device.save(&token))
    };
    let seat = Seat::new(Device::prepared(user, &saved)?, token);
    let hello = Live::connect(day.sources.next(), &day.targets[0], &seat);
    Ok(matches!(timeout(LET_IN_MAX, hello).await, Ok(Ok(_))))
}
