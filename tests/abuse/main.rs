//! Attacks on the real server, by cases of abuse (docs/security.md). What is tried here goes over HTTP; what needs frames
//! is in `tests/socket`, what needs a clock of its own in `tests/ageing.rs`, what needs to reach into the vault in
//! `tests/vault`.

#![expect(clippy::unwrap_used, clippy::expect_used, reason = "a test that cannot go on has failed")]

#[path = "../support/mod.rs"]
mod support;

mod canaries;
mod documented;
mod doors;
mod keys;
mod links;
mod logging;
mod mailbox;
mod people;
mod victim;
