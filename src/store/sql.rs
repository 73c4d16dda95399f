//! The store on a SQL database. One text for every driver: `$1` placeholders, `RETURNING`, `ON CONFLICT`; what differs
//! between dialects lives in the migrations (`migrations/<driver>`).

mod attempts;
mod credentials;
mod devices;
mod driver;
mod history;
mod links;
mod mails;
mod rows;
mod sessions;
mod sqlite;
mod transaction;
mod users;

pub use driver::Driver;
use driver::for_every_driver;
pub use sqlite::{OpenError, SqliteStore};
use sqlx::Pool;

use super::Store;

/// The store, generic over the sqlx driver.
#[derive(Debug)]
pub struct SqlStore<D: Driver> {
    /// Where changes go. SQLite has one connection here: it has one writer anyway, and queueing for it here keeps the
    /// worst case at the sum of the transactions before, without busy retries.
    writer: Pool<D>,
    reader: Pool<D>,
}

for_every_driver! {
impl Store for SqlStore {
    async fn close(&self) {
        self.reader.close().await;
        self.writer.close().await;
    }
}
}
