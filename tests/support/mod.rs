//! Starts the real server as a private process, and is a user of it.

#![allow(dead_code, reason = "each test program uses its part")]

use std::{
    fs::{self, File},
    io::{BufRead, BufReader},
    path::{Path, PathBuf},
    process::{Child, Command, ExitStatus, Output, Stdio},
    str::FromStr,
    time::{Duration, Instant},
};

use keyleash::clock::{Clock, SystemClock};
use keyleash_protocol::UnixMillis;
use reqwest::{Method, Response, StatusCode};
use serde_json::{Value, json};
use tempfile::TempDir;
use totp_rs::{Builder, Secret, Totp};

/// How long a condition is waited for before a test fails; ten times what a busy machine needs.
pub const PATIENCE: Duration = Duration::from_secs(20);

pub const PASSWORD: &str = "correct horse battery staple";

/// A server process with a directory of its own.
pub struct Server {
    process: Child,
    pub url: String,
    /// Where operators ask.
    pub admin: String,
    directory: TempDir,
    environment: Vec<(String, String)>,
}

impl Server {
    pub async fn start() -> Self {
        Self::start_with(&[]).await
    }

    /// Starts a server with further configuration, such as `("LIMITS__GRACE_SECONDS", "1")`, and what libraries read from
    /// the environment, such as `("AWS_REGION", "eu-central-1")`.
    pub async fn start_with(configuration: &[(&str, &str)]) -> Self {
        Self::start_logging("warn", configuration).await
    }

