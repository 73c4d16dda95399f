//! How long a node with many users takes to hear of all of them again after Redis was killed and came back, and what that
//! costs the database: `cargo bench --bench redis_returns`. Prints; asserts nothing.

#![expect(clippy::unwrap_used, reason = "a benchmark that cannot go on has failed")]

#[path = "../tests/support/crowd.rs"]
mod crowd;
#[path = "../tests/support/site.rs"]
mod site;
#[path = "../tests/support/mod.rs"]
mod support;

use std::time::{Duration, Instant};

use crowd::{live, seed};
use keyleash_testbed::Redis;
use site::Site;

/// Each with one live device.
const USERS: usize = 10_000;
/// Hellos between two lines about how far it is.
const PROGRESS_EVERY: usize = 1_000;

#[tokio::main(flavor = "current_thread")]
async fn main() {
    // `cargo test --benches` would run it as a test; it is none.
    if !std::env::args().any(|argument| argument == "--bench") {
        return;
    }
    let mut redis = tokio::task::spawn_blocking(Redis::start).await.unwrap();
    let site = Site::new().await.with("BUS__URL", &redis.url()).with("LIMITS__HEARTBEAT_SECONDS", "300");
    let node = site.node().await;
    eprintln!("writing {USERS} users with a device each");
    let crowd = seed(&node, USERS, 1).await;
    let mut lines = Vec::with_capacity(USERS);
    for (device, token) in &crowd {
        lines.push(live(&node, device, token).await);
        if lines.len() % PROGRESS_EVERY == 0 {
            eprintln!("{} of {USERS} said hello", lines.len());
        }
    }
    until_subscribed(&redis).await;

    let before = site.settled_transactions().await;
    redis.restart();
    let began = Instant::now();
    until_subscribed(&redis).await;
    let took = began.elapsed();
    let cost = site.transactions().await - before;
    println!("{USERS} users live on one node: subscribed again {took:?} after Redis was back");
    println!("transactions on the database from before Redis was killed until then: {cost}");
}

async fn until_subscribed(redis: &Redis) {
    // An array is told by its length. The node's canary is one more.
    while redis.ask(&["PUBSUB", "CHANNELS", "keyleash:*"]).parse::<usize>().unwrap() <= USERS {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}
