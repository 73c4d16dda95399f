//! Frames coming in (RFC 6455, section 5). Headers are read as their bytes pass, so that what is too large is refused
//! before any of it is kept; whatever the protocol has no use for is refused as well.

use std::{
    io,
    pin::Pin,
    rc::Rc,
    task::{Context, Poll, ready},
};

use bytes::{Buf, Bytes, BytesMut};
use bytestring::ByteString;
use futures_core::Stream;
use keyleash_protocol::{CloseCode, limits::FRAME_BYTES_MAX};

use super::{driver::with_scratch, wire::Wire};
use crate::actors::{Inbound, Link};

/// Longest payload of a control frame (RFC 6455, 5.5).
const CONTROL_BYTES_MAX: usize = 125;
/// Two bytes, eight of extended length, four of mask (RFC 6455, 5.2).
const HEADER_BYTES_MAX: usize = 14;

/// The peer's side of a socket as messages.
pub(super) struct Decoder {
    io: Rc<Wire>,
    link: Rc<Link>,
    frames: Frames,
    /// Read and not yet taken in: the rest of a chunk whose first messages were.
    carry: Bytes,
    over: bool,
}

impl Decoder {
    /// `first` is what the peer sent along with its request.
    pub(super) fn new(io: Rc<Wire>, link: Rc<Link>, first: Bytes) -> Self {
        Self { io, link, frames: Frames::default(), carry: first, over: false }
    }

    fn poll_read(&self, task: &mut Context<'_>) -> Poll<io::Result<Bytes>> {
        with_scratch(|scratch| {
            let read = ready!(self.io.poll_read(task, scratch))?;
            Poll::Ready(Ok(Bytes::copy_from_slice(&scratch[..read])))
        })
    }
}

impl Stream for Decoder {
    type Item = Inbound;

