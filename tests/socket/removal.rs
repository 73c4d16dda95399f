//! A device is taken away: online, offline, in a race, and by the owner's other ways.

use std::time::{Duration, Instant};

use keyleash::{
    actors::limits::SWEEP_EVERY,
    entropy::Entropy,
    store::{DeviceStore, Revocation, Revoke, Trail, sql::SqliteStore},
};
use keyleash_protocol::{
    CloseCode, Seq, Version,
    socket::{ClientMessage, RevokeReason, ServerMessage},
};
use loadtest::line::{Line, LineError, Upgrade};
use reqwest::{Method, StatusCode};
use serde_json::json;
use sqlx::{Connection, SqliteConnection};

use crate::{
    browser::{Browser, Owner, credential, enrol, figures, form, now},
    support::Server,
};

#[tokio::test]
async fn an_online_device_wipes_and_its_receipt_is_shown() {
    let server = Server::start().await;
    let mut owner = Owner::new(&server, "online@example.com").await;
    let mut desk = owner.browser(&server, "Desk").await;
    let (_, seq) = desk.put(credential(1), Version(0), "main").await.unwrap();
    desk.until_at(seq).await;
    let mut times = Vec::new();
    for n in 0..4 {
        let mut phone = owner.browser(&server, &format!("Phone {n}")).await;
        phone.until_at(seq).await;
        let start = Instant::now();
        let answer = owner.remove(&phone).await;
        assert_eq!(phone.until_revoked().await, RevokeReason::Removed);
        times.push(start.elapsed());
        assert_eq!((answer["online"].as_bool(), answer["held"].as_array().unwrap().len()), (Some(true), 1));
        assert_eq!(phone.until_closed().await, Some(CloseCode::Revoked.code()));

        let id = phone.device.id;
        desk.until_devices("the receipt", |devices| {
            devices.iter().any(|view| view.id == id && view.receipt.as_ref().is_some_and(|receipt| receipt.wiped))
        })
        .await;
        let receipt = desk.devices.iter().find(|view| view.id == id).unwrap().receipt.clone().unwrap();
        println!("confirmed by the device after {} ms", receipt.after_ms);
        assert!((0..5_000).contains(&receipt.after_ms));

        // Its session is good for nothing but to say why.
        let refused = Line::open(&server.url, Upgrade::of(phone.api.token(), &server.url)).await;
        assert!(matches!(refused, Err(LineError::Refused(StatusCode::UNAUTHORIZED))));
        phone.api.get("/me").await.refused(401, "device_removed");
    }
    println!("removal to the revocation at the device, second factor included: {}", figures(times));
}

/// Case 22: a removed device reconnects with a fresh session, asks for its key, and writes.
#[tokio::test]
async fn a_removed_device_that_comes_back_is_told_to_wipe_and_gets_nothing() {
    let server = Server::start().await;
    let mut owner = Owner::new(&server, "offline@example.com").await;
    let mut desk = owner.browser(&server, "Desk").await;
    let phone = owner.browser(&server, "Phone").await;
    let mut device = phone.device;
    drop(phone.line);
    desk.until_devices("the phone offline", |devices| devices.iter().any(|view| !view.online)).await;
    let phone_id = device.id;
    let path = format!("/devices/{phone_id}/remove");
    let body = json!({ "recovery_code": owner.trader.recovery_code() });
    assert_eq!(owner.trader.api.post(&path, body).await.ok()["online"], false);

    device.lock();
    let api = owner.trader.log_in(&server).await;
    let mut phone = Browser::connect(&server, api, device).await;
    assert_eq!(phone.device.revoked, Some(RevokeReason::Removed));
    assert!(phone.device.is_locked() && phone.pages.is_empty());
    assert_eq!(phone.until_closed().await, Some(CloseCode::Revoked.code()));
    desk.until_devices("the receipt", |devices| {
        devices.iter().any(|view| view.id == phone_id && view.receipt.is_some())
    })
    .await;

    // Verified again by mail and a second factor, it is back; on the socket that waits.
    let mut device = phone.device;
    device.revoked = None;
    enrol(&phone.api, &mut device, "Phone").await;
    assert_eq!(device.id, phone_id);
    let mut phone = Browser::connect(&server, phone.api, device).await;
    owner.approve(&server, &mut phone).await;
    phone.until_unlocked().await;
}

