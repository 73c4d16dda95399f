//! The decisions of Keyleash: (state, input, now) in, effects out.
//!
//! Invariant: nothing here does I/O, asks a clock, or makes randomness; this crate's `Cargo.toml` could not if it wanted.
//! So every interleaving can be simulated.

pub mod agent;
pub mod attempts;
pub mod balance;
pub mod catch_up;
pub mod claims;
pub mod connection;
pub mod device;
pub mod fan_out;
pub mod login;
pub mod origin;
pub mod outbox;
pub mod peer;
pub mod place;
pub mod retrieval;
pub mod text;
pub mod totp;
