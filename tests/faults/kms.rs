//! The key service is AWS KMS, and fails. Who is live stays live; nobody is unlocked without it; nothing falls back.

use std::{fs, process::Output, time::Duration};

use base64::{Engine, engine::general_purpose::STANDARD};
use keyleash_protocol::{CloseCode, Seq, Version};
use keyleash_testbed::{Authority, Kms, Link};
use serde_json::Value;

use crate::{
    browser::{Browser, Owner, credential},
    support::{Server, eventually, said},
};

/// A text in every credential, to be looked for where it must not be.
const CANARY: &str = "canary-7f3a";

/// A node whose key is in the key service, reached by a link that can break.
struct Node {
    kms: Kms,
    key: String,
    link: Link,
    server: Server,
}

impl Node {
    async fn start(level: &str) -> Self {
        let kms = private_kms().await;
        let key = kms.create_key();
        let link = Link::to(kms.port()).await;
        let endpoint = format!("http://localhost:{}", link.port());
        let server = Server::start_logging(level, &configuration(&key, &endpoint)).await;
        Self { kms, key, link, server }
    }

    /// Everything that the server wrote: database, log, figures.
    async fn written(&self) -> Vec<u8> {
        let figures = reqwest::get(format!("{}/metrics", self.server.admin)).await.unwrap().text().await.unwrap();
        let files = ["keyleash.db", "keyleash.db-wal", "server.log"].map(|name| self.server.directory().join(name));
        files.iter().flat_map(|file| fs::read(file).unwrap()).chain(figures.into_bytes()).collect()
    }
}

async fn private_kms() -> Kms {
    tokio::task::spawn_blocking(Kms::start).await.unwrap()
}

fn configuration<'a>(key: &'a str, endpoint: &'a str) -> Vec<(&'a str, &'a str)> {
    let own = [("KMS__PROVIDER", "aws"), ("KMS__KEY_ID", key), ("KMS__ENDPOINT_URL", endpoint)];
    own.into_iter().chain(Kms::environment()).collect()
}

#[derive(Clone, Copy, Debug)]
enum Fault {
    Throttled,
    Failing,
    Slow,
    Silent,
    Cut,
    Disabled,
}

impl Fault {
    const ALL: [Self; 6] = [Self::Throttled, Self::Failing, Self::Slow, Self::Silent, Self::Cut, Self::Disabled];

    fn begin(self, node: &Node) {
        match self {
            Self::Throttled => node.kms.throttle(u32::MAX),
            Self::Failing => node.kms.refuse(500, "KMSInternalException", u32::MAX),
            Self::Slow => node.kms.slow(Duration::from_secs(30)),
            Self::Silent => node.link.silence(),
            Self::Cut => node.link.cut(),
            Self::Disabled => node.kms.disable(&node.key),
        }
    }

    fn end(self, node: &Node) {
        match self {
            Self::Throttled | Self::Failing => node.kms.relent(),
            Self::Slow => node.kms.slow(Duration::ZERO),
            Self::Silent | Self::Cut => node.link.up(),
            Self::Disabled => node.kms.enable(&node.key),
        }
    }
}

/// Case 32. On several threads, since a restart blocks one and the link has to go on.
#[tokio::test(flavor = "multi_thread")]
async fn while_the_key_service_is_away_who_is_live_stays_live_and_nobody_is_unlocked() {
    let mut node = Node::start("info").await;
    let mut owner = Owner::new(&node.server, "live@example.com").await;
    let mut desk = owner.browser(&node.server, "Desk").await;
    let mut laptop = owner.browser(&node.server, "Laptop").await;
    let mut neighbour = Owner::new(&node.server, "cold@example.com").await;
    let mut cold = neighbour.browser(&node.server, "Cold").await;
    let (mut version, _) = desk.put(credential(1), Version(0), CANARY).await.unwrap();

    for fault in Fault::ALL {
        println!("{fault:?}");
        // After a restart no data key is in memory; then the first owner's devices come back.
        node.server.kill_and_restart();
        (desk, laptop) = (desk.reconnect(&node.server).await, laptop.reconnect(&node.server).await);
        let seq = update(&mut desk, &mut version).await;
        laptop.until_at(seq).await;

        fault.begin(&node);
        cold.device.lock();
        cold = cold.reconnect(&node.server).await;
        assert_eq!(cold.until_closed().await, Some(CloseCode::Unavailable.code()), "{fault:?}: closed, to come back");
        assert!(cold.device.is_locked(), "{fault:?}");
        let seq = update(&mut desk, &mut version).await;
        laptop.until_at(seq).await;

        fault.end(&node);
        cold = unlocked_anew(cold, &node.server).await;
    }

    let refused = node.server.log().lines().filter(|line| line.contains("ERROR")).count();
    assert_eq!(refused, 1, "one alarm for the disabled key: {}", node.server.log());
    assert!(!contains(&node.written().await, CANARY.as_bytes()));
}

