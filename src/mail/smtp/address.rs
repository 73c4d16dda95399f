//! Addresses: of the mail server, as configured, and of who gets a mail.

use std::{error::Error, str::FromStr as _};

use lettre::transport::smtp::authentication::Credentials;
use percent_encoding::percent_decode_str;
use url::{Host, Url};

use super::refusal;
use crate::mail::MailError;

/// What is wrong with the configuration of mails; never repeats a password.
#[derive(Debug, thiserror::Error)]
pub enum AddressError {
    #[error("mail.url is not an address; in a password, write what is no letter or digit as %XX")]
    Form(#[source] url::ParseError),
    #[error("mail.url: {0}")]
    Rule(&'static str),
    #[error("mail.from is not a sender, such as Keyleash <keys@example.com>")]
    Sender(#[source] Box<dyn Error + Send + Sync>),
    #[error("the certificate authorities that this machine trusts cannot be read")]
    Certificates(#[source] Box<dyn Error + Send + Sync>),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Protection {
    /// Because the address says `tls=none`.
    None,
    StartTls,
    /// From the start.
    Tls,
}

/// `smtp://user:password@host:port`, `smtps://..` or `smtp://..?tls=none`.
pub(super) struct Address {
    pub(super) host: String,
    pub(super) port: u16,
    pub(super) protection: Protection,
    pub(super) credentials: Option<Credentials>,
}

impl Address {
    pub(super) fn parse(text: &str) -> Result<Self, AddressError> {
        let url = Url::parse(text).map_err(AddressError::Form)?;
        let protection = match (url.scheme(), url.query()) {
            ("smtps", None) => Protection::Tls,
            ("smtp", None) => Protection::StartTls,
            ("smtp", Some("tls=none")) => Protection::None,
            ("smtp", Some(_)) => return Err(AddressError::Rule("after the ? only tls=none is known")),
            ("smtps", Some(_)) => return Err(AddressError::Rule("smtps:// takes nothing after a ?")),
            _ => return Err(AddressError::Rule("begins with neither smtp:// nor smtps://")),
        };
        if !matches!(url.path(), "" | "/") || url.fragment().is_some() {
            return Err(AddressError::Rule("names a host and a port, and nothing behind them"));
        }
        let host = match url.host_str().map(Host::parse) {
            Some(Ok(Host::Ipv6(address))) => address.to_string(),
            Some(Ok(host)) if !host.to_string().is_empty() => host.to_string(),
            _ => return Err(AddressError::Rule("names no host")),
        };
        let usual = if protection == Protection::Tls { 465 } else { 587 };
        let port = url.port().unwrap_or(usual);
        Ok(Self { host, port, protection, credentials: credentials(&url)? })
    }
}

fn credentials(url: &Url) -> Result<Option<Credentials>, AddressError> {
    let decoded = |part: &str| percent_decode_str(part).decode_utf8().map(Into::into);
    match (url.username(), url.password()) {
        ("", None) => Ok(None),
        ("", Some(_)) => Err(AddressError::Rule("has a password without a user")),
        (_, None) => Err(AddressError::Rule("has a user without a password")),
        (user, Some(password)) => match (decoded(user), decoded(password)) {
            (Ok(user), Ok(password)) => Ok(Some(Credentials::new(user, password))),
            _ => Err(AddressError::Rule("user and password are UTF-8")),
        },
    }
}

/// Who gets a mail. A domain beyond ASCII is written as DNS knows it (RFC 5891).
pub(super) fn recipient(address: &str) -> Result<lettre::Address, MailError> {
    let (local, domain) = address.rsplit_once('@').unwrap_or((address, ""));
    let domain = if domain.is_ascii() {
        domain.to_owned()
    } else {
        Host::parse(domain).map_err(|error| refusal::for_good("name its recipient", error))?.to_string()
    };
    lettre::Address::from_str(&format!("{local}@{domain}"))
        .map_err(|error| refusal::for_good("name its recipient", error))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_text_has_to_be_asked_for() {
        let parsed = |text| Address::parse(text).unwrap();
        let said = [
            ("smtp://mail.example", Protection::StartTls, 587),
            ("smtps://mail.example", Protection::Tls, 465),
            ("smtps://mail.example:2465/", Protection::Tls, 2465),
            ("smtp://mail.example:25?tls=none", Protection::None, 25),
        ];
        for (text, protection, port) in said {
            let address = parsed(text);
            assert_eq!(
                (address.protection, address.port, &*address.host),
                (protection, port, "mail.example"),
                "{text}"
            );
        }
        let user = parsed("smtps://robot%40mail.example:p%2Fss%20w@mail.example").credentials;
        assert_eq!(user, Some(Credentials::new("robot@mail.example".to_owned(), "p/ss w".to_owned())));
        assert_eq!(parsed("smtp://[::1]:25?tls=none").host, "::1");
    }

    #[test]
    fn what_would_be_ignored_is_refused_without_repeating_a_password() {
        for text in [
            "smtp://mail.example?tls=opportunistic",
            "smtps://mail.example?tls=none",
            "smtp://mail.example/path",
            "smtp://robot@mail.example",
            "smtp://:hush@mail.example",
            "smtp://robot:hush/@mail.example:x",
            "smtp:mail.example",
            "smtps://robot:hush@",
        ] {
            let Err(error) = Address::parse(text) else { panic!("{text}") };
            assert!(!format!("{error} {error:?}").contains("hush"), "{error:?}");
        }
    }

    #[test]
    fn a_domain_beyond_ascii_is_written_as_dns_knows_it() {
        assert_eq!(recipient("anna@bücher.example").unwrap().to_string(), "anna@xn--bcher-kva.example");
        assert_eq!(recipient("anna@example.com").unwrap().to_string(), "anna@example.com");
        assert!(matches!(recipient("anna@exa mple"), Err(MailError::Permanent { .. })));
    }
}
