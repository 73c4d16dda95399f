//! What the database holds and can do: sizes of rows, a sweep's rows, commits.

use std::time::{Duration, Instant};

use keyleash::store::Store;
use keyleash_protocol::UnixMillis;
use loadtest::capacity::costs::{Cost, Limits, Rows};
use sqlx::{Executor as _, postgres::PgPoolOptions};

use crate::{meter::Meter, site::Site};

const SWEEPS: usize = 50;
const COMMITTERS: u32 = 32;
const COMMITTING: Duration = Duration::from_secs(10);

/// With their indexes, and without what updates left behind.
pub fn of(site: &Site) -> Rows {
    let database = site.database().rsplit('/').next().unwrap().to_owned();
    site.postgres.sql_in(&database, "VACUUM FULL");
    let bytes = |table: &str, per: &str| -> f64 {
        let statement =
            format!("SELECT pg_total_relation_size('{table}')::float8 / greatest(1, (SELECT count(*) FROM {per}))");
        site.postgres.sql_in(&database, &statement).parse().unwrap()
    };
    Rows {
        user: bytes("users", "users") + bytes("data_keys", "users") + bytes("recovery_codes", "users"),
        device: bytes("devices", "devices") + bytes("sessions", "devices") + bytes("device_keys", "devices"),
        credential: bytes("credentials", "credentials"),
        holding: bytes("holdings", "holdings"),
        event: bytes("events", "events"),
    }
}

/// Looks for changed users from the beginning of time: every user and every device is found.
pub async fn sweep_row(store: &dyn Store, meter: &Meter<'_>, devices: usize) -> Cost {
    let mut rows = 0;
    let reading = meter
        .around(async || {
            for _ in 0..SWEEPS {
                let changes = store.changed_since(UnixMillis(0)).await.unwrap();
                rows += changes.users.len() + changes.presence.len();
            }
        })
        .await;
    assert!(rows > SWEEPS * devices / 3, "there was nothing to find: {rows}");
    reading.cost * (1.0 / rows as f64)
}

/// How many transactions of two statements this database commits a second, all of them at once.
pub async fn commits(site: &Site) -> Limits {
    let pool = PgPoolOptions::new().max_connections(COMMITTERS).connect(site.database()).await.unwrap();
    pool.execute("CREATE TABLE bare (id BIGINT PRIMARY KEY, seq BIGINT NOT NULL)").await.unwrap();
    pool.execute("CREATE TABLE log (id BIGSERIAL PRIMARY KEY, seq BIGINT NOT NULL)").await.unwrap();
    let until = Instant::now() + COMMITTING;
    let tasks = (0..COMMITTERS).map(|number| tokio::spawn(commit(pool.clone(), i64::from(number), until)));
    let mut committed = 0;
    for task in tasks.collect::<Vec<_>>() {
        committed += task.await.unwrap();
    }
    let commits_per_second = committed as f64 / COMMITTING.as_secs_f64();
    eprintln!("{commits_per_second:.0} commits a second");
    Limits { commits_per_second }
}

async fn commit(pool: sqlx::PgPool, row: i64, until: Instant) -> u64 {
    sqlx::query("INSERT INTO bare VALUES ($1, 0)").bind(row).execute(&pool).await.unwrap();
    let mut committed = 0;
    while Instant::now() < until {
        let mut transaction = pool.begin().await.unwrap();
        sqlx::query("UPDATE bare SET seq = seq + 1 WHERE id = $1").bind(row).execute(&mut *transaction).await.unwrap();
        sqlx::query("INSERT INTO log (seq) VALUES ($1)").bind(row).execute(&mut *transaction).await.unwrap();
        transaction.commit().await.unwrap();
        committed += 1;
    }
    committed
}