    fn poll_next(mut self: Pin<&mut Self>, task: &mut Context<'_>) -> Poll<Option<Inbound>> {
        let this = &mut *self;
        loop {
            if this.over {
                return Poll::Ready(None);
            }
            if this.link.take_drained() {
                return Poll::Ready(Some(Inbound::Writable));
            }
            if this.link.is_paused() {
                return Poll::Pending;
            }
            match this.frames.next(&mut this.carry) {
                Ok(Some(inbound)) => return Poll::Ready(Some(inbound)),
                Ok(None) => this.carry = Bytes::new(),
                Err(code) => {
                    this.over = true;
                    return Poll::Ready(Some(Inbound::Violation(code)));
                }
            }
            match ready!(this.poll_read(task)) {
                // The end of the connection, orderly or not, is the end of the stream.
                Ok(bytes) if !bytes.is_empty() => this.carry = bytes,
                Ok(_) | Err(_) => this.over = true,
            }
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Opcode {
    Continuation,
    Text,
    Close,
    Ping,
    Pong,
}

impl Opcode {
    fn parse(nibble: u8) -> Result<Self, CloseCode> {
        match nibble {
            0 => Ok(Self::Continuation),
            1 => Ok(Self::Text),
            8 => Ok(Self::Close),
            9 => Ok(Self::Ping),
            10 => Ok(Self::Pong),
            // 2 is binary, which this protocol has no use for; the others are nobody's.
            _ => Err(CloseCode::ProtocolError),
        }
    }

    fn is_control(self) -> bool {
        matches!(self, Self::Close | Self::Ping | Self::Pong)
    }
}

/// A frame whose payload is under way.
#[derive(Debug)]
struct Frame {
    opcode: Opcode,
    last: bool,
    mask: [u8; 4],
    len: usize,
    taken: usize,
}

/// Puts frames and messages together. Keeps at most one message of [`FRAME_BYTES_MAX`] and one control frame; between
/// messages, no buffer at all.
#[derive(Debug, Default)]
struct Frames {
    header: [u8; HEADER_BYTES_MAX],
    header_len: usize,
    frame: Option<Frame>,
    message: BytesMut,
    /// A message has begun and its last fragment has not come.
    in_message: bool,
    control: BytesMut,
}

impl Frames {
    /// Takes bytes in until a message is whole, or there are none left.
    fn next(&mut self, bytes: &mut Bytes) -> Result<Option<Inbound>, CloseCode> {
        while bytes.has_remaining() {
            if let Some(mut frame) = self.frame.take() {
                self.take_payload(&mut frame, bytes);
                if frame.taken < frame.len {
                    self.frame = Some(frame);
                } else if let Some(inbound) = self.finish(&frame)? {
                    return Ok(Some(inbound));
                }
            } else if let Some(frame) = self.take_header_byte(bytes.get_u8())? {
                if frame.len > 0 {
                    self.frame = Some(frame);
                } else if let Some(inbound) = self.finish(&frame)? {
                    return Ok(Some(inbound));
                }
            }
        }
        Ok(None)
    }

    fn take_header_byte(&mut self, byte: u8) -> Result<Option<Frame>, CloseCode> {
        self.header[self.header_len] = byte;
        self.header_len += 1;
        let (header, have) = (&self.header, self.header_len);
        if have < 2 {
            return Ok(None);
        }
        let (last, reserved, masked) = (header[0] & 0x80 != 0, header[0] & 0x70, header[1] & 0x80 != 0);
        let opcode = Opcode::parse(header[0] & 0x0f)?;
        // Reserved bits mean an extension, such as compression; none was agreed. Clients mask (RFC 6455, 5.1).
        if reserved != 0 || !masked || (opcode.is_control() && !last) {
            return Err(CloseCode::ProtocolError);
        }
        match (opcode, self.in_message) {
            (Opcode::Continuation, false) | (Opcode::Text, true) => return Err(CloseCode::ProtocolError),
            (Opcode::Continuation, true) | (Opcode::Text, false) | (Opcode::Close | Opcode::Ping | Opcode::Pong, _) => {
            }
        }
        let (extended, len) = match header[1] & 0x7f {
            126 => (2, u64::from(u16::from_be_bytes([header[2], header[3]]))),
            127 => (8, u64::from_be_bytes(header[2..10].try_into().unwrap_or([0xff; 8]))),
            short => (0, u64::from(short)),
        };
        if have < 2 + extended {
            return Ok(None);
        }
        let len = usize::try_from(len).map_err(|_| CloseCode::FrameTooLarge)?;
        if opcode.is_control() && len > CONTROL_BYTES_MAX {
            return Err(CloseCode::ProtocolError);
        }
        if !opcode.is_control() && len.saturating_add(self.message.len()) > FRAME_BYTES_MAX {
            return Err(CloseCode::FrameTooLarge);
        }
        if have < 2 + extended + 4 {
            return Ok(None);
        }
        let mask = [header[have - 4], header[have - 3], header[have - 2], header[have - 1]];
        self.header_len = 0;
        if !opcode.is_control() {
            self.in_message = true;
        }
        Ok(Some(Frame { opcode, last, mask, len, taken: 0 }))
    }

    fn take_payload(&mut self, frame: &mut Frame, bytes: &mut Bytes) {
        let payload = bytes.split_to(bytes.len().min(frame.len - frame.taken));
        let buffer = if frame.opcode.is_control() { &mut self.control } else { &mut self.message };
        let from = buffer.len();
        buffer.extend_from_slice(&payload);
        for (index, byte) in buffer[from..].iter_mut().enumerate() {
            *byte ^= frame.mask[(frame.taken + index) % 4];
        }
        frame.taken += payload.len();
    }

    fn finish(&mut self, frame: &Frame) -> Result<Option<Inbound>, CloseCode> {
        if frame.opcode.is_control() {
            let payload = std::mem::take(&mut self.control).freeze();
            return Ok(Some(match frame.opcode {
                Opcode::Ping => Inbound::Ping(payload),
                Opcode::Pong => Inbound::Pong,
                Opcode::Close | Opcode::Continuation | Opcode::Text => Inbound::Close,
            }));
        }
        if !frame.last {
            return Ok(None);
        }
        self.in_message = false;
        let message = std::mem::take(&mut self.message).freeze();
        let text = ByteString::try_from(message).map_err(|_| CloseCode::ProtocolError)?;
        Ok(Some(Inbound::Text(text)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: u8 = 1;
    const PING: u8 = 9;
    const LAST: u8 = 0x80;

    fn frame(first: u8, payload: &[u8]) -> Vec<u8> {
        let mask = [1, 2, 3, 4];
        let mut bytes = header(first, payload.len() as u64);
        bytes.extend(mask);
        bytes.extend(payload.iter().enumerate().map(|(index, byte)| byte ^ mask[index % 4]));
        bytes
    }

    fn header(first: u8, len: u64) -> Vec<u8> {
        let mut bytes = vec![first];
        match u16::try_from(len) {
            Ok(short @ 0..126) => bytes.push(0x80 | short.to_be_bytes()[1]),
            Ok(medium) => {
                bytes.push(0x80 | 0x7e);
                bytes.extend(medium.to_be_bytes());
            }
            Err(_) => {
                bytes.push(0x80 | 127);
                bytes.extend(len.to_be_bytes());
            }
        }
        bytes
    }

    /// Whatever the chunks, the outcome is the same.
    fn decode(input: &[u8]) -> Result<Vec<String>, CloseCode> {
        let outcomes: Vec<_> = [1, 2, 3, 7, 13, 4096, usize::MAX].map(|size| decode_chunked(input, size)).into();
        assert!(outcomes.windows(2).all(|pair| pair[0] == pair[1]));
        outcomes.into_iter().next().unwrap()
    }

    fn decode_chunked(input: &[u8], size: usize) -> Result<Vec<String>, CloseCode> {
        let (mut frames, mut seen) = (Frames::default(), Vec::new());
        for chunk in input.chunks(size) {
            let mut bytes = Bytes::copy_from_slice(chunk);
            while let Some(inbound) = frames.next(&mut bytes)? {
                seen.push(match inbound {
                    Inbound::Text(text) => format!("text {}", text.len()),
                    other => format!("{other:?}"),
                });
            }
            assert!(frames.message.len() <= FRAME_BYTES_MAX);
        }
        Ok(seen)
    }

    #[test]
    fn messages_whole_and_in_fragments_with_a_ping_between() {
        let largest = vec![b'x'; FRAME_BYTES_MAX];
        let input = [
            frame(LAST | TEXT, b"hello"),
            frame(LAST | TEXT, &largest),
            frame(TEXT, &largest[..20_000]),
            frame(LAST | PING, b"p"),
            frame(LAST, &largest[..12_768]),
            frame(LAST | TEXT, b""),
        ]
        .concat();
        assert_eq!(decode(&input).unwrap(), ["text 5", "text 32768", "Ping(b\"p\")", "text 32768", "text 0"]);
    }

    #[test]
    fn too_large_is_refused_at_the_header() {
        for len in [FRAME_BYTES_MAX as u64 + 1, 1 << 32, u64::MAX] {
            assert_eq!(decode(&header(LAST | TEXT, len)), Err(CloseCode::FrameTooLarge));
        }
        let fragments = [frame(TEXT, &vec![b'x'; 30_000]), header(LAST, 3_000)].concat();
        assert_eq!(decode(&fragments), Err(CloseCode::FrameTooLarge));
    }

    #[test]
    fn what_the_protocol_has_no_use_for_is_refused() {
        let refused = [
            ("binary", frame(LAST | 2, b"x")),
            ("unknown opcode", frame(LAST | 3, b"x")),
            ("compressed", frame(LAST | 0x40 | TEXT, b"x")),
            ("unmasked", vec![LAST | TEXT, 1, b'x']),
            ("control in fragments", frame(PING, b"x")),
            ("control too long", header(LAST | PING, 126)),
            ("continuation of nothing", frame(LAST, b"x")),
            ("text within a message", [frame(TEXT, b"x"), frame(LAST | TEXT, b"x")].concat()),
            ("not UTF-8", frame(LAST | TEXT, &[0xff, 0xfe])),
        ];
        for (what, input) in refused {
            assert_eq!(decode(&input), Err(CloseCode::ProtocolError), "{what}");
        }
    }
}
