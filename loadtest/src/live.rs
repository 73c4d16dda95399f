//! A device with an open socket: says hello, takes in and checks what comes, answers as a browser does.

use std::{net::Ipv4Addr, sync::Mutex, sync::MutexGuard, sync::PoisonError, time::SystemTime};

use keyleash_protocol::{
    CredentialId, ProblemCode, SealedBox, Seq, UnixMillis, Version,
    http::DeviceView,
    socket::{ClientMessage, RevokeReason, ServerMessage, SyncPage},
};

use crate::{
    device::{Device, DeviceError},
    line::{Heard, Line, LineError, Upgrade},
};

/// What went wrong with one device. Counted by [`LiveError::kind`], so that nothing of a user gets into a report.
#[derive(Debug, thiserror::Error)]
pub enum LiveError {
    #[error(transparent)]
    Line(#[from] LineError),
    /// What came does not open, or went back: the server broke its promise.
    #[error(transparent)]
    Device(#[from] DeviceError),
    #[error("the server closed the socket with {0:?}")]
    Closed(Option<u16>),
    #[error("nothing came within {0} s")]
    Silence(u64),
}

impl LiveError {
    /// For counting: words without a name or an address in them.
    pub fn kind(&self) -> String {
        match self {
            Self::Line(LineError::Connect(error)) => format!("no connection: {}", error.kind()),
            Self::Line(LineError::Refused(status)) => format!("upgrade refused with {}", status.as_u16()),
            Self::Line(LineError::Broken(_)) => "socket broke".to_owned(),
            Self::Line(LineError::Address | LineError::Unknown(_) | LineError::Unwritable(_)) => {
                "message that the protocol does not know".to_owned()
            }
            Self::Device(error) => match error {
                DeviceError::Box(_) => "box does not open",
                DeviceError::WentBack(_) => "credential went back to an older version",
                DeviceError::Unlock => "unlock key does not open",
                DeviceError::Locked => "box before the unlock key",
                DeviceError::Keys | DeviceError::Prepared(_) => "device without keys",
            }
            .to_owned(),
            Self::Closed(Some(code)) => format!("closed with {code}"),
            Self::Closed(None) => "closed without a word".to_owned(),
            Self::Silence(_) => "nothing came in time".to_owned(),
        }
    }
}

/// A device of a run, whether or not it is connected, and its session.
#[derive(Debug)]
pub struct Seat {
    device: Mutex<Device>,
    pub token: String,
}

impl Seat {
    pub fn new(device: Device, token: String) -> Self {
        Self { device: Mutex::new(device), token }
    }

    /// Held for as long as one message takes.
    pub fn device(&self) -> MutexGuard<'_, Device> {
        self.device.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What came, after the device took it in and its answer was sent.
#[derive(Debug)]
pub enum News {
    /// Everything in it opened; empty: a sign of life.
    Synced(SyncPage),
    Done {
        r#ref: u32,
        version: Version,
        seq: Seq,
    },
    Refused {
        r#ref: Option<u32>,
        code: ProblemCode,
        present: Option<Version>,
    },
    Devices(Vec<DeviceView>),
    /// It wiped, and said so.
    Revoked(RevokeReason),
    Drain {
        reconnect_after_ms: u64,
    },
    /// A part of the hello.
    Other,
}

#[derive(Debug)]
pub struct Live {
    pub line: Line,
}

impl Live {
    /// Opens a socket and says hello; live once the first catch-up is whole. Gives what was missed.
    pub async fn connect(
        source: Option<Ipv4Addr>,
        server: &str,
        seat: &Seat,
    ) -> Result<(Self, Vec<SyncPage>), LiveError> {
        let opened = Line::open_from(source, server, Upgrade::of(&seat.token, server)).await?;
        let mut live = Self { line: opened };
        let mut missed = Vec::new();
        loop {
            match live.next(seat).await? {
                News::Synced(page) => {
                    let done = page.done;
                    missed.push(page);
                    if done {
                        return Ok((live, missed));
                    }
                }
                News::Revoked(_) => return Err(LiveError::Closed(None)),
                News::Done { .. } | News::Refused { .. } | News::Devices(_) | News::Drain { .. } | News::Other => {}
            }
        }
    }

    /// The next message, taken in and answered.
    pub async fn next(&mut self, seat: &Seat) -> Result<News, LiveError> {
        let heard = self.line.next().await?;
        self.take(seat, heard).await
    }

    /// Takes in what came, and answers it. Once it came it must be taken in: a `select` waits for the line, not for this.
    pub async fn take(&mut self, seat: &Seat, heard: Heard) -> Result<News, LiveError> {
        let message = match heard {
            Heard::Message(message) => message,
            Heard::Closed(code) => return Err(LiveError::Closed(code)),
        };
        let answer = seat.device().take(&message, now())?;
        if let Some(answer) = answer {
            self.line.send(&answer).await?;
        }
        let news = match message {
            ServerMessage::Sync(page) => News::Synced(page),
            ServerMessage::Done { r#ref, version, seq, .. } => News::Done { r#ref, version, seq },
            ServerMessage::Error(error) => {
                News::Refused { r#ref: error.r#ref, code: error.code, present: error.version }
            }
            ServerMessage::Devices { devices } => News::Devices(devices),
            ServerMessage::Revoked { reason, .. } => News::Revoked(reason),
            ServerMessage::Drain { reconnect_after_ms } => News::Drain { reconnect_after_ms },
            ServerMessage::Challenge { .. }
            | ServerMessage::Welcome(_)
            | ServerMessage::Unlock(_)
            | ServerMessage::Retrieved { .. } => News::Other,
        };
        Ok(news)
    }

    /// Sends a credential, sealed; `base` is the version that it replaces.
    pub async fn put(
        &mut self,
        seat: &Seat,
        r#ref: u32,
        id: CredentialId,
        base: Version,
        plaintext: &[u8],
    ) -> Result<(), LiveError> {
        let sealed: SealedBox = seat.device().seal(id, base, plaintext)?;
        Ok(self.line.send(&ClientMessage::Put { r#ref, id, base_version: base, r#box: sealed }).await?)
    }
}

/// This machine's clock: what a device says in a receipt.
#[expect(clippy::disallowed_methods, reason = "a simulated device has a clock of its own")]
pub fn now() -> UnixMillis {
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    UnixMillis(i64::try_from(since.as_millis()).unwrap_or(i64::MAX))
}
