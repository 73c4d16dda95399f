//! The upgrade: who gets one, and that the application's own routes and middleware still see every request.

use keyleash_protocol::{
    CloseCode,
    limits::NONCE_BYTES,
    socket::{BEARER_SUBPROTOCOL, SUBPROTOCOL, ServerMessage},
};
use loadtest::line::{Heard, Line, LineError, Upgrade};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

use crate::{
    browser::Owner,
    support::{Api, PATIENCE, Server},
};

/// Case 16: another site's page, a page without an origin, and somebody without a session.
#[tokio::test]
async fn a_socket_needs_a_session_and_an_allowed_origin() {
    let server = Server::start().await;
    let owner = Owner::new(&server, "origin@example.com").await;
    let good = Upgrade::of(owner.trader.api.token(), &server.url);
    assert!(Line::open(&server.url, good).await.is_ok());
    let suffixed = format!("{}.evil.example", server.url);
    for (origin, token, status) in [
        (Some("https://evil.example"), good.token, 403),
        (Some("null"), good.token, 403),
        (Some(suffixed.as_str()), good.token, 403),
        (None, good.token, 403),
        (good.origin, None, 401),
        (good.origin, Some("nonsense"), 401),
    ] {
        let refused = Line::open(&server.url, Upgrade { token, origin, ..good }).await;
        assert!(
            matches!(&refused, Err(LineError::Refused(got)) if got.as_u16() == status),
            "{origin:?} {token:?}: {refused:?}"
        );
    }
}

/// A page that has a token and no cookie offers it as a subprotocol, since it can set no header. It is not repeated, neither
/// to the page nor to the log.
#[tokio::test]
async fn a_page_shows_its_token_as_a_subprotocol() {
    let server = Server::start_logging("debug", &[("HTTP__ALLOWED_ORIGINS", "[\"https://terminal.example\"]")]).await;
    let owner = Owner::new(&server, "page@example.com").await;
    let token = owner.trader.api.token();
    let offered = format!("{SUBPROTOCOL}, {BEARER_SUBPROTOCOL}{token}");
    let page = Upgrade { token: None, origin: Some("https://terminal.example"), protocol: Some(&offered) };
    let mut line = Line::open(&server.url, page).await.unwrap();
    assert!(matches!(line.next().await.unwrap(), Heard::Message(ServerMessage::Challenge { .. })));

    let wrong = format!("{SUBPROTOCOL}, {BEARER_SUBPROTOCOL}{}", token.to_lowercase());
    let empty = format!("{SUBPROTOCOL}, {BEARER_SUBPROTOCOL}");
    for (origin, protocol, status) in [
        ("https://terminal.example", wrong.as_str(), 401),
        ("https://terminal.example", &empty, 401),
        ("https://terminal.example", SUBPROTOCOL, 401),
        ("https://evil.example", &offered, 403),
        ("null", &offered, 403),
    ] {
        let refused =
            Line::open(&server.url, Upgrade { token: None, origin: Some(origin), protocol: Some(protocol) }).await;
        assert!(
            matches!(&refused, Err(LineError::Refused(got)) if got.as_u16() == status),
            "{origin} {protocol}: {refused:?}"
        );
    }

    // The answer selects the protocol and nothing else; without it there is no socket to speak on.
    for (protocol, selected) in [(offered.as_str(), true), (&offered[SUBPROTOCOL.len() + 2..], false)] {
        let head = upgrade_head(&server, token, "/api/v1/socket", Some(protocol));
        let answer = String::from_utf8_lossy(&raw_head(&server, &head).await).to_ascii_lowercase();
        assert!(answer.starts_with("http/1.1 101"), "{answer}");
        assert_eq!(answer.contains(&format!("sec-websocket-protocol: {SUBPROTOCOL}\r\n")), selected, "{answer}");
        assert!(!answer.contains(BEARER_SUBPROTOCOL), "{answer}");
    }
    let log = server.log();
    assert!(log.contains("/api/v1/socket") && !log.contains(token), "{log}");
    // It is for the upgrade: a call takes its token where calls do.
    let request = Api::new(&server).request(reqwest::Method::GET, "/me").header("Sec-WebSocket-Protocol", &offered);
    assert_eq!(request.send().await.unwrap().status(), 401);
}

#[tokio::test]
async fn another_version_of_the_protocol_is_told_so() {
    let server = Server::start().await;
    let owner = Owner::new(&server, "version@example.com").await;
    for protocol in [None, Some("keyleash.v0")] {
        let head = upgrade_head(&server, owner.trader.api.token(), "/api/v1/socket", protocol);
        let answer = raw(&server, &head).await;
        assert!(answer.starts_with(b"HTTP/1.1 101"));
        let frame = answer.windows(4).position(|window| window == b"\r\n\r\n").unwrap() + 4;
        let code = CloseCode::UnsupportedVersion;
        assert_eq!(answer[frame], 0x88);
        assert_eq!(answer[frame + 2..frame + 4], code.code().to_be_bytes());
        assert!(answer.ends_with(code.slug().as_bytes()));
    }
}

