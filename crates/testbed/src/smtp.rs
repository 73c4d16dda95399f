//! A private mail server that misbehaves when told to (`python/smtp.py`).

use std::{
    io::{BufRead as _, BufReader, Write as _},
    net::{Ipv4Addr, TcpStream},
    path::{Path, PathBuf},
    process::Command,
};

use serde_json::{Value, json};
use tempfile::TempDir;

use crate::{Authority, Leashed, await_port, free_port, python};

/// How a connection is kept from others' eyes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Protection {
    None,
    StartTls,
    /// From the start.
    Tls,
}

/// What a server does wrong.
#[derive(Clone, Copy, Debug)]
pub enum Misdeed<'a> {
    /// Says this, such as `450 4.2.1 busy`.
    Answer(&'a str),
    /// At `DATA`: takes the mail and never says so.
    HangUp,
    WaitSeconds(f64),
}

/// Takes mails on a port of this machine from who logs in as `keyleash` with the password `hush`.
#[derive(Debug)]
pub struct Smtp {
    process: Option<Leashed>,
    port: u16,
    control: u16,
    protection: Protection,
    directory: TempDir,
}

impl Smtp {
    pub fn start(protection: Protection) -> Self {
        let directory = tempfile::tempdir().expect("a directory");
        Authority::new(directory.path()).issue("server", &["localhost", "127.0.0.1"]);
        let mut server = Self { process: None, port: free_port(), control: free_port(), protection, directory };
        server.up();
        server
    }

    pub fn port(&self) -> u16 {
        self.port
    }

    /// Where it says what it took, to programs that are not its own.
    pub fn control_port(&self) -> u16 {
        self.control
    }

    /// The value of `mail.url` for it.
    pub fn url(&self) -> String {
        self.url_by(self.port)
    }

    /// Like [`Self::url`], through a [`crate::Link`].
    pub fn url_by(&self, port: u16) -> String {
        let (scheme, query) = match self.protection {
            Protection::None => ("smtp", "?tls=none"),
            Protection::StartTls => ("smtp", ""),
            Protection::Tls => ("smtps", ""),
        };
        format!("{scheme}://keyleash:hush@127.0.0.1:{port}{query}")
    }

    /// What a client has to trust.
    pub fn root(&self) -> PathBuf {
        self.directory.path().join("authority.pem")
    }

    /// Ends it; what it had taken is forgotten.
    pub fn down(&mut self) {
        if let Some(mut process) = self.process.take() {
            process.kill();
        }
    }

    /// Starts it again where it was.
    pub fn up(&mut self) {
        let protection = match self.protection {
            Protection::None => "none",
            Protection::StartTls => "starttls",
            Protection::Tls => "tls",
        };
        let mut command = Command::new(python());
        command
            .arg(Path::new(env!("CARGO_MANIFEST_DIR")).join("python/smtp.py"))
            .args([self.port.to_string(), self.control.to_string(), protection.to_owned()])
            .args([self.directory.path().join("server.pem"), self.directory.path().join("server.key")]);
        let log = self.directory.path().join("smtp.log");
        self.process = Some(Leashed::start(&mut command, &log));
        await_port("aiosmtpd", self.port, &log);
    }

    pub fn process(&self) -> &Leashed {
        self.process.as_ref().expect("it is up")
    }

    /// Does this wrong the next `times` at a command (`AUTH`, `MAIL`, `RCPT`, `DATA`).
    pub fn misbehave(&self, at: &str, misdeed: Misdeed<'_>, times: u32) {
        self.misbehave_to(None, at, misdeed, times);
    }

    /// Like [`Self::misbehave`], for mails to one address (`RCPT`, `DATA`).
    pub fn misbehave_to(&self, to: Option<&str>, at: &str, misdeed: Misdeed<'_>, times: u32) {
        let how = match misdeed {
            Misdeed::Answer(reply) => json!(reply),
            Misdeed::HangUp => json!("hang up"),
            Misdeed::WaitSeconds(seconds) => json!({ "wait": seconds }),
        };
        self.ask(&json!({ "do": "misbehave", "at": at, "how": how, "times": times, "to": to }));
    }

    /// `logins`, `passwords_in_the_clear`, `misdeeds` (how many it began) and `mails`.
    pub fn seen(&self) -> Value {
        self.ask(&json!({ "do": "seen" }))
    }

    /// The mails that it took, oldest first.
    pub fn mails(&self) -> Vec<Value> {
        self.seen()["mails"].as_array().expect("a list").clone()
    }

    /// The mails that it took for an address.
    pub fn mails_to(&self, to: &str) -> Vec<Value> {
        self.mails().into_iter().filter(|mail| mail["to"] == json!([to])).collect()
    }

    fn ask(&self, question: &Value) -> Value {
        let mut stream = TcpStream::connect((Ipv4Addr::LOCALHOST, self.control)).expect("it is up");
        writeln!(stream, "{question}").expect("it listens");
        let mut answer = String::new();
        BufReader::new(stream).read_line(&mut answer).expect("it answers");
        serde_json::from_str(&answer).expect("JSON")
    }
}
