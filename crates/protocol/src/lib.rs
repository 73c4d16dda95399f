//! What goes over the wire.
//!
//! Owns: ids, the messages of the socket, the bodies of the HTTP interface, close codes, problem codes, the exact byte
//! strings that are signed and sealed, and the lines by which load tests have users made. Shared by the server, the load
//! tester and, generated, the TypeScript client. Never: decides anything, or does I/O.

pub mod bytes;
pub mod close;
pub mod crowd;
pub mod http;
pub mod ids;
pub mod limits;
pub mod problem;
pub mod sensitive;
pub mod socket;
pub mod transcript;
pub mod units;

pub use bytes::{Base64Url, SealedBox};
pub use close::CloseCode;
pub use ids::{CredentialId, DeviceId, EventId, NodeId, SessionId, UserId};
pub use problem::ProblemCode;
pub use sensitive::Sensitive;
pub use units::{Epoch, Seq, UnixMillis, Version};
