//! Redis fails, or lies. It only makes news faster, so nothing but time may be lost; and what lies cost is bounded.

use std::{
    io::Write as _,
    net::TcpStream,
    time::{Duration, Instant},
};

use keyleash_protocol::{Seq, Version};
use keyleash_testbed::{Link, Redis, free_port};
use serde_json::Value;
use tokio::task::spawn_blocking;

use crate::{
    browser::{Browser, Owner, credential},
    crowd::{live, seed},
    site::Site,
    support::{Server, eventually, run, said},
};

/// Two nodes, the second one's way to Redis by a link, and a user with a device on each.
struct Scene {
    site: Site,
    redis: Redis,
    link: Link,
    one: Server,
    two: Server,
    owner: Owner,
    desk: Browser,
    laptop: Browser,
    version: Version,
}

impl Scene {
    async fn new(email: &str) -> Self {
        let redis = spawn_blocking(Redis::start).await.unwrap();
        let link = Link::to(redis.port()).await;
        let site = Site::new().await.with("BUS__URL", &redis.url());
        let (one, two) = (site.node().await, site.node_with(&[("BUS__URL", &redis.url_at(link.port()))]).await);
        let mut owner = Owner::new(&one, email).await;
        let desk = owner.browser(&one, "Desk").await;
        let laptop = owner.browser(&two, "Laptop").await;
        let scene = Self { site, redis, link, one, two, owner, desk, laptop, version: Version(0) };
        scene.until_bus(&scene.one, true).await;
        scene.until_bus(&scene.two, true).await;
        scene
    }

    /// A change on the first node reaches the device on the second.
    async fn change_arrives(&mut self) -> Seq {
        let (version, seq) = self.desk.put(credential(1), self.version, "changed").await.unwrap();
        self.version = version;
        self.laptop.until_at(seq).await;
        seq
    }

    /// A removal on the first node reaches the device on the second.
    async fn removal_arrives(&mut self) {
        let mut phone = self.owner.browser(&self.two, "Phone").await;
        self.owner.remove(&phone).await;
        phone.until_revoked().await;
    }

    async fn until_bus(&self, node: &Server, ready: bool) {
        eventually("the word about the bus", async || {
            let answer = reqwest::get(format!("{}/readyz", node.admin)).await.unwrap();
            assert!(answer.status().is_success(), "without Redis a node serves on");
            let parts: Value = answer.json().await.unwrap();
            let bus = parts["parts"].as_array().unwrap().iter().find(|part| part["name"] == "bus").unwrap();
            assert_eq!(bus["ready"] == true, bus["reason"].is_null());
            (bus["ready"] == ready).then_some(())
        })
        .await;
    }

    /// How many the second node has `heard` or `refused`.
    async fn hints(&self, what: &str) -> u64 {
        self.two.figure(&format!("keyleash_hints_{what}_total")).await.unwrap()
    }

    /// The next change comes by a hint, not by the sweep.
    async fn hint_arrives(&mut self) {
        let before = self.hints("heard").await;
        eventually("a hint", async || {
            self.change_arrives().await;
            (self.hints("heard").await > before).then_some(())
        })
        .await;
    }

    fn publish(&self, payload: &str) {
        let heard = self.redis.ask(&["PUBLISH", &self.channel(), payload]);
        assert_eq!(heard, "2", "both nodes hear it");
    }

    fn channel(&self) -> String {
        format!("keyleash:{}", self.desk.device.user)
    }
}

#[tokio::test]
async fn news_arrives_while_redis_is_dead_or_frozen_and_after() {
    let mut scene = Scene::new("dead@example.com").await;

    scene.redis.kill();
    scene.until_bus(&scene.one, false).await;
    scene.until_bus(&scene.two, false).await;
    scene.change_arrives().await;
    scene.removal_arrives().await;
    scene.redis.restart();
    scene.until_bus(&scene.one, true).await;
    scene.until_bus(&scene.two, true).await;
    scene.hint_arrives().await;

    scene.redis.freeze();
    // Before anybody has noticed.
    scene.change_arrives().await;
    scene.until_bus(&scene.one, false).await;
    scene.until_bus(&scene.two, false).await;
    scene.removal_arrives().await;
    scene.redis.thaw();
    scene.until_bus(&scene.one, true).await;
    scene.until_bus(&scene.two, true).await;
    scene.hint_arrives().await;
    scene.removal_arrives().await;

    for node in [&scene.one, &scene.two] {
        let said = node.log().matches("the bus is blind").count();
        assert_eq!(said, 2, "once for each time: {}", node.log());
    }
}

