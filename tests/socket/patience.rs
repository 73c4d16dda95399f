//! Peers that do not keep up, keep silent, or do not stop.

use std::time::{Duration, Instant};

use futures_util::{SinkExt, StreamExt};
use keyleash_protocol::{
    CloseCode, ProblemCode, Version,
    socket::{ClientMessage, ServerMessage},
};
use loadtest::line::{Heard, Line, Upgrade};
use serde_json::json;
use socket2::SockRef;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    time::timeout,
};
use tokio_tungstenite::tungstenite::Message;

use crate::{
    browser::{Owner, credential, figures},
    support::{PATIENCE, Server, resident_kib},
};

/// Case 39: a device stops reading while events arrive. It costs bounded memory, delays nobody, and is cut; when it reads
/// again it catches up.
#[tokio::test]
async fn a_reader_that_stops_costs_little_and_delays_nobody() {
    const CHANGES: i64 = 400;
    let server = Server::start().await;
    let mut owner = Owner::new(&server, "jammed@example.com").await;
    let mut desk = owner.browser(&server, "Desk").await;
    let mut laptop = owner.browser(&server, "Laptop").await;
    let phone = owner.browser(&server, "Phone").await;
    SockRef::from(phone.line.stream.get_ref()).set_recv_buffer_size(4 * 1024).unwrap();
    let label = "x".repeat(120);

    let (mut alone, mut version) = (Vec::new(), Version(0));
    for _ in 0..50 {
        let start = Instant::now();
        let (next, seq) = desk.put(credential(1), version, &label).await.unwrap();
        version = next;
        laptop.until_at(seq).await;
        alone.push(start.elapsed());
    }
    // From here on the phone does not read; its window is four pages, and what it misses is not kept.
    let before = resident_kib(server.pid());
    let (mut beside, start_of_jam) = (Vec::new(), Instant::now());
    for _ in 0..CHANGES {
        let start = Instant::now();
        let (next, seq) = desk.put(credential(1), version, &label).await.unwrap();
        version = next;
        laptop.until_at(seq).await;
        beside.push(start.elapsed());
    }
    let grown = resident_kib(server.pid()).saturating_sub(before);
    println!("{CHANGES} changes beside a reader that stopped: +{grown} KiB");
    println!("  a change at the other device before: {}", figures(alone));
    println!("  and beside it ({:?}): {}", start_of_jam.elapsed(), figures(beside));
    assert!(grown < 4 * 1024, "+{grown} KiB");

    let mut phone = phone;
    let (_, seq) = desk.put(credential(2), Version(0), "after").await.unwrap();
    phone.until_at(seq).await;
    desk.until_at(seq).await;
    assert!(phone.pages.len() < 20, "read once more, not {} times", phone.pages.len());
    assert_eq!(phone.device.held, desk.device.held);
}

/// A revocation overtakes what a jammed device was not sent yet.
#[tokio::test]
async fn a_revocation_is_not_behind_updates() {
    let server = Server::start().await;
    let mut owner = Owner::new(&server, "overtakes@example.com").await;
    let mut desk = owner.browser(&server, "Desk").await;
    let mut phone = owner.browser(&server, "Phone").await;
    let mut version = Version(0);
    for _ in 0..60 {
        (version, _) = desk.put(credential(1), version, "busy").await.unwrap();
    }
    owner.remove(&phone).await;
    phone.pages.clear();
    phone.until_revoked().await;
    println!("pages before the revocation: {}", phone.pages.len());
    assert!(phone.pages.len() <= 4, "the window and no more, not {}", phone.pages.len());
}

/// Case 39: a peer that pings and does not read. Its pongs do not pile up, and it is cut.
#[tokio::test]
async fn a_jammed_peer_is_cut() {
    let server = Server::start().await;
    let mut owner = Owner::new(&server, "pings@example.com").await;
    let mut desk = owner.browser(&server, "Desk").await;
    let phone = owner.browser(&server, "Phone").await;
    let id = phone.device.id;
    let mut stream = phone.line.stream.into_inner();
    SockRef::from(&stream).set_recv_buffer_size(4 * 1024).unwrap();
    let ping = [&[0x89, 0x80 | 0x7d, 0, 0, 0, 0][..], &[b'p'; 125]].concat().repeat(100);
    let (before, start) = (resident_kib(server.pid()), Instant::now());
    let mut highest = before;
    // Goes on until the server has cut the connection.
    while stream.write_all(&ping).await.is_ok() {
        highest = highest.max(resident_kib(server.pid()));
        assert!(start.elapsed() < PATIENCE, "still open");
    }
    println!("pings without reading: +{} KiB, cut after {:?}", highest - before, start.elapsed());
    assert!(highest - before < 4 * 1024, "+{} KiB", highest - before);
    desk.until_devices("the phone offline", |devices| devices.iter().any(|view| view.id == id && !view.online)).await;
}

