//! What people do, by the interface that people use: logins and removals, on a site whose keys are in a key service.

use keyleash_testbed::{Kms, Redis};
use loadtest::capacity::costs::Cost;
use serde_json::json;
use tokio::time::sleep;

use crate::{
    browser::{Browser, Owner},
    meter::Meter,
    site::Site,
};

/// Each has ten recovery codes: two for its browsers, one for the removal, the rest for logins.
const OWNERS: usize = 12;
const LOGINS: usize = 5;

pub struct People {
    pub removal: Cost,
    pub login: Cost,
    /// For a user on a node that has not met the user yet.
    pub kms_calls: f64,
}

pub async fn measure() -> People {
    let redis = tokio::task::spawn_blocking(Redis::start).await.unwrap();
    let kms = tokio::task::spawn_blocking(Kms::start).await.unwrap();
    let (key, endpoint) = (kms.create_key(), kms.endpoint());
    let mut site = Site::new().await.with("BUS__URL", &redis.url()).with("LIMITS__HEARTBEAT_SECONDS", "300");
    // A node that is told of a key file wants it to be there, also when its keys are elsewhere.
    drop(site.node().await);
    let own = [("KMS__PROVIDER", "aws"), ("KMS__KEY_ID", key.as_str()), ("KMS__ENDPOINT_URL", endpoint.as_str())];
    for (name, value) in own.into_iter().chain(Kms::environment()) {
        site = site.with(name, value);
    }
    let site = site.with("LIMITS__ATTEMPTS_PER_ADDRESS", "1000000").with("LIMITS__MAILS_PER_HOUR", "1000");
    let (one, two) = (site.node().await, site.node().await);
    let meter = Meter::new(&site, &redis, [one.pid(), two.pid()]);
    let quiet = meter.around(async || sleep(crate::QUIET).await).await;
    let second = quiet.cost * (1.0 / quiet.seconds);

    eprintln!("{OWNERS} people with two devices each");
    let (mut owners, mut calls) = (Vec::new(), 0);
    for number in 0..OWNERS {
        let mut owner = Owner::new(&one, &format!("trader{number}@example.com")).await;
        let remover = owner.browser(&one, "desk").await;
        // The other node has not met this user. And each has as many devices: they would even out.
        let before = kms.calls("Decrypt");
        let lost = owner.browser(&two, "laptop").await;
        calls += kms.calls("Decrypt") - before;
        owners.push((owner, remover, lost));
    }
    let kms_calls = f64::from(calls) / OWNERS as f64;

    let removals = meter
        .around(async || {
            for (owner, remover, lost) in &mut owners {
                remove(owner, remover, lost).await;
            }
        })
        .await;
    let logins = meter
        .around(async || {
            for (owner, ..) in &mut owners {
                for _ in 0..LOGINS {
                    owner.trader.log_in(&two).await;
                }
            }
        })
        .await;
    People {
        removal: removals.less(second).cost * (1.0 / OWNERS as f64),
        login: logins.less(second).cost * (1.0 / (OWNERS * LOGINS) as f64),
        kms_calls,
    }
}

/// Up to the removed device's receipt, which its owner sees.
async fn remove(owner: &mut Owner, remover: &mut Browser, lost: &mut Browser) {
    let (id, code) = (lost.device.id, owner.trader.recovery_code());
    let removal = async {
        let path = format!("/devices/{id}/remove");
        owner.trader.api.post(&path, json!({ "recovery_code": code })).await.ok();
    };
    tokio::join!(removal, lost.until_revoked());
    remover
        .until_devices("the receipt", |devices| {
            devices.iter().any(|device| device.id == id && device.receipt.is_some())
        })
        .await;
}
