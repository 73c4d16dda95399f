//! One browser profile: its keys, what it holds, and what it answers.

use std::{collections::BTreeMap, fmt};

use hpke::{Deserializable, Kem, OpModeR, Serializable, aead::AesGcm256, kdf::HkdfSha256, kem::DhP256HkdfSha256};
use keyleash_protocol::{
    Base64Url, CredentialId, DeviceId, Epoch, SealedBox, Seq, UnixMillis, UserId, Version,
    http::Enrol,
    limits::{BOX_NONCE_BYTES, UNLOCK_KEY_BYTES},
    socket::{ClientMessage, Hello, RetrieveMode, RevokeReason, SealedUnlock, ServerMessage, SyncPage, Upsert},
    transcript::{self, Direction},
};
use ring::{
    aead::{AES_256_GCM, Aad, LessSafeKey, Nonce, UnboundKey},
    rand::{SecureRandom, SystemRandom},
    signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair},
};

use crate::fleet::PreparedDevice;

type ReceiveKey = <DhP256HkdfSha256 as Kem>::PrivateKey;

#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DeviceError {
    #[error("no keys could be made")]
    Keys,
    #[error("the prepared device {0} does not hold keys")]
    Prepared(DeviceId),
    #[error("the unlock key does not open: it is not for this device")]
    Unlock,
    #[error("locked: there is no unlock key")]
    Locked,
    #[error("the box of {0} does not open")]
    Box(CredentialId),
    #[error("{0} went back to an older version")]
    WentBack(CredentialId),
}

/// A credential as it is held: opened, to see that it opens.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Held {
    pub version: Version,
    pub plaintext: Vec<u8>,
}

pub struct Device {
    pub user: UserId,
    pub id: DeviceId,
    pub cursor: Seq,
    pub epoch: Option<Epoch>,
    /// What it asks for when it says hello.
    pub retrieve: RetrieveMode,
    pub held: BTreeMap<CredentialId, Held>,
    /// What it knows of, and does not hold.
    pub summaries: BTreeMap<CredentialId, Held>,
    /// Why it was told to wipe.
    pub revoked: Option<RevokeReason>,
    receive_key: ReceiveKey,
    receive_public: Vec<u8>,
    signing_key: EcdsaKeyPair,
    /// The same in PKCS #8: what was made cannot be read out of it again.
    signing_document: Box<[u8]>,
    unlock_key: Option<[u8; UNLOCK_KEY_BYTES]>,
    random: SystemRandom,
}

