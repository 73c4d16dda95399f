//! Own parts for a run: private servers and nodes, started for it and gone with it.
//!
//! Owns: which parts a layout has, and how they are configured so that a load from one address is let through. Never: a part
//! that was there before, or configuration of this machine's own (a `keyleash.toml`, `KEYLEASH_...` in the environment).

mod node;
mod part;

use std::{
    fmt, io,
    path::{Path, PathBuf},
    str::FromStr,
    time::Duration,
};

use keyleash_testbed::{Kms, Postgres, Protection, Redis, Smtp, kms};
use tempfile::TempDir;

pub use self::node::Node;
use self::part::{Settings, started};

/// Nodes of one site. Their connections, two for each at the least, have to fit into the database's hundred.
const NODES_MAX: usize = 8;
/// Connections that all nodes together may hold; the rest is for preparation, checks and bare measurements.
const CONNECTIONS: usize = 64;
/// Connections of one node: as many as it has by default.
const CONNECTIONS_OF_A_NODE: usize = 16;

/// Where the options stand in the help; the ones that a scenario adds are no part of it.
const HEADING: &str = "Own servers for this run";

#[derive(Debug, thiserror::Error)]
pub enum SiteError {
    #[error(
        "there is no server program at {path}: build it with `cargo build --release --bin keyleash`, or name it with --server"
    )]
    NoServer { path: String },
    #[error("{part} could not be started: {said}")]
    Part { part: &'static str, said: String },
    #[error("no directory for the run's data")]
    Directory(#[source] io::Error),
    #[error("node {number} ended while it was starting; the end of its log:\n{log_end}")]
    Ended { number: usize, log_end: String },
    #[error("node {number} was not ready within {} s: {reason}; the end of its log:\n{log_end}", patience.as_secs())]
    NotReady { number: usize, patience: Duration, reason: String, log_end: String },
    #[error("node {number} was told to leave and did not within {} s; its log is {log}", patience.as_secs())]
    Stays { number: usize, patience: Duration, log: String },
}

/// Options of every scenario that can have parts of its own.
#[derive(Clone, Debug, Default, clap::Args)]
pub struct StartOptions {
    /// Start private servers for this run: `embedded` (one node with SQLite), `postgres` (one node with PostgreSQL),
    /// `two-nodes`, or `N-nodes` (PostgreSQL and Redis). They are gone when the run ends.
    #[arg(help_heading = HEADING, long, value_name = "LAYOUT")]
    pub start: Option<Layout>,
    /// The server's program; by default `keyleash` beside this one.
    #[arg(help_heading = HEADING, long, value_name = "PATH", requires = "start")]
    pub server: Option<PathBuf>,
    /// Have data keys wrapped by a key service, as AWS KMS does it, and not by a key file.
    #[arg(help_heading = HEADING, long, requires = "start")]
    pub kms: bool,
    /// Send mails by SMTP to a server that takes them, instead of writing them to files.
    #[arg(help_heading = HEADING, long, requires = "start")]
    pub smtp: bool,
    /// Further configuration of every node, such as `limits.heartbeat_seconds=5`; several times for several keys.
    #[arg(help_heading = HEADING, long, value_name = "KEY=VALUE", requires = "start")]
    pub set: Vec<Setting>,
    /// Keep data and logs in this directory, instead of one that is deleted when the run ends.
    #[arg(help_heading = HEADING, long, value_name = "DIRECTORY", requires = "start")]
    pub keep: Option<PathBuf>,
}

/// Which parts there are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Layout {
    /// One node as `keyleash serve` starts without configuration: SQLite, and no bus.
    Embedded,
    /// One node with PostgreSQL, and no bus.
    Postgres,
    /// So many nodes with PostgreSQL and Redis.
    Nodes(usize),
}

/// A key of the server's configuration with its value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Setting {
    pub key: String,
    pub value: String,
}

/// The parts of a run. Dropping it ends them.
#[derive(Debug)]
pub struct Site {
    // Dropped in this order: nodes before what they use.
    nodes: Vec<Node>,
    settings: Settings,
    database: Option<String>,
    redis: Option<Redis>,
    kms: Option<Kms>,
    smtp: Option<Smtp>,
    postgres: Option<Postgres>,
    place: Place,
}