    /// Starts a server that logs from this level on; see [`Self::log`].
    pub async fn start_logging(level: &str, configuration: &[(&str, &str)]) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let at = |name: &str| format!("{}/{name}", directory.path().display());
        let mut environment = vec![
            ("KEYLEASH_HTTP__LISTEN".to_owned(), "127.0.0.1:0".to_owned()),
            ("KEYLEASH_ADMIN__LISTEN".to_owned(), "127.0.0.1:0".to_owned()),
            ("KEYLEASH_STORE__URL".to_owned(), format!("sqlite:{}", at("keyleash.db"))),
            ("KEYLEASH_KMS__KEY_FILE".to_owned(), at("master.key")),
            ("KEYLEASH_MAIL__URL".to_owned(), format!("file:{}", at("mail"))),
        ];
        if configuration.contains(&("KMS__PROVIDER", "aws")) {
            environment.retain(|(key, _)| key != "KEYLEASH_KMS__KEY_FILE");
        }
        environment.extend(configuration.iter().map(|(key, value)| (variable(key), (*value).to_owned())));
        environment.push(("RUST_LOG".to_owned(), level.to_owned()));
        let (launched, log) = (environment.clone(), log_of(&directory));
        let (process, url, admin) = tokio::task::spawn_blocking(move || launch(&launched, &log)).await.unwrap();
        Self { process, url, admin, directory, environment }
    }

    /// Ends the process without a word, and starts it again on the same data.
    pub fn kill_and_restart(&mut self) {
        self.kill();
        self.start_again();
    }

    /// Tells the process to stop, lets it take its time, and says how it ended.
    pub async fn terminate(&mut self) -> ExitStatus {
        let told = Command::new("kill").args(["-TERM", &self.pid().to_string()]).status().unwrap();
        assert!(told.success());
        patiently(3 * PATIENCE, "the end of the process", async || self.process.try_wait().unwrap()).await
    }

    /// Starts a process that ended again, on the same data and addresses: devices and balancers know it by those.
    pub fn start_again(&mut self) {
        for (key, url) in [("KEYLEASH_HTTP__LISTEN", &self.url), ("KEYLEASH_ADMIN__LISTEN", &self.admin)] {
            let any_port = self.environment.iter_mut().find(|(name, value)| name == key && value.ends_with(":0"));
            if let Some((_, address)) = any_port {
                url.trim_start_matches("http://").clone_into(address);
            }
        }
        (self.process, self.url, self.admin) = launch(&self.environment, &log_of(&self.directory));
    }

    /// Sets a part of the configuration for the next start, or takes it out.
    pub fn reconfigure(&mut self, key: &str, value: Option<&str>) {
        self.environment.retain(|(known, _)| *known != variable(key));
        self.environment.extend(value.map(|value| (variable(key), value.to_owned())));
    }

    /// Another command of the program with this server's configuration.
    pub fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_keyleash"));
        command.args(arguments).envs(self.environment.iter().map(|(key, value)| (key, value)));
        command
    }

    /// Runs it to its end.
    pub async fn run(&self, arguments: &[&str]) -> Output {
        let mut command = self.command(arguments);
        tokio::task::spawn_blocking(move || command.output()).await.unwrap().unwrap()
    }

    pub fn kill(&mut self) {
        self.process.kill().unwrap();
        self.process.wait().unwrap();
    }

    /// Whether the process ended by itself.
    pub fn has_ended(&mut self) -> bool {
        self.process.try_wait().unwrap().is_some()
    }

    pub fn pid(&self) -> u32 {
        self.process.id()
    }

    pub fn directory(&self) -> &Path {
        self.directory.path()
    }

    /// What the server said on its standard error.
    pub fn log(&self) -> String {
        fs::read_to_string(log_of(&self.directory)).unwrap()
    }

    /// One of `/metrics` by its name and labels, if the server answers and has it.
    pub async fn figure<T: FromStr>(&self, name: &str) -> Option<T> {
        let figures = reqwest::get(format!("{}/metrics", self.admin)).await.ok()?.text().await.ok()?;
        figures.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' ')?.parse().ok())
    }

    /// The mails to an address, newest first.
    pub async fn mails(&self, to: &str) -> Vec<Value> {
        let mails: Vec<Value> =
            reqwest::get(format!("{}/dev/mailbox.json", self.url)).await.unwrap().json().await.unwrap();
        mails.into_iter().filter(|mail| mail["to"] == to).collect()
    }

    /// Waits for the newest link of a purpose in the mails to an address; its token.
    pub async fn link(&self, to: &str, purpose: &str) -> String {
        self.link_other_than(to, purpose, "").await
    }

    /// Like [`Self::link`], for a link that came after the one with token `known`.
    pub async fn link_other_than(&self, to: &str, purpose: &str, known: &str) -> String {
        let mark = format!("/verify#{purpose}=");
        eventually("the mail", async || {
            let mails = self.mails(to).await;
            let text = mails.iter().find_map(|mail| mail["text"].as_str()?.split_once(&mark))?.1;
            let token: String = text.chars().take_while(|c| !c.is_whitespace()).collect();
            (token != known).then_some(token)
        })
        .await
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
        if std::thread::panicking() {
            eprintln!("{}", self.log());
        }
    }
}

/// What a command said, on both its outputs.
/// Runs the program to its end, with a directory of its own and this configuration.
pub async fn run(arguments: &[&str], configuration: &[(&str, &str)]) -> Output {
    let directory = tempfile::tempdir().unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_keyleash"));
    command
        .args(arguments)
        .env("KEYLEASH_HTTP__LISTEN", "127.0.0.1:0")
        .env("KEYLEASH_ADMIN__LISTEN", "127.0.0.1:0")
        .env("KEYLEASH_KMS__KEY_FILE", directory.path().join("master.key"))
        .env("KEYLEASH_MAIL__URL", format!("file:{}", directory.path().join("mail").display()))
        .envs(configuration.iter().map(|(key, value)| (variable(key), *value)));
    tokio::task::spawn_blocking(move || command.output()).await.unwrap().unwrap()
}

/// What it wrote, to whichever stream.
pub fn said(output: &Output) -> String {
    String::from_utf8_lossy(&[output.stdout.as_slice(), output.stderr.as_slice()].concat()).into_owned()
}

fn variable(key: &str) -> String {
    let is_a_librarys = ["AWS_", "SSL_", "LD_", "FAKETIME"].iter().any(|prefix| key.starts_with(prefix));
    if is_a_librarys { key.to_owned() } else { format!("KEYLEASH_{key}") }
}

