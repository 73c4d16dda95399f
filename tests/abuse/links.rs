//! Verification by mail: cases 10 to 15, and 17 at a device's approval.

use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use sqlx::{Connection, SqliteConnection};

use crate::{
    support::{Answer, Api, PASSWORD, Server, Trader, eventually},
    victim::{BROWSER, Browser, CookieLogin, set_cookie, user_id},
};

/// Case 10: a mail scanner that fetches the link, and whatever else it can think of with the token in it, changes nothing.
#[tokio::test]
async fn fetching_approves_nothing() {
    let server = Server::start().await;
    let mut owner = Trader::with_sync(&server, "trader@example.com").await;
    let browser = Browser::pending(&server, &mut owner, "desk").await;
    let token = browser.link(&server, &owner).await;
    let document: Value =
        reqwest::get(format!("{}/api/v1/openapi.json", server.url)).await.unwrap().json().await.unwrap();
    let mut paths: Vec<String> = document["paths"].as_object().unwrap().keys().cloned().collect();
    paths.push("/device-verifications/{id}".to_owned());
    let scanner = reqwest::Client::new();
    // Even one that has the owner's session: it runs in the owner's browser, or is an extension of it.
    for session in [None, Some(owner.api.token())] {
        for method in [Method::GET, Method::HEAD, Method::OPTIONS] {
            for path in paths.iter().map(|path| format!("/api/v1{}", path.replace("{id}", &token))) {
                for query in ["token", "device"] {
                    let url = format!("{}{path}?{query}={token}", server.url);
                    let request = scanner.request(method.clone(), url).json(&json!({ "token": token }));
                    session.iter().fold(request, reqwest::RequestBuilder::bearer_auth).send().await.unwrap();
                }
            }
            for page in ["/verify", "/", "/dev/mailbox"] {
                let url = format!("{}{page}?device={token}#device={token}", server.url);
                scanner.request(method.clone(), url).send().await.unwrap();
            }
        }
    }
    // Nor does looking at it, as the page does when it opens.
    Api::new(&server).post("/device-verifications/inspect", json!({ "token": token })).await.ok();
    assert_eq!(browser.state(&owner).await, "pending");
    owner.api.post("/device-verifications", json!({ "token": token })).await.ok();
    assert_eq!(browser.state(&owner).await, "verified");
}

/// Case 11: who has the link, and no more, approves nothing; nor does somebody else who is logged in.
#[tokio::test]
async fn a_link_alone_approves_nothing() {
    let server = Server::start().await;
    let mut owner = Trader::with_sync(&server, "trader@example.com").await;
    let mut stranger = Trader::with_sync(&server, "stranger@example.com").await;
    let browser = Browser::pending(&server, &mut owner, "desk").await;
    let token = browser.link(&server, &owner).await;
    let approve = json!({ "token": token });
    Api::new(&server).post("/device-verifications", approve.clone()).await.refused(403, "totp_required");
    stranger.api.post("/device-verifications", approve.clone()).await.refused(403, "totp_required");
    for foreign in [json!({ "totp": stranger.code().await }), json!({ "recovery_code": stranger.recovery_code() })] {
        let mut body = approve.clone();
        body.as_object_mut().unwrap().extend(foreign.as_object().unwrap().clone());
        stranger.api.post("/device-verifications", body).await.refused(403, "totp_invalid");
    }
    assert_eq!(browser.state(&owner).await, "pending");
    // Without a session, but with a code of the owner, it works: the mail was opened on the phone.
    let body = json!({ "token": token, "totp": owner.code().await });
    Api::new(&server).post("/device-verifications", body).await.ok();
    assert_eq!(browser.state(&owner).await, "verified");
}

