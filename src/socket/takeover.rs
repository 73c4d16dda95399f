//! The hook: every request that asks for an upgrade comes here. The application answers it, through its middleware; an
//! answer that carries a [`TakeOver`] is handed over with the raw stream, to leave with the first words; any other is sent
//! and that was it.

use std::{cell::Cell, fmt, io, rc::Rc, time::Duration};

use actix_codec::Framed;
use actix_http::{
    Request, Response,
    body::{BodySize, MessageBody, to_bytes},
    h1::{Codec, Message},
};
use actix_rt::net::ActixStream;
use actix_service::Service;
use actix_web::{Error, HttpResponse, error::ErrorInternalServerError};
use bytes::{Bytes, BytesMut};
use futures_util::SinkExt;
use tokio::time::timeout;

use super::wire::Wire;

/// How long a peer may take to read an ordinary answer.
const ANSWER_MAX: Duration = Duration::from_secs(30);

/// What becomes of the stream.
type Continuation = Box<dyn FnOnce(Taken)>;

/// A stream that was taken over.
pub(super) struct Taken {
    pub(super) io: Wire,
    /// The answer to the upgrade, not sent yet.
    pub(super) answer: Bytes,
    /// What the peer sent along with its request.
    pub(super) first: Bytes,
}

/// Left in a response by a handler that wants the raw stream, and sends the response itself.
#[derive(Clone)]
struct TakeOver(Rc<Cell<Option<Continuation>>>);

impl fmt::Debug for TakeOver {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("TakeOver")
    }
}

/// Marks a `101` so that its stream is handed to `continuation`.
pub(super) fn take_over(mut response: HttpResponse, continuation: impl FnOnce(Taken) + 'static) -> HttpResponse {
    response.extensions_mut().insert(TakeOver(Rc::new(Cell::new(Some(Box::new(continuation))))));
    response
}

/// Answers one request that asks for an upgrade.
pub(super) async fn upgraded<T, S, B>(
    app: Rc<S>,
    (request, mut framed): (Request, Framed<T, Codec>),
) -> Result<(), Error>
where
    T: ActixStream + Into<Wire>,
    S: Service<Request, Error = Error>,
    S::Response: Into<Response<B>>,
    B: MessageBody,
{
    let response: Response<B> = app.call(request).await?.into();
    let continuation = response.extensions().get::<TakeOver>().and_then(|taken| taken.0.take());
    let (head, body) = response.into_parts();
    let Some(continuation) = continuation else {
        let body = to_bytes(body).await.map_err(|_| ErrorInternalServerError("the answer's body broke off"))?;
        return timeout(ANSWER_MAX, send(&mut framed, head, body)).await.map_err(io::Error::from)?.map_err(Error::from);
    };
    framed.feed(Message::Item((head, BodySize::None))).await?;
    let parts = framed.into_parts();
    // Copies, so that the connection's 8 KiB buffers are not kept alive by a few bytes of them.
    let copy = |buffer: &BytesMut| Bytes::copy_from_slice(buffer);
    continuation(Taken { answer: copy(&parts.write_buf), first: copy(&parts.read_buf), io: parts.io.into() });
    Ok(())
}

/// An ordinary answer to a request that asked for an upgrade.
async fn send<T: ActixStream>(framed: &mut Framed<T, Codec>, head: Response<()>, body: Bytes) -> io::Result<()> {
    framed.send(Message::Item((head, BodySize::Sized(body.len() as u64)))).await?;
    if !body.is_empty() {
        framed.send(Message::Chunk(Some(body))).await?;
    }
    framed.send(Message::Chunk(None)).await
}
