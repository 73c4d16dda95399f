//! One node's clock is ten minutes off.

use std::process::Command;

use keyleash_testbed::program;
use serde_json::json;

use crate::{
    browser::{Owner, now},
    site::Site,
    support::{Api, PASSWORD, Server, eventually, said},
};

/// What `faketime` puts into the environment of what it runs. Only the time of day is off: the time that passes is not.
fn ten_minutes_ahead() -> Vec<(String, String)> {
    let shown = Command::new(program("faketime", &[])).args(["-m", "-f", "+10m", "env"]).output().unwrap();
    let shown = String::from_utf8(shown.stdout).unwrap();
    let all = shown.lines().filter_map(|line| line.split_once('='));
    let its = all.filter(|(name, _)| *name == "LD_PRELOAD" || name.starts_with("FAKETIME"));
    let mut its: Vec<_> = its.map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
    assert!(its.iter().any(|(name, _)| name == "LD_PRELOAD"), "{shown}");
    its.push(("FAKETIME_DONT_FAKE_MONOTONIC".to_owned(), "1".to_owned()));
    its
}

async fn fast(site: &Site) -> Server {
    let machine = ten_minutes_ahead();
    let own: Vec<_> = machine.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    site.node_with(&own).await
}

/// How far a column's newest time is after now, ms, as the database keeps it.
fn newest(site: &Site, column: &str) -> i64 {
    let (table, column) = column.split_once('.').unwrap();
    let database = site.database().rsplit('/').next().unwrap().split('?').next().unwrap();
    let newest = site.postgres.sql_in(database, &format!("SELECT MAX({column}) FROM {table}"));
    newest.trim().parse::<i64>().unwrap() - now().0
}

#[tokio::test]
async fn codes_links_and_sessions_are_right_on_a_node_that_is_ten_minutes_ahead() {
    const MINUTE: i64 = 60_000;
    let site = Site::new().await.with("LIMITS__LINK_MINUTES", "2");
    let (fast, right) = (fast(&site).await, site.node().await);

    // Signing up takes codes of the real time, and links.
    let mut owner = Owner::new(&fast, "fast@example.com").await;
    let code = owner.trader.code().await;
    let renewed = owner.trader.api.post("/recovery-codes", json!({ "totp": code })).await.ok();
    let codes = renewed["recovery_codes"].as_array().unwrap().iter().map(|code| code.as_str().unwrap().to_owned());
    owner.trader.recovery_codes = codes.collect();

    for times in ["links.created_at", "sessions.created_at", "users.created_at"] {
        let ahead = newest(&site, times);
        assert!((-MINUTE..=MINUTE).contains(&ahead), "{times} of the fast node are {ahead} ms ahead");
    }

    // A link that the right node gave is good for two minutes: the owner uses it on the fast one.
    let mut pending = owner.pending(&right, "Desk").await;
    owner.approve(&right, &mut pending).await;
    pending.until_unlocked().await;

    // And so is a session; its device is there, seen from either node.
    let mut laptop = owner.browser(&fast, "Laptop").await;
    pending.until_devices("both online", |devices| devices.len() == 2 && devices.iter().all(|it| it.online)).await;
    laptop.until_devices("both online", |devices| devices.len() == 2 && devices.iter().all(|it| it.online)).await;
    let body =
        json!({ "email": "fast@example.com", "password": PASSWORD, "recovery_code": owner.trader.recovery_code() });
    Api::new(&fast).post("/login", body).await.ok();
}

#[tokio::test]
async fn an_operator_is_told() {
    let site = Site::new().await;
    let fast = fast(&site).await;
    let doctor = said(&fast.run(&["doctor"]).await);
    assert!(doctor.contains("ms off this machine's"), "{doctor}");
    assert!(fast.log().contains("this machine's clock is off"), "{}", fast.log());
    let ahead = eventually("the figure", async || fast.figure("keyleash_clock_ahead_seconds").await).await;
    assert!((595.0..605.0_f64).contains(&ahead), "{ahead}");

    let right = site.node().await;
    assert!(!said(&right.run(&["doctor"]).await).contains("off this machine's"));
    assert!(!right.log().contains("clock is off"));
}