/// Cases 3 and 4, for the one route that `tests/http` leaves out: codes beside a link are counted like all others.
#[tokio::test]
async fn codes_beside_a_link_are_counted() {
    let server = Server::start().await;
    let mut owner = Trader::with_sync(&server, "trader@example.com").await;
    let browser = Browser::pending(&server, &mut owner, "desk").await;
    let guess = json!({ "token": browser.link(&server, &owner).await, "totp": "000000" });
    let mut statuses = Vec::new();
    for _ in 0..6 {
        statuses.push(Api::new(&server).post("/device-verifications", guess.clone()).await.status.as_u16());
    }
    assert_eq!(statuses, [403, 403, 403, 403, 403, 429]);
}

/// Case 12: the victim sees who asks, in the mail and on the page, with the code that stands on the asking screen.
#[tokio::test]
async fn the_owner_sees_who_asks() {
    let server = Server::start().await;
    let mut owner = Trader::with_sync(&server, "trader@example.com").await;
    let browser = Browser::pending(&server, &mut owner, "desk <b>in</b> Oslo").await;
    let token = browser.link(&server, &owner).await;
    let mails = server.mails(&owner.email).await;
    let mail = mails.iter().find(|mail| mail["text"].as_str().unwrap().contains(&token)).unwrap();
    let text = mail["text"].as_str().unwrap();
    for (label, fact) in
        [("Device", "desk <b>in</b> Oslo"), ("Browser", "Firefox on Linux"), ("Network address", "127.0.0.1")]
    {
        assert!(text.lines().any(|line| line == format!("{label}: {fact}")), "{label} is missing in {text}");
    }
    assert!(text.lines().any(|line| line.trim() == browser.match_code), "{text}");
    assert!(text.lines().any(|line| line.starts_with("Time: 20") && line.ends_with(" UTC")), "{text}");
    assert!(!mail["html"].as_str().unwrap().contains("<b>in</b>"), "a name is text, never markup");

    let shown = Api::new(&server).post("/device-verifications/inspect", json!({ "token": token })).await.ok();
    assert_eq!(shown["device_name"], "desk <b>in</b> Oslo");
    assert_eq!(shown["user_agent"], BROWSER);
    assert_eq!(shown["address"], "127.0.0.1");
    assert_eq!(shown["match_code"], browser.match_code.as_str());
    assert!(shown["requested_at"].as_i64().unwrap() > 1_700_000_000_000);
}

/// Case 12: an attacker who asks at the same time as the victim gets nothing by the victim's click: a link approves the
/// device that it was asked for, and no other.
#[tokio::test]
async fn a_link_approves_the_device_that_asked_and_no_other() {
    let server = Server::start().await;
    let mut owner = Trader::with_sync(&server, "trader@example.com").await;
    let own = Browser::pending(&server, &mut owner, "desk").await;
    let attackers = Browser::pending(&server, &mut owner, "desk").await;
    assert_ne!(own.match_code, attackers.match_code);
    let token = own.link(&server, &owner).await;
    attackers.link(&server, &owner).await;
    owner.api.post("/device-verifications", json!({ "token": token })).await.ok();
    assert_eq!(own.state(&owner).await, "verified");
    assert_eq!(attackers.state(&owner).await, "pending");
}

