//! Somebody to whom a case happens, and what they do in many of them.

use std::time::Duration;

use keyleash_domain::{
    attempts::Policy,
    text::{DeviceName, Email},
};
use keyleash_protocol::{
    CredentialId, DeviceId, EventId, SessionId, UnixMillis, UserId, Version,
    http::EventKind,
    socket::{DeviceState, RevokeReason},
};

use super::{LATER, NOW, POLICY};
use crate::{
    entropy::Entropy,
    store::{
        ApproveOutcome, ChangeOutcome, Code, ConfirmedTotp, CredentialChange, Device, EnrolOutcome, GivenCode,
        LinkPurpose, LinkedDevice, NewDevice, NewEvent, NewLink, NewSession, NewUser, PendingTotp, Revocation, Revoke,
        Revoked, Room, SessionOutcome, Store, TokenHash, Trail,
    },
};

/// A user with a session, made for one case.
pub(crate) struct Person<'s> {
    pub(super) store: &'s dyn Store,
    pub(super) entropy: Entropy,
    pub(crate) user: UserId,
    pub(super) session: SessionId,
}

impl<'s> Person<'s> {
    /// With a second factor, and sync on.
    pub(crate) async fn new(store: &'s dyn Store) -> Self {
        let person = Self::without_second_factor(store).await;
        assert!(store.set_totp_pending(person.user, &pending(b"secret"), None).await.unwrap());
        let confirmed = confirmed(b"secret", None, 0);
        assert!(store.enable_totp(person.user, confirmed, Trail::default()).await.unwrap().is_some());
        assert!(store.turn_sync_on(person.user, Trail::default()).await.unwrap().is_some());
        person
    }

    pub(super) async fn without_second_factor(store: &'s dyn Store) -> Self {
        let entropy = Entropy::new();
        let user = UserId::from_uuid(entropy.id(NOW));
        let (new, link) = (new_user(user, &format!("{user}@example.com")), link(&entropy, user));
        assert!(store.create_user(new, link, Trail::default()).await.unwrap());
        let session = SessionId::from_uuid(entropy.id(NOW));
        let person = Self { store, entropy, user, session };
        let created = store.create_session(person.new_session(session, person.hash()), room(100), Trail::default());
        assert_eq!(created.await.unwrap(), SessionOutcome::Created);
        person
    }

    /// A further session.
    pub(super) async fn log_in(&self) -> SessionId {
        let session = SessionId::from_uuid(self.entropy.id(NOW));
        let created =
            self.store.create_session(self.new_session(session, self.hash()), room(100), Trail::default()).await;
        assert_eq!(created.unwrap(), SessionOutcome::Created);
        session
    }

    pub(super) fn hash(&self) -> TokenHash {
        self.entropy.bytes()
    }

    pub(super) fn new_session(&self, id: SessionId, token: TokenHash) -> NewSession {
        NewSession {
            id,
            user: self.user,
            token,
            password_hash: "hash".to_owned(),
            at: NOW,
            expires_at: NOW.after(Duration::from_hours(1)),
            user_agent: "browser".to_owned(),
            address: "127.0.0.1".to_owned(),
        }
    }

    pub(super) fn new_device(&self) -> NewDevice {
        NewDevice {
            id: DeviceId::from_uuid(self.entropy.id(NOW)),
            user: self.user,
            name: DeviceName::parse("desk").unwrap(),
            user_agent: "browser".to_owned(),
            receive_key: vec![1; 65],
            signing_key: vec![2; 65],
            keys: self.hash(),
            match_code: "BCD-FGH".to_owned(),
            at: NOW,
        }
    }

    pub(super) async fn pending(&self) -> NewDevice {
        let device = self.new_device();
        let outcome = self.store.enrol(device.clone(), self.log_in().await, Trail::default()).await.unwrap();
        assert!(matches!(outcome, EnrolOutcome::Enrolled { state: DeviceState::Pending, .. }));
        device
    }

    pub(super) async fn ask(&self, device: &NewDevice) -> TokenHash {
        let token = self.hash();
        let asked = LinkedDevice { id: device.id, keys: device.keys, address: "127.0.0.1".to_owned() };
        let link = NewLink {
            token,
            purpose: LinkPurpose::VerifyDevice,
            device: Some(asked),
            ..link(&self.entropy, self.user)
        };
        self.store.create_link(link, Trail::default()).await.unwrap();
        token
    }

