//! `slow`: devices that do not keep up. What they cost the server, when it cuts them, and what their users' other devices
//! notice of it: every second user has one, and the users between are the measure. At the end each of them comes back, and
//! every device has to hold what it should.

mod reader;

use std::{convert::Infallible, sync::Arc, time::Duration};

use tokio::{
    task::JoinSet,
    time::{Instant, sleep},
};

use self::reader::{Fault, Reader};
use super::{Findings, ScenarioError, all_live};
use crate::{
    alike::until_alike,
    board::Board,
    crew::{AT_ONCE, Crew, Meters, Order, Post, Rush},
    ground::{Ground, GroundError},
    options::Options,
    pace::Pace,
    probe::NodeFigures,
    report::Extent,
    run::{Better, Run, Unit},
    times::{Moment, Times},
    watch::{Nodes, Watch},
};

/// Devices of each user: one that writes, two that read, and one that may be slow.
const DEVICES_PER_USER: usize = 4;
/// What writing takes of the server's memory by itself is taken by then.
const SETTLE: Duration = Duration::from_secs(5);
/// Two looks while slow ones are there.
const LOOK_EVERY: Duration = Duration::from_millis(250);
/// A server gives a silent peer two and a half heartbeats (docs/protocol.md), and one that jams less; a little later it has
/// noticed.
const SILENCE_HEARTBEATS: f64 = 2.5;
const NOTICE_MAX: Duration = Duration::from_secs(15);

/// What one of them may cost the server, bytes.
const BYTES: f64 = 300_000.0;
/// What the user's other devices may notice: their times to those of users without a slow device.
const RATIO: f64 = 1.2;

/// Readers that stop, trickle, or never answer: server memory for each, when they are cut, and what others notice.
///
/// Users have four devices each, and every second user has one that is slow. Each kind goes on until the server has cut all
/// of them, which with its heartbeat of 30 s takes up to a minute and a quarter.
#[derive(Clone, Debug, clap::Args)]
pub struct Slow {
    #[command(flatten)]
    pub options: Options,
    /// Puts a second, of all users together.
    #[arg(long, value_name = "PER-SECOND", default_value_t = 100.0)]
    pub rate: f64,
    /// How they are slow, one after another; several with commas between them.
    #[arg(long, value_enum, value_delimiter = ',', default_values_t = Fault::ALL)]
    pub how: Vec<Fault>,
    /// Bytes of each credential.
    #[arg(long, value_name = "BYTES", default_value_t = 4_000)]
    pub bytes: usize,
}

/// Times to the other devices of users with a slow device, and of users without.
struct Pair {
    with: Arc<Times>,
    without: Arc<Times>,
}

/// What one kind of slowness did.
struct Found {
    readers: usize,
    bytes_each: f64,
    /// Since they became slow.
    first_cut: Option<Duration>,
    last_cut: Option<Duration>,
    left: usize,
}

