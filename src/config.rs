//! The configuration: defaults, then a TOML file, then the environment (`KEYLEASH_SECTION__KEY`). Unknown keys are errors.
//!
//! The doc comments here are the reference: `docs/configuration.md` is generated from them.

mod check;
pub mod limits;
pub mod reference;

use std::{net::SocketAddr, path::Path};

pub use check::ConfigError;
use figment::{
    Figment,
    providers::{Env, Format, Serialized, Toml},
};
use keyleash_protocol::Sensitive;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use self::limits::Limits;

/// The file that is read if it is there and no other is named.
pub const DEFAULT_FILE: &str = "keyleash.toml";
/// Names in the environment that begin like configuration but belong to the build and its tests.
const NOT_CONFIGURATION: &[&str] = &["bin", "testbed", "update", "web_dir", "web_dist"];

macro_rules! section {
    ($( $(#[$meta:meta])* pub struct $name:ident { $($fields:tt)* } )+) => { $(
        $(#[$meta])*
        #[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
        #[serde(deny_unknown_fields, default)]
        pub struct $name { $($fields)* }
    )+ };
}

section! {
    #[derive(Default)]
    pub struct Config {
        pub http: Http,
        pub admin: Admin,
        pub store: Store,
        pub bus: Bus,
        pub kms: Kms,
        pub mail: Mail,
        pub identity: Identity,
        pub log: Log,
        pub limits: Limits,
    }

    /// What browsers speak to.
    pub struct Http {
        /// The address to listen on; port 0 takes a free one.
        pub listen: SocketAddr,
        /// The address that people open, used in mail links and as the first allowed origin. Default: from `listen`.
        pub public_url: Option<String>,
        /// Addresses of proxies whose `X-Forwarded-For` is believed.
        pub trusted_proxies: Vec<std::net::IpAddr>,
        /// Further origins whose pages may call the API with a token and open the socket, such as
        /// `https://terminal.example`: pages that have this server's client embedded.
        pub allowed_origins: Vec<String>,
        /// Threads that serve connections; 0 is one for each core.
        pub workers: usize,
        /// A PEM file with the certificate and those between it and its root, for serving `https://` without a proxy.
        /// Read again when it changes.
        pub tls_certificate: Option<String>,
        /// The PEM file with the certificate's private key.
        pub tls_key: Option<String>,
    }

    /// What operators speak to; keep it off the public network.
    pub struct Admin {
        /// The address of `/livez`, `/readyz` and `/metrics`.
        pub listen: SocketAddr,
    }

    /// Where everything is remembered.
    pub struct Store {
        /// `sqlite:` and a path, for one node; or `postgres://user:password@host/database?sslmode=verify-full`.
        pub url: String,
        /// Connections to PostgreSQL that this node may hold; 2 to 1,000. All nodes together must stay below the
        /// server's `max_connections`.
        pub connections: u32,
    }

    /// How nodes tell each other about changes.
    pub struct Bus {
        /// `local:` is one node by itself; several need `redis://user:password@host`, or `rediss://` for TLS.
        pub url: String,
        /// Whether `bus.url` names a node of a Redis cluster, whose other nodes are then found and used too.
        pub cluster: bool,
    }

    /// Who holds the key that wraps the users' data keys.
    #[derive(Default)]
    pub struct Kms {
        /// `file`: a master key file on this machine. `aws`: a key in AWS KMS.
        pub provider: KmsProvider,
        /// The master key file of provider `file` (by default `keyleash-data/master.key`); made with mode 0600 if it is
        /// not there. Back it up: without it the database cannot be opened. With provider `aws`: the file that data keys
        /// are still opened with until `keyleash admin rewrap` has moved the last one.
        pub key_file: Option<String>,
        /// Provider `aws`: the key that wraps, by its ARN, id or alias.
        pub key_id: Option<String>,
        /// Provider `aws`: the region; by default the one in the key's ARN, or else what the AWS environment says.
        pub region: Option<String>,
        /// Provider `aws`: another address of the service, such as a VPC endpoint. `https://`, since data keys travel.
        pub endpoint_url: Option<String>,
    }

    /// How mails leave.
    pub struct Mail {
        /// `file:` and a directory: mails stay on this machine and are shown at `/dev/mailbox`. Or
        /// `smtps://user:password@host:465` (TLS from the start) or `smtp://user:password@host:587` (STARTTLS, without which
        /// nothing is sent). In user and password, write what is no letter or digit as `%XX`. A private certificate authority
        /// is trusted by the environment variable `SSL_CERT_FILE`. `?tls=none` at the end sends mails and password in the
        /// clear: for a relay on this machine only.
        pub url: String,
        /// The sender, such as `Keyleash <keys@example.com>`. The domain of its address is that of the mails' `Message-ID` too.
        pub from: String,
    }

    /// Who knows people's logins. Second factor and verification of devices are this server's in any case.
    pub struct Identity {
        /// `accounts`: people sign up here, with an address and a password. `jwt`: they come with a signed token (RFC 7519)
        /// of the vendor, whose login they have, and there are no passwords here. `both`: either.
        pub provider: IdentityProvider,
        /// The vendor's name for itself: what `iss` in its tokens must be, to the letter. Together with `sub` it names a
        /// user: under another issuer everybody is somebody else.
        pub jwt_issuer: Option<String>,
        /// This server's name in the vendor's tokens: what `aud` must be, or have among others.
        pub jwt_audience: Option<String>,
        /// A file with the keys that the vendor signs with, a JSON Web Key Set (RFC 7517). Read again when it changes.
        pub jwks_file: Option<String>,
        /// Where that set is fetched from instead: `https://`, or `http://` to this machine. Fetched again every quarter of
        /// an hour, and when a token names a key that is not known.
        pub jwks_url: Option<String>,
        /// How far the vendor's clock may be off, seconds; 0 to 300.
        pub clock_skew_seconds: u64,
        /// The claim that holds the mail address. The vendor vouches for it.
        pub mail_claim: String,
        /// The vendor's page that people log in at, where mails lead to: `https://`, or `http://` to this machine.
        pub login_url: Option<String>,
    }

    /// What the server writes to its standard error; `RUST_LOG` chooses how much.
    #[derive(Default)]
    pub struct Log {
        /// `text` for people, `json` for machines.
        pub format: LogFormat,
    }
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum KmsProvider {
    #[default]
    File,
    Aws,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum IdentityProvider {
    #[default]
    Accounts,
    Jwt,
    Both,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum LogFormat {
    #[default]
    Text,
    Json,
}

impl Default for Http {
    fn default() -> Self {
        Self {
            listen: SocketAddr::from(([127, 0, 0, 1], 8080)),
            public_url: None,
            trusted_proxies: Vec::new(),
            allowed_origins: Vec::new(),
            workers: 0,
            tls_certificate: None,
            tls_key: None,
        }
    }
}

impl Default for Admin {
    fn default() -> Self {
        Self { listen: SocketAddr::from(([127, 0, 0, 1], 9090)) }
    }
}

impl Default for Store {
    fn default() -> Self {
        Self { url: "sqlite:keyleash-data/keyleash.db".to_owned(), connections: 16 }
    }
}

impl Default for Bus {
    fn default() -> Self {
        Self { url: "local:".to_owned(), cluster: false }
    }
}

impl Default for Mail {
    fn default() -> Self {
        Self { url: "file:keyleash-data/mail".to_owned(), from: "Keyleash <keyleash@localhost>".to_owned() }
    }
}

impl Default for Identity {
    fn default() -> Self {
        Self {
            provider: IdentityProvider::default(),
            jwt_issuer: None,
            jwt_audience: None,
            jwks_file: None,
            jwks_url: None,
            clock_skew_seconds: 60,
            mail_claim: "email".to_owned(),
            login_url: None,
        }
    }
}

impl Config {
    /// Reads and checks the configuration.
    pub fn load(file: Option<&Path>) -> Result<Self, ConfigError> {
        let given = given(file)?;
        let config: Self = Figment::from(Serialized::defaults(Self::default())).merge(&given).extract()?;
        check::check(&config, &given)?;
        Ok(config)
    }

    /// As TOML, secrets redacted.
    pub fn to_toml(&self) -> Result<String, toml::ser::Error> {
        let mut shown = self.clone();
        shown.store.url = redact(&shown.store.url);
        shown.bus.url = redact(&shown.bus.url);
        shown.mail.url = redact(&shown.mail.url);
        toml::to_string_pretty(&shown)
    }

    /// The database's address without its password.
    pub fn shown_store(&self) -> String {
        redact(&self.store.url)
    }

    /// The bus's address without its password.
    pub fn shown_bus(&self) -> String {
        redact(&self.bus.url)
    }

    /// The mail server's address without its password.
    pub fn shown_mail(&self) -> String {
        redact(&self.mail.url)
    }

    /// The parts in use that are for one person on one machine.
    pub fn embedded_parts(&self) -> Vec<&'static str> {
        let is_in_public = self.http.public_url.as_deref().is_some_and(|url| url.starts_with("https://"));
        [
            (self.kms.provider == KmsProvider::File, "file master key"),
            (self.mail.url.starts_with("file:"), "mails as files"),
            (self.mail.url.ends_with("?tls=none"), "mails without TLS"),
            (self.bus.url.starts_with("local:"), "one node"),
            (!is_in_public && self.http.tls_certificate.is_none(), "no TLS"),
        ]
        .into_iter()
        .filter_map(|(is_used, part)| is_used.then_some(part))
        .collect()
    }

    /// The address that people open, without a slash at its end.
    pub fn public_url(&self, listening: SocketAddr) -> String {
        match &self.http.public_url {
            Some(url) => url.trim_end_matches('/').to_owned(),
            None if self.http.tls_certificate.is_some() => format!("https://{listening}"),
            None => format!("http://{listening}"),
        }
    }
}

impl Kms {
    /// The master key file, if one is in use.
    pub fn master_key_file(&self) -> Option<&Path> {
        match (&self.key_file, self.provider) {
            (Some(path), _) => Some(Path::new(path)),
            (None, KmsProvider::File) => Some(Path::new("keyleash-data/master.key")),
            (None, KmsProvider::Aws) => None,
        }
    }
}

/// What was configured on purpose: everything but the defaults.
fn given(file: Option<&Path>) -> Result<Figment, ConfigError> {
    let path = match file {
        Some(path) if !path.exists() => return Err(ConfigError::NoFile { path: path.display().to_string() }),
        Some(path) => Some(path),
        None => Some(Path::new(DEFAULT_FILE)).filter(|path| path.exists()),
    };
    let toml = path.map(Toml::file_exact);
    let environment = Env::prefixed("KEYLEASH_").ignore(NOT_CONFIGURATION).split("__");
    let given = toml.map_or_else(Figment::new, Figment::from);
    Ok(given.merge(environment))
}

/// `scheme://user:password@host?password=...` without the passwords.
fn redact(url: &str) -> String {
    let Some((scheme, rest)) = url.split_once("://") else { return url.to_owned() };
    // The last `@`, also if that is in a query: rather too much is hidden than too little.
    let (user, place) = match rest.rsplit_once('@') {
        None => (String::new(), rest),
        Some((authority, place)) => {
            let user = authority.split([':', '@', '/', '?']).next().unwrap_or_default();
            (format!("{user}:{:?}@", Sensitive::default()), place)
        }
    };
    let (place, query) = place.split_once('?').map_or((place, None), |(place, query)| (place, Some(query)));
    let hide = |pair: &str| match pair.split_once('=') {
        Some((key, _)) if key.contains("pass") => format!("{key}={:?}", Sensitive::default()),
        _ => pair.to_owned(),
    };
    let query = query.map(|query| query.split('&').map(hide).collect::<Vec<_>>().join("&"));
    let query = query.map(|query| format!("?{query}")).unwrap_or_default();
    format!("{scheme}://{user}{place}{query}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_in_an_address_is_not_shown() {
        assert_eq!(redact("postgres://app:hush@db/keyleash"), "postgres://app:(redacted)@db/keyleash");
        assert_eq!(redact("sqlite:keyleash.db"), "sqlite:keyleash.db");
        assert_eq!(
            redact("postgres://app@db/keyleash?sslmode=verify-full&password=hush"),
            "postgres://app:(redacted)@db/keyleash?sslmode=verify-full&password=(redacted)"
        );
        for careless in ["postgres://app:hu?sh@db/keyleash", "postgres://app@db/keyleash?password=hu@sh"] {
            let shown = redact(careless);
            assert!(shown.starts_with("postgres://app") && !shown.contains("hu"), "{shown}");
        }
    }
}
