//! The devices of a run, in this process or, where they are more than one process may have open, in several.

mod process;

use std::{ops::Range, sync::Arc, time::Duration};

use serde::{Deserialize, Serialize};
use tokio::time::Instant;

pub use self::process::{COMMAND, CrewOptions, serve};
use self::process::{CrewProcess, CrewProcessError};
use crate::{
    board::Board,
    crew::{AT_ONCE, Crew, Meters, Order, Rush},
    device::DeviceError,
    files,
    ground::Ground,
    pace::Pace,
    standstill,
    times::Times,
};

/// What was to be written and is not by the time that nothing was for so long will never be: it was refused, or its device is
/// gone. Longer than the server lets anybody wait.
const WRITTEN_STANDSTILL_MAX: Duration = Duration::from_secs(20);

#[derive(Debug, thiserror::Error)]
pub enum CrewsError {
    #[error(transparent)]
    Device(#[from] DeviceError),
    #[error(transparent)]
    Process(#[from] CrewProcessError),
    #[error("of {wanted} updates {written} were written; the server does not keep up, or refuses them: {errors}")]
    NotWritten { wanted: u64, written: u64, errors: String },
}

#[derive(Debug)]
pub enum Crews {
    Here(Crew),
    /// Each has a part of the fleet, and source addresses of its own.
    Elsewhere(Vec<CrewProcess>),
}

/// What a crew is told to do. One after another.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub enum Task {
    /// The devices at these places connect, those that are live stay.
    Connect {
        rush: Rush,
        places: Range<usize>,
    },
    HangUp,
    /// The first device of each user writes so many times.
    Write {
        rounds: usize,
        bytes: usize,
        per_second: f64,
    },
}

impl Crews {
    /// In as many processes as the limit of open files asks for; `processes` asks for more.
    pub fn open(ground: &Ground, processes: usize, board: &Arc<Board>) -> Result<Self, CrewsError> {
        let devices: usize = ground.fleet.iter().map(|user| user.devices.len()).sum();
        let processes = processes.max(devices.div_ceil(files::devices_max()));
        if processes <= 1 {
            return Ok(Self::Here(Crew::new(&ground.fleet, ground.targets.clone(), board.clone())?));
        }
        let users = ground.fleet.len().div_ceil(processes);
        let mut crews = Vec::new();
        for (number, part) in ground.fleet.chunks(users).enumerate() {
            crews.push(CrewProcess::start(number, part, &ground.targets, board.clone())?);
        }
        Ok(Self::Elsewhere(crews))
    }

    pub fn processes(&self) -> usize {
        match self {
            Self::Here(_) => 1,
            Self::Elsewhere(crews) => crews.len(),
        }
    }

    /// Connects the devices at these places. `hello` gets the times of their hellos.
    pub async fn connect(
        &mut self,
        rush: Rush,
        places: Range<usize>,
        hello: Option<&Arc<Times>>,
    ) -> Result<(), CrewsError> {
        self.all_do(|share| Task::Connect { rush: rush.share(share.of), places: share.of_places(&places) }, hello).await
    }

    /// Closes every socket, as browsers do that are killed.
    pub async fn hang_up(&mut self) -> Result<(), CrewsError> {
        self.all_do(|_| Task::HangUp, None).await
    }

    /// The first device of each user writes `rounds` times, so many a second of all together; ends when all is written.
    pub async fn write(&mut self, rounds: usize, bytes: usize, per_second: f64) -> Result<(), CrewsError> {
        self.all_do(|share| Task::Write { rounds, bytes, per_second: per_second / share.count() }, None).await
    }

    async fn all_do(&mut self, task: impl Fn(Share) -> Task, hello: Option<&Arc<Times>>) -> Result<(), CrewsError> {
        match self {
            Self::Here(crew) => carry_out(crew, task(Share { of: 1, first: 0, places: crew.posts.len() }), hello).await,
            Self::Elsewhere(crews) => {
                let (of, mut first) = (crews.len(), 0);
                for crew in crews.iter_mut() {
                    let places = crew.devices();
                    crew.begin(&task(Share { of, first, places })).await?;
                    first += places;
                }
                for crew in crews {
                    crew.finish(hello).await?;
                }
                Ok(())
            }
        }
    }
}

/// One crew's part of a task.
#[derive(Clone, Copy)]
struct Share {
    of: usize,
    /// Where its places begin among all.
    first: usize,
    places: usize,
}

impl Share {
    #[expect(clippy::cast_precision_loss, reason = "a count of processes")]
    fn count(self) -> f64 {
        self.of as f64
    }

