//! How long news takes from a device of one node to the devices of another, through PostgreSQL and Redis on this machine:
//! `cargo bench --bench two_nodes`. Prints; asserts nothing. What the parts themselves cost is measured in the same run, so
//! that figures of two machines can be compared as ratios.

#![expect(clippy::unwrap_used, reason = "a benchmark that cannot go on has failed")]

#[path = "../tests/support/browser.rs"]
mod browser;
#[path = "../tests/support/site.rs"]
mod site;
#[path = "../tests/support/mod.rs"]
mod support;

use std::{
    io::{IsTerminal, Write, stderr},
    time::{Duration, Instant},
};

use browser::{Browser, Owner, credential};
use futures_util::{StreamExt, future::join_all};
use keyleash_protocol::Version;
use keyleash_testbed::Redis;
use serde_json::json;
use site::Site;

/// Each has four devices, two on each node.
const USERS: usize = 40;
const PUTS_OF_EACH: i64 = 25;
const BARE_ROUNDS: usize = 1_000;

/// Times of one kind.
#[derive(Default)]
struct Times(Vec<Duration>);

impl Times {
    fn quantile(&self, share: f64) -> Duration {
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            clippy::cast_precision_loss,
            reason = "an index"
        )]
        let index = ((self.0.len() - 1) as f64 * share).round() as usize;
        self.0[index]
    }

    fn print(mut self, what: &str) {
        self.0.sort_unstable();
        let ms = |time: Duration| time.as_secs_f64() * 1_000.0;
        let (median, p99, worst) = (ms(self.quantile(0.5)), ms(self.quantile(0.99)), ms(self.quantile(1.0)));
        println!("{what:<56} {median:>8.2} {p99:>8.2} {worst:>8.2} {:>7}", self.0.len());
    }
}

struct Figures {
    put_near: Times,
    put_far: Times,
    removal_near: Times,
    removal_far: Times,
}

/// A user with a device that writes (on the first node), one beside it, and two on the second node.
struct Team {
    owner: Owner,
    writer: Browser,
    others: Vec<(bool, Browser)>,
}

#[tokio::main(flavor = "current_thread")]
async fn main() {
    // `cargo test --benches` would run it as a test; it is none.
    if !std::env::args().any(|argument| argument == "--bench") {
        return;
    }
    let redis = tokio::task::spawn_blocking(Redis::start).await.unwrap();
    let site = Site::new()
        .await
        .with("BUS__URL", &redis.url())
        .with("LIMITS__ATTEMPTS_PER_ADDRESS", "1000000")
        .with("LIMITS__MAILS_PER_HOUR", "1000");
    let (one, two) = (site.node().await, site.node().await);

    let mut teams = Vec::new();
    for user in 0..USERS {
        progress("users with their devices", user, USERS);
        let mut owner = Owner::new(&one, &format!("user{user}@example.com")).await;
        let writer = owner.browser(&one, "writer").await;
        let mut others = Vec::new();
        for (is_far, server) in [(false, &one), (true, &two), (true, &two)] {
            others.push((is_far, owner.browser(server, "reader").await));
        }
        teams.push(Team { owner, writer, others });
    }
    let mut figures = Figures {
        put_near: Times::default(),
        put_far: Times::default(),
        removal_near: Times::default(),
        removal_far: Times::default(),
    };
    for (done, team) in teams.iter_mut().enumerate() {
        progress("puts", done, USERS);
        for version in 0..PUTS_OF_EACH {
            put(team, Version(version), &mut figures).await;
        }
    }
    // Each writer goes with its team: an uneven load would have the nodes send devices to each other.
    for (done, mut team) in teams.into_iter().enumerate() {
        progress("removals", done, USERS);
        remove_others(&mut team, &mut figures).await;
    }
    progress("the parts by themselves", 0, 1);
    let (transaction, hop) = (bare_transactions(site.database()).await, bare_hops(&redis.url()).await);

    println!("{:<56} {:>8} {:>8} {:>8} {:>7}", "milliseconds", "median", "p99", "worst", "times");
    figures.put_near.print("put, to another device on the same node");
    figures.put_far.print("put, to another device on the other node");
    figures.removal_near.print("removal's answer to the word at a device, same node");
    figures.removal_far.print("removal's answer to the word at a device, other node");
    transaction.print("by itself: a transaction of two statements, fsync on");
    hop.print("by itself: a message through Redis");
}