impl Slow {
    pub async fn run(&self) -> Result<Run, ScenarioError> {
        let mut options = self.options.clone();
        options.users = Some(options.users.unwrap_or(options.devices.div_ceil(DEVICES_PER_USER)));
        let enough = |users: usize, devices: usize| {
            let enough = users > 1 && devices >= users * DEVICES_PER_USER;
            if enough { Ok(()) } else { Err(ScenarioError::TooFewForSlow { users, devices }) }
        };
        enough(options.users(), options.devices)?;
        let ground = Ground::open(&options).await?;
        if ground.nodes.is_empty() {
            return Err(GroundError::NoAdmin.into());
        }
        // It ends when they are cut, not after a time.
        let shown = options.shown().into_iter().filter(|(name, _)| name != "for").collect();
        let mut findings = Findings::with("slow", shown);
        findings.option("how", &self.how.iter().map(|fault| fault.word()).collect::<Vec<_>>().join(", "));
        findings.option("puts a second", &self.rate);
        findings.option("bytes", &self.bytes);
        let board = Arc::new(Board::default());
        let mut crew = ground.crew(&board)?;
        let (slow, ordinary): (Vec<_>, Vec<_>) = crew.posts.iter().cloned().partition(|post| is_slow(post));
        enough(ground.fleet.len(), if slow.is_empty() { 0 } else { crew.posts.len() })?;
        let times: Vec<Pair> = self.how.iter().map(|fault| Pair::of(*fault)).collect();
        let of_group = |times: fn(&Pair) -> &Arc<Times>, all: &[Pair]| Meters {
            delivery: all.iter().map(|both| times(both).clone()).collect(),
            ..Meters::default()
        };
        let (with, without) = (of_group(|both| &both.with, &times), of_group(|both| &both.without, &times));
        crew.connect(Rush::AtOnce(AT_ONCE), &with, |post| has_slow_one(post) && !is_slow(post)).await;
        crew.connect(Rush::AtOnce(AT_ONCE), &without, |post| !has_slow_one(post)).await;
        all_live(ordinary.len(), &board)?;

        let (nodes, began) = (ground.nodes.clone(), Instant::now());
        let watch = Watch::begin("slow", Extent::Open, board.clone(), nodes.clone(), None);
        for (&fault, times) in self.how.iter().zip(&times) {
            let found = self.with(fault, &ground, &crew, times, &watch).await?;
            tell(&mut findings, fault, &found, times);
        }
        all_live(ordinary.len(), &board)?;
        watch.say("those that were cut come back, and every device is looked at");
        crew.connect(Rush::AtOnce(AT_ONCE), &Meters::default(), is_slow).await;
        all_live(crew.posts.len(), &board)?;
        tell_end(&mut findings, board.counts().puts, until_alike(&crew.posts).await);
        for both in &times {
            findings.latency(&both.with);
            findings.latency(&both.without);
        }
        Ok(findings.end(began.elapsed().as_secs_f64(), &board, watch))
    }

    /// Has one device of every second user be slow in one way, while everybody writes, until the server has cut them all.
    async fn with(
        &self,
        fault: Fault,
        ground: &Ground,
        crew: &Crew,
        times: &Pair,
        watch: &Watch,
    ) -> Result<Found, ScenarioError> {
        tokio::select! {
            never = self.write(crew) => match never {},
            () = sleep(SETTLE) => {}
        }
        let before = ground.nodes.look().await?;
        let mut readers = JoinSet::new();
        let mut heartbeat = Duration::ZERO;
        for post in crew.posts.iter().filter(|post| is_slow(post)) {
            let target = &ground.targets[post.target()];
            let reader = Reader::connect(crew.sources.next(), target, &post.seat).await?;
            heartbeat = reader.heartbeat;
            readers.spawn(reader.be(fault));
        }
        let count = readers.len();
        let patience = heartbeat.mul_f64(SILENCE_HEARTBEATS) + NOTICE_MAX;
        watch.say(&format!("{count} devices {fault}; waiting {} s at the most", patience.as_secs()));

        let begin = Instant::now();
        let end = begin + patience;
        let warm_up = self.options.warm_up.min(patience / 4);
        times.measure_between(begin + warm_up, end);
        let found = tokio::select! {
            never = self.write(crew) => match never {},
            found = look_until_cut(&ground.nodes, before, count, end) => found?,
        };
        // Once they are gone there is nothing to compare any more.
        times.measure_between(begin + warm_up, Instant::now());
        readers.shutdown().await;
        Ok(found)
    }

    /// Every user's first device by turns, for as long as this is asked for.
    async fn write(&self, crew: &Crew) -> Infallible {
        let mut pace = Pace::new(Instant::now(), self.rate, Duration::ZERO);
        loop {
            for writer in crew.posts.iter().filter(|post| post.number == 0) {
                let intended = pace.tick().await;
                writer.write(Order { intended, bytes: self.bytes }, &crew.board);
            }
        }
    }
}

impl Pair {
    fn of(fault: Fault) -> Self {
        let (with, without) = fault.names();
        let titles = fault.titles();
        Self { with: Arc::new(Times::closed(with, titles.0)), without: Arc::new(Times::closed(without, titles.1)) }
    }

    fn measure_between(&self, begin: Instant, end: Instant) {
        for times in [&self.with, &self.without] {
            times.measure(Moment::of(begin.into_std()), Moment::of(end.into_std()));
        }
    }