fn log_of(directory: &TempDir) -> PathBuf {
    directory.path().join("server.log")
}

/// The process, with the few files that a shell lets it open, and where people and operators find it.
fn launch(environment: &[(String, String)], log: &Path) -> (Child, String, String) {
    let mut process = Command::new("sh")
        .args(["-c", "ulimit -Sn 256 && exec \"$0\"", env!("CARGO_BIN_EXE_keyleash")])
        .envs(environment.iter().map(|(key, value)| (key, value)))
        .stdout(Stdio::piped())
        .stderr(File::options().create(true).append(true).open(log).unwrap())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(process.stdout.take().unwrap()).lines();
    let mut said = |label: &str| {
        let found = lines.find_map(|line| line.ok()?.strip_prefix(label).map(str::to_owned));
        found.unwrap_or_else(|| panic!("it did not start: {}", fs::read_to_string(log).unwrap()))
    };
    let (url, admin) = (said("Keyleash is at "), said("  admin     "));
    // Read on, so that the server never waits for a full pipe.
    std::thread::spawn(move || lines.for_each(drop));
    (process, url, admin)
}

/// A process's resident memory.
pub fn resident_kib(pid: u32) -> u64 {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).unwrap();
    let line = status.lines().find(|line| line.starts_with("VmRSS:")).unwrap();
    line.split_whitespace().nth(1).unwrap().parse().unwrap()
}

/// Asks until there is an answer, or fails.
pub async fn eventually<T>(what: &str, ask: impl AsyncFnMut() -> Option<T>) -> T {
    patiently(PATIENCE, what, ask).await
}

