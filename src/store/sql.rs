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
pub use sqlite::{OpenError, SqliteStore};
use sqlx::Pool;

/// The store, generic over the sqlx driver.
#[derive(Debug)]
pub struct SqlStore<D: Driver> {
    /// Where changes go. SQLite has one connection here: it has one writer anyway, and queueing for it here keeps the
    /// worst case at the sum of the transactions before, without busy retries.
    writer: Pool<D>,
    reader: Pool<D>,
}
