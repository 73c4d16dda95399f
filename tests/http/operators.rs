//! What an operator sees of a node: readiness by part, figures, and a log in which one request can be followed.

use std::{collections::HashMap, fs};

use reqwest::Method;
use serde_json::{Value, json};

use crate::support::{Answer, Api, Server, Trader, now, resident_kib};

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

/// As the system sees it from outside.
#[tokio::test]
async fn what_the_process_takes_is_told() {
    let before = f64::from(u32::try_from(now().0 / 1_000).unwrap());
    let server = Server::start().await;
    let (first, again) = (process_figures(&server).await, process_figures(&server).await);
    let files = i64::try_from(fs::read_dir(format!("/proc/{}/fd", server.pid())).unwrap().count()).unwrap();
    let told = |figure| -> i64 { first[figure].parse().unwrap() };
    assert!((told("process_open_fds") - files).abs() < 8 && files < told("process_max_fds"), "{files} in {first:?}");
    let resident = i64::try_from(resident_kib(server.pid())).unwrap() * 1_024;
    let resident_told = told("process_resident_memory_bytes");
    assert!((resident / 2..resident * 2).contains(&resident_told), "{resident} in {first:?}");
    let cpu = |figures: &HashMap<String, String>| -> f64 { figures["process_cpu_seconds_total"].parse().unwrap() };
    assert!(cpu(&first) > 0.0 && cpu(&again) > cpu(&first), "{first:?}, then {again:?}");
    let began: f64 = first["process_start_time_seconds"].parse().unwrap();
    assert!((before - 2.0..before + 300.0).contains(&began), "{before} in {first:?}");
    assert_eq!(first["process_start_time_seconds"], again["process_start_time_seconds"]);
}

/// An ordinary shell's limit would be met by the thousandth device.
#[tokio::test]
async fn a_node_opens_as_many_files_as_it_is_allowed_to() {
    let server = Server::start().await;
    let limits = fs::read_to_string(format!("/proc/{}/limits", server.pid())).unwrap();
    let files = limits.lines().find_map(|line| line.strip_prefix("Max open files")).unwrap();
    let [soft, hard, "files"] = files.split_whitespace().collect::<Vec<_>>()[..] else { panic!("{files}") };
    assert_eq!(soft, hard);
    assert_eq!(process_figures(&server).await["process_max_fds"], hard);
}

/// Those of `/metrics` that are about the process.
async fn process_figures(server: &Server) -> HashMap<String, String> {
    let text = reqwest::get(format!("{}/metrics", server.admin)).await.unwrap().text().await.unwrap();
    let figures = text.lines().filter(|line| line.starts_with("process_"));
    figures.map(|line| line.split_once(' ').unwrap()).map(|(name, value)| (name.to_owned(), value.to_owned())).collect()
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
