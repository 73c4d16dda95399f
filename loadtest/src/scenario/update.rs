//! `update`: a device of a user puts a credential, the user's other devices get it: at a rate, and as fast as it goes.

use std::{sync::Arc, time::Duration};

use tokio::time::{Instant, sleep};

use super::{Findings, ScenarioError, all_live};
use crate::{
    bare::{self, Transactions},
    board::Board,
    crew::{AT_ONCE, Crew, Meters, Order, Rush},
    floor::{Floor, Pushes},
    ground::Ground,
    options::Options,
    pace::Pace,
    report::Extent,
    run::{Better, Run, Unit},
    times::{Moment, Times},
    watch::{Nodes, Watch},
};

/// Bytes of a credential as most are: its frame is about as long as the floor's.
const BYTES: usize = 200;
/// What is still on its way when the schedule is over.
const LAST: Duration = Duration::from_secs(2);
/// Share of the measured time that the floor and the bare database get each.
const BESIDE: u32 = 4;
/// Groups that share the floor's frames: enough that no socket is asked for twice at once.
const FLOOR_GROUPS: usize = 50;
/// A put to the user's other devices, seconds.
const DELIVERY_P99: f64 = 0.004;

/// Puts, on a schedule and then as fast as possible: to their answer, and to each of the user's other devices.
#[derive(Clone, Debug, clap::Args)]
pub struct Update {
    /// Puts a second on the schedule, of all users together.
    #[arg(long, value_name = "PER-SECOND", default_value_t = 200.0)]
    pub rate: f64,
    /// Devices that then write one after another as fast as they are answered.
    #[arg(long, value_name = "N", default_value_t = 64)]
    pub writers: usize,
    #[command(flatten)]
    pub options: Options,
}

/// What was done until a moment.
#[derive(Clone, Copy)]
struct Work {
    cpu: f64,
    puts: u64,
    deliveries: u64,
    at: Instant,
}

/// What was done in one part of the run.
struct Found {
    cpu: f64,
    puts: f64,
    deliveries: f64,
    seconds: f64,
}

impl Update {
    pub async fn run(&self) -> Result<Run, ScenarioError> {
        let mut options = self.options.clone();
        // Three others to each writer.
        options.users = Some(options.users.unwrap_or(options.devices.div_ceil(4)));
        let ground = Ground::open(&options).await?;
        let mut findings = Findings::begin("update", &options);
        findings.option("puts a second", &self.rate);
        findings.option("writers", &self.writers);
        let board = Arc::new(Board::default());
        let mut crew = ground.crew(&board)?;

        let (paced, full) = (Measured::paced(), Measured::full());
        let meters = Meters {
            hello: None,
            done: vec![paced.done.clone(), full.done.clone()],
            delivery: vec![paced.delivery.clone(), full.delivery.clone()],
            delivery_elsewhere: vec![paced.elsewhere.clone(), full.elsewhere.clone()],
        };
        crew.connect(Rush::AtOnce(AT_ONCE), &meters, |_| true).await;
        all_live(crew.posts.len(), &board)?;
        let beside = self.options.measured / BESIDE;
        let extent = Extent::Time(2 * options.warm_up + 2 * self.options.measured + 2 * beside);
        let (nodes, began) = (ground.nodes.clone(), Instant::now());
        let watch = Watch::begin("update", extent, board.clone(), nodes.clone(), Some(paced.delivery.clone()));

        let floor = Floor::start().await?;
        let members = crew.posts.len() / options.users().min(ground.fleet.len()).max(1);
        let groups = FLOOR_GROUPS.min(ground.fleet.len());
        let pushes = floor.pushes((groups, members.max(2)), self.rate, beside, &crew.sources).await?;
        let at_rate = self.on_schedule(&crew, &board, &nodes, &paced).await?;
        let bare = match &ground.database {
            Some(database) => Some(bare::transactions(database, self.writers, beside).await?),
            None => None,
        };
        let redis = ground.site.as_ref().and_then(|site| Some(site.redis()?.url()));
        let hops = match &redis {
            Some(redis) => Some(bare::hops(redis, beside).await?),
            None => None,
        };
        let as_fast = self.as_fast_as_it_goes(&crew, &board, &nodes, &full).await?;
        tell(&mut findings, &at_rate, &as_fast, &pushes, bare.as_ref(), !nodes.is_empty());
        // One node has nobody elsewhere.
        let at_a_rate = [&*paced.done, &*paced.delivery, &*paced.elsewhere, &*pushes.times];
        let as_it_goes = [&*full.done, &*full.delivery, &*full.elsewhere];
        for times in at_a_rate.into_iter().chain(as_it_goes).filter(|times| times.count() > 0).chain(&hops) {
            findings.latency(times);
        }
        if let Some(bare) = &bare {
            findings.latency(&bare.times);
        } else {
            findings.remark("Without --database there is no bare transaction to compare durable puts with.");
        }
        all_live(crew.posts.len(), &board)?;
        Ok(findings.end(began.elapsed().as_secs_f64(), &board, watch))
    }

