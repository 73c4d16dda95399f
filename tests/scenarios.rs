//! The load tester's scenarios, small, on servers of their own: what they promise about every device comes true. How long
//! things take is for the load tester to say, and not for a test.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::path::Path;

use clap::Parser;
use loadtest::{
    run::{Latency, Run},
    scenario::{reconnect::Reconnect, revoke::Revoke, slow::Slow},
};

/// A scenario with its options, as on the command line.
#[derive(Parser)]
struct Command<S: clap::Args> {
    #[command(flatten)]
    scenario: S,
}

fn scenario<S: clap::Args>(options: &str) -> S {
    let server = Path::new(env!("CARGO_BIN_EXE_keyleash")).to_str().unwrap();
    let arguments = ["loadtest", "--server", server].into_iter().chain(options.split_whitespace());
    Command::parse_from(arguments).scenario
}

fn figure(run: &Run, name: &str) -> f64 {
    run.figures.iter().find(|figure| figure.name == name).unwrap_or_else(|| panic!("no {name}: {run:?}")).value
}

fn assert_count(run: &Run, name: &str, expected: u32) {
    assert!((figure(run, name) - f64::from(expected)).abs() < f64::EPSILON, "{name} is not {expected}: {run:?}");
}

fn assert_none(run: &Run, names: &[&str]) {
    for name in names {
        assert_count(run, name, 0);
    }
    // A server that is short of time says so, and whoever it was comes back. Nothing else may go wrong.
    assert!(run.errors.keys().all(|kind| kind == "upgrade refused with 503"), "{run:?}");
}

fn times_of(run: &Run, name: &str) -> u32 {
    let count = run.latencies.iter().find(|latency| latency.name == name).map_or(0, Latency::count);
    u32::try_from(count).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn every_device_of_a_node_that_is_killed_comes_back_with_nothing_missed_and_no_key_asked_for() {
    // One after another: others write meanwhile, and the last ones have missed it.
    let options = "--start two-nodes --kms --devices 60 --users 20 --at-once 1 --writers 10 --rate 50 --warm-up 2s";
    let run = scenario::<Reconnect>(options).run().await.unwrap();
    assert_none(&run, &["not_back", "differing", "kms_calls", "kms_calls.counted"]);
    assert!(figure(&run, "going") > 20.0 && figure(&run, "missed") > 0.0, "{run:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn every_device_of_a_node_that_drains_is_told_when_to_come_back_and_does() {
    let options = "--start 3-nodes --how drain --devices 60 --users 20 --writers 10 --rate 20 --warm-up 1s";
    let run = scenario::<Reconnect>(options).run().await.unwrap();
    assert_none(&run, &["not_back", "differing"]);
    assert_count(&run, "going", times_of(&run, "told_to_wait"));
}

#[tokio::test(flavor = "multi_thread")]
async fn every_removed_device_wipes_says_so_and_is_not_let_in_again() {
    for layout in ["embedded", "two-nodes"] {
        let options = format!("--start {layout} --devices 45 --users 15 --rate 10 --warm-up 500ms --for 2500ms");
        let run = scenario::<Revoke>(&options).run().await.unwrap();
        assert_none(&run, &["not_answered", "not_wiped", "no_receipt", "let_in_again"]);
        assert_count(&run, "removals", 30);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_device_that_does_not_keep_up_is_cut_and_nobody_misses_anything() {
    let options = "--start embedded --set limits.heartbeat_seconds=2 --devices 32 --rate 40 --warm-up 0s";
    let run = scenario::<Slow>(options).run().await.unwrap();
    assert_none(&run, &["slow.stops.left", "slow.trickles.left", "slow.mute.left", "slow.differing"]);
    for fault in ["stops", "trickles", "mute"] {
        assert_count(&run, &format!("slow.{fault}.readers"), 4);
        for others in ["with", "without"] {
            assert!(times_of(&run, &format!("slow.{fault}.{others}")) > 0, "{fault}: {run:?}");
        }
    }
}
