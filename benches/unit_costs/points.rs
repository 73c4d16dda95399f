//! The same with more and more devices, to see whether costs stay what they are: what `loadtest capacity` holds its formula
//! against.

use std::time::{Duration, Instant};

use keyleash_testbed::Redis;
use loadtest::capacity::check::{Point, Points};
use tokio::time::sleep;

use crate::{
    crowd,
    devices::{Crowd, GREETINGS_AT_ONCE},
    meter::{self, Meter},
    site::Site,
};

/// The last is near the 20,000 files that a process may open on many machines.
const DEVICES: [usize; 4] = [300, 1_000, 5_000, 19_000];
const DEVICES_PER_USER: usize = 3;
/// One heartbeat of each device, and then some.
const WATCHED: Duration = Duration::from_mins(1);

/// Up to `most` devices.
pub async fn measure(most: usize) -> Points {
    let redis = tokio::task::spawn_blocking(Redis::start).await.unwrap();
    let site = Site::new().await.with("BUS__URL", &redis.url());
    let nodes = [site.node().await, site.node().await];
    let meter = Meter::new(&site, &redis, [nodes[0].pid(), nodes[1].pid()]);
    let sizes: Vec<usize> = DEVICES.into_iter().filter(|devices| *devices <= most).collect();
    let users = sizes.last().unwrap().div_ceil(DEVICES_PER_USER);
    eprintln!("writing {users} users with {DEVICES_PER_USER} devices each");
    let seeded = crowd::seed(&nodes[0], users, DEVICES_PER_USER).await;
    let mut crowd = Crowd::new(&nodes, seeded, DEVICES_PER_USER);
    let mut points = Vec::new();
    for devices in sizes {
        let point = point(devices, &mut crowd, &meter).await;
        eprintln!("{point:?}");
        points.push(point);
    }
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    Points { machine: meter::machine(), cores, nodes: nodes.len(), points }
}

/// Each has more devices than the one before, so that memory was never taken for more than are there.
async fn point(devices: usize, crowd: &mut Crowd<'_>, meter: &Meter<'_>) -> Point {
    // The first time each of them binds its session and gets its key.
    crowd.connect(|number| number < devices).await;
    crowd.disconnect().await;
    let (own_before, mut seconds, mut client_us) = (meter::own_us(), 0.0, 0.0);
    let reading = meter
        .around(async || {
            let began = Instant::now();
            crowd.connect(|number| number < devices).await;
            (seconds, client_us) = (began.elapsed().as_secs_f64(), meter::own_us() - own_before);
        })
        .await;
    let resident = meter.resident().iter().sum();
    let idle = meter.around(async || sleep(WATCHED).await).await;
    crowd.disconnect().await;
    // What goes on by itself while the counters settle is no part of a hello.
    let count = devices as f64;
    let hellos = reading.cost - idle.cost * (reading.settled / idle.seconds);
    Point {
        devices,
        in_flight: GREETINGS_AT_ONCE,
        seconds,
        client_us: client_us / count,
        node_us: hellos.node_us / count,
        parts_us: (hellos.store_us + hellos.bus_us) / count,
        resident,
        idle_cores: idle.cost.node_us / 1e6 / idle.seconds,
    }
}
