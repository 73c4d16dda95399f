//! What a device shows of itself: two public keys, and signatures that prove that it holds the private halves.
//!
//! Pure checks of public values. Never: a private or a secret key.

use hpke::{Deserializable, Kem, kem::DhP256HkdfSha256};
use keyleash_protocol::{DeviceId, UserId, transcript};
use ring::{
    digest::{SHA256, digest},
    signature::{ECDSA_P256_SHA256_FIXED, UnparsedPublicKey},
};

/// Why a device cannot be enrolled with what it sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadKey {
    #[error("receive_key: an uncompressed P-256 point (65 bytes)")]
    ReceiveKey,
    #[error("signing_key: an uncompressed P-256 point (65 bytes)")]
    SigningKey,
    #[error("signing_key: another one than receive_key")]
    OneKeyForBoth,
    #[error("proof: the signing key's signature over both keys")]
    Proof,
}

/// Checks both keys and the proof before anything is ever sealed to them.
pub fn check_enrolment(user: UserId, receive_key: &[u8], signing_key: &[u8], proof: &[u8]) -> Result<(), BadKey> {
    check_keys(receive_key, signing_key)?;
    if !is_signed(signing_key, &transcript::enrol(user, receive_key, signing_key), proof) {
        return Err(BadKey::Proof);
    }
    Ok(())
}

/// Checks both keys, of whoever is not asked for a proof.
pub fn check_keys(receive_key: &[u8], signing_key: &[u8]) -> Result<(), BadKey> {
    check_receive_key(receive_key)?;
    if !is_p256_point(signing_key) {
        return Err(BadKey::SigningKey);
    }
    if receive_key == signing_key { Err(BadKey::OneKeyForBoth) } else { Ok(()) }
}

/// Checks that a key is a point on the curve: sealing to any other would give parts of the secret away.
pub fn check_receive_key(key: &[u8]) -> Result<(), BadKey> {
    if is_p256_point(key) { Ok(()) } else { Err(BadKey::ReceiveKey) }
}

/// Whether the device signed this socket's nonce for this very purpose.
pub fn hello_is_signed(signing_key: &[u8], nonce: &[u8], device: DeviceId, signature: &[u8]) -> bool {
    is_signed(signing_key, &transcript::hello(nonce, device), signature)
}

/// SHA-256 of both public keys, which are of one length: what an approval covers, and what a device is known by.
pub fn fingerprint(receive_key: &[u8], signing_key: &[u8]) -> [u8; 32] {
    let mut hash = [0; 32];
    hash.copy_from_slice(digest(&SHA256, &[receive_key, signing_key].concat()).as_ref());
    hash
}

fn is_p256_point(key: &[u8]) -> bool {
    <DhP256HkdfSha256 as Kem>::PublicKey::from_bytes(key).is_ok()
}

fn is_signed(key: &[u8], message: &[u8], signature: &[u8]) -> bool {
    UnparsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, key).verify(message, signature).is_ok()
}

#[cfg(test)]
mod tests {
    use keyleash_protocol::limits::P256_POINT_BYTES;
    use ring::{
        rand::SystemRandom,
        signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair},
    };
    use uuid::Uuid;

    use super::*;

    #[test]
    fn an_enrolment_needs_two_points_and_a_proof_for_this_user() {
        let (user, receive, signing) = (some_user(1), SigningKeyPair::new(), SigningKeyPair::new());
        let proof = signing.sign(&transcript::enrol(user, receive.public(), signing.public()));
        assert_eq!(check_enrolment(user, receive.public(), signing.public(), &proof), Ok(()));

        let other = SigningKeyPair::new();
        for (user, receive_key, signing_key, refusal) in [
            (some_user(2), receive.public(), signing.public(), BadKey::Proof),
            (user, other.public(), signing.public(), BadKey::Proof),
            (user, receive.public(), other.public(), BadKey::Proof),
            (user, signing.public(), signing.public(), BadKey::OneKeyForBoth),
            (user, &[4; P256_POINT_BYTES], signing.public(), BadKey::ReceiveKey),
            (user, receive.public(), &[4; P256_POINT_BYTES], BadKey::SigningKey),
        ] {
            assert_eq!(check_enrolment(user, receive_key, signing_key, &proof), Err(refusal));
        }
    }

    #[test]
    fn points_off_the_curve_at_infinity_or_in_another_form_are_refused() {
        let good = SigningKeyPair::new().public().to_vec();
        assert_eq!(check_receive_key(&good), Ok(()));

        let mut off_the_curve = good.clone();
        off_the_curve[P256_POINT_BYTES - 1] ^= 1;
        let compressed = [&[2 + (good[64] & 1)], &good[1..33]].concat();
        let hybrid = [&[6 + (good[64] & 1)], &good[1..]].concat();
        for bad in [&off_the_curve, &compressed, &hybrid, &vec![0], &vec![0; P256_POINT_BYTES], &good[..64].to_vec()] {
            assert_eq!(check_receive_key(bad), Err(BadKey::ReceiveKey));
        }
    }

    #[test]
    fn a_hello_is_worth_nothing_for_another_nonce_device_key_or_purpose() {
        let key = SigningKeyPair::new();
        let (device, nonce) = (DeviceId::from_uuid(Uuid::from_u128(1)), [7; 32]);
        let signature = key.sign(&transcript::hello(&nonce, device));
        assert!(hello_is_signed(key.public(), &nonce, device, &signature));

        let other_device = DeviceId::from_uuid(Uuid::from_u128(2));
        assert!(!hello_is_signed(key.public(), &[8; 32], device, &signature));
        assert!(!hello_is_signed(key.public(), &nonce, other_device, &signature));
        assert!(!hello_is_signed(SigningKeyPair::new().public(), &nonce, device, &signature));
        let enrolment = key.sign(&transcript::enrol(some_user(1), key.public(), key.public()));
        assert!(!hello_is_signed(key.public(), &nonce, device, &enrolment));
    }

    struct SigningKeyPair(EcdsaKeyPair);

    impl SigningKeyPair {
        fn new() -> Self {
            let document =
                EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &SystemRandom::new()).unwrap();
            Self(
                EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, document.as_ref(), &SystemRandom::new())
                    .unwrap(),
            )
        }

        fn public(&self) -> &[u8] {
            self.0.public_key().as_ref()
        }

        fn sign(&self, message: &[u8]) -> Vec<u8> {
            self.0.sign(&SystemRandom::new(), message).unwrap().as_ref().to_vec()
        }
    }

    fn some_user(n: u128) -> UserId {
        UserId::from_uuid(Uuid::from_u128(n))
    }
}
