//! What goes to the server together, and what somebody else's hands on a row do to it.

use std::{collections::BTreeSet, fs};

use sqlx::query_as;

use super::*;
use crate::store::{
    ChangeOutcome, CredentialChange,
    conformance::person::Person,
    sql::{questions::CHANGES, together::TURNS},
};

/// More than one way of looking them up puts in order by chance.
const MANY: usize = 24;

/// A put by each of these.
async fn puts(people: &[Person<'_>]) -> Vec<CredentialChange> {
    let mut puts = Vec::new();
    for one in people {
        puts.push(one.change(one.verified().await.id, one.credential(), 0, Some(b"sealed")));
    }
    puts
}

async fn people(store: &PostgresStore, count: usize) -> Vec<Person<'_>> {
    let mut people = Vec::new();
    for _ in 0..count {
        people.push(Person::new(store).await);
    }
    people
}

/// A node's way to its database; it waits for rows as long as it takes.
async fn desk(url: &str) -> Desk<Postgres> {
    Desk(Connections::of(PgPoolOptions::new().connect(url).await.unwrap()))
}

/// Somebody who holds these users' rows until dropped.
async fn hold(url: &str, users: &[UserId]) -> PgConnection {
    let mut other = PgConnection::connect(url).await.unwrap();
    other.execute("BEGIN").await.unwrap();
    for user in users {
        query("SELECT 1 FROM users WHERE id = $1 FOR UPDATE").bind(user.to_string()).execute(&mut other).await.unwrap();
    }
    other
}

fn is_committed(outcome: &ChangeOutcome) -> bool {
    matches!(outcome, ChangeOutcome::Committed { .. })
}

/// Two nodes write for the same users at the same moment, each in its own order: who waits for a row holds those before it
/// and none behind it, so one waits for the other and never each for the other.
#[tokio::test]
async fn batches_of_two_nodes_take_their_users_rows_in_one_order() {
    let house = House::with_connections(4).await;
    let people = people(&house.store, MANY).await;
    let (mut one, mut other) = (puts(&people).await, puts(&people).await);
    one.rotate_left(MANY / 3);
    other.reverse();
    let mut free = PgConnection::connect(&house.url).await.unwrap();
    let mut free = async || {
        free.execute("BEGIN").await.unwrap();
        let take = "SELECT id FROM users WHERE id <> $1 ORDER BY id FOR UPDATE SKIP LOCKED";
        let rows: Vec<(String,)> = query_as(take).bind(house.user.to_string()).fetch_all(&mut free).await.unwrap();
        free.execute("ROLLBACK").await.unwrap();
        rows.into_iter().map(|(id,)| id.parse().unwrap()).collect::<Vec<UserId>>()
    };
    let in_order = free().await;
    let (middle, behind) = (in_order[MANY / 2], &in_order[MANY / 2 + 1..]);

    let held = hold(&house.url, &[middle]).await;
    let (desk, other_desk) = (desk(&house.url).await, desk(&house.url).await);
    let ((first, second), ()) = during(
        async {
            tokio::join!(desk.change_credentials(&one), async {
                house.until_waiting(1).await;
                other_desk.change_credentials(&other).await
            })
        },
        async {
            house.until_waiting(2).await;
            assert_eq!(free().await, behind, "rows behind the one that is waited for are free");
            drop(held);
        },
    )
    .await;
    for outcomes in [first, second] {
        let Ok(outcomes) = outcomes else { panic!("one of them was given up") };
        assert!(outcomes.iter().all(is_committed), "{outcomes:?}");
    }
}

/// An administrator's shell with one user's row in its hands: that user is told to come back, the others' puts are made, and
/// the user's too once it lets go.
#[tokio::test]
async fn a_row_that_somebody_holds_is_one_users_trouble() {
    let house = House::with_connections(4).await;
    let people = people(&house.store, 8).await;
    let puts = puts(&people).await;
    // Whoever finds a turn free goes alone; while those wait, the others gather.
    let poor = TURNS + 1;
    let first = hold(&house.url, &[puts[0].user, puts[1].user]).await;
    let held = hold(&house.url, &[puts[poor].user]).await;
    let put = |change: &CredentialChange| house.store.change_credential(change.clone());
    let (outcomes, ()) = during(join_all(puts.iter().map(put)), async {
        house.until_waiting(TURNS).await;
        drop(first);
    })
    .await;
    for (n, outcome) in outcomes.iter().enumerate() {
        match outcome {
            Ok(outcome) => assert!(n != poor && is_committed(outcome), "{n}: {outcome:?}"),
            Err(error) => assert!(n == poor && matches!(error, StoreError::Unavailable { .. }), "{n}: {error:?}"),
        }
    }
    drop(held);
    assert!(is_committed(&put(&puts[poor]).await.unwrap()), "nothing of it was made before");
}

