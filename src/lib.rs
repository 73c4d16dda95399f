//! One node of Keyleash.
//!
//! How a removal travels: [`http`] hears "remove this device" and checks the second factor with [`identity`]; [`store`]
//! takes away the device's unlock key and counts the change in one transaction; [`bus`] hints "this user is now at
//! seq N"; the user's actor in [`actors`] reads what changed and tells the device's actor, which sends `revoked` through
//! [`socket`] before anything else. If any of that is lost, the key is gone all the same: [`vault`] finds no key to seal.
//!
//! Who may import whom: `keyleash_domain` decides and imports only the protocol. The ports (`store`, `bus`, `mail`, `kms`,
//! `vault`: traits and their types) import the domain. Adapters, the modules below a port, import their own port.
//! `identity` and `vault`'s adapter import ports; `actors` import ports; `http` and `socket` import actor handles,
//! `identity` and ports, and never each other. [`startup`] alone names concrete adapters. `tests/house.rs` checks this.

pub mod actors;
mod aead;
pub mod bus;
pub mod causes;
pub mod clock;
pub mod config;
pub mod device_keys;
pub mod entropy;
pub mod http;
pub mod identity;
pub mod jwks;
pub mod kms;
pub mod mail;
pub mod socket;
pub mod startup;
pub mod store;
pub mod telemetry;
pub mod vault;
