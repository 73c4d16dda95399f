//! What an operator sees of a node: readiness by part, figures, and a log in which one request can be followed.

use reqwest::Method;
use serde_json::{Value, json};

use crate::support::{Answer, Api, Server, Trader};

#[tokio::test]
async fn readiness_names_every_part() {
    let server = Server::start().await;
    let readiness = Answer::read(reqwest::get(format!("{}/readyz", server.admin)).await.unwrap()).await.ok();
    assert_eq!(readiness["ready"], true);
    let names: Vec<&str> =
        readiness["parts"].as_array().unwrap().iter().map(|part| part["name"].as_str().unwrap()).collect();
    assert_eq!(names, ["store", "bus", "kms", "mail", "vendor_keys", "node"]);
}

#[tokio::test]
async fn figures_are_counted_and_name_nobody() {
    let server = Server::start().await;
    let trader = Trader::with_sync(&server, "figures@example.com").await;
    let metrics = reqwest::get(format!("{}/metrics", server.admin)).await.unwrap().text().await.unwrap();
    for figure in [
        "keyleash_sockets",
        "keyleash_hellos_total{outcome=\"ok\"}",
        "keyleash_pushes_total",
        "keyleash_revocation_seconds_count",
        "keyleash_kms_up 1",
        "keyleash_mail_up 1",
        "keyleash_bus_blind 0",
        "keyleash_outbox_waiting",
        "keyleash_sweep_lag_seconds",
    ] {
        assert!(metrics.contains(figure), "{figure} in\n{metrics}");
    }
    assert!(!metrics.contains("figures@example.com") && !metrics.contains(trader.api.token()));
    assert!(metrics.trim_end().ends_with("# EOF"), "OpenMetrics ends so");
}

#[tokio::test]
async fn a_request_can_be_followed_through_the_log() {
    let server = Server::start_logging("debug", &[("LOG__FORMAT", "json")]).await;
    let answer = Api::new(&server).post("/login", json!({ "email": "a@example.com", "password": "b" })).await;
    let id = answer.headers["x-request-id"].to_str().unwrap().to_owned();
    let log = server.log();
    let lines: Vec<Value> = log.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let of_request: Vec<&Value> = lines.iter().filter(|line| line["span"]["request"] == id.as_str()).collect();
    let told = of_request.iter().find(|line| line["message"] == "request").unwrap();
    assert_eq!((&told["path"], &told["status"]), (&json!("/api/v1/login"), &json!(401)));
}

#[tokio::test]
async fn a_proxys_id_is_taken_over_and_a_strangers_is_not() {
    let behind_proxy = Server::start_with(&[("HTTP__TRUSTED_PROXIES", "[\"127.0.0.1\"]")]).await;
    let alone = Server::start().await;
    let id = async |server: &Server, given: &str| {
        let request = Api::new(server).request(Method::GET, "/me").header("x-request-id", given);
        Answer::read(request.send().await.unwrap()).await.headers["x-request-id"].to_str().unwrap().to_owned()
    };
    assert_eq!(id(&behind_proxy, "edge-7.42").await, "edge-7.42");
    for forged in ["a b", "x\"y", &"a".repeat(65)] {
        assert_ne!(id(&behind_proxy, forged).await, forged);
    }
    assert_ne!(id(&alone, "edge-7.42").await, "edge-7.42");
}
