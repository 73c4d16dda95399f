//! A device as docs/protocol.md has it: the byte strings are written out here, so that a slip in the shared crate shows.

use hpke::{Deserializable, Kem, OpModeR, Serializable, aead::AesGcm256, kdf::HkdfSha256, kem::DhP256HkdfSha256};
use keyleash::{device_keys::fingerprint, entropy::Entropy};
use keyleash_domain::retrieval::Reader;
use keyleash_protocol::{
    CredentialId, DeviceId, Epoch, SealedBox, UserId, Version,
    limits::P256_POINT_BYTES,
    socket::{RetrieveMode, SealedUnlock, SyncPage, Upsert},
};
use ring::aead::{AES_256_GCM, Aad, LessSafeKey, Nonce, UnboundKey};
use uuid::Uuid;

pub struct TestDevice {
    pub user: UserId,
    pub id: DeviceId,
    pub receive_key: [u8; P256_POINT_BYTES],
    pub signing_key: [u8; P256_POINT_BYTES],
    private_key: <DhP256HkdfSha256 as Kem>::PrivateKey,
    unlock_key: Option<LessSafeKey>,
}

impl TestDevice {
    /// With a fresh receive key and no id yet. The vault has nothing to do with the signing key.
    pub fn new(user: UserId, signing_key: [u8; P256_POINT_BYTES]) -> Self {
        let (private_key, receive_key) = DhP256HkdfSha256::gen_keypair();
        let (id, receive_key) = (DeviceId::from_uuid(Uuid::nil()), receive_key.to_bytes().into());
        Self { user, id, receive_key, signing_key, private_key, unlock_key: None }
    }

    /// That it is sent everything.
    pub fn reader(&self) -> Reader {
        Reader { device: self.id, retrieve: RetrieveMode::All }
    }

    /// That it picks.
    pub fn picker(&self) -> Reader {
        Reader { device: self.id, retrieve: RetrieveMode::Picked }
    }

    pub fn fingerprint(&self) -> [u8; 32] {
        fingerprint(&self.receive_key, &self.signing_key)
    }

    /// Opens what the vault sealed to this device. `false`: it is not for this device, user or epoch.
    pub fn unlock(&mut self, sealed: &SealedUnlock, epoch: &Epoch) -> bool {
        assert_eq!(sealed.suite, "DHKEM_P256_HKDF_SHA256-HKDF_SHA256-AES_256_GCM");
        assert_eq!(sealed.enc.as_slice().len(), 65);
        let opened = hpke::single_shot_open::<AesGcm256, HkdfSha256, DhP256HkdfSha256>(
            &OpModeR::Base,
            &self.private_key,
            &<DhP256HkdfSha256 as Kem>::EncappedKey::from_bytes(sealed.enc.as_slice()).unwrap(),
            format!("keyleash/v1/unlock\0{}\0{}", self.user, self.id).as_bytes(),
            sealed.ct.as_slice(),
            epoch.0.as_bytes(),
        );
        self.unlock_key = opened.ok().map(|key| {
            assert_eq!(key.len(), 32);
            LessSafeKey::new(UnboundKey::new(&AES_256_GCM, &key).unwrap())
        });
        self.unlock_key.is_some()
    }

    /// A box as a browser sends it, for the version that this write makes.
    pub fn seal(&self, id: CredentialId, version: Version, plaintext: &[u8]) -> SealedBox {
        self.seal_bound_to(&self.bound_to("up", id, version), plaintext)
    }

    pub fn seal_bound_to(&self, bound_to: &str, plaintext: &[u8]) -> SealedBox {
        let nonce: [u8; 12] = Entropy::new().bytes();
        let mut ciphertext = plaintext.to_vec();
        self.unlock_key
            .as_ref()
            .unwrap()
            .seal_in_place_append_tag(Nonce::assume_unique_for_key(nonce), Aad::from(bound_to), &mut ciphertext)
            .unwrap();
        [nonce.to_vec(), ciphertext].concat().into()
    }

    /// What is in an upsert; `None` if it does not open for this device and this very version.
    pub fn open(&self, upsert: &Upsert) -> Option<Vec<u8>> {
        let (nonce, ciphertext) = upsert.r#box.as_slice().split_first_chunk::<12>()?;
        let mut buffer = ciphertext.to_vec();
        let bound_to = self.bound_to("down", upsert.id, upsert.version);
        let nonce = Nonce::assume_unique_for_key(*nonce);
        let opened = self.unlock_key.as_ref()?.open_in_place(nonce, Aad::from(bound_to), &mut buffer).ok()?;
        Some(opened.to_vec())
    }

    /// Everything in a page, opened.
    pub fn open_all(&self, page: &SyncPage) -> Vec<(CredentialId, Version, Vec<u8>)> {
        page.upserts.iter().map(|upsert| (upsert.id, upsert.version, self.open(upsert).unwrap())).collect()
    }

    pub fn bound_to(&self, direction: &str, id: CredentialId, version: Version) -> String {
        format!("keyleash/v1/{direction}\0{}\0{}\0{id}\0{version}", self.user, self.id)
    }
}

/// A credential in the agreed form, with a secret of `secret_bytes`.
pub fn form(label: &str, secret_bytes: usize) -> Vec<u8> {
    let secret = "s".repeat(secret_bytes);
    format!(
        r#"{{"exchange":"binance","kind":"hmac","label":"{label}","environment":"live","fields":{{"key":"k","secret":"{secret}"}},"created_at":1800000000000}}"#
    )
    .into_bytes()
}
