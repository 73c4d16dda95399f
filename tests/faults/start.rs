//! Parts that are not there yet, or never, when a node starts.

use keyleash_testbed::Link;

use crate::{
    site::Site,
    support::{eventually, run, said},
};

#[tokio::test]
async fn a_node_waits_for_its_database_and_says_so() {
    let site = Site::new().await;
    let link = Link::to(site.postgres.port()).await;
    link.cut();
    let behind_link = site.database().replace(&format!(":{}", site.postgres.port()), &format!(":{}", link.port()));
    let own = [("STORE__URL", behind_link.as_str())];
    let (server, ()) = tokio::join!(site.node_with(&own), async {
        // Long enough for a first try and the next.
        tokio::time::sleep(std::time::Duration::from_secs(1)).await;
        link.up();
    });
    let log = server.log();
    assert!(log.contains("waiting") && log.contains("store.url"), "{log}");
    eventually("readiness", async || {
        reqwest::get(format!("{}/readyz", server.admin)).await.ok()?.status().is_success().then_some(())
    })
    .await;
}

#[tokio::test]
async fn who_asks_for_it_is_told_at_once() {
    let nobody = format!("postgres://keyleash:hush@127.0.0.1:{}/keyleash", keyleash_testbed::free_port());
    let output = run(&["serve", "--fail-fast"], &[("STORE__URL", &nobody)]).await;
    assert_eq!(output.status.code(), Some(1));
    let said = said(&output);
    assert!(said.contains("store.url") && !said.contains("hush"), "{said}");
}

/// Waiting for what will not come would hide a mistake.
#[tokio::test]
async fn a_wrong_password_is_no_reason_to_wait() {
    let site = Site::new().await;
    let wrong = site.database().replacen(":leash@", ":hush@", 1);
    assert_ne!(wrong, site.database());
    let output = run(&["serve"], &[("STORE__URL", &wrong)]).await;
    assert_eq!(output.status.code(), Some(1));
    let said = said(&output);
    assert!(said.contains("store.url") && !said.contains("hush"), "{said}");
}
