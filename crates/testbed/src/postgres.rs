//! A private PostgreSQL.

use std::{
    fmt::Write as _,
    fs,
    os::unix::fs::{MetadataExt, PermissionsExt, chown},
    path::{Path, PathBuf},
    process::Command,
    sync::atomic::{AtomicU32, Ordering},
    time::Instant,
};

use tempfile::TempDir;

use crate::{
    Authority, Leashed, free_port,
    leash::{POLL, START_MAX, is_running, program, stat},
};

/// Whom the program under test is: the owner of its database, and nothing more.
const ROLE: &str = "keyleash";
const PASSWORD: &str = "leash";

/// One server with databases of its own, durable as in production (`fsync` is on), so that it can be killed.
#[derive(Debug)]
pub struct Postgres {
    server: Leashed,
    directory: TempDir,
    port: u16,
    settings: Vec<String>,
    databases: AtomicU32,
}

impl Postgres {
    pub fn start() -> Self {
        Self::start_with(|_| Vec::new(), "host")
    }

    /// Takes connections over TLS only, as `localhost`.
    pub fn start_with_tls(authority: &Authority) -> Self {
        let certify = |directory: &Path| {
            let issued = authority.issue("postgres", &["localhost"]);
            let [certificate, key] = ["server.pem", "server.key"].map(|name| directory.join(name));
            fs::copy(issued.certificate, &certificate).expect("writable");
            fs::copy(issued.key, &key).expect("writable");
            // It takes no key that others could read.
            fs::set_permissions(&key, fs::Permissions::from_mode(0o600)).expect("ours");
            let (user, group) = owner(directory);
            chown(&key, Some(user), Some(group)).expect("ours");
            vec![
                "ssl=on".to_owned(),
                format!("ssl_cert_file={}", certificate.display()),
                format!("ssl_key_file={}", key.display()),
            ]
        };
        Self::start_with(certify, "hostssl")
    }

    /// `connections` is how clients may come, as `pg_hba.conf` says it.
    fn start_with(settings: impl FnOnce(&Path) -> Vec<String>, connections: &str) -> Self {
        let directory = tempfile::tempdir().expect("a directory");
        if is_root() {
            // It refuses to run as root.
            let (user, group) = ids_of("postgres");
            chown(directory.path(), Some(user), Some(group)).expect("root may");
        }
        let data = directory.path().join("data");
        let mut initdb = as_postgres("initdb");
        initdb.args(["-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync", "-D"]).arg(&data);
        run(&mut initdb);
        let access = format!("local all postgres trust\n{connections} all {ROLE} 127.0.0.1/32 scram-sha-256\n");
        fs::write(data.join("pg_hba.conf"), access).expect("writable");

        let port = free_port();
        let mut all = vec![
            "listen_addresses=127.0.0.1".to_owned(),
            format!("port={port}"),
            format!("unix_socket_directories={}", directory.path().display()),
            "shared_buffers=32MB".to_owned(),
        ];
        all.extend(settings(directory.path()));
        let server = serve(directory.path(), &all);
        let postgres = Self { server, directory, port, settings: all, databases: AtomicU32::new(0) };
        postgres.await_ready();
        postgres.sql(&format!("CREATE ROLE {ROLE} LOGIN PASSWORD '{PASSWORD}'"));
        postgres
    }

    pub fn port(&self) -> u16 {
        self.port
    }

    /// Where the program under test finds a database.
    pub fn url(&self, database: &str) -> String {
        self.url_at("127.0.0.1", self.port, database)
    }

    /// The same by another way, such as a [`crate::Link`].
    pub fn url_at(&self, host: &str, port: u16, database: &str) -> String {
        format!("postgres://{ROLE}:{PASSWORD}@{host}:{port}/{database}")
    }

    /// Makes an empty database; where to find it.
    pub fn create_database(&self) -> String {
        self.url(&self.name_database())
    }