#[tokio::test]
async fn news_arrives_while_one_node_is_cut_off_from_redis_and_after() {
    let mut scene = Scene::new("apart@example.com").await;

    scene.link.cut();
    scene.until_bus(&scene.two, false).await;
    scene.until_bus(&scene.one, true).await;
    scene.change_arrives().await;
    scene.removal_arrives().await;
    scene.link.up();
    scene.until_bus(&scene.two, true).await;
    scene.hint_arrives().await;

    // A switch that dies: connections stay and nothing gets through.
    scene.link.silence();
    scene.change_arrives().await;
    scene.until_bus(&scene.two, false).await;
    scene.until_bus(&scene.one, true).await;
    scene.removal_arrives().await;
    scene.link.up();
    scene.until_bus(&scene.two, true).await;
    scene.hint_arrives().await;

    scene.redis.flush();
    scene.change_arrives().await;
    scene.until_bus(&scene.one, true).await;
    scene.until_bus(&scene.two, true).await;
    scene.hint_arrives().await;
}

#[tokio::test]
async fn hints_that_are_doubled_reordered_or_made_up_change_nothing() {
    let mut scene = Scene::new("liars@example.com").await;
    let seq = scene.change_arrives().await.0;
    let node = "0123456789abcdef";
    // Doubled, old, far ahead, of presence, and of no form at all.
    for seq in [seq, seq, seq - 1, 0, seq + 1, i64::MAX, i64::MAX, seq] {
        scene.publish(&format!("{node} {seq}"));
    }
    for payload in ["", "presence", "revoked", "0123456789abcdef -1", "9223372036854775807"] {
        scene.publish(payload);
    }
    scene.publish(&format!("{node} presence"));
    for _ in 0..3 {
        scene.change_arrives().await;
    }
    assert!(scene.hints("refused").await >= 5);
    scene.removal_arrives().await;
    // Nobody was told that it was removed, or of anything that is not there.
    assert_eq!(scene.laptop.device.revoked, None);
    assert_eq!(scene.laptop.label(credential(1)).as_deref(), Some("changed"));
}

/// Whoever can publish on Redis makes up as many hints as Redis carries, or just so many that each is looked after.
#[tokio::test]
async fn a_flood_of_made_up_hints_costs_few_reads_and_delays_little() {
    /// Each node looks twice and sweeps ten times in a second at most, each look is a few reads, and changes, acks and signs
    /// of life come on top. Without a bound there are some hundreds.
    const TRANSACTIONS_PER_SECOND_MAX: f64 = 120.0;
    let mut scene = Scene::new("flood@example.com").await;
    for pause in [Duration::ZERO, Duration::from_millis(1)] {
        let heard_before = scene.hints("heard").await;
        let (before, began) = (scene.site.transactions().await, Instant::now());
        let (channel, port) = (scene.channel(), scene.redis.port());
        let flood = spawn_blocking(move || flood(port, &channel, pause));
        scene.change_arrives().await;
        scene.removal_arrives().await;
        scene.change_arrives().await;
        let sent = flood.await.unwrap();
        let heard = scene.hints("heard").await - heard_before;
        let rate = f64::from(scene.site.transactions().await - before) / began.elapsed().as_secs_f64();
        println!("{sent} made-up hints, {heard} of them heard, cost two nodes {rate:.0} transactions a second");
        assert!(heard > 1_000, "it was a flood");
        assert!(rate < TRANSACTIONS_PER_SECOND_MAX, "{rate} transactions a second");
    }
    scene.change_arrives().await;
    scene.until_bus(&scene.two, true).await;
}

