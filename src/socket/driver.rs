//! Moves bytes between the raw stream and the actor's context. Has no buffer of its own: it reads into one scratch per
//! thread and writes the chunks that the context gives. The context is polled also while the peer is jammed, and is told
//! how much is unsent, so that its timers never freeze and it can keep to its outbox.

use std::{
    cell::RefCell,
    future::Future,
    io,
    pin::Pin,
    rc::Rc,
    task::{Context, Poll},
    time::Duration,
};

use actix_web::Error;
use bytes::{Buf, Bytes, BytesMut};
use futures_core::Stream;
use tokio::time::{Sleep, sleep};

use super::wire::Wire;
use crate::actors::{Link, OpenSocket};

/// Read at once; larger than the largest frame of a credential, small enough to stay in the cache.
const SCRATCH_BYTES: usize = 16 * 1024;
/// How long the last words may take to leave, and the peer to hang up after them.
const FAREWELL_MAX: Duration = Duration::from_secs(1);

thread_local! {
    static SCRATCH: RefCell<Box<[u8]>> = RefCell::new(vec![0; SCRATCH_BYTES].into());
}

pub(super) fn with_scratch<T>(read: impl FnOnce(&mut [u8]) -> T) -> T {
    SCRATCH.with_borrow_mut(|scratch| read(scratch))
}

/// One socket's life after the upgrade; spawned, and done when the socket is closed.
pub(super) struct Driver<S> {
    io: Rc<Wire>,
    context: S,
    link: Rc<Link>,
    unsent: Bytes,
    stage: Stage,
    _count: OpenSocket,
}

enum Stage {
    /// The answer to the upgrade waits for the context's first words: both leave together.
    Opening,
    Open,
    /// The context is done; its last words leave.
    Farewell(Pin<Box<Sleep>>),
    /// Everything left. Hanging up now would take back what the peer has not read (RFC 6455, 7.1.1), so it goes first.
    HangingUp(Pin<Box<Sleep>>),
}

impl<S: Stream<Item = Result<Bytes, Error>> + Unpin> Driver<S> {
    /// `answer` is what the peer gets before anything of the context's.
    pub(super) fn new(io: Rc<Wire>, answer: Bytes, context: S, link: Rc<Link>, count: OpenSocket) -> Self {
        Self { io, context, link, unsent: answer, stage: Stage::Opening, _count: count }
    }

    /// Writes what the network takes.
    fn write(&mut self, task: &mut Context<'_>) -> io::Result<()> {
        while !self.unsent.is_empty() {
            match self.io.poll_write(task, &self.unsent) {
                Poll::Ready(written) => self.unsent.advance(written?),
                Poll::Pending => break,
            }
        }
        if self.unsent.is_empty() {
            // Lets go of the chunk's memory.
            self.unsent = Bytes::new();
        }
        let under_way = match self.io.poll_flush(task) {
            Poll::Ready(flushed) => flushed.map(|()| 0)?,
            Poll::Pending => 1,
        };
        self.link.set_unsent(self.unsent.len() + under_way);
        Ok(())
    }

    fn queue(&mut self, chunk: Bytes) {
        if self.unsent.is_empty() {
            self.unsent = chunk;
        } else {
            let mut both = BytesMut::from(&self.unsent[..]);
            both.extend_from_slice(&chunk);
            self.unsent = both.freeze();
        }
    }

    /// Reads and forgets. `true`: the peer hung up.
    fn discard(&self, task: &mut Context<'_>) -> bool {
        loop {
            match with_scratch(|scratch| self.io.poll_read(task, scratch)) {
                Poll::Pending => return false,
                Poll::Ready(Ok(0) | Err(_)) => return true,
                Poll::Ready(Ok(_)) => {}
            }
        }
    }

    fn cut(&self) -> Poll<()> {
        self.io.cut();
        Poll::Ready(())
    }
}

impl<S: Stream<Item = Result<Bytes, Error>> + Unpin> Future for Driver<S> {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, task: &mut Context<'_>) -> Poll<()> {
        let this = &mut *self;
        this.link.register(task);
        loop {
            let is_opening = matches!(this.stage, Stage::Opening);
            if this.link.is_cut() || (!is_opening && this.write(task).is_err()) {
                return this.cut();
            }
            match &mut this.stage {
                Stage::Opening | Stage::Open => match Pin::new(&mut this.context).poll_next(task) {
                    Poll::Ready(Some(Ok(chunk))) => {
                        this.queue(chunk);
                        this.stage = Stage::Open;
                    }
                    Poll::Ready(Some(Err(_)) | None) => this.stage = Stage::Farewell(Box::pin(sleep(FAREWELL_MAX))),
                    Poll::Pending if is_opening => this.stage = Stage::Open,
                    Poll::Pending => return Poll::Pending,
                },
                Stage::Farewell(deadline) => {
                    if this.link.is_writable() {
                        if this.io.hang_up(task).is_err() {
                            return Poll::Ready(());
                        }
                        this.stage = Stage::HangingUp(Box::pin(sleep(FAREWELL_MAX)));
                    } else if deadline.as_mut().poll(task).is_ready() {
                        return this.cut();
                    } else {
                        return Poll::Pending;
                    }
                }
                Stage::HangingUp(deadline) => {
                    let over = deadline.as_mut().poll(task).is_ready();
                    return if this.discard(task) || over { Poll::Ready(()) } else { Poll::Pending };
                }
            }
        }
    }
}