    /// Makes an empty database; its name.
    pub fn name_database(&self) -> String {
        let name = format!("keyleash_{}", self.databases.fetch_add(1, Ordering::Relaxed));
        // In a language's order, which is not that of bytes: as most databases are.
        let order = "TEMPLATE template0 LOCALE_PROVIDER icu ICU_LOCALE 'en'";
        self.sql(&format!("CREATE DATABASE {name} OWNER {ROLE} {order}"));
        name
    }

    /// Runs a statement as an administrator; what it says.
    pub fn sql(&self, statement: &str) -> String {
        self.sql_in("postgres", statement)
    }

    pub fn sql_in(&self, database: &str, statement: &str) -> String {
        run(self.psql(database).args(["-c", statement])).trim().to_owned()
    }

    /// It stops at the first error, and prints rows and nothing else.
    fn psql(&self, database: &str) -> Command {
        let mut psql = Command::new(bin("psql"));
        psql.args(["-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1", "-U", "postgres", "-d", database, "-h"])
            .arg(self.directory.path())
            .args(["-p", &self.port.to_string()]);
        psql
    }

    /// Restarts it as an operator does: connections are told to go, what was committed is there.
    pub fn restart(&mut self) {
        self.stop();
        self.start_again();
    }

    /// Shuts it down in good order, and leaves it so.
    pub fn stop(&mut self) {
        let mut stop = as_postgres("pg_ctl");
        run(stop.args(["stop", "-s", "-w", "-m", "fast", "-D"]).arg(self.data()));
        self.server.kill();
    }

    /// Ends every process of it without a word, as when the power fails.
    pub fn kill(&mut self) {
        // A frozen one starts no further processes while they are counted.
        self.server.freeze();
        let backends = self.backends();
        self.server.kill();
        signal("KILL", &backends);
        // What they share goes with the last of them; until then no server starts on the data.
        until("the end of the server's processes", String::new, || backends.iter().all(|pid| !is_running(*pid)));
    }

    /// Starts it on the data that is there, after [`Self::stop`] or [`Self::kill`].
    pub fn start_again(&mut self) {
        self.server = serve(self.directory.path(), &self.settings);
        self.await_ready();
    }

    /// Freezes every process of it: connections stay open, new ones are taken by the kernel, and nothing is answered.
    pub fn freeze(&self) {
        self.server.freeze();
        signal("STOP", &self.backends());
    }

    pub fn thaw(&self) {
        signal("CONT", &self.backends());
        self.server.thaw();
    }

    /// Cuts every client's connection, as a failing network or an administrator does; how many there were.
    pub fn terminate_connections(&self) -> usize {
        self.sql(&of_clients("pg_terminate_backend(pid)")).lines().count()
    }

    /// Freezes what serves the connections that clients have now; new ones are served. As when the way to a client breaks
    /// down without a word.
    pub fn freeze_connections(&self) {
        let pids: Vec<u32> = self.sql(&of_clients("pid")).lines().map(|pid| pid.parse().expect("a number")).collect();
        signal("STOP", &pids);
    }

    /// What clients do now, such as `active Lock`: their state and what they wait for.
    pub fn clients(&self) -> Vec<String> {
        let said = self.sql(&of_clients("concat_ws(' ', state, wait_event_type, wait_event)"));
        said.lines().map(str::to_owned).collect()
    }

    /// The file that it logs to.
    pub fn log(&self) -> PathBuf {
        self.directory.path().join("postgres.log")
    }

    fn data(&self) -> PathBuf {
        self.directory.path().join("data")
    }

    fn backends(&self) -> Vec<u32> {
        children_of(self.server.pid())
    }

    fn await_ready(&self) {
        let log = || fs::read_to_string(self.log()).unwrap_or_default();
        until("PostgreSQL", log, || {
            let mut ready = Command::new(bin("pg_isready"));
            ready.args(["-q", "-p", &self.port.to_string(), "-h"]).arg(self.directory.path());
            ready.status().expect("it runs").success()
        });
    }
}

