//! Bad input: a clear error that names the field and the rule.

use reqwest::Method;
use serde_json::{Value, json};

use crate::support::{Answer, Api, PASSWORD, Server};

#[tokio::test]
async fn bad_fields_are_named_with_their_rule() {
    let server = Server::start().await;
    let api = Api::new(&server);
    for (body, field) in [
        (json!({ "email": "nowhere", "password": PASSWORD }), "email"),
        (json!({ "email": "a@b\r\nBcc: c@d", "password": PASSWORD }), "email"),
        (json!({ "email": "a@example.com", "password": "short" }), "password"),
        (json!({ "email": "a@example.com", "password": "x".repeat(1_025) }), "password"),
    ] {
        let refused = api.post("/signup", body).await.refused(422, "invalid_field");
        assert_eq!(refused.body["field"], field);
        assert!(!refused.body["detail"].as_str().unwrap().is_empty());
    }
}

#[tokio::test]
async fn what_is_not_the_expected_json_is_refused_without_repeating_it() {
    let server = Server::start().await;
    let api = Api::new(&server);
    let post = async |content_type: &str, body: Vec<u8>| {
        let request = api.request(Method::POST, "/login").header("Content-Type", content_type).body(body);
        Answer::read(request.send().await.unwrap()).await
    };
    post("application/json", b"{".to_vec()).await.refused(400, "bad_json");
    post("text/plain", b"{}".to_vec()).await.refused(415, "unsupported_media_type");
    post("application/json", vec![b' '; 20_000]).await.refused(413, "too_large");
    let deep = "[".repeat(10_000).into_bytes();
    post("application/json", deep).await.refused(400, "bad_json");
    let wrong_type = json!({ "email": "a@example.com", "password": { "canary-secret": 1 } }).to_string();
    let refused = post("application/json", wrong_type.into_bytes()).await.refused(400, "bad_json");
    assert!(!refused.body.to_string().contains("canary"));
    // Case 41: a compressed body is not unpacked.
    let request = api.request(Method::POST, "/login").header("Content-Encoding", "gzip").json(&Value::Null);
    Answer::read(request.send().await.unwrap()).await.refused(400, "bad_json");
}

#[tokio::test]
async fn what_is_not_there_says_so() {
    let server = Server::start().await;
    let api = Api::new(&server);
    api.get("/nothing").await.refused(404, "not_found");
    api.get("/me").await.refused(401, "session_required");
    api.with_token("made up").get("/devices").await.refused(401, "session_required");
    api.send(Method::DELETE, "/me", json!({})).await.refused(405, "method_not_allowed");
}
