//! A connection's bytes, in the clear or through TLS. No buffer of its own; TLS has one, which its records need.

use std::{
    cell::RefCell,
    io,
    pin::Pin,
    task::{Context, Poll, ready},
    time::Duration,
};

use actix_tls::accept::rustls_0_23::TlsStream;
use socket2::SockRef;
use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    net::TcpStream,
};

pub(super) enum Wire {
    Plain(RefCell<TcpStream>),
    /// Boxed: a plain connection does not carry the room of a session.
    Tls(Box<RefCell<TlsStream<TcpStream>>>),
}

/// What tokio does with either kind of stream.
macro_rules! either {
    ($wire:expr, $io:ident => $done:expr) => {
        match $wire {
            Wire::Plain(io) => {
                let mut io = io.borrow_mut();
                let $io = Pin::new(&mut *io);
                $done
            }
            Wire::Tls(io) => {
                let mut io = io.borrow_mut();
                let $io = Pin::new(&mut *io);
                $done
            }
        }
    };
}

impl Wire {
    /// Reads what is there; 0 is the end. After less than fits, nothing more was there: the next read waits without asking
    /// the kernel again.
    pub(super) fn poll_read(&self, task: &mut Context<'_>, scratch: &mut [u8]) -> Poll<io::Result<usize>> {
        let mut buffer = ReadBuf::new(scratch);
        ready!(either!(self, io => io.poll_read(task, &mut buffer)))?;
        Poll::Ready(Ok(buffer.filled().len()))
    }

    pub(super) fn poll_write(&self, task: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        either!(self, io => io.poll_write(task, bytes))
    }

    /// Ready when everything that was written has left for the kernel.
    pub(super) fn poll_flush(&self, task: &mut Context<'_>) -> Poll<io::Result<()>> {
        either!(self, io => io.poll_flush(task))
    }

    /// Says that nothing more comes from here.
    pub(super) fn hang_up(&self, task: &mut Context<'_>) -> io::Result<()> {
        match either!(self, io => io.poll_shutdown(task)) {
            Poll::Ready(done) => done,
            // TLS: the last record waits for a peer that does not read, and who hangs up does not wait for it.
            Poll::Pending => Ok(()),
        }
    }

    /// Makes the kernel let go of its buffers at once when this is dropped; the peer sees a reset.
    pub(super) fn cut(&self) {
        let reset = |io: &TcpStream| SockRef::from(io).set_linger(Some(Duration::ZERO)).ok();
        match self {
            Self::Plain(io) => reset(&io.borrow()),
            Self::Tls(io) => reset(io.borrow().get_ref().0),
        };
    }
}

impl From<TcpStream> for Wire {
    fn from(io: TcpStream) -> Self {
        Self::Plain(RefCell::new(io))
    }
}

impl From<TlsStream<TcpStream>> for Wire {
    fn from(io: TlsStream<TcpStream>) -> Self {
        Self::Tls(Box::new(RefCell::new(io)))
    }
}
