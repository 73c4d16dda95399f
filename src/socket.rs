//! How a socket comes to be, and how its bytes move. Taken over from HTTP/1, because a `WebsocketContext` that is polled as
//! a response body freezes when its peer jams and buffers without a limit (docs/adr).
//!
//! Owns: the upgrade, frames, counting. Never: what a message means.

mod certificates;
mod decoder;
mod driver;
mod route;
mod server;
mod takeover;
mod wire;

pub use certificates::{CertificateError, Certificates};
pub use route::{Gate, SocketRoute, open};
pub use server::{listen, serve};
