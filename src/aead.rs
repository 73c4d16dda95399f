//! Sealed boxes: nonce (12 bytes) ‖ AES-256-GCM ciphertext ‖ tag (16 bytes), bound to what they are for.
//!
//! Invariant: only the vault and the key services below `kms` may name this module (`tests/house.rs`): who can open
//! a box can see plaintext.

use std::fmt;

use keyleash_protocol::limits::{BOX_NONCE_BYTES, BOX_TAG_BYTES};
use ring::aead::{AES_256_GCM, Aad, LessSafeKey, Nonce, UnboundKey};
use zeroize::Zeroizing;

use crate::entropy::Entropy;

/// A 256-bit key. Its memory is cleared when it is dropped; the expanded key lives on the stack, for one operation.
pub struct Key(Zeroizing<[u8; 32]>);

/// It was altered, or sealed with another key or for something else; which of them cannot be told.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("it does not open with this key for this use")]
pub struct DoesNotOpen;

impl Key {
    pub fn new(key: Zeroizing<[u8; 32]>) -> Self {
        Self(key)
    }

    /// The key itself, to be sealed under another one.
    pub fn expose(&self) -> &[u8; 32] {
        &self.0
    }

    /// Seals with a random nonce: good for 2^32 boxes under one key (NIST SP 800-38D, 8.3).
    #[expect(clippy::expect_used, reason = "fails only for plaintexts beyond 64 GiB")]
    pub fn seal(&self, entropy: &Entropy, bound_to: &[u8], plaintext: &[u8]) -> Vec<u8> {
        let nonce: [u8; BOX_NONCE_BYTES] = entropy.bytes();
        // All the room at once: growing would leave a copy of the plaintext behind.
        let mut sealed = Vec::with_capacity(BOX_NONCE_BYTES + plaintext.len() + BOX_TAG_BYTES);
        sealed.extend_from_slice(&nonce);
        sealed.extend_from_slice(plaintext);
        let tag = self
            .expanded()
            .seal_in_place_separate_tag(
                Nonce::assume_unique_for_key(nonce),
                Aad::from(bound_to),
                &mut sealed[BOX_NONCE_BYTES..],
            )
            .expect("the plaintext is short");
        sealed.extend_from_slice(tag.as_ref());
        sealed
    }

    /// # Errors
    /// When the box was altered, or was sealed with another key or bound to something else.
    pub fn open(&self, bound_to: &[u8], sealed: &[u8]) -> Result<Zeroizing<Vec<u8>>, DoesNotOpen> {
        let (nonce, ciphertext) = sealed.split_first_chunk::<BOX_NONCE_BYTES>().ok_or(DoesNotOpen)?;
        let mut buffer = Zeroizing::new(ciphertext.to_vec());
        let plaintext_bytes = self
            .expanded()
            .open_in_place(Nonce::assume_unique_for_key(*nonce), Aad::from(bound_to), &mut buffer)
            .map_err(|_| DoesNotOpen)?
            .len();
        buffer.truncate(plaintext_bytes);
        Ok(buffer)
    }

    #[expect(clippy::expect_used, reason = "a 256-bit key is what this algorithm takes")]
    fn expanded(&self) -> LessSafeKey {
        LessSafeKey::new(UnboundKey::new(&AES_256_GCM, self.0.as_slice()).expect("the key has 256 bits"))
    }
}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Key(redacted)")
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn opens_what_was_sealed_and_nothing_that_was_altered(
            plaintext in proptest::collection::vec(any::<u8>(), 0..300),
            flipped in any::<prop::sample::Index>(),
            bit in 0..8_u32,
        ) {
            let (entropy, key) = (Entropy::new(), some_key());
            let sealed = key.seal(&entropy, b"use", &plaintext);
            prop_assert_eq!(sealed.len(), BOX_NONCE_BYTES + plaintext.len() + BOX_TAG_BYTES);
            let opened = key.open(b"use", &sealed).unwrap();
            prop_assert_eq!(opened.as_slice(), &plaintext);

            let mut altered = sealed.clone();
            altered[flipped.index(sealed.len())] ^= 1 << bit;
            prop_assert_eq!(key.open(b"use", &altered).err(), Some(DoesNotOpen));
            prop_assert!(key.open(b"use", &sealed[..flipped.index(sealed.len())]).is_err());
            prop_assert!(key.open(b"uses", &sealed).is_err());
            prop_assert!(some_key().open(b"use", &sealed).is_err());
        }
    }

    #[test]
    fn a_key_does_not_show_itself() {
        assert_eq!(format!("{:?}", some_key()), "Key(redacted)");
    }

    fn some_key() -> Key {
        Key::new(Zeroizing::new(Entropy::new().bytes()))
    }
}