    pub(super) async fn approve(&self, device: &NewDevice, second_factor: bool, key: &[u8]) -> ApproveOutcome {
        let token = self.ask(device).await;
        self.store.approve(token, second_factor, key, NOW, Trail::default()).await.unwrap()
    }

    pub(crate) async fn verified(&self) -> NewDevice {
        let device = self.pending().await;
        assert!(matches!(self.approve(&device, false, b"key").await, ApproveOutcome::Approved(_)));
        device
    }

    pub(super) async fn revoke(&self, device: DeviceId, reason: RevokeReason, until: Option<UnixMillis>) -> Revoked {
        self.store.revoke(self.user, &revocation(device, reason, until), Trail::default()).await.unwrap().unwrap()
    }

    pub(super) async fn device(&self, device: DeviceId) -> Device {
        self.store.device(self.user, device).await.unwrap().unwrap()
    }

    pub(super) async fn key(&self, device: DeviceId) -> Option<Vec<u8>> {
        let keys = self.store.device_keys(self.user).await.unwrap();
        keys.into_iter().find(|key| key.device == device).map(|key| key.sealed)
    }

    /// However often others were wrong before.
    pub(super) async fn takes_step(&self, step: i64) -> bool {
        self.store.try_code(self.user, &given(self, Code::OfStep(step), u32::MAX)).await.unwrap().is_ok()
    }

    pub(super) async fn takes_recovery(&self, hash: TokenHash) -> bool {
        self.store.try_code(self.user, &given(self, Code::Recovery(hash), u32::MAX)).await.unwrap().is_ok()
    }

    pub(crate) fn change(
        &self,
        device: DeviceId,
        id: CredentialId,
        base: i64,
        sealed: Option<&[u8]>,
    ) -> CredentialChange {
        CredentialChange {
            user: self.user,
            device,
            id,
            base: Version(base),
            sealed: sealed.map(<[u8]>::to_vec),
            at: NOW,
            event: EventId::from_uuid(self.entropy.id(NOW)),
        }
    }

    pub(crate) async fn put(&self, device: DeviceId, id: CredentialId, base: i64) -> ChangeOutcome {
        self.store.change_credential(self.change(device, id, base, Some(b"sealed"))).await.unwrap()
    }

    pub(crate) fn credential(&self) -> CredentialId {
        CredentialId::from_uuid(self.entropy.id(NOW))
    }
}

pub(super) fn revocation(device: DeviceId, reason: RevokeReason, restore_until: Option<UnixMillis>) -> Revocation {
    Revocation { which: Revoke::One(device), reason, at: NOW, restore_until }
}

pub(super) fn new_user(id: UserId, email: &str) -> NewUser {
    NewUser { id, email: Email::parse(email).unwrap(), password_hash: "hash".to_owned(), at: NOW }
}

pub(super) fn link(entropy: &Entropy, user: UserId) -> NewLink {
    NewLink {
        token: entropy.bytes(),
        purpose: LinkPurpose::ConfirmSignUp,
        user,
        device: None,
        at: NOW,
        expires_at: LATER,
    }
}

pub(super) fn room(sessions: u32) -> Room {
    Room { sessions, trail: Trail::default() }
}

/// A code of which so many wrong ones are free.
pub(super) fn given(by: &Person<'_>, code: Code, free: u32) -> GivenCode {
    let policy = Policy { free, ..POLICY };
    let event = NewEvent {
        id: EventId::from_uuid(by.entropy.id(NOW)),
        kind: EventKind::RecoveryCodeUsed,
        device: None,
        address: None,
        detail: String::new(),
        at: NOW,
    };
    let trail = Trail { events: vec![event], mails: Vec::new() };
    GivenCode { code, counted_as: format!("code/{}", by.user), policy, at: NOW, trail }
}

pub(super) fn pending(secret: &[u8]) -> PendingTotp {
    PendingTotp { sealed: secret.to_vec(), since: NOW }
}

pub(super) fn confirmed<'a>(sealed: &'a [u8], present: Option<&'a [u8]>, step: i64) -> ConfirmedTotp<'a> {
    ConfirmedTotp { sealed, present, step, recovery_codes: &[] }
}
