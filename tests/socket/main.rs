//! The socket of the real server, used by devices and by attackers. Comments name the case of abuse that a test carries
//! out; where a figure is of interest it is printed.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

#[path = "../support/mod.rs"]
mod support;

#[path = "../support/browser.rs"]
mod browser;
mod durable;
mod frames;
mod hello;
mod leaving;
mod patience;
mod picking;
mod removal;
mod sync;
mod tls;
mod upgrade;
