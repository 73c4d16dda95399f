//! A device that picks: summaries of everything, in full what it asked for, and a list of what to rotate that names no more
//! than that.

use keyleash_protocol::{
    CloseCode, CredentialId, ProblemCode, Version,
    http::{DeviceHoldings, HoldingsList},
    limits::RETRIEVE_IDS_MAX,
    socket::{ClientMessage, RetrieveMode, ServerMessage},
};
use reqwest::Method;
use serde_json::{Value, json};

use crate::{
    browser::{Browser, Owner, credential, enrol},
    support::Server,
};

/// A browser whose device is enrolled, waits for the owner, and picks.
async fn pending(server: &Server, owner: &mut Owner, name: &str) -> Browser {
    let mut browser = owner.pending(server, name).await;
    browser.device.retrieve = RetrieveMode::Picked;
    browser.reconnect(server).await
}

async fn picking(server: &Server, owner: &mut Owner, name: &str) -> Browser {
    let mut browser = pending(server, owner, name).await;
    owner.approve(server, &mut browser).await;
    browser.until_unlocked().await;
    browser
}

fn held(browser: &Browser) -> Vec<CredentialId> {
    browser.device.held.keys().copied().collect()
}

fn known(browser: &Browser) -> Vec<CredentialId> {
    browser.device.summaries.keys().copied().collect()
}

#[tokio::test]
async fn a_device_that_picks_is_given_what_it_picked_and_no_more() {
    let server = Server::start().await;
    let mut owner = Owner::new(&server, "picks@example.com").await;
    let mut desk = owner.browser(&server, "Desk").await;
    for n in 1..=3 {
        desk.put(credential(n), Version(0), "main").await.unwrap();
    }
    let mut phone = picking(&server, &mut owner, "Phone").await;
    assert_eq!((held(&phone), known(&phone)), (vec![], vec![credential(1), credential(2), credential(3)]));
    let summary = &phone.device.summaries[&credential(1)].plaintext;
    let summary: Value = serde_json::from_slice(summary).unwrap();
    assert_eq!(
        (&summary["label"], &summary["exchange"], summary.get("fields")),
        (&json!("main"), &json!("binance"), None)
    );

    // What changes comes as it is known: what is there in full in full, of the rest a summary.
    let (cursor, pages) = (phone.device.cursor, phone.pages.len());
    phone.retrieve(vec![credential(1), credential(3), credential(9)]).await.unwrap();
    assert_eq!((held(&phone), known(&phone)), (vec![credential(1), credential(3)], vec![credential(2)]));
    let page = &phone.pages[pages];
    assert_eq!((page.seq, page.done, page.total), (cursor, true, None), "it leads nowhere");
    for n in 1..=2 {
        let (_, seq) = desk.put(credential(n), Version(1), "renamed").await.unwrap();
        phone.until_at(seq).await;
    }
    assert_eq!((held(&phone), known(&phone)), (vec![credential(1), credential(3)], vec![credential(2)]));
    assert_eq!(phone.label(credential(1)).unwrap(), "renamed");
    assert_eq!(phone.device.summaries[&credential(2)].version, Version(2));
    phone.put(credential(4), Version(0), "its own").await.unwrap();
    let (_, seq) = desk.delete(credential(3), Version(1)).await.unwrap();
    phone.until_at(seq).await;
    assert_eq!((held(&phone), known(&phone)), (vec![credential(1), credential(4)], vec![credential(2)]));

    // Each connection says anew what it wants: this one still picks.
    phone.device.cursor = keyleash_protocol::Seq(0);
    let mut phone = phone.reconnect(&server).await;
    phone.until_at(seq).await;
    assert_eq!((held(&phone), known(&phone)), (vec![credential(1), credential(4)], vec![credential(2)]));

    let mut listed: Vec<CredentialId> = serde_json::from_value(owner.remove(&phone).await["held"].take()).unwrap();
    listed.sort_unstable();
    assert_eq!(listed, [credential(1), credential(3), credential(4)], "what it knew by a summary is not to be rotated");
    desk.until_at(seq).await;
    assert_eq!(desk.device.held.len(), 3, "one that does not pick has everything");
}

