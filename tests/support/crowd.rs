//! Many users at once, made beside the running servers as load tests make them.

#![allow(dead_code, reason = "each test program uses its part")]

use std::sync::atomic::AtomicU64;

use keyleash_protocol::socket::{ClientMessage, ServerMessage};
use loadtest::{
    device::Device,
    line::{Heard, Line, Upgrade},
    prepare::{by_command, spread},
};

use crate::support::Server;

/// Users with verified devices, each with a session's token.
pub async fn seed(server: &Server, users: usize, devices_per_user: usize) -> Vec<(Device, String)> {
    let counts = spread(users, users * devices_per_user).unwrap();
    let command = server.command(&["admin", "crowd", "--for-load-tests"]);
    let crowd = by_command(command.into(), &counts, &AtomicU64::new(0)).await.unwrap();
    let device = |user, prepared| Device::prepared(user, prepared).unwrap();
    crowd
        .iter()
        .flat_map(|user| user.devices.iter().map(|prepared| (device(user.id, prepared), prepared.token.clone())))
        .collect()
}

/// Says hello as a device that still holds its unlock key, and acknowledges the first page.
pub async fn live(server: &Server, device: &Device, token: &str) -> Line {
    let mut line = Line::open(&server.url, Upgrade::of(token, &server.url)).await.unwrap();
    loop {
        let Heard::Message(message) = line.next().await.unwrap() else { panic!("closed") };
        match message {
            ServerMessage::Challenge { nonce } => {
                let mut hello = device.hello(nonce.as_slice()).unwrap();
                hello.want_unlock = false;
                line.send(&ClientMessage::Hello(hello)).await.unwrap();
            }
            ServerMessage::Sync(page) => line.send(&ClientMessage::Ack { seq: page.seq }).await.unwrap(),
            ServerMessage::Devices { .. } => return line,
            _ => {}
        }
    }
}
