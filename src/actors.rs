//! Who receives, asks and carries out. Decisions are made in `keyleash_domain`.
//!
//! `Directory` (one per node) finds the `UserActor` (one per user with a live device here), which watches its user and
//! tells each `DeviceActor` (one per socket), which speaks to its device. Nothing here waits on an actor's thread, and
//! nothing here sees a plaintext credential.

mod activity;
mod asking;
mod budget;
mod device;
mod directory;
mod hello;
mod lease;
pub mod limits;
mod link;
mod look;
mod presence;
mod strangers;
mod sweep;
mod user;

pub use device::{Caller, DeviceActor};
pub use directory::{Directory, LiveDevice, OpenSocket, Ports, Settings};
pub use link::{Inbound, Link};
pub use strangers::Stranger;
