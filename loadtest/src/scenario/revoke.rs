//! `revoke`: owners remove devices, one after another on a schedule: to the answer, to the wiped device, to its receipt.

mod measured;
mod stage;

use std::{sync::Arc, time::Duration};

use keyleash_protocol::Sensitive;
use tokio::{task::JoinSet, time::Instant};

use self::{
    measured::Measured,
    stage::{Case, Stage},
};
use super::{Findings, ScenarioError, all_live};
use crate::{
    api::Api,
    bare::{self, Transactions},
    board::Board,
    crew::Crew,
    ground::Ground,
    options::Options,
    pace::Pace,
    report::Extent,
    run::{Better, Run, Unit},
    times::{Moment, Times},
    watch::{Nodes, Watch},
};

/// Owner, a device on the same node, and one on another.
const DEVICES_PER_USER: usize = 3;
/// How long the last device may take to wipe, and the last receipt to come.
const LAST: Duration = Duration::from_secs(15);
/// Share of the measured time that the bare parts get, each.
const BESIDE: u32 = 4;

/// Removals by the owner, on a schedule: to their answer, to the wiped device, and to its receipt at the owner. Uses up a
/// device and a recovery code each time.
#[derive(Clone, Debug, clap::Args)]
pub struct Revoke {
    #[command(flatten)]
    pub options: Options,
    /// Removals a second, of all users together.
    #[arg(long, value_name = "PER-SECOND", default_value_t = 20.0)]
    pub rate: f64,
}

/// What the parts do by themselves.
struct Floor {
    transactions: Option<Transactions>,
    hops: Option<Times>,
}

impl Revoke {
    pub async fn run(&self) -> Result<Run, ScenarioError> {
        let mut options = self.options.clone();
        options.users = Some(options.users.unwrap_or(options.devices.div_ceil(DEVICES_PER_USER)));
        let wanted = self.removals();
        let enough =
            |have: usize| if have < wanted { Err(ScenarioError::TooFewRemovals { have, wanted }) } else { Ok(()) };
        // Before anything is started for it; and again, since a user may have too few codes.
        enough(options.devices.saturating_sub(options.users()))?;
        let ground = Ground::open(&options).await?;
        let mut findings = Findings::begin("revoke", &options);
        findings.option("removals a second", &self.rate);
        let board = Arc::new(Board::default());
        let Crew { posts, sources, .. } = ground.crew(&board)?;
        let stage = Arc::new(Stage::new(&posts, &ground.fleet, board.clone()));
        enough(stage.cases.len())?;

        let nodes = ground.nodes.clone();
        let times = Measured::new(ground.targets.len());
        let watch = Watch::begin("revoke", Extent::Open, board.clone(), nodes.clone(), Some(times.answer.clone()));
        let mut devices = stage.connect(&posts, &ground.targets, &sources).await;
        all_live(posts.len(), &board)?;
        stage.until_everybody_holds_something(LAST).await?;
        let floor = self.floor(&ground).await?;

        let began = Instant::now();
        let work = self.remove_on_schedule(&stage, &ground, wanted, &times, &nodes).await?;
        stage.until_receipts(wanted, LAST).await;
        let seconds = began.elapsed().as_secs_f64();
        times.take_from(&stage.cases[..wanted]);
        let let_in = stage.let_in_again(wanted, &ground.targets, &sources).await;
        tell(&mut findings, &stage.cases[..wanted], &times, let_in, work);
        floor.tell(&mut findings, &times);
        if ground.site.is_none() {
            findings.remark("The removed devices and the codes are used up: prepare others before the next run.");
        }
        devices.shutdown().await;
        Ok(findings.end(seconds, &board, watch))
    }

    /// How many removals the schedule has.
    fn removals(&self) -> usize {
        let seconds = (self.options.warm_up + self.options.measured).as_secs_f64();
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a count of things to do")]
        let removals = (seconds * self.rate) as usize;
        removals.max(1)
    }

