//! A stranger: somebody with a session who has not proved which device this is.

use std::time::{Duration, Instant};

use keyleash_protocol::{
    CloseCode,
    limits::HELLO_DEADLINE_MS,
    socket::{ClientMessage, Hello},
};

/// Knows one word, `hello`, and has until the deadline to say it.
#[derive(Clone, Copy, Debug)]
pub struct Unidentified {
    deadline: Instant,
}

impl Unidentified {
    pub const PATIENCE: Duration = Duration::from_millis(HELLO_DEADLINE_MS);

    pub fn new(now: Instant) -> Self {
        Self { deadline: now + Self::PATIENCE }
    }

    pub fn hear(self, message: ClientMessage, now: Instant) -> Result<Hello, CloseCode> {
        self.check(now)?;
        match message {
            ClientMessage::Hello(hello) => Ok(hello),
            ClientMessage::Ack { .. }
            | ClientMessage::Put { .. }
            | ClientMessage::Delete { .. }
            | ClientMessage::Retrieve { .. }
            | ClientMessage::Receipt { .. } => Err(CloseCode::ProtocolError),
        }
    }

    pub fn check(self, now: Instant) -> Result<(), CloseCode> {
        if now < self.deadline { Ok(()) } else { Err(CloseCode::HelloLate) }
    }
}
