//! How a part is started, and how a node is configured.

use std::{
    env,
    panic::{self, PanicHookInfo},
    path::{Path, PathBuf},
    process::Command,
    sync::Once,
    thread,
};

use tokio::sync::oneshot;

use super::SiteError;

/// The thread that a part is started on. What goes wrong there is told as an error.
const STARTER: &str = "start a part";
/// Configuration in the environment.
const PREFIX: &str = "KEYLEASH_";

/// Starts a part off the runtime's threads. The testbed says by a panic what is missing or does not start, which is right for
/// a test; here it becomes an error in one line.
pub async fn started<T: Send + 'static>(
    part: &'static str,
    start: impl FnOnce() -> T + Send + 'static,
) -> Result<T, SiteError> {
    keep_starters_quiet();
    let (tell, told) = oneshot::channel();
    let starting = thread::Builder::new().name(STARTER.to_owned()).spawn(move || {
        let outcome = panic::catch_unwind(panic::AssertUnwindSafe(start));
        // Nobody waits any more if the run was broken off; then the part is dropped here.
        let _ = tell.send(outcome);
    });
    let failed = |said: String| SiteError::Part { part, said };
    starting.map_err(|error| failed(error.to_string()))?;
    match told.await {
        Ok(Ok(started)) => Ok(started),
        Ok(Err(panic)) => {
            let literal = || panic.downcast_ref::<&str>().copied().unwrap_or("it did not say why");
            Err(failed(panic.downcast_ref().cloned().unwrap_or_else(|| literal().to_owned())))
        }
        Err(_) => Err(failed("it was broken off".to_owned())),
    }
}

/// Panics of the threads above are not printed; those of others as before.
fn keep_starters_quiet() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let before = panic::take_hook();
        panic::set_hook(Box::new(move |info: &PanicHookInfo<'_>| {
            if thread::current().name() != Some(STARTER) {
                before(info);
            }
        }));
    });
}

/// The server's program.
pub fn program(named: Option<&Path>) -> Result<PathBuf, SiteError> {
    let beside = || env::current_exe().unwrap_or_default().with_file_name("keyleash");
    let program = named.map_or_else(beside, Path::to_owned);
    // A node runs in another directory.
    program
        .canonicalize()
        .ok()
        .filter(|program| program.is_file())
        .ok_or_else(|| SiteError::NoServer { path: program.display().to_string() })
}

/// The program and its configuration: what every node of a site shares.
#[derive(Clone)]
pub struct Settings {
    program: PathBuf,
    directory: PathBuf,
    environment: Vec<(String, String)>,
}

impl Settings {
    pub fn new(program: PathBuf, directory: &Path) -> Self {
        let mut settings = Self { program, directory: directory.to_owned(), environment: Vec::new() };
        // A line for each request would be a good part of what is measured. Whoever sets it wants to see more.
        if env::var_os("RUST_LOG").is_none() {
            settings.environment("RUST_LOG", "warn");
        }
        settings
    }

    pub fn directory(&self) -> &Path {
        &self.directory
    }

    /// Sets a key of the configuration, such as `store.url`. The last one counts.
    pub fn set(&mut self, key: &str, value: &str) {
        self.environment(&format!("{PREFIX}{}", key.replace('.', "__").to_uppercase()), value);
    }

    /// Sets what a library reads.
    pub fn environment(&mut self, name: &str, value: &str) {
        self.environment.push((name.to_owned(), value.to_owned()));
    }

    /// A load comes from one address, and is as much as thousands of people do.
    pub fn let_a_load_through(&mut self) {
        self.set("limits.attempts_per_address", "1000000");
        self.set("limits.sockets_before_hello_per_address", "100000");
        self.set("limits.mails_per_hour", "1000");
    }

    /// A command of the program, configured by this alone.
    pub fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(&self.program);
        // There is no `keyleash.toml` there.
        command.args(arguments).current_dir(&self.directory);
        for (name, _) in env::vars_os().filter(|(name, _)| name.to_string_lossy().starts_with(PREFIX)) {
            command.env_remove(name);
        }
        command.envs(self.environment.iter().map(|(name, value)| (name, value)));
        command
    }
}

/// Values have passwords in them.
impl std::fmt::Debug for Settings {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Settings({}, in {})", self.program.display(), self.directory.display())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_part_that_cannot_be_started_says_why_in_one_line() {
        let missing = started("Redis", || -> () { panic!("{} is missing: run scripts/prepare", "redis-server") }).await;
        let told = missing.unwrap_err().to_string();
        assert_eq!(told, "Redis could not be started: redis-server is missing: run scripts/prepare");
        assert_eq!(started("Redis", || 1).await.unwrap(), 1);
    }

    #[test]
    fn a_missing_server_is_said_with_the_way_to_get_one() {
        let told = program(Some(Path::new("/nowhere/keyleash"))).unwrap_err().to_string();
        assert!(told.contains("/nowhere/keyleash") && told.contains("cargo build"), "{told}");
    }

    #[test]
    fn a_node_is_configured_by_its_site_alone() {
        let mut settings = Settings::new("keyleash".into(), Path::new("/tmp"));
        settings.set("limits.heartbeat_seconds", "5");
        settings.set("limits.heartbeat_seconds", "6");
        settings.set("store.url", "postgres://keyleash:hush@localhost/x");
        let command = settings.command(&["serve"]);
        let value = |key: &str| command.get_envs().filter(|(name, _)| *name == key).last().unwrap().1;
        assert_eq!(value("KEYLEASH_LIMITS__HEARTBEAT_SECONDS").unwrap(), "6");
        assert!(!format!("{settings:?}").contains("hush"));
    }
}
