//! Every route, by the document that is written from the table they are registered from: who is let in.

use std::collections::BTreeSet;

use reqwest::Method;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::{
    support::{Api, PASSWORD, Server, Trader},
    victim::{Browser, CookieLogin, user_id},
};

/// The calls that need no session, because whoever makes them has none. A further one has to be added here on purpose.
const PUBLIC: [&str; 9] = [
    "GET /identity",
    "POST /device-verifications",
    "POST /device-verifications/inspect",
    "POST /login",
    "POST /login/token",
    "POST /password/forgot",
    "POST /password/reset",
    "POST /signup",
    "POST /signup/confirm",
];

/// The calls that change security: a session is not enough. (So does `PUT /sync`, to turn it off; and the approval of a
/// device that was removed before. Both have tests of their own.)
const SECOND_FACTOR: [&str; 7] = [
    "POST /devices/remove-others",
    "POST /devices/{id}/remove",
    "POST /panic",
    "POST /password/change",
    "POST /recovery-codes",
    "POST /totp/disable",
    "POST /totp/setup",
];

struct Call {
    method: Method,
    path: String,
    needs_session: bool,
    needs_second_factor: bool,
}

impl Call {
    fn name(&self) -> String {
        format!("{} {}", self.method, self.path)
    }

    fn with_id(&self, id: &str) -> String {
        self.path.replace("{id}", id).replace("{credential}", id)
    }
}

async fn calls(server: &Server) -> Vec<Call> {
    let document: Value =
        reqwest::get(format!("{}/api/v1/openapi.json", server.url)).await.unwrap().json().await.unwrap();
    let mut calls = Vec::new();
    for (path, methods) in document["paths"].as_object().unwrap() {
        for (method, operation) in methods.as_object().unwrap() {
            calls.push(Call {
                method: method.to_uppercase().parse().unwrap(),
                path: path.clone(),
                needs_session: operation["security"].is_array(),
                needs_second_factor: operation["x-second-factor"] == true,
            });
        }
    }
    calls
}

#[tokio::test]
async fn every_call_but_the_public_ones_needs_a_session() {
    let server = Server::start().await;
    let mut public = BTreeSet::new();
    for call in calls(&server).await {
        if !call.needs_session {
            public.insert(call.name());
        }
        if PUBLIC.contains(&call.name().as_str()) {
            continue;
        }
        let path = call.with_id(&Uuid::nil().to_string());
        for api in [Api::new(&server), Api::new(&server).with_token("made up"), Api::new(&server).with_token("")] {
            let answer = api.send(call.method.clone(), &path, whole_body()).await;
            assert_eq!((answer.status.as_u16(), answer.code()), (401, "session_required"), "{}", call.name());
        }
    }
    assert_eq!(public, PUBLIC.map(str::to_owned).into());
}

/// Case 7, for every call that says so of itself.
#[tokio::test]
async fn every_call_that_changes_security_needs_a_code() {
    let server = Server::start().await;
    let mut owner = Trader::with_sync(&server, "trader@example.com").await;
    let device = Browser::verified(&server, &mut owner, "desk").await;
    let mut found = BTreeSet::new();
    for call in calls(&server).await.iter().filter(|call| call.needs_second_factor) {
        found.insert(call.name());
        let path = call.with_id(&device.device.id.to_string());
        let mut body = whole_body();
        let refused = owner.api.send(call.method.clone(), &path, body.clone()).await;
        assert_eq!((refused.status.as_u16(), refused.code()), (403, "totp_required"), "{}", call.name());
        for wrong in [json!(""), json!("000000"), json!(null)] {
            body["totp"] = wrong;
            let refused = owner.api.send(call.method.clone(), &path, body.clone()).await;
            assert!(["totp_required", "totp_invalid", "too_many_attempts"].contains(&refused.code()), "{refused:?}");
        }
    }
    assert_eq!(found, SECOND_FACTOR.map(str::to_owned).into());
    assert_eq!(device.state(&owner).await, "verified");
    let me = owner.api.get("/me").await.ok();
    assert_eq!((&me["totp_enabled"], &me["sync_enabled"]), (&json!(true), &json!(true)));
}

