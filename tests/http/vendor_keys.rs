//! The vendor's keys: changed, withdrawn, and out of reach.

use keyleash_testbed::Vendor;
use serde_json::{Value, json};

use crate::{
    support::{Answer, Server, eventually, run, said},
    vendor::{House, claims, log_in, terms},
};

fn signed(vendor: &Vendor, key: &str) -> String {
    vendor.sign(key, &json!({ "alg": "ES256", "kid": key }), &claims())
}

async fn vendors_part(server: &Server) -> (bool, Value) {
    let answer = Answer::read(reqwest::get(format!("{}/readyz", server.admin)).await.unwrap()).await;
    let parts = answer.body["parts"].as_array().unwrap().clone();
    let part = parts.into_iter().find(|part| part["name"] == "vendor_keys").unwrap();
    (answer.status.is_success(), part)
}

/// A new key is fetched when a token names it, the one before is good no more; and whoever names keys that are not there
/// causes one question a minute.
#[tokio::test]
async fn a_key_that_is_not_known_is_fetched_once_a_minute() {
    let house = House::new("jwt").await;
    let vendor = &house.vendor;
    house.log_in(&signed(vendor, "es256")).await.ok();
    assert_eq!(vendor.fetches(), 1, "at the start");
    vendor.publish(&["es256-next"]);
    house.log_in(&signed(vendor, "es256")).await.ok();
    assert_eq!(vendor.fetches(), 1, "known keys are not asked for");
    house.log_in(&signed(vendor, "es256-next")).await.ok();
    assert_eq!(vendor.fetches(), 2);
    house.log_in(&signed(vendor, "es256")).await.refused(401, "bad_token");
    for n in 0..20 {
        let made_up = vendor.sign("es256-stranger", &json!({ "alg": "ES256", "kid": format!("{n}") }), &claims());
        house.log_in(&made_up).await.refused(401, "bad_token");
    }
    assert_eq!(vendor.fetches(), 2);
    house.log_in(&signed(vendor, "es256-next")).await.ok();
}

/// Known keys go on while the vendor is away; what is not known is refused, not believed; and operators are told.
#[tokio::test]
async fn known_keys_go_on_while_the_vendor_is_away() {
    let mut house = House::new("jwt").await;
    let (known, next) = (signed(&house.vendor, "es256"), signed(&house.vendor, "es256-next"));
    assert_eq!(vendors_part(&house.server).await.1["ready"], true);
    house.vendor.kill();
    house.log_in(&next).await.refused(401, "bad_token");
    house.log_in(&known).await.ok();
    let (ready, part) = vendors_part(&house.server).await;
    assert!(ready, "a vendor that is away is everybody's trouble, and takes no node out");
    assert!(part["ready"] == false && part["reason"].as_str().unwrap().contains("cannot read http://"), "{part}");
    let metrics = reqwest::get(format!("{}/metrics", house.server.admin)).await.unwrap().text().await.unwrap();
    assert!(metrics.contains("keyleash_vendor_keys_up 0"));
    assert!(house.server.log().contains("the vendor's keys could not be fetched"));
}

/// A node starts without the vendor, and says that it cannot know anybody yet.
#[tokio::test]
async fn without_any_keys_nobody_is_let_in() {
    let vendor = Vendor::start();
    let token = signed(&vendor, "es256");
    vendor.misbehave(&json!(503));
    let url = vendor.jwks_url();
    let mut configuration = terms("jwt").to_vec();
    configuration.push(("IDENTITY__JWKS_URL", &url));
    let server = Server::start_with(&configuration).await;
    let refused = log_in(&server, json!({ "token": token })).await.refused(503, "unavailable");
    assert!(refused.headers.contains_key("retry-after"));
    let output = run(&["serve", "--fail-fast"], &configuration).await;
    assert!(!output.status.success() && said(&output).contains("jwks_url"), "{}", said(&output));
}

/// Whatever the vendor's address answers instead of keys is told by `doctor`, quickly, and believed in nothing.
#[tokio::test]
async fn what_is_no_key_set_is_told() {
    let house = House::new("jwt").await;
    let elsewhere = Vendor::start();
    for (how, words) in [
        (json!(null), "has 4 keys"),
        (json!(500), "it answers 500"),
        (json!("huge"), "length limit exceeded"),
        (json!("garbage"), "no JSON Web Key Set"),
        (json!({ "redirect": elsewhere.jwks_url() }), "it answers 302"),
        (json!({ "wait": 60 }), "does not answer within 5s"),
    ] {
        house.vendor.misbehave(&how);
        let output = house.server.run(&["doctor"]).await;
        let said = said(&output);
        let line = said.lines().find(|line| line.contains(" login ")).unwrap();
        assert!(line.contains(words) && line.starts_with("ok") == how.is_null(), "{how}: {said}");
    }
    assert_eq!(elsewhere.fetches(), 0, "no redirect is followed");
}

/// A file is looked at while the server runs. One that cannot be used changes nothing.
#[tokio::test]
async fn a_key_file_is_read_again_when_it_changes() {
    let vendor = Vendor::start();
    let file = vendor.jwks_file();
    let mut configuration = terms("jwt").to_vec();
    configuration.push(("IDENTITY__JWKS_FILE", &file));
    let server = Server::start_with(&configuration).await;
    let (before, after) = (signed(&vendor, "es256"), signed(&vendor, "es256-next"));
    let login = async |token: &str| log_in(&server, json!({ "token": token })).await;
    login(&before).await.ok();
    login(&after).await.refused(401, "bad_token");
    std::fs::write(&file, "{").unwrap();
    eventually("word of it", async || (vendors_part(&server).await.1["ready"] == false).then_some(())).await;
    login(&before).await.ok();
    vendor.publish(&["es256-next"]);
    vendor.jwks_file();
    eventually("the new keys", async || (vendors_part(&server).await.1["ready"] == true).then_some(())).await;
    login(&after).await.ok();
    login(&before).await.refused(401, "bad_token");

    std::fs::write(&file, "{}").unwrap();
    let output = run(&["serve"], &configuration).await;
    assert!(!output.status.success() && said(&output).contains("jwks_file"), "{}", said(&output));
}
