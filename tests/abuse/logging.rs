//! Case 46: what clients send makes no log line of its own, and no secret gets into one.

use loadtest::line::{Heard, Line, Upgrade};
use reqwest::Method;
use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use crate::{
    canaries::{Canaries, day},
    support::{Api, Server, Trader},
    victim::Browser,
};

/// Escape sequences, line breaks, and a line that looks like one of the server's.
const FORGED: &str = "\u{1b}[31m\r\n2030-01-01T00:00:00.000000Z ERROR forged\u{9b}2J\u{2028}\u{7}";

/// A day with everything in it that people and attackers do, logged as an operator does who looks for a fault.
#[tokio::test]
async fn nothing_secret_and_nothing_forged_is_logged() {
    let server = Server::start_logging("debug", &[]).await;
    let mut canaries = Canaries::default();
    day(&server, &mut canaries).await;
    mischief(&server, &mut canaries).await;

    let log = server.log();
    assert!(log.lines().any(|line| line.contains("request") && line.contains("/login")), "{log}");
    for line in log.lines() {
        assert!(is_a_line_of_ours(line), "{line:?}");
        assert!(!line.chars().any(char::is_control), "{line:?}");
        assert!(!line.contains("forged"), "{line:?}");
    }
    canaries.assert_absent("the log", log.as_bytes());
}

/// Everywhere that text from outside can go: bodies, paths, queries, headers, raw bytes, frames.
async fn mischief(server: &Server, canaries: &mut Canaries) {
    let mut trader = Trader::with_sync(server, "mischief@example.com").await;
    let api = trader.api.clone();
    for (path, body) in [
        ("/signup", json!({ "email": format!("a@b{FORGED}"), "password": FORGED })),
        ("/login", json!({ "email": FORGED, "password": FORGED, "totp": FORGED, "recovery_code": FORGED })),
        ("/login", json!({ "email": trader.email, "password": FORGED })),
        ("/password/forgot", json!({ "email": FORGED })),
        ("/signup/confirm", json!({ "token": FORGED })),
        ("/device-verifications/inspect", json!({ "token": FORGED })),
        ("/devices", json!({ "name": FORGED, "receive_key": FORGED, "signing_key": "", "proof": "" })),
        ("/login", json!({ FORGED: FORGED })),
        ("/login", json!(FORGED)),
    ] {
        assert!(!api.post(path, body).await.status.is_server_error(), "{path}");
    }
    let browser = Browser::pending(server, &mut trader, "desk").await;
    let rename = format!("/devices/{}", browser.device.id);
    browser.api.send(Method::PATCH, &rename, json!({ "name": FORGED })).await.refused(422, "invalid_field");

    // A token where it should not be, as a careless client may put it.
    let token = browser.api.token().to_owned();
    canaries.add_token("session token", &token);
    for path in
        [format!("/me?token={token}"), format!("/{token}"), format!("/sessions/{token}"), format!("/me/{token}")]
    {
        api.get(&path).await;
    }
    let request = api.request(Method::GET, "/me").header("Referer", format!("{}/?t={token}", server.url));
    request.header("Authorization", format!("Basic {token}")).send().await.unwrap();
    reqwest::get(format!("{}/verify?device={token}", server.url)).await.unwrap();

    let forged_path = "/api/v1/%1b%5b31m%0d%0a2030-01-01T00:00:00Z%20ERROR%20forged?x=%1b%0aforged";
    for raw in [
        format!("GET {forged_path} HTTP/1.1\r\nHost: x\r\n\r\n").into_bytes(),
        format!("POST {forged_path} HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n").into_bytes(),
        b"GET / HTTP/1.1\r\nHost: x\r\nUser-Agent: \x9b2J\xff\x80forged\r\nX-Forwarded-For: \xff\r\n\r\n".to_vec(),
        b"GET / HTTP/1.1\r\nHost: x\r\nUser-Agent: a\x1b[2Jforged\r\n\r\n".to_vec(),
        b"\x1b[31mforged\r\n\r\n".to_vec(),
        format!("GET /{token}\x01 HTTP/9.9\r\nCookie: keyleash={token}\r\n\r\n").into_bytes(),
        b"\x16\x03\x01\x02\x00\x01\x00forged".to_vec(),
    ] {
        let mut io = tokio::net::TcpStream::connect(server.url.trim_start_matches("http://")).await.unwrap();
        io.write_all(&raw).await.unwrap();
        io.shutdown().await.unwrap();
        io.read_to_end(&mut Vec::new()).await.ok();
    }

    let mut line = Line::open(&server.url, Upgrade::of(&token, &server.url)).await.unwrap();
    let text = json!({ "type": FORGED, "device": token, FORGED: FORGED }).to_string();
    futures_util::SinkExt::send(&mut line.stream, text.into()).await.unwrap();
    while !matches!(line.next().await, Ok(Heard::Closed(_)) | Err(_)) {}
    Api::new(server).post("/logout", json!({})).await;
}

/// `2026-01-31T12:00:00.000000Z  INFO ...`
fn is_a_line_of_ours(line: &str) -> bool {
    let Some((time, rest)) = line.split_once(' ') else { return false };
    let level = rest.trim_start().split(' ').next();
    time.starts_with("20") && time.ends_with('Z') && matches!(level, Some("DEBUG" | "INFO" | "WARN" | "ERROR"))
}
