//! `storm`: every device connects and says hello as fast as it can, round after round; the floor's handshakes between.

use std::{sync::Arc, time::Duration};

use tokio::time::{Instant, sleep};

use super::{Findings, ScenarioError, all_live, median};
use crate::{
    board::Board,
    crew::{AT_ONCE, Rush},
    crews::Crews,
    floor::Floor,
    ground::Ground,
    options::Options,
    report::Extent,
    run::{Better, Run, Unit},
    sources::Sources,
    times::{Moment, Times},
    watch::{Nodes, Watch},
};

/// What a hello leaves to be written later is written by then, and counts as its cost.
const AFTERWARDS: Duration = Duration::from_secs(2);
/// After a round the server notices that the sockets are gone; a server that does not is measured with them.
const EMPTY_MAX: Duration = Duration::from_secs(20);
const POLL: Duration = Duration::from_millis(50);
/// Where the floor's sockets come from, apart from those of the crews.
const FLOOR_NETWORK: u8 = 199;
/// A ratio of one round says little on a busy machine.
const ROUNDS_MIN: usize = 3;

/// Every device connects and says hello as fast as it can: hellos a second, their times, the server's processor time.
#[derive(Clone, Debug, clap::Args)]
pub struct Storm {
    /// Devices on their way at the same moment.
    #[arg(long, value_name = "N", default_value_t = AT_ONCE)]
    pub at_once: usize,
    /// Come on a schedule of so many a second instead, however long each takes; times count from the schedule.
    #[arg(long, value_name = "PER-SECOND", conflicts_with = "at_once")]
    pub rate: Option<f64>,
    /// Processes that the devices are in; more where the limit of open files asks for it.
    #[arg(long, value_name = "N", default_value_t = 1)]
    pub processes: usize,
    #[command(flatten)]
    pub options: Options,
}

/// One round's rates and processor times.
#[derive(Default)]
struct Rounds {
    per_second: Vec<f64>,
    cpu: Vec<f64>,
    cpu_with_rest: Vec<f64>,
    floor_per_second: Vec<f64>,
    floor_cpu: Vec<f64>,
    ratio: Vec<f64>,
}

impl Storm {
    pub async fn run(&self) -> Result<Run, ScenarioError> {
        let ground = Ground::open_for_crews(&self.options).await?;
        let mut findings = Findings::begin("storm", &self.options);
        let rush = self.rate.map_or(Rush::AtOnce(self.at_once), Rush::PerSecond);
        match rush {
            Rush::AtOnce(at_once) => findings.option("at once", &at_once),
            Rush::PerSecond(rate) => findings.option("hellos a second", &rate),
        }
        let board = Arc::new(Board::default());
        let mut crews = Crews::open(&ground, self.processes, &board)?;
        // The first time each device asks for its unlock key, which costs ten times a hello; that is not a reconnect.
        let (devices, sources) = (self.options.devices, Sources::of(&ground.targets).in_network(FLOOR_NETWORK));
        eprintln!("connecting {devices} devices for the first time");
        crews.connect(Rush::default(), 0..devices, None).await?;
        all_live(devices, &board)?;
        leave(&mut crews, &ground.nodes).await?;
        let floor = Floor::start().await?;

        let hello = Arc::new(Times::new("hello", "hello, from the first packet to live and caught up", Moment::now()));
        let extent = Extent::Time(self.options.measured);
        let watch = Watch::begin("storm", extent, board.clone(), ground.nodes.clone(), Some(hello.clone()));
        let (began, mut rounds) = (Instant::now(), Rounds::default());
        while rounds.ratio.len() < ROUNDS_MIN || began.elapsed() < self.options.measured {
            let floor = floor.handshakes(devices, self.at_once, &sources).await?;
            let (cpu, at) = (cpu_seconds(&ground.nodes).await?, Instant::now());
            crews.connect(rush, 0..devices, Some(&hello)).await?;
            let seconds = at.elapsed().as_secs_f64();
            let cpu_then = cpu_seconds(&ground.nodes).await?;
            all_live(devices, &board)?;
            sleep(AFTERWARDS).await;
            let cpu_later = cpu_seconds(&ground.nodes).await?;
            leave(&mut crews, &ground.nodes).await?;
            #[expect(clippy::cast_precision_loss, reason = "a count of devices")]
            let count = devices as f64;
            rounds.per_second.push(count / seconds);
            rounds.cpu.push((cpu_then - cpu) / count);
            rounds.cpu_with_rest.push((cpu_later - cpu) / count);
            rounds.floor_per_second.push(floor.per_second);
            rounds.floor_cpu.push(floor.cpu_seconds_each);
            rounds.ratio.push(count / seconds / floor.per_second);
        }
        rounds.tell(&mut findings, !ground.nodes.is_empty());
        findings.latency(&hello);
        Ok(findings.end(began.elapsed().as_secs_f64(), &board, watch))
    }
}

impl Rounds {
    fn tell(self, findings: &mut Findings, server_is_known: bool) {
        #[expect(clippy::cast_precision_loss, reason = "a count of rounds")]
        let count = self.ratio.len() as f64;
        let (higher, lower, seconds) = (Better::Higher, Better::Lower, Unit::Seconds);
        findings.figure("rounds", "rounds, of which the median is told", count, Unit::Count, Better::Neutral);
        findings.figure("hellos", "authenticated hellos", median(self.per_second), Unit::PerSecond, higher);
        let floor = median(self.floor_per_second);
        findings.figure("floor.handshakes", "floor: handshakes", floor, Unit::PerSecond, Better::Neutral);
        let title = "hellos to the floor's handshakes";
        findings.aim("hellos_to_floor", title, median(self.ratio), Unit::Ratio, (higher, 0.35));
        if server_is_known {
            let title = "server's processor time for a hello";
            findings.aim("server.cpu_per_hello", title, median(self.cpu), seconds, (lower, 130e-6));
            let title = "the same with what follows within 2 s";
            findings.figure("server.cpu_per_arrival", title, median(self.cpu_with_rest), seconds, lower);
        }
        let title = "floor: processor time for a handshake";
        findings.figure("floor.cpu_per_handshake", title, median(self.floor_cpu), seconds, Better::Neutral);
    }
}

async fn cpu_seconds(nodes: &Nodes) -> Result<f64, ScenarioError> {
    if nodes.is_empty() { Ok(0.0) } else { Ok(nodes.look().await?.usage.cpu_seconds) }
}

/// Hangs up, and waits until the server has noticed.
async fn leave(crews: &mut Crews, nodes: &Nodes) -> Result<(), ScenarioError> {
    crews.hang_up().await?;
    let until = Instant::now() + EMPTY_MAX;
    while !nodes.is_empty() && Instant::now() < until {
        if nodes.look().await.is_ok_and(|node| node.sockets < 1.0) {
            break;
        }
        sleep(POLL).await;
    }
    Ok(())
}
