//! A hello: signed by the device, parsed and verified by the server.

use std::hint::black_box;

use criterion::Criterion;
use keyleash::device_keys::hello_is_signed;
use keyleash_protocol::{UserId, limits::NONCE_BYTES, socket::ClientMessage};
use loadtest::device::Device;
use uuid::Uuid;

pub fn measure(criterion: &mut Criterion) {
    let device = Device::new(UserId::from_uuid(Uuid::nil())).unwrap();
    let nonce = [7; NONCE_BYTES];
    let signing_key = device.enrolment("Desk").unwrap().signing_key;
    let hello = device.hello(&nonce).unwrap();
    let text = serde_json::to_string(&ClientMessage::Hello(hello.clone())).unwrap();

    let mut group = criterion.benchmark_group("hello");
    group.bench_function("signed by a device", |bencher| bencher.iter(|| device.hello(black_box(&nonce)).unwrap()));
    group.bench_function("parsed", |bencher| {
        bencher.iter(|| serde_json::from_str::<ClientMessage>(black_box(&text)).unwrap());
    });
    group.bench_function("signature verified", |bencher| {
        bencher.iter(|| {
            let signature = black_box(hello.signature.as_slice());
            assert!(hello_is_signed(signing_key.as_slice(), &nonce, device.id, signature));
        });
    });
    group.finish();
}
