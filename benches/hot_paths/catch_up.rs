//! Catching up after 1, 50 and 500 changes: the query by itself, and the whole way to pages that are sealed for the device.

use criterion::{BenchmarkId, Criterion, Throughput};
use keyleash_protocol::{Seq, UserId};
use keyleash_testbed::Postgres;

use crate::desk::Desk;

const CHANGED: [u16; 3] = [1, 50, 500];

pub fn measure(criterion: &mut Criterion) {
    let postgres = Postgres::start();
    for (database, desk) in [("SQLite", Desk::on_sqlite(2)), ("PostgreSQL", Desk::at(&postgres.create_database(), 2))] {
        let head = desk.put(CHANGED[2].into());
        let user = desk.devices[1].user;
        let mut group = criterion.benchmark_group(format!("catch-up from {database}"));
        for changed in CHANGED {
            let cursor = Seq(head.0 - i64::from(changed));
            group.throughput(Throughput::Elements(changed.into()));
            group.bench_function(BenchmarkId::new("rows read", changed), |bencher| {
                desk.measure(bencher, async || read(&desk, user, cursor, changed.into()).await);
            });
            // The first time writes down that the device was given them; what is measured is every other time.
            desk.runtime.block_on(desk.catch_up(1, cursor));
            group.bench_function(BenchmarkId::new("pages sealed", changed), |bencher| {
                desk.measure(bencher, async || desk.catch_up(1, cursor).await);
            });
        }
        group.finish();
        desk.runtime.block_on(desk.store.close());
    }
}

async fn read(desk: &Desk, user: UserId, mut cursor: Seq, changed: usize) {
    let mut rows = 0;
    while rows < changed {
        let page = desk.store.shareable_since(user, cursor).await.unwrap().changes.rows;
        rows += page.len();
        cursor = page.last().unwrap().seq;
    }
}
