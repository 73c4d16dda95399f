//! What a device shows of itself: case 31, and the comings back of case 25.

use keyleash_protocol::{Base64Url, UserId, transcript};
use loadtest::device::Device;
use ring::{
    rand::SystemRandom,
    signature::{
        ECDSA_P256_SHA256_ASN1_SIGNING, ECDSA_P384_SHA384_FIXED_SIGNING, EcdsaKeyPair, Ed25519KeyPair, KeyPair,
    },
};
use serde_json::{Value, json};

use crate::{
    support::{Api, Server, Trader},
    victim::{Browser, user_id},
};

/// Case 31: a point that is none, a key of another kind, or a proof of something else enrols nothing.
#[tokio::test]
async fn only_two_p256_keys_with_their_proof_are_enrolled() {
    let server = Server::start().await;
    let owner = Trader::with_sync(&server, "trader@example.com").await;
    let user: UserId = user_id(&owner.api).await.parse().unwrap();
    let (device, other) = (Device::new(user).unwrap(), Device::new(user).unwrap());
    let good = device.enrolment("desk").unwrap();
    let (receive, signing) = (good.receive_key.0.clone(), good.signing_key.0.clone());
    let others = other.enrolment("desk").unwrap();

    let sign = |receive: &[u8], signing: &[u8]| device.sign(&transcript::enrol(user, receive, signing)).unwrap();
    let mut bad: Vec<(String, Value)> = Vec::new();
    let mut add = |what: &str, receive: &[u8], signing: &[u8], proof: Base64Url| {
        bad.push((what.to_owned(), body(receive, signing, &proof)));
    };
    // Signed by the device over what it sends, so that nothing but the point itself is wrong.
    for (what, key) in not_points(&receive) {
        add(&format!("receive key: {what}"), &key, &signing, sign(&key, &signing));
    }
    for (what, key) in not_points(&signing) {
        add(&format!("signing key: {what}"), &receive, &key, sign(&receive, &key));
    }
    add("one key for both", &signing, &signing, sign(&signing, &signing));
    add("a proof by another key", &receive, &signing, others.proof.clone());
    add("a proof of other keys", &receive, &signing, sign(&others.receive_key.0, &signing));
    add("a proof of swapped keys", &receive, &signing, sign(&signing, &receive));
    let nobody = UserId::from_uuid(uuid::Uuid::from_u128(1));
    let for_nobody = device.sign(&transcript::enrol(nobody, &receive, &signing)).unwrap();
    add("a proof for another user", &receive, &signing, for_nobody);
    let hello = device.sign(&transcript::hello(&[0; 32], device.id)).unwrap();
    add("a proof for another purpose", &receive, &signing, hello);
    add("an empty proof", &receive, &signing, Base64Url(Vec::new()));
    add("a proof of zeros", &receive, &signing, Base64Url(vec![0; 64]));
    let (der_key, der_proof) = signed_in_der(user, &receive);
    add("a proof in DER", &receive, &der_key, der_proof);

    for (what, body) in bad {
        let refused = owner.api.post("/devices", body).await;
        assert_eq!((refused.status.as_u16(), refused.code()), (422, "bad_key"), "{what}: {refused:?}");
    }
    for not_base64 in ["!", "====", &base64_with_padding(&receive)] {
        let mut body = body(&receive, &signing, &good.proof);
        body["receive_key"] = not_base64.into();
        owner.api.post("/devices", body).await.refused(400, "bad_json");
    }
    assert_eq!(owner.api.get("/devices").await.ok()["devices"], json!([]), "nothing was enrolled");
    owner.api.post("/devices", body(&receive, &signing, &good.proof)).await.ok();
}

fn body(receive: &[u8], signing: &[u8], proof: &Base64Url) -> Value {
    json!({
        "name": "desk", "receive_key": Base64Url::encode(receive), "signing_key": Base64Url::encode(signing),
        "proof": proof,
    })
}

fn base64_with_padding(bytes: &[u8]) -> String {
    format!("{}=", Base64Url::encode(bytes))
}

/// What is not an uncompressed point of P-256, made from one that is.
fn not_points(good: &[u8]) -> Vec<(&'static str, Vec<u8>)> {
    let random = SystemRandom::new();
    let p384 = EcdsaKeyPair::generate_pkcs8(&ECDSA_P384_SHA384_FIXED_SIGNING, &random).unwrap();
    let p384 = EcdsaKeyPair::from_pkcs8(&ECDSA_P384_SHA384_FIXED_SIGNING, p384.as_ref(), &random).unwrap();
    let ed25519 = Ed25519KeyPair::from_pkcs8(Ed25519KeyPair::generate_pkcs8(&random).unwrap().as_ref()).unwrap();
    let mut off_the_curve = good.to_vec();
    off_the_curve[64] ^= 1;
    let mut beyond_the_field = vec![0xff; 65];
    beyond_the_field[0] = 4;
    let mut zero = vec![0; 65];
    zero[0] = 4;
    vec![
        ("nothing", Vec::new()),
        ("infinity", vec![0]),
        ("zeros", vec![0; 65]),
        ("0, 0", zero),
        ("beyond the field", beyond_the_field),
        ("off the curve", off_the_curve),
        ("compressed", [&[2 + (good[64] & 1)], &good[1..33]].concat()),
        ("hybrid", [&[6 + (good[64] & 1)], &good[1..]].concat()),
        ("a byte short", good[..64].to_vec()),
        ("a byte long", [good, &[0]].concat()),
        ("P-384", p384.public_key().as_ref().to_vec()),
        ("Ed25519", ed25519.public_key().as_ref().to_vec()),
    ]
}