/// Where data and logs are.
#[derive(Debug)]
enum Place {
    Kept(PathBuf),
    Private(TempDir),
}

impl Site {
    /// Starts what the layout needs, and waits until every part of every node is ready.
    pub async fn start(layout: Layout, options: &StartOptions) -> Result<Self, SiteError> {
        let program = part::program(options.server.as_deref())?;
        let place = Place::new(options.keep.clone())?;
        let nodes = layout.nodes();
        let (mut postgres, mut database, mut redis, mut kms, mut smtp) = (None, None, None, None, None);
        if layout != Layout::Embedded {
            let begin = || {
                let postgres = Postgres::start();
                (postgres.create_database(), postgres)
            };
            (database, postgres) = started("PostgreSQL", begin).await.map(|(url, server)| (Some(url), Some(server)))?;
        }
        if matches!(layout, Layout::Nodes(_)) {
            redis = Some(started("Redis", Redis::start).await?);
        }
        if options.kms {
            let begin = || {
                let kms = Kms::start();
                (kms.create_key(), kms)
            };
            kms = Some(started("the key service", begin).await?);
        }
        if options.smtp {
            smtp = Some(started("the mail server", || Smtp::start(Protection::None)).await?);
        }

        let mut settings = Settings::new(program, place.path());
        settings.set("store.url", &database.clone().unwrap_or_else(|| place.sqlite()));
        if database.is_some() {
            settings.set("store.connections", &CONNECTIONS_OF_A_NODE.min(CONNECTIONS / nodes).to_string());
        }
        if let Some(redis) = &redis {
            settings.set("bus.url", &redis.url());
        }
        match &kms {
            None => settings.set("kms.key_file", &place.at("master.key")),
            Some((key, kms)) => {
                settings.set("kms.provider", "aws");
                settings.set("kms.key_id", key);
                settings.set("kms.region", kms::REGION);
                settings.set("kms.endpoint_url", &kms.endpoint());
                for (name, value) in Kms::environment() {
                    settings.environment(name, value);
                }
            }
        }
        let mails = smtp.as_ref().map_or_else(|| format!("file:{}", place.at("mail")), Smtp::url);
        settings.set("mail.url", &mails);
        settings.let_a_load_through();
        for setting in &options.set {
            settings.set(&setting.key, &setting.value);
        }

        let kms = kms.map(|(_, kms)| kms);
        let mut site = Self { nodes: Vec::new(), settings, database, redis, kms, smtp, postgres, place };
        // One after another: the first makes the tables.
        for number in 1..=nodes {
            let node = Node::start(number, site.settings.clone()).await?;
            site.nodes.push(node);
        }
        Ok(site)
    }

    /// Has every node leave and starts it again, on the same data at the same addresses. Killed ones would count as alive
    /// until their leases end, and have devices sent to them.
    pub async fn restart(&mut self) -> Result<(), SiteError> {
        self.nodes.iter().for_each(Node::drain);
        for node in &mut self.nodes {
            node.await_end().await?;
            node.start_again().await?;
        }
        Ok(())
    }

    /// Where people and devices find the nodes, such as `http://127.0.0.1:10240`.
    pub fn targets(&self) -> Vec<String> {
        self.nodes.iter().map(|node| node.url.clone()).collect()
    }

    /// Where operators find them.
    pub fn admins(&self) -> Vec<String> {
        self.nodes.iter().map(|node| node.admin.clone()).collect()
    }

    /// The nodes' processes.
    pub fn pids(&self) -> Vec<u32> {
        self.nodes.iter().map(Node::pid).collect()
    }

    /// Where data and logs are, the key file (`master.key`) among them.
    pub fn directory(&self) -> &Path {
        self.place.path()
    }

    pub fn nodes(&self) -> &[Node] {
        &self.nodes
    }

    pub fn nodes_mut(&mut self) -> &mut [Node] {
        &mut self.nodes
    }

    /// The address of the PostgreSQL database, with its password; `None` for SQLite.
    pub fn database(&self) -> Option<&str> {
        self.database.as_deref()
    }

    pub fn postgres(&self) -> Option<&Postgres> {
        self.postgres.as_ref()
    }

    pub fn redis(&self) -> Option<&Redis> {
        self.redis.as_ref()
    }

