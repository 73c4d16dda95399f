//! The mail server is down, slow, picky, or not what it says it is.

use std::{collections::HashSet, process::Command};

use keyleash_testbed::{Misdeed, Protection, Smtp};
use serde_json::{Value, json};

use crate::{
    browser::Owner,
    site::Site,
    support::{Api, PASSWORD, Server, eventually},
};

async fn mail_server(protection: Protection) -> Smtp {
    tokio::task::spawn_blocking(move || Smtp::start(protection)).await.unwrap()
}

/// Has a mail sent to somebody.
async fn sign_up(node: &Server, email: &str) {
    Api::new(node).post("/signup", json!({ "email": email, "password": PASSWORD })).await.ok();
}

fn ids(mails: &[Value]) -> HashSet<&str> {
    mails.iter().map(|mail| mail["headers"]["message-id"].as_str().unwrap()).collect()
}

impl Site {
    /// What is in the outbox and was not given up.
    fn waiting(&self) -> u32 {
        self.sql("SELECT COUNT(*) FROM mails WHERE given_up_at IS NULL").trim().parse().unwrap()
    }

    fn sql(&self, statement: &str) -> String {
        let name = self.database().rsplit_once('/').unwrap().1.split('?').next().unwrap();
        self.postgres.sql_in(name, statement)
    }

    async fn until_outbox_has(&self, mails: u32) {
        eventually("the outbox", async || (self.waiting() == mails).then_some(())).await;
    }
}

#[tokio::test]
async fn mails_wait_for_a_server_that_is_down_and_arrive_once() {
    let mut smtp = mail_server(Protection::None).await;
    let site = Site::new().await.with("MAIL__URL", &smtp.url());
    let (one, two) = (site.node().await, site.node().await);
    smtp.down();
    let people: Vec<String> = (0..12).map(|n| format!("trader{n}@example.com")).collect();
    for (n, email) in people.iter().enumerate() {
        sign_up(if n % 2 == 0 { &one } else { &two }, email).await;
    }
    site.until_outbox_has(12).await;
    eventually("a word about it", async || one.log().contains("a mail has to wait").then_some(())).await;
    smtp.up();
    site.until_outbox_has(0).await;
    for email in &people {
        assert_eq!(smtp.mails_to(email).len(), 1, "{email}");
    }
    assert_eq!(ids(&smtp.mails()).len(), 12);
    let log = one.log() + &two.log();
    assert!(!log.contains("example.com") && !log.contains("hush"), "{log}");
}

#[tokio::test]
async fn two_nodes_send_each_mail_once_to_a_slow_server() {
    let smtp = mail_server(Protection::None).await;
    let site = Site::new().await.with("MAIL__URL", &smtp.url());
    let nodes = [site.node().await, site.node().await];
    // Longer than a node waits before it looks at the outbox again.
    smtp.misbehave("DATA", Misdeed::WaitSeconds(6.0), 4);
    let people: Vec<String> = (0..16).map(|n| format!("trader{n}@example.com")).collect();
    for (n, email) in people.iter().enumerate() {
        sign_up(&nodes[n % 2], email).await;
    }
    eventually("the mails", async || (smtp.mails().len() >= 16).then_some(())).await;
    site.until_outbox_has(0).await;
    for email in &people {
        assert_eq!(smtp.mails_to(email).len(), 1, "{email}");
    }
}

#[tokio::test]
async fn what_some_refuse_does_not_keep_the_others_waiting() {
    let smtp = mail_server(Protection::None).await;
    let site = Site::new().await.with("MAIL__URL", &smtp.url());
    let node = site.node().await;
    smtp.misbehave_to(Some("busy@example.com"), "RCPT", Misdeed::Answer("450 4.2.1 busy"), 2);
    smtp.misbehave_to(Some("unknown@example.com"), "RCPT", Misdeed::Answer("550 5.1.1 nobody"), 99);
    smtp.misbehave_to(Some("picky@example.com"), "DATA", Misdeed::Answer("554 5.6.0 no"), 99);
    smtp.misbehave_to(Some("curt@example.com"), "DATA", Misdeed::HangUp, 1);
    for name in ["busy", "unknown", "picky", "curt", "good"] {
        sign_up(&node, &format!("{name}@example.com")).await;
    }
    let arrived = |name: &str| smtp.mails_to(&format!("{name}@example.com"));
    eventually("the good one's mail", async || (!arrived("good").is_empty()).then_some(())).await;
    site.until_outbox_has(0).await;
    assert_eq!([arrived("busy").len(), arrived("unknown").len(), arrived("picky").len()], [1, 0, 0]);
    // Nobody can know whether a server that hung up had taken the mail. Whoever got it twice can.
    assert_eq!((arrived("curt").len(), ids(&arrived("curt")).len()), (2, 1));
}

#[tokio::test]
async fn a_dead_nodes_mails_are_sent_by_another() {
    let smtp = mail_server(Protection::None).await;
    let site = Site::new().await.with("MAIL__URL", &smtp.url());
    let mut one = site.node().await;
    smtp.misbehave("RCPT", Misdeed::WaitSeconds(60.0), 1);
    sign_up(&one, "trader@example.com").await;
    // Its mail is claimed by then, and it is this node that waits.
    eventually("the misdeed", async || (smtp.seen()["misdeeds"] == 1).then_some(())).await;
    assert_eq!(site.sql("SELECT COUNT(*) FROM mails WHERE tries = 1").trim(), "1");
    one.kill();
    let _two = site.node().await;
    // As if the dead node's claim were over.
    site.sql("UPDATE mails SET due_at = 0");
    eventually("the mail", async || (!smtp.mails().is_empty()).then_some(())).await;
    site.until_outbox_has(0).await;
    assert_eq!(smtp.mails_to("trader@example.com").len(), 1);
}

