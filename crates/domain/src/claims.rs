//! Whether what a vendor's token claims is good enough for a login (RFC 7519, 4.1; RFC 8725). Who signed it was found out
//! before.

use std::time::Duration;

use keyleash_protocol::UnixMillis;

use crate::{login::VendorLogin, text::Email};

/// What is asked of a token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Terms {
    pub issuer: String,
    pub audience: String,
    /// How far the vendor's clock may be off.
    pub skew: Duration,
}

/// What a token says; what it does not say is `None`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Claims {
    pub issuer: Option<String>,
    /// For whom it is; one or several.
    pub audience: Vec<String>,
    pub subject: Option<String>,
    pub expires_at: Option<UnixMillis>,
    pub not_before: Option<UnixMillis>,
    pub issued_at: Option<UnixMillis>,
    pub email: Option<String>,
    pub email_verified: Option<bool>,
}

/// Somebody for whom a vendor vouches.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Vouched {
    pub login: VendorLogin,
    pub email: Email,
    issued_at: Option<UnixMillis>,
}

/// Why a token is refused. Says which check failed, and nothing of what the token says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadToken {
    #[error("the token is longer than a token may be")]
    TooLong,
    #[error("this is no signed JSON Web Token in its compact form, with `alg`, `kid` and claims of the right types")]
    Malformed,
    #[error("the token is not signed with RS256, PS256, ES256 or EdDSA, or not with the algorithm that its key is for")]
    Algorithm,
    #[error("the token names a key (`kid`) that the vendor's key set does not have")]
    UnknownKey,
    #[error("the token's signature is wrong")]
    Signature,
    #[error("the token is of another issuer (`iss`)")]
    Issuer,
    #[error("the token is for another audience (`aud`)")]
    Audience,
    #[error("the token says nothing of when it expires (`exp`)")]
    NeverExpires,
    #[error("the token has expired (`exp`)")]
    Expired,
    #[error("the token is not valid yet (`nbf`, `iat`)")]
    NotYetValid,
    #[error("the token does not say who this is (`sub`, 1 to 255 bytes)")]
    Subject,
    #[error("the token has no mail address in the claim that is configured for it")]
    Mail,
    #[error("the vendor has not verified the mail address (`email_verified`)")]
    MailUnverified,
    #[error("the token is of another user than the one who is logged in")]
    SomebodyElse,
    #[error("the token was issued too long ago for this (`iat`); get a new one")]
    Stale,
}

impl Terms {
    pub fn judge(&self, claims: Claims, now: UnixMillis) -> Result<Vouched, BadToken> {
        if claims.issuer.as_deref() != Some(&self.issuer) {
            return Err(BadToken::Issuer);
        }
        if !claims.audience.contains(&self.audience) {
            return Err(BadToken::Audience);
        }
        if claims.expires_at.ok_or(BadToken::NeverExpires)?.after(self.skew) <= now {
            return Err(BadToken::Expired);
        }
        let begins = claims.not_before.into_iter().chain(claims.issued_at).max();
        if begins.is_some_and(|begins| begins > now.after(self.skew)) {
            return Err(BadToken::NotYetValid);
        }
        let subject = claims.subject.ok_or(BadToken::Subject)?;
        let login = VendorLogin::new(&self.issuer, &subject).ok_or(BadToken::Subject)?;
        let email = claims.email.and_then(|email| Email::parse(&email).ok()).ok_or(BadToken::Mail)?;
        if claims.email_verified == Some(false) {
            return Err(BadToken::MailUnverified);
        }
        Ok(Vouched { login, email, issued_at: claims.issued_at })
    }

