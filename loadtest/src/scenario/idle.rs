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
/// The first devices, which find the program's own memory half used.
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

/// Memory at one moment, in bytes.
#[derive(Clone, Copy, Default)]
struct Memory {
    server: f64,
    kernel: f64,
}

impl Idle {
    pub async fn run(&self) -> Result<Run, ScenarioError> {
        let ground = Ground::open_for_crews(&self.options).await?;
        if ground.nodes.is_empty() {
            return Err(GroundError::NoAdmin.into());
        }
        let mut findings = Findings::begin("idle", &self.options);
        findings.option("updates", &self.updates);
        let board = Arc::new(Board::default());
        let mut crews = Crews::open(&ground, self.processes, &board)?;
        let devices = self.options.devices;
        let (nodes, began) = (ground.nodes.clone(), Instant::now());
        let watch = Watch::begin("idle", Extent::Open, board.clone(), nodes.clone(), None);

        let empty = settled(&nodes, &board).await?;
        let (few, half) = (FEW.min(devices / 4), devices / 2);
        let mut points = Vec::new();
        for (from, to) in [(0, few), (few, half), (half, devices)] {
            crews.connect(Rush::default(), from..to, None).await?;
            points.push(settled(&nodes, &board).await?);
            watch.say(&format!("{to} devices are live"));
        }
        all_live(devices, &board)?;
        let [with_few, with_half, with_all] = points[..] else { unreachable!("three points were measured") };
        watch.say(&format!("idle for {:?}", self.options.measured));
        let (cpu, at) = (nodes.look().await?.usage.cpu_seconds, Instant::now());
        sleep(self.options.measured).await;
        let cores = (nodes.look().await?.usage.cpu_seconds - cpu) / at.elapsed().as_secs_f64();

        let (lower, bytes) = (Better::Lower, Unit::Bytes);
        let title = "server memory for each live device, the program's own included";
        let each = with_all.each(Memory::default(), devices).server;
        findings.aim("server.bytes_per_device", title, each, bytes, (lower, 6.0 * 1024.0));
        // What a program took to start and gave up again serves its first devices: they are left out.
        let (early, late) = (with_half.each(with_few, half - few), with_all.each(with_half, devices - half));
        let title = "server memory that one of the last devices adds";
        findings.figure("server.bytes_per_device.late", title, late.server, bytes, lower);
        let title = "the same of those before them";
        findings.figure("server.bytes_per_device.early", title, early.server, bytes, lower);
        let title = "what one of the last devices adds to what those before them added";
        findings.aim("growth", title, late.server / early.server, Unit::Ratio, (lower, 1.1));
        let title = "kernel memory for each socket (half of what both ends here took)";
        let kernel = with_all.each(empty, devices).kernel;
        findings.figure("kernel.bytes_per_device", title, kernel / 2.0, bytes, lower);
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
        let each = |now: f64, before: f64| (now - before) / devices.max(1) as f64;
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
