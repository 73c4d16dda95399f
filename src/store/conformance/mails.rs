//! Mails that wait to be sent.

use std::time::Duration;

use keyleash_protocol::{EventId, http::EventKind};

use super::{
    LATER, NOW,
    person::{Person, link},
};
use crate::store::{LinkPurpose, LinkedDevice, MailOutcome, NewEvent, NewLink, OutboxMail, QueuedMail, Store, Trail};

pub(super) async fn suite(store: &dyn Store) {
    a_mail_is_claimed_by_one(store).await;
    a_mail_that_was_given_up_is_told(store).await;
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
