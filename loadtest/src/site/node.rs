//! One node of a site: it can be killed, told to leave, and started again where it was.

use std::{
    fmt,
    net::{Ipv4Addr, TcpListener},
    path::{Path, PathBuf},
    process,
    sync::atomic::{AtomicU32, Ordering},
    time::{Duration, Instant},
};

use keyleash_testbed::Leashed;
use serde::Deserialize;
use tokio::time::sleep;

use super::{
    SiteError,
    part::{Settings, started},
};

/// How long a node may take to be ready; a debug build on a busy machine takes a few seconds.
const READY_MAX: Duration = Duration::from_mins(1);
/// How long a node that was told to leave may take: its notice, its drain and its last mails take 25 s at the most.
const LEAVE_MAX: Duration = Duration::from_mins(1);
const POLL: Duration = Duration::from_millis(20);
/// Ports below those that the kernel gives to clients (`ip_local_port_range`): tens of thousands of simulated devices would
/// sooner or later sit on the port of a node that is to come back.
const PORTS: std::ops::Range<u32> = 10_240..32_000;
/// What is shown of a log.
const LOG_END_LINES: usize = 12;

/// A running server process.
#[derive(Debug)]
pub struct Node {
    /// Such as `http://127.0.0.1:10240`.
    pub url: String,
    /// Where operators ask.
    pub admin: String,
    /// What it says.
    pub log: PathBuf,
    number: usize,
    settings: Settings,
    process: Leashed,
}

/// The answer of `/readyz`.
#[derive(Deserialize)]
struct Readiness {
    parts: Vec<Part>,
}

#[derive(Deserialize)]
struct Part {
    name: String,
    reason: Option<String>,
}

impl Node {
    /// Starts one with the site's settings, and waits until all its parts are ready.
    pub(super) async fn start(number: usize, settings: Settings) -> Result<Self, SiteError> {
        let [url, admin] = [port(), port()].map(|port| format!("http://127.0.0.1:{port}"));
        let log = settings.directory().join(format!("node-{number}.log"));
        let process = launch(&settings, &url, &admin, &log).await?;
        let node = Self { url, admin, log, number, settings, process };
        node.await_ready().await?;
        Ok(node)
    }

    pub fn pid(&self) -> u32 {
        self.process.pid()
    }

    pub fn is_running(&self) -> bool {
        self.process.is_running()
    }

    /// Ends it without a word, as a machine that loses its power.
    pub fn kill(&mut self) {
        self.process.kill();
    }

    /// Tells it to leave, as an orchestrator does (SIGTERM); [`Self::await_end`] waits until it is gone.
    pub fn drain(&self) {
        self.process.signal("TERM");
    }

    /// Waits until it ended.
    pub async fn await_end(&self) -> Result<(), SiteError> {
        let deadline = Instant::now() + LEAVE_MAX;
        while self.is_running() {
            if Instant::now() > deadline {
                return Err(SiteError::Stays { number: self.number, patience: LEAVE_MAX, log: self.shown_log() });
            }
            sleep(POLL).await;
        }
        Ok(())
    }

    /// Starts it again, after it ended, with the same data at the same addresses.
    pub async fn start_again(&mut self) -> Result<(), SiteError> {
        self.process = launch(&self.settings, &self.url, &self.admin, &self.log).await?;
        self.await_ready().await
    }

    async fn await_ready(&self) -> Result<(), SiteError> {
        let deadline = Instant::now() + READY_MAX;
        loop {
            let reason = match self.why_not_ready().await {
                Ok(None) => return Ok(()),
                Ok(Some(reason)) => reason,
                Err(_) => "it does not answer at its admin listener".to_owned(),
            };
            if !self.is_running() {
                return Err(SiteError::Ended { number: self.number, log_end: self.log_end() });
            }
            if Instant::now() > deadline {
                let (patience, log_end) = (READY_MAX, self.log_end());
                return Err(SiteError::NotReady { number: self.number, patience, reason, log_end });
            }
            sleep(POLL).await;
        }
    }

    /// The first part that is not ready, also one that a node can do without: a run is to begin with everything in order.
    async fn why_not_ready(&self) -> Result<Option<String>, reqwest::Error> {
        let readiness: Readiness = reqwest::get(format!("{}/readyz", self.admin)).await?.json().await?;
        Ok(readiness.parts.into_iter().find_map(|part| Some(format!("{}: {}", part.name, part.reason?))))
    }

    fn shown_log(&self) -> String {
        self.log.display().to_string()
    }

    fn log_end(&self) -> String {
        let log = std::fs::read_to_string(&self.log).unwrap_or_default();
        let lines: Vec<&str> = log.lines().collect();
        lines[lines.len().saturating_sub(LOG_END_LINES)..].join("\n")
    }
}

impl fmt::Display for Node {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (number, pid) = (self.number, self.pid());
        write!(f, "node {number} is at {}, admin {}, process {pid}, log {}", self.url, self.admin, self.shown_log())
    }
}

async fn launch(settings: &Settings, url: &str, admin: &str, log: &Path) -> Result<Leashed, SiteError> {
    let mut settings = settings.clone();
    for (key, address) in [("http.listen", url), ("admin.listen", admin)] {
        settings.set(key, address.trim_start_matches("http://"));
    }
    let log = log.to_owned();
    started("the server", move || Leashed::start(&mut settings.command(&["serve"]), &log)).await
}

/// A port that nobody uses at present, and no client will.
fn port() -> u32 {
    static GIVEN: AtomicU32 = AtomicU32::new(0);
    loop {
        // Each process begins elsewhere: several runs may start at the same moment.
        let candidate = process::id().wrapping_mul(61).wrapping_add(GIVEN.fetch_add(1, Ordering::Relaxed));
        let port = PORTS.start + candidate % (PORTS.end - PORTS.start);
        if u16::try_from(port).is_ok_and(|port| TcpListener::bind((Ipv4Addr::LOCALHOST, port)).is_ok()) {
            return port;
        }
    }
}
