//! On a real server, hurt in the middle of what it does.

use std::{future::Future, time::Instant};

use futures_util::{
    FutureExt as _,
    future::{LocalBoxFuture, join, join_all},
};
use keyleash_domain::text::Email;
use keyleash_protocol::{Seq, UserId};
use keyleash_testbed::{Authority, Postgres as Server};

use super::*;
use crate::store::{
    CredentialStore, LinkPurpose, NewLink, NewUser, Store, StoreError, Trail, UserStore,
    conformance::{self, NOW},
};

mod batches;

/// How long something is waited for before a test fails.
const PATIENCE: Duration = Duration::from_mins(1);

struct House {
    server: Server,
    url: String,
    store: PostgresStore,
    user: UserId,
}

impl House {
    async fn with_connections(connections: u32) -> Self {
        let server = Server::start();
        let url = server.create_database();
        let store = PostgresStore::open(&url, connections, &Entropy::new()).await.unwrap();
        let user = sign_up(&store, "trader@example.com").await;
        Self { server, url, store, user }
    }

    /// A change that takes the user's row, and counts.
    async fn change(&self) -> Result<Seq, StoreError> {
        self.store.set_password(self.user, "hash", None, Trail::default()).await
    }

    async fn seq(&self) -> Seq {
        self.store.heads(self.user).await.unwrap().unwrap().seq
    }

    /// Somebody else's transaction that holds the user's row until it is rolled back or dropped.
    async fn hold_the_row(&self) -> PgConnection {
        let mut other = PgConnection::connect(&self.url).await.unwrap();
        other.execute("BEGIN").await.unwrap();
        other.execute("UPDATE users SET confirmed = TRUE").await.unwrap();
        other
    }

    /// Waits until some client does this.
    async fn until(&self, does: &str) {
        let began = Instant::now();
        while !self.server.clients().iter().any(|client| client.contains(does)) {
            assert!(began.elapsed() < PATIENCE, "nobody does {does}: {:?}", self.server.clients());
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }

    /// Waits until so many clients wait for somebody else's row.
    async fn until_waiting(&self, count: usize) {
        let began = Instant::now();
        while self.server.clients().iter().filter(|client| client.contains("Lock")).count() < count {
            assert!(began.elapsed() < PATIENCE, "fewer than {count} wait: {:?}", self.server.clients());
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }
}

async fn sign_up(store: &PostgresStore, email: &str) -> UserId {
    let entropy = Entropy::new();
    let user = UserId::from_uuid(entropy.id(NOW));
    let (email, password_hash) = (Email::parse(email).unwrap(), "hash".to_owned());
    let link = NewLink {
        token: entropy.bytes(),
        purpose: LinkPurpose::ConfirmSignUp,
        user,
        device: None,
        at: NOW,
        expires_at: NOW,
    };
    let new = NewUser { id: user, email, password_hash, at: NOW };
    assert!(store.create_user(new, link, Trail::default()).await.unwrap());
    user
}

/// Polls `work` while `meanwhile` is done; what became of both.
fn during<'f, T: 'f, U: 'f>(
    work: impl Future<Output = T> + 'f,
    meanwhile: impl Future<Output = U> + 'f,
) -> LocalBoxFuture<'f, (T, U)> {
    timeout(PATIENCE, join(work, meanwhile)).map(Result::unwrap).boxed_local()
}

#[tokio::test]
async fn postgres_conforms() {
    let server = Server::start();
    let url = server.create_database();
    assert_eq!(inspect(&url).await.unwrap().tables, Tables::None);
    let store = PostgresStore::open(&url, 4, &Entropy::new()).await.unwrap();
    conformance::suite(&store).await;
    assert_eq!(inspect(&url).await.unwrap().tables, Tables::UpToDate);

    let epoch = store.epoch().await.unwrap();
    store.close().await;
    let again = PostgresStore::open(&url, 4, &Entropy::new()).await.unwrap();
    assert_eq!(again.epoch().await.unwrap(), epoch, "the epoch is the database's");
}

/// Nodes that start together find one set of tables and one epoch.
#[tokio::test]
async fn four_nodes_open_an_empty_database_at_once() {
    let server = Server::start();
    let url = server.create_database();
    let entropy = Entropy::new();
    let open = || PostgresStore::open(&url, 2, &entropy);
    let (a, b, c, d) = tokio::join!(open(), open(), open(), open());
    let mut epochs = Vec::new();
    for store in [a, b, c, d] {
        epochs.push(store.unwrap().epoch().await.unwrap());
    }
    epochs.dedup();
    assert_eq!(epochs.len(), 1);
}

