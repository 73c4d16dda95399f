//! Nodes come and go under load, told to or killed. What was answered is kept, and devices move.

use std::time::Duration;

use keyleash_protocol::socket::RevokeReason;
use keyleash_testbed::free_port;
use serde_json::json;

use crate::{
    balancer::Balancer,
    browser::Owner,
    roaming::Roamer,
    site::Site,
    support::{Server, eventually},
};

const DEVICES: usize = 4;
/// Other users, who make nodes care who has how many devices.
const OTHER_USERS: usize = 5;

/// Two nodes behind a balancer, and devices of one owner that live there; the first writes.
struct Crowd {
    _site: Site,
    balancer: Balancer,
    nodes: Vec<Server>,
    owner: Owner,
    roamers: Vec<Roamer>,
    /// Of other users, who write nothing.
    others: Vec<Roamer>,
}

impl Crowd {
    async fn new(email: &str) -> Self {
        let ports = [(free_port(), free_port()), (free_port(), free_port())];
        let balancer = Balancer::to(&ports).await;
        let site = Site::new().await.with("HTTP__PUBLIC_URL", &balancer.url);
        let mut nodes = Vec::new();
        for (port, admin) in ports {
            let (listen, admin) = (format!("127.0.0.1:{port}"), format!("127.0.0.1:{admin}"));
            nodes.push(site.node_with(&[("HTTP__LISTEN", &listen), ("ADMIN__LISTEN", &admin)]).await);
        }
        for node in &nodes {
            until_ready(node).await;
        }
        // Both answer to the balancer's name.
        let mut owner = Owner::new(&nodes[0], email).await;
        let mut roamers = Vec::new();
        for number in 0..DEVICES {
            let browser = owner.browser(&nodes[0], &format!("Device {number}")).await;
            roamers.push(Roamer::start(&balancer.url, browser, number == 0));
        }
        let crowd = Self { _site: site, balancer, nodes, owner, roamers, others: Vec::new() };
        crowd.until_written(10).await;
        crowd
    }

    async fn join(&mut self, email: &str) {
        let mut owner = Owner::new(&self.nodes[0], email).await;
        for number in 0..DEVICES {
            let browser = owner.browser(&self.nodes[0], &format!("Device {number}")).await;
            self.others.push(Roamer::start(&self.balancer.url, browser, false));
        }
    }

    /// Waits until each node has at least a third of the devices.
    async fn until_even(&self) {
        let enough = (self.roamers.len() + self.others.len()).div_ceil(3);
        eventually("an even load", async || {
            let (one, two) = (sockets(&self.nodes[0]).await?, sockets(&self.nodes[1]).await?);
            (one >= enough && two >= enough).then(|| println!("{one} and {two} sockets"))
        })
        .await;
    }

    fn written(&self) -> usize {
        self.roamers[0].journey().answered.len()
    }

    /// Waits until this many writes more are answered.
    async fn until_written(&self, more: usize) {
        let enough = self.written() + more;
        eventually("answered writes", async || (self.written() >= enough).then_some(())).await;
    }

    /// Every device that is not removed holds every write that was answered.
    async fn until_converged(&self) {
        self.roamers[0].journey().writes = false;
        let answered = self.roamers[0].journey().answered.clone();
        for (number, roamer) in self.roamers.iter().enumerate() {
            eventually("all that was answered, on every device", async || {
                let journey = roamer.journey();
                let has_all = answered.iter().all(|id| journey.device.held.contains_key(id));
                (has_all || journey.device.revoked.is_some()).then_some(())
            })
            .await;
            let journey = roamer.journey();
            println!(
                "device {number}: welcomed {} times, {} connections failed; longest without a socket {:?}, told to stay away \
                 {:?} at most",
                journey.welcomes, journey.failed, journey.longest_offline, journey.longest_told
            );
        }
        println!("{} answered writes, all there", answered.len());
    }

    fn welcomes(&self) -> Vec<u32> {
        self.roamers.iter().map(|roamer| roamer.journey().welcomes).collect()
    }
}

async fn until_ready(node: &Server) {
    let url = format!("{}/readyz", node.admin);
    eventually("a node that is ready", async || reqwest::get(&url).await.ok()?.status().is_success().then_some(()))
        .await;
}

async fn sockets(node: &Server) -> Option<usize> {
    node.figure("keyleash_sockets").await
}

