//! Many devices at once: what one costs. A program of its own, so that no other test's server is measured against its time.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

#[path = "support/mod.rs"]
mod support;

#[path = "support/crowd.rs"]
mod seeded;

#[path = "support/site.rs"]
mod site;

use std::time::Instant;

use crate::{
    seeded::{live, seed},
    site::Site,
    support::{eventually, resident_kib},
};

const USERS: usize = 450;
const DEVICES_PER_USER: usize = 2;
/// Connected before the first measurement: the server's own shelves are filled with these.
const WARM: usize = 300;
/// What one live device may cost the server: a buffer that stays with each socket would be seen. Our own code is not
/// optimised here, and one in a few hundred devices pays for the allocator's next page.
const BYTES_PER_DEVICE_MAX: u64 = 8 * 1024;

#[tokio::test]
async fn a_live_device_costs_little() {
    // Not SQLite: its page cache grows with the rows that were read, and is this process's.
    let site = Site::new().await;
    let server = site.node().await;
    let crowd = seed(&server, USERS, DEVICES_PER_USER).await;
    let (mut lines, mut warm_kib, start) = (Vec::new(), 0, Instant::now());
    for (device, token) in &crowd {
        if lines.len() == WARM {
            warm_kib = resident_kib(server.pid());
        }
        lines.push(live(&server, device, token).await);
    }
    println!("{} devices said hello one after another in {:?}", crowd.len(), start.elapsed());
    // What the hellos themselves took is free again once their deadlines have passed.
    let measured = crowd.len() - WARM;
    let bytes = eventually("a device's share of memory below its bound", async || {
        let bytes = resident_kib(server.pid()).saturating_sub(warm_kib) * 1024 / measured as u64;
        (bytes < BYTES_PER_DEVICE_MAX).then_some(bytes)
    })
    .await;
    println!("{measured} live, verified devices, {DEVICES_PER_USER} to a user: {bytes} bytes of server memory each");
}
