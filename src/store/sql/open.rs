//! Opening a database: what may be wrong with it, its tables' version, its epoch.

use std::io;

use keyleash_protocol::{Base64Url, UnixMillis};
use sqlx::{
    migrate::{MigrateError, Migrator},
    query,
};

use super::{
    SqlStore,
    driver::for_every_driver,
    meaning::{self, Meaning},
};
use crate::{entropy::Entropy, store::StoreError};

/// No variant shows the address: it may hold a password.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    #[error("cannot make the database file {path}")]
    File { path: String, source: io::Error },
    #[error("store.url is not the address of a database")]
    Address(#[source] sqlx::Error),
    #[error("the database at store.url does not answer")]
    Unreachable(#[source] sqlx::Error),
    #[error("the database at store.url does not let this program in: check its user, password, database name and TLS")]
    Refused(#[source] sqlx::Error),
    #[error(
        "the tables at store.url are at version {found}, which is newer than this program: start the newer program, or \
         give this one another database"
    )]
    Newer { found: i64 },
    #[error("the tables at store.url cannot be brought up to date")]
    Migrate(#[source] MigrateError),
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl OpenError {
    /// Whether trying again later may help.
    pub const fn may_pass(&self) -> bool {
        match self {
            Self::Unreachable(_) | Self::Store(StoreError::Unavailable { .. }) => true,
            Self::File { .. }
            | Self::Address(_)
            | Self::Refused(_)
            | Self::Newer { .. }
            | Self::Migrate(_)
            | Self::Store(StoreError::Refused { .. } | StoreError::Corrupt { .. }) => false,
        }
    }

    /// Sorts what went wrong while connecting.
    pub(super) fn connecting(error: sqlx::Error) -> Self {
        match &error {
            sqlx::Error::Configuration(_) => Self::Address(error),
            sqlx::Error::Tls(_) => Self::Refused(error),
            // What a certificate is not good for comes as this.
            sqlx::Error::Io(io) if io.kind() == io::ErrorKind::InvalidData => Self::Refused(error),
            sqlx::Error::Database(said) if said.code().is_some_and(|code| is_refusal(&code)) => Self::Refused(error),
            _ => Self::Unreachable(error),
        }
    }

    /// Sorts what went wrong while the tables were brought up to date.
    pub(super) fn migrating(error: MigrateError) -> Self {
        match error {
            MigrateError::VersionMissing(found) => Self::Newer { found },
            MigrateError::Execute(error) | MigrateError::ExecuteMigration(error, _)
                if meaning::of(&error) != Meaning::Wrong =>
            {
                Self::Unreachable(error)
            }
            error => Self::Migrate(error),
        }
    }
}

/// Classes 28 (invalid authorization) and 3D (no such database) of PostgreSQL's error codes, and its 42501 (no right to).
fn is_refusal(code: &str) -> bool {
    code.starts_with("28") || code.starts_with("3D") || code == "42501"
}

/// What [`inspect`](super::inspect) found, without having changed anything.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Inspection {
    pub tables: Tables,
    /// The database's own clock.
    pub now: UnixMillis,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tables {
    /// There are none yet.
    None,
    /// Behind this program: the next start, or `keyleash migrate`, brings them up to date.
    Behind {
        found: i64,
        known: i64,
    },
    UpToDate,
    /// Ahead of this program, which will not touch them.
    Ahead {
        found: i64,
        known: i64,
    },
}

impl Tables {
    pub(super) fn compare(migrator: &Migrator, applied: &[i64]) -> Self {
        let known = migrator.iter().map(|migration| migration.version).max().unwrap_or_default();
        match applied.iter().copied().max() {
            None => Self::None,
            Some(found) if found < known => Self::Behind { found, known },
            Some(found) if found > known => Self::Ahead { found, known },
            Some(_) => Self::UpToDate,
        }
    }
}

/// The versions of the tables that were made, in a table of sqlx's migrator.
pub(super) const APPLIED: &str = "SELECT version FROM _sqlx_migrations WHERE success";

for_every_driver! {
impl SqlStore {
    /// Gives a new database its name for itself.
    pub(super) async fn remember_epoch(&self, entropy: &Entropy) -> Result<(), OpenError> {
        let epoch = Base64Url::encode(&entropy.bytes::<16>());
        self.run("remember the epoch", || async {
            let mut tx = self.begin().await?;
            query("INSERT INTO meta (name, value) VALUES ('epoch', $1) ON CONFLICT DO NOTHING")
                .bind(epoch.clone())
                .execute(&mut *tx.0)
                .await?;
            tx.commit().await
        })
        .await
        .map_err(OpenError::Store)
    }
}
}