/// The trouble ends, and nobody uses the key service: readiness says so all the same.
#[tokio::test(flavor = "multi_thread")]
async fn a_quiet_node_notices_that_the_key_service_is_well_again() {
    let mut node = Node::start("info").await;
    let mut owner = Owner::new(&node.server, "quiet@example.com").await;
    let mut desk = owner.browser(&node.server, "Desk").await;
    node.server.kill_and_restart();
    node.kms.disable(&node.key);
    desk.device.lock();
    let mut desk = desk.reconnect(&node.server).await;
    desk.until_closed().await;
    until_kms(&node.server, false).await;
    node.kms.enable(&node.key);
    until_kms(&node.server, true).await;
}

async fn until_kms(server: &Server, well: bool) {
    eventually("the word about the key service", async || {
        let answer = reqwest::get(format!("{}/readyz", server.admin)).await.unwrap();
        assert!(answer.status().is_success(), "taking the node out would end what is live");
        let parts: Value = answer.json().await.unwrap();
        let part = parts["parts"].as_array().unwrap().iter().find(|part| part["name"] == "kms").unwrap().clone();
        (part["ready"] == well).then_some(())
    })
    .await;
}

async fn update(browser: &mut Browser, version: &mut Version) -> Seq {
    let (next, seq) = browser.put(credential(1), *version, CANARY).await.unwrap();
    *version = next;
    seq
}

/// At the level at which libraries tell all that they do.
#[tokio::test]
async fn no_data_key_is_found_in_what_the_server_writes() {
    let node = Node::start("trace").await;
    let mut owner = Owner::new(&node.server, "canary@example.com").await;
    let mut desk = owner.browser(&node.server, "Desk").await;
    desk.put(credential(1), Version(0), CANARY).await.unwrap();
    let data_keys = node.kms.data_keys();
    assert!(!data_keys.is_empty());
    let written = node.written().await;
    assert!(contains(&written, b"GenerateDataKey"), "the calls are told");
    for data_key in data_keys {
        let bytes = STANDARD.decode(&data_key).unwrap();
        assert!(!contains(&written, data_key.as_bytes()), "as base64");
        assert!(!contains(&written, format!("{bytes:?}").as_bytes()), "as a list");
        assert!(!contains(&written, &bytes), "as it is");
    }
}

#[tokio::test]
async fn the_doctor_says_what_is_wrong_with_the_key_and_how_to_mend_it() {
    let node = Node::start("warn").await;
    let doctor = async || said(&node.server.run(&["doctor"]).await);
    assert_says(&doctor().await, &["ok     kms", &node.key]);
    node.kms.disable(&node.key);
    assert_says(&doctor().await, &["WRONG  kms", "is disabled; enable it"]);
    node.kms.enable(&node.key);
    node.kms.refuse(400, "AccessDeniedException", 1);
    assert_says(&doctor().await, &["WRONG  kms", "AccessDeniedException", "kms:DescribeKey"]);
    node.link.cut();
    assert_says(&doctor().await, &["WRONG  kms", "unavailable", "check that this machine reaches"]);
}

