//! `reconnect`: a node goes, by itself or told to, and its devices come back to the others.

mod returning;

use std::{io, process, sync::Arc, time::Duration};

use tokio::{
    task::{JoinHandle, JoinSet},
    time::{Instant, sleep},
};

use self::returning::{Stage, stay};
use super::{Findings, ScenarioError, all_live};
use crate::{
    alike::until_alike,
    board::Board,
    crew::{Crew, Order, Post},
    ground::Ground,
    options::Options,
    pace::Pace,
    probe::{self, NodeFigures},
    report::Extent,
    run::{Better, Run, Unit},
    site::{Layout, Site},
    standstill,
    times::Moment,
    watch::Watch,
};

/// From the moment at which a node is killed until all are live on the others, seconds.
const ALL_LIVE: f64 = 6.0;
/// Nobody came back for this long: the others will not come either. A node that drains waits 5 s before it begins.
const STANDSTILL: Duration = Duration::from_secs(20);
/// Bytes of a credential as most are.
const BYTES: usize = 200;
/// The node that goes: the first target.
const LEAVING: usize = 0;

/// A node is killed, or told to leave: until its devices are live on the other nodes, with nothing missed.
#[derive(Clone, Debug, clap::Args)]
pub struct Reconnect {
    #[command(flatten)]
    pub options: Options,
    /// How the first node goes.
    #[arg(long, value_enum, default_value_t = Way::Kill)]
    pub how: Way,
    /// The process of the first target, on this machine; with --start it is known.
    #[arg(long, value_name = "PID", required_unless_present = "start")]
    pub pid: Option<u32>,
    /// Devices that say hello at the same moment; a server takes 256 from one address.
    #[arg(long, value_name = "N", default_value_t = 240)]
    pub at_once: usize,
    /// Devices of the other nodes that write all the while, so that those that come back have missed something.
    #[arg(long, value_name = "N", default_value_t = 50)]
    pub writers: usize,
    /// Puts a second of all of them together.
    #[arg(long, value_name = "PER-SECOND", default_value_t = 20.0)]
    pub rate: f64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum Way {
    /// Without a word, as a machine that loses its power (SIGKILL).
    Kill,
    /// As an orchestrator does it (SIGTERM): the node tells each device when to come back.
    Drain,
}

/// What a run came to.
struct Outcome {
    /// Devices of the node that went, and how many of them are live elsewhere.
    going: usize,
    back: usize,
    /// From the beginning until the last of them was.
    seconds: f64,
    puts: u64,
    /// Devices that do not hold what their user's other devices hold.
    differing: usize,
    /// What the nodes that stayed had done before, and after.
    nodes: Option<(NodeFigures, NodeFigures)>,
    /// Calls that the private key service counted.
    kms_calls: Option<u32>,
}

impl Reconnect {
    pub async fn run(&self) -> Result<Run, ScenarioError> {
        let nodes = self.options.own.start.map_or(self.options.target.len(), Layout::nodes);
        if nodes < 2 {
            return Err(ScenarioError::OneNode);
        }
        let ground = Ground::open(&self.options).await?;
        // It ends when everybody is back, not after a time.
        let shown = self.options.shown().into_iter().filter(|(name, _)| name != "for").collect();
        let mut findings = Findings::with("reconnect", shown);
        findings.option("how", &self.how.name());
        findings.option("at once", &self.at_once);
        findings.option("writers", &self.writers);
        findings.option("puts a second", &self.rate);
        let board = Arc::new(Board::default());
        let Crew { posts, sources, .. } = ground.crew(&board)?;
        place(&posts, ground.targets.len());
        let stage = Arc::new(Stage::new(self.at_once, ground.targets.clone(), sources, board.clone()));
        let (nodes, main) = (ground.nodes.clone(), Some(stage.away.clone()));
        let watch = Watch::begin("reconnect", Extent::Open, board.clone(), nodes, main);

        let mut devices = JoinSet::new();
        for post in &posts {
            devices.spawn(stay(post.clone(), stage.clone()));
        }
        standstill::until(posts.len() as u64, || board.counts().live, STANDSTILL).await;
        all_live(posts.len(), &board)?;
        let writers = writers(&posts, self.writers);
        // From here on the nodes that stay have these users' keys at hand, as they have those of whoever writes often.
        for post in &writers {
            post.write(Order { intended: Moment::now(), bytes: BYTES }, &board);
        }
        sleep(self.options.warm_up).await;

        let staying =
            Staying { http: &ground.http, admins: self.admins(ground.site.as_ref()), site: ground.site.as_ref() };
        let (before, calls_before) = (staying.figures().await?, staying.kms_calls());
        let puts_before = board.counts().puts;
        let going = stage.leaving();
        watch.say(&format!("the first node {}; it has {going} devices", self.how.said()));
        let opening = self.send_away(ground.site.as_ref(), &stage)?;
        let writing = write(writers, self.rate, board.clone());
        let back = standstill::until(going, || stage.back(), STANDSTILL).await;
        let (after, calls_after) = (staying.figures().await?, staying.kms_calls());
        writing.abort();
        let puts = board.counts().puts - puts_before;
        let outcome = Outcome {
            going,
            back,
            seconds: stage.seconds_until_last(match self.how {
                Way::Kill => Some(opening),
                Way::Drain => None,
            }),
            puts,
            differing: until_alike(&posts).await,
            nodes: before.zip(after),
            kms_calls: calls_before.zip(calls_after).map(|(before, after)| after - before),
        };
        self.tell(&mut findings, &outcome, &stage);
        devices.shutdown().await;
        Ok(findings.end(outcome.seconds, &board, watch))
    }

