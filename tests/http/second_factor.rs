//! Codes.

use reqwest::Method;
use serde_json::{Value, json};

use crate::support::{Api, Authenticator, PASSWORD, Server, Trader};

#[tokio::test]
async fn sync_needs_the_second_factor_and_the_set_up_shows_it_once() {
    let server = Server::start().await;
    let mut trader = Trader::sign_up(&server, "trader@example.com").await;
    let on = json!({ "enabled": true });
    trader.api.send(Method::PUT, "/sync", on.clone()).await.refused(409, "totp_not_enabled");
    let setup = trader.api.post("/totp/setup", json!({ "password": PASSWORD })).await.ok();
    assert!(setup["qr_svg"].as_str().unwrap().starts_with("<svg"));
    assert!(setup["otpauth_url"].as_str().unwrap().starts_with("otpauth://totp/Keyleash:trader%40example.com?secret="));
    trader.api.post("/totp/confirm", json!({ "code": "000000" })).await.refused(403, "totp_invalid");
    trader.enable_totp().await;
    assert_eq!(trader.recovery_codes.len(), 10);
    trader.api.post("/totp/confirm", json!({ "code": "000000" })).await.refused(409, "totp_already_enabled");
    let me = trader.api.send(Method::PUT, "/sync", on).await.ok();
    assert_eq!((&me["totp_enabled"], &me["sync_enabled"]), (&Value::Bool(true), &Value::Bool(true)));

    let login = json!({ "email": trader.email, "password": PASSWORD });
    Api::new(&server).post("/login", login).await.refused(401, "totp_required");
}

/// Case 1: an accepted code is refused in the same window and the next, and so is any older one.
#[tokio::test]
async fn a_code_is_good_once() {
    let server = Server::start().await;
    let mut trader = Trader::with_sync(&server, "trader@example.com").await;
    let code = trader.code().await;
    let login = |code: &str| json!({ "email": trader.email, "password": PASSWORD, "totp": code });
    let api = Api::new(&server);
    api.post("/login", login(&code)).await.ok();
    api.post("/login", login(&code)).await.refused(403, "totp_invalid");
    let authenticator = trader.authenticator.as_ref().unwrap();
    let older = authenticator.of_step(authenticator.last_step() - 1);
    api.post("/login", login(&older)).await.refused(403, "totp_invalid");
}

/// Case 2: of two requests with one code at the same time exactly one wins. (Two nodes share the database as these
/// two workers do; over two processes it is tried with the production parts.)
#[tokio::test]
async fn one_code_sent_twice_at_the_same_time_wins_once() {
    let server = Server::start().await;
    let mut trader = Trader::with_sync(&server, "trader@example.com").await;
    let body = json!({ "email": trader.email, "password": PASSWORD, "totp": trader.code().await });
    let (one, two) = (Api::new(&server), Api::new(&server));
    let (a, b) = tokio::join!(one.post("/login", body.clone()), two.post("/login", body));
    let won = [a.status, b.status].iter().filter(|status| status.is_success()).count();
    assert_eq!(won, 1, "{a:?} {b:?}");
}

/// Cases 3 and 4: every call that takes a code goes through the one limiter. The calls are those of the OpenAPI document
/// whose body has a `totp` or a `code`, so that a new one cannot be forgotten here.
#[tokio::test]
async fn every_route_that_takes_a_code_counts_the_wrong_ones() {
    let server = Server::start().await;
    let document = reqwest::get(format!("{}/api/v1/openapi.json", server.url)).await.unwrap().json().await.unwrap();
    let calls = calls_with_a_code(&document);
    assert!(calls.len() >= 9, "{calls:?}");
    for (method, path) in calls {
        let email = format!("{}@example.com", path.replace(['/', '{', '}'], "-").trim_matches('-'));
        let mut trader = Trader::sign_up(&server, &email).await;
        let setting_up = path == "/totp/confirm";
        if setting_up {
            trader.api.post("/totp/setup", json!({ "password": PASSWORD })).await.ok();
        } else {
            trader.enable_totp().await;
            trader.api.send(Method::PUT, "/sync", json!({ "enabled": true })).await.ok();
        }
        let mut body = json!({
            "email": email, "password": PASSWORD, "new_password": PASSWORD, "token": "none", "enabled": false,
            "totp": "000000", "code": "000000",
        });
        if path == "/password/reset" {
            trader.api.post("/password/forgot", json!({ "email": email })).await.ok();
            body["token"] = server.link(&email, "reset").await.into();
        }
        if path == "/device-verifications" || path == "/login/token" {
            // Need a device that asks, and a vendor; their own tests do these.
            continue;
        }
        let path = path.replace("{id}", trader.api.get("/me").await.ok()["user_id"].as_str().unwrap());
        let mut statuses = Vec::new();
        for _ in 0..6 {
            statuses.push(trader.api.send(method.clone(), &path, body.clone()).await.status.as_u16());
        }
        assert_eq!(statuses, [403, 403, 403, 403, 403, 429], "{method} {path}");
    }
}

fn calls_with_a_code(document: &Value) -> Vec<(Method, String)> {
    let mut calls = Vec::new();
    for (path, methods) in document["paths"].as_object().unwrap() {
        for (method, operation) in methods.as_object().unwrap() {
            let body = &operation["requestBody"]["content"]["application/json"]["schema"];
            if takes_a_code(document, body) {
                calls.push((method.to_uppercase().parse().unwrap(), path.clone()));
            }
        }
    }
    calls
}

fn takes_a_code(document: &Value, schema: &Value) -> bool {
    if let Some(name) = schema["$ref"].as_str().and_then(|reference| reference.rsplit('/').next()) {
        return takes_a_code(document, &document["components"]["schemas"][name]);
    }
    let parts = schema["allOf"].as_array().into_iter().flatten();
    let properties = &schema["properties"];
    properties["totp"].is_object()
        || properties["code"].is_object()
        || parts.into_iter().any(|part| takes_a_code(document, part))
}

