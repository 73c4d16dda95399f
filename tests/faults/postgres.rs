//! PostgreSQL restarted, crashed, frozen, its connections cut, its pool exhausted, a node killed while it makes the tables.
//! What was answered "done" is there; what was refused is there as a whole or not at all; live devices stay live, and
//! locked-out ones stay locked out. Two nodes, and no bus: the sweep carries the news.

use std::{
    process::{Command, Stdio},
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use keyleash_protocol::{CredentialId, ProblemCode, Seq, Version, socket::RevokeReason};
use loadtest::line::{Line, LineError, Upgrade};
use reqwest::{Method, StatusCode};
use serde_json::json;
use sqlx::{Connection, Executor, PgConnection};
use tokio::task::{JoinHandle, block_in_place};

use crate::{
    browser::{Browser, Owner, credential},
    site::Site,
    support::{Server, eventually},
};

/// Two nodes; a desk on one and a laptop on the other, both live; a phone that was removed.
struct House {
    site: Site,
    one: Server,
    two: Server,
    owner: Owner,
    laptop: Browser,
    phone: Browser,
}

impl House {
    async fn new(email: &str) -> (Self, Browser) {
        let site = Site::new().await;
        let (one, two) = (site.node().await, site.node().await);
        let mut owner = Owner::new(&one, email).await;
        let desk = owner.browser(&one, "Desk").await;
        let laptop = owner.browser(&two, "Laptop").await;
        let mut phone = owner.browser(&two, "Phone").await;
        owner.remove(&phone).await;
        phone.until_revoked().await;
        (Self { site, one, two, owner, laptop, phone }, desk)
    }

    /// Nobody is told that all is well, and nobody gets in.
    async fn refuses(&self) {
        let answer = self.owner.trader.api.get("/me").await.refused(503, "unavailable");
        assert!(answer.headers.contains_key("retry-after"));
        let opened = Line::open(&self.two.url, Upgrade::of(self.phone.api.token(), &self.two.url)).await;
        assert!(matches!(opened, Err(LineError::Refused(StatusCode::SERVICE_UNAVAILABLE))), "{opened:?}");
    }

    /// Waits until both nodes write again, and holds what was answered against what is there.
    async fn must_be_whole_again(mut self, mut desk: Browser, tally: &Tally) {
        let seq = eventually("a write", async || {
            let id = CredentialId::from_uuid(uuid::Uuid::now_v7());
            desk.put(id, Version(0), "afterwards").await.ok().map(|(_, seq)| seq)
        })
        .await;
        desk.until_at(seq).await;
        self.laptop.until_at(seq).await;
        assert_eq!(self.laptop.device.held, desk.device.held);
        for id in &tally.done {
            assert_eq!(desk.device.held.get(id).map(|held| held.version), Some(Version(1)), "{id} was answered done");
        }
        let extra = desk.device.held.len() - tally.done.len() - 1;
        println!("{} done, {} refused, of which {extra} were made all the same", tally.done.len(), tally.refused.len());
        assert!(extra <= tally.refused.len());
        self.nothing_is_half_done().await;
        // The phone is who it was, and out.
        self.phone.api.get("/me").await.refused(401, "device_removed");
        let opened = Line::open(&self.one.url, Upgrade::of(self.phone.api.token(), &self.one.url)).await;
        assert!(matches!(opened, Err(LineError::Refused(StatusCode::UNAUTHORIZED))), "{opened:?}");
        // And whoever is removed now hears of it, on the other node.
        self.owner.remove(&self.laptop).await;
        assert_eq!(self.laptop.until_revoked().await, RevokeReason::Removed);
    }

    /// A change is its row, its log entry, its holding and its seq, all or none.
    async fn nothing_is_half_done(&self) {
        let mut database = PgConnection::connect(self.site.database()).await.unwrap();
        for (what, statement) in [
            (
                "a credential without its log entry",
                "SELECT count(*) FROM credentials c WHERE NOT EXISTS
                 (SELECT 1 FROM events e WHERE e.kind = 'credential_added' AND e.detail = c.id)",
            ),
            (
                "a log entry without its credential",
                "SELECT count(*) FROM events e WHERE e.kind = 'credential_added' AND NOT EXISTS
                 (SELECT 1 FROM credentials c WHERE e.detail = c.id)",
            ),
            (
                "a credential that its writer does not hold",
                "SELECT count(*) FROM credentials c WHERE NOT EXISTS
                 (SELECT 1 FROM holdings h WHERE h.credential_id = c.id AND h.device_id = c.updated_by)",
            ),
            ("two changes of one seq", "SELECT count(*) - count(DISTINCT seq) FROM credentials"),
            (
                "a change beyond the user's seq",
                "SELECT count(*) FROM credentials c JOIN users u ON u.id = c.user_id WHERE c.seq > u.credentials_seq",
            ),
        ] {
            let count: i64 = sqlx::query_scalar(statement).fetch_one(&mut database).await.unwrap();
            assert_eq!(count, 0, "{what}");
        }
    }
}

/// What a device was answered.
#[derive(Default)]
struct Tally {
    done: Vec<CredentialId>,
    refused: Vec<CredentialId>,
}

/// A device that adds one credential after the other until it is told to stop.
struct Writing {
    tally: Arc<Mutex<Tally>>,
    stop: Arc<AtomicBool>,
    task: JoinHandle<Browser>,
}

impl Writing {
    fn start(mut desk: Browser) -> Self {
        let (tally, stop) = (Arc::new(Mutex::new(Tally::default())), Arc::new(AtomicBool::new(false)));
        let (counted, stopped) = (tally.clone(), stop.clone());
        let task = tokio::spawn(async move {
            for n in 0.. {
                if stopped.load(Ordering::Relaxed) {
                    break;
                }
                let id = credential(n);
                // It panics if the socket closes: a live device stays live.
                match desk.put(id, Version(0), "under fire").await {
                    Ok((version, _)) => {
                        assert_eq!(version, Version(1));
                        counted.lock().unwrap().done.push(id);
                    }
                    Err(error) => {
                        assert_eq!(error.code, ProblemCode::Unavailable, "{error:?}");
                        counted.lock().unwrap().refused.push(id);
                    }
                }
                // Within the rate of one device.
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
            desk
        });
        Self { tally, stop, task }
    }

    async fn until_refused(&self) {
        eventually("a refusal", async || (!self.tally.lock().unwrap().refused.is_empty()).then_some(())).await;
    }

    async fn end(self) -> (Browser, Tally) {
        self.stop.store(true, Ordering::Relaxed);
        let desk = self.task.await.unwrap();
        (desk, std::mem::take(&mut *self.tally.lock().unwrap()))
    }
}

async fn for_a_while() {
    tokio::time::sleep(Duration::from_millis(500)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_database_that_is_restarted_and_crashes_loses_nothing_that_was_answered() {
    let (mut house, desk) = House::new("restart@example.com").await;
    let writing = Writing::start(desk);
    for_a_while().await;
    block_in_place(|| house.site.postgres.restart());
    for_a_while().await;
    block_in_place(|| {
        house.site.postgres.kill();
        house.site.postgres.start_again();
    });
    for_a_while().await;
    block_in_place(|| house.site.postgres.stop());
    house.refuses().await;
    block_in_place(|| house.site.postgres.start_again());
    let (desk, tally) = writing.end().await;
    assert!(!tally.done.is_empty());
    house.must_be_whole_again(desk, &tally).await;
}

/// It stands still: connections stay open, and nothing is answered.
#[tokio::test(flavor = "multi_thread")]
async fn a_database_that_stands_still_is_given_up_and_found_again() {
    let (house, desk) = House::new("frozen@example.com").await;
    let writing = Writing::start(desk);
    for_a_while().await;
    block_in_place(|| house.site.postgres.freeze());
    tokio::join!(house.refuses(), house.refuses(), writing.until_refused());
    block_in_place(|| house.site.postgres.thaw());
    let (desk, tally) = writing.end().await;
    house.must_be_whole_again(desk, &tally).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn connections_that_are_cut_again_and_again_leave_nothing_half_done() {
    let (house, desk) = House::new("cut@example.com").await;
    let writing = Writing::start(desk);
    let mut cut = 0;
    while cut < 100 {
        cut += block_in_place(|| house.site.postgres.terminate_connections());
        tokio::time::sleep(Duration::from_millis(25)).await;
    }
    let (desk, tally) = writing.end().await;
    println!("{cut} connections were cut");
    assert!(!tally.done.is_empty(), "most of it is tried again without a word");
    house.must_be_whole_again(desk, &tally).await;
}

/// Two connections to a node, and more to do than they can carry: whoever waits is told to come back, and nobody hangs.
#[tokio::test(flavor = "multi_thread")]
async fn an_exhausted_pool_refuses_and_recovers() {
    let site = Site::new().await.with("STORE__CONNECTIONS", "2");
    let node = site.node().await;
    let mut owner = Owner::new(&node, "busy@example.com").await;
    let mut desk = owner.browser(&node, "Desk").await;
    let mut other = PgConnection::connect(site.database()).await.unwrap();
    other.execute("BEGIN").await.unwrap();
    other.execute("UPDATE users SET confirmed = TRUE").await.unwrap();

    let path = format!("/devices/{}", desk.device.id);
    let renaming: Vec<_> = (0..12)
        .map(|n| {
            let (api, path) = (owner.trader.api.clone(), path.clone());
            tokio::spawn(async move { api.send(Method::PATCH, &path, json!({ "name": format!("Desk {n}") })).await })
        })
        .collect();
    let refused = desk.put(credential(1), Version(0), "busy").await.unwrap_err();
    assert_eq!(refused.code, ProblemCode::Unavailable);
    for answer in renaming {
        answer.await.unwrap().refused(503, "unavailable");
    }
    other.execute("ROLLBACK").await.unwrap();
    let (_, seq) = eventually("a write", async || desk.put(credential(1), Version(0), "free").await.ok()).await;
    desk.until_at(seq).await;
    assert!(seq > Seq(0) && desk.view().name == "Desk", "none of what was refused was done");
}

/// A node is killed while it makes the tables: the next one makes them.
#[tokio::test(flavor = "multi_thread")]
async fn a_kill_in_the_middle_of_a_migration_leaves_a_database_to_start_with() {
    let site = Site::new().await;
    // Somebody else's table of a name that comes late makes the migration wait in its middle.
    let mut other = PgConnection::connect(site.database()).await.unwrap();
    other.execute("BEGIN").await.unwrap();
    other.execute("CREATE TABLE holdings (id INT)").await.unwrap();
    let mut migrating = Command::new(env!("CARGO_BIN_EXE_keyleash"))
        .arg("migrate")
        .env("KEYLEASH_STORE__URL", site.database())
        .stdout(Stdio::null())
        .spawn()
        .unwrap();
    eventually("the middle of the migration", async || {
        site.postgres.clients().iter().any(|client| client.contains("Lock")).then_some(())
    })
    .await;
    migrating.kill().unwrap();
    migrating.wait().unwrap();
    other.execute("ROLLBACK").await.unwrap();
    let node = site.node().await;
    Owner::new(&node, "migrated@example.com").await;
}
