//! Nodes that come and go, and which devices each has.

use std::time::Duration;

use keyleash_protocol::{DeviceId, NodeId, Seq, UnixMillis, socket::RevokeReason};

use super::{LATER, NOW, person::Person};
use crate::store::{Activity, Step, Store, Whereabouts};

pub(super) async fn suite(store: &dyn Store) {
    a_device_is_where_its_newest_socket_is(store).await;
    a_dead_nodes_devices_are_offline(store).await;
    nodes_know_how_many_devices_each_has(store).await;
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

/// Longer than the suite takes.
pub(super) const LEASE: Duration = Duration::from_mins(10);

pub(super) async fn new_node(person: &Person<'_>) -> NodeId {
    let node = NodeId::from_uuid(person.entropy.id(NOW));
    assert!(alive(person.store, node, LEASE).await.contains(&node));
    node
}

/// All nodes that are, once this one has renewed its lease.
pub(super) async fn alive(store: &dyn Store, node: NodeId, lease: Duration) -> Vec<NodeId> {
    store.renew_lease(node, lease, None).await.unwrap().iter().map(|node| node.id).collect()
}

pub(super) fn step(device: DeviceId, step: Step) -> Activity {
    Activity { device, acked: Seq(0), last_seen: LATER, step: Some(step) }
}
