//! The HTTP server with the hook in it. Like `HttpServer`, but with an upgrade service, for which that has no place.

use std::{
    fmt, io,
    net::{SocketAddr, TcpListener},
    rc::Rc,
    sync::Arc,
    time::Duration,
};

use actix_codec::Framed;
use actix_http::{HttpService, Request, Response, body::MessageBody, h1::Codec};
use actix_rt::net::ActixStream;
use actix_server::Server;
use actix_service::{
    IntoServiceFactory, Service, ServiceFactory,
    boxed::{self, BoxService},
    fn_factory, fn_service, map_config,
};
use actix_tls::accept::rustls_0_23::TlsStream;
use actix_web::{Error, dev::AppConfig};
use futures_core::future::LocalBoxFuture;
use socket2::{Domain, SockRef, Socket, Type};
use tokio::net::TcpStream;

use super::{certificates::Certificates, takeover::upgraded, wire::Wire};

/// Connections that may wait to be accepted: a node's worth of devices that all reconnect at once queue here, not nowhere.
const BACKLOG: i32 = 4_096;
/// Unacknowledged bytes for this long mean that the peer is gone; the kernel then ends the connection.
const TCP_USER_TIMEOUT: Duration = Duration::from_secs(45);
/// A request's head is due within this time of connecting.
const REQUEST_HEAD_MAX: Duration = Duration::from_secs(5);
/// Requests under way may finish for this long when the server stops.
const STOP_MAX_SECONDS: u64 = 5;

/// Listens. Port 0 takes a free one.
pub fn listen(address: SocketAddr) -> io::Result<TcpListener> {
    let socket = Socket::new(Domain::for_address(address), Type::STREAM, None)?;
    // A server that was killed may come back at once.
    socket.set_reuse_address(true)?;
    socket.bind(&address.into())?;
    socket.listen(BACKLOG)?;
    Ok(socket.into())
}

/// Serves the application on `workers` threads (0: one for each core), through TLS if there are certificates. Its routes and
/// middleware see every request, upgrades too. There are two instances of it on each thread: what they share has to live
/// outside of `app`.
///
/// Does not listen for signals: whoever calls this drains the sockets first and then stops the server.
pub fn serve<F, I, S, B>(
    listener: TcpListener,
    workers: usize,
    certificates: Option<&Arc<Certificates>>,
    app: F,
) -> io::Result<Server>
where
    F: Fn() -> I + Send + Clone + 'static,
    I: IntoServiceFactory<S, Request>,
    S: ServiceFactory<Request, Config = AppConfig, Error = Error> + 'static,
    S::InitError: fmt::Debug,
    S::Response: Into<Response<B>> + 'static,
    <S::Service as Service<Request>>::Future: 'static,
    S::Service: 'static,
    B: MessageBody + 'static,
{
    let mut server = Server::build().disable_signals().shutdown_timeout(STOP_MAX_SECONDS);
    if workers > 0 {
        server = server.workers(workers);
    }
    let app = move || map_config(app().into_factory(), |()| AppConfig::default());
    let server = match certificates {
        None => server.listen("http", listener, move || {
            HttpService::build()
                .client_request_timeout(REQUEST_HEAD_MAX)
                .on_connect_ext(|io: &TcpStream, _| prepare(io))
                .upgrade(fn_factory(upgrades(app.clone())))
                .h1(app())
                .tcp()
        })?,
        Some(certificates) => {
            let config = certificates.server_config().map_err(io::Error::other)?;
            server.listen("https", listener, move || {
                HttpService::build()
                    .client_request_timeout(REQUEST_HEAD_MAX)
                    .on_connect_ext(|io: &TlsStream<TcpStream>, _| prepare(io.get_ref().0))
                    .upgrade(fn_factory(upgrades(app.clone())))
                    .h1(app())
                    .rustls_0_23(config.clone())
            })?
        }
    };
    Ok(server.run())
}

/// Makes the services that answer requests for an upgrade, on connections of either kind.
fn upgrades<T, S, B>(app: impl Fn() -> S) -> impl Fn() -> LocalBoxFuture<'static, Result<Upgrades<T>, ()>>
where
    T: ActixStream + Into<Wire> + 'static,
    S: ServiceFactory<Request, Config = (), Error = Error> + 'static,
    S::InitError: fmt::Debug,
    S::Response: Into<Response<B>> + 'static,
    <S::Service as Service<Request>>::Future: 'static,
    S::Service: 'static,
    B: MessageBody + 'static,
{
    move || {
        let starting = app().new_service(());
        Box::pin(async move {
            let app = Rc::new(starting.await.map_err(|error| tracing::error!(?error, "no upgrades"))?);
            Ok(boxed::service(fn_service(move |upgrade| upgraded(app.clone(), upgrade))))
        })
    }
}

type Upgrades<T> = BoxService<(Request, Framed<T, Codec>), (), Error>;

fn prepare(io: &TcpStream) {
    let socket = SockRef::from(io);
    let prepared = socket.set_tcp_nodelay(true).and_then(|()| socket.set_tcp_user_timeout(Some(TCP_USER_TIMEOUT)));
    if let Err(error) = prepared {
        tracing::debug!(%error, "a connection keeps the system's settings");
    }
}