/// One put; from its first byte to each other device, opened there.
async fn put(team: &mut Team, base: Version, figures: &mut Figures) {
    let began = Instant::now();
    let readers = join_all(team.others.iter_mut().map(async |(is_far, reader)| {
        let is_there =
            |reader: &Browser| reader.device.held.get(&credential(1)).is_some_and(|held| held.version > base);
        reader.until("the put", |reader, _| is_there(reader).then_some(())).await;
        (*is_far, began.elapsed())
    }));
    let (written, arrived) = tokio::join!(team.writer.put(credential(1), base, "benchmark"), readers);
    written.unwrap();
    for (is_far, time) in arrived {
        let times = if is_far { &mut figures.put_far } else { &mut figures.put_near };
        times.0.push(time);
    }
}

/// Removes every device but the writer; from the answer to each device's last word. Zero where the word was first.
async fn remove_others(team: &mut Team, figures: &mut Figures) {
    let body = json!({ "recovery_code": team.owner.trader.recovery_code() });
    let revoked = join_all(team.others.iter_mut().map(async |(is_far, reader)| {
        reader.until_revoked().await;
        (*is_far, Instant::now())
    }));
    let removal = async {
        team.writer.api.post("/devices/remove-others", body).await.ok();
        Instant::now()
    };
    let (answered, revoked) = tokio::join!(removal, revoked);
    for (is_far, at) in revoked {
        let times = if is_far { &mut figures.removal_far } else { &mut figures.removal_near };
        times.0.push(at.saturating_duration_since(answered));
    }
}

async fn bare_transactions(database: &str) -> Times {
    let pool = sqlx::PgPool::connect(database).await.unwrap();
    sqlx::query("CREATE TABLE bare (id BIGINT PRIMARY KEY, seq BIGINT NOT NULL)").execute(&pool).await.unwrap();
    sqlx::query("INSERT INTO bare VALUES (1, 0)").execute(&pool).await.unwrap();
    let mut times = Times::default();
    for round in 0..BARE_ROUNDS {
        let began = Instant::now();
        let mut transaction = pool.begin().await.unwrap();
        sqlx::query("UPDATE bare SET seq = seq + 1 WHERE id = 1").execute(&mut *transaction).await.unwrap();
        let id = i64::try_from(round).unwrap() + 2;
        sqlx::query("INSERT INTO bare VALUES ($1, 0)").bind(id).execute(&mut *transaction).await.unwrap();
        transaction.commit().await.unwrap();
        times.0.push(began.elapsed());
    }
    times
}

async fn bare_hops(url: &str) -> Times {
    let client = redis::Client::open(url).unwrap();
    let mut publisher = client.get_multiplexed_async_connection().await.unwrap();
    let mut subscriber = client.get_async_pubsub().await.unwrap();
    subscriber.subscribe("bare").await.unwrap();
    let mut messages = subscriber.on_message();
    let mut times = Times::default();
    for _ in 0..BARE_ROUNDS {
        let began = Instant::now();
        let publish = redis::cmd("PUBLISH").arg("bare").arg("1").to_owned();
        let (sent, _) = tokio::join!(publish.query_async::<i64>(&mut publisher), messages.next());
        sent.unwrap();
        times.0.push(began.elapsed());
    }
    times
}

fn progress(what: &str, done: usize, all: usize) {
    if stderr().is_terminal() {
        eprint!("\r\x1b[K{what}: {done} of {all}");
        let _ = stderr().flush();
    } else if done == 0 {
        eprintln!("{what}: {all}");
    }
}
