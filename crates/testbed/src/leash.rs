//! A process that ends with the test that started it.

use std::{
    env,
    fs::{self, File},
    io::Write as _,
    net::{Ipv4Addr, TcpListener, TcpStream},
    path::{Path, PathBuf},
    process::{Child, ChildStdin, Command, Stdio},
    thread::sleep,
    time::{Duration, Instant},
};

/// How long a server may take to answer on its port; ten times what a busy machine needs.
pub(crate) const START_MAX: Duration = Duration::from_mins(1);
pub(crate) const POLL: Duration = Duration::from_millis(20);

/// Runs the command in its arguments until its own standard input is closed, which the kernel does when the test's process
/// ends. The first line of its output is the command's process id.
const LEASH: &str = r#""$@" & pid=$!; echo $pid; cat >/dev/null; kill -CONT $pid; kill -KILL $pid; wait $pid"#;

/// A server's process. Dropping it ends it.
#[derive(Debug)]
pub struct Leashed {
    shell: Child,
    leash: Option<ChildStdin>,
    pid: u32,
}

impl Leashed {
    /// Starts `command`; what it says goes to `log`.
    pub fn start(command: &mut Command, log: &Path) -> Self {
        let log = File::options().create(true).append(true).open(log).expect("a log file");
        let mut shell = Command::new("sh");
        shell.args(["-c", LEASH, "sh"]).arg(command.get_program()).args(command.get_args());
        if let Some(directory) = command.get_current_dir() {
            shell.current_dir(directory);
        }
        for (key, value) in command.get_envs() {
            match value {
                Some(value) => shell.env(key, value),
                None => shell.env_remove(key),
            };
        }
        let mut shell = shell
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(log)
            .spawn()
            .unwrap_or_else(|error| panic!("cannot start {}: {error}", command.get_program().display()));
        let pid = first_line(shell.stdout.take().expect("piped")).parse().expect("a process id");
        Self { leash: shell.stdin.take(), shell, pid }
    }

    pub fn pid(&self) -> u32 {
        self.pid
    }

    /// Whether it has not ended, by itself or otherwise.
    pub fn is_running(&self) -> bool {
        is_running(self.pid)
    }

    /// Ends it without a word, as the kernel does to a process that takes too much memory.
    pub fn kill(&mut self) {
        self.signal("KILL");
        self.leash.take();
        self.shell.wait().expect("the shell ends");
    }

    /// Freezes it: its connections stay open and nothing is answered.
    pub fn freeze(&self) {
        self.signal("STOP");
    }

    pub fn thaw(&self) {
        self.signal("CONT");
    }

    /// Sends a signal by its name, such as `TERM`.
    pub fn signal(&self, name: &str) {
        // Already gone is fine.
        let _ = Command::new("kill").args([format!("-{name}"), self.pid.to_string()]).stderr(Stdio::null()).status();
    }
}

impl Drop for Leashed {
    fn drop(&mut self) {
        if let Some(mut leash) = self.leash.take() {
            let _ = leash.flush();
        }
        let _ = self.shell.wait();
    }
}

fn first_line(out: impl std::io::Read + Send + 'static) -> String {
    use std::io::{BufRead as _, BufReader};
    let mut lines = BufReader::new(out).lines();
    let line = lines.next().expect("a line").expect("text");
    // Read on, so that a talkative server never waits for a full pipe.
    std::thread::spawn(move || lines.for_each(drop));
    line
}

/// The state of a process and its parent, from `/proc/<pid>/stat`: the first fields after the name.
pub(crate) fn stat(pid: u32) -> Option<(char, u32)> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    let mut fields = stat.rsplit_once(')')?.1.split_whitespace();
    Some((fields.next()?.chars().next()?, fields.next()?.parse().ok()?))
}

/// One that ended and is still to be waited for runs no more.
pub(crate) fn is_running(pid: u32) -> bool {
    stat(pid).is_some_and(|(state, _)| state != 'Z')
}

/// A port of this machine that nobody uses at present.
pub fn free_port() -> u16 {
    TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).and_then(|listener| listener.local_addr()).expect("a free port").port()
}

/// Waits until somebody listens.
#[expect(clippy::disallowed_methods, reason = "blocks a test's thread, not an actor's")]
pub fn await_port(what: &str, port: u16, log: &Path) {
    let deadline = Instant::now() + START_MAX;
    while TcpStream::connect((Ipv4Addr::LOCALHOST, port)).is_err() {
        let said = || fs::read_to_string(log).unwrap_or_default();
        assert!(Instant::now() < deadline, "{what} does not listen on {port}: {}", said());
        sleep(POLL);
    }
}

/// A program that `scripts/prepare` installs.
pub fn program(name: &str, elsewhere: &[&str]) -> PathBuf {
    let path = env::var_os("PATH").unwrap_or_default();
    let directories = env::split_paths(&path).chain(elsewhere.iter().map(PathBuf::from));
    let found = directories.map(|directory| directory.join(name)).find(|program| program.is_file());
    found.unwrap_or_else(|| panic!("{name} is missing: run scripts/prepare"))
}

/// The Python that has the packages of `requirements.txt`. `KEYLEASH_TESTBED` names its directory; by default
/// `target/testbed` of this repository.
pub fn python() -> PathBuf {
    let default = || Path::new(env!("CARGO_MANIFEST_DIR")).join("../../target/testbed");
    let python = env::var_os("KEYLEASH_TESTBED").map_or_else(default, PathBuf::from).join("bin/python");
    assert!(python.is_file(), "{} is missing: run scripts/prepare", python.display());
    python
}
