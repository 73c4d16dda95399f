//! Case 38: frames that nobody should send. Each ends in the documented code, and memory stays flat.

use std::collections::HashMap;

use futures_util::StreamExt;
use keyleash_protocol::{CloseCode, limits::FRAME_BYTES_MAX, socket::SUBPROTOCOL};
use loadtest::line::{Line, Upgrade};
use tokio::io::AsyncWriteExt;
use tokio_tungstenite::tungstenite::Message;

use crate::{
    browser::{Owner, credential},
    support::{Api, PATIENCE, Server, resident_kib},
};

/// Sends raw bytes on a fresh socket; the code that it is closed with.
async fn closed_by(server: &Server, api: &Api, bytes: &[u8]) -> Option<u16> {
    let upgrade = Upgrade { protocol: Some(SUBPROTOCOL), ..Upgrade::of(api.token(), &server.url) };
    let mut line = Line::open(&server.url, upgrade).await.unwrap();
    // The server may hang up in the middle of it.
    let _ = line.stream.get_mut().write_all(bytes).await;
    let closing = async {
        loop {
            match line.stream.next().await {
                Some(Ok(Message::Close(frame))) => return frame.map(|frame| frame.code.into()),
                Some(Ok(_)) => {}
                Some(Err(_)) | None => return None,
            }
        }
    };
    tokio::time::timeout(PATIENCE, closing).await.unwrap()
}

fn header(first: u8, len: u64) -> Vec<u8> {
    let mut bytes = vec![first, 0x80 | 127];
    bytes.extend(len.to_be_bytes());
    bytes.extend([0; 4]);
    bytes
}

fn frame(first: u8, payload: &[u8]) -> Vec<u8> {
    [header(first, payload.len() as u64), payload.to_vec()].concat()
}

fn unmasked(payload: &[u8]) -> Vec<u8> {
    let len = u8::try_from(payload.len()).unwrap();
    [&[0x81, 126, 0, len], payload].concat()
}

#[tokio::test]
async fn bad_frames_end_in_the_documented_code() {
    let server = Server::start().await;
    let owner = Owner::new(&server, "frames@example.com").await;
    let api = &owner.trader.api;
    let nested = format!("{}{}", "[".repeat(10_000), "]".repeat(10_000));
    let in_a_field = format!(r#"{{"type":"ack","seq":{nested}}}"#);
    // In an ordinary frame this is heard, and refused for what it says.
    let hello =
        format!(r#"{{"type":"hello","device":"{}","cursor":0,"signature":"AA","want_unlock":false}}"#, credential(1));
    let hello = hello.as_bytes();
    let half = vec![b' '; FRAME_BYTES_MAX / 2 + 1];
    let cases = [
        ("4 GiB declared", header(0x81, 1 << 32), CloseCode::FrameTooLarge),
        ("one byte too many", header(0x81, FRAME_BYTES_MAX as u64 + 1), CloseCode::FrameTooLarge),
        ("too large in fragments", [frame(0x01, &half), frame(0x80, &half)].concat(), CloseCode::FrameTooLarge),
        ("ordinary", frame(0x81, hello), CloseCode::Unauthorised),
        ("binary", frame(0x82, hello), CloseCode::ProtocolError),
        ("not UTF-8", frame(0x81, &[0xff, 0xfe]), CloseCode::ProtocolError),
        ("unmasked", unmasked(hello), CloseCode::ProtocolError),
        ("compressed", frame(0xc1, hello), CloseCode::ProtocolError),
        ("a ping in fragments", frame(0x09, b"x"), CloseCode::ProtocolError),
        ("not JSON", frame(0x81, b"hello"), CloseCode::ProtocolError),
        ("an unknown type", frame(0x81, br#"{"type":"sudo"}"#), CloseCode::ProtocolError),
        ("a server's message", frame(0x81, br#"{"type":"drain","reconnect_after_ms":1}"#), CloseCode::ProtocolError),
        ("nested deeply", frame(0x81, nested.as_bytes()), CloseCode::ProtocolError),
        ("nested deeply in a field", frame(0x81, in_a_field.as_bytes()), CloseCode::ProtocolError),
        ("an ack before hello", frame(0x81, br#"{"type":"ack","seq":1}"#), CloseCode::ProtocolError),
    ];
    let mut closed: HashMap<CloseCode, u32> = HashMap::new();
    for (what, bytes, code) in cases {
        assert_eq!(closed_by(&server, api, &bytes).await, Some(code.code()), "{what}");
        *closed.entry(code).or_default() += 1;
    }
    for code in CloseCode::ALL {
        let counted = server.figure(&format!("keyleash_closes_total{{reason=\"{}\"}}", code.slug())).await;
        assert_eq!(counted, Some(closed.get(code).copied().unwrap_or_default()), "{code:?}");
    }
}

#[tokio::test]
async fn a_flood_of_bad_frames_leaves_memory_flat() {
    let server = Server::start().await;
    let owner = Owner::new(&server, "flat@example.com").await;
    let api = &owner.trader.api;
    let declared = header(0x81, 1 << 32);
    let unfinished = [frame(0x01, &[b' '; 16_000]), frame(0x00, &[b' '; 16_000])].concat();
    // The first ones fill the allocator's own shelves.
    for _ in 0..20 {
        closed_by(&server, api, &declared).await;
    }
    let before = resident_kib(server.pid());
    for _ in 0..100 {
        closed_by(&server, api, &declared).await;
    }
    let mut held = Vec::new();
    for _ in 0..50 {
        let mut line = Line::open(&server.url, Upgrade::of(api.token(), &server.url)).await.unwrap();
        line.stream.get_mut().write_all(&unfinished).await.unwrap();
        held.push(line);
    }
    let grown = resident_kib(server.pid()).saturating_sub(before);
    println!("100 frames of 4 GiB declared and 50 messages of 32 KiB left unfinished: +{grown} KiB");
    assert!(grown < 8 * 1024, "+{grown} KiB");
}
