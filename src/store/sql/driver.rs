//! What the store needs of a sqlx driver.

use futures_core::future::BoxFuture;
use futures_util::{FutureExt as _, TryFutureExt as _};
use sqlx::{Database, Decode, Encode, Executor as _, IntoArguments, Type};

pub trait Driver: Database<Arguments: IntoArguments<Self>> + Sized {
    /// Opens a transaction that writes. SQLite takes the write lock at once, so that no transaction has to be repeated
    /// because it found that out too late.
    const BEGIN: &'static str;
    /// What to say in a transaction that may take long, so that the server does not end it.
    const UNHURRIED: Option<&'static str>;

    /// The text for this driver.
    fn choose(texts: Dialects) -> &'static str;

    /// Says something that has no answer.
    fn say<'c>(connection: &'c mut Self::Connection, statement: &'static str) -> BoxFuture<'c, sqlx::Result<()>>;
}

/// One statement, where the dialects have no text in common.
#[derive(Clone, Copy, Debug)]
pub struct Dialects {
    pub sqlite: &'static str,
    pub postgres: &'static str,
}

impl Driver for sqlx::Sqlite {
    const BEGIN: &'static str = "BEGIN IMMEDIATE";
    const UNHURRIED: Option<&'static str> = None;

    fn choose(texts: Dialects) -> &'static str {
        texts.sqlite
    }

    fn say<'c>(connection: &'c mut Self::Connection, statement: &'static str) -> BoxFuture<'c, sqlx::Result<()>> {
        connection.execute(statement).map_ok(drop).boxed()
    }
}

impl Driver for sqlx::Postgres {
    // Each statement sees what was committed before it; what must not change meanwhile is a row that the transaction took.
    const BEGIN: &'static str = "BEGIN ISOLATION LEVEL READ COMMITTED";
    const UNHURRIED: Option<&'static str> = Some("SET LOCAL statement_timeout = 0");

    fn choose(texts: Dialects) -> &'static str {
        texts.postgres
    }

    fn say<'c>(connection: &'c mut Self::Connection, statement: &'static str) -> BoxFuture<'c, sqlx::Result<()>> {
        connection.execute(statement).map_ok(drop).boxed()
    }
}

/// A type that goes into a column of any driver and comes back.
pub trait Value<D: Database>: Type<D> + for<'q> Encode<'q, D> + for<'r> Decode<'r, D> {}
impl<D: Database, T> Value<D> for T where T: Type<D> + for<'q> Encode<'q, D> + for<'r> Decode<'r, D> {}

/// Writes `impl Trait for SqlStore<D>` (or an impl block, or a free function) with the bounds under which a driver can do
/// all that the store asks. sqlx states them per type, and Rust cannot imply them from one trait.
macro_rules! for_every_driver {
    (impl $Trait:ident for SqlStore { $($body:tt)* }) => {
        $crate::store::sql::driver::for_every_driver! {
            @ [#[async_trait::async_trait] impl<D: $crate::store::sql::Driver> $Trait for $crate::store::sql::SqlStore<D>]
            { $($body)* }
        }
    };
    (impl $Target:ident $(<$life:lifetime>)? { $($body:tt)* }) => {
        $crate::store::sql::driver::for_every_driver! {
            @ [impl<$($life,)? D: $crate::store::sql::Driver> $Target<$($life,)? D>]
            { $($body)* }
        }
    };
    (@ [$($head:tt)*] { $($body:tt)* }) => {
        $($head)*
        where
            for<'c> &'c mut D::Connection: sqlx::Executor<'c, Database = D>,
            i64: $crate::store::sql::driver::Value<D>,
            bool: $crate::store::sql::driver::Value<D>,
            String: $crate::store::sql::driver::Value<D>,
            Vec<u8>: $crate::store::sql::driver::Value<D>,
            Option<i64>: $crate::store::sql::driver::Value<D>,
            Option<bool>: $crate::store::sql::driver::Value<D>,
            Option<String>: $crate::store::sql::driver::Value<D>,
            Option<Vec<u8>>: $crate::store::sql::driver::Value<D>,
            for<'s> &'s str: sqlx::ColumnIndex<D::Row>,
            usize: sqlx::ColumnIndex<D::Row>,
        { $($body)* }
    };
}

pub(super) use for_every_driver;