    /// Whether a token was issued within the last `age`: its owner has just logged in with the vendor.
    pub fn is_fresh(&self, vouched: &Vouched, age: Duration, now: UnixMillis) -> bool {
        vouched.issued_at.is_some_and(|issued| now < issued.after(age).after(self.skew))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: UnixMillis = UnixMillis(1_800_000_000_000);
    const SKEW: Duration = Duration::from_mins(1);

    fn terms() -> Terms {
        Terms { issuer: "https://vendor.example".to_owned(), audience: "keyleash".to_owned(), skew: SKEW }
    }

    fn good() -> Claims {
        Claims {
            issuer: Some("https://vendor.example".to_owned()),
            audience: vec!["another".to_owned(), "keyleash".to_owned()],
            subject: Some("user-1".to_owned()),
            expires_at: Some(in_seconds(300)),
            not_before: Some(NOW),
            issued_at: Some(NOW),
            email: Some("Trader@Example.com".to_owned()),
            email_verified: Some(true),
        }
    }

    fn in_seconds(seconds: i64) -> UnixMillis {
        UnixMillis(NOW.0 + seconds * 1_000)
    }

    #[test]
    fn a_good_token_says_who_this_is() {
        let vouched = terms().judge(good(), NOW).unwrap();
        assert_eq!((vouched.login.subject(), vouched.email.as_str()), ("user-1", "trader@example.com"));
        let plain = Claims { not_before: None, issued_at: None, email_verified: None, ..good() };
        assert!(terms().judge(plain, NOW).is_ok(), "not everybody says that much");
    }

    #[test]
    fn each_claim_is_checked() {
        let text = |text: &str| Some(text.to_owned());
        for (claims, why) in [
            (Claims { issuer: None, ..good() }, BadToken::Issuer),
            (Claims { issuer: text("https://vendor.example/"), ..good() }, BadToken::Issuer),
            (Claims { audience: Vec::new(), ..good() }, BadToken::Audience),
            (Claims { audience: vec!["Keyleash".to_owned()], ..good() }, BadToken::Audience),
            (Claims { expires_at: None, ..good() }, BadToken::NeverExpires),
            (Claims { subject: None, ..good() }, BadToken::Subject),
            (Claims { subject: text(""), ..good() }, BadToken::Subject),
            (Claims { subject: text(&"x".repeat(256)), ..good() }, BadToken::Subject),
            (Claims { subject: text("a\u{0}b"), ..good() }, BadToken::Subject),
            (Claims { email: None, ..good() }, BadToken::Mail),
            (Claims { email: text("nowhere"), ..good() }, BadToken::Mail),
            (Claims { email_verified: Some(false), ..good() }, BadToken::MailUnverified),
        ] {
            assert_eq!(terms().judge(claims.clone(), NOW), Err(why), "{claims:?}");
        }
    }

    #[test]
    fn times_are_taken_with_the_skew_and_no_more() {
        let judged = |claims| terms().judge(claims, NOW).map(drop);
        for (seconds, outcome) in [(-59, Ok(())), (-60, Err(BadToken::Expired)), (-3_600, Err(BadToken::Expired))] {
            assert_eq!(judged(Claims { expires_at: Some(in_seconds(seconds)), ..good() }), outcome, "exp {seconds}");
        }
        for (seconds, outcome) in [(60, Ok(())), (61, Err(BadToken::NotYetValid))] {
            assert_eq!(judged(Claims { not_before: Some(in_seconds(seconds)), ..good() }), outcome, "nbf {seconds}");
            assert_eq!(judged(Claims { issued_at: Some(in_seconds(seconds)), ..good() }), outcome, "iat {seconds}");
        }
        let endless = Claims { expires_at: Some(UnixMillis(i64::MAX)), ..good() };
        assert_eq!(judged(endless), Ok(()), "no time is beyond what can be counted");
    }

    #[test]
    fn a_token_is_fresh_for_so_long() {
        let fresh = |issued_at| {
            let vouched = terms().judge(Claims { issued_at, not_before: None, ..good() }, NOW).unwrap();
            terms().is_fresh(&vouched, Duration::from_mins(5), NOW)
        };
        assert!(fresh(Some(in_seconds(-359))) && !fresh(Some(in_seconds(-360))) && !fresh(None));
    }
}
