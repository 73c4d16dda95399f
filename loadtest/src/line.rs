//! One socket to a server.

use std::net::Ipv4Addr;

use futures_util::{SinkExt, StreamExt};
use keyleash_protocol::socket::{ClientMessage, SUBPROTOCOL, ServerMessage};
use tokio::net::{TcpSocket, TcpStream, lookup_host};
use tokio_tungstenite::{
    WebSocketStream, client_async_with_config,
    tungstenite::{
        self, Message,
        client::IntoClientRequest,
        http::{HeaderName, HeaderValue, StatusCode, header},
        protocol::WebSocketConfig,
    },
};

/// Read at once from a socket, bytes. Most messages are shorter; the library's own 128 KiB stay with each socket for as
/// long as it is open.
const READ_BUFFER_BYTES: usize = 4 * 1024;

#[derive(Debug, thiserror::Error)]
pub enum LineError {
    #[error("the address is not one of a server")]
    Address,
    #[error("the server cannot be reached")]
    Connect(#[source] std::io::Error),
    #[error("the upgrade was refused with status {0}")]
    Refused(StatusCode),
    #[error("the socket broke")]
    Broken(#[source] tungstenite::Error),
    #[error("the server sent what the protocol does not know")]
    Unknown(#[source] serde_json::Error),
    #[error("a message could not be written")]
    Unwritable(#[source] serde_json::Error),
}

/// What came over a line.
#[derive(Debug)]
pub enum Heard {
    Message(ServerMessage),
    /// The server hung up; with the code of its close frame if there was one.
    Closed(Option<u16>),
}

/// What an upgrade carries; a field that is `None` is left out.
#[derive(Clone, Copy, Debug)]
pub struct Upgrade<'a> {
    pub token: Option<&'a str>,
    pub origin: Option<&'a str>,
    pub protocol: Option<&'a str>,
}

impl<'a> Upgrade<'a> {
    /// As a program with a session asks for it.
    pub fn of(token: &'a str, origin: &'a str) -> Self {
        Self { token: Some(token), origin: Some(origin), protocol: Some(SUBPROTOCOL) }
    }
}

#[derive(Debug)]
pub struct Line {
    pub stream: WebSocketStream<TcpStream>,
}

impl Line {
    /// Opens a socket; `server` is like `http://127.0.0.1:8080`.
    pub async fn open(server: &str, upgrade: Upgrade<'_>) -> Result<Self, LineError> {
        Self::open_from(None, server, upgrade).await
    }

    /// The same from an address of this machine: a server limits what comes from one, and one has 28,000 ports.
    pub async fn open_from(source: Option<Ipv4Addr>, server: &str, upgrade: Upgrade<'_>) -> Result<Self, LineError> {
        Self::open_with(source, None, server, upgrade).await
    }

    /// The same with so many bytes, or what the kernel makes of them, that may wait in the socket to be read.
    pub async fn open_with(
        source: Option<Ipv4Addr>,
        receive_buffer_bytes: Option<u32>,
        server: &str,
        upgrade: Upgrade<'_>,
    ) -> Result<Self, LineError> {
        let authority = server.strip_prefix("http://").ok_or(LineError::Address)?.trim_end_matches('/');
        let io = connect(source, receive_buffer_bytes, authority).await?;
        io.set_nodelay(true).map_err(LineError::Connect)?;
        let url = format!("ws://{authority}/api/v1/socket");
        let mut request = url.into_client_request().map_err(|_| LineError::Address)?;
        let bearer = upgrade.token.map(|token| format!("Bearer {token}"));
        let mut set = |name: HeaderName, value: Option<&str>| -> Result<(), LineError> {
            if let Some(value) = value {
                request.headers_mut().insert(name, HeaderValue::from_str(value).map_err(|_| LineError::Address)?);
            }
            Ok(())
        };
        set(header::AUTHORIZATION, bearer.as_deref())?;
        set(header::ORIGIN, upgrade.origin)?;
        set(header::SEC_WEBSOCKET_PROTOCOL, upgrade.protocol)?;
        let config = WebSocketConfig::default().read_buffer_size(READ_BUFFER_BYTES).write_buffer_size(0);
        match client_async_with_config(request, io, Some(config)).await {
            Ok((stream, _)) => Ok(Self { stream }),
            Err(tungstenite::Error::Http(response)) => Err(LineError::Refused(response.status())),
            Err(error) => Err(LineError::Broken(error)),
        }
    }

    pub async fn send(&mut self, message: &ClientMessage) -> Result<(), LineError> {
        let text = serde_json::to_string(message).map_err(LineError::Unwritable)?;
        self.stream.send(Message::text(text)).await.map_err(LineError::Broken)
    }

    /// The next message, or the end.
    pub async fn next(&mut self) -> Result<Heard, LineError> {
        loop {
            match self.stream.next().await {
                Some(Ok(Message::Text(text))) => {
                    return serde_json::from_str(&text).map(Heard::Message).map_err(LineError::Unknown);
                }
                Some(Ok(Message::Close(frame))) => return Ok(Heard::Closed(frame.map(|frame| frame.code.into()))),
                Some(Ok(_)) => {}
                Some(Err(error)) => return Err(LineError::Broken(error)),
                None => return Ok(Heard::Closed(None)),
            }
        }
    }
}

async fn connect(
    source: Option<Ipv4Addr>,
    receive_buffer_bytes: Option<u32>,
    authority: &str,
) -> Result<TcpStream, LineError> {
    if source.is_none() && receive_buffer_bytes.is_none() {
        return TcpStream::connect(authority).await.map_err(LineError::Connect);
    }
    let mut addresses = lookup_host(authority).await.map_err(LineError::Connect)?;
    let address = addresses.find(std::net::SocketAddr::is_ipv4).ok_or(LineError::Address)?;
    let socket = TcpSocket::new_v4().map_err(LineError::Connect)?;
    if let Some(source) = source {
        socket.bind((source, 0).into()).map_err(LineError::Connect)?;
    }
    if let Some(bytes) = receive_buffer_bytes {
        socket.set_recv_buffer_size(bytes).map_err(LineError::Connect)?;
    }
    socket.connect(address).await.map_err(LineError::Connect)
}
