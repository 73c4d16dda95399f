//! What a device's actor and the driver of its socket share: they live on one thread, in one task.

use std::{
    cell::Cell,
    fmt,
    task::{Context, Waker},
};

use bytes::Bytes;
use bytestring::ByteString;
use keyleash_protocol::CloseCode;

/// What comes out of a socket.
#[derive(Debug)]
pub enum Inbound {
    Text(ByteString),
    Ping(Bytes),
    Pong,
    /// The peer says goodbye.
    Close,
    /// The peer broke the rules of framing; nothing more comes.
    Violation(CloseCode),
    /// What was sent has left for the network.
    Writable,
}

/// Flags between the actor and the driver.
#[derive(Default)]
pub struct Link {
    unsent: Cell<usize>,
    drained: Cell<bool>,
    paused: Cell<bool>,
    cut: Cell<bool>,
    waker: Cell<Option<Waker>>,
}

impl Link {
    /// Whether everything that was sent has left for the network.
    pub fn is_writable(&self) -> bool {
        self.unsent.get() == 0
    }

    /// Takes in no more of the peer's messages, or goes on.
    pub fn pause(&self, paused: bool) {
        if self.paused.replace(paused) && !paused {
            self.wake();
        }
    }

    /// Drops the connection at once, unsent bytes and all.
    pub fn cut(&self) {
        self.cut.set(true);
        self.wake();
    }

    /// For the driver: how many bytes wait for the peer to read.
    pub fn set_unsent(&self, bytes: usize) {
        if self.unsent.replace(bytes) > 0 && bytes == 0 {
            self.drained.set(true);
        }
    }

    /// For the decoder: whether [`Inbound::Writable`] is due, once.
    pub fn take_drained(&self) -> bool {
        self.drained.take()
    }

    pub fn is_paused(&self) -> bool {
        self.paused.get()
    }

    pub fn is_cut(&self) -> bool {
        self.cut.get()
    }

    /// Remembers the task that drives this socket.
    pub fn register(&self, task: &Context<'_>) {
        self.waker.set(Some(task.waker().clone()));
    }

    fn wake(&self) {
        if let Some(waker) = self.waker.take() {
            waker.wake();
        }
    }
}

impl fmt::Debug for Link {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Link({} unsent)", self.unsent.get())
    }
}
