//! What every adapter of the store has to do: one suite, run against each. A case gets a store of its own users, so that
//! all of them can run on one database at the same time.

#![cfg(test)]

use std::{collections::BTreeSet, time::Duration};

use futures_util::future::join_all;
use keyleash_domain::{
    attempts::{Decision, Policy},
    device::Refusal,
    login::{Login, VendorLogin},
    text::{DeviceName, Email},
};
use keyleash_protocol::{
    CredentialId, DeviceId, Epoch, EventId, NodeId, Seq, SessionId, UnixMillis, UserId, Version,
    http::{EventKind, Holding, MailPreferences},
    socket::{DeviceState, RevokeReason},
};

use super::{
    Activity, ApproveOutcome, ChangeOutcome, Code, CodeRefusal, ConfirmedTotp, CredentialChange, Device, EnrolOutcome,
    Event, Gift, GivenCode, Heads, HistoryOutcome, LinkPurpose, LinkedDevice, Look, MailOutcome, NewDevice, NewEvent,
    NewHistory, NewLink, NewSession, NewUser, NewVendorUser, OutboxMail, PendingTotp, QueuedMail, Receipt, Revocation,
    Revoke, Revoked, Room, SessionOutcome, SessionStore, Step, Store, TickOutcome, TokenHash, Trail, Whereabouts,
};
use crate::{entropy::Entropy, kms::WrappedKey};

mod credentials;

/// Runs every case.
pub(crate) async fn suite(store: &dyn Store) {
    users_are_created_once(store).await;
    a_vendors_user_is_nobodys_account(store).await;
    an_address_is_confirmed_by_its_link_once(store).await;
    a_totp_step_is_taken_once(store).await;
    another_second_factor_takes_the_place_of_the_first(store).await;
    a_recovery_code_is_taken_once(store).await;
    optional_mails_are_chosen(store).await;
    sign_ups_that_nobody_confirmed_are_forgotten(store).await;
    other_sessions_end_at_once(store).await;
    there_is_room_for_so_many_sessions(store).await;
    sessions_are_found_rotated_and_ended(store).await;
    a_new_password_ends_other_sessions(store).await;
    a_session_is_one_devices(store).await;
    races_end_in_an_order(store).await;
    sessions_without_a_device_end(store).await;
    attempts_are_counted(store).await;
    tries_of_codes_are_counted_with_their_verdict(store).await;
    codes_tried_at_once_are_counted_one_by_one(store).await;
    a_removal_is_by_a_right_code_or_not_at_all(store).await;
    a_device_is_enrolled_approved_and_revoked(store).await;
    an_approval_covers_the_keys_that_asked(store).await;
    a_removed_device_needs_a_second_factor(store).await;
    the_same_key_comes_back_within_the_window_only(store).await;
    turning_sync_off_revokes_and_keeps_sessions(store).await;
    another_users_rows_do_not_exist(store).await;
    a_mail_is_claimed_by_one(store).await;
    a_mail_that_was_given_up_is_told(store).await;
    the_log_is_read_in_pages(store).await;
    the_log_is_read_by_kind(store).await;
    changed_users_are_found(store).await;
    those_who_ask_together_are_each_answered(store).await;
    credentials::suite(store).await;
    a_look_reads_what_moved(store).await;
    a_device_is_where_its_newest_socket_is(store).await;
    a_dead_nodes_devices_are_offline(store).await;
    nodes_know_how_many_devices_each_has(store).await;
    // The last: it is about everybody.
    a_backup_is_believed_nothing_that_gives_access(store).await;
}

pub(crate) const NOW: UnixMillis = UnixMillis(1_800_000_000_000);
const LATER: UnixMillis = UnixMillis(NOW.0 + 60_000);
const POLICY: Policy = Policy {
    free: 2,
    first_wait: Duration::from_secs(10),
    longest_wait: Duration::from_mins(1),
    forget_after: Duration::from_hours(1),
};

/// A user with a session, made for one case.
struct Person<'s> {
    store: &'s dyn Store,
    entropy: Entropy,
    user: UserId,
    session: SessionId,
}

impl<'s> Person<'s> {
    /// With a second factor, and sync on.
    async fn new(store: &'s dyn Store) -> Self {
        let person = Self::without_second_factor(store).await;
        assert!(store.set_totp_pending(person.user, &pending(b"secret"), None).await.unwrap());
        let confirmed = confirmed(b"secret", None, 0);
        assert!(store.enable_totp(person.user, confirmed, Trail::default()).await.unwrap().is_some());
        assert!(store.turn_sync_on(person.user, Trail::default()).await.unwrap().is_some());
        person
    }

