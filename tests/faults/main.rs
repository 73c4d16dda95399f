//! What has to hold when a part fails: real nodes, real parts, hurt on purpose.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

#[path = "../support/browser.rs"]
mod browser;
#[path = "../support/crowd.rs"]
mod crowd;
#[path = "../support/site.rs"]
mod site;
#[path = "../support/mod.rs"]
mod support;

mod balancer;
mod clock;
mod kms;
mod limits;
mod postgres;
mod presence;
mod redis;
mod restored;
mod roaming;
mod rolling;
mod smtp;
mod start;
mod together;