/// Publishes hints of changes that there are not, for a while, with a pause after each ten or none at all.
#[expect(clippy::disallowed_methods, reason = "blocks a thread of its own")]
fn flood(port: u16, channel: &str, pause: Duration) -> u64 {
    const LASTS: Duration = Duration::from_secs(4);
    let mut redis = TcpStream::connect(("127.0.0.1", port)).unwrap();
    let mut answers = redis.try_clone().unwrap();
    std::thread::spawn(move || std::io::copy(&mut answers, &mut std::io::sink()));
    let (began, mut sent) = (Instant::now(), 0);
    while began.elapsed() < LASTS {
        let hint = |n| format!("PUBLISH {channel} \"0123456789abcdef {}\"\r\n", 1_000_000 + n);
        redis.write_all((sent..sent + 10).map(hint).collect::<String>().as_bytes()).unwrap();
        sent += 10;
        std::thread::sleep(10 * pause);
    }
    sent
}

#[tokio::test]
async fn a_node_that_starts_without_redis_serves_and_finds_it_later() {
    let site = Site::new().await;
    let mut redis = spawn_blocking(Redis::start).await.unwrap();
    redis.kill();
    let site = site.with("BUS__URL", &redis.url());
    let (one, two) = (site.node().await, site.node().await);
    let mut owner = Owner::new(&one, "early@example.com").await;
    let (desk, laptop) = (owner.browser(&one, "Desk").await, owner.browser(&two, "Laptop").await);
    let link = Link::to(redis.port()).await;
    let mut scene = Scene { site, redis, link, one, two, owner, desk, laptop, version: Version(0) };
    scene.until_bus(&scene.one, false).await;
    scene.change_arrives().await;
    scene.redis.restart();
    scene.until_bus(&scene.one, true).await;
    scene.until_bus(&scene.two, true).await;
    scene.hint_arrives().await;
}

#[tokio::test]
async fn who_asks_is_told_what_is_wrong_with_redis() {
    let (site, redis) = (Site::new().await, spawn_blocking(Redis::start).await.unwrap());
    let database = site.database().to_owned();
    let nobody = format!("redis://keyleash:hush@127.0.0.1:{}", free_port());
    let port = redis.port();
    for (arguments, url, words) in [
        (&["serve", "--fail-fast"][..], nobody.clone(), "cannot be reached"),
        (&["serve", "--fail-fast"][..], redis.url_as("keyleash", "hush"), "user or the password of bus.url"),
        (&["serve"], format!("redis://keyleash:hush@127.0.0.1:{port}:{port}"), "bus.url"),
        (&["doctor"], nobody, "cannot be reached"),
        (&["doctor"], redis.url_as("keyleash", "hush"), "user or the password of bus.url"),
    ] {
        let output = run(arguments, &[("STORE__URL", &database), ("BUS__URL", &url)]).await;
        let said = said(&output);
        assert!(!output.status.success() && said.contains(words) && !said.contains("hush"), "{url}: {said}");
    }
    let healthy = run(&["doctor"], &[("STORE__URL", &database), ("BUS__URL", &redis.url())]).await;
    assert!(healthy.status.success());
    let healthy = said(&healthy);
    assert!(healthy.contains("ok     bus"), "{healthy}");
}

/// When Redis is back, everybody's channel is subscribed to again and the database is asked once, not once for each user.
#[tokio::test]
async fn a_redis_that_returns_costs_no_query_for_each_user() {
    const USERS: usize = 300;
    /// Sweeps, leases, signs of life, and what asks for readiness here.
    const TRANSACTIONS_MAX: u32 = 100;
    let mut redis = spawn_blocking(Redis::start).await.unwrap();
    let site = Site::new().await.with("BUS__URL", &redis.url());
    let node = site.node().await;
    let crowd = seed(&node, USERS, 1).await;
    let mut lines = Vec::new();
    for (device, token) in &crowd {
        lines.push(live(&node, device, token).await);
    }
    let all_are_subscribed = async |redis: &Redis| {
        eventually("every user's channel", async || {
            // An array is told by its length. The node's canary is one more.
            let channels: usize = redis.ask(&["PUBSUB", "CHANNELS", "keyleash:*"]).parse().unwrap();
            (channels > USERS).then_some(())
        })
        .await;
    };
    all_are_subscribed(&redis).await;

    let before = site.settled_transactions().await;
    let began = Instant::now();
    redis.restart();
    all_are_subscribed(&redis).await;
    let (took, cost) = (began.elapsed(), site.transactions().await - before);
    println!("{USERS} users: subscribed again {took:?} after Redis was killed, {cost} transactions meanwhile");
    assert!(cost < TRANSACTIONS_MAX, "{cost} transactions for {USERS} users");
}
