//! Who is online, over nodes: seen from any, right again after a node died, and one device is on one node.

use keyleash_protocol::{CloseCode, DeviceId, Version, http::DeviceView};

use crate::{
    browser::{Browser, Owner, credential},
    site::Site,
    support::{Server, eventually},
};

fn is_online(devices: &[DeviceView], id: DeviceId) -> bool {
    devices.iter().any(|device| device.id == id && device.online)
}

async fn until_online(browser: &mut Browser, other: DeviceId, online: bool) {
    let what = if online { "the other device online" } else { "the other device offline" };
    browser.until_devices(what, |devices| is_online(devices, other) == online).await;
}

/// Desk on the first node, laptop on the second.
async fn two(site: &Site, email: &str) -> (Server, Server, Owner, Browser, Browser) {
    let (one, two) = (site.node().await, site.node().await);
    let mut owner = Owner::new(&one, email).await;
    let desk = owner.browser(&one, "Desk").await;
    let laptop = owner.browser(&two, "Laptop").await;
    (one, two, owner, desk, laptop)
}

#[tokio::test]
async fn a_device_is_online_for_who_asks_another_node() {
    let site = Site::new().await;
    let (one, _two, owner, mut desk, mut laptop) = two(&site, "online@example.com").await;
    until_online(&mut desk, laptop.device.id, true).await;
    until_online(&mut laptop, desk.device.id, true).await;
    let listed = owner.trader.api.get("/devices").await.ok();
    assert!(listed["devices"].as_array().unwrap().iter().all(|device| device["online"] == true), "{listed}");

    // Up to date, too.
    let (_, seq) = desk.put(credential(1), Version(0), "label").await.unwrap();
    laptop.until_at(seq).await;
    let id = laptop.device.id;
    let has_it = |devices: &[DeviceView]| devices.iter().any(|device| device.id == id && device.acked_seq >= seq);
    desk.until_devices("the laptop's ack", has_it).await;

    let gone = laptop.device.id;
    drop(laptop);
    until_online(&mut desk, gone, false).await;
    drop(one);
}

#[tokio::test]
async fn a_node_that_dies_without_a_word_takes_its_devices_offline_and_they_come_back_elsewhere() {
    let site = Site::new().await;
    let (one, mut two, _owner, mut desk, laptop) = two(&site, "killed@example.com").await;
    until_online(&mut desk, laptop.device.id, true).await;
    two.kill();
    // By the end of the lease, and nobody did anything.
    until_online(&mut desk, laptop.device.id, false).await;
    let laptop = laptop.reconnect(&one).await;
    until_online(&mut desk, laptop.device.id, true).await;
}

#[tokio::test]
async fn a_device_that_moves_leaves_its_old_socket_and_stays_online() {
    let site = Site::new().await;
    let (one, _two, _owner, mut desk, mut old) = two(&site, "moves@example.com").await;
    until_online(&mut desk, old.device.id, true).await;

    // Its network broke: the old socket is still open as far as the server knows.
    let mut device = loadtest::device::Device::new(old.device.user).unwrap();
    std::mem::swap(&mut device, &mut old.device);
    let mut moved = Browser::connect(&one, old.api.clone(), device).await;
    assert_eq!(old.until_closed().await, Some(CloseCode::Superseded.code()));

    let (_, seq) = desk.put(credential(1), Version(0), "after the move").await.unwrap();
    moved.until_at(seq).await;
    let listed = moved.api.get("/devices").await.ok();
    assert!(listed["devices"].as_array().unwrap().iter().all(|device| device["online"] == true), "{listed}");
}

/// The news that it went waits until the database is there again.
#[tokio::test]
async fn a_device_that_left_while_the_database_was_away_is_offline_afterwards() {
    let site = Site::new().await;
    let (_one, two, _owner, mut desk, laptop) = two(&site, "away@example.com").await;
    until_online(&mut desk, laptop.device.id, true).await;
    site.postgres.freeze();
    let gone = laptop.device.id;
    drop(laptop);
    eventually("a batch that failed", async || two.log().contains("was not written; trying again").then_some(())).await;
    site.postgres.thaw();
    until_online(&mut desk, gone, false).await;
}
