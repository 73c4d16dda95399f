//! The load tester's day in a minute, small, on real nodes: at its end every device holds exactly what the database has, and
//! no removed one got anything after its removal was answered. A program of its own: what it asks of a machine would slow
//! down others' tests.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::time::Duration;

use loadtest::{
    options::Options,
    scenario::mixed::{Mixed, require_none},
    site::StartOptions,
};

const DEVICES: usize = 300;
const USERS: usize = 100;
/// Things that people do a second, for so long: a few of the rarest kind.
const RATE: f64 = 30.0;
const LENGTH: Duration = Duration::from_secs(20);

#[tokio::test(flavor = "multi_thread")]
async fn after_a_day_on_embedded_parts_nothing_differs() {
    live_a_day("embedded").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn after_a_day_on_two_nodes_nothing_differs() {
    live_a_day("two-nodes").await;
}

async fn live_a_day(layout: &str) {
    let own = StartOptions {
        start: Some(layout.parse().unwrap()),
        server: Some(env!("CARGO_BIN_EXE_keyleash").into()),
        ..StartOptions::default()
    };
    let options = Options {
        target: Vec::new(),
        admin: Vec::new(),
        database: None,
        fleet: None,
        devices: DEVICES,
        users: Some(USERS),
        measured: LENGTH,
        warm_up: Duration::ZERO,
        out: std::env::temp_dir(),
        own,
    };
    let (run, differences) = Mixed { options, rate: RATE, mails: None, seed: 1 }.run().await.unwrap();
    if let Err(differences) = require_none(&differences) {
        panic!("{layout}: {differences}");
    }
    println!("{layout}: errors {:?}", run.errors);
    // A machine without time makes calls time out; nothing makes these.
    let broken =
        |kind: &&String| ["refused", "does not open", "older version"].iter().any(|words| kind.contains(words));
    assert_eq!(run.errors.keys().find(broken), None, "{layout}: {:?}", run.errors);
    // A day on which nothing happened proves nothing.
    for name in [
        "mixed.checked",
        "mixed.checked_removed",
        "mixed.puts",
        "mixed.deletes",
        "mixed.reconnects",
        "mixed.logins",
        "mixed.enrolments",
        "mixed.removals",
        "mixed.removals_of_others",
    ] {
        let figure = run.figures.iter().find(|figure| figure.name == name).unwrap();
        println!("{layout}: {} {}", figure.value, figure.title);
        assert!(figure.value > 0.0, "{layout}: no {}", figure.title);
    }
}