/// Case 9: a recovery code is good once, and stored hashed.
#[tokio::test]
async fn a_recovery_code_is_good_once_and_stored_hashed() {
    let server = Server::start().await;
    let mut trader = Trader::with_sync(&server, "trader@example.com").await;
    let code = trader.recovery_code();
    let login = json!({ "email": trader.email, "password": PASSWORD, "recovery_code": code });
    let api = Api::new(&server);
    api.post("/login", login.clone()).await.ok();
    api.post("/login", login).await.refused(403, "totp_invalid");
    for file in ["keyleash.db", "keyleash.db-wal"] {
        let bytes = std::fs::read(server.directory().join(file)).unwrap();
        for code in trader.recovery_codes.iter().chain([&code]) {
            let plain = code.replace('-', "");
            assert!(!contains(&bytes, code.as_bytes()) && !contains(&bytes, plain.as_bytes()), "{file}");
        }
    }
}

/// Case 7: a stolen session alone changes nothing that matters.
#[tokio::test]
async fn a_stolen_session_cannot_turn_the_second_factor_off_and_the_owner_hears_of_it() {
    let server = Server::start().await;
    let mut trader = Trader::with_sync(&server, "trader@example.com").await;
    let stolen = trader.api.clone();
    for path in ["/totp/disable", "/recovery-codes", "/panic", "/devices/remove-others"] {
        stolen.post(path, json!({})).await.refused(403, "totp_required");
    }
    stolen.send(Method::PUT, "/sync", json!({ "enabled": false })).await.refused(403, "totp_required");
    let change = json!({ "password": PASSWORD, "new_password": "another good password" });
    stolen.post("/password/change", change).await.refused(403, "totp_required");
    assert_eq!(trader.api.get("/me").await.ok()["totp_enabled"], true);

    let code = trader.code().await;
    trader.api.post("/totp/disable", json!({ "totp": code })).await.ok();
    let me = trader.api.get("/me").await.ok();
    assert_eq!((&me["totp_enabled"], &me["sync_enabled"]), (&Value::Bool(false), &Value::Bool(false)));
    crate::support::eventually("the mail", async || {
        let mails = server.mails(&trader.email).await;
        let mail = mails.iter().find(|mail| mail["subject"] == "Two-factor authentication was turned off")?;
        mail["text"].as_str()?.contains("/verify#panic").then_some(())
    })
    .await;
}

/// Cases 1 and 7: another app takes the place of the first only with a code of that one; and then that one is worth nothing.
#[tokio::test]
async fn another_app_needs_a_code_of_the_first_and_makes_it_worthless() {
    let server = Server::start().await;
    let mut trader = Trader::with_sync(&server, "trader@example.com").await;
    let api = trader.api.clone();
    // Who has the session and the password, but not the phone.
    api.post("/totp/setup", json!({ "password": PASSWORD })).await.refused(403, "totp_required");
    api.post("/totp/setup", json!({ "password": PASSWORD, "totp": "000000" })).await.refused(403, "totp_invalid");
    api.post("/totp/confirm", json!({ "code": "000000" })).await.refused(409, "totp_already_enabled");
    // Who has the session and the phone, but not the password.
    let wrong = json!({ "password": "a wrong password", "recovery_code": trader.recovery_code() });
    api.post("/totp/setup", wrong).await.refused(401, "bad_credentials");

    let body = json!({ "password": PASSWORD, "recovery_code": trader.recovery_code() });
    let setup = api.post("/totp/setup", body).await.ok();
    let mut new_app = Authenticator::new(setup["secret"].as_str().unwrap());
    let login = |key: &str, code: &str| json!({ "email": "trader@example.com", "password": PASSWORD, key: code });
    let anew = Api::new(&server);
    anew.post("/login", login("totp", &trader.code().await)).await.ok();
    anew.post("/login", login("totp", &new_app.code().await)).await.refused(403, "totp_invalid");
    let old_code = trader.code().await;
    api.post("/totp/confirm", json!({ "code": old_code })).await.refused(403, "totp_invalid");
    let confirmed = api.post("/totp/confirm", json!({ "code": new_app.code().await })).await.ok();
    api.post("/totp/confirm", json!({ "code": new_app.code().await })).await.refused(409, "totp_already_enabled");

    anew.post("/login", login("totp", &old_code)).await.refused(403, "totp_invalid");
    anew.post("/login", login("recovery_code", &trader.recovery_code())).await.refused(403, "totp_invalid");
    let me = api.get("/me").await.ok();
    assert_eq!((&me["sync_enabled"], &me["recovery_codes_left"]), (&json!(true), &json!(10)));
    let code = confirmed["recovery_codes"][0].as_str().unwrap();
    let me = anew.post("/login", login("recovery_code", code)).await.ok();
    assert_eq!(me["recovery_codes_left"], 9);
    let log = api.get("/events?kinds=totp_changed,totp_enabled,totp_disabled").await.ok();
    let kinds: Vec<&Value> = log["events"].as_array().unwrap().iter().map(|event| &event["kind"]).collect();
    assert_eq!(kinds, ["totp_changed", "totp_enabled"]);
    crate::support::eventually("the mail", async || {
        let mails = server.mails("trader@example.com").await;
        let mail = mails.iter().find(|mail| mail["subject"] == "Your authenticator app was changed")?;
        mail["text"].as_str()?.contains("/verify#panic").then_some(())
    })
    .await;
}

fn contains(bytes: &[u8], part: &[u8]) -> bool {
    bytes.windows(part.len()).any(|window| window == part)
}
