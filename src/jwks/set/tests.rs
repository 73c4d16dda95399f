use serde_json::{Value, json};

use super::*;

/// RFC 7515, appendix A.3.
const ES256: &str = "eyJhbGciOiJFUzI1NiJ9.\
     eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ.\
     DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q";
/// RFC 8037, appendix A.4.
const ED_DSA: &str = "eyJhbGciOiJFZERTQSJ9.RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc.\
     hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGcvMg3AIbQR6dWbhijcNR4ki4iylGjg5BhVsPt9g7sVvpAr_MuM0KAg";

fn p256() -> Value {
    json!({
        "kty": "EC", "crv": "P-256", "kid": "ec",
        "x": "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU", "y": "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0",
    })
}

fn ed25519() -> Value {
    json!({ "kty": "OKP", "crv": "Ed25519", "kid": "ed", "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo" })
}

fn rsa(bytes: usize) -> Value {
    json!({ "kty": "RSA", "kid": "rsa", "n": Base64Url::encode(&vec![0xff; bytes]), "e": "AQAB" })
}

fn parse(keys: &[Value]) -> Result<KeySet, SetError> {
    KeySet::parse(json!({ "keys": keys }).to_string().as_bytes())
}

fn with(mut key: Value, name: &str, value: Value) -> Value {
    key[name] = value;
    key
}

#[test]
fn signatures_of_the_rfcs_are_right_and_others_are_not() {
    let set = parse(&[p256(), ed25519()]).unwrap();
    for (token, id, algorithm) in [(ES256, "ec", Algorithm::Es256), (ED_DSA, "ed", Algorithm::EdDsa)] {
        let (message, signature) = token.rsplit_once('.').unwrap();
        let mut signature = Base64Url::decode(signature).unwrap().0;
        let key = set.find(id, algorithm).unwrap();
        assert!(key.verifies(message.as_bytes(), &signature), "{algorithm:?}");
        assert!(!key.verifies(&message.as_bytes()[1..], &signature), "{algorithm:?}");
        assert!(!key.verifies(message.as_bytes(), &[]), "{algorithm:?}");
        signature[7] ^= 1;
        assert!(!key.verifies(message.as_bytes(), &signature), "{algorithm:?}");
    }
}

#[test]
fn a_key_is_for_one_algorithm() {
    let set = parse(&[rsa(256), p256(), ed25519(), with(with(rsa(512), "kid", json!("pss")), "alg", json!("PS256"))]);
    let set = set.unwrap();
    for (id, algorithm) in
        [("rsa", Algorithm::Rs256), ("pss", Algorithm::Ps256), ("ec", Algorithm::Es256), ("ed", Algorithm::EdDsa)]
    {
        for asked in [Algorithm::Rs256, Algorithm::Ps256, Algorithm::Es256, Algorithm::EdDsa] {
            assert_eq!(set.find(id, asked).is_some(), asked == algorithm, "{id} {asked:?}");
        }
    }
    for name in ["none", "HS256", "RS512", "rs256", "ES256K", ""] {
        assert_eq!(Algorithm::named(name), None, "{name}");
    }
}

#[test]
fn keys_that_are_not_for_this_are_passed_over() {
    for other in [
        json!({ "kty": "oct", "kid": "shared", "k": "c2VjcmV0", "alg": "HS256" }),
        json!({ "kty": "EC", "crv": "P-384", "kid": "p384", "x": "AA", "y": "AA" }),
        json!({ "kty": "something new" }),
        json!("no key at all"),
        with(p256(), "use", json!("enc")),
        with(p256(), "key_ops", json!(["sign"])),
        with(p256(), "alg", json!("RS256")),
        with(p256(), "alg", json!("ES512")),
        with(p256(), "kid", Value::Null),
        with(p256(), "kid", json!("")),
        with(p256(), "x", json!("AAAA")),
        with(ed25519(), "x", json!("AAAA")),
        with(rsa(256), "e", json!("")),
        rsa(128),
        rsa(2_048),
    ] {
        let set = parse(&[other.clone(), with(p256(), "kid", json!("good"))]).unwrap();
        assert_eq!(set.len(), 1, "{other}");
        assert!(set.has("good"), "{other}");
        assert!(matches!(parse(&[other]), Err(SetError::Nothing { given: 1 })));
    }
    let padded = Base64Url::encode(&[[0].as_slice(), &[0xff; 256]].concat());
    assert!(parse(&[with(rsa(256), "n", json!(padded))]).is_ok(), "a zero byte before the number is no part of it");
}

#[test]
fn what_is_no_set_is_refused() {
    for json in ["", "[]", "{}", r#"{"keys":{}}"#, "<html>"] {
        assert!(matches!(KeySet::parse(json.as_bytes()), Err(SetError::Form(_))), "{json}");
    }
    let huge = [br#"{"keys":[]}"#.as_slice(), &vec![b' '; 256 * 1024]].concat();
    assert!(matches!(KeySet::parse(&huge), Err(SetError::TooLarge)));
}
