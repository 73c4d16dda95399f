//! Tokens: 256 random bits that open something. Stored hashed; shown once.

use keyleash_protocol::{Base64Url, Sensitive};
use ring::digest::{SHA256, digest};

use crate::{entropy::Entropy, store::TokenHash};

/// What a session or a mail link is opened with.
#[derive(Clone, Debug)]
pub struct Token(Sensitive);

impl Token {
    const BYTES: usize = 32;

    pub(super) fn new(entropy: &Entropy) -> Self {
        Self(Sensitive::new(Base64Url::encode(&entropy.bytes::<{ Self::BYTES }>())))
    }

    /// A token as it came from outside. Anything can be one; only the right one has the stored hash.
    pub fn presented(text: &Sensitive) -> Self {
        Self(text.clone())
    }

    pub(super) fn hash(&self) -> TokenHash {
        sha256(self.0.expose().as_bytes())
    }

    /// For the cookie, the answer's body or the mail's link.
    pub fn secret(&self) -> &Sensitive {
        &self.0
    }
}

/// Enough for what has 80 or more random bits: nobody guesses the preimage of those. Passwords get Argon2id.
pub(super) fn sha256(bytes: &[u8]) -> TokenHash {
    let mut hash = [0; 32];
    hash.copy_from_slice(digest(&SHA256, bytes).as_ref());
    hash
}
