//! What was answered `done` is there, whatever happens to the server.

use std::{collections::BTreeMap, time::Duration};

use keyleash_protocol::{
    Version,
    socket::{ClientMessage, ServerMessage},
};
use loadtest::line::Heard;

use crate::{
    browser::{Browser, Owner, credential, form},
    support::Server,
};

/// The server is killed in the middle of writes and started again on the same data.
#[tokio::test]
async fn done_survives_sigkill() {
    let mut server = Server::start().await;
    let mut owner = Owner::new(&server, "kill@example.com").await;
    let mut desk = owner.browser(&server, "Desk").await;
    let phone = owner.browser(&server, "Phone").await;
    let mut done = BTreeMap::new();
    for round in 0..3_u128 {
        let killed_after = Duration::from_millis(40 + 30 * u64::try_from(round).unwrap());
        let writing = async {
            for n in 0.. {
                let id = credential(round * 10_000 + n);
                let sealed = desk.device.seal(id, Version(0), &form("durable")).unwrap();
                let r#ref = desk.next_ref();
                let put = ClientMessage::Put { r#ref, id, base_version: Version(0), r#box: sealed };
                if desk.line.send(&put).await.is_err() {
                    return;
                }
                loop {
                    match desk.line.next().await {
                        Ok(Heard::Message(ServerMessage::Done { id, version, .. })) => {
                            done.insert(id, version);
                            break;
                        }
                        Ok(Heard::Message(_)) => {}
                        Ok(Heard::Closed(_)) | Err(_) => return,
                    }
                }
            }
        };
        let killing = async {
            tokio::time::sleep(killed_after).await;
            server.kill();
        };
        tokio::join!(writing, killing);
        server.kill_and_restart();
        let (api, device) = (desk.api, desk.device);
        desk = Browser::connect(&server, api, device).await;
        let (_, seq) = desk.put(credential(1_000_000 + round), Version(0), "after").await.unwrap();
        desk.until_at(seq).await;
    }
    println!("{} writes were answered done before one of three kills", done.len());
    assert!(!done.is_empty());
    let mut phone = phone.reconnect(&server).await;
    phone.until_at(desk.device.cursor).await;
    for (id, version) in &done {
        assert_eq!(desk.device.held.get(id).map(|held| held.version), Some(*version), "{id} at the desk");
    }
    assert_eq!(phone.device.held, desk.device.held);
}
