//! Many users at once, their rows written straight into the store beside the running servers.

#![allow(dead_code, reason = "each test program uses its part")]

use std::{path::Path, sync::Arc, time::Duration};

use futures_util::{StreamExt, stream};
use keyleash::{
    clock::{Clock, SystemClock},
    device_keys::fingerprint,
    entropy::Entropy,
    kms::file::FileKms,
    store::{
        ConfirmedTotp, EnrolOutcome, LinkPurpose, LinkedDevice, NewDevice, NewLink, NewSession, NewUser, PendingTotp,
        Room, Store, Trail,
    },
    vault::{Vault, data_keys::DataKeyLimits, local::LocalVault},
};
use keyleash_domain::text::{DeviceName, Email};
use keyleash_protocol::{
    Base64Url, DeviceId, SessionId, UnixMillis, UserId,
    socket::{ClientMessage, ServerMessage},
};
use loadtest::{
    device::Device,
    line::{Heard, Line, Upgrade},
};
use ring::digest::{SHA256, digest};

use crate::support::Server;

/// Users written at the same time: most of it is waiting for the disk.
const AT_ONCE: usize = 16;

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

/// Users with verified devices, each with a session's token. `key_file` is the servers'.
pub async fn seed(
    store: Arc<dyn Store>,
    key_file: &Path,
    users: usize,
    devices_per_user: usize,
) -> Vec<(Device, String)> {
    let (entropy, clock) = (Entropy::new(), Arc::new(SystemClock));
    let kms = Arc::new(FileKms::open(key_file, &*clock, entropy.clone()).unwrap());
    let limits = DataKeyLimits::default();
    let vault = LocalVault::start(store.clone(), store.clone(), kms, clock, entropy.clone(), limits);
    let (store, vault, entropy) = (&*store, &*vault, &entropy);
    let each = stream::iter(0..users).map(|_| seed_user(store, vault, entropy, devices_per_user));
    each.buffer_unordered(AT_ONCE).concat().await
}

async fn seed_user(store: &dyn Store, vault: &dyn Vault, entropy: &Entropy, devices: usize) -> Vec<(Device, String)> {
    let user = UserId::from_uuid(entropy.id(now()));
    let email = Email::parse(&format!("{user}@example.com")).unwrap();
    let new = NewUser { id: user, email, password_hash: String::new(), at: now() };
    let confirm = link(entropy, user, LinkPurpose::ConfirmSignUp, None);
    assert!(store.create_user(new, confirm, Trail::default()).await.unwrap());
    let pending = PendingTotp { sealed: b"secret".to_vec(), since: now() };
    assert!(store.set_totp_pending(user, &pending, None).await.unwrap());
    let confirmed = ConfirmedTotp { sealed: b"secret", present: None, step: 0, recovery_codes: &[] };
    assert!(store.enable_totp(user, confirmed, Trail::default()).await.unwrap().is_some());
    store.turn_sync_on(user, Trail::default()).await.unwrap();
    let mut seeded = Vec::new();
    for _ in 0..devices {
        seeded.push(seed_device(store, vault, entropy, user).await);
    }
    seeded
}

async fn seed_device(store: &dyn Store, vault: &dyn Vault, entropy: &Entropy, user: UserId) -> (Device, String) {
    let (mut device, token) = (Device::new(user).unwrap(), Base64Url::encode(&entropy.bytes::<32>()));
    let session = NewSession {
        id: SessionId::from_uuid(entropy.id(now())),
        user,
        token: sha256(token.as_bytes()),
        password_hash: String::new(),
        at: now(),
        expires_at: now().after(Duration::from_hours(1)),
        user_agent: String::new(),
        address: String::new(),
    };
    let session_id = session.id;
    store.create_session(session, Room { sessions: 100, trail: Trail::default() }, Trail::default()).await.unwrap();
    let keys = device.enrolment("Desk").unwrap();
    let fingerprint = fingerprint(keys.receive_key.as_slice(), keys.signing_key.as_slice());
    let new = NewDevice {
        id: DeviceId::from_uuid(entropy.id(now())),
        user,
        name: DeviceName::parse("Desk").unwrap(),
        user_agent: "a browser".to_owned(),
        receive_key: keys.receive_key.0,
        signing_key: keys.signing_key.0,
        keys: fingerprint,
        match_code: String::new(),
        at: now(),
    };
    let enrolled = store.enrol(new, session_id, Trail::default()).await.unwrap();
    let EnrolOutcome::Enrolled { id, .. } = enrolled else { panic!("{enrolled:?}") };
    device.id = id;
    let linked = LinkedDevice { id, keys: fingerprint, address: String::new() };
    let verify = link(entropy, user, LinkPurpose::VerifyDevice, Some(linked));
    let link_token = verify.token;
    store.create_link(verify, Trail::default()).await.unwrap();
    let sealed = vault.new_unlock_key(user, id).await.unwrap();
    store.approve(link_token, true, &sealed, now(), Trail::default()).await.unwrap();
    (device, token)
}

fn link(entropy: &Entropy, user: UserId, purpose: LinkPurpose, device: Option<LinkedDevice>) -> NewLink {
    let expires_at = now().after(Duration::from_hours(1));
    NewLink { token: entropy.bytes(), purpose, user, device, at: now(), expires_at }
}

fn sha256(bytes: &[u8]) -> [u8; 32] {
    digest(&SHA256, bytes).as_ref().try_into().unwrap()
}

fn now() -> UnixMillis {
    SystemClock.now()
}
