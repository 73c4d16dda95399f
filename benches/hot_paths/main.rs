//! What is done for every hello, put and delivery, each by itself: `cargo bench --bench hot_paths [NAME]`.
//!
//! Prints; asserts nothing. Times of two machines, or of two runs on a busy one, differ by a factor of two: compare what one
//! run printed. What the parts make together is measured by `loadtest`, and by `cargo bench --bench unit_costs`.

#![expect(clippy::unwrap_used, reason = "a benchmark that cannot go on has failed")]

mod boxes;
mod catch_up;
#[path = "../../tests/support/crowd.rs"]
mod crowd;
mod decisions;
mod desk;
mod hello;
mod json;
#[path = "../../tests/support/mod.rs"]
mod support;

use std::time::Duration;

use criterion::{Criterion, criterion_group, criterion_main};

criterion_group! {
    name = hot_paths;
    // A median that is good to a few percent; all of it takes two minutes.
    config = Criterion::default()
        .sample_size(30)
        .warm_up_time(Duration::from_millis(500))
        .measurement_time(Duration::from_secs(2));
    targets = boxes::measure, hello::measure, decisions::measure, json::measure, catch_up::measure
}
criterion_main!(hot_paths);
