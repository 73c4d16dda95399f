//! The HTTP interface of the real server, asked by users and by attackers.
//! Comments name the case of abuse that a test carries out.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

#[path = "../support/mod.rs"]
mod support;

mod crowd;
mod history;
mod input;
mod login;
mod operators;
mod origins;
mod second_factor;
mod sessions;
mod sites;
mod vendor;
mod vendor_keys;