/// Every field that any call wants, so that nothing but the missing session or code is wrong.
fn whole_body() -> Value {
    let key = "A".repeat(87);
    json!({
        "email": "trader@example.com", "password": PASSWORD, "new_password": "another good password", "token": "none",
        "code": "000000", "enabled": false, "logins": true, "rotated": true, "name": "x", "receive_key": key, "signing_key": key, "proof": key,
    })
}

/// Case 21: what is another user's is answered as if it did not exist, on every call that takes an id.
#[tokio::test]
async fn what_is_another_users_does_not_exist() {
    let server = Server::start().await;
    let mut owner = Trader::with_sync(&server, "trader@example.com").await;
    let mut thief = Trader::with_sync(&server, "thief@example.com").await;
    let device = Browser::verified(&server, &mut owner, "desk").await;
    let pending = Browser::pending(&server, &mut owner, "phone").await;
    let sessions = owner.api.get("/sessions").await.ok();
    let session = sessions["sessions"][0]["id"].as_str().unwrap();
    let before = (owner.api.get("/devices").await.ok(), owner.api.get("/events").await.ok());
    let mut tried = 0;
    for call in calls(&server).await.iter().filter(|call| call.path.contains("{id}")) {
        for id in [&device.device.id.to_string(), &pending.device.id.to_string(), session] {
            let mut answers = Vec::new();
            for id in [id, &Uuid::now_v7().to_string()] {
                let mut body = json!({ "name": "mine now", "erase": true, "rotated": true });
                if call.needs_second_factor {
                    body["recovery_code"] = thief.recovery_code().into();
                }
                answers.push(thief.api.send(call.method.clone(), &call.with_id(id), body).await);
            }
            assert_eq!((answers[0].status.as_u16(), answers[0].code()), (404, "not_found"), "{}", call.name());
            assert_eq!(answers[0].body, answers[1].body, "{}", call.name());
            tried += 1;
        }
    }
    assert!(tried >= 12, "{tried}");
    // Nor by being named as the one that stays.
    let body = json!({ "device": device.device.id, "recovery_code": thief.recovery_code() });
    let removed = thief.api.post("/devices/remove-others", body).await.ok();
    assert_eq!(removed["removed"], json!([]));
    assert_eq!(before.0, owner.api.get("/devices").await.ok());
    assert_eq!(before.1, owner.api.get("/events").await.ok());
    let foreign = thief.api.get(&format!("/events?before={}&limit=1000", Uuid::max())).await.ok().to_string();
    assert!(!foreign.contains("desk") && !foreign.contains(&device.device.id.to_string()), "{foreign}");
}

/// Case 45: after a log-out the session is nobody's, and the browser is told to forget it.
#[tokio::test]
async fn a_logout_ends_the_session_and_the_cookie() {
    let server = Server::start().await;
    let mut owner = Trader::with_sync(&server, "trader@example.com").await;
    let login = CookieLogin::new(&server, &mut owner).await;
    login.send(Method::GET, "/me", &Value::Null).await.ok();
    let out = login.send(Method::POST, "/logout", &Value::Null).await;
    let cookie = out.headers["set-cookie"].to_str().unwrap().to_owned();
    out.ok();
    assert!(cookie.starts_with("keyleash=;") && cookie.contains("Max-Age=0"), "{cookie}");
    login.send(Method::GET, "/me", &Value::Null).await.refused(401, "session_required");
    // The cookie as a program's token is no way round.
    Api::new(&server).with_token(&login.cookie).get("/me").await.refused(401, "session_required");
    // Other logins go on, and what is shown to them has none of it.
    assert_eq!(user_id(&owner.api).await.len(), 36);
    let sessions = owner.api.get("/sessions").await.ok();
    assert_eq!(sessions["sessions"].as_array().unwrap().len(), 1);
}
