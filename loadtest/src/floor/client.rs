//! Starts the floor as a process of its own, so that its processor time can be told, and loads it as a server is loaded.

use std::{env, io, process::Stdio, sync::Arc, time::Duration};

use futures_util::{SinkExt, StreamExt};
use tokio::{
    io::{AsyncBufReadExt, BufReader},
    process::{Child, Command},
    sync::Semaphore,
    task::JoinSet,
    time::{Instant, sleep_until},
};
use tokio_tungstenite::tungstenite::{self, Message};

use crate::{
    line::{Line, LineError, Upgrade},
    pace::Pace,
    probe::{ProbeError, process},
    sources::Sources,
    times::{Moment, Times},
};

/// The hidden command that is the floor's server.
pub const COMMAND: &str = "floor-server";
/// Bytes of a frame: about what a small credential takes.
const PAYLOAD_BYTES: usize = 400;
/// What is still on its way after the last frame was sent.
const LAST_FRAMES: Duration = Duration::from_millis(200);

#[derive(Debug, thiserror::Error)]
pub enum FloorError {
    #[error("the floor's server cannot be started")]
    Start(#[source] io::Error),
    #[error("the floor's server did not say where it listens")]
    Silent,
    #[error(transparent)]
    Line(#[from] LineError),
    #[error("a frame could not be sent to the floor")]
    Send(#[source] tungstenite::Error),
    #[error(transparent)]
    Probe(#[from] ProbeError),
}

#[derive(Debug)]
pub struct Floor {
    process: Child,
    url: String,
}

/// Connections with the upgrade answered.
#[derive(Clone, Copy, Debug)]
pub struct Handshakes {
    pub per_second: f64,
    pub cpu_seconds_each: f64,
}

/// Frames passed on to the others of a group.
#[derive(Debug)]
pub struct Pushes {
    /// From when a frame was meant to be sent to each of the others.
    pub times: Arc<Times>,
    pub cpu_seconds_each: f64,
}

impl Floor {
    /// Starts it; it ends with this process.
    pub async fn start() -> Result<Self, FloorError> {
        let program = env::current_exe().map_err(FloorError::Start)?;
        let mut command = Command::new(program);
        command.arg(COMMAND).stdin(Stdio::piped()).stdout(Stdio::piped()).kill_on_drop(true);
        let mut process = command.spawn().map_err(FloorError::Start)?;
        let out = process.stdout.take().ok_or(FloorError::Silent)?;
        let mut said = String::new();
        BufReader::new(out).read_line(&mut said).await.map_err(FloorError::Start)?;
        let port: u16 = said.trim().parse().map_err(|_| FloorError::Silent)?;
        Ok(Self { process, url: format!("http://127.0.0.1:{port}") })
    }

    /// So many connections, upgraded and held until the last one is; then closed.
    pub async fn handshakes(&self, count: usize, at_once: usize, sources: &Sources) -> Result<Handshakes, FloorError> {
        let room = Arc::new(Semaphore::new(at_once));
        let (began, cpu, mut tasks) = (Instant::now(), self.cpu_seconds()?, JoinSet::new());
        for number in 0..count {
            // Closed never.
            let Ok(turn) = room.clone().acquire_owned().await else { break };
            let (url, source) = (self.url.clone(), sources.next());
            tasks.spawn(async move {
                let opened = Line::open_from(source, &url, Upgrade::of(&number.to_string(), &url)).await;
                drop(turn);
                opened
            });
        }
        let mut lines = Vec::with_capacity(count);
        while let Some(opened) = tasks.join_next().await {
            // A task that panicked has said so.
            lines.extend(opened.ok().transpose()?);
        }
        let (seconds, cpu) = (began.elapsed().as_secs_f64(), self.cpu_seconds()? - cpu);
        #[expect(clippy::cast_precision_loss, reason = "counts of sockets")]
        let done = lines.len() as f64;
        Ok(Handshakes { per_second: done / seconds, cpu_seconds_each: cpu / done })
    }

    /// Groups of so many members; one of each sends at this rate, all groups together, for this long.
    pub async fn pushes(
        &self,
        (groups, members): (usize, usize),
        per_second: f64,
        during: Duration,
        sources: &Sources,
    ) -> Result<Pushes, FloorError> {
        let times = Arc::new(Times::new("floor.push", "floor: a frame to the others", Moment::now()));
        let (mut senders, mut readers) = (Vec::new(), JoinSet::new());
        for group in 0..groups {
            for member in 0..members {
                let line =
                    Line::open_from(sources.next(), &self.url, Upgrade::of(&group.to_string(), &self.url)).await?;
                let (sender, mut reader) = line.stream.split();
                let times = times.clone();
                readers.spawn(async move {
                    while let Some(Ok(Message::Text(text))) = reader.next().await {
                        if let Some(intended) = text.split(' ').next().and_then(|micros| micros.parse().ok()) {
                            times.ended(Moment(intended));
                        }
                    }
                });
                // The others' halves are kept too: without them the sockets close.
                senders.push((member == 0, sender));
            }
        }
        let (begin, cpu) = (Instant::now(), self.cpu_seconds()?);
        let mut pace = Pace::new(begin, per_second, Duration::ZERO);
        while pace.due() < begin + during {
            let mut first = senders.iter_mut().filter(|(is_first, _)| *is_first);
            while let Some((_, sender)) = first.next()
                && pace.due() < begin + during
            {
                let intended = pace.tick().await;
                let text = format!("{:<PAYLOAD_BYTES$}", intended.0);
                sender.send(Message::text(text)).await.map_err(FloorError::Send)?;
            }
        }
        sleep_until(Instant::now() + LAST_FRAMES).await;
        let cpu = self.cpu_seconds()? - cpu;
        #[expect(clippy::cast_precision_loss, reason = "counts of frames")]
        let delivered = times.count() as f64;
        Ok(Pushes { times, cpu_seconds_each: cpu / delivered.max(1.0) })
    }

    fn cpu_seconds(&self) -> Result<f64, FloorError> {
        let pid = self.process.id().ok_or(FloorError::Silent)?;
        Ok(process(&pid.to_string())?.cpu_seconds)
    }
}
