//! Real servers for tests, each a private process on a free port of this machine: what the tests speak to is what
//! production speaks to. A server that the machine itself runs is left alone.
//!
//! They can be hurt like in life: killed, restarted, frozen, cut off. When the test's process ends, however it ends, they
//! end too.
//!
//! `scripts/prepare` installs the programs. Whatever is missing is said by a panic that names it.

#![allow(clippy::expect_used, clippy::unwrap_used, reason = "a test that cannot have its servers has failed")]
#![allow(clippy::missing_panics_doc, reason = "everything here panics when it does not work")]

mod certificates;
pub mod kms;
mod leash;
mod link;
mod postgres;
mod redis;
mod smtp;
mod vendor;

pub use certificates::{Authority, Issued};
pub use kms::Kms;
pub use leash::{Leashed, await_port, free_port, program, python};
pub use link::Link;
pub use postgres::Postgres;
pub use redis::{Redis, RedisCluster};
pub use smtp::{Misdeed, Protection, Smtp};
pub use vendor::Vendor;