    /// The admin listeners of the nodes that stay.
    fn admins(&self, site: Option<&Site>) -> Vec<String> {
        let all = site.map_or_else(|| self.options.admin.clone(), Site::admins);
        all.into_iter().skip(LEAVING + 1).collect()
    }

    /// Sends the first node away; the moment just before.
    fn send_away(&self, site: Option<&Site>, stage: &Stage) -> Result<Moment, ScenarioError> {
        // The command line asks for one of them; 0 would be this program and whoever started it.
        let pid = self.pid.or_else(|| site.map(|site| site.pids()[LEAVING])).filter(|pid| *pid > 0);
        let pid = pid.ok_or(ScenarioError::NoProcess)?;
        let opening = stage.first_node_goes();
        let signal = match self.how {
            Way::Kill => "-KILL",
            Way::Drain => "-TERM",
        };
        let told = process::Command::new("kill").args([signal, &pid.to_string()]).status();
        let failed = |source| ScenarioError::Signal { pid, source };
        if told.map_err(failed)?.success() { Ok(opening) } else { Err(failed(io::ErrorKind::NotFound.into())) }
    }

    fn tell(&self, findings: &mut Findings, found: &Outcome, stage: &Stage) {
        #[expect(clippy::cast_precision_loss, reason = "counts of devices")]
        let (going, back, differing) = (found.going as f64, found.back as f64, found.differing as f64);
        let (lower, neutral) = (Better::Lower, Better::Neutral);
        findings.figure("going", "devices of the node that went", going, Unit::Count, neutral);
        let all_live = "until all of them are live and caught up elsewhere";
        match self.how {
            Way::Kill => {
                let title = format!("from the kill {all_live}");
                findings.aim("all_live", &title, found.seconds, Unit::Seconds, (lower, ALL_LIVE));
            }
            // The node spreads them on purpose.
            Way::Drain => {
                let title = format!("from the first socket's end {all_live}");
                findings.figure("all_live", &title, found.seconds, Unit::Seconds, lower);
            }
        }
        let title = "devices of that node, live again in a second";
        let per_second = if found.seconds > 0.0 { back / found.seconds } else { 0.0 };
        findings.figure("returns", title, per_second, Unit::PerSecond, Better::Higher);
        findings.aim(
            "not_back",
            "devices of that node that did not come back",
            going - back,
            Unit::Count,
            (lower, 0.0),
        );
        let title = "devices that lack what their user's others hold";
        findings.aim("differing", title, differing, Unit::Count, (lower, 0.0));
        #[expect(clippy::cast_precision_loss, reason = "counts of changes")]
        let (puts, missed) = (found.puts as f64, stage.missed() as f64);
        findings.figure("puts", "puts meanwhile", puts, Unit::Count, neutral);
        findings.figure(
            "missed",
            "changes that devices missed, and got when they came back",
            missed,
            Unit::Count,
            neutral,
        );
        if let Some((before, after)) = &found.nodes {
            // A node that has a key service has called it when it started.
            if after.kms_calls > 0.0 {
                let title = "calls to the key service by the nodes that stayed";
                findings.aim("kms_calls", title, after.kms_calls - before.kms_calls, Unit::Count, (lower, 0.0));
            } else {
                findings.remark("These nodes have a key file: that nobody calls a key service is seen with --kms.");
            }
            let title = "processor time of those nodes for each device that came";
            let cpu = (after.usage.cpu_seconds - before.usage.cpu_seconds) / back.max(1.0);
            findings.figure("server.cpu_per_return", title, cpu, Unit::Seconds, lower);
        } else {
            findings.remark("Without --admin it is not known how often the key service was called.");
        }
        if let Some(calls) = found.kms_calls {
            let title = "calls that the key service itself counted";
            findings.aim("kms_calls.counted", title, f64::from(calls), Unit::Count, (lower, 0.0));
        }
        findings.latency(&stage.away);
        findings.latency(&stage.hello);
        if self.how == Way::Drain {
            findings.latency(&stage.told_to_wait);
        }
    }
}

impl Way {
    const fn name(self) -> &'static str {
        match self {
            Self::Kill => "kill",
            Self::Drain => "drain",
        }
    }

