//! Nothing fails: devices on two nodes are in step as if on one.

use keyleash_protocol::Version;

use crate::{
    browser::{Owner, credential},
    site::Site,
};

/// Without a bus, by the sweep alone.
#[tokio::test]
async fn devices_of_two_nodes_are_in_step() {
    let site = Site::new().await;
    let (one, two) = (site.node().await, site.node().await);
    let mut owner = Owner::new(&one, "together@example.com").await;
    let mut desk = owner.browser(&one, "Desk").await;
    let mut laptop = owner.browser(&two, "Laptop").await;
    let (_, seq) = desk.put(credential(1), Version(0), "from one").await.unwrap();
    laptop.until_at(seq).await;
    assert_eq!(laptop.label(credential(1)).as_deref(), Some("from one"));
    owner.remove(&laptop).await;
    laptop.until_revoked().await;
}
