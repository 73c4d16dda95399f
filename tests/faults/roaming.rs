//! Devices that come back by themselves, wherever they are sent.

use std::{
    collections::BTreeSet,
    sync::{Arc, Mutex, MutexGuard},
    time::{Duration, Instant},
};

use keyleash_protocol::{
    CredentialId, Version,
    socket::{ClientMessage, ServerMessage},
};
use loadtest::{
    device::Device,
    line::{Heard, Line, LineError, Upgrade},
};
use tokio::{
    task::JoinHandle,
    time::{sleep, timeout},
};
use uuid::Uuid;

use crate::browser::{Browser, form, now};

/// The pause before a broken connection is tried again; with `drain` the server says how long.
const PAUSE: Duration = Duration::from_millis(100);
const WRITE_EVERY: Duration = Duration::from_millis(50);

/// A device on its way, and what happened to it.
#[derive(Clone)]
pub struct Roamer(Arc<Mutex<Journey>>, Arc<JoinHandle<()>>);

pub struct Journey {
    pub device: Device,
    /// What the server said is done.
    pub answered: BTreeSet<CredentialId>,
    pub writes: bool,
    /// Connections that failed before the welcome.
    pub failed: u32,
    /// How often it was welcomed.
    pub welcomes: u32,
    /// Without a socket, from the end of one to the next welcome: the longest.
    pub longest_offline: Duration,
    /// How long it was told to stay away at the most.
    pub longest_told: Duration,
}

impl Roamer {
    /// Takes a browser's device over; it lives on behind `url`. A writer adds a credential again and again.
    pub fn start(url: &str, browser: Browser, writes: bool) -> Self {
        let Browser { api, device, .. } = browser;
        let journey = Arc::new(Mutex::new(Journey {
            device,
            answered: BTreeSet::new(),
            writes,
            failed: 0,
            welcomes: 0,
            longest_offline: Duration::ZERO,
            longest_told: Duration::ZERO,
        }));
        let task = tokio::spawn(roam(url.to_owned(), api.token().to_owned(), journey.clone()));
        Self(journey, Arc::new(task))
    }

    pub fn journey(&self) -> MutexGuard<'_, Journey> {
        self.0.lock().unwrap()
    }
}

impl Drop for Roamer {
    fn drop(&mut self) {
        if Arc::strong_count(&self.1) == 1 {
            self.1.abort();
        }
    }
}

async fn roam(url: String, token: String, journey: Arc<Mutex<Journey>>) {
    let mut offline_since = Instant::now();
    loop {
        let welcomes = journey.lock().unwrap().welcomes;
        let mut told = None;
        match Line::open(&url, Upgrade::of(&token, &url)).await {
            Ok(line) => told = live(line, &journey, offline_since).await,
            Err(LineError::Refused(_)) => ask_why(&url, &token, &journey).await,
            Err(_) => {}
        }
        {
            let mut journey = journey.lock().unwrap();
            if journey.device.revoked.is_some() {
                return;
            }
            if journey.welcomes > welcomes {
                offline_since = Instant::now();
            } else {
                journey.failed += 1;
            }
            journey.longest_told = journey.longest_told.max(told.unwrap_or_default());
        }
        sleep(told.unwrap_or(PAUSE)).await;
    }
}

/// As a browser does whose session is in doubt.
async fn ask_why(url: &str, token: &str, journey: &Mutex<Journey>) {
    let asking = reqwest::Client::new().get(format!("{url}/api/v1/me")).bearer_auth(token).send().await;
    let Ok(answer) = asking else { return };
    let body: serde_json::Value = answer.json().await.unwrap_or_default();
    if let Ok(reason) = serde_json::from_value(body["reason"].clone()) {
        let revoked = ServerMessage::Revoked { reason, at: now() };
        journey.lock().unwrap().device.take(&revoked, now()).unwrap();
    }
}

/// Until the socket ends; how long to stay away if the server said so.
async fn live(mut line: Line, journey: &Mutex<Journey>, offline_since: Instant) -> Option<Duration> {
    let (mut told, mut asked, mut next_ref) = (None, None, 0);
    loop {
        let heard = timeout(WRITE_EVERY, line.next()).await;
        let message = match heard {
            Ok(Ok(Heard::Message(message))) => message,
            Ok(Ok(Heard::Closed(_)) | Err(_)) => return told,
            Err(_) => {
                let write = asked.is_none().then(|| next_write(&journey.lock().unwrap(), &mut next_ref)).flatten();
                if let Some((id, write)) = write {
                    asked = Some((next_ref, id));
                    line.send(&write).await.ok()?;
                }
                continue;
            }
        };
        let answer = {
            let mut journey = journey.lock().unwrap();
            match &message {
                ServerMessage::Welcome(_) => {
                    journey.welcomes += 1;
                    journey.longest_offline = journey.longest_offline.max(offline_since.elapsed());
                }
                ServerMessage::Drain { reconnect_after_ms } => told = Some(Duration::from_millis(*reconnect_after_ms)),
                ServerMessage::Done { r#ref, id, .. } if asked == Some((*r#ref, *id)) => {
                    journey.answered.insert(*id);
                    asked = None;
                }
                ServerMessage::Error(error) if error.r#ref == asked.map(|(r#ref, _)| r#ref) => asked = None,
                _ => {}
            }
            journey.device.take(&message, now()).unwrap()
        };
        if let Some(answer) = answer {
            line.send(&answer).await.ok();
        }
    }
}

fn next_write(journey: &Journey, next_ref: &mut u32) -> Option<(CredentialId, ClientMessage)> {
    if !journey.writes || journey.device.is_locked() {
        return None;
    }
    let id = CredentialId::from_uuid(Uuid::now_v7());
    let sealed = journey.device.seal(id, Version(0), &form("roaming")).unwrap();
    *next_ref += 1;
    Some((id, ClientMessage::Put { r#ref: *next_ref, id, base_version: Version(0), r#box: sealed }))
}
