//! The links in the mails that a server sends, for the simulated people whom it sends them to.
//!
//! One task looks for new mails for all who wait. Nothing of a mail but its link is kept, and that only until it is asked
//! for.

use std::{
    collections::{HashMap, HashSet},
    fmt, io,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use keyleash_protocol::Sensitive;
use serde::Deserialize;
use serde_json::json;
use tokio::{
    io::{AsyncBufReadExt, AsyncWriteExt, BufReader},
    net::TcpStream,
    sync::Notify,
    task::JoinHandle,
    time::{sleep, timeout},
};

use crate::site::Site;

/// Between two looks: a tenth of what sending a mail takes when many are sent.
const LOOK_EVERY: Duration = Duration::from_millis(50);
/// A mail that is not there by then does not come: the server tries one that failed again after seconds.
const PATIENCE: Duration = Duration::from_mins(1);

#[derive(Clone, Debug, thiserror::Error)]
pub enum MailError {
    #[error("{place} is no place with mails: a server's http address, a directory, or peer:127.0.0.1:PORT is")]
    Place { place: String },
    #[error("{place} shows no mails ({reason}). {}", place.advice())]
    Unreadable { place: Place, reason: String },
    #[error("no mail with a link came to a user within {} s; is the server sending mails, and to where it was said?",
        PATIENCE.as_secs())]
    Silence,
}

/// What a link is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Purpose {
    SignUp,
    Device,
}

impl Purpose {
    const ALL: [Self; 2] = [Self::SignUp, Self::Device];

    /// How the link's fragment begins.
    const fn mark(self) -> &'static str {
        match self {
            Self::SignUp => "/verify#signup=",
            Self::Device => "/verify#device=",
        }
    }
}

/// Where a server's mails can be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Place {
    /// The page of a server with embedded mail.
    Server(String),
    /// The directory that such a server writes them to.
    Directory(PathBuf),
    /// The control port of the testbed's mail server.
    Peer(String),
}

impl Place {
    /// Where the nodes of a run's own site send them.
    pub fn of(site: &Site) -> Self {
        match site.smtp() {
            Some(smtp) => Self::Peer(format!("127.0.0.1:{}", smtp.control_port())),
            None => Self::Directory(site.directory().join("mail")),
        }
    }

    pub fn parse(text: &str) -> Result<Self, MailError> {
        if let Some(address) = text.strip_prefix("peer:").filter(|address| address.contains(':')) {
            return Ok(Self::Peer(address.to_owned()));
        }
        if text.starts_with("http://") {
            let server = text.trim_end_matches('/').trim_end_matches("/dev/mailbox.json");
            return Ok(Self::Server(server.to_owned()));
        }
        if Path::new(text).is_dir() {
            return Ok(Self::Directory(text.into()));
        }
        Err(MailError::Place { place: text.to_owned() })
    }

    /// What to look at where there are no mails.
    const fn advice(&self) -> &'static str {
        match self {
            Self::Server(_) => {
                "A server shows its mails only with embedded mail (mail.url = file:..); for another one say with --mails \
                 where they go"
            }
            Self::Directory(_) => "It has to be the one that the server writes them to (mail.url = file:..)",
            Self::Peer(_) => {
                "This has to be the control port of crates/testbed/python/smtp.py, the second that it was started with, and \
                 not the one that it takes mails on"
            }
        }
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Server(server) => write!(f, "{server}/dev/mailbox.json"),
            Self::Directory(path) => path.display().fmt(f),
            Self::Peer(address) => write!(f, "the mail server at {address}"),
        }
    }
}

/// Somebody who reads everybody's mails.
#[derive(Debug)]
pub struct Mails {
    shelf: Arc<Shelf>,
    looking: JoinHandle<()>,
}

/// Links that nobody asked for yet, newest of their kind.
#[derive(Debug, Default)]
struct Shelf {
    state: Mutex<State>,
    changed: Notify,
}

#[derive(Debug, Default)]
struct State {
    links: HashMap<(String, Purpose), Sensitive>,
    /// Why nothing can be read; nobody need wait then.
    failed: Option<MailError>,
}

impl Mails {
    /// Reads once, so that a wrong place is told at once, and goes on until this is dropped. Mails from before are left out.
    pub async fn watch(place: Place) -> Result<Self, MailError> {
        let mut reader = Reader::new(place);
        reader.look().await?;
        let shelf = Arc::new(Shelf::default());
        let looking = tokio::spawn(look(reader, shelf.clone()));
        Ok(Self { shelf, looking })
    }

