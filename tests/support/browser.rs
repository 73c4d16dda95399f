//! A user, and the browsers on which that user's devices are.

#![allow(dead_code, reason = "each test program uses its part")]

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use keyleash_protocol::{
    CredentialId, Seq, UnixMillis, Version,
    http::{DeviceView, Enrolled},
    socket::{ClientMessage, RevokeReason, ServerMessage, SocketError, SyncPage},
};
use loadtest::{
    device::{Device, Held},
    line::{Heard, Line, LineError, Upgrade},
};
use serde_json::json;
use tokio::time::timeout;
use uuid::Uuid;

use crate::support::{Api, PATIENCE, Server, Trader};

/// A user with sync on, before any device.
pub struct Owner {
    pub trader: Trader,
    known_link: String,
}

impl Owner {
    pub async fn new(server: &Server, email: &str) -> Self {
        Self { trader: Trader::with_sync(server, email).await, known_link: String::new() }
    }

    /// A browser with a session of its own, its device enrolled, verified and live.
    pub async fn browser(&mut self, server: &Server, name: &str) -> Browser {
        let mut browser = self.pending(server, name).await;
        self.approve(server, &mut browser).await;
        browser.until_unlocked().await;
        browser
    }

    /// A browser whose device is enrolled, connected and waits for the owner.
    pub async fn pending(&mut self, server: &Server, name: &str) -> Browser {
        let api = self.trader.log_in(server).await;
        let me = api.get("/me").await.ok();
        let mut device = Device::new(me["user_id"].as_str().unwrap().parse().unwrap()).unwrap();
        enrol(&api, &mut device, name).await;
        Browser::connect(server, api, device).await
    }

    /// Follows the mail's link and presses the button; with a code if that device needs one.
    pub async fn approve(&mut self, server: &Server, browser: &mut Browser) {
        let id = browser.device.id;
        browser.api.post(&format!("/devices/{id}/verification-mail"), json!({})).await.ok();
        let token = server.link_other_than(&self.trader.email, "device", &self.known_link).await;
        self.known_link.clone_from(&token);
        let inspected = self.trader.api.post("/device-verifications/inspect", json!({ "token": token })).await.ok();
        let mut body = json!({ "token": token });
        if inspected["totp_required"] == true {
            body["recovery_code"] = self.trader.recovery_code().into();
        }
        self.trader.api.post("/device-verifications", body).await.ok();
    }

    pub async fn remove(&mut self, browser: &Browser) -> serde_json::Value {
        let code = self.trader.recovery_code();
        let path = format!("/devices/{}/remove", browser.device.id);
        self.trader.api.post(&path, json!({ "recovery_code": code })).await.ok()
    }
}

/// Posts the device's keys; for known ones it is the same device.
pub async fn enrol(api: &Api, device: &mut Device, name: &str) {
    let body = serde_json::to_value(device.enrolment(name).unwrap()).unwrap();
    let enrolled: Enrolled = serde_json::from_value(api.post("/devices", body).await.ok()).unwrap();
    device.id = enrolled.id;
}

/// A device and its socket.
pub struct Browser {
    pub api: Api,
    pub device: Device,
    pub line: Line,
    /// The newest list of devices.
    pub devices: Vec<DeviceView>,
    /// Every page that came over this socket.
    pub pages: Vec<SyncPage>,
    next_ref: u32,
}

impl Browser {
    /// Opens a socket and says hello.
    pub async fn connect(server: &Server, api: Api, device: Device) -> Self {
        let line = Line::open(&server.url, Upgrade::of(api.token(), &server.url)).await.unwrap();
        let (devices, pages) = (Vec::new(), Vec::new());
        let mut browser = Self { api, device, line, devices, pages, next_ref: 0 };
        browser
            .until("the welcome", |_, message| {
                matches!(message, ServerMessage::Welcome(_) | ServerMessage::Revoked { .. }).then_some(())
            })
            .await;
        browser
    }

    /// The same browser with a new socket.
    pub async fn reconnect(self, server: &Server) -> Self {
        drop(self.line);
        Self::connect(server, self.api, self.device).await
    }

    /// Takes messages in and answers them as a browser does, until one is what is waited for.
    pub async fn until<T>(&mut self, what: &str, mut is_it: impl FnMut(&Self, &ServerMessage) -> Option<T>) -> T {
        let waiting = async {
            loop {
                match self.line.next().await.unwrap() {
                    Heard::Message(message) => {
                        self.answer(&message).await;
                        if let Some(found) = is_it(self, &message) {
                            return found;
                        }
                    }
                    Heard::Closed(code) => panic!("closed with {code:?} before {what}"),
                }
            }
        };
        timeout(PATIENCE, waiting).await.unwrap_or_else(|_| panic!("{what} did not come"))
    }

