//! Parts that are not there yet, or never, when a node starts.

use std::process::{Command, Output};

use keyleash_testbed::Link;

use crate::{site::Site, support::eventually};

/// Runs a command of the program to its end, with this database.
async fn run(arguments: &[&str], database: &str) -> Output {
    let directory = tempfile::tempdir().unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_keyleash"));
    command
        .args(arguments)
        .env("KEYLEASH_HTTP__LISTEN", "127.0.0.1:0")
        .env("KEYLEASH_ADMIN__LISTEN", "127.0.0.1:0")
        .env("KEYLEASH_STORE__URL", database)
        .env("KEYLEASH_KMS__KEY_FILE", directory.path().join("master.key"))
        .env("KEYLEASH_MAIL__URL", format!("file:{}", directory.path().join("mail").display()));
    tokio::task::spawn_blocking(move || command.output()).await.unwrap().unwrap()
}

fn said(output: &Output) -> String {
    String::from_utf8_lossy(&[output.stdout.as_slice(), output.stderr.as_slice()].concat()).into_owned()
}

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
    let output = run(&["serve", "--fail-fast"], &nobody).await;
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
    let output = run(&["serve"], &wrong).await;
    assert_eq!(output.status.code(), Some(1));
    let said = said(&output);
    assert!(said.contains("store.url") && !said.contains("hush"), "{said}");
}
