//! A connection's bytes, in the clear or through TLS. No buffer of its own; TLS has one, which its records need.

use std::{
    cell::RefCell,
    io,
    net::Shutdown,
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
    Plain(TcpStream),
    /// Boxed: a plain connection does not carry the room of a session.
    Tls(Box<RefCell<TlsStream<TcpStream>>>),
}

impl Wire {
    /// Reads what is there; 0 is the end.
    pub(super) fn poll_read(&self, task: &mut Context<'_>, scratch: &mut [u8]) -> Poll<io::Result<usize>> {
        match self {
            Self::Plain(io) => loop {
                match io.try_read(scratch) {
                    Err(error) if error.kind() == io::ErrorKind::WouldBlock => ready!(io.poll_read_ready(task))?,
                    read => return Poll::Ready(read),
                }
            },
            Self::Tls(io) => {
                let mut buffer = ReadBuf::new(scratch);
                ready!(Pin::new(&mut *io.borrow_mut()).poll_read(task, &mut buffer))?;
                Poll::Ready(Ok(buffer.filled().len()))
            }
        }
    }

    pub(super) fn poll_write(&self, task: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        match self {
            Self::Plain(io) => loop {
                match io.try_write(bytes) {
                    Err(error) if error.kind() == io::ErrorKind::WouldBlock => ready!(io.poll_write_ready(task))?,
                    written => return Poll::Ready(written),
                }
            },
            Self::Tls(io) => Pin::new(&mut *io.borrow_mut()).poll_write(task, bytes),
        }
    }

    /// Ready when everything that was written has left for the kernel.
    pub(super) fn poll_flush(&self, task: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self {
            Self::Plain(_) => Poll::Ready(Ok(())),
            Self::Tls(io) => Pin::new(&mut *io.borrow_mut()).poll_flush(task),
        }
    }

    /// Says that nothing more comes from here.
    pub(super) fn hang_up(&self, task: &mut Context<'_>) -> io::Result<()> {
        match self {
            Self::Plain(io) => SockRef::from(io).shutdown(Shutdown::Write),
            // Pending: the last record waits for a peer that does not read, and who hangs up does not wait for it.
            Self::Tls(io) => match Pin::new(&mut *io.borrow_mut()).poll_shutdown(task) {
                Poll::Ready(done) => done,
                Poll::Pending => Ok(()),
            },
        }
    }

    /// Makes the kernel let go of its buffers at once when this is dropped; the peer sees a reset.
    pub(super) fn cut(&self) {
        let reset = |io: &TcpStream| SockRef::from(io).set_linger(Some(Duration::ZERO)).ok();
        match self {
            Self::Plain(io) => reset(io),
            Self::Tls(io) => reset(io.borrow().get_ref().0),
        };
    }
}

impl From<TcpStream> for Wire {
    fn from(io: TcpStream) -> Self {
        Self::Plain(io)
    }
}

impl From<TlsStream<TcpStream>> for Wire {
    fn from(io: TlsStream<TcpStream>) -> Self {
        Self::Tls(Box::new(RefCell::new(io)))
    }
}