#[tokio::test]
async fn a_rolling_restart_loses_no_answer_and_no_device_meets_a_closed_door() {
    let mut crowd = Crowd::new("rolling@example.com").await;
    let (one, two) = (sockets(&crowd.nodes[0]).await.unwrap(), sockets(&crowd.nodes[1]).await.unwrap());
    assert!(one > 0 && two > 0, "{one} and {two} sockets");
    for node in 0..crowd.nodes.len() {
        let ended = crowd.nodes[node].terminate().await;
        assert!(ended.success(), "{ended}");
        crowd.until_written(10).await;
        crowd.nodes[node].start_again();
        until_ready(&crowd.nodes[node]).await;
        crowd.until_written(10).await;
    }
    crowd.until_converged().await;
    for (number, roamer) in crowd.roamers.iter().enumerate() {
        assert_eq!(roamer.journey().failed, 0, "device {number} was sent to a node that did not take it");
        assert!(roamer.journey().welcomes >= 2, "device {number} moved");
    }
}

/// The node that came back last was empty, and devices stay where they are until somebody sends them.
#[tokio::test]
async fn after_a_rolling_restart_each_node_has_its_part_of_the_load() {
    let mut crowd = Crowd::new("even@example.com").await;
    for number in 0..OTHER_USERS {
        crowd.join(&format!("even-{number}@example.com")).await;
    }
    for node in 0..crowd.nodes.len() {
        assert!(crowd.nodes[node].terminate().await.success());
        crowd.nodes[node].start_again();
        until_ready(&crowd.nodes[node]).await;
    }
    eventually("the first that are sent elsewhere", async || {
        let sent: u64 = crowd.nodes[0].figure("keyleash_rebalanced_total").await?;
        (sent > 0).then_some(())
    })
    .await;
    crowd.until_even().await;
    crowd.until_written(10).await;
    crowd.until_converged().await;
    for roamer in crowd.roamers.iter().chain(&crowd.others) {
        assert_eq!(roamer.journey().failed, 0, "a device was sent to a node that did not take it");
    }
}

#[tokio::test]
async fn a_node_killed_while_it_pushes_loses_no_answer() {
    let mut crowd = Crowd::new("killed-pushing@example.com").await;
    for node in 0..crowd.nodes.len() {
        crowd.nodes[node].kill();
        crowd.until_written(10).await;
        crowd.nodes[node].start_again();
        until_ready(&crowd.nodes[node]).await;
    }
    crowd.until_converged().await;
    assert!(crowd.welcomes().iter().all(|welcomes| *welcomes >= 2), "{:?}", crowd.welcomes());
}

/// Asked while both nodes are killed in turn: whatever the remover was answered, a removal that was is final, and one that
/// was not can be asked for again.
#[tokio::test]
async fn a_removal_that_was_answered_is_final_though_its_node_dies() {
    let mut crowd = Crowd::new("killed-removing@example.com").await;
    let removed = crowd.roamers[DEVICES - 1].journey().device.id;
    let mut answers = 0;
    for (node, delay_ms) in [(0, 20), (1, 60), (0, 0)] {
        let asking = {
            let (api, code) = (crowd.owner.trader.api.clone(), crowd.owner.trader.recovery_code());
            let request = api.request(reqwest::Method::POST, &format!("/devices/{removed}/remove"));
            tokio::spawn(request.json(&json!({ "recovery_code": code })).send())
        };
        tokio::time::sleep(Duration::from_millis(delay_ms)).await;
        crowd.nodes[node].kill();
        answers += usize::from(asking.await.unwrap().is_ok_and(|answer| answer.status().is_success()));
        crowd.nodes[node].start_again();
        until_ready(&crowd.nodes[node]).await;
    }
    if answers == 0 {
        let code = crowd.owner.trader.recovery_code();
        let path = format!("/devices/{removed}/remove");
        eventually("the removal", async || {
            let body = json!({ "recovery_code": code });
            let sent = crowd.owner.trader.api.request(reqwest::Method::POST, &path).json(&body).send().await;
            sent.ok()?.status().is_success().then_some(())
        })
        .await;
    }
    println!("{answers} of 3 removals were answered");
    let roamer = crowd.roamers[DEVICES - 1].clone();
    let reason = eventually("the revocation", async || roamer.journey().device.revoked).await;
    assert_eq!(reason, RevokeReason::Removed);
    crowd.until_converged().await;
    let listed = crowd.owner.trader.api.get("/devices").await.ok();
    let states = listed["devices"].as_array().unwrap().iter().map(|device| device["state"].as_str().unwrap());
    assert_eq!(states.filter(|state| *state == "removed").count(), 1, "{listed}");
}