/// Case 13: a link works once, a guessed one or one of another kind never, and nothing that is stored or logged has it.
#[tokio::test]
async fn a_link_is_good_once_for_its_purpose_and_stored_hashed() {
    let server = Server::start_logging("debug", &[]).await;
    let mut owner = Trader::with_sync(&server, "trader@example.com").await;
    let browser = Browser::pending(&server, &mut owner, "desk").await;
    let token = browser.link(&server, &owner).await;
    owner.api.post("/password/forgot", json!({ "email": owner.email })).await.ok();
    let reset = server.link(&owner.email, "reset").await;
    assert_eq!(token.len(), 43, "256 bits in base64url");

    let approve = async |token: &str| owner.api.post("/device-verifications", json!({ "token": token })).await;
    let inspect = async |token: &str| owner.api.post("/device-verifications/inspect", json!({ "token": token })).await;
    for other in ["", "A", &"A".repeat(43), &token[1..], &format!("{token}="), &reset] {
        approve(other).await.refused(410, "link_used_or_expired");
        inspect(other).await.refused(410, "link_used_or_expired");
        let confirm = json!({ "token": if other == reset { &token } else { other } });
        owner.api.post("/signup/confirm", confirm).await.refused(410, "link_used_or_expired");
    }
    let crossed = json!({ "token": token, "new_password": "another good password" });
    Api::new(&server).post("/password/reset", crossed).await.refused(410, "link_used_or_expired");

    approve(&token).await.ok();
    approve(&token).await.refused(410, "link_used_or_expired");
    inspect(&token).await.refused(410, "link_used_or_expired");
    for file in ["keyleash.db", "keyleash.db-wal", "server.log"] {
        let bytes = std::fs::read(server.directory().join(file)).unwrap();
        for token in [&token, &reset] {
            assert!(!bytes.windows(token.len()).any(|window| window == token.as_bytes()), "{file}");
        }
    }
}

/// Case 13: of two clicks at the same time one counts.
#[tokio::test]
async fn a_link_clicked_twice_at_once_approves_once() {
    let server = Server::start().await;
    let mut owner = Trader::with_sync(&server, "trader@example.com").await;
    let browser = Browser::pending(&server, &mut owner, "desk").await;
    let body = json!({ "token": browser.link(&server, &owner).await });
    let click = || owner.api.post("/device-verifications", body.clone());
    let answers = tokio::join!(click(), click(), click(), click());
    let answers = [answers.0, answers.1, answers.2, answers.3];
    assert_eq!(answers.iter().filter(|answer| answer.status == StatusCode::OK).count(), 1, "{answers:?}");
    assert_eq!(answers.iter().filter(|answer| answer.code() == "link_used_or_expired").count(), 3, "{answers:?}");
}

/// Case 14: whoever swaps the device's keys between request and approval (and can write to the database for that) finds
/// that the approval covers the keys that asked.
#[tokio::test]
async fn an_approval_covers_the_keys_that_asked() {
    let server = Server::start().await;
    let mut owner = Trader::with_sync(&server, "trader@example.com").await;
    let url = format!("sqlite:{}", server.directory().join("keyleash.db").display());
    let mut database = SqliteConnection::connect(&url).await.unwrap();
    for swap in [
        "UPDATE devices SET receive_key = randomblob(65), keys_hash = randomblob(32) WHERE id = $1",
        "UPDATE devices SET receive_key = randomblob(65) WHERE id = $1",
        "UPDATE devices SET signing_key = randomblob(65) WHERE id = $1",
    ] {
        let browser = Browser::pending(&server, &mut owner, "desk").await;
        let token = browser.link(&server, &owner).await;
        let swapped = sqlx::query(swap).bind(browser.device.id.to_string()).execute(&mut database).await.unwrap();
        assert_eq!(swapped.rows_affected(), 1);
        let approve = json!({ "token": token });
        owner.api.post("/device-verifications", approve.clone()).await.refused(410, "link_used_or_expired");
        owner.api.post("/device-verifications/inspect", approve).await.refused(410, "link_used_or_expired");
        assert_eq!(browser.state(&owner).await, "pending", "{swap}");
    }
}

