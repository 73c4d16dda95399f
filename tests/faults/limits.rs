//! What is counted is counted for all nodes together: asking another node gives nobody another try.

use serde_json::json;

use crate::{
    browser::Owner,
    site::Site,
    support::{Api, PASSWORD, Trader},
};

/// Case 2: one code, two nodes, at the same time and again afterwards.
#[tokio::test]
async fn a_code_is_good_for_one_node_once() {
    let site = Site::new().await;
    let (one, two) = (site.node().await, site.node().await);
    let mut trader = Trader::with_sync(&one, "once@example.com").await;
    let body = json!({ "email": trader.email, "password": PASSWORD, "totp": trader.code().await });
    let (on_one, on_two) = (Api::new(&one), Api::new(&two));
    let (a, b) = tokio::join!(on_one.post("/login", body.clone()), on_two.post("/login", body.clone()));
    let won = [a.status, b.status].iter().filter(|status| status.is_success()).count();
    assert_eq!(won, 1, "{a:?} {b:?}");
    on_one.post("/login", body.clone()).await.refused(403, "totp_invalid");
    on_two.post("/login", body).await.refused(403, "totp_invalid");
}

#[tokio::test]
async fn a_guesser_gets_no_further_try_from_another_node() {
    let site = Site::new().await;
    let (one, two) = (site.node().await, site.node().await);
    let mut trader = Trader::sign_up(&one, "guessed@example.com").await;
    trader.enable_totp().await;
    let nodes = [Api::new(&one), Api::new(&two)];

    // The password was right each time: what is counted is the code.
    let guess = json!({ "email": trader.email, "password": PASSWORD, "totp": "000000" });
    for n in 0..5 {
        nodes[n % 2].post("/login", guess.clone()).await.refused(403, "totp_invalid");
    }
    for node in &nodes {
        node.post("/login", guess.clone()).await.refused(429, "too_many_attempts");
    }

    let guess = json!({ "email": trader.email, "password": "guess guess guess" });
    for n in 0..10 {
        let answer = nodes[n % 2].post("/login", guess.clone()).await;
        if answer.status == 429 {
            // The tries above counted too.
            break;
        }
        answer.refused(401, "bad_credentials");
    }
    for node in &nodes {
        node.post("/login", guess.clone()).await.refused(429, "too_many_attempts");
    }
}

#[tokio::test]
async fn a_mailbox_is_not_flooded_through_several_nodes() {
    let site = Site::new().await.with("LIMITS__MAILS_PER_HOUR", "3");
    let (one, two) = (site.node().await, site.node().await);
    let mut owner = Owner::new(&one, "flooded@example.com").await;
    let browser = owner.pending(&one, "Desk").await;
    let path = format!("/devices/{}/verification-mail", browser.device.id);
    let nodes = [Api::new(&one), Api::new(&two)].map(|api| api.with_token(browser.api.token()));
    for n in 0..3 {
        nodes[n % 2].post(&path, json!({})).await.ok();
    }
    for node in &nodes {
        node.post(&path, json!({})).await.refused(429, "too_many_requests");
    }
}
