//! What each stored blob is bound to: the associated data of its seal under the user's data key. A row that is moved to
//! another user, device, credential, version or use does not open.

use keyleash_protocol::{CredentialId, DeviceId, UserId, Version};

use super::Purpose;

pub fn credential(user: UserId, credential: CredentialId, version: Version) -> Vec<u8> {
    at_rest(&["credential", &user.to_string(), &credential.to_string(), &version.to_string()])
}

pub fn unlock_key(user: UserId, device: DeviceId) -> Vec<u8> {
    at_rest(&["unlock-key", &user.to_string(), &device.to_string()])
}

pub fn identity(user: UserId, purpose: Purpose) -> Vec<u8> {
    let purpose = match purpose {
        Purpose::TotpSecret => "totp-secret",
        Purpose::Mail => "mail",
    };
    at_rest(&[purpose, &user.to_string()])
}

/// Joined by zero bytes, which no part contains, as in [`keyleash_protocol::transcript`].
fn at_rest(parts: &[&str]) -> Vec<u8> {
    format!("keyleash/v1/rest\0{}", parts.join("\0")).into_bytes()
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    #[test]
    fn every_part_counts() {
        let user = |n| UserId::from_uuid(Uuid::from_u128(n));
        let id = |n| CredentialId::from_uuid(Uuid::from_u128(n));
        let device = |n| DeviceId::from_uuid(Uuid::from_u128(n));
        let mut all = vec![
            credential(user(1), id(1), Version(1)),
            credential(user(2), id(1), Version(1)),
            credential(user(1), id(2), Version(1)),
            credential(user(1), id(1), Version(11)),
            unlock_key(user(1), device(1)),
            unlock_key(user(2), device(1)),
            unlock_key(user(1), device(2)),
            identity(user(1), Purpose::Mail),
            identity(user(2), Purpose::Mail),
            identity(user(1), Purpose::TotpSecret),
        ];
        let before = all.len();
        all.sort();
        all.dedup();
        assert_eq!(all.len(), before);
        assert_eq!(identity(user(1), Purpose::Mail), b"keyleash/v1/rest\0mail\x0000000000-0000-0000-0000-000000000001");
    }
}
