//! Case 27: a backup of the database is put back. What was taken away since must not be given again.

use std::{fs, path::PathBuf};

use keyleash_protocol::{Version, socket::DeviceState};
use serde_json::json;

use crate::{
    browser::{Browser, Owner, credential},
    support::{Server, eventually, said},
};

#[tokio::test]
async fn after_a_backup_nobody_is_unlocked_without_a_second_factor() {
    let mut server = Server::start().await;
    let mut owner = Owner::new(&server, "restored@example.com").await;
    let mut desk = owner.browser(&server, "Desk").await;
    let thief = owner.browser(&server, "Thief").await;
    desk.put(credential(1), Version(0), "in the backup").await.unwrap();
    let (epoch, unlock_key) = (desk.device.epoch.clone(), desk.device.unlock_key().unwrap().to_vec());

    assert_eq!(server.run(&["admin", "restored"]).await.status.code(), Some(1), "not while a node runs");
    server.kill();
    let backup = files(&server).map(|file| (file.clone(), fs::read(file).unwrap()));
    server.kill_and_restart();
    desk = desk.reconnect(&server).await;
    owner.remove(&thief).await;
    server.kill();
    for (file, bytes) in backup {
        fs::write(file, bytes).unwrap();
    }
    begin_another_history(&server).await;
    server.kill_and_restart();

    // Both were verified in the backup. Their sessions are over, and with a new one they are told to wait.
    thief.api.get("/me").await.refused(401, "session_required");
    let mut thief = comes_back(&mut owner, &server, thief).await;
    let mut desk = comes_back(&mut owner, &server, desk).await;
    for browser in [&mut desk, &mut thief] {
        assert_ne!(browser.device.epoch, epoch, "the database has another history");
        assert!(browser.device.is_locked() && browser.device.revoked.is_none(), "locked, and nothing is wiped");
        browser.until_devices("itself", |devices| !devices.is_empty()).await;
        assert_eq!(browser.view().state, DeviceState::Pending);
    }

    // The mail's link and a login are not enough: in the backup, whoever held them since may be believed.
    let (id, email) = (desk.device.id, owner.trader.email.clone());
    let before = server.link(&email, "device").await;
    desk.api.post(&format!("/devices/{id}/verification-mail"), json!({})).await.ok();
    let token = server.link_other_than(&email, "device", &before).await;
    desk.api.post("/device-verifications", json!({ "token": token })).await.refused(403, "totp_required");
    let recovery_code = owner.trader.recovery_code();
    desk.api.post("/device-verifications", json!({ "token": token, "recovery_code": recovery_code })).await.ok();
    desk.until_unlocked().await;
    assert_eq!(desk.device.unlock_key(), Some(unlock_key.as_slice()), "its local-only accounts open as before");
    assert_eq!(desk.label(credential(1)).as_deref(), Some("in the backup"));
    assert!(thief.device.is_locked());
}

/// With a new login and the keys that it has, locked as after a restart of the browser.
async fn comes_back(owner: &mut Owner, server: &Server, mut browser: Browser) -> Browser {
    browser.device.lock();
    let api = owner.trader.log_in(server).await;
    Browser::connect(server, api, browser.device).await
}

/// A node that was killed counts as running until its lease is over.
async fn begin_another_history(server: &Server) {
    let begun = eventually("the end of the lease", async || {
        let output = server.run(&["admin", "restored"]).await;
        output.status.success().then(|| said(&output))
    });
    let said = begun.await;
    assert!(said.contains("2 devices have to be verified"), "{said}");
}

fn files(server: &Server) -> [PathBuf; 2] {
    ["keyleash.db", "keyleash.db-wal"].map(|name| server.directory().join(name))
}
