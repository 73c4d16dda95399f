//! A signed token in its compact form (RFC 7515, 7.1): parts and types, and nothing that it says is believed yet.

use keyleash_domain::claims::{BadToken, Claims};
use keyleash_protocol::{Base64Url, UnixMillis};
use serde_json::{Map, Value};

use crate::jwks::Algorithm;

/// Longest token. Those that vendors make have one or two thousand bytes.
const TOKEN_BYTES_MAX: usize = 8 * 1024;
/// Longest name of a key.
const KEY_ID_BYTES_MAX: usize = 256;

/// A token taken apart.
pub(super) struct Compact<'t> {
    pub(super) algorithm: Algorithm,
    /// `kid`: which of the vendor's keys it is said to be signed with.
    pub(super) key: String,
    /// What is signed.
    pub(super) message: &'t [u8],
    pub(super) signature: Vec<u8>,
    claims: &'t str,
}

impl<'t> Compact<'t> {
    pub(super) fn parse(token: &'t str) -> Result<Self, BadToken> {
        if token.len() > TOKEN_BYTES_MAX {
            return Err(BadToken::TooLong);
        }
        let (message, signature) = token.rsplit_once('.').ok_or(BadToken::Malformed)?;
        let (header, claims) = message.split_once('.').ok_or(BadToken::Malformed)?;
        let header = object(header)?;
        // What must be understood (RFC 7515, 4.1.11) is nothing that is understood here.
        if header.contains_key("crit") {
            return Err(BadToken::Malformed);
        }
        let algorithm = text(&header, "alg")?.ok_or(BadToken::Malformed)?;
        let algorithm = Algorithm::named(&algorithm).ok_or(BadToken::Algorithm)?;
        let key = text(&header, "kid")?.filter(|key| key.len() <= KEY_ID_BYTES_MAX).ok_or(BadToken::Malformed)?;
        let signature = Base64Url::decode(signature).map_err(|_| BadToken::Malformed)?.0;
        Ok(Self { algorithm, key, message: message.as_bytes(), signature, claims })
    }

    /// What it claims; worth something once the signature was found to be right. A claim of another type than it must have
    /// is not taken for one that is missing.
    pub(super) fn claims(&self, mail_claim: &str) -> Result<Claims, BadToken> {
        let claims = object(self.claims)?;
        Ok(Claims {
            issuer: text(&claims, "iss")?,
            audience: texts(&claims, "aud")?,
            subject: text(&claims, "sub")?,
            expires_at: time(&claims, "exp")?,
            not_before: time(&claims, "nbf")?,
            issued_at: time(&claims, "iat")?,
            email: text(&claims, mail_claim)?,
            email_verified: truth(&claims, "email_verified")?,
        })
    }
}

fn object(part: &str) -> Result<Map<String, Value>, BadToken> {
    let json = Base64Url::decode(part).map_err(|_| BadToken::Malformed)?;
    serde_json::from_slice(json.as_slice()).map_err(|_| BadToken::Malformed)
}

fn text(object: &Map<String, Value>, name: &str) -> Result<Option<String>, BadToken> {
    match object.get(name) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(text)) => Ok(Some(text.clone())),
        Some(_) => Err(BadToken::Malformed),
    }
}

/// One text, or several.
fn texts(object: &Map<String, Value>, name: &str) -> Result<Vec<String>, BadToken> {
    let Some(Value::Array(items)) = object.get(name) else { return Ok(text(object, name)?.into_iter().collect()) };
    items.iter().map(|item| item.as_str().map(str::to_owned).ok_or(BadToken::Malformed)).collect()
}

/// Seconds since 1970, fractions allowed (RFC 7519, 2, `NumericDate`).
fn time(object: &Map<String, Value>, name: &str) -> Result<Option<UnixMillis>, BadToken> {
    match object.get(name) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::Number(number)) => {
            let whole = number.as_i64().map(|seconds| seconds.saturating_mul(1_000));
            #[expect(clippy::cast_possible_truncation, reason = "a time beyond what can be counted is the last one")]
            let with_fraction = || number.as_f64().map(|seconds| (seconds * 1_000.0) as i64);
            whole.or_else(with_fraction).map(UnixMillis).map(Some).ok_or(BadToken::Malformed)
        }
        Some(_) => Err(BadToken::Malformed),
    }
}