    async fn floor(&self, ground: &Ground) -> Result<Floor, ScenarioError> {
        let beside = self.options.measured / BESIDE;
        let transactions = match &ground.database {
            Some(database) => Some(bare::transactions(database, 1, beside).await?),
            None => None,
        };
        let redis = ground.site.as_ref().and_then(|site| Some(site.redis()?.url()));
        let hops = match &redis {
            Some(redis) => Some(bare::hops(redis, beside).await?),
            None => None,
        };
        Ok(Floor { transactions, hops })
    }

    /// Each owner by turns. Gives the servers' processor time for each removal.
    async fn remove_on_schedule(
        &self,
        stage: &Arc<Stage>,
        ground: &Ground,
        wanted: usize,
        times: &Measured,
        nodes: &Nodes,
    ) -> Result<Option<f64>, ScenarioError> {
        let apis = ground.targets.iter().map(|target| Api::new(target)).collect::<Result<Vec<_>, _>>()?;
        let begin = Instant::now();
        let mut pace = Pace::new(begin, self.rate, Duration::ZERO);
        times.measure_from(Moment::of((begin + self.options.warm_up).into_std()));
        let before = cpu_seconds(nodes).await?;
        let mut removals = JoinSet::new();
        for place in 0..wanted {
            let intended = pace.tick().await;
            let case = &stage.cases[place];
            let user = &ground.fleet[case.post.user];
            let api = apis[case.owner.target()].with_token(Sensitive::new(case.owner.seat.token.clone()));
            let code = Sensitive::new(user.recovery_codes[case.code].clone());
            removals.spawn(stage.clone().remove(place, api, code, intended, times.answer.clone()));
        }
        while removals.join_next().await.is_some() {}
        let after = cpu_seconds(nodes).await?;
        #[expect(clippy::cast_precision_loss, reason = "a count of removals")]
        Ok(before.zip(after).map(|(before, after)| (after - before) / wanted as f64))
    }
}

impl Floor {
    fn tell(&self, findings: &mut Findings, times: &Measured) {
        if let Some(bare) = &self.transactions {
            let ratio = times.answer.quantile(0.5).as_secs_f64() / bare.times.quantile(0.5).as_secs_f64();
            let title = "a removal's answer to a bare transaction of two statements, medians";
            findings.figure("answer_to_bare", title, ratio, Unit::Ratio, Better::Lower);
            findings.latency(&bare.times);
            if !bare.durable {
                findings.remark("The database does not wait for the disk (fsync or synchronous_commit is off).");
            }
        }
        if let Some(hops) = &self.hops {
            findings.latency(hops);
        }
    }
}

fn tell(findings: &mut Findings, cases: &[Case], times: &Measured, let_in: usize, cpu: Option<f64>) {
    let (lower, count) = (Better::Lower, Unit::Count);
    #[expect(clippy::cast_precision_loss, reason = "counts of removals")]
    let of = |is_so: &dyn Fn(&Case) -> bool| cases.iter().filter(|case| is_so(case)).count() as f64;
    findings.figure("removals", "removals, warm-up included", of(&|_| true), count, Better::Neutral);
    let mut aim = |name, title, value| findings.aim(name, title, value, count, (lower, 0.0));
    aim("not_answered", "removals that were not answered", of(&|case| case.answered.get().is_none()));
    aim("not_wiped", "removed devices that did not wipe", of(&|case| !case.has_wiped()));
    aim("no_receipt", "removals without a receipt at the owner", of(&|case| case.receipt.get().is_none()));
    #[expect(clippy::cast_precision_loss, reason = "a count of devices")]
    aim("let_in_again", "removed devices that were let in again", let_in as f64);
    if let Some(cpu) = cpu {
        let title = "server's processor time for a removal";
        findings.figure("server.cpu_per_removal", title, cpu, Unit::Seconds, lower);
    }
    for times in times.all() {
        if times.count() > 0 {
            findings.latency(times);
        }
    }
}

/// Of all nodes; `None` where they are not known.
async fn cpu_seconds(nodes: &Nodes) -> Result<Option<f64>, ScenarioError> {
    if nodes.is_empty() { Ok(None) } else { Ok(Some(nodes.look().await?.usage.cpu_seconds)) }
}
