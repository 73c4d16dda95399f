//! What every adapter of the store has to do: one suite, run against each. A case gets a store of its own users, so that
//! all of them can run on one database at the same time.

#![cfg(test)]

use std::time::Duration;

use keyleash_domain::attempts::Policy;
use keyleash_protocol::UnixMillis;

use super::Store;

mod attempts;
mod credentials;
mod data_keys;
mod devices;
mod history;
mod holdings;
mod mails;
mod nodes;
pub(crate) mod person;
mod restored;
mod second_factor;
mod sessions;
mod users;

/// Runs every case.
pub(crate) async fn suite(store: &dyn Store) {
    users::suite(store).await;
    attempts::suite(store).await;
    second_factor::suite(store).await;
    sessions::suite(store).await;
    devices::suite(store).await;
    credentials::suite(store).await;
    holdings::suite(store).await;
    data_keys::suite(store).await;
    mails::suite(store).await;
    history::suite(store).await;
    nodes::suite(store).await;
    // The last: it is about everybody.
    restored::suite(store).await;
}

pub(crate) const NOW: UnixMillis = UnixMillis(1_800_000_000_000);
const LATER: UnixMillis = UnixMillis(NOW.0 + 60_000);
const POLICY: Policy = Policy {
    free: 2,
    first_wait: Duration::from_secs(10),
    longest_wait: Duration::from_mins(1),
    forget_after: Duration::from_hours(1),
};
