//! A bare server on one thread and the kernel's own readiness calls: upgrades every request, and passes each frame on to
//! the others who came with the same token, or back if there is nobody else. No timers, no limits, no care: this is no server to use.

use std::{
    collections::HashMap,
    io::{self, Read, Write},
    net::Ipv4Addr,
};

use keyleash_protocol::socket::SUBPROTOCOL;
use mio::{
    Events, Interest, Poll, Token,
    net::{TcpListener, TcpStream},
};
use tokio_tungstenite::tungstenite::handshake::derive_accept_key;

const LISTENER: Token = Token(0);
const EVENTS: usize = 1_024;
/// One buffer for all: whatever is read is passed on before the next socket is read.
const SCRATCH_BYTES: usize = 64 * 1024;

struct Connection {
    stream: TcpStream,
    /// The session's token; `None` before the upgrade.
    group: Option<String>,
}

/// Listens on a free port of this machine, tells it to `listening`, and serves until the process ends.
pub fn serve(listening: impl FnOnce(u16)) -> io::Result<()> {
    let mut poll = Poll::new()?;
    let mut listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0).into())?;
    poll.registry().register(&mut listener, LISTENER, Interest::READABLE)?;
    listening(listener.local_addr()?.port());
    let (mut events, mut scratch) = (Events::with_capacity(EVENTS), vec![0; SCRATCH_BYTES]);
    let mut floor = Server { connections: HashMap::new(), groups: HashMap::new(), next: 1 };
    loop {
        poll.poll(&mut events, None)?;
        for event in &events {
            if event.token() == LISTENER {
                floor.accept(&listener, &poll)?;
            } else {
                floor.read(event.token(), &mut scratch);
            }
        }
    }
}

struct Server {
    connections: HashMap<Token, Connection>,
    groups: HashMap<String, Vec<Token>>,
    next: usize,
}

impl Server {
    fn accept(&mut self, listener: &TcpListener, poll: &Poll) -> io::Result<()> {
        loop {
            let mut stream = match listener.accept() {
                Ok((stream, _)) => stream,
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Ok(()),
                Err(error) => return Err(error),
            };
            stream.set_nodelay(true)?;
            let token = Token(self.next);
            self.next += 1;
            poll.registry().register(&mut stream, token, Interest::READABLE)?;
            self.connections.insert(token, Connection { stream, group: None });
        }
    }

    fn read(&mut self, token: Token, scratch: &mut [u8]) {
        loop {
            let Some(connection) = self.connections.get_mut(&token) else { return };
            match connection.stream.read(scratch) {
                Ok(read @ 1..) => {
                    let bytes = &mut scratch[..read];
                    let alive = if connection.group.is_none() {
                        self.upgrade(token, bytes)
                    } else {
                        self.pass_on(token, bytes)
                    };
                    if !alive {
                        return self.drop(token);
                    }
                }
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return,
                Ok(0) | Err(_) => return self.drop(token),
            }
        }
    }

    /// A request comes in one packet on this machine; one that does not is not served.
    fn upgrade(&mut self, token: Token, request: &[u8]) -> bool {
        let Ok(request) = std::str::from_utf8(request) else { return false };
        let header = |wanted: &str| {
            let named = request.lines().filter_map(|line| line.split_once(':'));
            named.filter(|(name, _)| name.eq_ignore_ascii_case(wanted)).map(|(_, value)| value.trim()).next()
        };
        let (Some(key), Some(group)) = (header("sec-websocket-key"), header("authorization")) else { return false };
        let group = group.to_owned();
        let answer = format!(
            "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
             Sec-WebSocket-Accept: {}\r\nSec-WebSocket-Protocol: {SUBPROTOCOL}\r\n\r\n",
            derive_accept_key(key.as_bytes())
        );
        let Some(connection) = self.connections.get_mut(&token) else { return false };
        self.groups.entry(group.clone()).or_default().push(token);
        connection.group = Some(group);
        connection.stream.write(answer.as_bytes()).is_ok_and(|written| written == answer.len())
    }

    /// Unmasks one frame and sends it to the others of the group. Frames are short and come whole.
    fn pass_on(&mut self, token: Token, bytes: &mut [u8]) -> bool {
        let Some(answer) = unmasked(bytes) else { return false };
        let members = self.connections[&token].group.as_ref().and_then(|group| self.groups.get(group));
        let others: Vec<Token> = members.into_iter().flatten().copied().filter(|member| *member != token).collect();
        for other in if others.is_empty() { vec![token] } else { others } {
            if let Some(connection) = self.connections.get_mut(&other) {
                // Who does not read does not get.
                let _ = connection.stream.write(&answer);
            }
        }
        true
    }

    fn drop(&mut self, token: Token) {
        let group = self.connections.remove(&token).and_then(|connection| connection.group);
        if let Some(group) = group
            && let Some(members) = self.groups.get_mut(&group)
        {
            members.retain(|member| *member != token);
            if members.is_empty() {
                self.groups.remove(&group);
            }
        }
    }
}

/// The frame as a server sends it (RFC 6455, section 5.2); `None` for a goodbye, or what is no whole frame.
fn unmasked(frame: &mut [u8]) -> Option<Vec<u8>> {
    let opcode = *frame.first()? & 0x0f;
    let (header, len) = match frame.get(1)? & 0x7f {
        126 => (4, usize::from(u16::from_be_bytes([*frame.get(2)?, *frame.get(3)?]))),
        127 => return None,
        short => (2, usize::from(short)),
    };
    let mask: [u8; 4] = frame.get(header..header + 4)?.try_into().ok()?;
    let payload = frame.get(header + 4..header + 4 + len)?;
    if opcode != 1 {
        return None;
    }
    let mut answer = Vec::with_capacity(header + len);
    answer.extend([frame[0], frame[1] & 0x7f]);
    answer.extend(&frame[2..header]);
    answer.extend(payload.iter().zip(mask.iter().cycle()).map(|(byte, mask)| byte ^ mask));
    Some(answer)
}