    async fn answer(&mut self, message: &ServerMessage) {
        match message {
            ServerMessage::Devices { devices } => self.devices.clone_from(devices),
            ServerMessage::Sync(page) => self.pages.push(page.clone()),
            _ => {}
        }
        if let Some(answer) = self.device.take(message, now()).unwrap() {
            // The server may have hung up meanwhile; the next read says so.
            let _ = self.line.send(&answer).await;
        }
    }

    pub async fn until_unlocked(&mut self) {
        self.until("the end of the first catch-up", |browser, message| {
            (!browser.device.is_locked() && matches!(message, ServerMessage::Sync(page) if page.done)).then_some(())
        })
        .await;
    }

    /// Waits until this device holds what changed last.
    pub async fn until_at(&mut self, seq: Seq) {
        if self.device.cursor < seq {
            self.until("the change", |browser, _| (browser.device.cursor >= seq).then_some(())).await;
        }
    }

    pub async fn until_devices(&mut self, what: &str, is_it: impl Fn(&[DeviceView]) -> bool) {
        if !is_it(&self.devices) {
            self.until(what, |browser, _| is_it(&browser.devices).then_some(())).await;
        }
    }

    pub async fn until_revoked(&mut self) -> RevokeReason {
        self.until("the revocation", |browser, _| browser.device.revoked).await
    }

    /// Reads on, without a word, until the socket is closed.
    pub async fn until_closed(&mut self) -> Option<u16> {
        let reading = async {
            loop {
                match self.line.next().await {
                    Ok(Heard::Message(_)) => {}
                    Ok(Heard::Closed(code)) => return code,
                    Err(LineError::Broken(_)) => return None,
                    Err(error) => panic!("{error}"),
                }
            }
        };
        timeout(PATIENCE, reading).await.unwrap()
    }

    pub async fn put(&mut self, id: CredentialId, base: Version, label: &str) -> Result<(Version, Seq), SocketError> {
        let sealed = self.device.seal(id, base, &form(label)).unwrap();
        let r#ref = self.next_ref();
        self.ask(ClientMessage::Put { r#ref, id, base_version: base, r#box: sealed }).await
    }

    pub async fn delete(&mut self, id: CredentialId, base: Version) -> Result<(Version, Seq), SocketError> {
        let r#ref = self.next_ref();
        self.ask(ClientMessage::Delete { r#ref, id, base_version: base }).await
    }

    /// Asks for credentials by name, and waits until everything of that was sent.
    pub async fn retrieve(&mut self, ids: Vec<CredentialId>) -> Result<(), SocketError> {
        let mine = self.next_ref();
        self.line.send(&ClientMessage::Retrieve { r#ref: mine, ids }).await.unwrap();
        self.until("what was retrieved", |_, message| match message {
            ServerMessage::Retrieved { r#ref } if *r#ref == mine => Some(Ok(())),
            ServerMessage::Error(error) if error.r#ref == Some(mine) => Some(Err(error.clone())),
            _ => None,
        })
        .await
    }

    pub async fn ask(&mut self, message: ClientMessage) -> Result<(Version, Seq), SocketError> {
        self.line.send(&message).await.unwrap();
        let mine = self.next_ref;
        self.until("the answer", |_, message| match message {
            ServerMessage::Done { r#ref, version, seq, .. } if *r#ref == mine => Some(Ok((*version, *seq))),
            ServerMessage::Error(error) if error.r#ref == Some(mine) => Some(Err(error.clone())),
            _ => None,
        })
        .await
    }

    pub fn next_ref(&mut self) -> u32 {
        self.next_ref += 1;
        self.next_ref
    }

    pub fn view(&self) -> &DeviceView {
        self.devices.iter().find(|view| view.id == self.device.id).unwrap()
    }

    pub fn label(&self, id: CredentialId) -> Option<String> {
        let Held { plaintext, .. } = self.device.held.get(&id)?;
        let form: serde_json::Value = serde_json::from_slice(plaintext).unwrap();
        Some(form["label"].as_str().unwrap().to_owned())
    }
}

/// A credential in the agreed form.
pub fn form(label: &str) -> Vec<u8> {
    let form = json!({
        "exchange": "binance",
        "kind": "hmac",
        "label": label,
        "environment": "mainnet",
        "fields": { "api_key": "key", "secret": "secret" },
        "created_at": 1_700_000_000_000_u64,
    });
    serde_json::to_vec(&form).unwrap()
}

pub fn credential(n: u128) -> CredentialId {
    CredentialId::from_uuid(Uuid::from_u128(0x0190_0000_0000_7000_8000_0000_0000_0000 + n))
}

#[expect(clippy::disallowed_methods, reason = "a browser has a clock of its own")]
pub fn now() -> UnixMillis {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    UnixMillis(i64::try_from(since.as_millis()).unwrap())
}

/// The median and the worst of some times.
pub fn figures(mut times: Vec<Duration>) -> String {
    times.sort_unstable();
    format!("median {:?}, worst {:?} of {}", times[times.len() / 2], times[times.len() - 1], times.len())
}