#[tokio::test]
async fn much_is_retrieved_page_by_page_while_changes_go_on() {
    const CREDENTIALS: u128 = 150;
    let server = Server::start().await;
    let mut owner = Owner::new(&server, "much@example.com").await;
    let mut desk = owner.browser(&server, "Desk").await;
    for n in 0..CREDENTIALS {
        desk.put(credential(n), Version(0), "main").await.unwrap();
    }
    let mut phone = picking(&server, &mut owner, "Phone").await;
    let (cursor, pages) = (phone.device.cursor, phone.pages.len());
    let (retrieved, changed) = tokio::join!(
        phone.retrieve((0..CREDENTIALS).map(credential).collect()),
        desk.put(credential(CREDENTIALS - 1), Version(1), "renamed")
    );
    retrieved.unwrap();
    let (_, seq) = changed.unwrap();
    phone.until_at(seq).await;
    desk.until_at(seq).await;
    assert_eq!(phone.device.held, desk.device.held);
    assert!(phone.device.summaries.is_empty());
    let asked: Vec<_> = phone.pages[pages..].iter().filter(|page| page.upserts.len() > 1).collect();
    assert!(asked.len() > 1, "{} pages", asked.len());
    assert!(asked.iter().all(|page| page.done && page.total.is_none() && page.seq >= cursor));
}

#[tokio::test]
async fn auto_connect_is_given_everything_from_then_on() {
    let server = Server::start().await;
    let mut owner = Owner::new(&server, "auto@example.com").await;
    let mut desk = owner.browser(&server, "Desk").await;
    desk.put(credential(1), Version(0), "before").await.unwrap();
    let mut phone = picking(&server, &mut owner, "Phone").await;
    phone.api.send(Method::PUT, "/sync", json!({ "auto_connect": true })).await.ok();
    let (_, seq) = desk.put(credential(2), Version(0), "after").await.unwrap();
    phone.until_at(seq).await;
    assert_eq!(
        (held(&phone), known(&phone)),
        (vec![credential(2)], vec![credential(1)]),
        "nothing is sent because of it"
    );
    phone.retrieve(known(&phone)).await.unwrap();
    assert_eq!(held(&phone), [credential(1), credential(2)]);
}

