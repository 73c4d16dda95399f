//! The server leaves politely.

use std::{process::Command, time::Instant};

use keyleash_protocol::{CloseCode, socket::ServerMessage};

use crate::{
    browser::Owner,
    support::{Server, eventually},
};

#[tokio::test]
async fn on_sigterm_devices_are_told_when_to_come_back() {
    let mut server = Server::start().await;
    let mut owner = Owner::new(&server, "drain@example.com").await;
    let mut desk = owner.browser(&server, "Desk").await;
    let mut phone = owner.browser(&server, "Phone").await;
    assert!(Command::new("kill").arg("-TERM").arg(server.pid().to_string()).status().unwrap().success());
    for browser in [&mut desk, &mut phone] {
        let wait = browser
            .until("the drain", |_, message| match message {
                ServerMessage::Drain { reconnect_after_ms } => Some(*reconnect_after_ms),
                _ => None,
            })
            .await;
        println!("told to come back after {wait} ms");
        assert_eq!(browser.until_closed().await, Some(CloseCode::GoingAway.code()));
    }
    let start = Instant::now();
    eventually("the end of the process", async || server.has_ended().then_some(())).await;
    println!("the process ended {:?} after the last socket", start.elapsed());
}
