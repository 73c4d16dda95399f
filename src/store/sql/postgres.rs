//! PostgreSQL: one database for all nodes.

use std::{str::FromStr, sync::LazyLock, time::Duration};

use keyleash_protocol::UnixMillis;
use sqlx::{
    ConnectOptions, Connection, Executor, PgConnection, Postgres,
    migrate::Migrator,
    postgres::{PgConnectOptions, PgPoolOptions},
    query, query_scalar,
};
use tokio::time::timeout;

use super::{
    SqlStore,
    connections::{BORROWED_MAX, Connections},
    open::{APPLIED, Inspection, OpenError, Tables},
    operation::took_too_long,
    questions::Desk,
};
use crate::entropy::Entropy;

pub type PostgresStore = SqlStore<Postgres>;

/// How long a free connection, or a new one, is waited for: whoever asked is told to come back rather than kept waiting.
const ACQUIRE_MAX: Duration = Duration::from_secs(3);
/// How long a row that another transaction took is waited for. No transaction of ours takes a tenth of it.
const LOCK_MS_MAX: u32 = 2_000;
/// How long one statement may take; each finds its rows by an index.
const STATEMENT_MS_MAX: u32 = 4_000;
/// A transaction that does not go on is undone by the server after this: its node died or froze with rows taken.
const IDLE_IN_TRANSACTION_MS_MAX: u32 = 4_000;
/// Every statement finds its rows by an index, whatever it is asked: it is planned once, not each time anew. A row found by an
/// index costs hardly more than the next one; the default of 4 is for disks that turn, and would read a small table from end
/// to end for a few rows of it.
const PLANNER: [(&str, &str); 2] = [("plan_cache_mode", "force_generic_plan"), ("random_page_cost", "1.1")];
/// A connection that comes back to the pool has to answer within this. One that does not (its query was given up, its
/// server or the way there is gone) is closed, and keeps no place that a working one could have.
const RELEASE_MAX: Duration = Duration::from_secs(1);
/// Connections that nobody needs, and old ones, are closed: after a failover they come to be where the database is now.
const IDLE_MAX: Duration = Duration::from_mins(10);
const LIFE_MAX: Duration = Duration::from_mins(30);
/// How long the first connection may take, before somebody is told that it does not come.
const CONNECT_MAX: Duration = Duration::from_secs(5);
/// How long one node waits for another that is bringing the tables up to date: a minute.
const UNHURRIED: &str = "SET LOCAL lock_timeout = 60000";
/// The lock that a node has while it does so; the number says nothing.
const MIGRATION_LOCK: i64 = 0x6b65_796c_6561_7368;

static MIGRATIONS: LazyLock<Migrator> = LazyLock::new(|| {
    let mut migrations = sqlx::migrate!("migrations/postgres");
    // Its lock is the session's, see `migrate`.
    migrations.set_locking(false);
    migrations
});

pub(super) fn is_address(url: &str) -> bool {
    ["postgres://", "postgresql://"].iter().any(|scheme| url.starts_with(scheme))
}

impl PostgresStore {
    /// Opens the database at `url` (`postgres://user:password@host/database`), which has to be there, and brings its
    /// tables up to date. TLS is as `sslmode` and `sslrootcert` in the address say.
    pub async fn open(url: &str, connections: u32, entropy: &Entropy) -> Result<Self, OpenError> {
        let options = options(url)?;
        migrate(&options).await?;
        let options = options
            .options([
                ("lock_timeout", LOCK_MS_MAX),
                ("statement_timeout", STATEMENT_MS_MAX),
                ("idle_in_transaction_session_timeout", IDLE_IN_TRANSACTION_MS_MAX),
            ])
            .options(PLANNER);
        let pool = PgPoolOptions::new()
            .max_connections(connections)
            .acquire_timeout(ACQUIRE_MAX)
            .idle_timeout(IDLE_MAX)
            .max_lifetime(LIFE_MAX)
            .test_before_acquire(false)
            .before_acquire(|connection, meta| {
                Box::pin(async move {
                    if meta.idle_for > BORROWED_MAX {
                        connection.ping().await?;
                    }
                    Ok(true)
                })
            })
            .after_release(|connection, _| Box::pin(came_back(connection)))
            .connect_with(options)
            .await
            .map_err(OpenError::connecting)?;
        let connections = Connections::of(pool);
        let questions = Desk::questions(&connections, &connections);
        let store = Self { writer: connections.clone(), reader: connections, questions };
        store.remember_epoch(entropy).await?;
        Ok(store)
    }
}

/// Takes in what is still on its way to a query that was given up, and keeps no buffer of a batch that was large.
async fn came_back(connection: &mut PgConnection) -> sqlx::Result<bool> {
    connection.shrink_buffers();
    timeout(RELEASE_MAX, connection.ping()).await.unwrap_or_else(|_| Err(took_too_long()))?;
    Ok(true)
}

pub(super) async fn inspect(url: &str) -> Result<Inspection, OpenError> {
    let mut connection = connect(&options(url)?).await?;
    let now = "SELECT CAST(floor(extract(epoch FROM clock_timestamp()) * 1000) AS BIGINT)";
    let now = query_scalar(now).fetch_one(&mut connection).await.map_err(OpenError::connecting)?;
    let made = "SELECT to_regclass('_sqlx_migrations') IS NOT NULL";
    let applied: Vec<i64> = if query_scalar(made).fetch_one(&mut connection).await.map_err(OpenError::connecting)? {
        query_scalar(APPLIED).fetch_all(&mut connection).await.map_err(OpenError::connecting)?
    } else {
        Vec::new()
    };
    Ok(Inspection { tables: Tables::compare(&MIGRATIONS, &applied), now: UnixMillis(now) })
}

fn options(url: &str) -> Result<PgConnectOptions, OpenError> {
    Ok(PgConnectOptions::from_str(url).map_err(OpenError::Address)?.application_name("keyleash"))
}

/// Brings the tables up to date, all of it or nothing, on a connection of its own, which may take its time. Nodes that start
/// together do this one after the other. Their lock ends with the transaction, not with the session: a pooler in between may
/// give the next transaction to another session.
async fn migrate(options: &PgConnectOptions) -> Result<(), OpenError> {
    let mut connection = connect(options).await?;
    let mut tx = connection.begin().await.map_err(OpenError::connecting)?;
    let taking = async {
        tx.execute(UNHURRIED).await?;
        query("SELECT pg_advisory_xact_lock($1)").bind(MIGRATION_LOCK).execute(&mut *tx).await
    };
    taking.await.map_err(|error| OpenError::migrating(error.into()))?;
    MIGRATIONS.run_direct(None, &mut *tx, false).await.map_err(OpenError::migrating)?;
    tx.commit().await.map_err(|error| OpenError::migrating(error.into()))?;
    connection.close().await.map_err(OpenError::connecting)
}

async fn connect(options: &PgConnectOptions) -> Result<PgConnection, OpenError> {
    let connected = timeout(CONNECT_MAX, options.connect()).await.unwrap_or_else(|_| Err(took_too_long()));
    connected.map_err(OpenError::connecting)
}

#[cfg(test)]
mod tests;
