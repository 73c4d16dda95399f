//! The HTTP server with the hook in it. Like `HttpServer`, but with an upgrade service, for which that has no place.

use std::{
    fmt, io,
    net::{SocketAddr, TcpListener},
    rc::Rc,
    time::Duration,
};

use actix_http::{HttpService, Request, Response, body::MessageBody};
use actix_server::Server;
use actix_service::{IntoServiceFactory, Service, ServiceFactory, fn_factory, fn_service, map_config};
use actix_web::{Error, dev::AppConfig};
use socket2::{Domain, SockRef, Socket, Type};
use tokio::net::TcpStream;

use super::takeover::upgraded;

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

/// Serves the application on `workers` threads (0: one for each core). Its routes and middleware see every request,
/// upgrades too. There are two instances of it on each thread: what they share has to live outside of `app`.
///
/// Does not listen for signals: whoever calls this drains the sockets first and then stops the server.
pub fn serve<F, I, S, B>(listener: TcpListener, workers: usize, app: F) -> io::Result<Server>
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
    let server = server.listen("http", listener, move || {
        let service = {
            let app = app.clone();
            move || map_config(app().into_factory(), |()| AppConfig::default())
        };
        let for_upgrades = service.clone();
        HttpService::build()
            .client_request_timeout(REQUEST_HEAD_MAX)
            .on_connect_ext(|io: &TcpStream, _| prepare(io))
            .upgrade(fn_factory(move || {
                let starting = for_upgrades().new_service(());
                async move {
                    let app = Rc::new(starting.await.map_err(|error| tracing::error!(?error, "no upgrades"))?);
                    Ok::<_, ()>(fn_service(move |upgrade| upgraded(app.clone(), upgrade)))
                }
            }))
            .h1(service())
            .tcp()
    })?;
    Ok(server.run())
}

fn prepare(io: &TcpStream) {
    let socket = SockRef::from(io);
    let prepared = socket.set_tcp_nodelay(true).and_then(|()| socket.set_tcp_user_timeout(Some(TCP_USER_TIMEOUT)));
    if let Err(error) = prepared {
        tracing::debug!(%error, "a connection keeps the system's settings");
    }
}