/// More puts than a database takes that stands still for a moment: who finds no room is told so while the others still
/// wait, and those are made.
#[tokio::test]
async fn no_more_puts_wait_than_have_a_chance() {
    let house = House::with_connections(4).await;
    // One user has no place for as many credentials.
    let people = people(&house.store, 2).await;
    let devices = [people[0].verified().await.id, people[1].verified().await.id];
    let too_many = 10;
    let puts: Vec<_> = (0..TURNS + CHANGES.waiting + too_many)
        .map(|n| people[n % 2].change(devices[n % 2], people[n % 2].credential(), 0, Some(b"sealed")))
        .collect();
    let held = hold(&house.url, &[people[0].user, people[1].user]).await;
    let put = |change: &CredentialChange| house.store.change_credential(change.clone());
    let (outcomes, ()) = during(join_all(puts.iter().map(put)), async {
        house.until_waiting(TURNS).await;
        drop(held);
    })
    .await;
    let mut made = BTreeSet::new();
    let mut refused = 0;
    for (change, outcome) in puts.iter().zip(&outcomes) {
        match outcome {
            Ok(outcome) if is_committed(outcome) => drop(made.insert(change.id.to_string())),
            Err(StoreError::Unavailable { .. }) => refused += 1,
            other => panic!("{other:?}"),
        }
    }
    // One more may be in the hands of who gathers.
    assert!((too_many - 1..=too_many).contains(&refused), "{refused} were refused");
    let ids = query_as("SELECT id FROM credentials").fetch_all(&house.store.reader).await.unwrap();
    let stored: BTreeSet<String> = ids.into_iter().map(|(id,)| id).collect();
    assert_eq!(stored, made, "what was refused was not made");
}

/// Each answer may be a megabyte.
#[tokio::test]
async fn of_pages_a_few_are_read_together() {
    let house = House::with_connections(4).await;
    let people = people(&house.store, 3 * MANY).await;
    house.server.sql("ALTER SYSTEM SET log_statement = 'all'");
    house.server.sql("SELECT pg_reload_conf()");
    let logs = async || {
        let said: (String,) = query_as("SHOW log_statement").fetch_one(&house.store.reader).await.unwrap();
        said.0 == "all"
    };
    let began = Instant::now();
    while !logs().await {
        assert!(began.elapsed() < PATIENCE, "the server logs nothing");
    }
    // The first are kept waiting, so that the others gather.
    let mut other = PgConnection::connect(&house.url).await.unwrap();
    other.execute("BEGIN").await.unwrap();
    other.execute("LOCK TABLE users IN ACCESS EXCLUSIVE MODE").await.unwrap();
    let read = join_all(people.iter().map(|one| house.store.shareable_since(one.user, Seq(0))));
    let (read, ()) = during(read, async {
        house.until_waiting(TURNS).await;
        drop(other);
    })
    .await;
    assert!(read.iter().all(Result::is_ok), "{read:?}");
    let log = fs::read_to_string(house.server.log()).unwrap();
    let pages = log.split("LOG:  ").filter(|statement| statement.contains("AS cursor FROM asked"));
    let users = |statement: &str| people.iter().filter(|one| statement.contains(&one.user.to_string())).count();
    let batches: Vec<_> = pages.map(users).collect();
    assert_eq!(batches.iter().sum::<usize>(), people.len(), "{batches:?}");
    assert_eq!(batches.iter().max(), Some(&16), "{batches:?}");
}

/// What a large batch took of this program's memory is given back with the connection, not kept for the next large one.
#[tokio::test]
async fn a_connection_keeps_no_large_buffers() {
    const LARGE: usize = 192 << 20;
    let house = House::with_connections(1).await;
    let before = resident();
    let mut lease = house.store.writer.lease().await.unwrap();
    let length: (i32,) = query_as("SELECT length($1)").bind(vec![0_u8; LARGE]).fetch_one(&mut *lease).await.unwrap();
    assert_eq!(usize::try_from(length.0), Ok(LARGE));
    assert!(resident() > before + LARGE / 2, "its buffers are large");
    lease.give_back();
    let began = Instant::now();
    while resident() > before + LARGE / 2 {
        assert!(began.elapsed() < PATIENCE, "{} MiB are kept", (resident() - before) >> 20);
        house.seq().await;
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}

/// Bytes of memory that this process has.
fn resident() -> usize {
    let status = fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
    line.trim().trim_end_matches(" kB").parse::<usize>().unwrap() << 10
}

/// By default a server plans the first five times for what was asked, and goes on so where that looks cheaper.
#[tokio::test]
async fn a_statement_is_planned_once() {
    let house = House::with_connections(1).await;
    for _ in 0..10 {
        house.change().await.unwrap();
        house.seq().await;
    }
    let plans: Vec<(String, i64, i64)> = query_as(
        "SELECT statement, generic_plans, custom_plans FROM pg_prepared_statements WHERE statement LIKE '%$1%'",
    )
    .fetch_all(&house.store.reader)
    .await
    .unwrap();
    assert!(plans.iter().any(|(_, generic, _)| *generic >= 10), "{plans:?}");
    assert!(plans.iter().all(|(.., custom)| *custom == 0), "{plans:?}");
}
