//! Several devices stay in step, live and after an absence.

use std::time::Instant;

use keyleash_protocol::{
    ProblemCode, Version,
    socket::{ClientMessage, ServerMessage},
};

use crate::{
    browser::{Browser, Owner, credential, figures},
    support::Server,
};

#[tokio::test]
async fn a_pending_device_turns_verified_on_its_socket() {
    let server = Server::start().await;
    let mut owner = Owner::new(&server, "pending@example.com").await;
    let mut desk = owner.pending(&server, "Desk").await;
    assert!(desk.device.is_locked());
    let refused = desk.ask(ClientMessage::Delete { r#ref: 0, id: credential(1), base_version: Version(1) });
    assert_eq!(refused.await.unwrap_err().code, ProblemCode::DeviceState);

    let start = Instant::now();
    owner.approve(&server, &mut desk).await;
    desk.until_unlocked().await;
    println!("from asking for the mail to unlocked: {:?}", start.elapsed());
}

#[tokio::test]
async fn changes_reach_every_device_and_the_writer() {
    let server = Server::start().await;
    let mut owner = Owner::new(&server, "sync@example.com").await;
    let mut desk = owner.browser(&server, "Desk").await;
    let mut laptop = owner.browser(&server, "Laptop").await;
    let mut phone = owner.browser(&server, "Phone").await;

    let (version, seq) = desk.put(credential(1), Version(0), "main").await.unwrap();
    assert_eq!(version, Version(1));
    for browser in [&mut desk, &mut laptop, &mut phone] {
        browser.until_at(seq).await;
        assert_eq!(browser.label(credential(1)).unwrap(), "main");
    }

    let mut times = Vec::new();
    for n in 0..50 {
        let label = format!("label {n}");
        let start = Instant::now();
        let (_, seq) = laptop.put(credential(1), Version(n + 1), &label).await.unwrap();
        desk.until_at(seq).await;
        phone.until_at(seq).await;
        times.push(start.elapsed());
        assert_eq!(desk.label(credential(1)).unwrap(), label);
        assert_eq!(phone.label(credential(1)).unwrap(), label);
    }
    println!("put to the other two devices: {}", figures(times));

    // The version that a write is based on has to be the stored one.
    let conflict = phone.put(credential(1), Version(1), "stale").await.unwrap_err();
    assert_eq!((conflict.code, conflict.version), (ProblemCode::Conflict, Some(Version(51))));

    let (_, seq) = phone.delete(credential(1), Version(51)).await.unwrap();
    for browser in [&mut desk, &mut laptop, &mut phone] {
        browser.until_at(seq).await;
        assert_eq!(browser.label(credential(1)), None);
    }
    // A deleted one can be brought back on its tombstone's version.
    let (version, seq) = desk.put(credential(1), Version(52), "back").await.unwrap();
    assert_eq!(version, Version(53));
    phone.until_at(seq).await;
    assert_eq!(phone.label(credential(1)).unwrap(), "back");
}

#[tokio::test]
async fn a_device_that_was_away_gets_exactly_what_it_missed() {
    let server = Server::start().await;
    let mut owner = Owner::new(&server, "away@example.com").await;
    let mut desk = owner.browser(&server, "Desk").await;
    let mut laptop = owner.browser(&server, "Laptop").await;
    for n in 0..5 {
        let (_, seq) = desk.put(credential(n), Version(0), "before").await.unwrap();
        laptop.until_at(seq).await;
    }
    let cursor = laptop.device.cursor;
    let (laptop_api, mut laptop_device) = (laptop.api.clone(), laptop.device);
    drop(laptop.line);
    desk.until_devices("the laptop offline", |devices| devices.iter().any(|view| !view.online)).await;

    desk.put(credential(2), Version(1), "while away").await.unwrap();
    desk.delete(credential(3), Version(1)).await.unwrap();
    desk.put(credential(9), Version(0), "new").await.unwrap();
    let (_, seq) = desk.put(credential(2), Version(2), "while away, again").await.unwrap();

    // Its browser was closed: the unlock key is gone, what it holds is not.
    laptop_device.lock();
    let mut laptop = Browser::connect(&server, laptop_api, laptop_device).await;
    laptop.until_at(seq).await;
    desk.until_at(seq).await;
    let got: Vec<_> = laptop.pages.iter().flat_map(|page| page.upserts.iter().map(|row| row.id)).collect();
    let deleted: Vec<_> = laptop.pages.iter().flat_map(|page| page.deletes.iter().map(|row| row.id)).collect();
    assert_eq!(got, [credential(9), credential(2)], "in the order of seq, each once");
    assert_eq!(deleted, [credential(3)]);
    assert!(laptop.pages[0].total == Some(3) && laptop.pages[0].seq > cursor);
    assert_eq!(laptop.device.held, desk.device.held);
    desk.until_devices("the laptop up to date", |devices| {
        devices.iter().all(|view| view.online && view.acked_seq >= view.seq)
    })
    .await;
}

#[tokio::test]
async fn a_long_catch_up_comes_in_pages_with_its_total_first() {
    const CREDENTIALS: u128 = 120;
    let server = Server::start().await;
    let mut owner = Owner::new(&server, "pages@example.com").await;
    let mut desk = owner.browser(&server, "Desk").await;
    for n in 0..CREDENTIALS {
        desk.put(credential(n), Version(0), &format!("label {n}")).await.unwrap();
    }
    let phone = owner.browser(&server, "Phone").await;
    assert_eq!(phone.device.held.len() as u128, CREDENTIALS);
    assert!(phone.pages.len() > 1);
    let totals: Vec<_> = phone.pages.iter().map(|page| page.total).collect();
    assert_eq!(totals[0], Some(120));
    assert!(totals[1..].iter().all(Option::is_none));
    assert!(phone.pages.windows(2).all(|pair| pair[0].seq <= pair[1].seq && !pair[0].done));
}

/// A device that reconnects while it is unlocked asks for no key, and gets none.
#[tokio::test]
async fn an_unlocked_device_comes_back_without_a_new_seal() {
    let server = Server::start().await;
    let mut owner = Owner::new(&server, "back@example.com").await;
    let mut desk = owner.browser(&server, "Desk").await;
    let (_, seq) = desk.put(credential(1), Version(0), "main").await.unwrap();
    desk.until_at(seq).await;
    let mut desk = desk.reconnect(&server).await;
    let mut sealed = false;
    desk.until("the first page", |_, message| {
        sealed |= matches!(message, ServerMessage::Unlock(_));
        matches!(message, ServerMessage::Sync(page) if page.done).then_some(())
    })
    .await;
    assert!(!sealed);
    assert!(desk.pages[0].upserts.is_empty());
    desk.put(credential(1), Version(1), "still opens").await.unwrap();
}
