//! SQLite: one file, one writer, durable at commit.

use std::{
    fs,
    os::unix::fs::{DirBuilderExt, OpenOptionsExt},
    path::Path,
    str::FromStr,
    time::Duration,
};

use keyleash_protocol::UnixMillis;
use sqlx::{
    ConnectOptions, Sqlite,
    migrate::Migrator,
    query_scalar,
    sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous},
};

use super::{
    SqlStore,
    connections::Connections,
    open::{APPLIED, Inspection, OpenError, Tables},
    questions::Desk,
};
use crate::entropy::Entropy;

pub type SqliteStore = SqlStore<Sqlite>;

/// Readers at the same time. Each is a thread of its own; more than cores only queue inside SQLite.
const READERS_MAX: u32 = 4;
/// How long another process's lock is waited for (a backup, an administrator's shell).
const BUSY_TIMEOUT: Duration = Duration::from_secs(5);

static MIGRATIONS: Migrator = sqlx::migrate!("migrations/sqlite");

impl SqliteStore {
    /// Opens the database at `url` (`sqlite:path`), making it if it is not there, and brings its tables up to date.
    pub async fn open(url: &str, entropy: &Entropy) -> Result<Self, OpenError> {
        let options = options(url)?.create_if_missing(true);
        make_file(options.get_filename())?;
        // A file does not go away, as a server does: no connection is asked whether it is still there.
        let writer = SqlitePoolOptions::new()
            .max_connections(1)
            .test_before_acquire(false)
            .connect_with(options.clone())
            .await
            .map_err(OpenError::connecting)?;
        MIGRATIONS.run(&writer).await.map_err(OpenError::migrating)?;
        let reader = SqlitePoolOptions::new()
            .max_connections(READERS_MAX)
            .test_before_acquire(false)
            .connect_with(options.read_only(true).create_if_missing(false))
            .await
            .map_err(OpenError::connecting)?;
        let (writer, reader) = (Connections::of(writer), Connections::of(reader));
        let questions = Desk::questions(&writer, &reader);
        let store = Self { writer, reader, questions };
        store.remember_epoch(entropy).await?;
        Ok(store)
    }
}

fn options(url: &str) -> Result<SqliteConnectOptions, OpenError> {
    Ok(SqliteConnectOptions::from_str(url)
        .map_err(OpenError::Address)?
        .journal_mode(SqliteJournalMode::Wal)
        // Durable at commit even if the power fails: what was answered "done" is there.
        .synchronous(SqliteSynchronous::Full)
        .foreign_keys(true)
        .busy_timeout(BUSY_TIMEOUT))
}

pub(super) async fn inspect(url: &str) -> Result<Inspection, OpenError> {
    let options = options(url)?.read_only(true);
    let now = "SELECT CAST(unixepoch('subsec') * 1000 AS INTEGER)";
    if !options.get_filename().exists() {
        let mut nothing = SqliteConnectOptions::new().connect().await.map_err(OpenError::connecting)?;
        let now = query_scalar(now).fetch_one(&mut nothing).await.map_err(OpenError::connecting)?;
        return Ok(Inspection { tables: Tables::None, now: UnixMillis(now) });
    }
    let mut connection = options.connect().await.map_err(OpenError::connecting)?;
    let now = query_scalar(now).fetch_one(&mut connection).await.map_err(OpenError::connecting)?;
    // A file without tables is as good as none.
    let applied: Vec<i64> = query_scalar(APPLIED).fetch_all(&mut connection).await.unwrap_or_default();
    Ok(Inspection { tables: Tables::compare(&MIGRATIONS, &applied), now: UnixMillis(now) })
}

/// The database is the owner's alone: directory and file are made so, and SQLite makes its log like the file.
fn make_file(file: &Path) -> Result<(), OpenError> {
    let make = || {
        if let Some(parent) = file.parent().filter(|parent| !parent.as_os_str().is_empty()) {
            fs::DirBuilder::new().recursive(true).mode(0o700).create(parent)?;
        }
        fs::OpenOptions::new().append(true).create(true).mode(0o600).open(file)
    };
    make().map(drop).map_err(|source| OpenError::File { path: file.display().to_string(), source })
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::MetadataExt;

    use sqlx::query;

    use super::*;
    use crate::store::{Store, UserStore, conformance};

    #[tokio::test]
    async fn sqlite_conforms() {
        let directory = tempfile::tempdir().unwrap();
        let url = format!("sqlite:{}/data/keyleash.db", directory.path().display());
        assert_eq!(inspect(&url).await.unwrap().tables, Tables::None);
        assert!(!directory.path().join("data").exists(), "looking makes nothing");
        let store = SqliteStore::open(&url, &Entropy::new()).await.unwrap();
        conformance::suite(&store).await;
        assert_eq!(inspect(&url).await.unwrap().tables, Tables::UpToDate);

        for (name, mode) in [("data", 0o700), ("data/keyleash.db", 0o600), ("data/keyleash.db-wal", 0o600)] {
            let metadata = fs::metadata(directory.path().join(name)).unwrap();
            assert_eq!(metadata.mode() & 0o777, mode, "{name} is the owner's alone");
        }
        let epoch = store.epoch().await.unwrap();
        store.close().await;
        let again = SqliteStore::open(&url, &Entropy::new()).await.unwrap();
        assert_eq!(again.epoch().await.unwrap(), epoch, "the epoch is the database's");

        let newer = "UPDATE _sqlx_migrations SET version = 9999 WHERE version = 1";
        query(newer).execute(&again.writer).await.unwrap();
        again.close().await;
        let error = SqliteStore::open(&url, &Entropy::new()).await.unwrap_err();
        assert!(matches!(error, OpenError::Newer { found: 9999 }) && !error.may_pass(), "{error:?}");
        assert!(matches!(inspect(&url).await.unwrap().tables, Tables::Ahead { found: 9999, .. }));
    }
}
