//! A private vendor that has people's login and signs tokens for them (`python/vendor.py`).

use std::{
    io::{BufRead as _, BufReader, Write as _},
    net::{Ipv4Addr, TcpStream},
    path::Path,
    process::Command,
};

use serde_json::{Value, json};
use tempfile::TempDir;

use crate::{Leashed, await_port, free_port, python};

/// Shows its keys at an address of this machine.
#[derive(Debug)]
pub struct Vendor {
    process: Option<Leashed>,
    port: u16,
    control: u16,
    directory: TempDir,
}

impl Vendor {
    pub fn start() -> Self {
        let directory = tempfile::tempdir().expect("a directory");
        let (port, control) = (free_port(), free_port());
        let mut command = Command::new(python());
        command
            .arg(Path::new(env!("CARGO_MANIFEST_DIR")).join("python/vendor.py"))
            .args([port.to_string(), control.to_string()]);
        let log = directory.path().join("vendor.log");
        let process = Some(Leashed::start(&mut command, &log));
        await_port("the vendor", port, &log);
        await_port("the vendor's control", control, &log);
        Self { process, port, control, directory }
    }

    /// For `identity.jwks_url`.
    pub fn jwks_url(&self) -> String {
        format!("http://127.0.0.1:{}/jwks.json", self.port)
    }

    /// The set in a file, for `identity.jwks_file`; written anew by each call.
    pub fn jwks_file(&self) -> String {
        let (path, fresh) = (self.directory.path().join("jwks.json"), self.directory.path().join("jwks.new"));
        std::fs::write(&fresh, self.ask(&json!({ "do": "jwks" })).to_string()).expect("writable");
        std::fs::rename(&fresh, &path).expect("writable");
        path.display().to_string()
    }

    /// A token signed with one of its keys: `rs256`, `ps256`, `es256`, `eddsa`, and those that are not published.
    pub fn sign(&self, with: &str, header: &Value, claims: &Value) -> String {
        let order = json!({ "do": "sign", "with": with, "header": header, "claims": claims });
        self.ask(&order)["token"].as_str().expect("a token").to_owned()
    }

    /// Shows these keys from now on, and no others.
    pub fn publish(&self, keys: &[&str]) {
        self.ask(&json!({ "do": "publish", "keys": keys }));
    }

    /// Answers who fetches the keys with a status, or so slowly, so much, or with something else; `null`: as it should.
    pub fn misbehave(&self, how: &Value) {
        self.ask(&json!({ "do": "misbehave", "how": how }));
    }

    /// How often its keys were fetched.
    pub fn fetches(&self) -> u64 {
        self.ask(&json!({ "do": "fetches" }))["count"].as_u64().expect("a number")
    }

    pub fn kill(&mut self) {
        if let Some(mut process) = self.process.take() {
            process.kill();
        }
    }

    fn ask(&self, order: &Value) -> Value {
        let mut stream = TcpStream::connect((Ipv4Addr::LOCALHOST, self.control)).expect("it is up");
        writeln!(stream, "{order}").expect("it listens");
        let mut answer = String::new();
        BufReader::new(stream).read_line(&mut answer).expect("it answers");
        serde_json::from_str(&answer).expect("JSON")
    }
}
