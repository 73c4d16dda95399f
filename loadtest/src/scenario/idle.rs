//! `idle`: what devices cost that are live and do nothing, and after each got some updates.

use std::{sync::Arc, time::Duration};

use tokio::time::{Instant, sleep};

use super::{Findings, ScenarioError, all_live};
use crate::{
    board::Board,
    crew::Rush,
    crews::Crews,
    ground::{Ground, GroundError},
    options::Options,
    probe::{ProbeError, kernel_bytes},
    report::Extent,
    run::{Better, Run, Unit},
    watch::{Nodes, Watch},
};

/// After a node began, many came or much was written, what is left to be done is done within this time, and buffers are
/// given back.
const SETTLE: Duration = Duration::from_secs(5);
/// The first measured point, to see whether a device costs more when there are many.
const FEW: usize = 1_000;
/// Bytes of a small credential, as most are.
const SMALL_BYTES: usize = 200;
/// The largest credential that there is.
const LARGE_BYTES: usize = 16 * 1024;

/// Live devices that do nothing: server and kernel memory for each, processor time, and memory after updates.
#[derive(Clone, Debug, clap::Args)]
pub struct Idle {
    /// Updates that each device gets after it was measured idle, and then one of 16 KiB.
    #[arg(long, value_name = "N", default_value_t = 20)]
    pub updates: usize,
    /// Updates a second, of all users together.
    #[arg(long, value_name = "PER-SECOND", default_value_t = 1_000.0)]
    pub rate: f64,
    /// Processes that the devices are in; more where the limit of open files asks for it.
    #[arg(long, value_name = "N", default_value_t = 1)]
    pub processes: usize,
    #[command(flatten)]
    pub options: Options,
}

/// Memory at one moment.
#[derive(Clone, Copy)]
struct Memory {
    server: f64,
    kernel: f64,
}

impl Idle {
    pub async fn run(&self) -> Result<Run, ScenarioError> {
        let ground = Ground::open(&self.options).await?;
        if ground.nodes.is_empty() {
            return Err(GroundError::NoAdmin.into());
        }
        let mut findings = Findings::begin("idle", &self.options);
        findings.option("updates", &self.updates);
        let board = Arc::new(Board::default());
        let mut crews = Crews::open(&ground, self.processes, &board)?;
        let devices = self.options.devices;
        let few = FEW.min(devices / 2).max(1);
        let (nodes, began) = (ground.nodes.clone(), Instant::now());
        let watch = Watch::begin("idle", Extent::Open, board.clone(), nodes.clone(), None);

        let before = settled(&nodes, &board).await?;
        crews.connect(Rush::default(), 0..few, None).await?;
        let with_few = settled(&nodes, &board).await?;
        watch.say(&format!("{few} devices are live"));
        crews.connect(Rush::default(), few..devices, None).await?;
        all_live(devices, &board)?;
        let with_all = settled(&nodes, &board).await?;
        watch.say(&format!("{devices} devices are live; idle for {:?}", self.options.measured));
        let (cpu, at) = (nodes.look().await?.usage.cpu_seconds, Instant::now());
        sleep(self.options.measured).await;
        let cores = (nodes.look().await?.usage.cpu_seconds - cpu) / at.elapsed().as_secs_f64();

        let per_device = with_all.each(before, devices);
        let per_few = with_few.each(before, few);
        let (lower, bytes) = (Better::Lower, Unit::Bytes);
        let title = "server memory for each live device";
        findings.aim("server.bytes_per_device", title, per_device.server, bytes, (lower, 6.0 * 1024.0));
        let title = "the same of the first devices";
        findings.figure("server.bytes_per_device.few", title, per_few.server, bytes, lower);
        let title = "what a device costs among all to what it costs among few";
        findings.aim("growth", title, per_device.server / per_few.server, Unit::Ratio, (lower, 1.1));
        let title = "kernel memory for each socket (half of what both ends here took)";
        findings.figure("kernel.bytes_per_device", title, per_device.kernel / 2.0, bytes, lower);
        let title = "server's processor while all are idle";
        findings.aim("server.idle_cores", title, cores, Unit::Cores, (lower, 0.02));

        if self.updates > 0 {
            for (rounds, bytes) in [(self.updates, SMALL_BYTES), (1, LARGE_BYTES)] {
                watch.say(&format!("{rounds} updates of {bytes} bytes to each device"));
                crews.write(rounds, bytes, self.rate).await?;
            }
            let after = settled(&nodes, &board).await?.each(with_all, devices);
            let title = "server memory that updates add for each device";
            findings.aim("server.bytes_added_by_updates", title, after.server, bytes, (lower, 512.0));
            all_live(devices, &board)?;
        }
        Ok(findings.end(began.elapsed().as_secs_f64(), &board, watch))
    }
}

impl Memory {
    async fn look(nodes: &Nodes) -> Result<Self, ProbeError> {
        Ok(Self { server: nodes.look().await?.usage.resident_bytes, kernel: kernel_bytes()? })
    }

    /// What was added since, for each device.
    fn each(self, before: Self, devices: usize) -> Self {
        #[expect(clippy::cast_precision_loss, reason = "a count of devices")]
        let each = |now: f64, before: f64| (now - before) / devices as f64;
        Self { server: each(self.server, before.server), kernel: each(self.kernel, before.kernel) }
    }
}

/// Memory once nothing was delivered for a while: what is on its way is not what stays.
async fn settled(nodes: &Nodes, board: &Board) -> Result<Memory, ProbeError> {
    let mut delivered = None;
    while delivered != Some(board.counts().deliveries) {
        delivered = Some(board.counts().deliveries);
        sleep(SETTLE).await;
    }
    Memory::look(nodes).await
}
