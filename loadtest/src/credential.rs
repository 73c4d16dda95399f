//! What simulated devices write: credentials in the agreed form, that tell when they were meant to be written.

use keyleash_protocol::{CredentialId, DeviceId};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::times::Moment;

/// A plaintext of `bytes` bytes, or of as few as the form needs. Whoever opens it can tell how long it took.
pub fn plaintext(intended: Moment, bytes: usize) -> Vec<u8> {
    let form = |secret: &str| {
        let form = json!({
            "exchange": "binance",
            "kind": "hmac",
            "label": "Load test",
            "environment": "mainnet",
            "fields": { "api_key": "key", "secret": secret },
            "created_at": intended.0,
        });
        form.to_string()
    };
    let bare = form("");
    form(&"x".repeat(bytes.saturating_sub(bare.len()))).into_bytes()
}

/// When it was meant to be written; `None` for what another process wrote in another form.
pub fn intended(plaintext: &[u8]) -> Option<Moment> {
    let form: Value = serde_json::from_slice(plaintext).ok()?;
    form.get("created_at")?.as_u64().map(Moment)
}

/// The `number`th credential of those that a device writes: the same in each run, so that a fleet does not grow.
pub fn id(writer: DeviceId, number: u8) -> CredentialId {
    CredentialId::from_uuid(Uuid::from_u128(writer.as_uuid().as_u128() ^ (u128::from(number) + 1)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_credential_tells_when_it_was_meant_to_be_written() {
        for bytes in [0, 200, 16 * 1024] {
            let plaintext = plaintext(Moment(123_456_789), bytes);
            assert_eq!(intended(&plaintext), Some(Moment(123_456_789)));
            assert!(plaintext.len() >= bytes && plaintext.len() < bytes + 160, "{}", plaintext.len());
        }
        assert_eq!(intended(b"not JSON"), None);
    }
}