    const fn said(self) -> &'static str {
        match self {
            Self::Kill => "is killed",
            Self::Drain => "is told to leave",
        }
    }
}

/// The nodes that stay, as an operator sees them.
struct Staying<'a> {
    http: &'a reqwest::Client,
    admins: Vec<String>,
    site: Option<&'a Site>,
}

impl Staying<'_> {
    async fn figures(&self) -> Result<Option<NodeFigures>, ScenarioError> {
        let mut sum = None;
        for admin in &self.admins {
            let mut node = probe::node(self.http, admin).await?;
            node += sum.unwrap_or_default();
            sum = Some(node);
        }
        Ok(sum)
    }

    fn kms_calls(&self) -> Option<u32> {
        let kms = self.site?.kms()?;
        Some(["Decrypt", "Encrypt", "GenerateDataKey"].iter().map(|operation| kms.calls(operation)).sum())
    }
}

/// Spreads the devices evenly, and so that of some users all devices are on one node: the other nodes have never seen them.
fn place(posts: &[Arc<Post>], nodes: usize) {
    for post in posts.iter().filter(|post| post.user % 2 == 0) {
        post.move_to(post.user / 2 % nodes);
    }
}

/// One device of so many users, on a node that stays; each has a fellow on the node that goes.
fn writers(posts: &[Arc<Post>], count: usize) -> Vec<Arc<Post>> {
    let mut chosen: Vec<Arc<Post>> = Vec::new();
    for users in posts.chunk_by(|one, other| one.user == other.user) {
        let goes = users.iter().any(|post| post.target() == LEAVING);
        let stays = users.iter().find(|post| post.target() != LEAVING);
        chosen.extend(stays.filter(|_| goes && chosen.len() < count).cloned());
    }
    chosen
}

/// Has each of them write at once, before a device can be back, and then all by turns, on a schedule.
fn write(writers: Vec<Arc<Post>>, rate: f64, board: Arc<Board>) -> JoinHandle<()> {
    tokio::spawn(async move {
        for post in &writers {
            post.write(Order { intended: Moment::now(), bytes: BYTES }, &board);
        }
        let mut pace = Pace::new(Instant::now(), rate, Duration::ZERO);
        for post in writers.iter().cycle() {
            let intended = pace.tick().await;
            post.write(Order { intended, bytes: BYTES }, &board);
        }
    })
}
