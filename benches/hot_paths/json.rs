//! A page of changes: written by the server, parsed and taken in by a device.

use std::hint::black_box;

use criterion::{BenchmarkId, Criterion, Throughput};
use keyleash_protocol::{
    Seq, UnixMillis,
    socket::{ServerMessage, SyncPage},
};

use crate::desk::Desk;

/// One change, and about as many as fit one frame.
const CREDENTIALS: [u16; 2] = [1, 50];

pub fn measure(criterion: &mut Criterion) {
    let mut desk = Desk::on_sqlite(1);
    let head = desk.put(CREDENTIALS[1].into());
    let mut group = criterion.benchmark_group("sync page");
    for credentials in CREDENTIALS {
        let pages = desk.runtime.block_on(desk.catch_up(0, Seq(head.0 - i64::from(credentials))));
        let message = ServerMessage::Sync(joined(pages));
        let text = serde_json::to_string(&message).unwrap();
        group.throughput(Throughput::Bytes(text.len() as u64));
        group.bench_function(BenchmarkId::new("written", credentials), |bencher| {
            bencher.iter(|| serde_json::to_string(black_box(&message)).unwrap());
        });
        group.bench_function(BenchmarkId::new("parsed", credentials), |bencher| {
            bencher.iter(|| serde_json::from_str::<ServerMessage>(black_box(&text)).unwrap());
        });
        let device = &mut desk.devices[0];
        group.bench_function(BenchmarkId::new("opened and kept by a device", credentials), |bencher| {
            bencher.iter(|| device.take(black_box(&message), UnixMillis(0)).unwrap());
        });
    }
    group.finish();
}

/// The last credentials of a frame may have come on a page of their own.
fn joined(pages: Vec<SyncPage>) -> SyncPage {
    pages
        .into_iter()
        .reduce(|mut all, page| {
            all.seq = page.seq;
            all.upserts.extend(page.upserts);
            all
        })
        .unwrap()
}
