//! Redis: one server, or a cluster of three.

use std::{
    fs,
    io::{BufRead as _, BufReader, Read as _, Write as _},
    net::{Ipv4Addr, TcpStream},
    path::PathBuf,
    process::Command,
    thread::sleep,
    time::{Duration, Instant},
};

use tempfile::TempDir;

use super::{Authority, Leashed, await_port, free_port, program};

/// How long a cluster may take to agree; fifty times what it needs.
const AGREE_MAX: Duration = Duration::from_mins(1);
const POLL: Duration = Duration::from_millis(20);
/// Slots of a cluster.
const SLOTS: usize = 16_384;
/// The least number of masters of which a majority can agree when one is gone.
const MASTERS: usize = 3;

/// A private server. Dropping it ends it.
#[derive(Debug)]
pub struct Redis {
    port: u16,
    scheme: &'static str,
    directory: TempDir,
    process: Leashed,
}

impl Redis {
    /// Lets everybody in, without TLS.
    pub fn start() -> Self {
        let port = free_port();
        Self::start_with(port, "redis", tempfile::tempdir().expect("a directory"), &[format!("port {port}")])
    }

    /// Speaks TLS only, and lets in whom these lines of an ACL name, such as `user app on >hush ...`.
    pub fn start_with_tls(acl: &[&str]) -> Self {
        let (port, directory) = (free_port(), tempfile::tempdir().expect("a directory"));
        let authority = Authority::new(directory.path());
        let issued = authority.issue("redis", &["localhost", "127.0.0.1"]);
        let mut lines = vec![
            format!("port 0\ntls-port {port}\ntls-auth-clients no"),
            format!("tls-cert-file {}\ntls-key-file {}", issued.certificate.display(), issued.key.display()),
            format!("tls-ca-cert-file {}", authority.root().display()),
        ];
        lines.extend(acl.iter().map(|line| (*line).to_owned()));
        Self::start_with(port, "rediss", directory, &lines)
    }

    fn start_with(port: u16, scheme: &'static str, directory: TempDir, lines: &[String]) -> Self {
        let (lines, path) = (lines.join("\n"), directory.path().display());
        let rest = format!("bind 127.0.0.1\ndir {path}\nlogfile redis.log\nsave \"\"\nappendonly no");
        fs::write(directory.path().join("redis.conf"), format!("{lines}\n{rest}\n")).expect("writable");
        let process = launch(&directory, port);
        Self { port, scheme, directory, process }
    }

    pub fn port(&self) -> u16 {
        self.port
    }

    /// Where it is, without a user.
    pub fn url(&self) -> String {
        self.url_at(self.port)
    }

    /// The same by way of another port, such as a [`super::Link`]'s.
    pub fn url_at(&self, port: u16) -> String {
        format!("{}://127.0.0.1:{port}", self.scheme)
    }

    /// Where it is, for a user.
    pub fn url_as(&self, user: &str, password: &str) -> String {
        format!("{}://{user}:{password}@127.0.0.1:{}", self.scheme, self.port)
    }

    /// What a client of a server with TLS has to trust: for `SSL_CERT_FILE`.
    pub fn root(&self) -> PathBuf {
        self.directory.path().join("authority.pem")
    }

    /// Ends it without a word.
    pub fn kill(&mut self) {
        self.process.kill();
    }

    /// Starts it again where it was, empty.
    pub fn restart(&mut self) {
        self.process.kill();
        self.process = launch(&self.directory, self.port);
    }

    pub fn freeze(&self) {
        self.process.freeze();
    }

    pub fn thaw(&self) {
        self.process.thaw();
    }

    /// Throws away all that it holds, and everybody who is connected.
    pub fn flush(&self) {
        self.ask(&["FLUSHALL"]);
        self.ask(&["CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes"]);
        self.ask(&["CLIENT", "KILL", "TYPE", "pubsub"]);
    }

