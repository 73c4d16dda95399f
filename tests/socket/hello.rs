//! Who may say hello: the device that holds the key, to the nonce of this very socket, for its own user.

use std::time::Instant;

use keyleash_protocol::{
    CloseCode, DeviceId, ProblemCode, Version,
    limits::HELLO_DEADLINE_MS,
    socket::{ClientMessage, Hello, ServerMessage},
    transcript,
};
use loadtest::{
    device::Device,
    line::{Heard, Line, Upgrade},
};
use tokio::time::timeout;
use uuid::Uuid;

use crate::{
    browser::{Owner, credential},
    support::{Api, PATIENCE, Server, eventually},
};

/// Opens a socket and takes its challenge.
async fn challenged(server: &Server, api: &Api) -> (Line, Vec<u8>) {
    let mut line = Line::open(&server.url, Upgrade::of(api.token(), &server.url)).await.unwrap();
    match line.next().await.unwrap() {
        Heard::Message(ServerMessage::Challenge { nonce }) => (line, nonce.0),
        other => panic!("{other:?} instead of the challenge"),
    }
}

async fn outcome(server: &Server, api: &Api, hello: impl AsyncFnOnce(&[u8]) -> Hello) -> Heard {
    let (mut line, nonce) = challenged(server, api).await;
    line.send(&ClientMessage::Hello(hello(&nonce).await)).await.unwrap();
    line.next().await.unwrap()
}

#[track_caller]
fn refused(heard: &Heard) {
    assert!(matches!(heard, Heard::Closed(Some(code)) if *code == CloseCode::Unauthorised.code()), "{heard:?}");
}

/// Cases 18 and 20: a session without the device's key, and signatures that were made for something else.
#[tokio::test]
async fn only_a_fresh_signature_for_this_purpose_is_good() {
    let server = Server::start().await;
    let mut owner = Owner::new(&server, "signature@example.com").await;
    let desk = owner.browser(&server, "Desk").await;
    let laptop = owner.browser(&server, "Laptop").await;
    let (api, device) = (&desk.api, &desk.device);
    assert!(matches!(
        outcome(&server, api, async |nonce| device.hello(nonce).unwrap()).await,
        Heard::Message(ServerMessage::Welcome(_))
    ));

    // Somebody else's key, as with a stolen session.
    let mut thief = Device::new(device.user).unwrap();
    thief.id = device.id;
    refused(&outcome(&server, api, async |nonce| thief.hello(nonce).unwrap()).await);

    // Another socket's nonce: a hello that was overheard.
    let (_line, other_nonce) = challenged(&server, api).await;
    refused(&outcome(&server, api, async |_| device.hello(&other_nonce).unwrap()).await);

    // Another device's id under a good signature.
    let signed_by_laptop = async |nonce: &[u8]| Hello { device: device.id, ..laptop.device.hello(nonce).unwrap() };
    refused(&outcome(&server, api, signed_by_laptop).await);

    // A signature of the right key for another purpose.
    let enrol = device.enrolment("Desk").unwrap();
    refused(
        &outcome(&server, api, async |nonce| Hello { signature: enrol.proof, ..device.hello(nonce).unwrap() }).await,
    );
    let over_the_nonce =
        async |nonce: &[u8]| Hello { signature: device.sign(nonce).unwrap(), ..device.hello(nonce).unwrap() };
    refused(&outcome(&server, api, over_the_nonce).await);
    let for_laptop = async |nonce: &[u8]| Hello {
        signature: device.sign(&transcript::hello(nonce, laptop.device.id)).unwrap(),
        ..device.hello(nonce).unwrap()
    };
    refused(&outcome(&server, api, for_laptop).await);
}

/// Case 21: user A's session with user B's device is answered as a device that does not exist.
#[tokio::test]
async fn another_users_device_does_not_exist() {
    let server = Server::start().await;
    let mut alice = Owner::new(&server, "alice@example.com").await;
    let mut bob = Owner::new(&server, "bob@example.com").await;
    let (alices, bobs) = (alice.browser(&server, "Desk").await, bob.browser(&server, "Desk").await);
    refused(&outcome(&server, &alices.api, async |nonce| bobs.device.hello(nonce).unwrap()).await);
    let mut nobody = Device::new(alices.device.user).unwrap();
    nobody.id = DeviceId::from_uuid(Uuid::from_u128(7));
    refused(&outcome(&server, &alices.api, async |nonce| nobody.hello(nonce).unwrap()).await);
}

/// Case 21: nor does another user's credential: the same id is free for everybody else.
#[tokio::test]
async fn another_users_credential_does_not_exist() {
    let server = Server::start().await;
    let mut alice = Owner::new(&server, "alice@example.com").await;
    let mut bob = Owner::new(&server, "bob@example.com").await;
    let mut alices = alice.browser(&server, "Desk").await;
    let mut bobs = bob.browser(&server, "Desk").await;
    let (version, _) = bobs.put(credential(1), Version(0), "bob's").await.unwrap();
    let refused = alices.delete(credential(1), version).await.unwrap_err();
    assert_eq!((refused.code, refused.version), (ProblemCode::Conflict, Some(Version(0))));
    alices.put(credential(1), Version(0), "alice's").await.unwrap();
    let (_, seq) = bobs.put(credential(1), version, "still bob's").await.unwrap();
    bobs.until_at(seq).await;
    assert_eq!(bobs.label(credential(1)).unwrap(), "still bob's");
}

/// Case 37: who never says hello is closed at the deadline, and one address gets only so many places, which free
/// themselves.
#[tokio::test]
async fn strangers_are_few_and_do_not_stay() {
    let server = Server::start_with(&[("LIMITS__SOCKETS_BEFORE_HELLO_PER_ADDRESS", "3")]).await;
    let mut owner = Owner::new(&server, "strangers@example.com").await;
    let desk = owner.browser(&server, "Desk").await;
    let start = Instant::now();
    let mut strangers = Vec::new();
    for _ in 0..3 {
        strangers.push(challenged(&server, &desk.api).await.0);
    }
    let mut fourth = Line::open(&server.url, Upgrade::of(desk.api.token(), &server.url)).await.unwrap();
    let closed = fourth.next().await.unwrap();
    assert!(matches!(closed, Heard::Closed(Some(code)) if code == CloseCode::TooManySockets.code()), "{closed:?}");

    // A place that is given up is free at once.
    drop(strangers.pop());
    eventually("a free place", async || {
        let mut line = Line::open(&server.url, Upgrade::of(desk.api.token(), &server.url)).await.unwrap();
        match line.next().await.unwrap() {
            Heard::Message(ServerMessage::Challenge { .. }) => {
                strangers.push(line);
                Some(())
            }
            _ => None,
        }
    })
    .await;

    for mut line in strangers {
        let closed = timeout(PATIENCE, line.next()).await.unwrap().unwrap();
        assert!(matches!(closed, Heard::Closed(Some(code)) if code == CloseCode::HelloLate.code()), "{closed:?}");
    }
    let waited = start.elapsed().as_millis();
    println!("three strangers were closed within {waited} ms");
    assert!(waited >= u128::from(HELLO_DEADLINE_MS));
    let welcomed = outcome(&server, &desk.api, async |nonce| desk.device.hello(nonce).unwrap()).await;
    assert!(matches!(welcomed, Heard::Message(ServerMessage::Welcome(_))), "{welcomed:?}");
}
