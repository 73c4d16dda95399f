//! A device that becomes slow once it is live: below the WebSocket, so that nothing answers for it.

use std::{fmt, net::Ipv4Addr, time::Duration};

use keyleash_protocol::socket::ServerMessage;
use tokio::{
    io::AsyncReadExt as _,
    net::TcpStream,
    time::{sleep, timeout},
};

use crate::{
    line::{Heard, Line, Upgrade},
    live::{LiveError, Seat, now},
};

/// As little as the kernel gives: what a slow reader does not read must not wait in its own buffer.
const RECEIVE_BUFFER_BYTES: u32 = 1;
/// A trickle: some bytes a second, far below what is sent.
const TRICKLE_BYTES: usize = 8;
const TRICKLE_EVERY: Duration = Duration::from_secs(1);
const SCRATCH_BYTES: usize = 16 * 1024;
/// A device that is not live by then has failed.
const HELLO_MAX: Duration = Duration::from_secs(30);

/// How devices do not keep up.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum Fault {
    /// They read nothing more.
    Stops,
    /// They read a few bytes a second.
    Trickles,
    /// They read everything and never answer: no pong, no ack.
    #[value(name = "mute")]
    NeverAnswers,
}

impl Fault {
    pub const ALL: [Self; 3] = [Self::Stops, Self::Trickles, Self::NeverAnswers];

    /// For names of figures.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Stops => "stops",
            Self::Trickles => "trickles",
            Self::NeverAnswers => "mute",
        }
    }

    /// What one of them does, less its `s`.
    pub const fn verb(self) -> &'static str {
        match self {
            Self::Stops => "stop",
            Self::Trickles => "trickle",
            Self::NeverAnswers => "only listen",
        }
    }

    /// Of the times with such a device, and without.
    pub const fn names(self) -> (&'static str, &'static str) {
        match self {
            Self::Stops => ("slow.stops.with", "slow.stops.without"),
            Self::Trickles => ("slow.trickles.with", "slow.trickles.without"),
            Self::NeverAnswers => ("slow.mute.with", "slow.mute.without"),
        }
    }

    pub const fn titles(self) -> (&'static str, &'static str) {
        match self {
            Self::Stops => ("put to the user's others beside one that stops", "the same of users without, meanwhile"),
            Self::Trickles => {
                ("put to the user's others beside one that trickles", "the same of users without, meanwhile")
            }
            Self::NeverAnswers => {
                ("put to the user's others beside one that only listens", "the same of users without, meanwhile")
            }
        }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.verb())
    }
}

/// A device that is live, for now.
#[derive(Debug)]
pub struct Reader {
    line: Line,
    /// As its welcome said.
    pub heartbeat: Duration,
}

impl Reader {
    /// Says hello like any other device, and catches up.
    pub async fn connect(source: Option<Ipv4Addr>, server: &str, seat: &Seat) -> Result<Self, LiveError> {
        let opening = async {
            let upgrade = Upgrade::of(&seat.token, server);
            let mut line = Line::open_with(source, Some(RECEIVE_BUFFER_BYTES), server, upgrade).await?;
            let mut heartbeat = Duration::ZERO;
            loop {
                let message = match line.next().await? {
                    Heard::Message(message) => message,
                    Heard::Closed(code) => return Err(LiveError::Closed(code)),
                };
                let answer = seat.device().take(&message, now())?;
                if let Some(answer) = answer {
                    line.send(&answer).await?;
                }
                match message {
                    ServerMessage::Welcome(welcome) => heartbeat = Duration::from_millis(welcome.heartbeat_ms),
                    ServerMessage::Sync(page) if page.done => return Ok(Self { line, heartbeat }),
                    _ => {}
                }
            }
        };
        timeout(HELLO_MAX, opening).await.unwrap_or(Err(LiveError::Silence(HELLO_MAX.as_secs())))
    }

    /// From here on it is slow, until it is dropped or its socket ends.
    pub async fn be(mut self, fault: Fault) {
        let io = self.line.stream.get_mut();
        match fault {
            // The socket stays open for as long as this is not dropped.
            Fault::Stops => std::future::pending().await,
            Fault::Trickles => {
                while read(io, TRICKLE_BYTES).await {
                    sleep(TRICKLE_EVERY).await;
                }
            }
            Fault::NeverAnswers => while read(io, SCRATCH_BYTES).await {},
        }
    }
}

/// `false`: the server hung up.
async fn read(io: &mut TcpStream, bytes: usize) -> bool {
    let mut scratch = vec![0; bytes];
    matches!(io.read(&mut scratch).await, Ok(1..))
}