#[tokio::test]
async fn a_node_that_leaves_ends_what_it_began() {
    let smtp = mail_server(Protection::None).await;
    let site = Site::new().await.with("MAIL__URL", &smtp.url());
    let mut node = site.node().await;
    smtp.misbehave("DATA", Misdeed::WaitSeconds(2.0), 1);
    sign_up(&node, "trader@example.com").await;
    eventually("the claim", async || {
        (site.sql("SELECT COUNT(*) FROM mails WHERE tries = 1").trim() == "1").then_some(())
    })
    .await;
    Command::new("kill").args(["-TERM", &node.pid().to_string()]).status().unwrap();
    eventually("its end", async || node.has_ended().then_some(())).await;
    assert_eq!((smtp.mails().len(), site.waiting()), (1, 0), "taken, and known to be");
}

#[tokio::test]
async fn who_waits_for_a_mail_that_cannot_be_delivered_is_told() {
    let smtp = mail_server(Protection::None).await;
    let site = Site::new().await;
    let mut setup = site.node().await;
    let mut owner = Owner::new(&setup, "trader@example.com").await;
    site.until_outbox_has(0).await;
    setup.kill();
    let node = site.node_with(&[("MAIL__URL", &smtp.url())]).await;
    owner.trader.api = Api::new(&node).with_token(owner.trader.api.token());
    let mut desk = owner.pending(&node, "Desk").await;
    let id = desk.device.id;
    let ask = || format!("/devices/{id}/verification-mail");

    smtp.misbehave("RCPT", Misdeed::Answer("550 5.1.1 no such user"), 1);
    desk.api.post(&ask(), json!({})).await.ok();
    let failed = |devices: &[keyleash_protocol::http::DeviceView]| devices.iter().any(|d| d.mail_failed_at.is_some());
    desk.until_devices("the bad news", failed).await;
    let events = desk.api.get("/events").await.ok();
    let event = &events["events"][0];
    assert_eq!((&event["kind"], &event["device"]), (&json!("mail_undeliverable"), &json!(id)));
    assert!(event["detail"].as_str().unwrap().starts_with("Verify Desk"), "{event}");

    desk.api.post(&ask(), json!({})).await.ok();
    let list = desk.api.get("/devices").await.ok();
    assert_eq!(list["devices"][0].get("mail_failed_at"), None, "another is on its way");
    eventually("the mail", async || (smtp.mails_to("trader@example.com").len() == 1).then_some(())).await;
}

/// Who stands between can take STARTTLS out of what the server offers, or answer with a certificate of their own.
#[tokio::test]
async fn without_tls_no_mail_and_no_password_leaves() {
    for protection in [Protection::None, Protection::StartTls, Protection::Tls] {
        let smtp = mail_server(protection).await;
        let url = smtp.url().replace("?tls=none", "");
        let node = Server::start_with(&[("MAIL__URL", &url)]).await;
        sign_up(&node, "trader@example.com").await;
        eventually("a word about it", async || node.log().contains("a mail has to wait").then_some(())).await;
        let seen = smtp.seen();
        assert_eq!((&seen["logins"], &seen["mails"]), (&json!(0), &json!([])), "{protection:?}");
    }
}

#[tokio::test]
async fn mails_leave_over_tls_that_is_trusted() {
    for protection in [Protection::StartTls, Protection::Tls] {
        let smtp = mail_server(protection).await;
        let root = smtp.root().display().to_string();
        let node = Server::start_with(&[("MAIL__URL", &smtp.url()), ("SSL_CERT_FILE", &root)]).await;
        sign_up(&node, "trader@example.com").await;
        eventually("the mail", async || (smtp.mails().len() == 1).then_some(())).await;
        let mail = &smtp.mails()[0];
        assert_eq!((&mail["is_encrypted"], &mail["login"]), (&json!(true), &json!("keyleash")), "{protection:?}");
    }
}

#[tokio::test]
async fn the_doctor_says_what_is_wrong_with_mails() {
    let smtp = mail_server(Protection::StartTls).await;
    let doctor = async |url: &str| {
        let directory = tempfile::tempdir().unwrap();
        let mut command = Command::new(env!("CARGO_BIN_EXE_keyleash"));
        command
            .arg("doctor")
            .env("KEYLEASH_STORE__URL", format!("sqlite:{}", directory.path().join("db").display()))
            .env("KEYLEASH_KMS__KEY_FILE", directory.path().join("master.key"))
            .env("KEYLEASH_MAIL__URL", url)
            .env("SSL_CERT_FILE", smtp.root());
        let output = tokio::task::spawn_blocking(move || command.output()).await.unwrap().unwrap();
        (output.status.success(), String::from_utf8(output.stdout).unwrap())
    };
    let (is_well, said) = doctor(&smtp.url()).await;
    assert!(is_well && said.contains("ok     mail") && !said.contains("hush"), "{said}");
    assert!(smtp.mails().is_empty());
    let nobody = format!("smtp://127.0.0.1:{}", keyleash_testbed::free_port());
    let wrong = [
        (smtp.url().replace("hush", "rush"), "log in): refused with 535"),
        (smtp.url().replace("smtp:", "smtps:"), "connect"),
        (nobody, "Connection refused"),
        (smtp.url() + "?tls=maybe", "only tls=none is known"),
    ];
    for (url, words) in wrong {
        let (is_well, said) = doctor(&url).await;
        assert!(!is_well && said.contains("WRONG  mail") && said.contains(words), "{url}: {said}");
        assert!(!said.contains("hush") && !said.contains("rush"), "{said}");
    }
}