    pub fn kms(&self) -> Option<&Kms> {
        self.kms.as_ref()
    }

    /// The server that takes mails; without one they are at `/dev/mailbox.json` of the first target.
    pub fn smtp(&self) -> Option<&Smtp> {
        self.smtp.as_ref()
    }

    /// Another command of the program with the nodes' configuration, such as `["admin", "crowd"]`; not yet running.
    pub fn command(&self, arguments: &[&str]) -> tokio::process::Command {
        self.settings.command(arguments).into()
    }
}

/// What an operator wants to know of it: a line for each node.
impl fmt::Display for Site {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, node) in self.nodes.iter().enumerate() {
            let end = if index + 1 < self.nodes.len() { "\n" } else { "" };
            write!(f, "{node}{end}")?;
        }
        Ok(())
    }
}

impl Layout {
    pub const fn nodes(self) -> usize {
        match self {
            Self::Embedded | Self::Postgres => 1,
            Self::Nodes(nodes) => nodes,
        }
    }
}

impl FromStr for Layout {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match (text, text.strip_suffix("-nodes")) {
            ("embedded", _) => Ok(Self::Embedded),
            ("postgres", _) => Ok(Self::Postgres),
            (_, Some("two")) => Ok(Self::Nodes(2)),
            (_, Some(number)) => match number.parse() {
                Ok(nodes) if (1..=NODES_MAX).contains(&nodes) => Ok(Self::Nodes(nodes)),
                _ => Err(format!("1-nodes to {NODES_MAX}-nodes")),
            },
            _ => Err(format!("embedded, postgres, two-nodes, or 1-nodes to {NODES_MAX}-nodes")),
        }
    }
}

impl fmt::Display for Layout {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Embedded => f.write_str("embedded"),
            Self::Postgres => f.write_str("postgres"),
            Self::Nodes(2) => f.write_str("two-nodes"),
            Self::Nodes(nodes) => write!(f, "{nodes}-nodes"),
        }
    }
}

impl FromStr for Setting {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (key, value) = text.split_once('=').ok_or("section.key=value")?;
        let is_key = key.contains('.') && key.chars().all(|c| c.is_ascii_lowercase() || matches!(c, '.' | '_'));
        if is_key { Ok(Self { key: key.to_owned(), value: value.to_owned() }) } else { Err("section.key=value") }
    }
}

impl Place {
    fn new(kept: Option<PathBuf>) -> Result<Self, SiteError> {
        let place = match kept {
            Some(path) => std::fs::create_dir_all(&path).and_then(|()| path.canonicalize()).map(Self::Kept),
            None => tempfile::Builder::new().prefix("keyleash-").tempdir().map(Self::Private),
        };
        place.map_err(SiteError::Directory)
    }

    fn path(&self) -> &Path {
        match self {
            Self::Kept(path) => path,
            Self::Private(directory) => directory.path(),
        }
    }

    fn at(&self, name: &str) -> String {
        self.path().join(name).display().to_string()
    }

    fn sqlite(&self) -> String {
        format!("sqlite:{}", self.at("keyleash.db"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_layout_is_read_as_it_is_written() {
        for (text, layout) in [
            ("embedded", Layout::Embedded),
            ("postgres", Layout::Postgres),
            ("two-nodes", Layout::Nodes(2)),
            ("1-nodes", Layout::Nodes(1)),
            ("8-nodes", Layout::Nodes(8)),
        ] {
            assert_eq!(text.parse(), Ok(layout));
            assert_eq!(layout.to_string(), text);
        }
        for bad in ["", "nodes", "0-nodes", "9-nodes", "-nodes", "sqlite"] {
            let told = bad.parse::<Layout>().unwrap_err();
            assert!(told.contains("8-nodes"), "{told}");
        }
    }

    #[test]
    fn a_setting_is_a_key_of_the_configuration() {
        let setting: Setting = "kms.key_id=a=b".parse().unwrap();
        assert_eq!((setting.key.as_str(), setting.value.as_str()), ("kms.key_id", "a=b"));
        assert!("heartbeat=5".parse::<Setting>().is_err());
        assert!("limits.heartbeat_seconds".parse::<Setting>().is_err());
    }
}
