//! The security log.

use serde_json::{Value, json};

use crate::support::{PASSWORD, Server, Trader};

/// Another user's entries are not there, whatever is asked for; a kind that there is not is named.
#[tokio::test]
async fn the_log_is_read_by_kind_and_only_ones_own() {
    let server = Server::start().await;
    let mut trader = Trader::sign_up(&server, "trader@example.com").await;
    let other = Trader::sign_up(&server, "other@example.com").await;
    other.api.send(reqwest::Method::PUT, "/mail-preferences", json!({ "logins": false })).await.ok();
    trader.log_in(&server).await;
    trader.enable_totp().await;

    let read = async |query: &str| trader.api.get(&format!("/events?{query}")).await.ok()["events"].clone();
    let kinds = |events: &Value| -> Vec<String> {
        events.as_array().unwrap().iter().map(|event| event["kind"].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(kinds(&read("kinds=logged_in,signed_up").await), ["logged_in", "logged_in", "signed_up"]);
    let first = read("kinds=logged_in,signed_up&limit=1").await;
    let rest = read(&format!("kinds=logged_in,signed_up&before={}", first[0]["id"].as_str().unwrap())).await;
    assert_eq!(kinds(&rest), ["logged_in", "signed_up"]);
    assert_eq!(kinds(&read("kinds=totp_enabled").await), ["totp_enabled"]);
    assert_eq!(read("kinds=mail_preferences_changed").await, json!([]), "the other user's");
    assert_eq!(kinds(&other.api.get("/events?kinds=mail_preferences_changed").await.ok()["events"]).len(), 1);

    for (query, name) in
        [("kinds=logged_in,nonsense", "nonsense"), ("kinds=", ""), ("kinds=logged_in%27--", "logged_in'--")]
    {
        let refused = trader.api.get(&format!("/events?{query}")).await.refused(422, "invalid_field");
        assert_eq!(refused.body["field"], "kinds");
        assert!(refused.body["detail"].as_str().unwrap().contains(&format!("{name:?}")), "{refused:?}");
    }
}

/// What is a courtesy can be turned off, for oneself; what security needs cannot.
#[tokio::test]
async fn optional_mails_are_chosen_and_mails_about_security_are_not() {
    let server = Server::start().await;
    let mut trader = Trader::sign_up(&server, "trader@example.com").await;
    let me = trader.api.get("/me").await.ok();
    assert_eq!(me["mail_preferences"], json!({ "logins": true }));
    let choose = |body: Value| trader.api.send(reqwest::Method::PUT, "/mail-preferences", body);
    for bad in [json!({}), json!({ "logins": "no" })] {
        choose(bad).await.refused(400, "bad_json");
    }
    for _ in 0..2 {
        assert_eq!(choose(json!({ "logins": false })).await.ok()["mail_preferences"], json!({ "logins": false }));
    }
    let changes = trader.api.get("/events?kinds=mail_preferences_changed").await.ok();
    assert_eq!(changes["events"].as_array().unwrap().len(), 1, "the second time nothing changed");
    assert_eq!(changes["events"][0]["detail"], "logins: off");
    trader.enable_totp().await;
    let change = json!({
        "password": PASSWORD, "new_password": "another good password", "recovery_code": trader.recovery_code(),
    });
    trader.api.post("/password/change", change).await.ok();
    for subject in ["Two-factor authentication is on", "Your password was changed"] {
        crate::support::eventually(subject, async || {
            server.mails(&trader.email).await.iter().any(|mail| mail["subject"] == subject).then_some(())
        })
        .await;
    }
}
