//! Connections of sqlx's pool, borrowed for a moment instead of for one statement.
//!
//! Whenever a connection comes back, the pool asks it whether it still answers: as many ways to the database as the
//! statements themselves take. So one that was used in order goes from hand to hand for up to [`BORROWED_MAX`], and only then
//! back to be asked; one whose statement failed or was given up goes back at once.

use std::{
    mem,
    ops::{Deref, DerefMut},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use futures_core::{future::BoxFuture, stream::BoxStream};
use futures_util::{StreamExt, TryStreamExt, stream};
use sqlx::{Describe, Either, Execute, Executor, Pool, SqlStr, pool::PoolConnection};
use tokio::{
    sync::{OwnedSemaphorePermit, Semaphore},
    time::timeout,
};

use super::Driver;

/// How long a connection is taken at its word. One that broke since it answered is noticed by what it is used for, which is
/// tried again.
pub(super) const BORROWED_MAX: Duration = Duration::from_secs(1);

/// How long the rows of a transaction that was given up may stay taken because the database does not answer.
const ROLLBACK_MAX: Duration = Duration::from_secs(1);

#[derive(Debug)]
pub(super) struct Connections<D: Driver>(Arc<House<D>>);

#[derive(Debug)]
struct House<D: Driver> {
    pool: Pool<D>,
    /// One for each connection that the pool may have: whoever has a turn does not wait for the pool.
    turns: Arc<Semaphore>,
    /// In order, and in nobody's hands.
    free: Mutex<Vec<Borrowed<D>>>,
}

#[derive(Debug)]
struct Borrowed<D: Driver> {
    connection: PoolConnection<D>,
    since: Instant,
}

/// A connection in somebody's hands.
pub(super) struct Lease<D: Driver> {
    /// `None` only while it is dropped.
    borrowed: Option<Borrowed<D>>,
    house: Arc<House<D>>,
    is_in_order: bool,
    _turn: OwnedSemaphorePermit,
}

impl<D: Driver> Connections<D> {
    pub(super) fn of(pool: Pool<D>) -> Self {
        let turns = Arc::new(Semaphore::new(pool.options().get_max_connections() as usize));
        Self(Arc::new(House { pool, turns, free: Mutex::default() }))
    }

    /// A connection, waited for as long as the pool's options say.
    pub(super) async fn lease(&self) -> sqlx::Result<Lease<D>> {
        let house = &self.0;
        let turn = timeout(house.pool.options().get_acquire_timeout(), house.turns.clone().acquire_owned());
        let turn = turn.await.map_err(|_| sqlx::Error::PoolTimedOut)?.map_err(|_| sqlx::Error::PoolClosed)?;
        let borrowed = match house.take_free() {
            Some(borrowed) => borrowed,
            None => Borrowed { connection: house.pool.acquire().await?, since: Instant::now() },
        };
        Ok(Lease { borrowed: Some(borrowed), house: house.clone(), is_in_order: false, _turn: turn })
    }

    /// Opens a transaction that writes.
    pub(super) async fn begin(&self) -> sqlx::Result<Opened<D>> {
        // Open before it is: one that is given up in the middle of BEGIN is rolled back too.
        let mut opened = Opened(Some(self.lease().await?));
        D::say(&mut opened, D::BEGIN).await?;
        Ok(opened)
    }

    pub(super) async fn close(&self) {
        self.0.turns.close();
        self.0.free().clear();
        self.0.pool.close().await;
    }
}

impl<D: Driver> Clone for Connections<D> {
    fn clone(&self) -> Self {
        Self(self.0.clone())
    }
}

impl<D: Driver> House<D> {
    fn free(&self) -> MutexGuard<'_, Vec<Borrowed<D>>> {
        self.free.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The one that was used last, and lets those go back whose time is over.
    fn take_free(&self) -> Option<Borrowed<D>> {
        let (taken, _over): (_, Vec<_>) = {
            let mut free = self.free();
            let over = free.extract_if(.., |borrowed| borrowed.since.elapsed() >= BORROWED_MAX).collect();
            (free.pop(), over)
        };
        taken
    }
}

impl<D: Driver> Drop for House<D> {
    /// The pool goes too, maybe after the runtime that it would need to take them back.
    fn drop(&mut self) {
        for Borrowed { connection, .. } in mem::take(&mut *self.free()) {
            drop(connection.leak());
        }
    }
}

impl<D: Driver> Lease<D> {
    /// It was used to the end, and nothing is left open on it.
    pub(super) fn give_back(mut self) {
        self.is_in_order = true;
    }
}

impl<D: Driver> Deref for Lease<D> {
    type Target = D::Connection;

    fn deref(&self) -> &D::Connection {
        let Some(borrowed) = &self.borrowed else { unreachable!("until it is dropped") };
        &borrowed.connection
    }
}

impl<D: Driver> DerefMut for Lease<D> {
    fn deref_mut(&mut self) -> &mut D::Connection {
        let Some(borrowed) = &mut self.borrowed else { unreachable!("until it is dropped") };
        &mut borrowed.connection
    }
}

impl<D: Driver> Drop for Lease<D> {
    fn drop(&mut self) {
        let Some(borrowed) = self.borrowed.take() else { return };
        let mut free = self.house.free();
        if !self.is_in_order {
            // What broke this one may have broken the others: whoever comes next is not to find out one by one.
            let suspected = mem::take(&mut *free);
            drop(free);
            drop(suspected);
        } else if borrowed.since.elapsed() < BORROWED_MAX && !self.house.pool.is_closed() {
            free.push(borrowed);
        }
    }
}

/// An open transaction; rolled back unless it is committed.
pub(super) struct Opened<D: Driver>(Option<Lease<D>>);

impl<D: Driver> Opened<D> {
    pub(super) async fn commit(mut self) -> sqlx::Result<()> {
        D::say(&mut self, "COMMIT").await?;
        if let Some(lease) = self.0.take() {
            lease.give_back();
        }
        Ok(())
    }
}

impl<D: Driver> Deref for Opened<D> {
    type Target = D::Connection;

    fn deref(&self) -> &D::Connection {
        let Some(lease) = &self.0 else { unreachable!("until it is committed or dropped") };
        lease
    }
}

impl<D: Driver> DerefMut for Opened<D> {
    fn deref_mut(&mut self) -> &mut D::Connection {
        let Some(lease) = &mut self.0 else { unreachable!("until it is committed or dropped") };
        lease
    }
}

impl<D: Driver> Drop for Opened<D> {
    fn drop(&mut self) {
        if let Some(lease) = self.0.take() {
            tokio::spawn(roll_back(lease));
        }
    }
}

/// One that does not answer goes back to the pool as it is, which finds that out too.
async fn roll_back<D: Driver>(mut lease: Lease<D>) {
    if matches!(timeout(ROLLBACK_MAX, D::say(&mut lease, "ROLLBACK")).await, Ok(Ok(()))) {
        lease.give_back();
    }
}

/// One statement on a connection of its own.
impl<'p, D: Driver> Executor<'p> for &'_ Connections<D>
where
    for<'c> &'c mut D::Connection: Executor<'c, Database = D>,
{
    type Database = D;

    fn fetch_many<'e, 'q: 'e, E>(self, query: E) -> BoxStream<'e, sqlx::Result<Either<D::QueryResult, D::Row>>>
    where
        E: 'q + Execute<'q, D>,
    {
        let connections = self.clone();
        let all = async move {
            let mut lease = connections.lease().await?;
            let all: Vec<_> = lease.fetch_many(query).try_collect().await?;
            lease.give_back();
            Ok::<_, sqlx::Error>(stream::iter(all).map(Ok))
        };
        stream::once(all).try_flatten().boxed()
    }

    fn fetch_optional<'e, 'q: 'e, E>(self, query: E) -> BoxFuture<'e, sqlx::Result<Option<D::Row>>>
    where
        E: 'q + Execute<'q, D>,
    {
        let connections = self.clone();
        Box::pin(async move {
            let mut lease = connections.lease().await?;
            let row = lease.fetch_optional(query).await?;
            lease.give_back();
            Ok(row)
        })
    }

    fn prepare_with<'e>(self, sql: SqlStr, parameters: &'e [D::TypeInfo]) -> BoxFuture<'e, sqlx::Result<D::Statement>>
    where
        'p: 'e,
    {
        let connections = self.clone();
        Box::pin(async move {
            let mut lease = connections.lease().await?;
            let statement = lease.prepare_with(sql, parameters).await?;
            lease.give_back();
            Ok(statement)
        })
    }

    fn describe<'e>(self, sql: SqlStr) -> BoxFuture<'e, sqlx::Result<Describe<D>>>
    where
        'p: 'e,
    {
        let connections = self.clone();
        Box::pin(async move {
            let mut lease = connections.lease().await?;
            let described = lease.describe(sql).await?;
            lease.give_back();
            Ok(described)
        })
    }
}
