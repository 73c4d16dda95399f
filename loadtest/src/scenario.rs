//! What can be measured: each scenario puts a load on servers, and says what it found as a [`Run`].

pub mod floor;
pub mod idle;
pub mod mixed;
pub mod reconnect;
pub mod revoke;
pub mod slow;
pub mod storm;
pub mod update;

use std::{fs, io, sync::Arc};

use self::mixed::TruthError;
use crate::{
    api::ApiError,
    bare::BareError,
    board::Board,
    crews::CrewsError,
    device::DeviceError,
    files::FilesError,
    fleet::FleetError,
    floor::FloorError,
    ground::GroundError,
    live::{self, LiveError},
    mails::MailError,
    options::Options,
    owner::OwnerError,
    probe::ProbeError,
    run::{Better, FORMAT, Figure, Machine, Run, Unit},
    times::Times,
    watch::Watch,
};

/// This program is taken for saturated, and its own times for wrong, when it uses more than this share of its threads.
const SATURATED: f64 = 0.85;

#[derive(Debug, thiserror::Error)]
pub enum ScenarioError {
    #[error(transparent)]
    Ground(#[from] GroundError),
    #[error(transparent)]
    Files(#[from] FilesError),
    #[error(transparent)]
    Probe(#[from] ProbeError),
    #[error("a device that is to become slow did not become live")]
    Reader(#[from] LiveError),
    #[error(transparent)]
    Floor(#[from] FloorError),
    #[error(transparent)]
    Crews(#[from] CrewsError),
    #[error(transparent)]
    Device(#[from] DeviceError),
    #[error(transparent)]
    Bare(#[from] BareError),
    #[error(transparent)]
    Mail(#[from] MailError),
    #[error(transparent)]
    Owner(#[from] OwnerError),
    #[error(transparent)]
    Fleet(#[from] FleetError),
    #[error(transparent)]
    Truth(#[from] TruthError),
    #[error("of {wanted} updates {written} were written; the server does not keep up, or refuses them")]
    NotWritten { wanted: u64, written: u64 },
    #[error("this takes two nodes at the least: --start two-nodes, or --target with two addresses")]
    OneNode,
    #[error(
        "these users have {have} devices beside their first, with a recovery code for each, and the schedule has {wanted} \
         removals: ask for more --devices, or for a lower --rate or less time"
    )]
    TooFewRemovals { have: usize, wanted: usize },
    #[error(
        "{devices} devices of {users} users: `slow` takes two users at the least, with four devices each, of which the last \
         may be slow; ask for fewer --users, or prepare four devices for each"
    )]
    TooFewForSlow { users: usize, devices: usize },
    #[error(transparent)]
    Api(#[from] ApiError),
    #[error("which process is the first target? Say it with --pid")]
    NoProcess,
    #[error("process {pid} could not be told to end; is it the first target's, on this machine, and yours?")]
    Signal { pid: u32, source: io::Error },
    #[error("of {wanted} devices {live} became live: {errors}{}", advice(.errors))]
    NotLive { wanted: usize, live: u64, errors: String },
}

/// A run under way: what is found is added to it.
#[derive(Debug)]
pub struct Findings {
    run: Run,
}

impl Findings {
    pub fn begin(scenario: &str, options: &Options) -> Self {
        Self::with(scenario, options.shown())
    }

    /// With options of the scenario's own.
    pub fn with(scenario: &str, options: Vec<(String, String)>) -> Self {
        let run = Run {
            format: FORMAT,
            scenario: scenario.to_owned(),
            began: live::now(),
            measured_seconds: 0.0,
            options,
            machine: machine(),
            figures: Vec::new(),
            latencies: Vec::new(),
            series: Vec::new(),
            errors: std::collections::BTreeMap::default(),
            remarks: Vec::new(),
        };
        Self { run }
    }

    pub fn option(&mut self, name: &str, value: &impl ToString) {
        self.run.options.push((name.to_owned(), value.to_string()));
    }

    pub fn figure(&mut self, name: &str, title: &str, value: f64, unit: Unit, better: Better) {
        self.add(name, title, value, unit, better, None);
    }

    /// One that has something to reach.
    pub fn aim(&mut self, name: &str, title: &str, value: f64, unit: Unit, (better, target): (Better, f64)) {
        self.add(name, title, value, unit, better, Some(target));
    }

    pub fn latency(&mut self, times: &Times) {
        self.run.latencies.push(times.latency());
    }

    pub fn remark(&mut self, remark: impl Into<String>) {
        self.run.remarks.push(remark.into());
    }

    /// Ends the run with what the board counted and the watch saw.
    pub fn end(mut self, measured_seconds: f64, board: &Arc<Board>, watch: Watch) -> Run {
        let (series, cores) = watch.end();
        self.figure("client.cores", "processor of this program", cores, Unit::Cores, Better::Neutral);
        #[expect(clippy::cast_precision_loss, reason = "a machine's cores")]
        if cores > SATURATED * self.run.machine.cores as f64 {
            self.remark(
                "This program had hardly any processor time left: times are longer, and rates lower, than the server's.",
            );
        }
        (self.run.measured_seconds, self.run.series, self.run.errors) = (measured_seconds, series, board.errors());
        self.run
    }

    fn add(&mut self, name: &str, title: &str, value: f64, unit: Unit, better: Better, target: Option<f64>) {
        let (name, title) = (name.to_owned(), title.to_owned());
        self.run.figures.push(Figure { name, title, value, unit, better, target });
    }
}

/// The median of some rounds; 0 if there is none.
pub fn median(mut rounds: Vec<f64>) -> f64 {
    rounds.sort_unstable_by(f64::total_cmp);
    rounds.get(rounds.len() / 2).copied().unwrap_or(0.0)
}

/// Fails if devices are missing: a figure for fewer than were asked for is another figure.
fn all_live(wanted: usize, board: &Board) -> Result<(), ScenarioError> {
    let live = board.counts().live;
    if usize::try_from(live).is_ok_and(|live| live >= wanted) {
        return Ok(());
    }
    let errors = board.errors().into_iter().map(|(kind, count)| format!("{kind} ({count})")).collect::<Vec<_>>();
    let errors =
        if errors.is_empty() { "and nothing went wrong with the others yet".to_owned() } else { errors.join(", ") };
    Err(ScenarioError::NotLive { wanted, live, errors })
}

/// What to do about errors that mean one thing where devices do not even become live.
fn advice(errors: &str) -> &'static str {
    const KNOWN: [(&str, &str); 4] = [
        ("no connection: connection refused", ". Is the server running there?"),
        (
            "upgrade refused with 401",
            ". The server does not know these sessions: the fleet was made for another database, or they ended; prepare one",
        ),
        ("closed with 4501", ". The server does not know these devices: was the fleet made for another database?"),
        (
            "closed with 4003",
            ". The server takes fewer sockets from one address: raise its limits.sockets_before_hello_per_address",
        ),
    ];
    KNOWN.iter().find(|(kind, _)| errors.contains(kind)).map_or("", |(_, advice)| *advice)
}

fn machine() -> Machine {
    let read = |path: &str| fs::read_to_string(path).unwrap_or_default();
    let (cpu, memory) = (read("/proc/cpuinfo"), read("/proc/meminfo"));
    let processor = cpu.lines().find_map(|line| line.strip_prefix("model name")).unwrap_or("unknown");
    let kib: u64 = memory.split_whitespace().nth(1).and_then(|kib| kib.parse().ok()).unwrap_or(0);
    Machine {
        processor: processor.trim_start_matches([' ', '\t', ':']).trim().to_owned(),
        cores: std::thread::available_parallelism().map_or(1, std::num::NonZero::get),
        memory_bytes: kib * 1_024,
        kernel: read("/proc/sys/kernel/osrelease").trim().to_owned(),
        version: format!("loadtest {}", env!("CARGO_PKG_VERSION")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{line::LineError, live::LiveError};

    #[test]
    fn devices_that_do_not_become_live_are_told_with_what_to_do() {
        let board = Board::default();
        let told = |board: &Board| all_live(2, board).unwrap_err().to_string();
        assert_eq!(told(&board), "of 2 devices 0 became live: and nothing went wrong with the others yet");
        board.failed(&LiveError::Line(LineError::Connect(io::ErrorKind::ConnectionRefused.into())));
        let refused = told(&board);
        assert!(refused.contains("refused (1). Is the server running there?"), "{refused}");
        let board = Board::default();
        board.failed(&LiveError::Closed(Some(4_003)));
        assert!(told(&board).ends_with("limits.sockets_before_hello_per_address"), "{}", told(&board));
    }
}
