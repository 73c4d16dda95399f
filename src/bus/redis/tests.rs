//! Against real servers, private to the test.

use std::{env, process::Command, time::Duration};

use keyleash_protocol::Seq;
use keyleash_testbed::{Redis, RedisCluster};
use tokio::time::{Instant, sleep, timeout};

use super::*;
use crate::bus::conformance::{self, Node, user};

/// What the head of `redis.rs` tells operators to write.
const ACL: &str = "user keyleash on >hush resetchannels &keyleash:* -@all +subscribe +unsubscribe +publish";
const CLUSTER_ACL: &str =
    "user keyleash on >hush resetchannels &keyleash:* -@all +ssubscribe +sunsubscribe +spublish +cluster|slots";
const NOBODY_ELSE: &str = "user default off";
/// Longer than anything here takes; reached only by a test that fails.
const PATIENCE: Duration = Duration::from_secs(30);

fn bus(url: &str, is_cluster: bool) -> impl Fn(Sender<BusEvent>) -> Arc<dyn Bus> {
    move |events| Arc::new(RedisBus::start(url, is_cluster, events, Entropy::new()).unwrap())
}

/// A node that hears about user 1, and one that tells it.
async fn two_nodes(url: &str, is_cluster: bool) -> (Node, Node) {
    let bus = bus(url, is_cluster);
    let (mut one, two) = (Node::start(&bus, 64).await, Node::start(&bus, 64).await);
    one.subscribe(user(1), &*two.bus).await;
    (one, two)
}

/// The second node publishes until the first has heard it: what is said before both have noticed may be lost.
async fn hears_again(one: &mut Node, two: &Node, seq: i64) {
    let hint = Hint::changed(user(1), Seq(seq));
    let hearing = async { while one.next_hint().await != hint {} };
    let telling = async {
        loop {
            two.bus.publish(hint).await.unwrap();
            sleep(Duration::from_millis(50)).await;
        }
    };
    tokio::select! {
        () = hearing => {}
        () = telling => {}
    }
    until("sight", || !one.bus.is_blind()).await;
}

async fn until(what: &str, mut condition: impl FnMut() -> bool) {
    let waiting = async {
        while !condition() {
            sleep(Duration::from_millis(10)).await;
        }
    };
    timeout(PATIENCE, waiting).await.unwrap_or_else(|_| panic!("{what} does not come"));
}

async fn keeps_all_promises(url: &str, is_cluster: bool) {
    RedisBus::probe(url, is_cluster, &Entropy::new()).await.unwrap();
    conformance::check(bus(url, is_cluster)).await;
    conformance::check_between_nodes(bus(url, is_cluster)).await;
}

#[tokio::test]
async fn keeps_the_promises_of_a_bus() {
    keeps_all_promises(&Redis::start().url(), false).await;
}

/// In a process of its own: what is trusted is read from the environment.
#[tokio::test]
async fn keeps_them_behind_tls_with_the_least_rights() {
    const URL: &str = "KEYLEASH_TEST_REDIS_URL";
    if let Some(url) = env::var_os(URL) {
        return keeps_all_promises(url.to_str().unwrap(), false).await;
    }
    let redis = Redis::start_with_tls(&[ACL, NOBODY_ELSE]);
    let url = redis.url_as("keyleash", "hush");
    let error = RedisBus::probe(&url, false, &Entropy::new()).await.unwrap_err();
    assert!(error.to_string().contains("certificate"), "nobody here trusts the test's authority: {error}");
    let trusting = tokio::task::spawn_blocking(move || {
        let test = "bus::redis::tests::keeps_them_behind_tls_with_the_least_rights";
        let mut again = Command::new(env::current_exe().unwrap());
        again.args(["--exact", test]).env("SSL_CERT_FILE", redis.root()).env(URL, url).output().unwrap()
    });
    let output = trusting.await.unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success() && said.contains("1 passed"), "{said}");
}

#[tokio::test]
async fn keeps_them_on_a_cluster_with_the_least_rights() {
    let cluster = RedisCluster::start_with_acl(&[CLUSTER_ACL]);
    keeps_all_promises(&cluster.masters[0].url_as("keyleash", "hush"), true).await;
}

#[tokio::test]
async fn hears_again_after_every_way_to_lose_redis() {
    let mut redis = Redis::start();
    let (mut one, two) = two_nodes(&redis.url(), false).await;

    redis.freeze();
    until("the end of sight, with the connection up", || one.bus.is_blind() && two.bus.is_blind()).await;
    redis.thaw();
    hears_again(&mut one, &two, 1).await;

    redis.kill();
    until("the end of sight", || one.bus.is_blind()).await;
    redis.restart();
    hears_again(&mut one, &two, 2).await;

    redis.flush();
    hears_again(&mut one, &two, 3).await;

    redis.ask(&["ACL", "SETUSER", "default", "-publish"]);
    until("the end of sight, with the connection up", || one.bus.is_blind()).await;
    redis.ask(&["ACL", "SETUSER", "default", "+publish"]);
    hears_again(&mut one, &two, 4).await;
}