#[tokio::test]
async fn who_may_not_retrieve_gets_nothing() {
    let server = Server::start().await;
    let mut owner = Owner::new(&server, "refused@example.com").await;
    let mut desk = owner.browser(&server, "Desk").await;
    desk.put(credential(1), Version(0), "main").await.unwrap();
    let mut phone = pending(&server, &mut owner, "Phone").await;
    assert_eq!(phone.retrieve(vec![credential(1)]).await.unwrap_err().code, ProblemCode::DeviceState);
    owner.approve(&server, &mut phone).await;
    phone.until_unlocked().await;

    let too_many = (0..=RETRIEVE_IDS_MAX as u128).map(credential).collect();
    assert_eq!(phone.retrieve(too_many).await.unwrap_err().code, ProblemCode::InvalidField);
    let as_many_as_allowed = (0..RETRIEVE_IDS_MAX as u128).map(|n| credential(100 + n)).collect();
    let pages = phone.pages.len();
    phone.retrieve(as_many_as_allowed).await.unwrap();
    phone.retrieve(vec![]).await.unwrap();
    assert!(phone.pages[pages..].iter().all(|page| page.upserts.is_empty()), "none of them is there");

    assert_eq!(owner.remove(&phone).await["held"], json!([]));
    phone.until_revoked().await;
    // As somebody would who does not wipe; the first thing that comes back is the end.
    phone.line.send(&ClientMessage::Retrieve { r#ref: 99, ids: vec![credential(1)] }).await.unwrap();
    assert_eq!(phone.until_closed().await, Some(CloseCode::Revoked.code()));
}

async fn holdings(browser: &Browser) -> Vec<DeviceHoldings> {
    let list: HoldingsList = serde_json::from_value(browser.api.get("/holdings").await.ok()).unwrap();
    list.devices
}

/// The rotation list survives a reload, and is ticked off on every panel.
#[tokio::test]
async fn what_was_rotated_is_ticked_off() {
    let server = Server::start().await;
    let mut owner = Owner::new(&server, "rotates@example.com").await;
    let mut desk = owner.browser(&server, "Desk").await;
    for n in 1..=2 {
        desk.put(credential(n), Version(0), "main").await.unwrap();
    }
    let mut phone = picking(&server, &mut owner, "Phone").await;
    phone.retrieve(vec![credential(1)]).await.unwrap();
    let tick = |browser: &Browser, n, rotated: bool| {
        let path = format!("/devices/{}/held/{}", phone.device.id, credential(n));
        let (api, body) = (browser.api.clone(), json!({ "rotated": rotated }));
        async move { api.send(Method::PUT, &path, body).await }
    };
    tick(&desk, 1, true).await.refused(409, "device_state");
    owner.remove(&phone).await;

    let seq = desk.api.get("/devices").await.ok()["devices"][0]["seq"].clone();
    for _ in 0..2 {
        assert_eq!(tick(&desk, 1, true).await.status, 204);
    }
    assert_eq!(desk.api.get("/devices").await.ok()["devices"][0]["seq"], seq, "no credential changed");
    tick(&desk, 2, true).await.refused(404, "not_found");
    let mut stranger = Owner::new(&server, "stranger@example.com").await;
    let strange = stranger.browser(&server, "Desk").await;
    for rotated in [true, false] {
        tick(&strange, 1, rotated).await.refused(404, "not_found");
    }
    assert!(holdings(&strange).await.iter().all(|of| of.held.is_empty()));

    let of_phone = async |desk: &Browser| {
        let all = holdings(desk).await;
        assert_eq!(all.len(), 2);
        all.into_iter().find(|of| of.device == phone.device.id).unwrap().held
    };
    let listed = of_phone(&desk).await;
    assert_eq!(listed.iter().map(|held| held.credential).collect::<Vec<_>>(), [credential(1)]);
    assert!(listed[0].rotated_at.is_some_and(|at| at >= listed[0].given_at));
    let events = desk.api.get("/events").await.ok();
    let rotated = events["events"].as_array().unwrap().iter().filter(|event| event["kind"] == "credential_rotated");
    let about: Vec<_> = rotated.map(|event| (&event["detail"], &event["device"])).collect();
    assert_eq!(about, [(&json!(credential(1)), &json!(phone.device.id))], "once, though said twice");

    // Other panels hear that something about the devices changed.
    let mut laptop = owner.browser(&server, "Laptop").await;
    laptop.until("the list", |browser, _| (!browser.devices.is_empty()).then_some(())).await;
    laptop.devices.clear();
    assert_eq!(tick(&desk, 1, false).await.status, 204);
    laptop.until("the list again", |_, message| matches!(message, ServerMessage::Devices { .. }).then_some(())).await;
    let again = holdings(&laptop).await.into_iter().find(|of| of.device == phone.device.id).unwrap().held;
    assert_eq!(again[0].rotated_at, None);

    // Back again, it is given what it held: what was rotated before says nothing about that.
    tick(&desk, 1, true).await.ok();
    let api = owner.trader.log_in(&server).await;
    let mut device = phone.device;
    (device.revoked, device.retrieve) = (None, RetrieveMode::Picked);
    device.lock();
    enrol(&api, &mut device, "Phone").await;
    let mut phone = Browser::connect(&server, api, device).await;
    owner.approve(&server, &mut phone).await;
    phone.until_unlocked().await;
    assert_eq!((held(&phone), known(&phone)), (vec![credential(1)], vec![credential(2)]));
    let again = holdings(&desk).await.into_iter().find(|of| of.device == phone.device.id).unwrap().held;
    assert_eq!(again[0].rotated_at, None);
}