impl Drop for Postgres {
    fn drop(&mut self) {
        // A frozen process would not notice that the first one is gone.
        signal("KILL", &self.backends());
    }
}

fn of_clients(what: &str) -> String {
    format!("SELECT {what} FROM pg_stat_activity WHERE usename = '{ROLE}'")
}

fn serve(directory: &Path, settings: &[String]) -> Leashed {
    let mut postgres = as_postgres("postgres");
    postgres.arg("-D").arg(directory.join("data"));
    for setting in settings {
        postgres.args(["-c", setting]);
    }
    Leashed::start(&mut postgres, &directory.join("postgres.log"))
}

fn bin(name: &str) -> PathBuf {
    let versions = fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
    let mut directories: Vec<String> = versions.map(|version| format!("{}/bin", version.path().display())).collect();
    directories.sort();
    let newest: Vec<&str> = directories.iter().rev().map(String::as_str).collect();
    program(name, &newest)
}

/// A command of PostgreSQL's, as the user that it wants to be.
fn as_postgres(name: &str) -> Command {
    if !is_root() {
        return Command::new(bin(name));
    }
    let mut command = Command::new(program("setpriv", &[]));
    command.args(["--reuid=postgres", "--regid=postgres", "--clear-groups"]).arg(bin(name)).current_dir("/");
    command
}

fn is_root() -> bool {
    owner(Path::new("/proc/self")).0 == 0
}

fn owner(path: &Path) -> (u32, u32) {
    let metadata = fs::metadata(path).expect("it is there");
    (metadata.uid(), metadata.gid())
}

fn ids_of(user: &str) -> (u32, u32) {
    let id = |kind| run(Command::new("id").args([kind, user])).trim().parse().expect("a number");
    (id("-u"), id("-g"))
}

/// Runs a command that has to work; what it says.
fn run(command: &mut Command) -> String {
    let output = command.output().unwrap_or_else(|error| panic!("{command:?}: {error}"));
    let mut said = String::from_utf8_lossy(&output.stdout).into_owned();
    if !output.status.success() {
        let _ = write!(said, "{}", String::from_utf8_lossy(&output.stderr));
        panic!("{command:?}: {}: {said}", output.status);
    }
    said
}

fn signal(name: &str, processes: &[u32]) {
    if !processes.is_empty() {
        let mut kill = Command::new("kill");
        // One that is gone already is fine.
        let _ = kill.arg(format!("-{name}")).args(processes.iter().map(u32::to_string)).output();
    }
}

fn children_of(parent: u32) -> Vec<u32> {
    let processes = fs::read_dir("/proc").expect("Linux").flatten();
    let pids = processes.filter_map(|entry| entry.file_name().to_str()?.parse().ok());
    pids.filter(|pid| stat(*pid).is_some_and(|(_, its)| its == parent)).collect()
}

#[expect(clippy::disallowed_methods, reason = "blocks a test's thread, not an actor's")]
fn until(what: &str, said: impl Fn() -> String, mut is_so: impl FnMut() -> bool) {
    let deadline = Instant::now() + START_MAX;
    while !is_so() {
        assert!(Instant::now() < deadline, "{what} did not come within {START_MAX:?}: {}", said());
        std::thread::sleep(POLL);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_committed_outlives_a_restart_and_a_crash() {
        let mut postgres = Postgres::start();
        postgres.sql("CREATE TABLE kept (n INT)");
        postgres.restart();
        postgres.sql("INSERT INTO kept VALUES (1)");
        postgres.kill();
        postgres.start_again();
        postgres.sql("INSERT INTO kept VALUES (2)");
        postgres.freeze();
        postgres.thaw();
        assert_eq!(postgres.sql("SELECT sum(n) FROM kept"), "3");
    }
}
