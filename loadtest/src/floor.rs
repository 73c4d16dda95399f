//! The floor: what sockets and frames cost on this machine without anything of Keyleash's. It is measured in the same call,
//! and figures are quoted as ratios to it, because two runs on a busy machine differ by more than two programs do.

mod client;
mod server;

pub use self::{
    client::{COMMAND, Floor, FloorError, Handshakes, Pushes},
    server::serve,
};
