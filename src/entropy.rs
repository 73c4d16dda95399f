//! The only place that makes random values: keys, tokens, nonces, ids.

use keyleash_protocol::UnixMillis;
use ring::rand::{SecureRandom, SystemRandom};
use uuid::{Builder, Uuid};

/// The system's random source.
#[derive(Clone, Debug)]
pub struct Entropy(SystemRandom);

impl Default for Entropy {
    fn default() -> Self {
        Self(SystemRandom::new())
    }
}

impl Entropy {
    pub fn new() -> Self {
        Self::default()
    }

    /// # Panics
    /// When the system has no randomness to give: nothing safe can be done then.
    #[expect(clippy::expect_used, reason = "going on with predictable keys would be worse than stopping")]
    pub fn fill(&self, bytes: &mut [u8]) {
        self.0.fill(bytes).expect("the system's random source works");
    }

    pub fn bytes<const N: usize>(&self) -> [u8; N] {
        let mut bytes = [0; N];
        self.fill(&mut bytes);
        bytes
    }

    /// A UUIDv7 (RFC 9562, 5.7): sorts by the time it was made.
    pub fn id(&self, now: UnixMillis) -> Uuid {
        let millis = u64::try_from(now.0).unwrap_or(0);
        Builder::from_unix_timestamp_millis(millis, &self.bytes()).into_uuid()
    }
}
