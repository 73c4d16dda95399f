//! `floor`: what sockets and frames cost on this machine without any server of ours.

use std::sync::Arc;

use tokio::time::Instant;

use super::{Findings, ScenarioError, median};
use crate::{
    board::Board,
    crew::AT_ONCE,
    files,
    floor::Floor,
    options::FloorOptions,
    report::Extent,
    run::{Better, Run, Unit},
    sources::Sources,
    watch::{Nodes, Watch},
};

/// As many as a user has devices.
const MEMBERS: usize = 4;
const ROUNDS: usize = 5;

impl FloorOptions {
    pub async fn run(&self) -> Result<Run, ScenarioError> {
        files::check(self.devices)?;
        let mut findings = Findings::with("floor", self.shown());
        let (floor, sources) = (Floor::start().await?, Sources::of(&[]));
        let (board, nodes) = (Arc::new(Board::default()), Nodes::none());
        let watch = Watch::begin("floor", Extent::Open, board.clone(), nodes, None);
        let (began, mut rates, mut cpu) = (Instant::now(), Vec::new(), Vec::new());
        for _ in 0..ROUNDS {
            let handshakes = floor.handshakes(self.devices, AT_ONCE, &sources).await?;
            rates.push(handshakes.per_second);
            cpu.push(handshakes.cpu_seconds_each);
        }
        watch.say("handshakes are measured; frames now");
        let groups = (self.devices / MEMBERS).max(1);
        let pushes = floor.pushes((groups, MEMBERS), self.rate, self.measured, &sources).await?;
        let neutral = Better::Neutral;
        findings.figure("floor.handshakes", "handshakes", median(rates), Unit::PerSecond, neutral);
        let title = "processor time for a handshake";
        findings.figure("floor.cpu_per_handshake", title, median(cpu), Unit::Seconds, neutral);
        let title = "processor time to pass a frame on to one other";
        findings.figure("floor.cpu_per_push", title, pushes.cpu_seconds_each, Unit::Seconds, neutral);
        findings.latency(&pushes.times);
        Ok(findings.end(began.elapsed().as_secs_f64(), &board, watch))
    }
}
