//! A browser of the day: one device, its session, and a task that keeps it connected as a browser does, until it is told
//! that it was removed.

use std::{
    collections::{BTreeMap, HashMap, HashSet},
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, AtomicUsize, Ordering::Relaxed},
    },
    time::Duration,
};

use keyleash_protocol::{
    CredentialId, ProblemCode, Seq, Version,
    socket::{ClientMessage, SyncPage},
};
use tokio::{
    sync::{mpsc, oneshot, watch},
    time::{sleep, timeout},
};

use super::{
    Day,
    found::{DeviceFound, Fate},
    ledger::content,
    lock,
};
use crate::{
    api::Api,
    credential,
    crew::HELLO_MAX,
    line::LineError,
    live::{Live, LiveError, News, Seat},
    times::Moment,
};

/// What waits to be sent by one browser; more than a person does at once.
const ASKS_MAX: usize = 64;
/// A browser that could not connect tries again after this.
const RETRY: Duration = Duration::from_millis(200);

/// What a browser is asked to do.
#[derive(Debug)]
pub enum Ask {
    /// Write, and say what the server said. No answer at all: the socket ended before there was one.
    Write {
        id: CredentialId,
        base: Version,
        /// `None`: delete.
        plaintext: Option<Vec<u8>>,
        answer: oneshot::Sender<Answer>,
    },
    /// Hang up and come back to this node.
    Reconnect { target: usize, intended: Moment },
}

#[derive(Clone, Copy, Debug)]
pub enum Answer {
    Done { version: Version, seq: Seq },
    Refused(ProblemCode),
}

/// Where a browser is in its life.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stage {
    Connecting,
    Live,
    /// It knows that it was removed, and tries no more.
    Told,
}

#[derive(Debug)]
pub struct Browser {
    pub seat: Seat,
    /// The interface with this browser's session.
    pub api: Api,
    target: AtomicUsize,
    asks: mpsc::Sender<Ask>,
    stage: watch::Sender<Stage>,
    seen: Mutex<Seen>,
    removal: Mutex<Removal>,
    refused: AtomicBool,
}

/// What is known of its removal.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Removal {
    #[default]
    None,
    /// The remover asked for it and got no answer: it was made, or not.
    Unknown,
    /// The remover was answered, with its seq.
    Made(Seq),
}

/// What it was sent.
#[derive(Debug, Default)]
struct Seen {
    deleted: BTreeMap<CredentialId, Version>,
    newest_change: Seq,
}

/// Why a socket is given up.
enum End {
    Reconnect { intended: Moment },
    Told,
    Broken(LiveError),
}

impl Browser {
    /// Connects, and stays connected until it is removed or the day is over.
    pub fn open(seat: Seat, api: Api, target: usize, day: &Arc<Day>) -> Arc<Self> {
        let (asks, asked) = mpsc::channel(ASKS_MAX);
        let browser = Arc::new(Self {
            seat,
            api,
            target: AtomicUsize::new(target),
            asks,
            stage: watch::Sender::new(Stage::Connecting),
            seen: Mutex::default(),
            removal: Mutex::default(),
            refused: AtomicBool::new(false),
        });
        lock(&day.tasks).spawn(stay(browser.clone(), asked, day.clone()));
        browser
    }

    /// Waits for room if a lot is waiting already. `false`: it was removed, and does nothing any more.
    pub async fn ask(&self, ask: Ask) -> bool {
        self.asks.send(ask).await.is_ok()
    }

    pub fn stage(&self) -> Stage {
        *self.stage.borrow()
    }

    /// Waits until it is live, or knows that it never will be.
    pub async fn settled(&self) -> Stage {
        let mut stage = self.stage.subscribe();
        // The sender is here as long as this is.
        stage.wait_for(|stage| *stage != Stage::Connecting).await.map_or(Stage::Told, |stage| *stage)
    }

    pub fn removal(&self) -> Removal {
        *lock(&self.removal)
    }

    pub fn remove(&self, removal: Removal) {
        *lock(&self.removal) = removal;
    }

    /// Whether it is as it will be: live, or told that it was removed.
    pub fn is_at_rest(&self) -> bool {
        match self.removal() {
            Removal::None => self.stage() == Stage::Live,
            Removal::Unknown => self.stage() != Stage::Connecting,
            Removal::Made(_) => self.stage() == Stage::Told,
        }
    }

    /// A write of it was refused because it is not verified: a removal is before this, or something is wrong.
    pub fn was_refused(&self) {
        self.refused.store(true, Relaxed);
    }

    /// What it holds and was sent; `let_in` as in [`Fate`].
    pub fn found(&self, let_in: Option<&'static str>) -> DeviceFound {
        let (device, seen) = (self.seat.device(), lock(&self.seen));
        let held = device.held.iter().map(|(id, held)| (*id, (held.version, content(&held.plaintext))));
        let told = self.stage() == Stage::Told;
        let fate = match self.removal() {
            Removal::Made(at) => Fate::Removed { at: Some(at), told, let_in },
            Removal::Unknown if told => Fate::Removed { at: None, told, let_in },
            Removal::Unknown | Removal::None => Fate::Stays,
        };
        DeviceFound {
            id: device.id,
            held: held.collect(),
            deleted: seen.deleted.clone(),
            cursor: device.cursor,
            newest_change: seen.newest_change,
            refused: self.refused.load(Relaxed),
            fate,
        }
    }

