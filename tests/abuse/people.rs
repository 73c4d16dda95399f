//! Logins, passwords and addresses: what a patient or a quick attacker tries beside `tests/http`.

use std::time::Duration;

use reqwest::Method;
use serde_json::json;

use crate::{
    support::{Api, PASSWORD, Server, Trader},
    victim::Browser,
};

/// A login that was judged by the old password does not outlive its change: the change ends every other session, also the
/// one that is just being made.
#[tokio::test]
async fn no_login_by_the_old_password_survives_its_change() {
    // One check at a time: logins that come while the new password is hashed are judged after it is stored.
    let server = Server::start_with(&[("LIMITS__PASSWORD_CHECKS", "1")]).await;
    let trader = Trader::sign_up(&server, "trader@example.com").await;
    let login = json!({ "email": trader.email, "password": PASSWORD, "transport": "bearer" });
    let mut attackers = tokio::task::JoinSet::new();
    let change = json!({ "password": PASSWORD, "new_password": "another good password" });
    let (changing, attacking) = (trader.api.post("/password/change", change), async {
        for _ in 0..8 {
            let (api, login) = (Api::new(&server), login.clone());
            attackers.spawn(async move { api.post("/login", login).await });
            tokio::time::sleep(Duration::from_millis(4)).await;
        }
    });
    let (changed, ()) = tokio::join!(changing, attacking);
    changed.ok();
    let answers = attackers.join_all().await;
    let tokens: Vec<&str> = answers.iter().filter_map(|answer| answer.body["token"].as_str()).collect();
    for token in &tokens {
        Api::new(&server).with_token(token).get("/me").await.refused(401, "session_required");
    }
    trader.api.get("/me").await.ok();
    Api::new(&server).post("/login", login).await.refused(401, "bad_credentials");
}

/// A reset link that somebody asked for before the owner changed the password is good for nothing after.
#[tokio::test]
async fn a_password_change_ends_reset_links() {
    let server = Server::start().await;
    let trader = Trader::sign_up(&server, "trader@example.com").await;
    trader.api.post("/password/forgot", json!({ "email": trader.email })).await.ok();
    let token = server.link(&trader.email, "reset").await;
    let change = json!({ "password": PASSWORD, "new_password": "another good password" });
    trader.api.post("/password/change", change).await.ok();
    let reset = json!({ "token": token, "new_password": "the attacker's password" });
    Api::new(&server).post("/password/reset", reset).await.refused(410, "link_used_or_expired");
}

/// Panic ends every login but the one that asks for it and that of the device that stays: also one that a thief has and
/// uses from no device.
#[tokio::test]
async fn panic_ends_logins_without_a_device() {
    let server = Server::start().await;
    let mut owner = Trader::with_sync(&server, "trader@example.com").await;
    let (kept, lost) =
        (Browser::verified(&server, &mut owner, "desk").await, Browser::verified(&server, &mut owner, "lost").await);
    let thief = owner.log_in(&server).await;
    let body = json!({ "device": kept.device.id, "recovery_code": owner.recovery_code() });
    owner.api.post("/panic", body).await.ok();
    thief.get("/me").await.refused(401, "session_required");
    lost.api.get("/me").await.refused(401, "device_removed");
    kept.api.get("/me").await.ok();
    owner.api.get("/me").await.ok();
}

/// Case 3: the owner reads in the log that somebody guesses codes; once for each series, however long it is.
#[tokio::test]
async fn guessing_codes_is_in_the_owners_log() {
    let server = Server::start().await;
    let trader = Trader::with_sync(&server, "trader@example.com").await;
    for _ in 0..8 {
        trader.api.post("/recovery-codes", json!({ "totp": "000000" })).await;
    }
    let events = trader.api.get("/events").await.ok();
    let blocked = events["events"].as_array().unwrap().iter().filter(|event| event["kind"] == "attempts_blocked");
    assert_eq!(blocked.count(), 1, "{events}");
}

/// Case 5, behind a proxy that is believed: what the client wrote into the header stands before what the proxy wrote, in
/// the same line or in one of its own, and is not believed.
#[tokio::test]
async fn a_client_behind_a_proxy_cannot_choose_its_address() {
    let server = Server::start_with(&BEHIND_A_PROXY).await;
    let statuses = guesses(&server, |n, request| {
        request.header("X-Forwarded-For", format!("203.0.113.{n}")).header("X-Forwarded-For", "198.51.100.7")
    });
    assert_eq!(statuses.await, [401, 401, 401, 401, 401, 429, 429, 429]);
    let statuses =
        guesses(&server, |n, request| request.header("X-Forwarded-For", format!("203.0.113.{n}, 198.51.100.8")));
    assert_eq!(statuses.await, [401, 401, 401, 401, 401, 429, 429, 429]);
}

/// Case 5: who has one IPv6 connection has 2^64 addresses; they are one client.
#[tokio::test]
async fn the_addresses_of_one_ipv6_network_are_one_client() {
    let server = Server::start_with(&BEHIND_A_PROXY).await;
    let statuses =
        guesses(&server, |n, request| request.header("X-Forwarded-For", format!("2001:db8:0:1:{n:x}::{n:x}")));
    assert_eq!(statuses.await, [401, 401, 401, 401, 401, 429, 429, 429]);
    let elsewhere = guesses(&server, |n, request| request.header("X-Forwarded-For", format!("2001:db8:0:{n:x}2::1")));
    assert_eq!(elsewhere.await, [401; 8]);
}

const BEHIND_A_PROXY: [(&str, &str); 2] =
    [("HTTP__TRUSTED_PROXIES", r#"["127.0.0.1"]"#), ("LIMITS__ATTEMPTS_PER_ADDRESS", "5")];

/// The statuses of eight wrong logins.
async fn guesses(
    server: &Server,
    dress: impl Fn(usize, reqwest::RequestBuilder) -> reqwest::RequestBuilder,
) -> Vec<u16> {
    let mut statuses = Vec::new();
    for n in 0..8 {
        let request = dress(n, Api::new(server).request(Method::POST, "/login"));
        let body = json!({ "email": format!("{n}@example.com"), "password": PASSWORD });
        statuses.push(request.json(&body).send().await.unwrap().status().as_u16());
    }
    statuses
}

/// A request whose body never comes does not hold its connection for ever.
#[tokio::test]
async fn a_body_that_never_comes_is_not_waited_for() {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    let server = Server::start().await;
    let mut io = tokio::net::TcpStream::connect(server.url.trim_start_matches("http://")).await.unwrap();
    let head =
        "POST /api/v1/login HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{";
    io.write_all(head.as_bytes()).await.unwrap();
    let mut answer = Vec::new();
    tokio::time::timeout(crate::support::PATIENCE, io.read_to_end(&mut answer)).await.expect("hung up").unwrap();
    let answer = String::from_utf8(answer).unwrap();
    assert!(answer.starts_with("HTTP/1.1 503"), "{answer}");
}