    /// Sends a command as the default user, and returns the answer. For a server without TLS.
    pub fn ask(&self, command: &[&str]) -> String {
        let mut stream = TcpStream::connect((Ipv4Addr::LOCALHOST, self.port)).expect("it listens");
        let parts = command.iter().map(|part| format!("${}\r\n{part}\r\n", part.len()));
        let request = format!("*{}\r\n{}", command.len(), parts.collect::<String>());
        stream.write_all(request.as_bytes()).expect("it reads");
        let mut answer = BufReader::new(stream);
        let mut line = String::new();
        answer.read_line(&mut line).expect("it answers");
        assert!(!line.starts_with('-'), "{command:?}: {line}");
        let (kind, rest) = line.trim_end().split_at(1);
        if kind != "$" {
            return rest.to_owned();
        }
        let mut bytes = vec![0; rest.parse().expect("a length")];
        answer.read_exact(&mut bytes).expect("the rest");
        String::from_utf8(bytes).expect("text")
    }
}

/// Three masters that share the slots, without replicas. Dropping it ends them.
#[derive(Debug)]
pub struct RedisCluster {
    pub masters: Vec<Redis>,
}

impl RedisCluster {
    /// Lets everybody in.
    pub fn start() -> Self {
        Self::start_with_acl(&[])
    }

    /// Lets in whom these lines of an ACL name, and everybody as the default user.
    pub fn start_with_acl(acl: &[&str]) -> Self {
        let begin = |_| {
            let (port, bus, directory) = (free_port(), free_port(), tempfile::tempdir().expect("a directory"));
            let mut lines = vec![format!("port {port}\ncluster-enabled yes\ncluster-port {bus}")];
            lines.extend(acl.iter().map(|line| (*line).to_owned()));
            (Redis::start_with(port, "redis", directory, &lines), bus)
        };
        let masters: Vec<(Redis, u16)> = (0..MASTERS).map(begin).collect();
        let (known, bus) = (masters[0].0.port.to_string(), masters[0].1.to_string());
        for (number, (master, _)) in masters.iter().enumerate() {
            let (first, last) = (SLOTS * number / MASTERS, SLOTS * (number + 1) / MASTERS - 1);
            master.ask(&["CLUSTER", "ADDSLOTSRANGE", &first.to_string(), &last.to_string()]);
            master.ask(&["CLUSTER", "SET-CONFIG-EPOCH", &(number + 1).to_string()]);
            master.ask(&["CLUSTER", "MEET", "127.0.0.1", &known, &bus]);
        }
        let cluster = Self { masters: masters.into_iter().map(|(master, _)| master).collect() };
        cluster.await_agreement();
        cluster
    }

    /// Gives a slot to another master.
    pub fn move_slot(&self, slot: u16, to: usize) {
        let id = self.masters[to].ask(&["CLUSTER", "MYID"]);
        // First to the one that gets it, so that no client is sent back and forth.
        let (before, from_it) = self.masters.split_at(to);
        for master in from_it.iter().chain(before) {
            master.ask(&["CLUSTER", "SETSLOT", &slot.to_string(), "NODE", &id]);
        }
    }

    #[expect(clippy::disallowed_methods, reason = "blocks a test's thread, not an actor's")]
    fn await_agreement(&self) {
        let deadline = Instant::now() + AGREE_MAX;
        let agrees = |master: &Redis| {
            let info = master.ask(&["CLUSTER", "INFO"]);
            info.contains("cluster_state:ok") && info.contains(&format!("cluster_known_nodes:{MASTERS}"))
        };
        while !self.masters.iter().all(agrees) {
            assert!(Instant::now() < deadline, "the cluster does not agree");
            sleep(POLL);
        }
    }
}

fn launch(directory: &TempDir, port: u16) -> Leashed {
    let mut command = Command::new(program("redis-server", &["/usr/bin"]));
    command.arg("redis.conf").current_dir(directory.path());
    let log = directory.path().join("redis.log");
    let process = Leashed::start(&mut command, &log);
    await_port("redis-server", port, &log);
    process
}
