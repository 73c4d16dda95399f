//! People: sign-up, address, mails that they chose.

use keyleash_domain::{
    login::{Login, VendorLogin},
    text::Email,
};
use keyleash_protocol::{
    EventId, UnixMillis, UserId,
    http::{EventKind, MailPreferences},
};

use super::{
    LATER, NOW,
    person::{Person, link, new_user},
};
use crate::{
    entropy::Entropy,
    store::{NewEvent, NewLink, NewUser, NewVendorUser, QueuedMail, Store, Trail},
};

pub(super) async fn suite(store: &dyn Store) {
    users_are_created_once(store).await;
    a_vendors_user_is_nobodys_account(store).await;
    an_address_is_confirmed_by_its_link_once(store).await;
    optional_mails_are_chosen(store).await;
    sign_ups_that_nobody_confirmed_are_forgotten(store).await;
    changed_users_are_found(store).await;
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

async fn changed_users_are_found(store: &dyn Store) {
    let now = store.changed_since(UnixMillis(i64::MAX)).await.unwrap().now;
    let one = Person::new(store).await;
    let seq = store.turn_sync_on(one.user, Trail::default()).await.unwrap().unwrap();
    let changes = store.changed_since(now).await.unwrap();
    assert!(changes.users.contains(&(one.user, seq)) && changes.now >= now);
    assert!(store.forget_before(UnixMillis(0)).await.is_ok());
    assert_eq!(store.destroy_expired_keys(UnixMillis(0)).await.unwrap(), 0);
}
