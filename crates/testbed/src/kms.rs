//! A private key service: AWS KMS as far as data keys go, strict about disabled keys and wrong key ids.

use std::{
    fmt::Display,
    io::{Read as _, Write as _},
    net::{Ipv4Addr, TcpStream},
    path::PathBuf,
    process::Command,
    time::Duration,
};

use tempfile::TempDir;

use crate::{Authority, Leashed, await_port, free_port, python};

/// The region that its keys are in.
pub const REGION: &str = "eu-central-1";

/// Keys outlive a restart; faults and counts do not.
#[derive(Debug)]
pub struct Kms {
    process: Leashed,
    port: u16,
    control: u16,
    tls: bool,
    arguments: Vec<PathBuf>,
    directory: TempDir,
}

impl Kms {
    pub fn start() -> Self {
        Self::launch(tempfile::tempdir().expect("a directory"), Vec::new())
    }

    /// One that speaks TLS only, with a certificate of this authority for `localhost`.
    pub fn start_with_tls(authority: &Authority) -> Self {
        let issued = authority.issue("kms", &["localhost"]);
        Self::launch(tempfile::tempdir().expect("a directory"), vec![issued.certificate, issued.key])
    }

    fn launch(directory: TempDir, tls: Vec<PathBuf>) -> Self {
        let (port, control) = (free_port(), free_port());
        let is_tls = !tls.is_empty();
        let numbers = [port.to_string().into(), control.to_string().into(), directory.path().join("keys.json")];
        let arguments = numbers.into_iter().chain(tls).collect();
        let process = spawn(&directory, &arguments, port);
        Self { process, port, control, tls: is_tls, arguments, directory }
    }

    pub fn port(&self) -> u16 {
        self.port
    }

    /// For `kms.endpoint_url`.
    pub fn endpoint(&self) -> String {
        let scheme = if self.tls { "https" } else { "http" };
        format!("{scheme}://localhost:{}", self.port)
    }

    /// What the AWS environment of a client has to say besides the endpoint: any credentials will do here.
    pub fn environment() -> [(&'static str, &'static str); 4] {
        [
            ("AWS_ACCESS_KEY_ID", "AKIAIOSFODNN7EXAMPLE"),
            ("AWS_SECRET_ACCESS_KEY", "a-secret-that-this-service-does-not-check"),
            ("AWS_REGION", REGION),
            ("AWS_EC2_METADATA_DISABLED", "true"),
        ]
    }

    /// A new key's ARN.
    pub fn create_key(&self) -> String {
        self.tell("create_key", &[])
    }

    /// Gives a key an alias (`alias/name`), or moves the alias to it.
    pub fn name_key(&self, alias: &str, key: &str) {
        self.tell("name_key", &[("alias", &alias), ("key", &key)]);
    }

    pub fn disable(&self, key: &str) {
        self.tell("disable", &[("key", &key)]);
    }

    pub fn enable(&self, key: &str) {
        self.tell("enable", &[("key", &key)]);
    }

    pub fn schedule_deletion(&self, key: &str) {
        self.tell("schedule_deletion", &[("key", &key)]);
    }

    /// Answers the next calls with "too many".
    pub fn throttle(&self, calls: u32) {
        self.refuse(400, "ThrottlingException", calls);
    }

    /// Answers the next calls with an error.
    pub fn refuse(&self, status: u16, code: &str, calls: u32) {
        self.tell("refuse", &[("status", &status), ("code", &code), ("calls", &calls)]);
    }

    /// Refuses no more.
    pub fn relent(&self) {
        self.refuse(400, "none", 0);
    }

    /// Thinks this long before each answer.
    pub fn slow(&self, delay: Duration) {
        self.tell("delay", &[("seconds", &delay.as_secs_f64())]);
    }

    /// How often an operation, such as `Decrypt`, was asked for since the start; refused ones too.
    pub fn calls(&self, operation: &str) -> u32 {
        self.tell("calls", &[("operation", &operation)]).parse().expect("a number")
    }

    /// Every data key that was in the clear since the start, in base64.
    pub fn data_keys(&self) -> Vec<String> {
        self.tell("seen", &[]).lines().map(str::to_owned).collect()
    }

    pub fn kill(&mut self) {
        self.process.kill();
    }

    /// Starts it again after [`Self::kill`].
    pub fn restart(&mut self) {
        self.process = spawn(&self.directory, &self.arguments, self.port);
    }

    /// Connections stay open, and nothing is answered.
    pub fn freeze(&self) {
        self.process.freeze();
    }

    pub fn thaw(&self) {
        self.process.thaw();
    }

    fn tell(&self, what: &str, arguments: &[(&str, &dyn Display)]) -> String {
        let query: Vec<String> = arguments.iter().map(|(name, value)| format!("{name}={value}")).collect();
        let mut stream = TcpStream::connect((Ipv4Addr::LOCALHOST, self.control)).expect("the key service is there");
        write!(stream, "GET /{what}?{} HTTP/1.0\r\n\r\n", query.join("&")).expect("it listens");
        let mut answer = String::new();
        stream.read_to_string(&mut answer).expect("it answers");
        let (head, body) = answer.split_once("\r\n\r\n").unwrap_or_default();
        assert!(head.contains(" 200 "), "{what}: {answer:?}");
        body.to_owned()
    }
}

fn spawn(directory: &TempDir, arguments: &Vec<PathBuf>, port: u16) -> Leashed {
    let log = directory.path().join("kms.log");
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/python/kms.py");
    let process = Leashed::start(Command::new(python()).arg(script).args(arguments), &log);
    await_port("the key service", port, &log);
    process
}