/// A peer that is silent for two and a half heartbeats is gone.
#[tokio::test]
async fn silence_ends_a_socket() {
    let server = Server::start_with(&[("LIMITS__HEARTBEAT_SECONDS", "1")]).await;
    let mut owner = Owner::new(&server, "silence@example.com").await;
    let mut desk = owner.browser(&server, "Desk").await;
    let mut phone = owner.browser(&server, "Phone").await;
    // The phone's bytes are read, but nobody answers a ping or a page.
    let silent = async {
        let (mut bytes, start) = (Vec::new(), Instant::now());
        timeout(PATIENCE, phone.line.stream.get_mut().read_to_end(&mut bytes)).await.unwrap().unwrap();
        (bytes, start.elapsed())
    };
    // A browser that answers hears an empty page with each heartbeat, and stays.
    let answering = async {
        for _ in 0..4 {
            let is_beat = |message: &ServerMessage| matches!(message, ServerMessage::Sync(page) if page.done);
            desk.until("a heartbeat", |_, message| is_beat(message).then_some(())).await;
        }
    };
    let ((bytes, waited), ()) = tokio::join!(silent, answering);
    println!("a silent peer was closed after {waited:?}");
    assert!(bytes.ends_with(CloseCode::HeartbeatLost.slug().as_bytes()));
    assert!(waited >= Duration::from_secs(2), "two and a half heartbeats, not {waited:?}");
    desk.until_devices("the phone offline", |devices| devices.iter().any(|view| !view.online)).await;
}

/// Case 40: a flood of writes is refused with a code, then ended. Here from a device that may not write at all: what the
/// flood costs is the refusals.
#[tokio::test]
async fn a_flood_of_writes_is_refused_then_ended() {
    let server = Server::start().await;
    let mut owner = Owner::new(&server, "flood@example.com").await;
    let phone = owner.pending(&server, "Phone").await;
    let delete = ClientMessage::Delete { r#ref: 1, id: credential(1), base_version: Version(1) };
    let flood = Message::text(serde_json::to_string(&delete).unwrap());
    let (mut writing, mut reading) = phone.line.stream.split();
    let sending = async {
        while writing.send(flood.clone()).await.is_ok() {}
        std::future::pending::<()>().await;
    };
    let hearing = async {
        let mut refused = 0;
        while let Some(Ok(message)) = reading.next().await {
            match message {
                Message::Text(text) => {
                    if let Ok(ServerMessage::Error(error)) = serde_json::from_str(&text) {
                        refused += u32::from(error.code == ProblemCode::TooManyRequests);
                    }
                }
                Message::Close(frame) => return (refused, frame.map(|frame| u16::from(frame.code))),
                _ => {}
            }
        }
        (refused, None)
    };
    let (refused, code) = tokio::select! {
        heard = timeout(PATIENCE, hearing) => heard.unwrap(),
        () = sending => unreachable!(),
    };
    println!("{refused} writes were refused for their number before the end");
    assert!(refused > 100);
    assert_eq!(code, Some(CloseCode::RateLimited.code()));
}

/// Case 40: pings cost little each, and are counted all the same.
#[tokio::test]
async fn a_flood_of_pings_is_ended() {
    let server = Server::start().await;
    let mut owner = Owner::new(&server, "pings.that.are.read@example.com").await;
    let phone = owner.pending(&server, "Phone").await;
    let (mut writing, mut reading) = phone.line.stream.split();
    let sending = async {
        while writing.send(Message::Ping(Vec::new().into())).await.is_ok() {}
        std::future::pending::<()>().await;
    };
    let hearing = async {
        while let Some(Ok(message)) = reading.next().await {
            if let Message::Close(frame) = message {
                return frame.map(|frame| u16::from(frame.code));
            }
        }
        None
    };
    let code = tokio::select! {
        heard = timeout(PATIENCE, hearing) => heard.unwrap(),
        () = sending => unreachable!(),
    };
    assert_eq!(code, Some(CloseCode::RateLimited.code()));
}

/// A device has a few sockets; one more takes the place of the oldest.
#[tokio::test]
async fn a_fifth_socket_takes_the_first_ones_place() {
    let server = Server::start().await;
    let mut owner = Owner::new(&server, "sockets@example.com").await;
    let mut first = owner.browser(&server, "Desk").await;
    let mut others = Vec::new();
    for _ in 0..4 {
        let mut line = Line::open(&server.url, Upgrade::of(first.api.token(), &server.url)).await.unwrap();
        let Heard::Message(ServerMessage::Challenge { nonce }) = line.next().await.unwrap() else { panic!() };
        line.send(&ClientMessage::Hello(first.device.hello(nonce.as_slice()).unwrap())).await.unwrap();
        assert!(matches!(line.next().await.unwrap(), Heard::Message(ServerMessage::Welcome(_))));
        others.push(line);
    }
    assert_eq!(first.until_closed().await, Some(CloseCode::Superseded.code()));
    let me = first.api.get("/devices").await.ok();
    assert_eq!(me["devices"][0]["online"], json!(true));
}

#[tokio::test]
async fn a_browser_that_is_closed_is_soon_offline() {
    let server = Server::start().await;
    let mut owner = Owner::new(&server, "offline@example.com").await;
    let mut desk = owner.browser(&server, "Desk").await;
    let phone = owner.browser(&server, "Phone").await;
    let id = phone.device.id;
    desk.until_devices("the phone online", |devices| devices.iter().any(|view| view.id == id && view.online)).await;
    drop(phone);
    desk.until_devices("the phone offline", |devices| devices.iter().any(|view| view.id == id && !view.online)).await;
    assert!(desk.view().online);
}