    async fn without_second_factor(store: &'s dyn Store) -> Self {
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
    async fn log_in(&self) -> SessionId {
        let session = SessionId::from_uuid(self.entropy.id(NOW));
        let created =
            self.store.create_session(self.new_session(session, self.hash()), room(100), Trail::default()).await;
        assert_eq!(created.unwrap(), SessionOutcome::Created);
        session
    }

    fn hash(&self) -> TokenHash {
        self.entropy.bytes()
    }

    fn new_session(&self, id: SessionId, token: TokenHash) -> NewSession {
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

    fn new_device(&self) -> NewDevice {
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

    async fn pending(&self) -> NewDevice {
        let device = self.new_device();
        let outcome = self.store.enrol(device.clone(), self.log_in().await, Trail::default()).await.unwrap();
        assert!(matches!(outcome, EnrolOutcome::Enrolled { state: DeviceState::Pending, .. }));
        device
    }

    async fn ask(&self, device: &NewDevice) -> TokenHash {
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

    async fn approve(&self, device: &NewDevice, second_factor: bool, key: &[u8]) -> ApproveOutcome {
        let token = self.ask(device).await;
        self.store.approve(token, second_factor, key, NOW, Trail::default()).await.unwrap()
    }

    async fn verified(&self) -> NewDevice {
        let device = self.pending().await;
        assert!(matches!(self.approve(&device, false, b"key").await, ApproveOutcome::Approved(_)));
        device
    }

    async fn revoke(&self, device: DeviceId, reason: RevokeReason, until: Option<UnixMillis>) -> Revoked {
        self.store.revoke(self.user, &revocation(device, reason, until), Trail::default()).await.unwrap().unwrap()
    }

    async fn device(&self, device: DeviceId) -> Device {
        self.store.device(self.user, device).await.unwrap().unwrap()
    }

    async fn key(&self, device: DeviceId) -> Option<Vec<u8>> {
        let keys = self.store.device_keys(self.user).await.unwrap();
        keys.into_iter().find(|key| key.device == device).map(|key| key.sealed)
    }

    /// However often others were wrong before.
    async fn takes_step(&self, step: i64) -> bool {
        self.store.try_code(self.user, &given(self, Code::OfStep(step), u32::MAX)).await.unwrap().is_ok()
    }

    async fn takes_recovery(&self, hash: TokenHash) -> bool {
        self.store.try_code(self.user, &given(self, Code::Recovery(hash), u32::MAX)).await.unwrap().is_ok()
    }

    fn change(&self, device: DeviceId, id: CredentialId, base: i64, sealed: Option<&[u8]>) -> CredentialChange {
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

    async fn put(&self, device: DeviceId, id: CredentialId, base: i64) -> ChangeOutcome {
        self.store.change_credential(self.change(device, id, base, Some(b"sealed"))).await.unwrap()
    }

    fn credential(&self) -> CredentialId {
        CredentialId::from_uuid(self.entropy.id(NOW))
    }
}

fn revocation(device: DeviceId, reason: RevokeReason, restore_until: Option<UnixMillis>) -> Revocation {
    Revocation { which: Revoke::One(device), reason, at: NOW, restore_until }
}

fn new_user(id: UserId, email: &str) -> NewUser {
    NewUser { id, email: Email::parse(email).unwrap(), password_hash: "hash".to_owned(), at: NOW }
}

fn link(entropy: &Entropy, user: UserId) -> NewLink {
    NewLink {
        token: entropy.bytes(),
        purpose: LinkPurpose::ConfirmSignUp,
        user,
        device: None,
        at: NOW,
        expires_at: LATER,
    }
}

fn room(sessions: u32) -> Room {
    Room { sessions, trail: Trail::default() }
}

/// A code of which so many wrong ones are free.
fn given(by: &Person<'_>, code: Code, free: u32) -> GivenCode {
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

fn pending(secret: &[u8]) -> PendingTotp {
    PendingTotp { sealed: secret.to_vec(), since: NOW }
}

fn confirmed<'a>(sealed: &'a [u8], present: Option<&'a [u8]>, step: i64) -> ConfirmedTotp<'a> {
    ConfirmedTotp { sealed, present, step, recovery_codes: &[] }
}

async fn users_are_created_once(store: &dyn Store) {
    let one = Person::new(store).await;
    let email = format!("{}@example.com", one.user);
    let other = UserId::from_uuid(one.entropy.id(NOW));
    assert!(!store.create_user(new_user(other, &email), link(&one.entropy, other), Trail::default()).await.unwrap());
    let login = Login::Address(Email::parse(&email).unwrap());
    assert_eq!(store.user_by_login(&login).await.unwrap().unwrap().id, one.user);
    assert!(store.user(other).await.unwrap().is_none());
    assert_eq!(store.epoch().await.unwrap(), store.epoch().await.unwrap());
}

async fn a_vendors_user_is_nobodys_account(store: &dyn Store) {
    let one = Person::new(store).await;
    let email = Email::parse(&format!("{}@example.com", one.user)).unwrap();
    let login = VendorLogin::new("https://vendor.example", email.as_str()).unwrap();
    let new = || NewVendorUser {
        id: UserId::from_uuid(one.entropy.id(NOW)),
        login: login.clone(),
        email: email.clone(),
        at: NOW,
    };
    let (a, b) = tokio::join!(
        store.create_vendor_user(new(), Trail::default()),
        store.create_vendor_user(new(), Trail::default())
    );
    assert_eq!(u8::from(a.unwrap()) + u8::from(b.unwrap()), 1, "one of two nodes makes it");
    let vendors = store.user_by_login(&Login::Vendor(login.clone())).await.unwrap().unwrap();
    assert_eq!(
        (vendors.login, vendors.email.as_str(), vendors.confirmed),
        (Login::Vendor(login), email.as_str(), true)
    );
    let account = store.user_by_login(&Login::Address(email.clone())).await.unwrap().unwrap();
    assert_eq!((account.id, account.login), (one.user, Login::Address(email.clone())));
    assert_eq!(store.count_users(1).await.unwrap(), 1, "no further than asked");
    assert!(store.count_users(1_000).await.unwrap() >= 2);

    let moved = Email::parse(&format!("moved-{}", email.as_str())).unwrap();
    assert!(store.set_email(vendors.id, &moved, Trail::default()).await.unwrap());
    assert!(!store.set_email(vendors.id, &moved, Trail::default()).await.unwrap(), "it is there already");
    assert_eq!(store.user(vendors.id).await.unwrap().unwrap().email, moved.as_str());
    assert_eq!(store.user(one.user).await.unwrap().unwrap().email, email.as_str());
    assert!(store.user_by_login(&Login::Address(moved)).await.unwrap().is_none(), "where mails go is no login");
}

async fn an_address_is_confirmed_by_its_link_once(store: &dyn Store) {
    let one = Person::new(store).await;
    let link = link(&one.entropy, one.user);
    let token = link.token;
    store.create_link(link, Trail::default()).await.unwrap();
    assert_eq!(store.confirm_user(one.hash(), NOW).await.unwrap(), None);
    assert_eq!(store.confirm_user(token, LATER).await.unwrap(), None, "expired");
    assert_eq!(store.confirm_user(token, NOW).await.unwrap(), Some(one.user));
    assert_eq!(store.confirm_user(token, NOW).await.unwrap(), None, "used");
    assert!(store.user(one.user).await.unwrap().unwrap().confirmed);
}

async fn a_totp_step_is_taken_once(store: &dyn Store) {
    let one = Person::without_second_factor(store).await;
    assert_eq!(store.turn_sync_on(one.user, Trail::default()).await.unwrap(), None, "no second factor, no sync");
    assert!(store.set_totp_pending(one.user, &pending(b"other"), None).await.unwrap());
    assert!(store.set_totp_pending(one.user, &pending(b"secret"), None).await.unwrap());
    assert_eq!(store.user(one.user).await.unwrap().unwrap().totp_pending, Some(pending(b"secret")));
    let enable = |totp| store.enable_totp(one.user, totp, Trail::default());
    assert_eq!(enable(confirmed(b"other", None, 100)).await.unwrap(), None, "another set-up was begun since");
    assert!(enable(confirmed(b"secret", None, 100)).await.unwrap().is_some());
    assert_eq!(enable(confirmed(b"secret", None, 101)).await.unwrap(), None, "enabled already");
    assert!(!one.takes_step(100).await, "taken by the set-up");
    let (a, b) = tokio::join!(one.takes_step(101), one.takes_step(101));
    assert_eq!(u8::from(a) + u8::from(b), 1, "one of two wins");
    assert!(!one.takes_step(99).await, "older");
}

async fn a_recovery_code_is_taken_once(store: &dyn Store) {
    let (one, other) = (Person::new(store).await, Person::new(store).await);
    let code = one.hash();
    store.replace_recovery_codes(one.user, &[code, one.hash()], Trail::default()).await.unwrap();
    assert!(!other.takes_recovery(code).await);
    assert_eq!(store.recovery_codes_left(one.user).await.unwrap(), 2);
    let (a, b) = tokio::join!(one.takes_recovery(code), one.takes_recovery(code));
    assert_eq!(u8::from(a) + u8::from(b), 1);
    assert_eq!(store.recovery_codes_left(one.user).await.unwrap(), 1);
}

async fn another_second_factor_takes_the_place_of_the_first(store: &dyn Store) {
    let one = Person::new(store).await;
    let (first, second) = (b"secret".as_slice(), b"second".as_slice());
    assert!(one.takes_step(200).await);
    let old_code = one.hash();
    store.replace_recovery_codes(one.user, &[old_code], Trail::default()).await.unwrap();
    assert!(!store.set_totp_pending(one.user, &pending(second), None).await.unwrap(), "allowed before there was one");
    assert!(!store.set_totp_pending(one.user, &pending(second), Some(second)).await.unwrap());
    assert!(store.set_totp_pending(one.user, &pending(second), Some(first)).await.unwrap());
    let user = store.user(one.user).await.unwrap().unwrap();
    assert_eq!(user.totp_secret.as_deref(), Some(first), "in force until the new one is confirmed");

    let new_codes = [one.hash(), one.hash()];
    let change = |present, step| {
        let totp = ConfirmedTotp { recovery_codes: &new_codes, ..confirmed(second, present, step) };
        store.enable_totp(one.user, totp, Trail::default())
    };
    assert_eq!(change(None, 199).await.unwrap(), None);
    let (a, b) = tokio::join!(change(Some(first), 199), change(Some(first), 199));
    assert_eq!([a.unwrap(), b.unwrap()].iter().flatten().count(), 1, "one of two wins");
    let user = store.user(one.user).await.unwrap().unwrap();
    assert_eq!((user.totp_secret.as_deref(), user.totp_pending), (Some(second), None));
    assert!(user.sync_enabled, "sync stays on");
    assert!(!one.takes_step(200).await, "a step that was taken stays taken");
    assert!(one.takes_step(201).await);
    assert!(!one.takes_recovery(old_code).await, "of the one before");
    assert!(one.takes_recovery(new_codes[0]).await);
}

async fn optional_mails_are_chosen(store: &dyn Store) {
    let (one, other) = (Person::new(store).await, Person::new(store).await);
    let wanted = async |user| store.user(user).await.unwrap().unwrap().mail_preferences;
    assert_eq!(wanted(one.user).await, MailPreferences { logins: true });
    store.set_mail_preferences(one.user, MailPreferences { logins: false }, Trail::default()).await.unwrap();
    assert_eq!(wanted(one.user).await, MailPreferences { logins: false });
    assert_eq!(wanted(other.user).await, MailPreferences { logins: true });
}

async fn sign_ups_that_nobody_confirmed_are_forgotten(store: &dyn Store) {
    let entropy = Entropy::new();
    let sign_up = async |link: fn(&Entropy, UserId) -> NewLink| {
        let user = UserId::from_uuid(entropy.id(NOW));
        let new = NewUser { at: UnixMillis(1_000), ..new_user(user, &format!("{user}@example.com")) };
        let mail = QueuedMail { id: entropy.id(NOW), sealed: b"sealed".to_vec(), at: UnixMillis(1_000) };
        let event = NewEvent {
            id: EventId::from_uuid(entropy.id(NOW)),
            kind: EventKind::SignedUp,
            device: None,
            address: None,
            detail: String::new(),
            at: NOW,
        };
        let trail = Trail { events: vec![event], mails: vec![mail] };
        let link = link(&entropy, user);
        let token = link.token;
        assert!(store.create_user(new, link, trail).await.unwrap());
        (user, token)
    };
    let ended = |entropy: &Entropy, user| NewLink { expires_at: UnixMillis(2_000), ..link(entropy, user) };
    let (abandoned, _) = sign_up(ended).await;
    let (waiting, _) = sign_up(link).await;
    let (confirmed, token) = sign_up(ended).await;
    assert_eq!(store.confirm_user(token, UnixMillis(1_500)).await.unwrap(), Some(confirmed));
    store.forget_before(UnixMillis(3_000)).await.unwrap();
    assert_eq!(store.forget_sign_ups(UnixMillis(1_000), 10).await.unwrap(), 0, "not yet");
    assert_eq!(store.forget_sign_ups(UnixMillis(1_001), 10).await.unwrap(), 1);
    assert!(store.user(abandoned).await.unwrap().is_none());
    assert!(store.events(abandoned, None, None, 1).await.unwrap().is_empty());
    for stays in [waiting, confirmed] {
        assert!(store.user(stays).await.unwrap().is_some());
    }
}

async fn other_sessions_end_at_once(store: &dyn Store) {
    let (one, other) = (Person::new(store).await, Person::new(store).await);
    let (device, removed) = (one.verified().await, one.verified().await);
    one.revoke(removed.id, RevokeReason::Removed, None).await;
    let (seq, ended) = store.end_other_sessions(one.user, one.session, NOW, Trail::default()).await.unwrap().unwrap();
    assert_eq!(ended, 1, "that of the device; the removed one's tells why");
    assert_eq!(store.heads(one.user).await.unwrap().unwrap().sessions, seq);
    let left = SessionStore::sessions(store, one.user, NOW).await.unwrap();
    assert_eq!(left.iter().map(|session| session.id).collect::<Vec<_>>(), [one.session]);
    assert_eq!(one.device(device.id).await.state, DeviceState::Verified, "a login ended, no device");
    assert_eq!(store.end_other_sessions(one.user, one.session, NOW, Trail::default()).await.unwrap(), None);
    assert_eq!(SessionStore::sessions(store, other.user, NOW).await.unwrap().len(), 1);
}

async fn there_is_room_for_so_many_sessions(store: &dyn Store) {
    let one = Person::new(store).await;
    let (second, third) = (one.log_in().await, one.log_in().await);
    store.touch_session(one.session, LATER).await.unwrap();
    // The second was used by a device since; that counts.
    let device = one.new_device();
    assert!(matches!(store.enrol(device.clone(), second, Trail::default()).await, Ok(EnrolOutcome::Enrolled { .. })));
    let activity = Activity { device: device.id, acked: Seq(0), last_seen: LATER, step: None };
    store.record_activity(NodeId::from_uuid(one.entropy.id(NOW)), &[activity]).await.unwrap();

    let newest = SessionId::from_uuid(one.entropy.id(NOW));
    let created = store.create_session(one.new_session(newest, one.hash()), room(3), Trail::default()).await.unwrap();
    let SessionOutcome::CreatedInPlace(seq) = created else { panic!("{created:?}") };
    assert_eq!(store.heads(one.user).await.unwrap().unwrap().sessions, seq, "so that its sockets end");
    let left = SessionStore::sessions(store, one.user, NOW).await.unwrap();
    let left: BTreeSet<_> = left.iter().map(|session| session.id.to_string()).collect();
    assert_eq!(left, [one.session, second, newest].map(|session| session.to_string()).into());
    assert!(!left.contains(&third.to_string()), "the one that was unused for longest");
}

async fn sessions_are_found_rotated_and_ended(store: &dyn Store) {
    let one = Person::new(store).await;
    let (id, token, renewed) = (SessionId::from_uuid(one.entropy.id(NOW)), one.hash(), one.hash());
    store.create_session(one.new_session(id, token), room(100), Trail::default()).await.unwrap();
    assert_eq!(store.session(token, NOW).await.unwrap().unwrap().id, id);
    assert!(store.session(token, NOW.after(Duration::from_hours(2))).await.unwrap().is_none(), "expired");
    store.rotate_session(id, renewed).await.unwrap();
    assert!(store.session(token, NOW).await.unwrap().is_none(), "the old token is good for nothing");
    let before = store.heads(one.user).await.unwrap().unwrap();
    let seq = store.end_session(one.user, id, Trail::default()).await.unwrap().unwrap();
    let after = store.heads(one.user).await.unwrap().unwrap();
    assert_eq!((after.seq, after.sessions), (seq, seq));
    assert_eq!(after.devices, before.devices);
    assert!(store.session(renewed, NOW).await.unwrap().is_none());
    assert!(store.end_session(one.user, id, Trail::default()).await.unwrap().is_none());
}

async fn a_new_password_ends_other_sessions(store: &dyn Store) {
    let one = Person::new(store).await;
    one.log_in().await;
    store.set_password(one.user, "new", Some(one.session), Trail::default()).await.unwrap();
    let left: Vec<_> = SessionStore::sessions(store, one.user, NOW).await.unwrap();
    assert_eq!(left.iter().map(|session| session.id).collect::<Vec<_>>(), [one.session]);
    assert_eq!(store.user(one.user).await.unwrap().unwrap().password_hash, "new");
    let late = one.new_session(SessionId::from_uuid(one.entropy.id(NOW)), one.hash());
    let created = store.create_session(late, room(100), Trail::default()).await.unwrap();
    assert_eq!(created, SessionOutcome::PasswordChanged, "judged by the old password");
    let link = NewLink { purpose: LinkPurpose::ResetPassword, ..link(&one.entropy, one.user) };
    let token = link.token;
    store.create_link(link, Trail::default()).await.unwrap();
    store.set_password(one.user, "newer", None, Trail::default()).await.unwrap();
    let reset = store.reset_password(token, "stolen", NOW, Trail::default()).await.unwrap();
    assert_eq!(reset, None, "a link from before the change");
}

async fn sessions_without_a_device_end(store: &dyn Store) {
    let one = Person::new(store).await;
    one.log_in().await;
    let device = one.verified().await;
    let panic = async |device| {
        let which = Revoke::Panic { device, session: one.session };
        let revocation = Revocation { which, reason: RevokeReason::Panic, at: NOW, restore_until: Some(LATER) };
        store.revoke(one.user, &revocation, Trail::default()).await
    };
    let kept = panic(Some(device.id)).await.unwrap().unwrap();
    assert!(kept.devices.is_empty());
    assert_eq!(store.heads(one.user).await.unwrap().unwrap().sessions, kept.seq);
    let left = SessionStore::sessions(store, one.user, NOW).await.unwrap();
    assert_eq!(left.len(), 2);
    assert!(left.iter().any(|session| session.device == Some(device.id)));
    assert!(left.iter().any(|session| session.id == one.session && session.device.is_none()));
    one.log_in().await;
    assert_eq!(panic(None).await.unwrap().unwrap().devices.len(), 1);
    assert_eq!(SessionStore::sessions(store, one.user, NOW).await.unwrap().len(), 1, "the device is gone too");
}

async fn a_session_is_one_devices(store: &dyn Store) {
    let one = Person::new(store).await;
    let (session, first, second) = (one.log_in().await, one.new_device(), one.new_device());
    let enrol = |device: &NewDevice| store.enrol(device.clone(), session, Trail::default());
    assert!(matches!(enrol(&first).await.unwrap(), EnrolOutcome::Enrolled { .. }));
    assert!(matches!(enrol(&first).await.unwrap(), EnrolOutcome::Enrolled { .. }), "the same one again");
    assert_eq!(enrol(&second).await.unwrap(), EnrolOutcome::SessionGone, "it would outlive a removal of the first");
    let other = one.pending().await.id;
    assert!(!store.bind_session(session, one.user, other).await.unwrap());
    assert!(store.bind_session(session, one.user, first.id).await.unwrap());
}

/// What must not slip in between another transaction's look and its commit. Each race is run often enough to be lost.
async fn races_end_in_an_order(store: &dyn Store) {
    for round in 0..30 {
        let one = Person::without_second_factor(store).await;
        let late = one.new_session(SessionId::from_uuid(one.entropy.id(NOW)), one.hash());
        let (created, set) = tokio::join!(
            store.create_session(late, room(100), Trail::default()),
            store.set_password(one.user, "new", None, Trail::default())
        );
        created.and(set.map(|_| true)).unwrap();
        let left = SessionStore::sessions(store, one.user, NOW).await.unwrap();
        assert_eq!(left, [], "a login by the old password outlives it, in round {round}");

        let one = Person::new(store).await;
        let (device, session) = (one.verified().await.id, one.log_in().await);
        let (bound, _) = tokio::join!(
            store.bind_session(session, one.user, device),
            one.revoke(device, RevokeReason::Removed, Some(LATER))
        );
        bound.unwrap();
        let left = SessionStore::sessions(store, one.user, NOW).await.unwrap();
        assert!(left.iter().all(|session| session.device.is_none()), "a session outlives its device, in round {round}");

        let codes: [TokenHash; 4] = std::array::from_fn(|_| one.hash());
        let (first, second) = tokio::join!(
            store.replace_recovery_codes(one.user, &codes[..2], Trail::default()),
            store.replace_recovery_codes(one.user, &codes[2..], Trail::default())
        );
        first.and(second).unwrap();
        let mut good = 0;
        for code in codes {
            good += usize::from(one.takes_recovery(code).await);
        }
        assert_eq!(good, 2, "codes that were replaced are good, in round {round}");
    }
}

async fn attempts_are_counted(store: &dyn Store) {
    let key = format!("test/{}", Entropy::new().id(NOW));
    let attempt = || store.begin_attempt(&key, &POLICY, NOW);
    let decisions = [attempt().await.unwrap(), attempt().await.unwrap(), attempt().await.unwrap()];
    assert!(matches!(decisions, [Decision::Try(_), Decision::Try(_), Decision::Wait(_)]), "{decisions:?}");
    assert_eq!(store.attempts(&key).await.unwrap().unwrap().count, 2);
    store.clear_attempts(&key).await.unwrap();
    assert!(matches!(attempt().await.unwrap(), Decision::Try(_)));
}

async fn tries_of_codes_are_counted_with_their_verdict(store: &dyn Store) {
    let one = Person::new(store).await;
    let code = one.hash();
    store.replace_recovery_codes(one.user, &[code], Trail::default()).await.unwrap();
    let attempt = async |code| store.try_code(one.user, &given(&one, code, 2)).await.unwrap();
    let tries = async || store.attempts(&format!("code/{}", one.user)).await.unwrap().map(|tries| tries.count);
    let log = async || store.events(one.user, None, Some(&[EventKind::RecoveryCodeUsed]), 9).await.unwrap().len();
    assert_eq!(attempt(Code::OfNoStep).await, Err(CodeRefusal::Wrong { is_last_free: false }));
    assert_eq!(tries().await, Some(1));
    assert_eq!(attempt(Code::Recovery(one.hash())).await, Err(CodeRefusal::Wrong { is_last_free: true }));
    assert_eq!((tries().await, log().await), (Some(2), 0));
    // A right one is not looked at.
    assert_eq!(attempt(Code::Recovery(code)).await, Err(CodeRefusal::Wait(POLICY.first_wait)));
    assert_eq!((tries().await, store.recovery_codes_left(one.user).await.unwrap()), (Some(2), 1));

    let later = GivenCode { at: NOW.after(POLICY.first_wait), ..given(&one, Code::Recovery(code), 2) };
    assert_eq!(store.try_code(one.user, &later).await.unwrap(), Ok(()));
    assert_eq!((tries().await, log().await), (None, 1), "a right one forgets those before");
    assert_eq!(attempt(Code::OfStep(300)).await, Ok(()));
    assert_eq!(attempt(Code::OfStep(300)).await, Err(CodeRefusal::Wrong { is_last_free: false }), "taken");
}

/// However many are tried at once, no more are judged than are free.
async fn codes_tried_at_once_are_counted_one_by_one(store: &dyn Store) {
    let one = Person::new(store).await;
    let wrong = given(&one, Code::OfNoStep, 3);
    let verdicts = join_all((0..12).map(|_| store.try_code(one.user, &wrong))).await;
    let judged = verdicts.iter().filter(|verdict| matches!(verdict, Ok(Err(CodeRefusal::Wrong { .. })))).count();
    let last = verdicts.iter().filter(|verdict| matches!(verdict, Ok(Err(CodeRefusal::Wrong { is_last_free: true }))));
    assert_eq!((judged, last.count()), (3, 1), "{verdicts:?}");
}

async fn a_removal_is_by_a_right_code_or_not_at_all(store: &dyn Store) {
    let one = Person::new(store).await;
    let (device, other) = (one.verified().await.id, one.verified().await.id);
    let codes = [one.hash(), one.hash()];
    store.replace_recovery_codes(one.user, &codes, Trail::default()).await.unwrap();
    let remove = async |device, code| {
        let removal = revocation(device, RevokeReason::Removed, Some(LATER));
        store.revoke_by_code(one.user, &given(&one, code, 2), &removal, Trail::default()).await.unwrap()
    };
    let tries = async || store.attempts(&format!("code/{}", one.user)).await.unwrap().map(|tries| tries.count);
    let before = store.heads(one.user).await.unwrap();
    let refused = remove(device, Code::Recovery(one.hash())).await;
    assert_eq!(refused, Err(CodeRefusal::Wrong { is_last_free: false }));
    assert_eq!((tries().await, store.heads(one.user).await.unwrap()), (Some(1), before), "counted, and nothing else");
    assert!(one.key(device).await.is_some());

    // Of one code for two devices, one removal.
    let (a, b) = tokio::join!(remove(device, Code::Recovery(codes[0])), remove(other, Code::Recovery(codes[0])));
    assert_eq!(u8::from(a.is_ok()) + u8::from(b.is_ok()), 1, "{a:?} {b:?}");
    assert_eq!(store.recovery_codes_left(one.user).await.unwrap(), 1);
    let (gone, stays) = if a.is_ok() { (device, other) } else { (other, device) };
    assert_eq!((one.key(gone).await, one.key(stays).await.is_some()), (None, true));

    let stranger = Person::new(store).await.verified().await.id;
    assert_eq!(remove(stranger, Code::Recovery(codes[1])).await, Ok(None));
    assert_eq!(store.recovery_codes_left(one.user).await.unwrap(), 1, "nothing was done");
}

async fn a_device_is_enrolled_approved_and_revoked(store: &dyn Store) {
    let one = Person::new(store).await;
    let device = one.pending().await;
    assert_eq!(one.key(device.id).await, None, "pending devices have no key");
    let token = one.ask(&device).await;
    let replaced = one.ask(&device).await;
    let approve = |token| store.approve(token, false, b"key", NOW, Trail::default());
    assert_eq!(approve(token).await.unwrap(), ApproveOutcome::LinkUsedOrExpired, "a newer link took its place");
    assert!(matches!(approve(replaced).await.unwrap(), ApproveOutcome::Approved(_)));
    assert_eq!(approve(replaced).await.unwrap(), ApproveOutcome::LinkUsedOrExpired, "used");
    assert_eq!(one.key(device.id).await.as_deref(), Some(&b"key"[..]));

    let revoked = one.revoke(device.id, RevokeReason::Removed, Some(LATER)).await;
    assert_eq!(revoked.devices.len(), 1);
    assert_eq!(one.key(device.id).await, None, "the key is away in the same transaction");
    let stored = one.device(device.id).await;
    assert_eq!((stored.state, stored.reason), (DeviceState::Removed, Some(RevokeReason::Removed)));
    let heads = store.heads(one.user).await.unwrap().unwrap();
    assert_eq!((heads.devices, heads.sessions), (revoked.seq, revoked.seq));
    assert!(one.revoke(device.id, RevokeReason::Removed, Some(LATER)).await.devices.is_empty(), "twice is once");

    let receipt = Receipt { at: LATER, wiped: true };
    assert!(store.record_receipt(one.user, device.id, receipt, Trail::default()).await.unwrap().is_some());
    assert!(store.record_receipt(one.user, device.id, receipt, Trail::default()).await.unwrap().is_none());
    assert_eq!(one.device(device.id).await.receipt, Some(receipt));
    let sessions = SessionStore::sessions(store, one.user, NOW).await.unwrap();
    let left: Vec<_> = sessions.iter().map(|session| session.id).collect();
    assert_eq!(left, [one.session], "the session that the device used is not good any more");
}

async fn an_approval_covers_the_keys_that_asked(store: &dyn Store) {
    let one = Person::new(store).await;
    let (asked, other) = (one.pending().await, one.pending().await);
    let swapped = NewDevice { keys: other.keys, ..asked };
    assert_eq!(one.approve(&swapped, true, b"key").await, ApproveOutcome::LinkUsedOrExpired);
    assert_eq!(one.device(other.id).await.state, DeviceState::Pending);
}

async fn a_removed_device_needs_a_second_factor(store: &dyn Store) {
    let one = Person::new(store).await;
    let device = one.verified().await;
    one.revoke(device.id, RevokeReason::Removed, Some(LATER)).await;
    let refused = one.approve(&device, true, b"key").await;
    assert_eq!(refused, ApproveOutcome::Refused(Refusal::NotPending), "it has to ask first");
    // It comes back with a new login; the session that it used is gone.
    let session = one.log_in().await;
    let again = NewDevice { id: DeviceId::from_uuid(one.entropy.id(NOW)), ..device.clone() };
    let outcome = store.enrol(again, session, Trail::default()).await.unwrap();
    assert!(matches!(outcome, EnrolOutcome::Enrolled { id, state: DeviceState::Pending, .. } if id == device.id));
    assert_eq!(one.key(device.id).await, None, "asking gives nothing");
    assert_eq!(one.approve(&device, false, b"k").await, ApproveOutcome::Refused(Refusal::SecondFactorNeeded));
    assert!(matches!(one.approve(&device, true, b"k").await, ApproveOutcome::Approved(_)));
}

async fn the_same_key_comes_back_within_the_window_only(store: &dyn Store) {
    for (until, reason, expected) in [
        (Some(LATER), RevokeReason::Removed, &b"key"[..]),
        (Some(NOW), RevokeReason::Removed, b"new"),
        (None, RevokeReason::Erased, b"new"),
    ] {
        let one = Person::new(store).await;
        let device = one.verified().await;
        one.revoke(device.id, reason, until).await;
        store.enrol(device.clone(), one.log_in().await, Trail::default()).await.unwrap();
        assert!(matches!(one.approve(&device, true, b"new").await, ApproveOutcome::Approved(_)));
        assert_eq!(one.key(device.id).await.as_deref(), Some(expected), "{until:?}");
    }
    let one = Person::new(store).await;
    let device = one.verified().await;
    one.revoke(device.id, RevokeReason::Removed, Some(LATER)).await;
    assert_eq!(one.revoke(device.id, RevokeReason::Erased, None).await.devices.len(), 1, "erasing later still erases");
}

async fn turning_sync_off_revokes_and_keeps_sessions(store: &dyn Store) {
    let one = Person::new(store).await;
    let device = one.verified().await;
    store.turn_sync_off(one.user, NOW, LATER, Trail::default()).await.unwrap();
    assert_eq!(one.key(device.id).await, None);
    assert_eq!(one.device(device.id).await.reason, Some(RevokeReason::SyncOff));
    assert_eq!(SessionStore::sessions(store, one.user, NOW).await.unwrap().len(), 2);
    let outcome = store.enrol(one.new_device(), one.session, Trail::default()).await.unwrap();
    assert_eq!(outcome, EnrolOutcome::SyncOff);
}

async fn another_users_rows_do_not_exist(store: &dyn Store) {
    let (one, other) = (Person::new(store).await, Person::new(store).await);
    let device = one.verified().await;
    let id = one.credential();
    one.put(device.id, id, 0).await;
    assert!(store.device(other.user, device.id).await.unwrap().is_none());
    assert!(store.device_keys(other.user).await.unwrap().is_empty());
    let theirs = CredentialChange { user: other.user, ..one.change(device.id, id, 1, Some(b"x")) };
    assert_eq!(store.change_credential(theirs).await.unwrap(), ChangeOutcome::NotVerified);
    let removal = revocation(device.id, RevokeReason::Removed, None);
    assert_eq!(store.revoke(other.user, &removal, Trail::default()).await.unwrap(), None);
    assert!(!store.bind_session(other.session, other.user, device.id).await.unwrap());
    let stolen = NewDevice { user: other.user, ..device.clone() };
    let outcome = store.enrol(stolen, other.session, Trail::default()).await.unwrap();
    assert_eq!(outcome, EnrolOutcome::KeysTaken);
    assert!(store.shareable_since(other.user, Seq(0)).await.unwrap().changes.rows.is_empty());
}

async fn a_mail_is_claimed_by_one(store: &dyn Store) {
    let one = Person::new(store).await;
    let id = one.entropy.id(NOW);
    let trail = Trail { mails: vec![QueuedMail { id, sealed: b"mail".to_vec(), at: NOW }], ..Trail::default() };
    store.record(one.user, trail).await.unwrap();
    let claim = |now, lease| store.claim_mails(now, lease, 1_000);
    let (a, b) = tokio::join!(claim(NOW, LATER), claim(NOW, LATER));
    let claimed = [a.unwrap(), b.unwrap()].concat();
    assert_eq!(claimed.iter().filter(|mail| mail.id == id).count(), 1);
    let again = claim(LATER, LATER.after(Duration::from_secs(1))).await.unwrap();
    let of = |mails: &[OutboxMail]| mails.iter().find(|mail| mail.id == id).cloned();
    let (first, second) = (of(&claimed).unwrap(), of(&again).unwrap());
    assert_eq!((second.tries, second.at), (1, NOW), "the lease is over");

    // The first, who was slow, changes nothing of the second's claim.
    store.finish_mail(&first, &MailOutcome::RetryAt(NOW)).await.unwrap();
    let given_up = |trail| MailOutcome::GivenUp { at: LATER, trail, device: None };
    store.finish_mail(&first, &given_up(Trail::default())).await.unwrap();
    assert!(of(&claim(LATER, LATER).await.unwrap()).is_none());
    store.finish_mail(&second, &MailOutcome::RetryAt(LATER)).await.unwrap();
    let third = of(&claim(LATER, LATER).await.unwrap()).unwrap();
    assert!(store.mails_waiting().await.unwrap() >= 1);

    // But a mail that was sent is gone, whoever sent it.
    store.finish_mail(&second, &MailOutcome::Sent).await.unwrap();
    store.finish_mail(&third, &given_up(Trail::default())).await.unwrap();
    let far = LATER.after(Duration::from_hours(1));
    assert!(of(&claim(far, far).await.unwrap()).is_none());
}

async fn a_mail_that_was_given_up_is_told(store: &dyn Store) {
    let one = Person::new(store).await;
    let device = one.pending().await.id;
    let id = one.entropy.id(NOW);
    let trail = Trail { mails: vec![QueuedMail { id, sealed: b"mail".to_vec(), at: NOW }], ..Trail::default() };
    store.record(one.user, trail).await.unwrap();
    let mails = store.claim_mails(NOW, LATER, 1_000).await.unwrap();
    let claimed = mails.into_iter().find(|mail| mail.id == id).unwrap();
    let event = NewEvent {
        id: EventId::from_uuid(one.entropy.id(LATER)),
        kind: EventKind::MailUndeliverable,
        device: Some(device),
        address: None,
        detail: "Verify".to_owned(),
        at: LATER,
    };
    let before = store.heads(one.user).await.unwrap().unwrap();
    let trail = Trail { events: vec![event], ..Trail::default() };
    let outcome = MailOutcome::GivenUp { at: LATER, trail, device: Some(device) };
    store.finish_mail(&claimed, &outcome).await.unwrap();
    store.finish_mail(&claimed, &outcome).await.unwrap();
    let heads = store.heads(one.user).await.unwrap().unwrap();
    assert_eq!((heads.devices, heads.devices > before.devices), (heads.seq, true), "devices hear of it, once");
    let told = one.device(device).await;
    assert_eq!((told.mail_failed_at, told.seq), (Some(LATER), heads.seq));
    assert_eq!(store.events(one.user, None, None, 1).await.unwrap()[0].kind, EventKind::MailUndeliverable);

    let asked = LinkedDevice { id: device, keys: one.hash(), address: "127.0.0.1".to_owned() };
    let link = NewLink { purpose: LinkPurpose::VerifyDevice, device: Some(asked), ..link(&one.entropy, one.user) };
    let seq = store.create_link(link, Trail::default()).await.unwrap();
    assert_eq!(one.device(device).await.mail_failed_at, None, "a newer mail is on its way");
    let now = store.heads(one.user).await.unwrap().unwrap();
    assert_eq!((Some(now.devices), now.devices > heads.devices), (seq, true), "devices hear of that too");
}

async fn the_log_is_read_in_pages(store: &dyn Store) {
    let one = Person::new(store).await;
    for n in 0..5 {
        let at = UnixMillis(NOW.0 + n);
        let id = EventId::from_uuid(one.entropy.id(at));
        let event = NewEvent { id, kind: EventKind::LoggedIn, device: None, address: None, detail: n.to_string(), at };
        store.record(one.user, Trail { events: vec![event], mails: Vec::new() }).await.unwrap();
    }
    let newest = store.events(one.user, None, None, 2).await.unwrap();
    let next = store.events(one.user, Some(newest[1].id), None, 2).await.unwrap();
    let details: Vec<_> = newest.iter().chain(&next).map(|event| event.detail.as_str()).collect();
    assert_eq!(details, ["4", "3", "2", "1"]);
}

async fn the_log_is_read_by_kind(store: &dyn Store) {
    let (one, other) = (Person::new(store).await, Person::new(store).await);
    let kinds = [EventKind::LoggedIn, EventKind::LoggedOut, EventKind::CredentialRead];
    for n in 0..9 {
        for (person, whose) in [(&one, "mine"), (&other, "theirs")] {
            let id = EventId::from_uuid(person.entropy.id(UnixMillis(NOW.0 + n)));
            let kind = kinds[usize::try_from(n).unwrap() % kinds.len()];
            let event = NewEvent { id, kind, device: None, address: None, detail: format!("{whose} {n}"), at: LATER };
            store.record(person.user, Trail { events: vec![event], mails: Vec::new() }).await.unwrap();
        }
    }
    let read =
        async |kinds: &[EventKind], before, limit| store.events(one.user, before, Some(kinds), limit).await.unwrap();
    let details = |events: &[Event]| events.iter().map(|event| event.detail.clone()).collect::<Vec<_>>();
    let page = read(&kinds[..2], None, 4).await;
    assert_eq!(details(&page), ["mine 7", "mine 6", "mine 4", "mine 3"], "a page is full of what was asked for");
    assert_eq!(details(&read(&kinds[..2], Some(page[3].id), 4).await), ["mine 1", "mine 0"]);
    assert_eq!(details(&read(&kinds[2..], None, 1).await), ["mine 8"]);
    assert!(read(&[EventKind::Panic], None, 4).await.is_empty());
    assert!(read(&[], None, 4).await.is_empty(), "none of no kinds");
}

async fn changed_users_are_found(store: &dyn Store) {
    let now = store.changed_since(UnixMillis(i64::MAX)).await.unwrap().now;
    let one = Person::new(store).await;
    let seq = store.turn_sync_on(one.user, Trail::default()).await.unwrap().unwrap();
    let changes = store.changed_since(now).await.unwrap();
    assert!(changes.users.contains(&(one.user, seq)) && changes.now >= now);
    assert!(store.forget_before(UnixMillis(0)).await.is_ok());
    assert_eq!(store.destroy_expired_keys(UnixMillis(0)).await.unwrap(), 0);
}

/// Longer than the suite takes.
const LEASE: Duration = Duration::from_mins(10);

async fn new_node(person: &Person<'_>) -> NodeId {
    let node = NodeId::from_uuid(person.entropy.id(NOW));
    assert!(alive(person.store, node, LEASE).await.contains(&node));
    node
}

/// All nodes that are, once this one has renewed its lease.
async fn alive(store: &dyn Store, node: NodeId, lease: Duration) -> Vec<NodeId> {
    store.renew_lease(node, lease, None).await.unwrap().iter().map(|node| node.id).collect()
}

fn step(device: DeviceId, step: Step) -> Activity {
    Activity { device, acked: Seq(0), last_seen: LATER, step: Some(step) }
}

async fn those_who_ask_together_are_each_answered(store: &dyn Store) {
    let mut asked = Vec::new();
    for _ in 0..3 {
        let person = Person::new(store).await;
        let device = person.verified().await.id;
        let sessions = SessionStore::sessions(store, person.user, NOW).await.unwrap();
        asked.push((person, device, sessions));
    }
    let stranger = asked[0].1;
    let greeted = join_all(asked.iter().map(|(person, device, _)| store.greet(person.user, *device))).await;
    let looked = join_all(asked.iter().map(|(person, ..)| store.look(person.user, None))).await;
    let found = join_all(asked.iter().map(|(person, ..)| async {
        let token = person.hash();
        let session = SessionId::from_uuid(person.entropy.id(NOW));
        store.create_session(person.new_session(session, token), room(100), Trail::default()).await.unwrap();
        (session, store.session(token, NOW).await.unwrap().unwrap())
    }))
    .await;
    for ((((person, device, sessions), greeted), looked), (session, found)) in
        asked.iter().zip(greeted).zip(looked).zip(found)
    {
        let heads = store.heads(person.user).await.unwrap().unwrap();
        let (greeted, row) = (greeted.unwrap().unwrap(), person.device(*device).await);
        assert_eq!((greeted.user, greeted.heads.devices), (person.user, heads.devices));
        assert_eq!((greeted.signing_key, greeted.state), (row.signing_key, row.state));
        let judged = (greeted.verified_at, greeted.removed_at, greeted.reason);
        assert_eq!(judged, (row.verified_at, row.removed_at, row.reason));
        let looked = looked.unwrap().unwrap();
        assert_eq!(looked.devices, Some(store.devices(person.user).await.unwrap()));
        let good: BTreeSet<_> = sessions.iter().map(|session| (session.id, session.expires_at)).collect();
        assert_eq!(looked.sessions.unwrap().into_iter().collect::<BTreeSet<_>>(), good);
        assert_eq!((found.id, found.user), (session, person.user));
        if *device != stranger {
            assert!(store.greet(person.user, stranger).await.unwrap().is_none(), "somebody else's device");
        }
    }
    let nobody = UserId::from_uuid(asked[0].0.entropy.id(NOW));
    assert_eq!(store.look(nobody, None).await.unwrap(), None);
}

async fn a_look_reads_what_moved(store: &dyn Store) {
    let person = Person::new(store).await;
    let device = person.verified().await.id;
    let look = async |known: Heads| store.look(person.user, Some(known)).await.unwrap().unwrap();
    let known = store.heads(person.user).await.unwrap().unwrap();
    assert_eq!(look(known).await, Look { heads: known, devices: None, sessions: None });
    let name = DeviceName::parse("Another").unwrap();
    store.rename_device(person.user, device, &name, Trail::default()).await.unwrap();
    let renamed = look(known).await;
    assert!(renamed.sessions.is_none() && renamed.devices.unwrap()[0].name == "Another");
    store.end_session(person.user, person.session, Trail::default()).await.unwrap();
    let left = look(renamed.heads).await;
    assert!(left.devices.is_none() && left.sessions.unwrap().iter().all(|(session, _)| *session != person.session));
}

async fn a_device_is_where_its_newest_socket_is(store: &dyn Store) {
    let person = Person::new(store).await;
    let device = person.pending().await.id;
    let (one, two) = (new_node(&person).await, new_node(&person).await);
    let place = async || store.device(person.user, device).await.unwrap().unwrap().online;
    let at = |node, since| Some(Whereabouts { node, since: UnixMillis(since) });
    assert_eq!(place().await, None);
    for (node, did, expected) in [
        (one, Step::Came(UnixMillis(10)), at(one, 10)),
        (two, Step::Came(UnixMillis(20)), at(two, 20)),
        // Written late.
        (one, Step::Came(UnixMillis(15)), at(two, 20)),
        (one, Step::Went, at(two, 20)),
        (two, Step::Went, None),
        // An older one that stayed.
        (one, Step::Came(UnixMillis(15)), at(one, 15)),
    ] {
        store.record_activity(node, &[step(device, did)]).await.unwrap();
        assert_eq!(place().await, expected, "{did:?} at {node}");
    }
    let listed = store.devices(person.user).await.unwrap();
    assert_eq!(listed[0].online, at(one, 15));
    assert!(listed[0].view(Seq(0)).online);

    let present = store.changed_since(UnixMillis(i64::MAX)).await.unwrap().now;
    let changed = async || store.changed_since(present.after(Duration::from_millis(1))).await.unwrap().presence;
    let stayed = Activity { step: None, ..step(device, Step::Went) };
    tokio::time::sleep(Duration::from_millis(2)).await;
    store.record_activity(one, &[stayed]).await.unwrap();
    assert!(changed().await.iter().all(|(user, _)| *user != person.user), "a sign of life is no news");
    store.record_activity(one, &[Activity { acked: Seq(9), ..stayed }]).await.unwrap();
    assert!(changed().await.iter().any(|(user, _)| *user == person.user), "an ack is");

    assert!(person.revoke(device, RevokeReason::Removed, None).await.devices[0].online);
}

async fn a_dead_nodes_devices_are_offline(store: &dyn Store) {
    let person = Person::new(store).await;
    let device = person.pending().await.id;
    let (one, two) = (new_node(&person).await, new_node(&person).await);
    let place = async || store.device(person.user, device).await.unwrap().unwrap().online.map(|online| online.node);
    store.record_activity(one, &[step(device, Step::Came(UnixMillis(20)))]).await.unwrap();
    assert_eq!(place().await, Some(one));
    assert!(!alive(store, one, Duration::ZERO).await.contains(&one), "its lease has ended");
    assert_eq!(place().await, None);
    // It was only late.
    alive(store, one, LEASE).await;
    assert_eq!(place().await, Some(one));
    store.end_lease(one).await.unwrap();
    assert_eq!(place().await, None);
    assert!(!alive(store, two, LEASE).await.contains(&one));
    store.record_activity(two, &[step(device, Step::Came(UnixMillis(10)))]).await.unwrap();
    assert_eq!(place().await, Some(two), "an older socket that is alive counts before a newer one that is not");
}

async fn nodes_know_how_many_devices_each_has(store: &dyn Store) {
    let person = Person::new(store).await;
    let (one, two) = (new_node(&person).await, new_node(&person).await);
    let counts = async |devices| {
        let nodes = store.renew_lease(one, LEASE, devices).await.unwrap();
        let of = |id| nodes.iter().find(|node| node.id == id).unwrap().devices;
        (of(one), of(two))
    };
    assert_eq!(counts(Some(7)).await, (Some(7), None), "one that begins says nothing");
    store.renew_lease(two, LEASE, Some(0)).await.unwrap();
    assert_eq!(counts(Some(20_000)).await, (Some(20_000), Some(0)));
    assert_eq!(counts(None).await, (None, Some(0)), "it leaves");
}

async fn a_backup_is_believed_nothing_that_gives_access(store: &dyn Store) {
    let one = Person::new(store).await;
    let (verified, pending, node) = (one.verified().await, one.pending().await, new_node(&one).await);
    let (link, before) = (one.ask(&pending).await, store.heads(one.user).await.unwrap().unwrap());
    let epoch = store.epoch().await.unwrap();
    let begin = || store.begin_history(NewHistory { epoch: Epoch("another".into()), at: NOW, keys_until: LATER });
    assert!(matches!(begin().await.unwrap(), HistoryOutcome::NodesAlive { nodes: 1.. }));
    assert_eq!((store.epoch().await.unwrap(), store.heads(one.user).await.unwrap().unwrap()), (epoch, before));

    for node in alive(store, node, LEASE).await {
        store.end_lease(node).await.unwrap();
    }
    assert!(matches!(begin().await.unwrap(), HistoryOutcome::Begun { devices: 2.. }));
    assert_eq!(store.epoch().await.unwrap(), Epoch("another".into()));
    assert!(store.heads(one.user).await.unwrap().unwrap().devices > before.devices);
    assert!(SessionStore::sessions(store, one.user, NOW).await.unwrap().is_empty());
    let outcome = store.approve(link, true, b"new", NOW, Trail::default()).await.unwrap();
    assert_eq!(outcome, ApproveOutcome::LinkUsedOrExpired);
    for (device, key) in [(verified, &b"key"[..]), (pending, b"new")] {
        assert_eq!(one.device(device.id).await.state, DeviceState::Pending);
        assert_eq!(one.key(device.id).await, None);
        let refused = one.approve(&device, false, b"new").await;
        assert_eq!(refused, ApproveOutcome::Refused(Refusal::SecondFactorNeeded));
        assert!(matches!(one.approve(&device, true, b"new").await, ApproveOutcome::Approved(_)));
        assert_eq!(one.key(device.id).await.as_deref(), Some(key));
    }
    assert!(store.claim_mails(LATER, LATER, 1_000).await.unwrap().is_empty(), "what waited may have been sent");
}
