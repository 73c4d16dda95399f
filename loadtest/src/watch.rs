//! Looks at a run while it goes: the live view on the terminal, and what becomes the report's plots.

use std::{
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use tokio::{task::JoinHandle, time::sleep};

use crate::{
    board::{Board, Counts},
    probe::{self, NodeFigures, ProbeError, Stretch, process},
    report::{Extent, Look, Progress, Reading},
    run::{Series, Unit},
    times::{Moment, Times},
};

/// Two looks a second: what lasts shorter is in the latencies.
const EVERY: Duration = Duration::from_millis(500);
/// A longer run keeps every second look, then every fourth: a plot has no more dots.
const POINTS_MAX: usize = 1_200;

/// Asks the nodes for what they use.
#[derive(Clone, Debug)]
pub struct Nodes {
    http: reqwest::Client,
    admins: Vec<String>,
}

impl Nodes {
    pub fn new(http: reqwest::Client, admins: Vec<String>) -> Self {
        Self { http, admins }
    }

    /// Where there is no server.
    pub fn none() -> Self {
        Self { http: reqwest::Client::new(), admins: Vec::new() }
    }

    pub fn is_empty(&self) -> bool {
        self.admins.is_empty()
    }

    /// Of all nodes together. A node that is gone is left out, as long as one answers.
    pub async fn look(&self) -> Result<NodeFigures, ProbeError> {
        let (mut sum, mut failed) = (NodeFigures::default(), None);
        for admin in &self.admins {
            match probe::node(&self.http, admin).await {
                Ok(node) => sum += node,
                Err(error) => failed = Some(error),
            }
        }
        match failed {
            Some(error) if sum == NodeFigures::default() => Err(error),
            _ => Ok(sum),
        }
    }
}

/// A run under way. Dropping it ends the view.
#[derive(Debug)]
pub struct Watch {
    seen: Arc<Mutex<Seen>>,
    looking: JoinHandle<()>,
    progress: Progress,
    stretch: Stretch,
}

/// What the last look found, and the plots.
#[derive(Debug, Default)]
struct Seen {
    counts: Counts,
    errors: u64,
    server: Option<NodeFigures>,
    server_cores: f64,
    client_cores: f64,
    plots: Vec<Series>,
}

impl Watch {
    /// Begins to look. `main` is the time that the live view shows beside the counters.
    pub fn begin(title: &str, extent: Extent, board: Arc<Board>, nodes: Nodes, main: Option<Arc<Times>>) -> Self {
        let seen = Arc::new(Mutex::new(Seen::default()));
        let looking = tokio::spawn(keep_looking(seen.clone(), board.clone(), nodes));
        let shown = seen.clone();
        let progress = Progress::begin(title, extent, move || {
            let (counts, errors) = (board.counts(), board.error_count());
            let seen = lock(&shown);
            let mut look = Look::at(counts.live).with(Reading::now("live", counts.live));
            if counts.hellos > 0 {
                look = look.with(Reading::rate("hellos", counts.hellos));
            }
            if counts.puts > 0 {
                look = look.with(Reading::rate("puts", counts.puts));
                look = look.with(Reading::rate("deliveries", counts.deliveries));
            }
            if let Some(times) = main.as_ref().filter(|times| times.count() > 0) {
                look = look.with(Reading::value("p99", times.quantile(0.99).as_secs_f64(), Unit::Seconds));
            }
            if let Some(server) = seen.server {
                look = look.with(Reading::value("server", server.usage.resident_bytes, Unit::Bytes));
                look = look.with(Reading::value("server CPU", seen.server_cores, Unit::Cores));
            }
            look = look.with(Reading::value("client CPU", seen.client_cores, Unit::Cores));
            if errors > 0 { look.with(Reading::now("errors", errors)) } else { look }
        });
        Self { seen, looking, progress, stretch: Stretch::begin(own_cpu()) }
    }

    /// A line that stays.
    pub fn say(&self, line: &str) {
        self.progress.say(line);
    }

    /// Ends the view. The plots, and how many cores this program used on average.
    pub fn end(mut self) -> (Vec<Series>, f64) {
        self.looking.abort();
        self.progress.finish();
        let cores = self.stretch.cores(own_cpu());
        let mut plots = std::mem::take(&mut lock(&self.seen).plots);
        // What the scenario does not do is no plot.
        plots.retain(|plot| plot.points.iter().any(|(_, value)| *value > 0.0));
        (plots, cores)
    }
}

async fn keep_looking(seen: Arc<Mutex<Seen>>, board: Arc<Board>, nodes: Nodes) {
    let began = Moment::now();
    let mut server_stretch = Stretch::begin(server_cpu(&nodes).await.map_or(0.0, |server| server.usage.cpu_seconds));
    let mut client_stretch = Stretch::begin(own_cpu());
    let (mut before, mut before_at) = (board.counts(), began);
    loop {
        sleep(EVERY).await;
        let server = server_cpu(&nodes).await;
        let (counts, errors, now) = (board.counts(), board.error_count(), Moment::now());
        let seconds = now.since(before_at).as_secs_f64();
        let mut seen = lock(&seen);
        seen.client_cores = client_stretch.cores(own_cpu());
        if let Some(server) = server {
            seen.server_cores = server_stretch.cores(server.usage.cpu_seconds);
            let cores = seen.server_cores;
            seen.plot("server.memory", "memory of the server", Unit::Bytes, began, server.usage.resident_bytes);
            seen.plot("server.cores", "processor of the server", Unit::Cores, began, cores);
        }
        (seen.server, seen.counts, seen.errors) = (server, counts, errors);
        #[expect(clippy::cast_precision_loss, reason = "counters of a run")]
        let (live, errors) = (counts.live as f64, errors as f64);
        #[expect(clippy::cast_precision_loss, reason = "counters of a run")]
        let per_second = |now: u64, before: u64| now.saturating_sub(before) as f64 / seconds.max(1e-3);
        let client_cores = seen.client_cores;
        seen.plot("client.cores", "processor of this program", Unit::Cores, began, client_cores);
        seen.plot("devices.live", "live devices", Unit::Count, began, live);
        seen.plot("hellos", "hellos", Unit::PerSecond, began, per_second(counts.hellos, before.hellos));
        seen.plot("puts", "puts", Unit::PerSecond, began, per_second(counts.puts, before.puts));
        seen.plot("deliveries", "deliveries", Unit::PerSecond, began, per_second(counts.deliveries, before.deliveries));
        seen.plot("errors", "errors until then", Unit::Count, began, errors);
        (before, before_at) = (counts, now);
    }
}

impl Seen {
    fn plot(&mut self, name: &str, title: &str, unit: Unit, began: Moment, value: f64) {
        let known = self.plots.iter().position(|plot| plot.name == name);
        let index = known.unwrap_or_else(|| {
            let (name, title) = (name.to_owned(), title.to_owned());
            self.plots.push(Series { name, title, unit, points: Vec::new() });
            self.plots.len() - 1
        });
        let points = &mut self.plots[index].points;
        if points.len() == POINTS_MAX {
            let mut number = 0;
            points.retain(|_| {
                number += 1;
                number % 2 == 1
            });
        }
        points.push((Moment::now().since(began).as_secs_f64(), value));
    }
}

async fn server_cpu(nodes: &Nodes) -> Option<NodeFigures> {
    if nodes.is_empty() { None } else { nodes.look().await.ok() }
}

/// Of this process; 0 where the kernel does not tell.
pub fn own_cpu() -> f64 {
    process("self").map_or(0.0, |usage| usage.cpu_seconds)
}

fn lock(seen: &Mutex<Seen>) -> MutexGuard<'_, Seen> {
    seen.lock().unwrap_or_else(PoisonError::into_inner)
}
