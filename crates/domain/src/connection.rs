//! One socket's conversation, decided. Before and after `hello` are two types: what may be said to a stranger and what to a
//! device cannot be mixed up.
//!
//! Owns: which message is allowed when, every deadline, the order in which things are sent. Never: sends, reads, waits, or
//! asks what time it is; it is told, and answers with [`Effect`]s.

mod identified;
mod rate;
mod retrieval;
mod terms;
mod unidentified;
mod writing;

pub use identified::Identified;
pub use terms::{Effect, Input, Moment, News, Retrieved, Standing, Start, VaultRefusal, Write, WriteRefusal};
pub use unidentified::Unidentified;

use std::time::Duration;

use keyleash_protocol::limits::CREDENTIALS_PER_USER_MAX;

/// A frame on its way into the kernel for this long means that the peer does not read: it is cut, comes back and catches up.
pub const JAM_MAX: Duration = Duration::from_secs(10);
/// A revoked device gets this long to wipe and to say so.
pub const RECEIPT_MAX: Duration = Duration::from_secs(5);
/// Answers that wait for a peer to read; more of its messages are not taken in meanwhile.
pub const REPLIES_MAX: usize = 4;
/// Pause before the store or the vault is asked again after it failed.
pub const RETRY_PAUSE: Duration = Duration::from_secs(1);
/// Messages that a peer may send at once: an import of as many credentials as a user may have, each with its ack.
pub const MESSAGES_BURST: u32 = 4_000;
const _: () = assert!(MESSAGES_BURST as usize >= 2 * CREDENTIALS_PER_USER_MAX);
/// Messages per second that it may send for ever.
pub const MESSAGES_PER_SECOND: u32 = 100;

/// Silence after which the peer is taken for gone, as a multiple of the heartbeat: one lost, and half of the next. A peer
/// that is there but leaves a page unacknowledged for as long is stuck.
pub fn silence_max(heartbeat: Duration) -> Duration {
    heartbeat * 5 / 2
}
