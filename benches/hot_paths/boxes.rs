//! AES-256-GCM at both ends, and the HPKE seal of an unlock key.

use std::hint::black_box;

use criterion::{BenchmarkId, Criterion, Throughput};
use hpke::{Kem, OpModeS, aead::AesGcm256, kdf::HkdfSha256, kem::DhP256HkdfSha256};
use keyleash::vault::Purpose;
use keyleash_protocol::{UnixMillis, Version, limits::PLAINTEXT_BYTES_MAX, socket::ServerMessage, transcript};

use crate::desk::{Desk, credential};

/// A key and its secret, and the largest that there may be.
const PLAINTEXT_BYTES: [usize; 2] = [400, PLAINTEXT_BYTES_MAX];

pub fn measure(criterion: &mut Criterion) {
    let mut desk = Desk::on_sqlite(1);
    let mut group = criterion.benchmark_group("box");
    for bytes in PLAINTEXT_BYTES {
        let plaintext = vec![7; bytes];
        let (user, device, vault) = (desk.devices[0].user, &desk.devices[0], &desk.vault);
        group.throughput(Throughput::Bytes(bytes as u64));
        group.bench_function(BenchmarkId::new("sealed by a device", bytes), |bencher| {
            bencher.iter(|| device.seal(credential(1), Version(0), black_box(&plaintext)).unwrap());
        });
        // With the look into the cache of data keys, without which nothing is sealed.
        group.bench_function(BenchmarkId::new("sealed by the vault", bytes), |bencher| {
            desk.measure(bencher, async || vault.seal(user, Purpose::Mail, black_box(&plaintext)).await.unwrap());
        });
        let sealed = desk.runtime.block_on(vault.seal(user, Purpose::Mail, &plaintext)).unwrap();
        group.bench_function(BenchmarkId::new("opened by the vault", bytes), |bencher| {
            desk.measure(bencher, async || vault.open(user, Purpose::Mail, black_box(&sealed)).await.unwrap());
        });
    }
    group.finish();

    let mut group = criterion.benchmark_group("unlock key");
    let (receive_key, info) = {
        let device = &desk.devices[0];
        let (_, public) = DhP256HkdfSha256::gen_keypair();
        (public, transcript::unlock_info(device.user, device.id))
    };
    group.bench_function("HPKE seal by itself", |bencher| {
        let mode = OpModeS::Base;
        bencher.iter(|| {
            hpke::single_shot_seal::<AesGcm256, HkdfSha256, DhP256HkdfSha256>(
                &mode,
                black_box(&receive_key),
                &info,
                &[7; 32],
                b"epoch",
            )
            .unwrap()
        });
    });
    group.bench_function("sealed by the vault, with its reads", |bencher| {
        let (user, device) = (desk.devices[0].user, desk.devices[0].id);
        desk.measure(bencher, async || desk.vault.unlock(user, device).await.unwrap());
    });
    let (user, device) = (desk.devices[0].user, desk.devices[0].id);
    let sealed = ServerMessage::Unlock(desk.runtime.block_on(desk.vault.unlock(user, device)).unwrap());
    let device = &mut desk.devices[0];
    group.bench_function("opened by a device", |bencher| {
        bencher.iter(|| device.take(black_box(&sealed), UnixMillis(0)).unwrap());
    });
    group.finish();
}
