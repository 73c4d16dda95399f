//! Users' data keys, and how they move to another key of the key service.

use super::{NOW, person::Person};
use crate::{kms::WrappedKey, store::Store};

pub(super) async fn suite(store: &dyn Store) {
    a_data_key_is_moved_by_one(store).await;
}

async fn a_data_key_is_moved_by_one(store: &dyn Store) {
    let people = [Person::new(store).await, Person::new(store).await, Person::new(store).await];
    let key = |id: &str, blob: u8| WrappedKey { key_id: format!("{id} of {}", people[0].user), blob: vec![blob] };
    let (former, present) = (key("former", 1), key("present", 1));
    for one in &people {
        store.insert_data_key(one.user, former.clone(), NOW).await.unwrap();
    }
    let elsewhere = store.count_not_under(&present.key_id).await.unwrap();
    // Others use the database too; of these three, in the order of their ids.
    let mine = async |after, limit| {
        let found = store.data_keys_not_under(&present.key_id, after, limit).await.unwrap();
        let mine = found.into_iter().filter(|(_, key)| key.key_id == former.key_id);
        mine.map(|(user, _)| user).collect::<Vec<_>>()
    };
    let mut users = people.each_ref().map(|one| one.user);
    users.sort_by_key(ToString::to_string);
    assert_eq!(mine(None, 10_000).await, users);
    assert_eq!(mine(Some(users[0]), 10_000).await, users[1..]);
    assert_eq!(store.data_keys_not_under(&present.key_id, Some(users[0]), 1).await.unwrap().len(), 1);

    let moved = |blob| store.replace_data_key(users[0], &former, WrappedKey { blob: vec![blob], ..present.clone() });
    let (a, b) = tokio::join!(moved(2), moved(3));
    assert!(a.unwrap() ^ b.unwrap(), "of two that move it, one does");
    let stored = store.data_key(users[0]).await.unwrap().unwrap();
    assert_eq!(stored.key_id, present.key_id);
    assert!(!moved(4).await.unwrap(), "what was moved is not moved again");
    let altered = WrappedKey { blob: vec![9], ..former.clone() };
    assert!(!store.replace_data_key(users[1], &altered, present.clone()).await.unwrap());
    assert_eq!(store.data_key(users[0]).await.unwrap(), Some(stored));
    assert_eq!(mine(None, 10_000).await, users[1..]);
    assert!(store.count_not_under(&present.key_id).await.unwrap() < elsewhere);
}
