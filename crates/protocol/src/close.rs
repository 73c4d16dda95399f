//! Why a socket is closed. 4000 to 4499: come back later. 4500 to 4999: final, coming back unchanged is pointless.

macro_rules! close_codes {
    ($( $(#[doc = $doc:literal])+ $name:ident = $code:literal, $slug:literal; )+) => {
        /// The close codes of the socket (RFC 6455, 7.4.2: 4000 to 4999 are private use).
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum CloseCode { $( $(#[doc = $doc])+ $name, )+ }

        impl CloseCode {
            pub const ALL: &[Self] = &[ $( Self::$name, )+ ];

            pub const fn code(self) -> u16 {
                match self { $( Self::$name => $code, )+ }
            }

            /// The reason that goes into the close frame: stable, for programs and logs.
            pub const fn slug(self) -> &'static str {
                match self { $( Self::$name => $slug, )+ }
            }

            /// What it means, for the generated table.
            pub const fn meaning(self) -> &'static str {
                match self { $( Self::$name => concat!($( $doc ),+), )+ }
            }
        }
    };
}

close_codes! {
    /// This node is leaving, or another has fewer devices; reconnect after the delay that `drain` gave, or with back-off.
    GoingAway = 4000, "going_away";
    /// The peer read too slowly for too long; it reconnects and catches up.
    SlowConsumer = 4001, "slow_consumer";
    /// No `hello` came in time.
    HelloLate = 4002, "hello_late";
    /// More sockets from this address that have not said hello than allowed.
    TooManySockets = 4003, "too_many_sockets";
    /// A newer socket of the same device took this one's place.
    Superseded = 4004, "superseded";
    /// The peer did not answer the heartbeat.
    HeartbeatLost = 4005, "heartbeat_lost";
    /// A part that the server needs is unavailable for now.
    Unavailable = 4006, "unavailable";
    /// Too many messages in too short a time.
    RateLimited = 4007, "rate_limited";
    /// The device was told that it is revoked, and wipes.
    Revoked = 4500, "revoked";
    /// The session is gone, or the device is not this session's user's, or the signature is wrong.
    Unauthorised = 4501, "unauthorised";
    /// A message that the protocol does not know, or at the wrong time.
    ProtocolError = 4502, "protocol_error";
    /// A frame or a fragmented message over 32 KiB.
    FrameTooLarge = 4503, "frame_too_large";
    /// The subprotocol offered is not spoken here.
    UnsupportedVersion = 4504, "unsupported_version";
}

impl CloseCode {
    /// Whether the peer should come back by itself.
    pub const fn is_final(self) -> bool {
        self.code() >= 4500
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_unique_and_in_range() {
        let mut codes: Vec<u16> = CloseCode::ALL.iter().map(|code| code.code()).collect();
        codes.dedup();
        assert_eq!(codes.len(), CloseCode::ALL.len());
        assert!(codes.iter().all(|code| (4000..5000).contains(code)));
    }
}
