//! The exact byte strings that are signed and sealed. Parts are joined by one zero byte; ids are their text, versions
//! decimal text, keys and nonces raw bytes. Each string begins with what it is for, so that a signature or a box made for
//! one purpose is worth nothing for another.

use crate::{CredentialId, DeviceId, UserId, Version};

/// Which way a box goes, and so which key and text it is bound to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    /// Browser to vault.
    Up,
    /// Vault to browser, and as stored in the browser.
    Down,
}

/// Signed by a device's signing key to enrol: whoever enrols these public keys holds the private one.
pub fn enrol(user: UserId, receive_key: &[u8], signing_key: &[u8]) -> Vec<u8> {
    join(&[b"keyleash/v1/enrol", user.to_string().as_bytes(), receive_key, signing_key])
}

/// Signed by a device's signing key in `hello`.
pub fn hello(nonce: &[u8], device: DeviceId) -> Vec<u8> {
    join(&[b"keyleash/v1/hello", nonce, device.to_string().as_bytes()])
}

/// The `info` of the HPKE seal (RFC 9180, 6.1) that carries an unlock key.
pub fn unlock_info(user: UserId, device: DeviceId) -> Vec<u8> {
    join(&[b"keyleash/v1/unlock", user.to_string().as_bytes(), device.to_string().as_bytes()])
}

/// The associated data of a credential's box.
pub fn box_aad(
    direction: Direction,
    user: UserId,
    device: DeviceId,
    credential: CredentialId,
    version: Version,
) -> Vec<u8> {
    let purpose: &[u8] = match direction {
        Direction::Up => b"keyleash/v1/up",
        Direction::Down => b"keyleash/v1/down",
    };
    join(&[
        purpose,
        user.to_string().as_bytes(),
        device.to_string().as_bytes(),
        credential.to_string().as_bytes(),
        version.to_string().as_bytes(),
    ])
}

fn join(parts: &[&[u8]]) -> Vec<u8> {
    parts.join(&0)
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    #[test]
    fn a_box_is_bound_to_direction_user_device_credential_and_version() {
        let id = |n| Uuid::from_u128(n);
        let (user, device) = (UserId::from_uuid(id(1)), DeviceId::from_uuid(id(2)));
        let credential = CredentialId::from_uuid(id(3));
        assert_eq!(
            box_aad(Direction::Up, user, device, credential, Version(7)),
            b"keyleash/v1/up\x0000000000-0000-0000-0000-000000000001\x0000000000-0000-0000-0000-000000000002\
              \x0000000000-0000-0000-0000-000000000003\x007"
        );
        assert_ne!(
            box_aad(Direction::Up, user, device, credential, Version(7)),
            box_aad(Direction::Down, user, device, credential, Version(7))
        );
    }
}