/// Some vendors write it as text.
fn truth(object: &Map<String, Value>, name: &str) -> Result<Option<bool>, BadToken> {
    match object.get(name) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::Bool(truth)) => Ok(Some(*truth)),
        Some(Value::String(text)) => text.parse().map(Some).map_err(|_| BadToken::Malformed),
        Some(_) => Err(BadToken::Malformed),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn token(header: &Value, claims: &Value) -> String {
        let part = |json: &Value| Base64Url::encode(json.to_string().as_bytes());
        format!("{}.{}.c2ln", part(header), part(claims))
    }

    fn claims(claims: &Value) -> Result<Claims, BadToken> {
        let token = token(&json!({ "alg": "ES256", "kid": "k" }), claims);
        Compact::parse(&token).map_err(|_| BadToken::TooLong)?.claims("mail")
    }

    #[test]
    fn a_token_has_three_parts_and_says_how_it_is_signed() {
        let good = token(&json!({ "alg": "ES256", "kid": "k", "typ": "at+jwt" }), &json!({}));
        let compact = Compact::parse(&good).unwrap();
        assert_eq!(
            (compact.algorithm, compact.key.as_str(), compact.signature.as_slice()),
            (Algorithm::Es256, "k", &b"sig"[..])
        );
        assert_eq!(compact.message, &good.as_bytes()[..good.len() - 5]);
        for (header, why) in [
            (json!({ "alg": "none", "kid": "k" }), BadToken::Algorithm),
            (json!({ "alg": "HS256", "kid": "k" }), BadToken::Algorithm),
            (json!({ "alg": 256, "kid": "k" }), BadToken::Malformed),
            (json!({ "kid": "k" }), BadToken::Malformed),
            (json!({ "alg": "ES256" }), BadToken::Malformed),
            (json!({ "alg": "ES256", "kid": "k".repeat(257) }), BadToken::Malformed),
            (json!({ "alg": "ES256", "kid": "k", "crit": ["b64"], "b64": false }), BadToken::Malformed),
            (json!([]), BadToken::Malformed),
        ] {
            assert_eq!(Compact::parse(&token(&header, &json!({}))).err(), Some(why), "{header}");
        }
        for (bad, why) in [
            (String::new(), BadToken::Malformed),
            ("a.b".to_owned(), BadToken::Malformed),
            (format!("{good}.more"), BadToken::Malformed),
            (good.replace("c2ln", "c2ln="), BadToken::Malformed),
            (format!("{good}{}", "A".repeat(8 * 1024)), BadToken::TooLong),
        ] {
            assert_eq!(Compact::parse(&bad).and_then(|compact| compact.claims("mail")).err(), Some(why), "{bad}");
        }
    }

    #[test]
    fn claims_have_their_types() {
        let said = claims(&json!({
            "iss": "i", "aud": ["a", "b"], "sub": "s", "exp": 1_800_000_000, "iat": 1_799_999_999.5, "nbf": null,
            "mail": "m", "email": "other", "email_verified": "true",
        }))
        .unwrap();
        assert_eq!(said.audience, ["a", "b"]);
        assert_eq!(
            (said.expires_at, said.issued_at),
            (Some(UnixMillis(1_800_000_000_000)), Some(UnixMillis(1_799_999_999_500)))
        );
        assert_eq!((said.not_before, said.email.as_deref(), said.email_verified), (None, Some("m"), Some(true)));
        assert_eq!(claims(&json!({})), Ok(Claims::default()));
        for wrong in [
            json!({ "iss": 1 }),
            json!({ "aud": [1] }),
            json!({ "aud": {} }),
            json!({ "sub": ["s"] }),
            json!({ "exp": "1800000000" }),
            json!({ "nbf": "never" }),
            json!({ "iat": true }),
            json!({ "mail": ["m"] }),
            json!({ "email_verified": "perhaps" }),
            json!([]),
        ] {
            assert_eq!(claims(&wrong), Err(BadToken::Malformed), "{wrong}");
        }
        assert_eq!(claims(&json!({ "exp": 1e300 })).unwrap().expires_at, Some(UnixMillis(i64::MAX)));
    }
}
