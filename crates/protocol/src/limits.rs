//! Limits that both sides keep to.

/// Largest text frame in either direction, bytes. Holds one credential of the largest size in base64, twice over a page's
/// worth of small ones.
pub const FRAME_BYTES_MAX: usize = 32 * 1024;
/// Largest plaintext of a box, bytes: a PEM of 8 KiB and its fellow fields, with room.
pub const PLAINTEXT_BYTES_MAX: usize = 16 * 1024;
/// Nonce of a box, bytes (AES-GCM, NIST SP 800-38D).
pub const BOX_NONCE_BYTES: usize = 12;
/// Authentication tag of a box, bytes.
pub const BOX_TAG_BYTES: usize = 16;
/// Largest box, bytes.
pub const BOX_BYTES_MAX: usize = PLAINTEXT_BYTES_MAX + BOX_NONCE_BYTES + BOX_TAG_BYTES;
/// Smallest box, bytes: an empty plaintext.
pub const BOX_BYTES_MIN: usize = BOX_NONCE_BYTES + BOX_TAG_BYTES;
/// A `hello` is due this long after the challenge.
pub const HELLO_DEADLINE_MS: u64 = 5_000;
/// The server's nonce, bytes.
pub const NONCE_BYTES: usize = 32;
/// An uncompressed P-256 point (SEC 1, section 2.3.3), bytes.
pub const P256_POINT_BYTES: usize = 65;
/// An ECDSA P-256 signature as r ‖ s, bytes.
pub const SIGNATURE_BYTES: usize = 64;
/// The unlock key, bytes.
pub const UNLOCK_KEY_BYTES: usize = 32;
/// Shortest and longest password, characters (NIST SP 800-63B, 5.1.1.2, asks for at least 8 and for 64 to be allowed).
pub const PASSWORD_CHARS_MIN: usize = 12;
pub const PASSWORD_CHARS_MAX: usize = 1_024;
/// Longest name of a device, characters.
pub const DEVICE_NAME_CHARS_MAX: usize = 64;
/// Longest mail address, bytes (RFC 5321, 4.5.3.1.3, less the angle brackets).
pub const EMAIL_BYTES_MAX: usize = 254;
/// Recovery codes given at once.
pub const RECOVERY_CODES: usize = 10;
/// Devices that one user may have enrolled and not removed.
pub const DEVICES_PER_USER_MAX: usize = 32;
/// Credentials that one user may keep synced, tombstones not counted.
pub const CREDENTIALS_PER_USER_MAX: usize = 2_000;
/// Credentials that are retrieved with one message: 8 KB of ids, a quarter of a frame, so that all that a user may keep
/// come in ten, each with its answer on the way to a progress bar.
pub const RETRIEVE_IDS_MAX: usize = 200;
/// Live sockets of one device: its browser's leader tab, and room for hand-over.
pub const SOCKETS_PER_DEVICE_MAX: usize = 4;
