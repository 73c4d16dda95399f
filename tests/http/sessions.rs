//! Sessions.

use serde_json::json;

use crate::support::{Answer, Api, PASSWORD, Server, Trader};

#[tokio::test]
async fn sessions_are_listed_and_ended() {
    let server = Server::start().await;
    let mut trader = Trader::sign_up(&server, "trader@example.com").await;
    let other = trader.log_in(&server).await;
    let list = trader.api.get("/sessions").await.ok();
    let sessions = list["sessions"].as_array().unwrap();
    assert_eq!(sessions.len(), 2);
    let not_this = sessions.iter().find(|session| session["current"] == false).unwrap();
    let path = format!("/sessions/{}", not_this["id"].as_str().unwrap());
    trader.api.send(reqwest::Method::DELETE, &path, json!({})).await.ok();
    other.get("/me").await.refused(401, "session_required");
    trader.api.send(reqwest::Method::DELETE, &path, json!({})).await.refused(404, "not_found");
    trader.api.post("/logout", json!({})).await.ok();
    trader.api.get("/me").await.refused(401, "session_required");
}

#[tokio::test]
async fn every_other_session_is_ended_at_once() {
    let server = Server::start().await;
    let mut trader = Trader::sign_up(&server, "trader@example.com").await;
    let stranger = Trader::sign_up(&server, "stranger@example.com").await;
    let others = [trader.log_in(&server).await, trader.log_in(&server).await];
    assert_eq!(trader.api.post("/sessions/end-others", json!({})).await.ok(), json!({ "ended": 2 }));
    for other in others {
        other.get("/me").await.refused(401, "session_required");
    }
    let sessions = trader.api.get("/sessions").await.ok();
    assert_eq!(sessions["sessions"].as_array().unwrap().len(), 1);
    assert_eq!(sessions["sessions"][0]["current"], true);
    stranger.api.get("/me").await.ok();
    assert_eq!(trader.api.post("/sessions/end-others", json!({})).await.ok(), json!({ "ended": 0 }));
    let log = trader.api.get("/events?kinds=other_sessions_ended").await.ok();
    assert_eq!(log["events"].as_array().unwrap().len(), 1, "where nothing ended there is nothing to tell");
}

/// Case 17: a browser's session gets a new token at login and when 2FA is turned on; a planted one is never taken over.
#[tokio::test]
async fn a_session_gets_a_new_token_when_it_becomes_worth_more() {
    let server = Server::start().await;
    let trader = Trader::sign_up(&server, "trader@example.com").await;
    let login = json!({ "email": trader.email, "password": PASSWORD });
    let planted = Api::new(&server)
        .request(reqwest::Method::POST, "/login")
        .header("Cookie", "keyleash=planted")
        .json(&login)
        .send()
        .await
        .unwrap();
    let first = cookie(&Answer::read(planted).await);
    assert_ne!(first, "planted");
    let with_cookie = async |path: &str, cookie: &str, body: serde_json::Value| {
        let request = Api::new(&server).request(reqwest::Method::POST, path);
        let request = request.header("Cookie", format!("keyleash={cookie}")).json(&body);
        Answer::read(request.send().await.unwrap()).await
    };
    let setup = with_cookie("/totp/setup", &first, json!({ "password": PASSWORD })).await.ok();
    let code = crate::support::Authenticator::new(setup["secret"].as_str().unwrap()).code().await;
    let confirmed = with_cookie("/totp/confirm", &first, json!({ "code": code })).await;
    let second = cookie(&confirmed);
    confirmed.ok();
    assert_ne!(first, second);
    with_cookie("/totp/setup", &first, json!({ "password": PASSWORD })).await.refused(401, "session_required");
    with_cookie("/totp/setup", &second, json!({ "password": PASSWORD })).await.refused(403, "totp_required");
}

#[tokio::test]
async fn the_cookie_is_out_of_reach_of_scripts_and_other_sites() {
    let server = Server::start().await;
    let trader = Trader::sign_up(&server, "trader@example.com").await;
    let login = json!({ "email": trader.email, "password": PASSWORD });
    let answer = Api::new(&server).post("/login", login).await;
    assert!(answer.body.get("token").is_none(), "a browser gets no token to keep where scripts can read it");
    let cookie = answer.headers["set-cookie"].to_str().unwrap();
    for attribute in ["HttpOnly", "SameSite=Strict", "Path=/"] {
        assert!(cookie.contains(attribute), "{cookie}");
    }
}

#[tokio::test]
async fn tokens_are_stored_hashed() {
    let server = Server::start().await;
    let trader = Trader::sign_up(&server, "trader@example.com").await;
    for file in ["keyleash.db", "keyleash.db-wal"] {
        let bytes = std::fs::read(server.directory().join(file)).unwrap();
        let token = trader.api.token().as_bytes();
        assert!(!bytes.windows(token.len()).any(|window| window == token), "{file}");
    }
}

fn cookie(answer: &Answer) -> String {
    let cookie = answer.headers["set-cookie"].to_str().unwrap();
    cookie.strip_prefix("keyleash=").unwrap().split(';').next().unwrap().to_owned()
}
