//! The route `/api/v1/socket`: who may open one, and what happens to the stream of who may.

use std::{fmt::Debug, rc::Rc, sync::Arc};

use actix::AsyncContext;
use actix_codec::Encoder;
use actix_http::ws::Codec;
use actix_web::{HttpRequest, HttpResponse, http::header, web};
use actix_web_actors::ws::{self, CloseReason, WebsocketContext, handshake_with_protocols};
use async_trait::async_trait;
use bytes::BytesMut;
use futures_util::stream;
use keyleash_domain::origin::AllowedOrigins;
use keyleash_protocol::{CloseCode, ProblemCode, problem::Problem, socket::SUBPROTOCOL};

use super::{
    decoder::Decoder,
    driver::Driver,
    takeover::{Taken, take_over},
};
use crate::{
    actors::{Caller, DeviceActor, Directory, Link, OpenSocket, Stranger},
    telemetry::FIGURES,
};

/// Knows who makes a request.
#[async_trait(?Send)]
pub trait Gate: Debug + Send + Sync {
    /// The caller, by the request's session; or the refusal to answer with.
    async fn admit(&self, request: &HttpRequest) -> Result<Caller, HttpResponse>;
}

/// What the route needs, to be given to the application as data.
#[derive(Debug)]
pub struct SocketRoute {
    pub directory: Directory,
    pub gate: Arc<dyn Gate>,
    pub origins: AllowedOrigins,
}

/// Answers `GET /api/v1/socket`.
pub async fn open(request: HttpRequest, route: web::Data<SocketRoute>) -> HttpResponse {
    let origin = request.headers().get(header::ORIGIN).and_then(|origin| origin.to_str().ok());
    if !route.origins.allows(origin) {
        return refuse(ProblemCode::OriginRefused, "this page's origin is not one of those that may open the socket");
    }
    let caller = match route.gate.admit(&request).await {
        Ok(caller) => caller,
        Err(refusal) => return refusal,
    };
    if route.directory.is_draining() {
        return refuse(ProblemCode::Unavailable, "this node is leaving; try again");
    }
    let response = match handshake_with_protocols(&request, &[SUBPROTOCOL]) {
        Ok(mut response) => response.finish(),
        Err(error) => return HttpResponse::from_error(error),
    };
    let count = route.directory.open_socket();
    // A browser cannot see why an upgrade was refused; a close code it can.
    if !response.headers().contains_key(header::SEC_WEBSOCKET_PROTOCOL) {
        return take_over(response, |taken| say_goodbye(taken, CloseCode::UnsupportedVersion, count));
    }
    match route.directory.admit_stranger(caller.address) {
        Some(stranger) => {
            let directory = route.directory.clone();
            take_over(response, move |taken| start(taken, &directory, caller, stranger, count))
        }
        None => take_over(response, |taken| say_goodbye(taken, CloseCode::TooManySockets, count)),
    }
}

/// Starts the device's actor on the raw stream.
fn start(taken: Taken, directory: &Directory, caller: Caller, stranger: Stranger, count: OpenSocket) {
    let Taken { io, answer, first } = taken;
    let (io, link) = (Rc::new(io), Rc::new(Link::default()));
    let actor = DeviceActor::new(directory, caller, stranger, link.clone());
    let decoder = Decoder::new(io.clone(), link.clone(), first);
    let context = WebsocketContext::with_factory(stream::pending(), move |ctx: &mut WebsocketContext<DeviceActor>| {
        ctx.add_stream(decoder);
        actor
    });
    actix_rt::spawn(Driver::new(io, answer, context, link, count));
}

fn say_goodbye(Taken { io, answer, .. }: Taken, code: CloseCode, count: OpenSocket) {
    FIGURES.closed(code);
    let mut frame = BytesMut::new();
    let reason = CloseReason { code: ws::CloseCode::Other(code.code()), description: Some(code.slug().into()) };
    let encoded = Codec::new().encode(ws::Message::Close(Some(reason)), &mut frame);
    let last_words = encoded.map(|()| frame.freeze()).map_err(Into::into);
    let context = stream::iter([last_words]);
    actix_rt::spawn(Driver::new(Rc::new(io), answer, context, Rc::new(Link::default()), count));
}

fn refuse(code: ProblemCode, detail: &str) -> HttpResponse {
    let status = actix_web::http::StatusCode::from_u16(code.status());
    let problem = Problem {
        code,
        status: code.status(),
        title: code.title().to_owned(),
        detail: detail.to_owned(),
        field: None,
        retry_after: None,
        reason: None,
    };
    HttpResponse::build(status.unwrap_or_default()).content_type("application/problem+json").json(problem)
}
