//! A key set: JSON into keys that each have one algorithm.

use std::fmt;

use keyleash_protocol::Base64Url;
use ring::signature::{
    ECDSA_P256_SHA256_FIXED, ED25519, RSA_PKCS1_2048_8192_SHA256, RSA_PSS_2048_8192_SHA256, RsaPublicKeyComponents,
    UnparsedPublicKey,
};
use serde::Deserialize;

/// Modulus of an RSA key, bytes: 2,048 to 8,192 bits.
const MODULUS_BYTES: std::ops::RangeInclusive<usize> = 256..=1_024;
/// A coordinate of a point of P-256, and a point of Ed25519, bytes.
const COORDINATE_BYTES: usize = 32;

/// How a token may be signed (RFC 7518, 3.1; RFC 8037, 3.1). Nothing symmetric: a public key is no secret to share.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Algorithm {
    Rs256,
    Ps256,
    Es256,
    EdDsa,
}

/// A public key, and the one algorithm that it is for.
#[derive(PartialEq, Eq)]
pub struct Key {
    id: String,
    algorithm: Algorithm,
    public: Public,
}

#[derive(PartialEq, Eq)]
enum Public {
    Rsa { modulus: Vec<u8>, exponent: Vec<u8> },
    Point(Vec<u8>),
}

/// What a vendor signs with.
#[derive(Debug, PartialEq, Eq)]
pub struct KeySet(Vec<Key>);

#[derive(Debug, thiserror::Error)]
pub enum SetError {
    #[error("more than {} bytes", super::SET_BYTES_MAX)]
    TooLarge,
    #[error("this is no JSON Web Key Set, such as {{\"keys\": [..]}}")]
    Form(#[source] serde_json::Error),
    #[error("none of its {given} keys has a `kid` and is for RS256, PS256, ES256 or EdDSA signatures")]
    Nothing { given: usize },
}

/// A set as it is written; members of other kinds of keys are left out.
#[derive(Deserialize)]
struct Set {
    keys: Vec<serde_json::Value>,
}

#[derive(Deserialize)]
struct Jwk {
    kty: String,
    kid: Option<String>,
    alg: Option<String>,
    r#use: Option<String>,
    key_ops: Option<Vec<String>>,
    crv: Option<String>,
    n: Option<Base64Url>,
    e: Option<Base64Url>,
    x: Option<Base64Url>,
    y: Option<Base64Url>,
}

impl Algorithm {
    pub fn named(name: &str) -> Option<Self> {
        match name {
            "RS256" => Some(Self::Rs256),
            "PS256" => Some(Self::Ps256),
            "ES256" => Some(Self::Es256),
            // RFC 9864 names it so.
            "EdDSA" | "Ed25519" => Some(Self::EdDsa),
            _ => None,
        }
    }
}

impl KeySet {
    /// Keys of other kinds, for other uses or without an id are passed over, as RFC 7517, 5 asks.
    pub fn parse(json: &[u8]) -> Result<Self, SetError> {
        if json.len() > super::SET_BYTES_MAX {
            return Err(SetError::TooLarge);
        }
        let set: Set = serde_json::from_slice(json).map_err(SetError::Form)?;
        let given = set.keys.len();
        let jwks = set.keys.into_iter().filter_map(|key| serde_json::from_value(key).ok());
        let keys: Vec<Key> = jwks.filter_map(Key::of).collect();
        if keys.is_empty() { Err(SetError::Nothing { given }) } else { Ok(Self(keys)) }
    }

    pub fn has(&self, id: &str) -> bool {
        self.0.iter().any(|key| key.id == id)
    }

    /// The key with this id, if it is for this algorithm.
    pub fn find(&self, id: &str, algorithm: Algorithm) -> Option<&Key> {
        self.0.iter().find(|key| key.id == id && key.algorithm == algorithm)
    }

    /// How many there are to check signatures with.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl Key {
    fn of(jwk: Jwk) -> Option<Self> {
        let is_for_signatures = jwk.r#use.as_deref().is_none_or(|r#use| r#use == "sig")
            && jwk.key_ops.as_ref().is_none_or(|operations| operations.iter().any(|each| each == "verify"));
        // A key that does not say its algorithm is for the usual one of its kind.
        let usual = match (jwk.kty.as_str(), jwk.crv.as_deref()) {
            ("RSA", None) => Algorithm::Rs256,
            ("EC", Some("P-256")) => Algorithm::Es256,
            ("OKP", Some("Ed25519")) => Algorithm::EdDsa,
            _ => return None,
        };
        let algorithm = jwk.alg.as_deref().map_or(Some(usual), Algorithm::named)?;
        let public = match (usual, algorithm) {
            (Algorithm::Rs256, Algorithm::Rs256 | Algorithm::Ps256) => Public::rsa(jwk.n?.0, jwk.e?.0)?,
            (Algorithm::Es256, Algorithm::Es256) => Public::p256(&jwk.x?.0, &jwk.y?.0)?,
            (Algorithm::EdDsa, Algorithm::EdDsa) => Public::ed25519(jwk.x?.0)?,
            _ => return None,
        };
        let id = jwk.kid.filter(|id| !id.is_empty() && is_for_signatures)?;
        Some(Self { id, algorithm, public })
    }

    pub fn verifies(&self, message: &[u8], signature: &[u8]) -> bool {
        let verified = match (&self.public, self.algorithm) {
            (Public::Rsa { modulus, exponent }, Algorithm::Ps256) => {
                RsaPublicKeyComponents { n: modulus, e: exponent }.verify(&RSA_PSS_2048_8192_SHA256, message, signature)
            }
            (Public::Rsa { modulus, exponent }, _) => RsaPublicKeyComponents { n: modulus, e: exponent }.verify(
                &RSA_PKCS1_2048_8192_SHA256,
                message,
                signature,
            ),
            (Public::Point(point), Algorithm::EdDsa) => {
                UnparsedPublicKey::new(&ED25519, point).verify(message, signature)
            }
            (Public::Point(point), _) => {
                UnparsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, point).verify(message, signature)
            }
        };
        verified.is_ok()
    }
}

impl Public {
    fn rsa(modulus: Vec<u8>, exponent: Vec<u8>) -> Option<Self> {
        // Some write the zero byte that keeps a number positive elsewhere; ring takes none.
        let without_zeros = |bytes: Vec<u8>| bytes.into_iter().skip_while(|byte| *byte == 0).collect::<Vec<_>>();
        let (modulus, exponent) = (without_zeros(modulus), without_zeros(exponent));
        (MODULUS_BYTES.contains(&modulus.len()) && !exponent.is_empty()).then_some(Self::Rsa { modulus, exponent })
    }

    fn p256(x: &[u8], y: &[u8]) -> Option<Self> {
        let is_whole = x.len() == COORDINATE_BYTES && y.len() == COORDINATE_BYTES;
        // Uncompressed (SEC 1, 2.3.3).
        is_whole.then(|| Self::Point([&[4], x, y].concat()))
    }

    fn ed25519(x: Vec<u8>) -> Option<Self> {
        (x.len() == COORDINATE_BYTES).then_some(Self::Point(x))
    }
}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Key({:?}, {:?})", self.id, self.algorithm)
    }
}

#[cfg(test)]
mod tests;
