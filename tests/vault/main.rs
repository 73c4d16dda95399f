//! The vault on the real database and the real key file, met by a device that is written from the contract alone.

#![expect(clippy::unwrap_used, reason = "a test that cannot prepare its case has failed")]

mod boxes;
mod data_keys;
mod device;
mod house;
mod pages;
mod picking;
mod removal;
mod rewrap;
mod swaps;