async fn patiently<T>(patience: Duration, what: &str, mut ask: impl AsyncFnMut() -> Option<T>) -> T {
    let deadline = Instant::now() + patience;
    loop {
        if let Some(answer) = ask().await {
            return answer;
        }
        assert!(Instant::now() < deadline, "{what} did not come within {patience:?}");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

/// An answer with its body read.
#[derive(Debug)]
pub struct Answer {
    pub status: StatusCode,
    pub headers: reqwest::header::HeaderMap,
    pub body: Value,
}

impl Answer {
    pub async fn read(response: Response) -> Self {
        let (status, headers) = (response.status(), response.headers().clone());
        let body = serde_json::from_slice(&response.bytes().await.unwrap()).unwrap_or_default();
        Self { status, headers, body }
    }

    /// The refusal's code.
    pub fn code(&self) -> &str {
        self.body["code"].as_str().unwrap_or_default()
    }

    #[track_caller]
    pub fn ok(self) -> Value {
        assert!(self.status.is_success(), "{self:?}");
        self.body
    }

    #[track_caller]
    pub fn refused(self, status: u16, code: &str) -> Self {
        assert_eq!((self.status.as_u16(), self.code()), (status, code), "{self:?}");
        assert_eq!(self.headers["content-type"], "application/problem+json");
        self
    }
}

/// A program with (or without) a session.
#[derive(Clone)]
pub struct Api {
    http: reqwest::Client,
    url: String,
    token: Option<String>,
}

impl Api {
    pub fn new(server: &Server) -> Self {
        // No connection is kept: a server that was killed in between would have closed it.
        let http = reqwest::Client::builder().pool_max_idle_per_host(0).build().unwrap();
        Self { http, url: server.url.clone(), token: None }
    }

    pub fn with_token(&self, token: &str) -> Self {
        Self { token: Some(token.to_owned()), ..self.clone() }
    }

    pub fn token(&self) -> &str {
        self.token.as_deref().unwrap()
    }

    pub fn request(&self, method: Method, path: &str) -> reqwest::RequestBuilder {
        let request = self.http.request(method, format!("{}/api/v1{path}", self.url));
        match &self.token {
            Some(token) => request.bearer_auth(token),
            None => request,
        }
    }

    pub async fn get(&self, path: &str) -> Answer {
        Answer::read(self.request(Method::GET, path).send().await.unwrap()).await
    }

    pub async fn post(&self, path: &str, body: Value) -> Answer {
        self.send(Method::POST, path, body).await
    }

    pub async fn send(&self, method: Method, path: &str, body: Value) -> Answer {
        Answer::read(self.request(method, path).json(&body).send().await.unwrap()).await
    }
}

/// A trader: an account on a server, and the authenticator app.
pub struct Trader {
    pub email: String,
    pub api: Api,
    pub authenticator: Option<Authenticator>,
    pub recovery_codes: Vec<String>,
}

impl Trader {
    /// Signs up, confirms, logs in.
    pub async fn sign_up(server: &Server, email: &str) -> Self {
        let api = Api::new(server);
        api.post("/signup", json!({ "email": email, "password": PASSWORD })).await.ok();
        let token = server.link(email, "signup").await;
        api.post("/signup/confirm", json!({ "token": token })).await.ok();
        let mut trader = Self { email: email.to_owned(), api, authenticator: None, recovery_codes: Vec::new() };
        trader.api = trader.log_in(server).await;
        trader
    }

    /// Signs up and turns the second factor and sync on.
    pub async fn with_sync(server: &Server, email: &str) -> Self {
        let mut trader = Self::sign_up(server, email).await;
        trader.enable_totp().await;
        trader.api.send(Method::PUT, "/sync", json!({ "enabled": true })).await.ok();
        trader
    }

    pub async fn enable_totp(&mut self) {
        let setup = self.api.post("/totp/setup", json!({ "password": PASSWORD })).await.ok();
        let mut authenticator = Authenticator::new(setup["secret"].as_str().unwrap());
        let code = authenticator.code().await;
        let codes = self.api.post("/totp/confirm", json!({ "code": code })).await.ok();
        self.recovery_codes =
            codes["recovery_codes"].as_array().unwrap().iter().map(|code| code.as_str().unwrap().to_owned()).collect();
        self.authenticator = Some(authenticator);
    }

    /// A new session, in a browser or program of its own.
    pub async fn log_in(&mut self, server: &Server) -> Api {
        let mut body = json!({ "email": self.email, "password": PASSWORD, "transport": "bearer" });
        if self.authenticator.is_some() {
            body["recovery_code"] = self.recovery_code().into();
        }
        let api = Api::new(server);
        let me = api.post("/login", body).await.ok();
        api.with_token(me["token"].as_str().unwrap())
    }

    pub async fn code(&mut self) -> String {
        self.authenticator.as_mut().unwrap().code().await
    }

    /// An unused recovery code: as good as a fresh code, without the wait for the next one.
    pub fn recovery_code(&mut self) -> String {
        self.recovery_codes.pop().unwrap()
    }
}

/// The app on the phone. Gives each code once, as the server takes each once.
pub struct Authenticator {
    totp: Totp,
    last_step: u64,
}

impl Authenticator {
    const STEP_SECONDS: u64 = 30;

    pub fn new(secret: &str) -> Self {
        let totp = Builder::new().with_secret(Secret::try_from_base32(secret).unwrap()).build().unwrap();
        Self { totp, last_step: 0 }
    }

    /// A code that was not given before: of the step before, this one, or the next, which the server takes too.
    pub async fn code(&mut self) -> String {
        let step = patiently(Duration::from_secs(2 * Self::STEP_SECONDS), "a fresh code", async || {
            let now = u64::try_from(SystemClock.now().0 / 1_000).unwrap() / Self::STEP_SECONDS;
            let step = (self.last_step + 1).max(now - 1);
            (step <= now + 1).then_some(step)
        })
        .await;
        self.last_step = step;
        self.of_step(step)
    }

    pub fn of_step(&self, step: u64) -> String {
        self.totp.generate(step * Self::STEP_SECONDS).to_string()
    }

    pub fn last_step(&self) -> u64 {
        self.last_step
    }
}

/// A device has a clock of its own.
pub fn now() -> UnixMillis {
    SystemClock.now()
}