/// After a change of sight, whoever listens is told to look: what was said meanwhile is lost.
#[tokio::test]
async fn tells_when_something_may_have_been_missed() {
    let mut redis = Redis::start();
    let mut node = Node::start(bus(&redis.url(), false), 64).await;
    assert_eq!(node.next().await, BusEvent::Missed, "before it saw");
    redis.kill();
    assert_eq!(node.next().await, BusEvent::Missed, "and when it stopped seeing: the faster sweep begins");
    redis.restart();
    assert_eq!(node.next().await, BusEvent::Missed, "and when it sees again");
}

/// Wrong credentials are like no Redis: a node that is started meanwhile serves like those that run.
#[tokio::test]
async fn is_blind_while_redis_refuses_it() {
    let redis = Redis::start();
    let url = redis.url_as("keyleash", "hush");
    let (sender, _events) = mpsc::channel(1);
    let bus = RedisBus::start(&url, false, sender, Entropy::new()).unwrap();
    let refused = async || RedisBus::probe(&url, false, &Entropy::new()).await.unwrap_err();
    assert!(matches!(refused().await, RedisBusError::Credentials { .. }));
    until("the first refusal", || *bus.shared.sight() == Sight::Blind).await;

    let mut rights: Vec<&str> = ACL.split(' ').skip(1).collect();
    let all = [&["ACL", "SETUSER"], &rights[..]].concat();
    assert_eq!(rights.pop(), Some("+publish"));
    redis.ask(&[&["ACL", "SETUSER"], &rights[..]].concat());
    let error = refused().await.to_string();
    assert!(error.contains("publish") && !error.contains("hush"), "{error}");
    assert!(bus.is_blind());
    redis.ask(&all);
    until("sight", || !bus.is_blind()).await;
}

#[tokio::test]
async fn what_no_node_says_is_counted_and_ignored() {
    let redis = Redis::start();
    let (mut one, two) = two_nodes(&redis.url(), false).await;
    let (channel, before) = (words::channel(user(1)), FIGURES.hints_refused.get());
    let noise = ["", "7", "presence", "0123456789abcdef -7", "0123456789abcdef 7 7", "0123456789abcdef 1e9"];
    for noise in noise {
        assert_eq!(redis.ask(&["PUBLISH", &channel, noise]), "1");
    }
    hears_again(&mut one, &two, 1).await;
    assert_eq!(FIGURES.hints_refused.get() - before, noise.len() as u64);
}

/// A change's answer waits for a publication; a publication waits for nothing.
#[tokio::test]
async fn publishing_does_not_wait_for_a_wedged_redis() {
    let redis = Redis::start();
    let (mut one, two) = two_nodes(&redis.url(), false).await;
    redis.freeze();
    let publishing = async {
        for seq in 1..=2 * PUBLISH_QUEUE {
            two.bus.publish(Hint::changed(user(1), Seq(i64::try_from(seq).unwrap()))).await.unwrap();
        }
    };
    timeout(PATIENCE, publishing).await.expect("thousands of publications do not wait for one Redis");
    // To its own devices a node needs no Redis.
    let own = Hint::changed(user(1), Seq(i64::MAX));
    one.bus.publish(own).await.unwrap();
    assert_eq!(one.next_hint().await, own);
    redis.thaw();
    hears_again(&mut one, &two, i64::MAX - 1).await;
}

#[tokio::test]
async fn follows_a_cluster_that_changes() {
    let mut cluster = RedisCluster::start();
    let (mut one, two) = two_nodes(&cluster.masters[0].url(), true).await;
    let channel = words::channel(user(1));
    let slot: u16 = cluster.masters[0].ask(&["CLUSTER", "KEYSLOT", &channel]).parse().unwrap();
    let speakers = |cluster: &RedisCluster, at: usize| cluster.masters[at].ask(&["PUBSUB", "SHARDNUMSUB", &channel]);
    let owner = (0..3).find(|at| speakers(&cluster, *at) != "0").unwrap();

    let next = (owner + 1) % 3;
    cluster.move_slot(slot, next);
    hears_again(&mut one, &two, 1).await;

    cluster.masters[next].kill();
    until("the end of sight", || one.bus.is_blind() && two.bus.is_blind()).await;
    cluster.masters[next].restart();
    hears_again(&mut one, &two, 2).await;
}

/// What it costs when Redis comes back to a full node. The time is for reading, not for failing.
#[tokio::test]
async fn ten_thousand_users_are_subscribed_again_in_a_few_requests() {
    const USERS: u128 = 10_000;
    let mut redis = Redis::start();
    let mut node = Node::start(bus(&redis.url(), false), 64).await;
    (1..=USERS).for_each(|number| node.bus.subscribe(user(number)));
    let subscribed = |redis: &Redis| redis.ask(&["INFO", "stats"]).contains("pubsub_channels:10001\r");
    until("every subscription", || subscribed(&redis)).await;
    redis.kill();
    until("the end of sight", || node.bus.is_blind()).await;
    redis.restart();
    let back = Instant::now();
    node.until_it_sees().await;
    println!("{USERS} users subscribed again {:?} after Redis came back", back.elapsed());
    assert!(subscribed(&redis), "when it sees, it has subscribed to everybody");
    while node.next().await != BusEvent::Missed {}
}
