//! What PostgreSQL and Redis do by themselves, in the same run and on the same machine: the denominators of what a server
//! does with them.
//!
//! Owns: two tables of its own in the given database, gone afterwards. Never: a table of the server's.

use std::{sync::Arc, time::Duration};

use futures_util::{StreamExt, future::try_join_all};
use redis::aio::MultiplexedConnection;
use sqlx::{
    Connection, PgConnection, PgPool,
    postgres::{PgConnectOptions, PgPoolOptions},
};
use tokio::{
    sync::Mutex,
    time::{Instant, timeout},
};

use crate::times::{Moment, Times};

/// Connections to PostgreSQL: as many as a node has by default.
const CONNECTIONS: u32 = 16;
/// What is written in each transaction: a credential's ciphertext of ordinary size.
const BOX_BYTES: usize = 400;
/// A message through Redis takes a tenth of a millisecond.
const HOP_MAX: Duration = Duration::from_secs(5);
/// Left out at the beginning: connections are made and statements prepared there.
const WARM_UP: Duration = Duration::from_millis(500);
const CHANNEL: &str = "keyleash:bare";

#[derive(Debug, thiserror::Error)]
pub enum BareError {
    #[error(
        "PostgreSQL cannot be measured by itself; can its database be reached from here, and tables be made in it?"
    )]
    Postgres(#[from] sqlx::Error),
    #[error("Redis cannot be measured by itself; can it be reached from here?")]
    Redis(#[from] redis::RedisError),
    #[error("a message through Redis did not arrive within {} s", HOP_MAX.as_secs())]
    Lost,
}

/// Transactions of two statements, each committed before the next of the same client.
#[derive(Debug)]
pub struct Transactions {
    pub times: Times,
    pub per_second: f64,
    /// Whether a commit waits for the disk. Figures of a server that does not wait say nothing about one that does.
    pub durable: bool,
}

/// Has the database look at what was just prepared, as it does by itself within a minute: until then it plans for empty tables.
pub async fn analyze(database: &str) -> Result<(), BareError> {
    let mut connection = PgConnection::connect(database).await?;
    sqlx::raw_sql("ANALYZE").execute(&mut connection).await?;
    Ok(connection.close().await?)
}

/// What a change of a credential comes down to: a user's counter, then a row. `clients` (at least one) do it at the same time,
/// each for a user of its own, and take turns at as many connections as a node has.
pub async fn transactions(database: &str, clients: usize, time: Duration) -> Result<Transactions, BareError> {
    // As a node does it: statements stay prepared, and nobody asks a connection between two whether it is still there.
    let options: PgConnectOptions = database.parse()?;
    // A pool tries for half a minute before it says what is wrong.
    PgConnection::connect_with(&options).await?.close().await?;
    let pool = PgPoolOptions::new().max_connections(1).connect_with(options.clone()).await?;
    make_tables(&pool, clients).await?;
    let mut connections = Vec::new();
    for _ in 0..clients.min(CONNECTIONS as usize) {
        connections.push(Arc::new(Mutex::new(PgConnection::connect_with(&options).await?)));
    }
    let opening = Instant::now() + WARM_UP;
    let end = opening + time;
    let since = Moment::of(opening.into_std());
    let title = "transaction of two statements by itself, PostgreSQL";
    let times = Arc::new(Times::new("bare.transaction", title, since));
    let turn_of = |client: usize| connections[client % connections.len()].clone();
    let each = (0..clients).map(|client| tokio::spawn(commit_until(end, turn_of(client), client, times.clone())));
    for outcome in try_join_all(each).await.map_err(|_| sqlx::Error::WorkerCrashed)? {
        outcome?;
    }
    let durable = is_durable(&pool).await?;
    drop_tables(&pool).await?;
    pool.close().await;
    // Those under way at the end are counted with the time that they took beyond it.
    let took = Instant::now().duration_since(opening).as_secs_f64();
    #[expect(clippy::cast_precision_loss, reason = "counts far below 2^53")]
    let per_second = times.count() as f64 / took;
    let times = Arc::into_inner(times).ok_or(sqlx::Error::WorkerCrashed)?;
    Ok(Transactions { times, per_second, durable })
}

async fn commit_until(
    end: Instant,
    turns: Arc<Mutex<PgConnection>>,
    client: usize,
    times: Arc<Times>,
) -> Result<(), sqlx::Error> {
    let (user, sealed) = (i64::try_from(client).unwrap_or(i64::MAX), vec![7_u8; BOX_BYTES]);
    while Instant::now() < end {
        let began = Moment::now();
        let mut connection = turns.lock().await;
        let mut transaction = connection.begin().await?;
        let counted = "UPDATE loadtest_bare_users SET seq = seq + 1 WHERE id = $1 RETURNING seq";
        let seq: i64 = sqlx::query_scalar(counted).bind(user).fetch_one(&mut *transaction).await?;
        let written = "INSERT INTO loadtest_bare_rows (owner, seq, box) VALUES ($1, $2, $3)";
        sqlx::query(written).bind(user).bind(seq).bind(&sealed).execute(&mut *transaction).await?;
        transaction.commit().await?;
        times.ended(began);
    }
    Ok(())
}

async fn make_tables(pool: &PgPool, clients: usize) -> Result<(), sqlx::Error> {
    drop_tables(pool).await?;
    for statement in [
        "CREATE TABLE loadtest_bare_users (id BIGINT PRIMARY KEY, seq BIGINT NOT NULL)",
        "CREATE TABLE loadtest_bare_rows (owner BIGINT, seq BIGINT, box BYTEA NOT NULL, PRIMARY KEY (owner, seq))",
    ] {
        sqlx::query(statement).execute(pool).await?;
    }
    let users = "INSERT INTO loadtest_bare_users SELECT id, 0 FROM generate_series(0, $1) AS id";
    sqlx::query(users).bind(i64::try_from(clients).unwrap_or(i64::MAX)).execute(pool).await.map(drop)
}

async fn drop_tables(pool: &PgPool) -> Result<(), sqlx::Error> {
    sqlx::query("DROP TABLE IF EXISTS loadtest_bare_users, loadtest_bare_rows").execute(pool).await.map(drop)
}

async fn is_durable(pool: &PgPool) -> Result<bool, sqlx::Error> {
    let asked = "SELECT current_setting('fsync') = 'on' AND current_setting('synchronous_commit') <> 'off'";
    sqlx::query_scalar(asked).fetch_one(pool).await
}

/// From before a message is published until its one subscriber has it, one after another.
pub async fn hops(redis: &str, time: Duration) -> Result<Times, BareError> {
    let client = redis::Client::open(redis)?;
    let mut publisher: MultiplexedConnection = client.get_multiplexed_async_connection().await?;
    let mut subscriber = client.get_async_pubsub().await?;
    subscriber.subscribe(CHANNEL).await?;
    let mut messages = subscriber.on_message();
    let opening = Instant::now() + WARM_UP;
    let times = Times::new("bare.hop", "message through Redis by itself", Moment::of(opening.into_std()));
    while Instant::now() < opening + time {
        let began = Moment::now();
        let mut publish = redis::cmd("PUBLISH");
        publish.arg(CHANNEL).arg("1");
        let sent = publish.query_async::<()>(&mut publisher);
        let arrived = timeout(HOP_MAX, async { messages.next().await.map(|_| times.ended(began)) });
        let (sent, arrived) = tokio::join!(sent, arrived);
        sent?;
        arrived.ok().flatten().ok_or(BareError::Lost)?;
    }
    Ok(times)
}

#[cfg(test)]
mod tests {
    use keyleash_testbed::{Postgres, Redis};

    use super::*;

    const BRIEFLY: Duration = Duration::from_millis(300);

    #[tokio::test]
    async fn transactions_are_counted_and_leave_nothing_behind() {
        let (postgres, database) = tokio::task::spawn_blocking(|| {
            let postgres = Postgres::start();
            let database = postgres.create_database();
            (postgres, database)
        })
        .await
        .unwrap();
        // More clients than connections; twice, as before and after a run.
        for _ in 0..2 {
            let found = transactions(&database, 40, BRIEFLY).await.unwrap();
            assert!(found.durable && found.times.count() > 0 && found.per_second > 0.0, "{found:?}");
        }
        let name = database.rsplit('/').next().unwrap();
        assert_eq!(postgres.sql_in(name, "SELECT count(*) FROM pg_tables WHERE tablename LIKE 'loadtest%'"), "0");
        let told = transactions("postgres://nobody@127.0.0.1:1/none", 1, BRIEFLY).await.unwrap_err().to_string();
        assert!(told.contains("can its database be reached"), "{told}");
    }

    #[tokio::test]
    async fn messages_are_timed_until_they_arrive() {
        let redis = tokio::task::spawn_blocking(Redis::start).await.unwrap();
        assert!(hops(&redis.url(), BRIEFLY).await.unwrap().count() > 0);
    }
}
