//! The counters of every part, read before and after something.

use std::{
    fs,
    time::{Duration, Instant},
};

use keyleash_testbed::Redis;
use loadtest::capacity::costs::Cost;
use tokio::time::sleep;

use crate::site::Site;

/// PostgreSQL counts what a connection did when that has been idle for ten seconds at the latest, and nodes write what their
/// devices did a second later.
const SETTLE: Duration = Duration::from_secs(12);
/// Linux charges processor time in hundredths of a second (`getconf CLK_TCK`).
const TICKS_PER_SECOND: f64 = 100.0;
/// An idle TCP socket, its file and its place in the poll set, as a bare server has them that keeps nothing of its own.
pub const KERNEL_BYTES_PER_SOCKET: f64 = 4_900.0;

pub struct Meter<'s> {
    site: &'s Site,
    redis: &'s Redis,
    nodes: [u32; 2],
}

/// What something cost, and what was spent beside it.
#[derive(Clone, Copy)]
pub struct Reading {
    pub cost: Cost,
    /// In all.
    pub seconds: f64,
    /// Of them, after it was done and before the counters were read.
    pub settled: f64,
}

impl Reading {
    /// Without what the nodes do by themselves, given for a second of all of them.
    pub fn less(self, second: Cost) -> Self {
        Self { cost: self.cost - second * self.seconds, ..self }
    }
}

impl<'s> Meter<'s> {
    pub fn new(site: &'s Site, redis: &'s Redis, nodes: [u32; 2]) -> Self {
        Self { site, redis, nodes }
    }

    pub async fn around(&self, work: impl AsyncFnOnce()) -> Reading {
        // What was done before is counted by then.
        sleep(SETTLE).await;
        let (before, began) = (self.read(), Instant::now());
        work().await;
        let done = Instant::now();
        sleep(SETTLE).await;
        let after = self.read();
        Reading { cost: after - before, seconds: began.elapsed().as_secs_f64(), settled: done.elapsed().as_secs_f64() }
    }

    /// Everything since the parts were started.
    fn read(&self) -> Cost {
        let database = self.site.database().rsplit('/').next().unwrap().to_owned();
        let of_database =
            format!("SELECT xact_commit + xact_rollback FROM pg_stat_database WHERE datname = '{database}'");
        let ask = |statement: &str| self.site.postgres.sql(statement).parse::<f64>().unwrap();
        let postmaster = self.site.postgres.sql("SELECT split_part(pg_read_file('postmaster.pid'), E'\\n', 1)");
        let bus = self.redis.ask(&["INFO", "everything"]);
        Cost {
            node_us: self.nodes.iter().map(|pid| processor_us(*pid)).sum(),
            store_us: with_children_us(postmaster.parse().unwrap()),
            bus_us: 1e6 * (number(&bus, "used_cpu_user:") + number(&bus, "used_cpu_sys:")),
            transactions: ask(&of_database),
            commits: ask("SELECT pg_snapshot_xmax(pg_current_snapshot())"),
            wal_bytes: ask("SELECT pg_wal_lsn_diff(pg_current_wal_insert_lsn(), '0/0')"),
            publishes: number(&bus, "cmdstat_publish:calls="),
        }
    }

    /// Of each node, bytes.
    pub fn resident(&self) -> [f64; 2] {
        self.nodes.map(|pid| crate::support::resident_kib(pid) as f64 * 1_024.0)
    }

    /// Bytes.
    pub fn bus_memory(&self) -> f64 {
        number(&self.redis.ask(&["INFO", "memory"]), "used_memory:")
    }
}

/// The number behind a name in what Redis says of itself; nothing was counted yet where it does not name it.
fn number(said: &str, name: &str) -> f64 {
    let rest = said.lines().find_map(|line| line.strip_prefix(name));
    rest.map_or(0.0, |rest| rest.split(',').next().unwrap().trim().parse().unwrap())
}

/// A process's, and if it is PostgreSQL's first one, that of its children, those that ended too.
fn with_children_us(pid: u32) -> f64 {
    let [user, system, ended_user, ended_system] = times(pid).unwrap();
    let children = fs::read_dir("/proc").unwrap().flatten();
    let pids = children.filter_map(|entry| entry.file_name().to_str()?.parse::<u32>().ok());
    let alive: f64 = pids.filter(|child| parent(*child) == Some(pid)).map(processor_us).sum();
    user + system + ended_user + ended_system + alive
}

fn processor_us(pid: u32) -> f64 {
    times(pid).map_or(0.0, |[user, system, ..]| user + system)
}

/// `utime`, `stime`, `cutime` and `cstime` of `/proc/<pid>/stat` (proc(5)), microseconds.
fn times(pid: u32) -> Option<[f64; 4]> {
    let fields = fields(pid)?;
    let micros = |index: usize| fields.get(index)?.parse::<f64>().ok().map(|ticks| ticks / TICKS_PER_SECOND * 1e6);
    Some([micros(11)?, micros(12)?, micros(13)?, micros(14)?])
}

fn parent(pid: u32) -> Option<u32> {
    fields(pid)?.get(1)?.parse().ok()
}

/// Those after the name, which may itself hold spaces: the state first.
fn fields(pid: u32) -> Option<Vec<String>> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    Some(stat.rsplit_once(") ")?.1.split_whitespace().map(str::to_owned).collect())
}

/// This process's, microseconds.
pub fn own_us() -> f64 {
    processor_us(std::process::id())
}

/// What the figures hold for.
pub fn machine() -> String {
    let cpu = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let name =
        cpu.lines().find_map(|line| line.strip_prefix("model name")?.split_once(": ")).map_or("", |(_, name)| name);
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    format!("{cores} cores of {name}; nodes, PostgreSQL, Redis and devices on them")
}