/// In one transaction with its lock, which is all that a pooler in between keeps together: whoever looks, or kills it, in the
/// middle finds none of it.
#[tokio::test]
async fn tables_are_brought_up_to_date_as_a_whole() {
    let server = Server::start();
    let url = server.create_database();
    // Somebody else's table of a name that comes late makes it wait in its middle.
    let mut other = PgConnection::connect(&url).await.unwrap();
    other.execute("BEGIN").await.unwrap();
    other.execute("CREATE TABLE nodes (id INT)").await.unwrap();
    let entropy = Entropy::new();
    let (opened, ()) = during(PostgresStore::open(&url, 2, &entropy), async {
        while !server.clients().iter().any(|client| client.contains("Lock")) {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        assert_eq!(inspect(&url).await.unwrap().tables, Tables::None);
        other.execute("ROLLBACK").await.unwrap();
    })
    .await;
    opened.unwrap();
    assert_eq!(inspect(&url).await.unwrap().tables, Tables::UpToDate);
    assert_eq!(server.sql("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory'"), "0");
}

#[tokio::test]
async fn what_is_wrong_with_an_address_is_told_apart() {
    let server = Server::start();
    let url = server.create_database();
    let refused = [
        url.replace(":leash@", ":hush@"),
        server.url("elsewhere"),
        url.replace("keyleash:", "stranger:"),
        format!("{url}?sslmode=require"),
    ];
    for url in refused {
        let error = PostgresStore::open(&url, 2, &Entropy::new()).await.unwrap_err();
        assert!(matches!(error, OpenError::Refused(_)) && !error.may_pass(), "{url}: {error:?}");
        let said = crate::causes::in_one_line(&error);
        assert!(said.contains("store.url") && !said.contains("hush") && !said.contains("leash@"), "{said}");
    }
    let nobody = server.url_at("127.0.0.1", keyleash_testbed::free_port(), "keyleash");
    let error = PostgresStore::open(&nobody, 2, &Entropy::new()).await.unwrap_err();
    assert!(matches!(error, OpenError::Unreachable(_)) && error.may_pass(), "{error:?}");
    let error = PostgresStore::open("postgres://host:port/", 2, &Entropy::new()).await.unwrap_err();
    assert!(matches!(error, OpenError::Address(_)) && !error.may_pass(), "{error:?}");
}

#[tokio::test]
async fn newer_tables_are_left_alone() {
    let house = House::with_connections(2).await;
    let newer =
        "UPDATE _sqlx_migrations SET version = 9999 WHERE version = (SELECT max(version) FROM _sqlx_migrations)";
    house.store.writer.execute(newer).await.unwrap();
    let error = PostgresStore::open(&house.url, 2, &Entropy::new()).await.unwrap_err();
    assert!(matches!(error, OpenError::Newer { found: 9999 }) && !error.may_pass(), "{error:?}");
    assert!(matches!(inspect(&house.url).await.unwrap().tables, Tables::Ahead { found: 9999, .. }));
}

#[tokio::test]
async fn tls_is_as_the_address_says() {
    let directory = tempfile::tempdir().unwrap();
    let authority = Authority::new(directory.path());
    let server = Server::start_with_tls(&authority);
    let url = server.url_at("localhost", server.port(), &server.name_database());
    let root = authority.root();
    let verified = format!("{url}?sslmode=verify-full&sslrootcert={}", root.display());
    PostgresStore::open(&verified, 2, &Entropy::new()).await.unwrap();

    let strange = tempfile::tempdir().unwrap();
    let strange = Authority::new(strange.path()).root();
    for refused in [
        format!("{url}?sslmode=disable"),
        format!("{url}?sslmode=verify-full"),
        format!("{url}?sslmode=verify-full&sslrootcert={}", strange.display()),
        verified.replace("localhost", "127.0.0.1"),
    ] {
        let error = PostgresStore::open(&refused, 2, &Entropy::new()).await.unwrap_err();
        assert!(!error.may_pass(), "{refused}: {error:?}");
    }
}

/// A transaction whose connection is cut before its COMMIT has done nothing, and is run again.
#[tokio::test]
async fn a_cut_before_the_commit_goes_unnoticed() {
    let house = House::with_connections(2).await;
    let before = house.seq().await;
    let other = house.hold_the_row().await;
    let (changed, ()) = during(house.change(), async {
        house.until("Lock").await;
        house.server.sql("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE wait_event_type = 'Lock'");
        drop(other);
    })
    .await;
    assert_eq!(changed.unwrap(), Seq(before.0 + 1), "counted once");
}

/// A database that restarts cuts every connection, those too that answered a moment ago: each operation finds another.
#[tokio::test]
async fn cut_connections_are_not_lent_on() {
    let house = House::with_connections(8).await;
    let reader = &house.store.reader;
    for _ in 0..3 {
        let sleep = || async { query("SELECT pg_sleep(0.1)").execute(reader).await.unwrap() };
        join_all((0..8).map(|_| sleep())).await;
        assert!(house.server.terminate_connections() >= 8);
        let read = join_all((0..8).map(|_| house.store.data_key(house.user))).await;
        assert!(read.iter().all(Result::is_ok), "{read:?}");
    }
}

/// COMMIT was sent, the database carried it out and could not say so: that is told, and nothing is done twice.
#[tokio::test]
async fn a_lost_answer_to_a_commit_is_told_and_nothing_is_done_twice() {
    let house = House::with_connections(2).await;
    // A replica that is not there keeps the answer to a COMMIT back after the change was made.
    house.server.sql("ALTER SYSTEM SET synchronous_standby_names = 'nobody'");
    house.server.sql("SELECT pg_reload_conf()");
    let mut answered = house.seq().await;
    let changing = async {
        loop {
            match house.change().await {
                Ok(seq) => answered = seq,
                Err(error) => return (answered, error),
            }
        }
    };
    let ((answered, error), ()) = during(changing, async {
        house.until("SyncRep").await;
        house.server.terminate_connections();
        // A second try would get its answer.
        house.server.sql("ALTER SYSTEM RESET synchronous_standby_names");
        house.server.sql("SELECT pg_reload_conf()");
    })
    .await;
    assert!(matches!(error, StoreError::Unavailable { .. }), "{error:?}");
    assert_eq!(house.seq().await, Seq(answered.0 + 1), "it was made, and once");
}

/// The database ends one of two transactions that wait for each other; ours is run again.
#[tokio::test]
async fn a_deadlock_goes_unnoticed() {
    let house = House::with_connections(2).await;
    let (first, second) = (house.user, sign_up(&house.store, "other@example.com").await);
    let mut other = PgConnection::connect(&house.url).await.unwrap();
    other.execute("BEGIN").await.unwrap();
    let take = "UPDATE users SET confirmed = TRUE WHERE id = $1";
    query(take).bind(second.to_string()).execute(&mut other).await.unwrap();
    let ours = house.store.run("take two rows", || async {
        let mut tx = house.store.begin().await?;
        tx.take(first).await?;
        tx.take(second).await?;
        tx.commit().await
    });
    let (ours, ()) = during(ours, async {
        // Ours waits first, so it is ours that the database finds first.
        house.until("Lock").await;
        query(take).bind(first.to_string()).execute(&mut other).await.unwrap();
        other.execute("COMMIT").await.unwrap();
    })
    .await;
    ours.unwrap();
    assert_eq!(house.server.sql("SELECT deadlocks > 0 FROM pg_stat_database WHERE datname = 'keyleash_0'"), "t");
}

/// What was done in a transaction that nobody committed is nobody's: neither taken rows nor changes stay on its connection.
#[tokio::test]
async fn what_is_not_committed_is_undone_before_the_connection_is_used_again() {
    let house = House::with_connections(1).await;
    let before = house.seq().await;
    for _ in 0..3 {
        let mut tx = house.store.writer.begin().await.unwrap();
        query("UPDATE users SET seq = seq + 100").execute(&mut *tx).await.unwrap();
        drop(tx);
        assert_eq!(house.seq().await, before);
    }
    let given_up = async {
        let mut tx = house.store.writer.begin().await.unwrap();
        query("UPDATE users SET seq = seq + 100").execute(&mut *tx).await.unwrap();
        query("SELECT pg_sleep(60)").execute(&mut *tx).await.unwrap();
    };
    tokio::select! {
        () = given_up => unreachable!("it sleeps"),
        () = house.until("PgSleep") => {}
    }
    let began = Instant::now();
    while house.change().await.is_err() {
        assert!(began.elapsed() < PATIENCE, "the row stays taken");
    }
    assert_eq!(house.seq().await, Seq(before.0 + 1));
}

/// A place in the pool is not lost to a connection that does not answer any more.
#[tokio::test]
async fn connections_that_went_silent_keep_no_place() {
    let house = House::with_connections(2).await;
    let other = house.hold_the_row().await;
    let ((a, b), ()) = during(async { tokio::join!(house.change(), house.change()) }, async {
        house.until_waiting(2).await;
        house.server.freeze_connections();
    })
    .await;
    for outcome in [a, b] {
        assert!(matches!(outcome, Err(StoreError::Unavailable { .. })), "{outcome:?}");
    }
    drop(other);
    let began = Instant::now();
    while house.store.heads(house.user).await.is_err() {
        assert!(began.elapsed() < PATIENCE, "no place became free");
    }
}