    fn note(&self, page: &SyncPage) {
        let mut seen = lock(&self.seen);
        for upsert in &page.upserts {
            seen.deleted.remove(&upsert.id);
            seen.newest_change = seen.newest_change.max(upsert.seq);
        }
        for tombstone in &page.deletes {
            seen.deleted.insert(tombstone.id, tombstone.version);
            seen.newest_change = seen.newest_change.max(tombstone.seq);
        }
    }
}

async fn stay(browser: Arc<Browser>, mut asked: mpsc::Receiver<Ask>, day: Arc<Day>) {
    let mut coming_back = None;
    loop {
        match connect(&browser, &day).await {
            Ok(mut live) => {
                day.board.came();
                if let Some(intended) = coming_back.take() {
                    day.times.reconnect.ended(intended);
                }
                browser.stage.send_replace(Stage::Live);
                let end = attend(&mut live, &browser, &mut asked, &day).await;
                day.board.went();
                browser.stage.send_replace(Stage::Connecting);
                match end {
                    End::Reconnect { intended } => coming_back = Some(intended),
                    End::Told => break,
                    End::Broken(error) => {
                        day.board.failed(&error);
                        sleep(RETRY).await;
                    }
                }
            }
            Err(error) => {
                // At the upgrade a removed device is told by the session that is refused, later by the revocation.
                let refused = matches!(&error, LiveError::Line(LineError::Refused(status)) if status.as_u16() == 401);
                if refused || browser.seat.device().revoked.is_some() {
                    break;
                }
                day.board.failed(&error);
                sleep(RETRY).await;
            }
        }
    }
    browser.stage.send_replace(Stage::Told);
}

async fn connect(browser: &Browser, day: &Day) -> Result<Live, LiveError> {
    // Closed never; a server takes only so many from one address that have not said hello.
    let _turn = day.hellos.acquire().await;
    let target = &day.targets[browser.target.load(Relaxed)];
    let hello = Live::connect(day.sources.next(), target, &browser.seat);
    let (live, missed) =
        timeout(HELLO_MAX, hello).await.unwrap_or_else(|_| Err(LiveError::Silence(HELLO_MAX.as_secs())))?;
    for page in &missed {
        browser.note(page);
    }
    Ok(live)
}

/// Takes in what comes and does what is asked, until the socket ends.
async fn attend(live: &mut Live, browser: &Browser, asked: &mut mpsc::Receiver<Ask>, day: &Day) -> End {
    let mut waiting: HashMap<u32, oneshot::Sender<Answer>> = HashMap::new();
    let mut own = HashSet::new();
    let mut last_ref = 0;
    loop {
        let outcome = tokio::select! {
            heard = live.line.next() => match heard {
                Ok(heard) => live.take(&browser.seat, heard).await,
                Err(error) => Err(error.into()),
            },
            // The browser holds a sender: there is always somebody to ask.
            Some(ask) = asked.recv() => match ask {
                Ask::Reconnect { target, intended } => {
                    browser.target.store(target, Relaxed);
                    return End::Reconnect { intended };
                }
                Ask::Write { id, base, plaintext, answer } => {
                    last_ref += 1;
                    waiting.insert(last_ref, answer);
                    own.insert((id, base.next()));
                    match write(live, &browser.seat, last_ref, (id, base), plaintext.as_deref()).await {
                        Ok(()) => continue,
                        Err(error) => Err(error),
                    }
                }
            },
        };
        match outcome {
            Ok(News::Synced(page)) => {
                browser.note(&page);
                delivered(&page, browser, day, &mut own);
            }
            Ok(News::Done { r#ref, version, seq }) => {
                if let Some(answer) = waiting.remove(&r#ref) {
                    // Whoever asked may have given up.
                    let _ = answer.send(Answer::Done { version, seq });
                }
            }
            Ok(News::Refused { r#ref: Some(r#ref), code, .. }) => {
                if let Some(answer) = waiting.remove(&r#ref) {
                    let _ = answer.send(Answer::Refused(code));
                }
            }
            Ok(News::Refused { r#ref: None, code, .. }) => day.board.failed_with(&format!("refused with {code:?}")),
            Ok(News::Revoked(_)) => return End::Told,
            Ok(News::Devices(_) | News::Drain { .. } | News::Other) => {}
            Err(error) => return End::Broken(error),
        }
    }
}

async fn write(
    live: &mut Live,
    seat: &Seat,
    r#ref: u32,
    (id, base): (CredentialId, Version),
    plaintext: Option<&[u8]>,
) -> Result<(), LiveError> {
    match plaintext {
        Some(plaintext) => live.put(seat, r#ref, id, base, plaintext).await,
        None => Ok(live.line.send(&ClientMessage::Delete { r#ref, id, base_version: base }).await?),
    }
}

/// What others wrote tells when it was meant to be written.
fn delivered(page: &SyncPage, browser: &Browser, day: &Day, own: &mut HashSet<(CredentialId, Version)>) {
    let device = browser.seat.device();
    for upsert in page.upserts.iter().filter(|upsert| !own.remove(&(upsert.id, upsert.version))) {
        let intended = device.held.get(&upsert.id).and_then(|held| credential::intended(&held.plaintext));
        if let Some(intended) = intended {
            day.board.delivered();
            day.times.delivery.ended(intended);
        }
    }
}
