//! SQLite: one file, one writer, durable at commit.

use std::{
    fs,
    os::unix::fs::{DirBuilderExt, OpenOptionsExt},
    path::Path,
    str::FromStr,
    time::Duration,
};

use sqlx::{
    Sqlite, SqlitePool,
    migrate::MigrateError,
    sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous},
};

use super::SqlStore;
use crate::entropy::Entropy;

pub type SqliteStore = SqlStore<Sqlite>;

/// Readers at the same time. Each is a thread of its own; more than cores only queue inside SQLite.
const READERS_MAX: u32 = 4;
/// How long another process's lock is waited for (a backup, an administrator's shell).
const BUSY_TIMEOUT: Duration = Duration::from_secs(5);

#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    #[error("cannot make the database file {path}")]
    File { path: String, source: std::io::Error },
    #[error("cannot open the database {url}")]
    Open { url: String, source: sqlx::Error },
    #[error("cannot bring the database {url} up to date")]
    Migrate { url: String, source: MigrateError },
}

impl OpenError {
    /// Whether trying again later may help.
    pub const fn may_pass(&self) -> bool {
        false
    }
}

impl SqliteStore {
    /// Opens the database at `url` (`sqlite:path`), making it if it is not there, and brings its tables up to date.
    pub async fn open(url: &str, entropy: &Entropy) -> Result<Self, OpenError> {
        let opening = |source| OpenError::Open { url: url.to_owned(), source };
        let options = SqliteConnectOptions::from_str(url)
            .map_err(opening)?
            .create_if_missing(true)
            .journal_mode(SqliteJournalMode::Wal)
            // Durable at commit even if the power fails: what was answered "done" is there.
            .synchronous(SqliteSynchronous::Full)
            .foreign_keys(true)
            .busy_timeout(BUSY_TIMEOUT);
        make_file(options.get_filename())?;

        let writer =
            SqlitePoolOptions::new().max_connections(1).connect_with(options.clone()).await.map_err(opening)?;
        sqlx::migrate!("migrations/sqlite")
            .run(&writer)
            .await
            .map_err(|source| OpenError::Migrate { url: url.to_owned(), source })?;
        remember_epoch(&writer, entropy).await.map_err(opening)?;

        let reader = SqlitePoolOptions::new()
            .max_connections(READERS_MAX)
            .connect_with(options.read_only(true).create_if_missing(false))
            .await
            .map_err(opening)?;
        Ok(Self { writer, reader })
    }
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

async fn remember_epoch(pool: &SqlitePool, entropy: &Entropy) -> sqlx::Result<()> {
    let epoch = keyleash_protocol::Base64Url::encode(&entropy.bytes::<16>());
    sqlx::query("INSERT INTO meta (name, value) VALUES ('epoch', $1) ON CONFLICT DO NOTHING")
        .bind(epoch)
        .execute(pool)
        .await?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::MetadataExt;

    use super::*;
    use crate::store::{Store, UserStore, conformance};

    #[tokio::test]
    async fn sqlite_conforms() {
        let directory = tempfile::tempdir().unwrap();
        let url = format!("sqlite:{}/data/keyleash.db", directory.path().display());
        let store = SqliteStore::open(&url, &Entropy::new()).await.unwrap();
        conformance::suite(&store).await;

        for (name, mode) in [("data", 0o700), ("data/keyleash.db", 0o600), ("data/keyleash.db-wal", 0o600)] {
            let metadata = fs::metadata(directory.path().join(name)).unwrap();
            assert_eq!(metadata.mode() & 0o777, mode, "{name} is the owner's alone");
        }
        let epoch = store.epoch().await.unwrap();
        store.close().await;
        let again = SqliteStore::open(&url, &Entropy::new()).await.unwrap();
        assert_eq!(again.epoch().await.unwrap(), epoch, "the epoch is the database's");
    }
}