    /// Every user's first device by turns, at the rate that was asked for.
    async fn on_schedule(
        &self,
        crew: &Crew,
        board: &Board,
        nodes: &Nodes,
        measured: &Measured,
    ) -> Result<Found, ScenarioError> {
        let begin = Instant::now();
        let (opening, end) = (begin + self.options.warm_up, begin + self.options.warm_up + self.options.measured);
        measured.between(opening, end);
        let mut pace = Pace::new(begin, self.rate, Duration::ZERO);
        let mut writers = crew.posts.iter().filter(|post| post.number == 0).cycle();
        let mut before = Work::look(board, nodes).await?;
        let mut warm = true;
        while pace.due() < end {
            if warm && pace.due() >= opening {
                before = Work::look(board, nodes).await?;
                warm = false;
            }
            let intended = pace.tick().await;
            if let Some(writer) = writers.next() {
                writer.write(Order { intended, bytes: BYTES }, board);
            }
        }
        sleep(LAST).await;
        Ok(Work::look(board, nodes).await?.since(before))
    }

    /// So many devices, each with one put under way at all times.
    async fn as_fast_as_it_goes(
        &self,
        crew: &Crew,
        board: &Board,
        nodes: &Nodes,
        measured: &Measured,
    ) -> Result<Found, ScenarioError> {
        let writers = || crew.posts.iter().filter(|post| post.number == 0).take(self.writers);
        writers().for_each(|post| post.keep_writing(true, BYTES, board));
        sleep(self.options.warm_up).await;
        let before = Work::look(board, nodes).await?;
        let opening = Instant::now();
        measured.between(opening, opening + self.options.measured);
        sleep(self.options.measured).await;
        let work = Work::look(board, nodes).await?.since(before);
        writers().for_each(|post| post.keep_writing(false, BYTES, board));
        sleep(LAST).await;
        Ok(work)
    }
}

/// The times of one part of the run.
struct Measured {
    done: Arc<Times>,
    delivery: Arc<Times>,
    /// Where there are several nodes.
    elsewhere: Arc<Times>,
}

impl Measured {
    fn paced() -> Self {
        let delivery = Times::closed("put.delivery", "put at this rate, to each of the user's other devices");
        let title = "put at this rate, to each of those on another node";
        let elsewhere = Times::closed("put.delivery.other_node", title).with_target_p99(DELIVERY_P99);
        Self {
            elsewhere: Arc::new(elsewhere),
            done: Arc::new(Times::closed("put.done", "put at this rate, to its answer")),
            delivery: Arc::new(delivery.with_target_p99(DELIVERY_P99)),
        }
    }

    fn full() -> Self {
        let delivery = Times::closed("full.delivery", "put as fast as it goes, to each of the user's other devices");
        let title = "put as fast as it goes, to each of those on another node";
        Self {
            elsewhere: Arc::new(Times::closed("full.delivery.other_node", title)),
            done: Arc::new(Times::closed("full.done", "put as fast as it goes, to its answer")),
            delivery: Arc::new(delivery),
        }
    }

    fn between(&self, opening: Instant, end: Instant) {
        for times in [&self.done, &self.delivery, &self.elsewhere] {
            times.measure(Moment::of(opening.into_std()), Moment::of(end.into_std()));
        }
    }
}

impl Work {
    async fn look(board: &Board, nodes: &Nodes) -> Result<Self, ScenarioError> {
        let cpu = if nodes.is_empty() { 0.0 } else { nodes.look().await?.usage.cpu_seconds };
        let counts = board.counts();
        Ok(Self { cpu, puts: counts.puts, deliveries: counts.deliveries, at: Instant::now() })
    }

    fn since(self, before: Self) -> Found {
        #[expect(clippy::cast_precision_loss, reason = "counts of a run")]
        let count = |now: u64, before: u64| (now - before) as f64;
        Found {
            cpu: self.cpu - before.cpu,
            puts: count(self.puts, before.puts),
            deliveries: count(self.deliveries, before.deliveries),
            seconds: (self.at - before.at).as_secs_f64(),
        }
    }
}

fn tell(
    findings: &mut Findings,
    at_rate: &Found,
    as_fast: &Found,
    pushes: &Pushes,
    bare: Option<&Transactions>,
    server_is_known: bool,
) {
    let (higher, lower, neutral) = (Better::Higher, Better::Lower, Better::Neutral);
    let per_second = as_fast.puts / as_fast.seconds;
    findings.figure("puts", "durable puts, as fast as it goes", per_second, Unit::PerSecond, higher);
    if let Some(bare) = bare {
        let title = "bare transactions of two statements, as many clients";
        findings.figure("bare.transactions", title, bare.per_second, Unit::PerSecond, neutral);
        let title = "durable puts to bare transactions";
        findings.aim("puts_to_bare", title, per_second / bare.per_second, Unit::Ratio, (higher, 0.6));
        if !bare.durable {
            findings.remark("The database does not wait for the disk (fsync or synchronous_commit is off).");
        }
    }
    if server_is_known {
        let title = "server's processor time for a put and its deliveries";
        findings.figure("server.cpu_per_put", title, at_rate.cpu / at_rate.puts, Unit::Seconds, lower);
        let title = "the same for each delivery";
        findings.figure("server.cpu_per_delivery", title, at_rate.cpu / at_rate.deliveries, Unit::Seconds, lower);
        let title = "server's processor time for a put, as fast as it goes";
        findings.figure("server.cpu_per_put.full", title, as_fast.cpu / as_fast.puts, Unit::Seconds, lower);
    }
    let title = "floor: processor time to pass a frame on to one other";
    findings.figure("floor.cpu_per_push", title, pushes.cpu_seconds_each, Unit::Seconds, neutral);
    let title = "deliveries for each put";
    findings.figure("deliveries_per_put", title, at_rate.deliveries / at_rate.puts, Unit::Count, neutral);
}
