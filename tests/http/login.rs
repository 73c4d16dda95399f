//! Sign-up, login, passwords.

use serde_json::json;

use crate::support::{Api, PASSWORD, Server, Trader};

#[tokio::test]
async fn an_account_begins_with_its_confirmed_address() {
    let server = Server::start().await;
    let api = Api::new(&server);
    let signup = json!({ "email": "Trader@Example.com", "password": PASSWORD });
    let login = json!({ "email": "trader@example.com", "password": PASSWORD, "transport": "bearer" });
    assert_eq!(api.post("/signup", signup).await.status, 202);
    api.post("/login", login.clone()).await.refused(401, "bad_credentials");
    let token = server.link("trader@example.com", "signup").await;
    assert_eq!(api.post("/signup/confirm", json!({ "token": token })).await.status, 204);
    api.post("/signup/confirm", json!({ "token": token })).await.refused(410, "link_used_or_expired");
    let me = api.post("/login", login).await.ok();
    assert_eq!(me["email"], "trader@example.com");
    assert_eq!(
        (&me["totp_enabled"], &me["sync_enabled"], &me["auto_connect"]),
        (&false.into(), &false.into(), &false.into())
    );
}

#[tokio::test]
async fn the_second_to_sign_up_with_an_unconfirmed_address_gets_it_by_reading_its_mail() {
    let server = Server::start().await;
    let api = Api::new(&server);
    let email = "owner@example.com";
    api.post("/signup", json!({ "email": email, "password": "planted by somebody" })).await.ok();
    let planted = server.link(email, "signup").await;
    api.post("/signup", json!({ "email": email, "password": PASSWORD })).await.ok();
    let token = server.link_other_than(email, "signup", &planted).await;
    api.post("/signup/confirm", json!({ "token": token })).await.ok();
    let login = |password: &str| api.post("/login", json!({ "email": email, "password": password }));
    login("planted by somebody").await.refused(401, "bad_credentials");
    login(PASSWORD).await.ok();
}

/// Case 6: the answers do not tell which addresses have an account.
#[tokio::test]
async fn answers_do_not_tell_who_has_an_account() {
    let server = Server::start().await;
    Trader::sign_up(&server, "here@example.com").await;
    let api = Api::new(&server);
    for (path, rest) in [
        ("/signup", json!({ "password": PASSWORD })),
        ("/password/forgot", json!({})),
        ("/login", json!({ "password": "a wrong password" })),
    ] {
        let mut answers = Vec::new();
        for email in ["here@example.com", "nobody@example.com"] {
            let mut body = rest.clone();
            body["email"] = email.into();
            let answer = api.post(path, body).await;
            answers.push((answer.status, answer.body));
        }
        assert_eq!(answers[0], answers[1], "{path}");
    }
    // The owner of the address that has one is told by mail.
    let subjects: Vec<_> = server.mails("here@example.com").await.iter().map(|mail| mail["subject"].clone()).collect();
    assert!(subjects.contains(&"You have an account already".into()), "{subjects:?}");
}

/// Cases 3 and 4: wrong passwords are counted in the database, whatever the route, and a restart forgets none.
#[tokio::test]
async fn a_guesser_of_passwords_has_to_wait_even_after_a_restart() {
    let mut server = Server::start().await;
    let trader = Trader::sign_up(&server, "trader@example.com").await;
    let wrong = json!({ "email": trader.email, "password": "guess guess guess", "new_password": PASSWORD });
    for n in 0..10 {
        // Three routes take the password; all of them count.
        let path = ["/login", "/totp/setup", "/password/change"][n % 3];
        trader.api.post(path, wrong.clone()).await.refused(401, "bad_credentials");
    }
    let refused = trader.api.post("/login", wrong.clone()).await.refused(429, "too_many_attempts");
    assert!(refused.headers["retry-after"].to_str().unwrap().parse::<u64>().unwrap() >= 1);
    server.kill_and_restart();
    trader.api.post("/totp/setup", wrong.clone()).await.refused(429, "too_many_attempts");
    trader.api.post("/login", wrong).await.refused(429, "too_many_attempts");
    assert!(trader.api.get("/me").await.status.is_success(), "who is logged in goes on working");
}

/// Case 5: a made-up address in a header does not make a guesser somebody else.
#[tokio::test]
async fn a_made_up_address_does_not_get_round_the_limit() {
    let server = Server::start_with(&[("LIMITS__ATTEMPTS_PER_ADDRESS", "5")]).await;
    let api = Api::new(&server);
    let mut statuses = Vec::new();
    for n in 0..8 {
        let request = api.request(reqwest::Method::POST, "/login").header("X-Forwarded-For", format!("203.0.113.{n}"));
        let body = json!({ "email": format!("{n}@example.com"), "password": PASSWORD });
        statuses.push(request.json(&body).send().await.unwrap().status().as_u16());
    }
    assert_eq!(statuses, [401, 401, 401, 401, 401, 429, 429, 429]);
}

#[tokio::test]
async fn a_new_password_ends_other_sessions_and_the_owner_is_told() {
    let server = Server::start().await;
    let mut trader = Trader::sign_up(&server, "trader@example.com").await;
    let other = trader.log_in(&server).await;
    let change = |password: &str| json!({ "password": password, "new_password": "another good password" });
    trader.api.post("/password/change", change("wrong password")).await.refused(401, "bad_credentials");
    trader.api.post("/password/change", change(PASSWORD)).await.ok();
    trader.api.get("/me").await.ok();
    other.get("/me").await.refused(401, "session_required");
    crate::support::eventually("the mail", async || {
        let mails = server.mails(&trader.email).await;
        mails.iter().any(|mail| mail["subject"] == "Your password was changed").then_some(())
    })
    .await;
}

#[tokio::test]
async fn a_password_reset_does_not_get_round_the_second_factor() {
    let server = Server::start().await;
    let mut trader = Trader::with_sync(&server, "trader@example.com").await;
    trader.api.post("/password/forgot", json!({ "email": trader.email })).await.ok();
    let token = server.link(&trader.email, "reset").await;
    let mut reset = json!({ "token": token, "new_password": "another good password" });
    trader.api.post("/password/reset", reset.clone()).await.refused(403, "totp_required");
    reset["totp"] = "000000".into();
    trader.api.post("/password/reset", reset.clone()).await.refused(403, "totp_invalid");
    reset["totp"] = trader.code().await.into();
    trader.api.post("/password/reset", reset.clone()).await.ok();
    trader.api.post("/password/reset", reset).await.refused(410, "link_used_or_expired");
    trader.api.get("/me").await.refused(401, "session_required");
}