/// Case 15: a mailbox is flooded no further than its cap, by whichever route; and strangers do not use up the owner's mails.
#[tokio::test]
async fn a_mailbox_is_not_flooded() {
    let server = Server::start_with(&[("LIMITS__MAILS_PER_HOUR", "3")]).await;
    let mut owner = Trader::with_sync(&server, "trader@example.com").await;
    let (one, two) =
        (Browser::pending(&server, &mut owner, "one").await, Browser::pending(&server, &mut owner, "two").await);
    // Strangers are not told that they get no further; one mail is gone, the one that confirmed the address.
    for _ in 0..3 {
        for (path, body) in [
            ("/password/forgot", json!({ "email": owner.email })),
            ("/signup", json!({ "email": owner.email, "password": "a password of theirs" })),
        ] {
            assert_eq!(Api::new(&server).post(path, body).await.status, StatusCode::ACCEPTED);
        }
    }
    for browser in [&one, &two, &one] {
        assert_eq!(browser.request_mail().await.status, StatusCode::ACCEPTED);
    }
    for browser in [&one, &two] {
        let refused = browser.request_mail().await.refused(429, "too_many_requests");
        assert!(refused.headers["retry-after"].to_str().unwrap().parse::<u64>().unwrap() >= 60);
    }
    // A mail that comes in any case, to know that the others would have come by now.
    let change = json!({
        "password": PASSWORD, "new_password": "another good password", "recovery_code": owner.recovery_code(),
    });
    owner.api.post("/password/change", change).await.ok();
    let mails = eventually("the last mail", async || {
        let mails = server.mails(&owner.email).await;
        (mails[0]["subject"] == "Your password was changed").then_some(mails)
    })
    .await;
    let with = |mark: &str| mails.iter().filter(|mail| mail["text"].as_str().unwrap().contains(mark)).count();
    assert_eq!(with("#device="), 3);
    assert_eq!(with("#signup=") + with("#reset=") + with("\nLog in:\n"), 3);
}

/// Case 15: one pending verification for each device; the newer link is the one that counts.
#[tokio::test]
async fn a_newer_link_ends_the_older_of_that_device() {
    let server = Server::start().await;
    let mut owner = Trader::with_sync(&server, "trader@example.com").await;
    let (desk, phone) =
        (Browser::pending(&server, &mut owner, "desk").await, Browser::pending(&server, &mut owner, "phone").await);
    let other = phone.link(&server, &owner).await;
    let older = desk.link(&server, &owner).await;
    let newer = desk.link(&server, &owner).await;
    let approve = async |token: &str| owner.api.post("/device-verifications", json!({ "token": token })).await;
    approve(&older).await.refused(410, "link_used_or_expired");
    approve(&newer).await.ok();
    approve(&other).await.ok();
}

/// Case 17: a browser's session gets a new token when it approved a device; the old one is good for nothing.
#[tokio::test]
async fn approving_renews_the_session() {
    let server = Server::start().await;
    let mut owner = Trader::with_sync(&server, "trader@example.com").await;
    let browser = Browser::pending(&server, &mut owner, "desk").await;
    let login = CookieLogin::new(&server, &mut owner).await;
    let body = json!({ "token": browser.link(&server, &owner).await });
    let approved = login.send(Method::POST, "/device-verifications", &body).await;
    let renewed = set_cookie(&approved).expect("a new cookie");
    approved.ok();
    assert_ne!(renewed, login.cookie);
    login.send(Method::GET, "/me", &Value::Null).await.refused(401, "session_required");
    let with_renewed = Api::new(&server).with_token(&renewed);
    assert_eq!(user_id(&with_renewed).await, user_id(&owner.api).await);
}

/// Somebody else's session that happens to be in the browser is not touched by an approval with a code.
#[tokio::test]
async fn approving_for_somebody_else_renews_nothing() {
    let server = Server::start().await;
    let mut owner = Trader::with_sync(&server, "trader@example.com").await;
    let mut visitor = Trader::with_sync(&server, "visitor@example.com").await;
    let browser = Browser::pending(&server, &mut owner, "desk").await;
    let login = CookieLogin::new(&server, &mut visitor).await;
    let body = json!({ "token": browser.link(&server, &owner).await, "totp": owner.code().await });
    let approved: Answer = login.send(Method::POST, "/device-verifications", &body).await;
    assert!(set_cookie(&approved).is_none());
    approved.ok();
    login.send(Method::GET, "/me", &Value::Null).await.ok();
}
