//! A crew in a process of its own: told what to do by lines on its standard input, and tells how far it is on its standard
//! output. It ends when its standard input does, and so with the process that started it.

use std::{
    env, io,
    path::PathBuf,
    process::Stdio,
    sync::{Arc, Mutex, PoisonError},
    thread,
    time::Duration,
};

use serde::{Deserialize, Serialize};
use tempfile::TempDir;
use tokio::{
    io::{AsyncBufReadExt, AsyncWriteExt, BufReader},
    process::{Child, ChildStdin, Command},
    sync::mpsc::{Receiver, channel},
    time::sleep,
};

use super::{CrewsError, Task, carry_out};
use crate::{
    board::{Board, Tally},
    crew::Crew,
    fleet::{self, FleetError, PreparedUser},
    sources::Sources,
    times::{Moment, Times},
};

/// The hidden command that is such a process.
pub const COMMAND: &str = "crew";
/// As often as the live view looks.
const TELL_EVERY: Duration = Duration::from_millis(500);
/// Tasks and answers that wait to be read; there is one of each at a time.
const WAITING_MAX: usize = 4;

#[derive(Debug, thiserror::Error)]
pub enum CrewProcessError {
    #[error("a process for a part of the devices cannot be started")]
    Start(#[source] io::Error),
    #[error(transparent)]
    Fleet(#[from] FleetError),
    #[error("a process with a part of the devices ended; what it said is above")]
    Ended,
    #[error("a process with a part of the devices: {0}")]
    Failed(String),
}

/// What such a process is started with.
#[derive(Clone, Debug, clap::Args)]
pub struct CrewOptions {
    #[arg(long)]
    fleet: PathBuf,
    #[arg(long, value_delimiter = ',')]
    target: Vec<String>,
    /// Which one it is: its source addresses are its own.
    #[arg(long)]
    number: u8,
}

/// What it tells.
#[derive(Debug, Serialize, Deserialize)]
enum Told {
    Now(Tally),
    /// A task is done.
    Done(Answer),
}

#[derive(Debug, Serialize, Deserialize)]
struct Answer {
    /// The times of the hellos in it, as in a latency.
    hello: Vec<(u64, u64)>,
    /// Why it was not done.
    failed: Option<String>,
}

#[derive(Debug)]
pub struct CrewProcess {
    tasks: ChildStdin,
    answers: Receiver<Answer>,
    devices: usize,
    // Ends with this.
    _process: Child,
    _fleet: TempDir,
}

impl CrewProcess {
    /// Starts one with this part of the fleet. What it counts goes to `board`.
    pub(super) fn start(
        number: usize,
        part: &[PreparedUser],
        targets: &[String],
        board: Arc<Board>,
    ) -> Result<Self, CrewProcessError> {
        let directory = tempfile::tempdir().map_err(CrewProcessError::Start)?;
        let file = directory.path().join("fleet");
        fleet::write(&file, part)?;
        let mut command = Command::new(env::current_exe().map_err(CrewProcessError::Start)?);
        command.arg(COMMAND).arg("--fleet").arg(&file).args(["--target", &targets.join(",")]);
        command.args(["--number", &number.to_string()]);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).kill_on_drop(true);
        let mut process = command.spawn().map_err(CrewProcessError::Start)?;
        let (Some(tasks), Some(out)) = (process.stdin.take(), process.stdout.take()) else {
            return Err(CrewProcessError::Ended);
        };
        let (sender, answers) = channel(WAITING_MAX);
        tokio::spawn(async move {
            let mut lines = BufReader::new(out).lines();
            while let Ok(Some(line)) = lines.next_line().await {
                match serde_json::from_str(&line) {
                    Ok(Told::Now(tally)) => board.of_another(number, tally),
                    Ok(Told::Done(answer)) => {
                        if sender.send(answer).await.is_err() {
                            return;
                        }
                    }
                    Err(_) => return,
                }
            }
        });
        let devices = part.iter().map(|user| user.devices.len()).sum();
        Ok(Self { tasks, answers, devices, _process: process, _fleet: directory })
    }

    pub(super) fn devices(&self) -> usize {
        self.devices
    }

    pub(super) async fn begin(&mut self, task: &Task) -> Result<(), CrewProcessError> {
        let line = serde_json::to_string(task).map_err(|error| CrewProcessError::Failed(error.to_string()))? + "\n";
        self.tasks.write_all(line.as_bytes()).await.map_err(|_| CrewProcessError::Ended)
    }

    /// Waits until what was begun is done.
    pub(super) async fn finish(&mut self, hello: Option<&Arc<Times>>) -> Result<(), CrewProcessError> {
        let Answer { hello: buckets, failed } = self.answers.recv().await.ok_or(CrewProcessError::Ended)?;
        if let Some(hello) = hello {
            hello.add(&buckets);
        }
        failed.map_or(Ok(()), |failed| Err(CrewProcessError::Failed(failed)))
    }
}

/// Is such a process, until its standard input ends.
pub async fn serve(options: CrewOptions) -> Result<(), CrewsError> {
    let fleet = fleet::read(&options.fleet, usize::MAX).map_err(CrewProcessError::Fleet)?;
    let board = Arc::new(Board::default());
    let sources = Sources::of(&options.target).in_network(options.number);
    let mut crew = Crew::new(&fleet, options.target, board.clone())?;
    crew.sources = Arc::new(sources);
    drop(fleet);
    let out = Arc::new(Mutex::new(()));
    let telling = tokio::spawn({
        let (board, out) = (board.clone(), out.clone());
        async move {
            loop {
                tell(&out, &Told::Now(board.tally()));
                sleep(TELL_EVERY).await;
            }
        }
    });
    let mut lines = lines();
    while let Some(line) = lines.recv().await {
        let Ok(task) = serde_json::from_str(&line) else { break };
        let hello = Arc::new(Times::new("hello", "hello", Moment(0)));
        let failed = carry_out(&mut crew, task, Some(&hello)).await.err().map(|error| error.to_string());
        // Before the answer, so that whoever gets it sees the counts that belong to it.
        tell(&out, &Told::Now(board.tally()));
        tell(&out, &Told::Done(Answer { hello: hello.latency().buckets, failed }));
    }
    telling.abort();
    Ok(())
}

/// Standard input, read on a thread of its own.
fn lines() -> Receiver<String> {
    let (sender, lines) = channel(WAITING_MAX);
    thread::spawn(move || {
        for line in io::stdin().lines().map_while(Result::ok) {
            if sender.blocking_send(line).is_err() {
                return;
            }
        }
    });
    lines
}

/// One line. Nobody there to read it: the end is near.
fn tell(out: &Mutex<()>, told: &Told) {
    let _whole = out.lock().unwrap_or_else(PoisonError::into_inner);
    if let Ok(line) = serde_json::to_string(told) {
        println!("{line}");
    }
}
