//! What one hello, heartbeat, put, delivery, removal and login costs each part, counted around many of them on two nodes with
//! PostgreSQL and Redis: `cargo bench --bench unit_costs > loadtest/src/capacity/costs.json`. Takes ten minutes. With
//! `-- points`, the same for more and more devices, for `loadtest/src/capacity/points.json`; a number behind it is the most.
//!
//! Prints what `loadtest capacity` reckons with, to standard output, and how it goes, to standard error; asserts nothing.
//! Processor time is what the kernel charged to each process, so a busy machine changes it little; still, let it rest.

#![expect(clippy::unwrap_used, reason = "a benchmark that cannot go on has failed")]
#![expect(clippy::cast_precision_loss, reason = "counts far below 2^53")]

#[path = "../../tests/support/browser.rs"]
mod browser;
#[path = "../../tests/support/crowd.rs"]
mod crowd;
mod devices;
mod meter;
mod people;
mod points;
#[path = "../../tests/support/site.rs"]
mod site;
#[path = "../../tests/support/mod.rs"]
mod support;
mod tables;

use std::time::Duration;

use keyleash::{entropy::Entropy, store::sql};
use keyleash_testbed::Redis;
use loadtest::capacity::costs::{Cost, Events, Memory, Node, Rows, UnitCosts};
use site::Site;
use tokio::time::sleep;

use devices::Crowd;
use meter::{Meter, Reading};

/// So many that what one of them costs is far above what a look at the counters does.
const USERS: usize = 500;
const DEVICES_PER_USER: usize = 3;
/// Changes of one credential of each user, after it was added.
const CHANGES: u32 = 10;
/// Long, so that a machine that stands still for a while loses nobody.
const HEARTBEAT: Duration = Duration::from_mins(1);
const WATCHED: Duration = Duration::from_mins(2);
/// Without devices: sweeps and leases.
const QUIET: Duration = Duration::from_secs(20);

#[tokio::main]
async fn main() {
    // `cargo test --benches` would run it as a test; it is none.
    let arguments: Vec<String> = std::env::args().collect();
    if !arguments.iter().any(|argument| argument == "--bench") {
        return;
    }
    if arguments.iter().any(|argument| argument == "points") {
        let most = arguments.iter().find_map(|argument| argument.parse().ok()).unwrap_or(usize::MAX);
        println!("{}", serde_json::to_string_pretty(&points::measure(most).await).unwrap());
    } else {
        println!("{}", serde_json::to_string_pretty(&costs().await).unwrap());
    }
}

