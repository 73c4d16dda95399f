//! The store on a SQL database. One text for every driver: `$1` placeholders, `RETURNING`, `ON CONFLICT`; what differs
//! between dialects lives in the migrations (`migrations/<driver>`).

use std::sync::Arc;

mod asked;
mod attempts;
mod changes;
mod connections;
mod credentials;
mod data_keys;
mod devices;
mod driver;
mod history;
mod holdings;
mod links;
mod looks;
mod mails;
mod meaning;
mod nodes;
mod open;
mod operation;
mod postgres;
mod questions;
mod restored;
mod revocation;
mod rows;
mod second_factor;
mod sessions;
mod sqlite;
mod together;
mod transaction;
mod users;
mod writes;

pub use driver::Driver;
use driver::for_every_driver;
pub use open::{Inspection, OpenError, Tables};
pub use postgres::PostgresStore;
pub use sqlite::SqliteStore;

use self::{connections::Connections, questions::Questions};
use super::Store;
use crate::entropy::Entropy;

/// The store, generic over the sqlx driver.
#[derive(Debug)]
pub struct SqlStore<D: Driver> {
    /// Where changes go. SQLite has one connection here: it has one writer anyway, and queueing for it here keeps the
    /// worst case at the sum of the transactions before, without busy retries.
    writer: Connections<D>,
    reader: Connections<D>,
    /// What thousands ask at the same moment.
    questions: Questions,
}

/// Opens the database at `url`, making or bringing up to date its tables. `connections` is for PostgreSQL.
pub async fn open(url: &str, connections: u32, entropy: &Entropy) -> Result<Arc<dyn Store>, OpenError> {
    if postgres::is_address(url) {
        Ok(Arc::new(PostgresStore::open(url, connections, entropy).await?))
    } else {
        Ok(Arc::new(SqliteStore::open(url, entropy).await?))
    }
}

/// Looks at the database at `url` and changes nothing.
pub async fn inspect(url: &str) -> Result<Inspection, OpenError> {
    if postgres::is_address(url) { postgres::inspect(url).await } else { sqlite::inspect(url).await }
}

for_every_driver! {
impl Store for SqlStore {
    async fn close(&self) {
        self.reader.close().await;
        self.writer.close().await;
    }
}
}