    /// `None`: they were cut before anything was measured.
    fn ratio(&self, share: f64) -> Option<f64> {
        let seconds = |times: &Times| (times.count() > 0).then(|| times.quantile(share).as_secs_f64());
        Some(seconds(&self.with)? / seconds(&self.without)?)
    }
}

fn has_slow_one(post: &Post) -> bool {
    post.user.is_multiple_of(2)
}

fn is_slow(post: &Post) -> bool {
    has_slow_one(post) && post.number == DEVICES_PER_USER - 1
}

/// The most memory that the server took meanwhile, and when its sockets were fewer again: a reader that does not read cannot
/// tell by itself that its socket is gone.
async fn look_until_cut(
    nodes: &Nodes,
    before: NodeFigures,
    readers: usize,
    end: Instant,
) -> Result<Found, ScenarioError> {
    let (began, mut most, mut first_cut, mut last_cut) = (Instant::now(), 0.0_f64, None, None);
    #[expect(clippy::cast_precision_loss, reason = "a count of readers")]
    let count = readers as f64;
    let mut left = count;
    while left > 0.0 && Instant::now() < end {
        sleep(LOOK_EVERY).await;
        let now = nodes.look().await?;
        most = most.max(now.usage.resident_bytes - before.usage.resident_bytes);
        let still = (now.sockets - before.sockets).clamp(0.0, left);
        if still < left {
            first_cut.get_or_insert(began.elapsed());
            last_cut = Some(began.elapsed());
        }
        left = still;
    }
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a count of readers")]
    Ok(Found { readers, bytes_each: most / count, first_cut, last_cut, left: left as usize })
}

fn tell(findings: &mut Findings, fault: Fault, found: &Found, times: &Pair) {
    let name = |what: &str| format!("slow.{}.{what}", fault.word());
    let (lower, kind) = (Better::Lower, fault.to_string());
    #[expect(clippy::cast_precision_loss, reason = "a count of readers")]
    let readers = found.readers as f64;
    findings.figure(&name("readers"), &format!("devices that {kind}"), readers, Unit::Count, Better::Neutral);
    let title = format!("server memory for each that {kind}s, at most", kind = fault.verb());
    findings.aim(&name("bytes"), &title, found.bytes_each, Unit::Bytes, (lower, BYTES));
    if let Some((p99, median)) = times.ratio(0.99).zip(times.ratio(0.5)) {
        let title = format!("p99 to the user's others beside one that {}s, to that of users without", fault.verb());
        findings.aim(&name("p99_ratio"), &title, p99, Unit::Ratio, (lower, RATIO));
        let title = format!("the same of the median beside one that {}s", fault.verb());
        findings.figure(&name("p50_ratio"), &title, median, Unit::Ratio, lower);
    } else {
        findings.remark(format!(
            "Those that {kind} were cut before the warm-up was over: what others notice is not known. Take a shorter --warm-up."
        ));
    }
    for (what, words, cut) in [("first_cut", "first", found.first_cut), ("last_cut", "last", found.last_cut)] {
        if let Some(cut) = cut {
            let title = format!("until the {words} that {}s was cut", fault.verb());
            findings.figure(&name(what), &title, cut.as_secs_f64(), Unit::Seconds, lower);
        }
    }
    #[expect(clippy::cast_precision_loss, reason = "a count of readers")]
    let left = found.left as f64;
    let title = format!("devices that {kind} and were not cut in time");
    findings.aim(&name("left"), &title, left, Unit::Count, (lower, 0.0));
}

/// What is so for all of them together, once those that were slow are back.
fn tell_end(findings: &mut Findings, puts: u64, differing: usize) {
    #[expect(clippy::cast_precision_loss, reason = "counts of a run")]
    let (puts, differing) = (puts as f64, differing as f64);
    findings.figure("slow.puts", "puts", puts, Unit::Count, Better::Neutral);
    let title = "devices that lack what their user's others hold, the slow ones back";
    findings.aim("slow.differing", title, differing, Unit::Count, (Better::Lower, 0.0));
}
