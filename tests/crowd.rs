//! Many devices at once: what one costs. Their rows are written straight into the store, beside the running server. A
//! program of its own, so that no other test's server is measured against its time.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

#[path = "support/mod.rs"]
mod support;

use std::{
    path::Path,
    sync::Arc,
    time::{Duration, Instant},
};

use keyleash::{
    clock::{Clock, SystemClock},
    device_keys::fingerprint,
    entropy::Entropy,
    kms::file::FileKms,
    store::{
        DeviceStore, EnrolOutcome, LinkPurpose, LinkStore, LinkedDevice, NewDevice, NewLink, NewSession, NewUser,
        SessionStore, Trail, UserStore, sql::SqliteStore,
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

use crate::support::{Server, eventually, resident_kib};

const USERS: usize = 450;
const DEVICES_PER_USER: usize = 2;
/// Connected before the first measurement: the server's own shelves are filled with these.
const WARM: usize = 300;
/// What one live device may cost the server: a buffer that stays with each socket would be seen. Our own code is not
/// optimised here, and one in a few hundred devices pays for the allocator's next page.
const BYTES_PER_DEVICE_MAX: u64 = 8 * 1024;

#[tokio::test]
async fn a_live_device_costs_little() {
    let server = Server::start().await;
    let crowd = seed(server.directory()).await;
    let (mut lines, mut warm_kib, start) = (Vec::new(), 0, Instant::now());
    for (device, token) in &crowd {
        if lines.len() == WARM {
            warm_kib = resident_kib(server.pid());
        }
        lines.push(live(&server, device, token).await);
    }
    println!("{} devices said hello one after another in {:?}", crowd.len(), start.elapsed());
    // What the hellos themselves took is free again once their deadlines have passed.
    let measured = crowd.len() - WARM;
    let bytes = eventually("a device's share of memory below its bound", async || {
        let bytes = resident_kib(server.pid()).saturating_sub(warm_kib) * 1024 / measured as u64;
        (bytes < BYTES_PER_DEVICE_MAX).then_some(bytes)
    })
    .await;
    println!("{measured} live, verified devices, {DEVICES_PER_USER} to a user: {bytes} bytes of server memory each");
}

fn now() -> UnixMillis {
    SystemClock.now()
}

/// Says hello as a device that still holds its unlock key, and acknowledges the first page.
async fn live(server: &Server, device: &Device, token: &str) -> Line {
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

/// Users with verified devices, each with a session.
async fn seed(directory: &Path) -> Vec<(Device, String)> {
    let (entropy, clock) = (Entropy::new(), Arc::new(SystemClock));
    let url = format!("sqlite:{}", directory.join("keyleash.db").display());
    let store = Arc::new(SqliteStore::open(&url, &entropy).await.unwrap());
    let kms = Arc::new(FileKms::open(&directory.join("master.key"), &*clock, entropy.clone()).unwrap());
    let limits = DataKeyLimits::default();
    let vault = LocalVault::start(store.clone(), store.clone(), kms, clock, entropy.clone(), limits);
    let mut crowd = Vec::new();
    for _ in 0..USERS {
        let user = UserId::from_uuid(entropy.id(now()));
        let email = Email::parse(&format!("{user}@example.com")).unwrap();
        let new = NewUser { id: user, email, password_hash: String::new(), at: now() };
        let confirm = link(&entropy, user, LinkPurpose::ConfirmSignUp, None);
        assert!(store.create_user(new, confirm, Trail::default()).await.unwrap());
        store.set_totp_pending(user, b"secret").await.unwrap();
        assert!(store.enable_totp(user, b"secret", 0, &[], Trail::default()).await.unwrap());
        store.turn_sync_on(user, Trail::default()).await.unwrap();
        for _ in 0..DEVICES_PER_USER {
            crowd.push(seed_device(&store, &*vault, &entropy, user).await);
        }
    }
    crowd
}

async fn seed_device(store: &SqliteStore, vault: &dyn Vault, entropy: &Entropy, user: UserId) -> (Device, String) {
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
    store.create_session(session, Trail::default()).await.unwrap();
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