#[tokio::test]
async fn a_node_waits_for_its_key_service_and_does_not_wait_for_a_disabled_key() {
    let kms = private_kms().await;
    let key = kms.create_key();
    let link = Link::to(kms.port()).await;
    link.cut();
    let endpoint = format!("http://localhost:{}", link.port());
    let own = configuration(&key, &endpoint);
    let (server, ()) = tokio::join!(Server::start_with(&own), async {
        // Longer than its first try.
        tokio::time::sleep(Duration::from_secs(1)).await;
        link.up();
    });
    assert!(server.log().contains("waiting"), "{}", server.log());

    kms.disable(&key);
    let output = server.run(&["serve"]).await;
    assert_eq!(output.status.code(), Some(1));
    assert_says(&said(&output), &["is disabled; enable it"]);
}

#[tokio::test]
async fn tls_with_an_authority_of_ones_own_is_believed_and_no_other() {
    let directory = tempfile::tempdir().unwrap();
    let authority = Authority::new(directory.path());
    let kms = Kms::start_with_tls(&authority);
    let (key, endpoint) = (kms.create_key(), kms.endpoint());
    let root = authority.root().display().to_string();
    let mut own = configuration(&key, &endpoint);
    own.push(("SSL_CERT_FILE", &root));
    let mut server = Server::start_with(&own).await;
    assert_says(&said(&server.run(&["doctor"]).await), &["ok     kms"]);
    server.reconfigure("SSL_CERT_FILE", None);
    assert_says(&said(&server.run(&["doctor"]).await), &["WRONG  kms", "certificate"]);
}

#[tokio::test]
async fn data_keys_move_from_the_file_to_the_service_and_then_to_a_new_key() {
    let mut server = Server::start().await;
    let mut owner = Owner::new(&server, "moving@example.com").await;
    let mut desk = owner.browser(&server, "Desk").await;
    desk.put(credential(1), Version(0), "kept").await.unwrap();

    // Both are known at first; then everything moves while the node runs; then the file is not needed any more.
    let kms = private_kms().await;
    let (first, second, endpoint) = (kms.create_key(), kms.create_key(), kms.endpoint());
    kms.name_key("alias/keyleash", &first);
    for (key, value) in configuration("alias/keyleash", &endpoint) {
        server.reconfigure(key, Some(value));
    }
    server.kill_and_restart();
    desk = unlocked_anew(desk, &server).await;
    assert_moved(&server.run(&["admin", "rewrap"]).await, 1);
    fs::remove_file(server.directory().join("master.key")).unwrap();
    let without_its_file = server.run(&["doctor"]).await;
    assert_says(&said(&without_its_file), &["WRONG  kms", "there is no master key file", "take kms.key_file out"]);
    server.reconfigure("KMS__KEY_FILE", None);
    server.kill_and_restart();
    desk = unlocked_anew(desk, &server).await;

    kms.name_key("alias/keyleash", &second);
    kms.disable(&first);
    let output = server.run(&["admin", "rewrap"]).await;
    assert_eq!(output.status.code(), Some(1));
    assert_says(&said(&output), &["0 data keys moved", "DisabledException", "1 data keys were not moved"]);
    kms.enable(&first);
    assert_moved(&server.run(&["admin", "rewrap"]).await, 1);
    kms.schedule_deletion(&first);
    server.kill_and_restart();
    desk = unlocked_anew(desk, &server).await;
    assert_eq!(desk.label(credential(1)).as_deref(), Some("kept"));
    assert_moved(&server.run(&["admin", "rewrap"]).await, 0);
}

/// A tab that was closed: it has to be unlocked again.
async fn unlocked_anew(mut browser: Browser, server: &Server) -> Browser {
    browser.device.lock();
    let mut again = browser.reconnect(server).await;
    again.until_unlocked().await;
    again
}

#[track_caller]
fn assert_moved(output: &Output, moved: u32) {
    assert!(output.status.success(), "{}", said(output));
    assert_says(&said(output), &[&format!("{moved} data keys moved")]);
}

#[track_caller]
fn assert_says(said: &str, words: &[&str]) {
    for word in words {
        assert!(said.contains(word), "{word:?} is not in: {said}");
    }
}

fn contains(bytes: &[u8], part: &[u8]) -> bool {
    bytes.windows(part.len()).any(|window| window == part)
}