/// Case 23: writes that race a removal. Whatever was answered `done` was committed before it; nothing after.
#[tokio::test]
async fn a_write_that_races_the_removal_is_before_it_or_refused() {
    let server = Server::start().await;
    let mut owner = Owner::new(&server, "race@example.com").await;
    let mut desk = owner.browser(&server, "Desk").await;
    let phone = owner.browser(&server, "Phone").await;
    let body = json!({ "recovery_code": owner.trader.recovery_code() });
    let (api, path) = (owner.trader.api.clone(), format!("/devices/{}/remove", phone.device.id));

    let mut phone = phone;
    let writing = async {
        let mut done = Vec::new();
        for n in 0.. {
            let sealed = phone.device.seal(credential(n), Version(0), &form("racing"));
            let Ok(sealed) = sealed else { break };
            let r#ref = phone.next_ref();
            let put = ClientMessage::Put { r#ref, id: credential(n), base_version: Version(0), r#box: sealed };
            if phone.line.send(&put).await.is_err() {
                break;
            }
            let seq = phone.until("an answer or the end", |browser, message| match message {
                ServerMessage::Done { seq, .. } => Some(Some(*seq)),
                ServerMessage::Error(_) => Some(None),
                _ => browser.device.revoked.map(|_| None),
            });
            match seq.await {
                Some(seq) => done.push((n, seq)),
                None => break,
            }
        }
        done
    };
    let removing = async {
        tokio::task::yield_now().await;
        api.post(&path, body).await.ok()["seq"].as_i64().unwrap()
    };
    let (done, removed_at) = tokio::join!(writing, removing);
    println!("{} writes were committed before the removal at seq {removed_at}", done.len());
    assert!(done.iter().all(|(_, seq)| seq.0 < removed_at));
    desk.until_at(Seq(removed_at)).await;
    let mut held: Vec<_> = desk.device.held.keys().copied().collect();
    held.sort_unstable();
    let written: Vec<_> = done.iter().map(|(n, _)| credential(*n)).collect();
    // One more may have been committed whose answer the revocation overtook.
    assert!(held.starts_with(&written) && held.len() <= written.len() + 1, "{held:?} of {written:?}");
}

#[tokio::test]
async fn panic_erase_and_sync_off_say_which_they_are() {
    let server = Server::start().await;
    let mut owner = Owner::new(&server, "reasons@example.com").await;
    let mut first = owner.browser(&server, "First").await;
    let erase = json!({ "recovery_code": owner.trader.recovery_code(), "erase": true });
    owner.trader.api.post(&format!("/devices/{}/remove", first.device.id), erase).await.ok();
    assert_eq!(first.until_revoked().await, RevokeReason::Erased);

    let mut second = owner.browser(&server, "Second").await;
    let off = json!({ "enabled": false, "recovery_code": owner.trader.recovery_code() });
    owner.trader.api.send(Method::PUT, "/sync", off).await.ok();
    assert_eq!(second.until_revoked().await, RevokeReason::SyncOff);
    // The session stays good: the owner took the keys, not the login.
    second.api.get("/me").await.ok();

    owner.trader.api.send(Method::PUT, "/sync", json!({ "enabled": true })).await.ok();
    let mut third = owner.browser(&server, "Third").await;
    let panic = json!({ "recovery_code": owner.trader.recovery_code() });
    owner.trader.api.post("/panic", panic).await.ok();
    assert_eq!(third.until_revoked().await, RevokeReason::Panic);
}

/// Case 19: a socket does not outlive its session, whichever way that ends.
#[tokio::test]
async fn a_socket_ends_with_its_session() {
    let server = Server::start().await;
    let mut owner = Owner::new(&server, "logout@example.com").await;
    let mut desk = owner.browser(&server, "Desk").await;
    desk.api.post("/logout", json!({})).await.ok();
    assert_eq!(desk.until_revoked().await, RevokeReason::SignedOut);
    assert_eq!(desk.until_closed().await, Some(CloseCode::Revoked.code()));

    // Ended from another browser.
    let mut laptop = owner.browser(&server, "Laptop").await;
    let sessions = owner.trader.api.get("/sessions").await.ok();
    let sessions = sessions["sessions"].as_array().unwrap();
    let laptops = sessions.iter().find(|session| session["device"] == json!(laptop.device.id)).unwrap();
    let path = format!("/sessions/{}", laptops["id"].as_str().unwrap());
    owner.trader.api.send(Method::DELETE, &path, json!({})).await.ok();
    assert_eq!(laptop.until_revoked().await, RevokeReason::SignedOut);
    assert_eq!(laptop.until_closed().await, Some(CloseCode::Revoked.code()));
}

/// Case 19: a session that ends by the clock takes its socket along, to the moment.
#[tokio::test]
async fn a_socket_ends_when_its_session_expires() {
    let server = Server::start().await;
    let mut owner = Owner::new(&server, "expires@example.com").await;
    let desk = owner.browser(&server, "Desk").await;
    let soon = Duration::from_millis(1_500);
    let database = format!("sqlite:{}/keyleash.db", server.directory().display());
    let mut database = SqliteConnection::connect(&database).await.unwrap();
    sqlx::query("UPDATE sessions SET expires_at = $1").bind(now().after(soon).0).execute(&mut database).await.unwrap();
    let start = Instant::now();
    let mut desk = desk.reconnect(&server).await;
    assert_eq!(desk.until_revoked().await, RevokeReason::SignedOut);
    let waited = start.elapsed();
    println!("a session of {soon:?} ended its socket after {waited:?}");
    assert!(waited < soon + Duration::from_secs(2));
    assert_eq!(desk.until_closed().await, Some(CloseCode::Revoked.code()));
}

/// Case 24: the hint of a removal is lost, here because another process made the removal. The sweep finds it.
#[tokio::test]
async fn a_removal_whose_hint_was_lost_arrives_with_the_sweep() {
    let server = Server::start().await;
    let mut owner = Owner::new(&server, "lost@example.com").await;
    let mut phone = owner.browser(&server, "Phone").await;
    let database = format!("sqlite:{}/keyleash.db", server.directory().display());
    let store = SqliteStore::open(&database, &Entropy::new()).await.unwrap();
    let (which, reason) = (Revoke::One(phone.device.id), RevokeReason::Removed);
    let removal = Revocation { which, reason, at: now(), restore_until: None };
    let start = Instant::now();
    store.revoke(phone.device.user, &removal, Trail::default()).await.unwrap().unwrap();
    assert_eq!(phone.until_revoked().await, RevokeReason::Removed);
    println!("a removal without a hint arrived after {:?}", start.elapsed());
    assert!(start.elapsed() < SWEEP_EVERY + Duration::from_secs(2));
}
