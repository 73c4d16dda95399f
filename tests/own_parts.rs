//! The load tester's own parts: a site is started, its nodes come and go, and what does not start says why.

use std::path::PathBuf;

use loadtest::site::{Layout, Site, StartOptions};

fn options() -> StartOptions {
    StartOptions { server: Some(PathBuf::from(env!("CARGO_BIN_EXE_keyleash"))), ..StartOptions::default() }
}

async fn is_live(url: &str) -> bool {
    reqwest::get(format!("{url}/api/v1/me")).await.is_ok_and(|answer| answer.status() == 401)
}

#[tokio::test]
async fn an_embedded_node_keeps_what_it_is_told_to_keep_and_nothing_else() {
    let kept = tempfile::tempdir().unwrap();
    let set = vec!["limits.heartbeat_seconds=7".parse().unwrap()];
    let options = StartOptions { keep: Some(kept.path().to_owned()), set, ..options() };
    let site = Site::start(Layout::Embedded, &options).await.unwrap();
    assert!(is_live(&site.targets()[0]).await);
    assert!(site.database().is_none() && site.redis().is_none());
    let shown = site.command(&["config"]).output().await.unwrap();
    assert!(String::from_utf8_lossy(&shown.stdout).contains("heartbeat_seconds = 7"));
    let pid = site.pids()[0];
    drop(site);
    assert!(!PathBuf::from(format!("/proc/{pid}")).exists());
    assert!(kept.path().join("node-1.log").is_file() && kept.path().join("keyleash.db").is_file());

    let site = Site::start(Layout::Embedded, &self::options()).await.unwrap();
    let directory = site.nodes()[0].log.parent().unwrap().to_owned();
    drop(site);
    assert!(!directory.exists());
}

#[tokio::test]
async fn nodes_are_killed_drained_and_started_again_at_the_same_addresses() {
    let options = StartOptions { kms: true, smtp: true, ..options() };
    let mut site = Site::start(Layout::Nodes(2), &options).await.unwrap();
    assert!(site.kms().is_some() && site.smtp().is_some() && site.redis().is_some());
    let (targets, pids) = (site.targets(), site.pids());
    site.nodes_mut()[0].kill();
    assert!(!is_live(&targets[0]).await && is_live(&targets[1]).await);
    site.nodes()[1].drain();
    site.nodes()[1].await_end().await.unwrap();
    for node in site.nodes_mut() {
        node.start_again().await.unwrap();
    }
    assert!(is_live(&targets[0]).await && is_live(&targets[1]).await);
    assert_eq!(site.targets(), targets);
    assert!(site.pids().iter().all(|pid| !pids.contains(pid)));
}

#[tokio::test]
async fn a_node_that_does_not_start_says_why_and_a_missing_program_how_to_get_it() {
    let set = vec!["limits.heartbeat_seconds=0".parse().unwrap()];
    let told = Site::start(Layout::Embedded, &StartOptions { set, ..options() }).await.unwrap_err().to_string();
    assert!(told.contains("limits.heartbeat_seconds: 0 is not within 1 to 300"), "{told}");
    let told = Site::start(Layout::Embedded, &StartOptions::default()).await.unwrap_err().to_string();
    assert!(told.contains("cargo build --release --bin keyleash") && told.contains("--server"), "{told}");
}