    fn of_places(self, all: &Range<usize>) -> Range<usize> {
        let place = |place: usize| place.saturating_sub(self.first).min(self.places);
        place(all.start)..place(all.end)
    }
}

impl Rush {
    /// What one of so many processes does of it.
    fn share(self, of: usize) -> Self {
        #[expect(clippy::cast_precision_loss, reason = "a count of processes")]
        match self {
            Self::AtOnce(at_once) => Self::AtOnce((at_once / of).max(1)),
            Self::PerSecond(rate) => Self::PerSecond(rate / of as f64),
        }
    }
}

/// Does it with the devices of this process.
async fn carry_out(crew: &mut Crew, task: Task, hello: Option<&Arc<Times>>) -> Result<(), CrewsError> {
    match task {
        Task::Connect { rush, places } => {
            let meters = Meters { hello: hello.cloned(), ..Meters::default() };
            crew.connect(rush, &meters, |post| places.contains(&post.place)).await;
        }
        Task::HangUp => crew.hang_up().await,
        Task::Write { rounds, bytes, per_second } => {
            write(crew, rounds, bytes, per_second, WRITTEN_STANDSTILL_MAX).await?;
        }
    }
    Ok(())
}

/// Fails once nothing more is written for `patience`, and not all is.
async fn write(
    crew: &Crew,
    rounds: usize,
    bytes: usize,
    per_second: f64,
    patience: Duration,
) -> Result<(), CrewsError> {
    let writers = || crew.posts.iter().filter(|post| post.number == 0);
    let before = crew.board.counts();
    let mut pace = Pace::new(Instant::now(), per_second, Duration::ZERO);
    for _ in 0..rounds {
        for post in writers() {
            let intended = pace.tick().await;
            post.write(Order { intended, bytes }, &crew.board);
        }
    }
    let wanted = u64::try_from(writers().count() * rounds).unwrap_or(u64::MAX);
    let written = standstill::until(wanted, || crew.board.counts().puts - before.puts, patience).await;
    if written >= wanted {
        return Ok(());
    }
    let errors = crew.board.errors().into_iter().map(|(kind, count)| format!("{kind} ({count})"));
    Err(CrewsError::NotWritten { wanted, written, errors: errors.collect::<Vec<_>>().join(", ") })
}

/// For those who do not say.
impl Default for Rush {
    fn default() -> Self {
        Self::AtOnce(AT_ONCE)
    }
}

#[cfg(test)]
mod tests {
    use keyleash_protocol::UserId;
    use tokio::time::timeout;
    use uuid::Uuid;

    use super::*;
    use crate::{device::Device, fleet::PreparedUser};

    /// Nobody who gives up takes a fraction of it.
    const GIVEN_UP: Duration = Duration::from_secs(30);

    /// A user's first device, which is not connected: what it is to write is never written.
    fn away() -> Crew {
        let id = UserId::from_uuid(Uuid::from_u128(1));
        let device = Device::new(id).unwrap().save("token");
        let user = PreparedUser {
            id,
            account: None,
            totp_secret: String::new(),
            recovery_codes: Vec::new(),
            devices: vec![device],
        };
        Crew::new(&[user], vec!["http://127.0.0.1:1".to_owned()], Arc::default()).unwrap()
    }

    #[tokio::test]
    async fn updates_that_nobody_writes_are_given_up_and_what_went_wrong_is_said() {
        let crew = away();
        crew.board.put();
        crew.board.failed_with("closed with 4006");
        let outcome = timeout(GIVEN_UP, write(&crew, 3, 200, 1e6, Duration::ZERO)).await;
        let failed = outcome.expect("it gives up").unwrap_err();
        assert!(matches!(failed, CrewsError::NotWritten { wanted: 3, written: 0, .. }), "{failed:?}");
        assert!(failed.to_string().ends_with("closed with 4006 (1)"), "{failed}");
    }

    #[tokio::test]
    async fn updates_that_are_written_are_waited_for() {
        let crew = away();
        let written = async {
            for _ in 0..3 {
                crew.board.put();
            }
        };
        let (outcome, ()) = tokio::join!(write(&crew, 3, 200, 1e6, Duration::MAX), written);
        outcome.unwrap();
    }
}
