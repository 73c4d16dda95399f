//! The security log.

use keyleash_protocol::{EventId, UnixMillis, http::EventKind};

use super::{LATER, NOW, person::Person};
use crate::store::{Event, NewEvent, Store, Trail};

pub(super) async fn suite(store: &dyn Store) {
    the_log_is_read_in_pages(store).await;
    the_log_is_read_by_kind(store).await;
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