    /// Waits for the link of the newest mail of this kind to an address; each is given once.
    pub async fn link(&self, to: &str, purpose: Purpose) -> Result<Sensitive, MailError> {
        let key = (to.to_owned(), purpose);
        let waiting = async {
            loop {
                let changed = self.shelf.changed.notified();
                tokio::pin!(changed);
                changed.as_mut().enable();
                {
                    let mut state = self.shelf.state();
                    if let Some(link) = state.links.remove(&key) {
                        return Ok(link);
                    }
                    if let Some(error) = &state.failed {
                        return Err(error.clone());
                    }
                }
                changed.await;
            }
        };
        timeout(PATIENCE, waiting).await.unwrap_or(Err(MailError::Silence))
    }
}

impl Drop for Mails {
    fn drop(&mut self) {
        self.looking.abort();
    }
}

impl Shelf {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

async fn look(mut reader: Reader, shelf: Arc<Shelf>) {
    loop {
        sleep(LOOK_EVERY).await;
        let found = reader.look().await;
        {
            let mut state = shelf.state();
            match found {
                Ok(mails) => {
                    state.failed = None;
                    state.links.extend(mails.iter().filter_map(Mail::link));
                }
                Err(error) => state.failed = Some(error),
            }
        }
        shelf.changed.notify_waiters();
    }
}

/// As much of a mail as matters here.
struct Mail {
    to: String,
    text: String,
}

impl Mail {
    /// A link stands alone on its line in the server's mails.
    fn link(&self) -> Option<((String, Purpose), Sensitive)> {
        Purpose::ALL.into_iter().find_map(|purpose| {
            let (_, rest) = self.text.split_once(purpose.mark())?;
            let token = rest.split_whitespace().next()?;
            Some(((self.to.clone(), purpose), Sensitive::new(token.to_owned())))
        })
    }
}

/// Reads what is new, oldest first.
struct Reader {
    place: Place,
    http: reqwest::Client,
    /// Mails that were read, by their name at that place.
    known: HashSet<String>,
    /// How many the peer had.
    taken: usize,
}

impl Reader {
    fn new(place: Place) -> Self {
        Self { place, http: reqwest::Client::new(), known: HashSet::new(), taken: 0 }
    }

    async fn look(&mut self) -> Result<Vec<Mail>, MailError> {
        let read = match &self.place {
            Place::Server(server) => self.posted(&format!("{server}/dev/mailbox.json")).await,
            Place::Directory(path) => self.filed(&path.clone()).await,
            Place::Peer(address) => self.handed_over(&address.clone()).await,
        };
        read.map_err(|reason| MailError::Unreadable { place: self.place.clone(), reason: reason.to_string() })
    }

    /// The page has the newest 200: looked at often, none is missed.
    async fn posted(&mut self, url: &str) -> io::Result<Vec<Mail>> {
        let other = |error: reqwest::Error| io::Error::other(error.without_url());
        let answer = self.http.get(url).send().await.and_then(reqwest::Response::error_for_status).map_err(other)?;
        let mut mails: Vec<Posted> = answer.json().await.map_err(other)?;
        mails.reverse();
        Ok(mails.into_iter().filter(|mail| self.known.insert(mail.id.clone())).map(Posted::into_mail).collect())
    }

    /// File names are ids that sort by time, and a file has its name once it is whole.
    async fn filed(&mut self, directory: &Path) -> io::Result<Vec<Mail>> {
        let mut names = Vec::new();
        let mut entries = tokio::fs::read_dir(directory).await?;
        while let Some(entry) = entries.next_entry().await? {
            let path = entry.path();
            let name = entry.file_name().to_string_lossy().into_owned();
            if path.extension().is_some_and(|extension| extension == "json") && self.known.insert(name.clone()) {
                names.push(name);
            }
        }
        names.sort_unstable();
        let mut mails = Vec::with_capacity(names.len());
        for name in names {
            let text = tokio::fs::read(directory.join(name)).await?;
            mails.push(serde_json::from_slice::<Posted>(&text)?.into_mail());
        }
        Ok(mails)
    }

    async fn handed_over(&mut self, address: &str) -> io::Result<Vec<Mail>> {
        let mut stream = BufReader::new(TcpStream::connect(address).await?);
        let question = json!({ "do": "mails", "after": self.taken }).to_string() + "\n";
        stream.write_all(question.as_bytes()).await?;
        let mut answer = String::new();
        stream.read_line(&mut answer).await?;
        let Handed { mails } = serde_json::from_str(&answer)?;
        self.taken += mails.len();
        let mail = |handed: HandedMail| Some(Mail { to: handed.to.into_iter().next()?, text: handed.text? });
        Ok(mails.into_iter().filter_map(mail).collect())
    }
}

/// A mail as embedded mail keeps it.
#[derive(Deserialize)]
struct Posted {
    id: String,
    to: String,
    text: String,
}

impl Posted {
    fn into_mail(self) -> Mail {
        Mail { to: self.to, text: self.text }
    }
}

#[derive(Deserialize)]
struct Handed {
    mails: Vec<HandedMail>,
}

#[derive(Deserialize)]
struct HandedMail {
    to: Vec<String>,
    text: Option<String>,
}