async fn costs() -> UnitCosts {
    let redis = tokio::task::spawn_blocking(Redis::start).await.unwrap();
    let heartbeat = HEARTBEAT.as_secs().to_string();
    let site = Site::new().await.with("BUS__URL", &redis.url()).with("LIMITS__HEARTBEAT_SECONDS", &heartbeat);
    let nodes = [site.node().await, site.node().await];
    let meter = Meter::new(&site, &redis, [nodes[0].pid(), nodes[1].pid()]);

    let quiet = meter.around(async || sleep(QUIET).await).await;
    let second = quiet.cost * (1.0 / quiet.seconds);
    say("a node's second by itself", second * 0.5);

    eprintln!("writing {USERS} users with {DEVICES_PER_USER} devices each");
    let seeded = crowd::seed(&nodes[0], USERS, DEVICES_PER_USER).await;
    let seeded_rows = tables::of(&site);
    let mut crowd = Crowd::new(&nodes, seeded, DEVICES_PER_USER);

    // Before anybody was here: what a node has once taken it does not give back at once.
    let (memory_before, channels_before) = (meter.resident(), meter.bus_memory());
    // The first time each of them binds its session.
    crowd.connect(|_| true).await;
    crowd.disconnect().await;
    let count = crowd.len() as f64;

    let hellos = meter.around(async || crowd.connect(|_| true).await).await.less(second);
    let (memory_after, channels_after) = (meter.resident(), meter.bus_memory());
    eprintln!("memory of the nodes {memory_before:?}, then {memory_after:?} bytes");
    let idle = meter.around(async || sleep(WATCHED).await).await.less(second);
    let beats = count * idle.seconds / HEARTBEAT.as_secs_f64();
    let heartbeat = idle.cost * (1.0 / beats);
    say("a heartbeat", heartbeat);
    let of_live = |reading: &Reading| reading.cost - heartbeat * (reading.seconds / HEARTBEAT.as_secs_f64() * count);
    // While they come they beat less and less rarely: half of them on average, and all while the counters settle.
    let hello = hellos.cost - heartbeat * (hellos.settled / HEARTBEAT.as_secs_f64() * count);
    let hello = hello * (1.0 / count);
    say("a hello", hello);

    let goodbyes = meter.around(async || crowd.disconnect().await).await.less(second);
    let goodbye = goodbyes.cost * (1.0 / count);
    say("a goodbye", goodbye);

    crowd.lock();
    let unlocks = meter.around(async || crowd.connect(|_| true).await).await.less(second);
    let unlock =
        (unlocks.cost - heartbeat * (unlocks.settled / HEARTBEAT.as_secs_f64() * count)) * (1.0 / count) - hello;
    say("an unlock", unlock);

    let (first, _) = puts(&meter, &mut crowd, 1, second, &of_live).await;
    let (change, delivered) = puts(&meter, &mut crowd, CHANGES, second, &of_live).await;
    crowd.disconnect().await;
    crowd.connect(|number| number % DEVICES_PER_USER == 0).await;
    let alone = meter.around(async || crowd.put(CHANGES).await).await.less(second);
    let alone_beats = alone.seconds / HEARTBEAT.as_secs_f64() * USERS as f64;
    let put = (alone.cost - heartbeat * alone_beats) * (1.0 / (USERS as f64 * f64::from(CHANGES)));
    say("a put", put);
    let delivery = (change - put) * (1.0 / delivered);
    say("a delivery", delivery);
    let first_time = (first - change) * (1.0 / DEVICES_PER_USER as f64);
    say("what a new credential adds for each device", first_time);
    crowd.disconnect().await;

    let store = sql::open(site.database(), 1, &Entropy::new()).await.unwrap();
    let sweep_row = tables::sweep_row(&*store, &meter, USERS * DEVICES_PER_USER).await;
    say("a row of a sweep", sweep_row);
    let limits = tables::commits(&site).await;
    let with_credentials = tables::of(&site);
    let rows = Rows { credential: with_credentials.credential, holding: with_credentials.holding, ..seeded_rows };
    store.close().await;
    eprintln!("{rows:?}");

    let people = people::measure().await;
    say("a removal", people.removal);
    say("a login", people.login);

    let events = Events {
        hello: hello.not_negative(),
        unlock: unlock.not_negative(),
        goodbye: goodbye.not_negative(),
        heartbeat: heartbeat.not_negative(),
        put: put.not_negative(),
        delivery: delivery.not_negative(),
        first_time: first_time.not_negative(),
        removal: people.removal.not_negative(),
        login: people.login.not_negative(),
    };
    let memory = Memory {
        node: memory_before.iter().sum::<f64>() / 2.0,
        device: (memory_after.iter().sum::<f64>() - memory_before.iter().sum::<f64>()) / count,
        socket: meter::KERNEL_BYTES_PER_SOCKET,
        // Every user has devices on both nodes.
        channel: (channels_after - channels_before) / (2.0 * USERS as f64),
    };
    UnitCosts {
        machine: meter::machine(),
        events,
        memory,
        rows,
        node: Node { second: second * 0.5, sweep_row: sweep_row.not_negative() },
        limits,
        kms_calls: people.kms_calls,
    }
}

/// Puts by the first device of each user with all of them live: what one costs, and to how many devices it came.
async fn puts(
    meter: &Meter<'_>,
    crowd: &mut Crowd<'_>,
    each: u32,
    second: Cost,
    of_live: &impl Fn(&Reading) -> Cost,
) -> (Cost, f64) {
    let (before, count) = (crowd.deliveries(), USERS as f64 * f64::from(each));
    let reading = meter.around(async || crowd.put(each).await).await.less(second);
    let delivered = (crowd.deliveries() - before) as f64 / count;
    eprintln!("{count} puts, each to {delivered:.2} other devices");
    (of_live(&reading) * (1.0 / count), delivered)
}

fn say(what: &str, cost: Cost) {
    eprintln!(
        "{what:<44} node {:>8.1} us, store {:>8.1} us, bus {:>6.1} us, {:>6.3} transactions, {:>6.3} commits, {:>7.0} B of WAL, {:>6.3} publishes",
        cost.node_us, cost.store_us, cost.bus_us, cost.transactions, cost.commits, cost.wal_bytes, cost.publishes
    );
}
