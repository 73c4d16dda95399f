//! The agreed form of what is in a box. Checked here because only here it can be read; which fields an exchange wants is
//! the browser's matter, so that another exchange needs no change to the server.

use std::{borrow::Cow, collections::HashMap};

use keyleash_protocol::limits::PLAINTEXT_BYTES_MAX;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

/// Longest exchange, kind and environment, bytes: names like `hyperliquid` and `mainnet`.
const NAME_BYTES_MAX: usize = 32;
/// Longest label, characters: shown in one line of a list.
const LABEL_CHARS_MAX: usize = 128;
/// Most fields of one credential; the richest known form has four.
const FIELDS_MAX: usize = 16;

/// What is told of a credential that is not given: nothing in it is a secret.
#[derive(Serialize)]
struct Summary<'a> {
    exchange: &'a str,
    kind: &'a str,
    label: &'a str,
    environment: &'a str,
    created_at: u64,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Credential<'a> {
    exchange: &'a str,
    kind: &'a str,
    #[serde(borrow)]
    label: Cow<'a, str>,
    environment: &'a str,
    /// Only looked at in place: a parsed string would leave a copy of a secret in memory that nobody clears.
    #[serde(borrow)]
    fields: HashMap<&'a str, &'a RawValue>,
    created_at: u64,
}

/// # Errors
/// The rule that it breaks; never a word of what is in it.
pub fn check(plaintext: &[u8]) -> Result<(), &'static str> {
    if plaintext.len() > PLAINTEXT_BYTES_MAX {
        return Err("at most 16 KiB");
    }
    let credential = parse(plaintext)?;
    let names = [credential.exchange, credential.kind, credential.environment];
    if names.into_iter().chain(credential.fields.keys().copied()).any(|name| !is_name(name)) {
        return Err("exchange, kind, environment and the fields' names: 1 to 32 letters, digits, - or _");
    }
    if credential.label.chars().count() > LABEL_CHARS_MAX || credential.label.chars().any(char::is_control) {
        return Err("label: at most 128 characters, none of them control characters");
    }
    if credential.fields.is_empty() || credential.fields.len() > FIELDS_MAX {
        return Err("fields: 1 to 16 of them");
    }
    if !credential.fields.values().all(|value| value.get().starts_with('"')) {
        return Err("fields: their values are strings");
    }
    if i64::try_from(credential.created_at).is_err() {
        return Err("created_at: Unix milliseconds");
    }
    Ok(())
}

/// The same without its fields.
///
/// # Errors
/// Like [`check`].
pub fn summary(plaintext: &[u8]) -> Result<Vec<u8>, &'static str> {
    let Credential { exchange, kind, label, environment, created_at, .. } = parse(plaintext)?;
    let summary = Summary { exchange, kind, label: &label, environment, created_at };
    serde_json::to_vec(&summary).map_err(|_| "not to be written as JSON")
}

fn parse(plaintext: &[u8]) -> Result<Credential<'_>, &'static str> {
    serde_json::from_slice(plaintext)
        .map_err(|_| "JSON of exactly exchange, kind, label, environment, fields and created_at")
}

fn is_name(text: &str) -> bool {
    (1..=NAME_BYTES_MAX).contains(&text.len())
        && text.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_'))
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    #[test]
    fn takes_any_exchange_in_the_agreed_form() {
        let with = |change: fn(&mut Value)| {
            let mut credential = json!({
                "exchange": "coinbase", "kind": "es256", "label": "Desk \"A\" <b>", "environment": "live",
                "fields": {"key": "organizations/x", "private_key": "-----BEGIN\nline\n"}, "created_at": 0,
            });
            change(&mut credential);
            check(credential.to_string().as_bytes()).is_ok()
        };
        assert!(with(|_| ()));
        assert!(with(|c| c["exchange"] = json!("an-exchange-of-2031")));
        assert!(with(|c| c["label"] = json!("")));

        assert!(!with(|c| c["exchange"] = json!("")));
        assert!(!with(|c| c["exchange"] = json!("a b")));
        assert!(!with(|c| c["kind"] = json!("x".repeat(33))));
        assert!(!with(|c| c["label"] = json!("\u{1b}[2J")));
        assert!(!with(|c| c["label"] = json!("x".repeat(129))));
        assert!(!with(|c| c["fields"] = json!({})));
        assert!(!with(|c| c["fields"] = json!({"key": 7})));
        assert!(!with(|c| c["fields"] = json!({"key": {"deeper": "x"}})));
        assert!(!with(|c| c["fields"] = (0..17).map(|n| (format!("f{n}"), json!(""))).collect()));
        assert!(!with(|c| c["fields"] = json!([])));
        assert!(!with(|c| c["created_at"] = json!("yesterday")));
        assert!(!with(|c| c["created_at"] = json!(-1)));
        assert!(!with(|c| c["more"] = json!("x")));
        assert!(!with(|c| c["label"] = json!(null)));
        assert!(!with(|c| c["fields"]["key"] = json!("x".repeat(PLAINTEXT_BYTES_MAX))));
    }

    #[test]
    fn a_summary_is_the_rest_of_it() {
        let mut credential = json!({
            "exchange": "okx", "kind": "hmac", "label": "Maïn \"1\"", "environment": "live",
            "fields": {"key": "k", "secret": "s"}, "created_at": 1_800_000_000_000_u64,
        });
        let summarised = summary(credential.to_string().as_bytes()).unwrap();
        credential.as_object_mut().unwrap().remove("fields");
        assert_eq!(serde_json::from_slice::<Value>(&summarised).unwrap(), credential);
        assert!(summary(b"{}").is_err());
    }

    #[test]
    fn refuses_what_is_not_json() {
        for bad in [b"".as_slice(), b"{}", b"[]", b"\xff\xfe", b"null", &b"[".repeat(10_000)] {
            assert!(check(bad).is_err());
        }
    }
}