impl Device {
    /// A profile with fresh keys that nobody knows yet.
    pub fn new(user: UserId) -> Result<Self, DeviceError> {
        let random = SystemRandom::new();
        let document = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &random);
        let document = document.map_err(|_| DeviceError::Keys)?;
        let (receive_key, _) = DhP256HkdfSha256::gen_keypair();
        Self::with_keys(user, document.as_ref(), receive_key)
    }

    /// As it was when it was prepared; what it held is not kept, so it begins at the cursor that is given.
    pub fn prepared(user: UserId, prepared: &PreparedDevice) -> Result<Self, DeviceError> {
        let broken = || DeviceError::Prepared(prepared.id);
        let receive_key = ReceiveKey::from_bytes(prepared.receive_key.as_slice()).map_err(|_| broken())?;
        let device = Self::with_keys(user, prepared.signing_key.as_slice(), receive_key).map_err(|_| broken())?;
        let unlock_key = prepared.unlock_key.as_ref().map(|key| key.as_slice().try_into());
        Ok(Self {
            id: prepared.id,
            cursor: prepared.cursor,
            epoch: prepared.epoch.clone(),
            unlock_key: unlock_key.transpose().map_err(|_| broken())?,
            ..device
        })
    }

    /// What of it is saved for another run; `token` is its session's.
    pub fn save(&self, token: &str) -> PreparedDevice {
        PreparedDevice {
            id: self.id,
            token: token.to_owned(),
            signing_key: self.signing_document.to_vec().into(),
            receive_key: self.receive_key.to_bytes().to_vec().into(),
            unlock_key: self.unlock_key.map(|key| key.to_vec().into()),
            epoch: self.epoch.clone(),
            cursor: self.cursor,
        }
    }

    fn with_keys(user: UserId, signing_document: &[u8], receive_key: ReceiveKey) -> Result<Self, DeviceError> {
        let random = SystemRandom::new();
        let signing_key = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, signing_document, &random)
            .map_err(|_| DeviceError::Keys)?;
        Ok(Self {
            user,
            id: DeviceId::from_uuid(uuid::Uuid::nil()),
            cursor: Seq(0),
            epoch: None,
            retrieve: RetrieveMode::All,
            held: BTreeMap::new(),
            summaries: BTreeMap::new(),
            revoked: None,
            receive_public: DhP256HkdfSha256::sk_to_pk(&receive_key).to_bytes().to_vec(),
            receive_key,
            signing_key,
            signing_document: signing_document.into(),
            unlock_key: None,
            random,
        })
    }

    /// What it receives with and what it signs with, as the server knows it.
    pub fn public_keys(&self) -> (Base64Url, Base64Url) {
        (self.receive_public.clone().into(), self.signing_key.public_key().as_ref().to_vec().into())
    }

    /// The body of `POST /devices`.
    pub fn enrolment(&self, name: &str) -> Result<Enrol, DeviceError> {
        let signing_public = self.signing_key.public_key().as_ref();
        let proof = self.sign(&transcript::enrol(self.user, &self.receive_public, signing_public))?;
        Ok(Enrol {
            name: name.to_owned(),
            receive_key: self.receive_public.clone().into(),
            signing_key: signing_public.to_vec().into(),
            proof,
        })
    }

    pub fn hello(&self, nonce: &[u8]) -> Result<Hello, DeviceError> {
        Ok(Hello {
            device: self.id,
            cursor: self.cursor,
            epoch: self.epoch.clone(),
            signature: self.sign(&transcript::hello(nonce, self.id))?,
            want_unlock: self.is_locked(),
            retrieve: self.retrieve,
        })
    }

    /// Signs anything, as somebody would who holds the keys and means harm.
    pub fn sign(&self, message: &[u8]) -> Result<Base64Url, DeviceError> {
        let signature = self.signing_key.sign(&self.random, message).map_err(|_| DeviceError::Keys)?;
        Ok(signature.as_ref().to_vec().into())
    }

    pub fn is_locked(&self) -> bool {
        self.unlock_key.is_none()
    }

    /// What must be nowhere but here, for those who look for it elsewhere.
    pub fn unlock_key(&self) -> Option<&[u8]> {
        self.unlock_key.as_ref().map(<[u8; UNLOCK_KEY_BYTES]>::as_slice)
    }

    /// As after the browser was closed: what it holds stays, the unlock key was in memory only.
    pub fn lock(&mut self) {
        self.unlock_key = None;
    }

    /// Takes a message in, as the browser does; gives what it answers.
    pub fn take(&mut self, message: &ServerMessage, now: UnixMillis) -> Result<Option<ClientMessage>, DeviceError> {
        match message {
            ServerMessage::Challenge { nonce } => Ok(Some(ClientMessage::Hello(self.hello(nonce.as_slice())?))),
            ServerMessage::Welcome(welcome) => {
                if self.epoch.as_ref() != Some(&welcome.epoch) {
                    self.cursor = Seq(0);
                    self.epoch = Some(welcome.epoch.clone());
                }
                Ok(None)
            }
            ServerMessage::Unlock(sealed) => self.unlock(sealed).map(|()| None),
            ServerMessage::Sync(page) => self.apply(page).map(|seq| Some(ClientMessage::Ack { seq })),
            ServerMessage::Revoked { reason, .. } => {
                self.wipe(*reason);
                Ok(Some(ClientMessage::Receipt { at: now, wiped: true }))
            }
            ServerMessage::Done { .. }
            | ServerMessage::Retrieved { .. }
            | ServerMessage::Error(_)
            | ServerMessage::Devices { .. }
            | ServerMessage::Drain { .. } => Ok(None),
        }
    }

    /// A box as a browser sends it, for the write that is based on `base`.
    pub fn seal(&self, id: CredentialId, base: Version, plaintext: &[u8]) -> Result<SealedBox, DeviceError> {
        let mut nonce = [0; BOX_NONCE_BYTES];
        self.random.fill(&mut nonce).map_err(|_| DeviceError::Keys)?;
        let bound_to = transcript::box_aad(Direction::Up, self.user, self.id, id, base.next());
        let mut sealed = plaintext.to_vec();
        let key = self.cipher()?;
        key.seal_in_place_append_tag(Nonce::assume_unique_for_key(nonce), Aad::from(bound_to), &mut sealed)
            .map_err(|_| DeviceError::Locked)?;
        Ok([nonce.to_vec(), sealed].concat().into())
    }

    fn unlock(&mut self, sealed: &SealedUnlock) -> Result<(), DeviceError> {
        let epoch = self.epoch.as_ref().map_or("", |epoch| &epoch.0);
        let enc = <DhP256HkdfSha256 as Kem>::EncappedKey::from_bytes(sealed.enc.as_slice());
        let key = hpke::single_shot_open::<AesGcm256, HkdfSha256, DhP256HkdfSha256>(
            &OpModeR::Base,
            &self.receive_key,
            &enc.map_err(|_| DeviceError::Unlock)?,
            &transcript::unlock_info(self.user, self.id),
            sealed.ct.as_slice(),
            epoch.as_bytes(),
        );
        let key = key.map_err(|_| DeviceError::Unlock)?;
        self.unlock_key = Some(key.try_into().map_err(|_| DeviceError::Unlock)?);
        Ok(())
    }

    fn apply(&mut self, page: &SyncPage) -> Result<Seq, DeviceError> {
        for upsert in &page.upserts {
            self.keep(upsert)?;
        }
        for tombstone in &page.deletes {
            self.held.remove(&tombstone.id);
            self.summaries.remove(&tombstone.id);
        }
        self.cursor = page.seq;
        Ok(page.seq)
    }

    fn keep(&mut self, upsert: &Upsert) -> Result<(), DeviceError> {
        let &Upsert { id, version, summary, .. } = upsert;
        let known = self.held.get(&id).or_else(|| self.summaries.get(&id)).map(|known| known.version);
        if known.is_some_and(|known| known > version) {
            return Err(DeviceError::WentBack(id));
        }
        let opened = Held { version, plaintext: self.open(id, version, &upsert.r#box)? };
        if !summary {
            self.summaries.remove(&id);
            self.held.insert(id, opened);
        } else if self.held.get(&id).is_none_or(|held| held.version < version) {
            self.held.remove(&id);
            self.summaries.insert(id, opened);
        }
        Ok(())
    }

    fn open(&self, id: CredentialId, version: Version, sealed: &SealedBox) -> Result<Vec<u8>, DeviceError> {
        let broken = DeviceError::Box(id);
        let (nonce, ciphertext) =
            sealed.as_slice().split_first_chunk::<BOX_NONCE_BYTES>().ok_or_else(|| broken.clone())?;
        let bound_to = transcript::box_aad(Direction::Down, self.user, self.id, id, version);
        let mut buffer = ciphertext.to_vec();
        let key = self.cipher()?;
        let nonce = Nonce::assume_unique_for_key(*nonce);
        key.open_in_place(nonce, Aad::from(bound_to), &mut buffer).map(|opened| opened.to_vec()).map_err(|_| broken)
    }

    fn cipher(&self) -> Result<LessSafeKey, DeviceError> {
        let key = UnboundKey::new(&AES_256_GCM, self.unlock_key.as_ref().ok_or(DeviceError::Locked)?);
        key.map(LessSafeKey::new).map_err(|_| DeviceError::Locked)
    }

    fn wipe(&mut self, reason: RevokeReason) {
        self.revoked = Some(reason);
        self.unlock_key = None;
        match reason {
            // Locked; the ciphertext stays.
            RevokeReason::SignedOut => {}
            RevokeReason::Removed | RevokeReason::Erased | RevokeReason::Panic | RevokeReason::SyncOff => {
                self.held.clear();
                self.summaries.clear();
                self.cursor = Seq(0);
            }
        }
    }
}

impl fmt::Debug for Device {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Device({} at {}, holds {})", self.id, self.cursor, self.held.len())
    }
}