/// A key whose proof is right but for its form.
fn signed_in_der(user: UserId, receive: &[u8]) -> (Vec<u8>, Base64Url) {
    let random = SystemRandom::new();
    let key = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_ASN1_SIGNING, &random).unwrap();
    let key = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_ASN1_SIGNING, key.as_ref(), &random).unwrap();
    let public = key.public_key().as_ref().to_vec();
    let proof = key.sign(&random, &transcript::enrol(user, receive, &public)).unwrap();
    (public, proof.as_ref().to_vec().into())
}

/// Case 31, over users: keys that are somebody's device are nobody else's, even with a proof.
#[tokio::test]
async fn another_users_keys_are_refused() {
    let server = Server::start().await;
    let mut owner = Trader::with_sync(&server, "trader@example.com").await;
    let thief = Trader::with_sync(&server, "thief@example.com").await;
    let browser = Browser::pending(&server, &mut owner, "desk").await;
    let (good, user) = (browser.device.enrolment("mine").unwrap(), user_id(&thief.api).await.parse().unwrap());
    let proof = browser.device.sign(&transcript::enrol(user, good.receive_key.as_slice(), good.signing_key.as_slice()));
    let body = body(good.receive_key.as_slice(), good.signing_key.as_slice(), &proof.unwrap());
    thief.api.post("/devices", body).await.refused(422, "bad_key");
    assert_eq!(browser.state(&owner).await, "pending");
}

/// Case 25: a removed device that presents its keys again gets nothing by that; its owner's click alone gives it nothing
/// either; with a fresh code it is back, under its id.
#[tokio::test]
async fn a_removed_device_comes_back_only_by_mail_and_code() {
    let server = Server::start().await;
    let mut owner = Trader::with_sync(&server, "trader@example.com").await;
    let browser = Browser::verified(&server, &mut owner, "lost laptop").await;
    let id = browser.device.id;
    let remove = format!("/devices/{id}/remove");
    let code = owner.recovery_code();
    owner.api.post(&remove, json!({ "recovery_code": code })).await.ok();
    // Its login went with it.
    let again = serde_json::to_value(browser.device.enrolment("lost laptop").unwrap()).unwrap();
    browser.api.post("/devices", again).await.refused(401, "device_removed");

    // The thief knows the password and has a code.
    let login = owner.log_in(&server).await;
    let browser = Browser::enrolled(login, browser.device, "lost laptop").await;
    assert_eq!((browser.device.id, browser.state(&owner).await.as_str()), (id, "pending"));
    let token = browser.link(&server, &owner).await;
    let inspection = Api::new(&server).post("/device-verifications/inspect", json!({ "token": token })).await.ok();
    assert_eq!(inspection["totp_required"], true);
    for session in [&owner.api, &browser.api] {
        session.post("/device-verifications", json!({ "token": token })).await.refused(403, "totp_required");
        let wrong = json!({ "token": token, "totp": "000000" });
        session.post("/device-verifications", wrong).await.refused(403, "totp_invalid");
    }
    assert_eq!(browser.state(&owner).await, "pending");
    let body = json!({ "token": token, "totp": owner.code().await });
    owner.api.post("/device-verifications", body).await.ok();
    assert_eq!(browser.state(&owner).await, "verified");
}

/// A removal ends the login that the device used, whatever the device did with that login before: a thief who enrols
/// other keys with it does not keep it.
#[tokio::test]
async fn a_stolen_login_does_not_outlive_the_device_by_enrolling_another() {
    let server = Server::start().await;
    let mut owner = Trader::with_sync(&server, "trader@example.com").await;
    let stolen = Browser::verified(&server, &mut owner, "stolen laptop").await;
    let keys = Device::new(user_id(&stolen.api).await.parse().unwrap()).unwrap();
    let body = serde_json::to_value(keys.enrolment("innocent").unwrap()).unwrap();
    stolen.api.post("/devices", body).await.refused(401, "session_required");
    let remove = format!("/devices/{}/remove", stolen.device.id);
    let code = owner.recovery_code();
    owner.api.post(&remove, json!({ "recovery_code": code })).await.ok();
    stolen.api.get("/me").await.refused(401, "device_removed");
}