/// Every request that asks for an upgrade goes another way through the server; what it answers is the same.
#[tokio::test]
async fn routes_and_middleware_see_upgrades_too() {
    let server = Server::start().await;
    for (path, status) in [("/api/v1/me", "401"), ("/api/v1/nothing", "404"), ("/", "200")] {
        let head = upgrade_head(&server, "nonsense", path, Some(SUBPROTOCOL));
        let answer = String::from_utf8_lossy(&raw(&server, &head).await).into_owned();
        let (head, body) = answer.split_once("\r\n\r\n").unwrap();
        assert!(head.starts_with(&format!("HTTP/1.1 {status}")), "{path}: {head}");
        let plain = reqwest::Client::new().get(format!("{}{path}", server.url)).bearer_auth("nonsense");
        let plain = plain.send().await.unwrap();
        for header in ["content-type", "cache-control", "x-content-type-options", "content-security-policy"] {
            let expected = plain.headers().get(header).map(|value| format!("{header}: {}", value.to_str().unwrap()));
            if let Some(expected) = expected {
                assert!(
                    head.to_ascii_lowercase().contains(&expected.to_ascii_lowercase()),
                    "{path}: {expected}\n{head}"
                );
            }
        }
        assert_eq!(body, plain.text().await.unwrap(), "{path}");
    }
    // Without an upgrade there is no socket to take over.
    let plain = reqwest::Client::new().get(format!("{}/api/v1/socket", server.url)).header("origin", &server.url);
    assert_eq!(plain.send().await.unwrap().status(), 401);
}

/// What the peer sends along with its request is not lost.
#[tokio::test]
async fn a_frame_right_behind_the_request_is_heard() {
    let server = Server::start().await;
    let owner = Owner::new(&server, "eager@example.com").await;
    let mut bytes = upgrade_head(&server, owner.trader.api.token(), "/api/v1/socket", Some(SUBPROTOCOL));
    // A text frame "x", masked with zeros: not JSON, and so the end.
    bytes.extend([0x81, 0x81, 0, 0, 0, 0, b'x']);
    let answer = raw(&server, &bytes).await;
    assert!(answer.ends_with(CloseCode::ProtocolError.slug().as_bytes()), "{}", String::from_utf8_lossy(&answer));
}

/// Case 41: compression is offered by every browser and never agreed to.
#[tokio::test]
async fn compression_is_not_agreed_to() {
    let server = Server::start().await;
    let owner = Owner::new(&server, "compression@example.com").await;
    let mut bytes = upgrade_head(&server, owner.trader.api.token(), "/api/v1/socket", None);
    bytes.truncate(bytes.len() - 2);
    bytes.extend(b"Sec-WebSocket-Extensions: permessage-deflate\r\n\r\n");
    let answer = String::from_utf8_lossy(&raw(&server, &bytes).await).to_ascii_lowercase();
    assert!(answer.starts_with("http/1.1 101") && !answer.contains("permessage-deflate"));
}

fn upgrade_head(server: &Server, token: &str, path: &str, protocol: Option<&str>) -> Vec<u8> {
    let host = server.url.trim_start_matches("http://");
    let protocol = protocol.map(|protocol| format!("Sec-WebSocket-Protocol: {protocol}\r\n")).unwrap_or_default();
    format!(
        "GET {path} HTTP/1.1\r\nHost: {host}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
         Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\nOrigin: {}\r\n\
         Authorization: Bearer {token}\r\n{protocol}\r\n",
        server.url
    )
    .into_bytes()
}

/// Sends bytes and reads the head of the answer.
async fn raw_head(server: &Server, bytes: &[u8]) -> Vec<u8> {
    let mut stream = TcpStream::connect(server.url.trim_start_matches("http://")).await.unwrap();
    stream.write_all(bytes).await.unwrap();
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(tokio::time::timeout(PATIENCE, stream.read_u8()).await.unwrap().unwrap());
    }
    head
}

/// Sends bytes and reads what comes until the server hangs up.
async fn raw(server: &Server, bytes: &[u8]) -> Vec<u8> {
    let mut stream = TcpStream::connect(server.url.trim_start_matches("http://")).await.unwrap();
    stream.write_all(bytes).await.unwrap();
    let mut answer = Vec::new();
    tokio::time::timeout(PATIENCE, stream.read_to_end(&mut answer)).await.unwrap().unwrap();
    answer
}

/// The first message is the challenge, and nothing else comes before hello.
#[tokio::test]
async fn the_challenge_is_first() {
    let server = Server::start().await;
    let owner = Owner::new(&server, "first@example.com").await;
    let mut line = Line::open(&server.url, Upgrade::of(owner.trader.api.token(), &server.url)).await.unwrap();
    let first = line.next().await.unwrap();
    assert!(
        matches!(&first, Heard::Message(ServerMessage::Challenge { nonce }) if nonce.0.len() == NONCE_BYTES),
        "{first:?}"
    );
}
