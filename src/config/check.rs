//! What a configuration must keep to, beyond its form. Each refusal names the key and the rule.

use figment::Figment;
use keyleash_domain::origin::AllowedOrigins;
use lettre::message::Mailbox;

use super::{Config, IdentityProvider, KmsProvider};

#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    #[error("there is no file {path}")]
    NoFile { path: String },
    #[error(transparent)]
    Form(#[from] Box<figment::Error>),
    #[error("{key}: {rule}")]
    Rule { key: &'static str, rule: String },
    #[error(
        "http.listen is {listen}, beyond this machine, but {key} is the embedded default, made for trying out. \
         Configure {key}, or set it to {value} on purpose"
    )]
    EmbeddedInPublic { listen: String, key: &'static str, value: String },
}

impl From<figment::Error> for ConfigError {
    fn from(error: figment::Error) -> Self {
        Self::Form(Box::new(error))
    }
}

const OF_THE_VENDORS_LOGIN: [&str; 7] = [
    "identity.jwt_issuer",
    "identity.jwt_audience",
    "identity.jwks_file",
    "identity.jwks_url",
    "identity.clock_skew_seconds",
    "identity.mail_claim",
    "identity.login_url",
];

/// `given`: what was configured on purpose.
pub(super) fn check(config: &Config, given: &Figment) -> Result<(), ConfigError> {
    ranges(config)?;
    addresses(config)?;
    mail_from(config)?;
    belong_together(config, given)?;
    vendors_login(config, given)?;
    named_on_purpose(config, given)
}

fn ranges(config: &Config) -> Result<(), ConfigError> {
    let limits = &config.limits;
    for (key, value, least, most) in [
        ("store.connections", u64::from(config.store.connections), 2, 1_000),
        ("identity.clock_skew_seconds", config.identity.clock_skew_seconds, 0, 300),
        ("limits.grace_seconds", limits.grace_seconds, 0, 86_400),
        ("limits.heartbeat_seconds", limits.heartbeat_seconds, 1, 300),
        ("limits.restore_days", limits.restore_days, 0, 90),
        ("limits.session_days", limits.session_days, 1, 365),
        ("limits.link_minutes", limits.link_minutes, 1, 1_440),
        ("limits.mails_per_hour", u64::from(limits.mails_per_hour), 1, 1_000),
        ("limits.attempts_per_address", u64::from(limits.attempts_per_address), 1, 1_000_000),
        ("limits.password_checks", limits.password_checks as u64, 1, 64),
        ("limits.sockets_before_hello_per_address", u64::from(limits.sockets_before_hello_per_address), 1, 100_000),
    ] {
        if !(least..=most).contains(&value) {
            return Err(ConfigError::Rule { key, rule: format!("{value} is not within {least} to {most}") });
        }
    }
    Ok(())
}

fn addresses(config: &Config) -> Result<(), ConfigError> {
    let schemes: [(&'static str, &str, &[&str]); 3] = [
        ("store.url", &config.store.url, &["sqlite:", "postgres://", "postgresql://"]),
        ("bus.url", &config.bus.url, &["local:", "redis://", "rediss://"]),
        ("mail.url", &config.mail.url, &["file:", "smtp://", "smtps://"]),
    ];
    for (key, url, known) in schemes {
        if !known.iter().any(|scheme| url.starts_with(scheme)) {
            let rule = format!("begins with none of {}", known.join(", "));
            return Err(ConfigError::Rule { key, rule });
        }
    }
    if config.kms.endpoint_url.as_deref().is_some_and(|url| !is_private(url)) {
        let rule = "data keys travel over it: https://, or http:// to this machine (localhost, 127.0.0.1)".to_owned();
        return Err(ConfigError::Rule { key: "kms.endpoint_url", rule });
    }
    let origin_rule = |key| ConfigError::Rule {
        key,
        rule: "an origin is a scheme and a host, such as https://terminal.example".to_owned(),
    };
    if config.http.public_url.as_deref().is_some_and(|url| !is_origin(url.trim_end_matches('/'))) {
        return Err(origin_rule("http.public_url"));
    }
    if !config.http.allowed_origins.iter().all(|origin| is_origin(origin)) {
        return Err(origin_rule("http.allowed_origins"));
    }
    Ok(())
}

/// Whether nobody between here and there reads along.
fn is_private(url: &str) -> bool {
    let Some(place) = url.strip_prefix("http://") else { return url.starts_with("https://") };
    let authority = place.split(['/', '?', '#']).next().unwrap_or_default();
    let host = authority.rsplit_once(':').map_or(authority, |(host, _)| host);
    matches!(host, "localhost" | "127.0.0.1" | "[::1]")
}

fn mail_from(config: &Config) -> Result<(), ConfigError> {
    config.mail.from.parse::<Mailbox>().map(drop).map_err(|_| ConfigError::Rule {
        key: "mail.from",
        rule: "is no sender, such as \"Example Keys <keys@example.com>\"".to_owned(),
    })
}

fn is_origin(text: &str) -> bool {
    let host = text.strip_prefix("https://").or_else(|| text.strip_prefix("http://"));
    host.is_some_and(|host| !host.is_empty() && !host.contains(['/', '?', '#', ' ', '*']))
        && AllowedOrigins::new([text.to_owned()]).allows(Some(text))
}

/// Keys that say something only beside another one. A key that would be ignored is a mistake that somebody would find out
/// about later.
fn belong_together(config: &Config, given: &Figment) -> Result<(), ConfigError> {
    let is_given = |key: &str| given.find_value(key).is_ok();
    let rule = |key: &'static str, rule: &str| Err(ConfigError::Rule { key, rule: rule.to_owned() });
    if config.http.tls_certificate.is_some() != config.http.tls_key.is_some() {
        return rule("http.tls_certificate", "goes with http.tls_key: both, or neither");
    }
    if config.store.url.starts_with("sqlite:") {
        if !config.bus.url.starts_with("local:") {
            return rule("bus.url", "is for several nodes, but store.url is SQLite, which is for one");
        }
        if is_given("store.connections") {
            return rule("store.connections", "is for PostgreSQL, but store.url is SQLite");
        }
    }
    if config.bus.cluster && config.bus.url.starts_with("local:") {
        return rule("bus.cluster", "is for Redis, but bus.url is local:");
    }
    match config.kms.provider {
        KmsProvider::Aws if config.kms.key_id.is_none() => {
            return rule("kms.key_id", "is needed by kms.provider = \"aws\": the key's ARN, id or alias");
        }
        KmsProvider::Aws => {}
        KmsProvider::File => {
            for key in ["kms.key_id", "kms.region", "kms.endpoint_url"] {
                if is_given(key) {
                    return rule(key, "is for kms.provider = \"aws\", but the provider is \"file\"");
                }
            }
        }
    }
    Ok(())
}

/// What is said of the vendor's tokens is all there, or none of it.
fn vendors_login(config: &Config, given: &Figment) -> Result<(), ConfigError> {
    let identity = &config.identity;
    let rule = |key: &'static str, rule: &str| Err(ConfigError::Rule { key, rule: rule.to_owned() });
    if identity.provider == IdentityProvider::Accounts {
        for key in OF_THE_VENDORS_LOGIN {
            if given.find_value(key).is_ok() {
                return rule(key, "is for identity.provider = \"jwt\" or \"both\", but the provider is \"accounts\"");
            }
        }
        return Ok(());
    }
    // A user's name is the issuer, a space, and the vendor's name for them.
    if !identity.jwt_issuer.as_deref().is_some_and(|issuer| !issuer.is_empty() && !issuer.contains(char::is_whitespace))
    {
        return rule("identity.jwt_issuer", "is needed by identity.provider, without spaces: what `iss` must be");
    }
    if identity.jwt_audience.as_deref().is_none_or(str::is_empty) {
        return rule("identity.jwt_audience", "is needed by identity.provider: what `aud` must be");
    }
    if identity.jwks_file.is_some() == identity.jwks_url.is_some() {
        return rule("identity.jwks_url", "or identity.jwks_file is needed by identity.provider: one of them");
    }
    if identity.jwks_url.as_deref().is_some_and(|url| !is_private(url) || url.contains('@')) {
        return rule(
            "identity.jwks_url",
            "who can change the answer can be anybody: https://, or http:// to this machine; no password",
        );
    }
    if identity.mail_claim.is_empty() {
        return rule("identity.mail_claim", "names the claim that holds the mail address, such as email");
    }
    match identity.login_url.as_deref() {
        None => rule("identity.login_url", "is needed by identity.provider: mails lead people to their login there"),
        Some(url) if !is_private(url) => rule("identity.login_url", "https://, or http:// to this machine"),
        Some(_) => Ok(()),
    }
}

/// Embedded parts are for one person on one machine. Listening beyond loopback with one of them is refused unless it is
/// named in the configuration, so that nobody runs a development set-up in public by forgetting something.
fn named_on_purpose(config: &Config, given: &Figment) -> Result<(), ConfigError> {
    if config.http.listen.ip().is_loopback() {
        return Ok(());
    }
    let public_url = config.http.public_url.clone();
    let embedded = [
        ("kms.provider", (config.kms.provider == KmsProvider::File).then(|| "\"file\"".to_owned())),
        ("mail.url", config.mail.url.starts_with("file:").then(|| config.mail.url.clone())),
        ("bus.url", config.bus.url.starts_with("local:").then(|| config.bus.url.clone())),
        (
            "http.public_url",
            public_url.is_none_or(|url| url.starts_with("http://")).then(|| format!("http://{}", config.http.listen)),
        ),
    ];
    for (key, value) in embedded {
        if let Some(value) = value
            && given.find_value(key).is_err()
        {
            return Err(ConfigError::EmbeddedInPublic { listen: config.http.listen.to_string(), key, value });
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use figment::providers::{Format, Serialized, Toml};

    use super::*;

    fn load(toml: &str) -> Result<Config, ConfigError> {
        let given = Figment::new().merge(Toml::string(toml));
        let config: Config = Figment::from(Serialized::defaults(Config::default())).merge(&given).extract()?;
        check(&config, &given)?;
        Ok(config)
    }

    #[test]
    fn the_defaults_are_good_and_a_mistake_names_its_key() {
        load("").unwrap();
        for (toml, key) in [
            ("[http]\nlissten = '127.0.0.1:1'", "lissten"),
            ("[limits]\ngrace_seconds = 90000", "limits.grace_seconds"),
            ("[store]\nurl = 'mysql://x'", "store.url"),
            ("[http]\nallowed_origins = ['https://*.example']", "http.allowed_origins"),
            ("[http]\nlisten = 'everywhere'", "listen"),
            ("[mail]\nfrom = 'nobody'", "mail.from"),
            ("[http]\ntls_key = 'key.pem'", "http.tls_certificate"),
            ("[store]\nconnections = 8", "store.connections"),
            ("[store]\nconnections = 1", "store.connections"),
            ("[bus]\ncluster = true", "bus.cluster"),
            ("[bus]\nurl = 'http://cache'", "bus.url"),
            ("[bus]\nurl = 'redis://cache'", "bus.url"),
            ("[kms]\nprovider = 'aws'", "kms.key_id"),
            ("[kms]\nregion = 'eu-central-1'", "kms.region"),
            ("[kms]\nprovider = 'aws'\nkey_id = 'x'\nendpoint_url = 'http://kms.example'", "kms.endpoint_url"),
            (
                "[kms]\nprovider = 'aws'\nkey_id = 'x'\nendpoint_url = 'http://localhost@kms.example'",
                "kms.endpoint_url",
            ),
        ] {
            let error = load(toml).unwrap_err().to_string();
            assert!(error.contains(key), "{error}");
        }
    }

    #[test]
    fn a_vendors_login_is_whole_or_not_there() {
        let whole = [
            ("provider", "jwt"),
            ("jwt_issuer", "https://login.vendor.example"),
            ("jwt_audience", "keyleash"),
            ("jwks_url", "https://login.vendor.example/jwks.json"),
            ("login_url", "https://terminal.vendor.example/login"),
        ];
        let toml = |change: (&str, Option<&str>)| {
            let mut keys: Vec<_> = whole.iter().filter(|(key, _)| *key != change.0).copied().collect();
            keys.extend(change.1.map(|value| (change.0, value)));
            let lines = keys.iter().map(|(key, value)| format!("{key} = '{value}'\n"));
            format!("[identity]\n{}", lines.collect::<String>())
        };
        load(&toml(("provider", Some("both")))).unwrap();
        for change in [
            ("jwt_issuer", None),
            ("jwt_issuer", Some("two words")),
            ("jwt_audience", None),
            ("jwks_url", None),
            ("jwks_url", Some("http://login.vendor.example/jwks.json")),
            ("jwks_url", Some("ftp://localhost/jwks.json")),
            ("mail_claim", Some("")),
            ("login_url", None),
            ("login_url", Some("javascript:alert(1)")),
        ] {
            let error = load(&toml(change)).unwrap_err().to_string();
            assert!(error.contains(&format!("identity.{}", change.0)), "{change:?}: {error}");
        }
        let two_sources = toml(("jwks_file", Some("jwks.json")));
        assert!(load(&two_sources).unwrap_err().to_string().contains("identity.jwks_url"));
        assert!(load("[identity]\nlogin_url = 'https://x.example'").unwrap_err().to_string().contains("login_url"));
    }

    #[test]
    fn embedded_parts_in_public_have_to_be_named() {
        let parts = [
            "[kms]\nprovider = 'file'\n",
            "[mail]\nurl = 'file:mail'\n",
            "[bus]\nurl = 'local:'\n",
            "[http]\nlisten = '0.0.0.0:8080'\npublic_url = 'http://box:8080'\n",
        ];
        load(&parts.concat()).unwrap();
        for left_out in 0..3 {
            let toml: String =
                parts.iter().enumerate().filter(|(n, _)| *n != left_out).map(|(_, part)| *part).collect();
            assert!(matches!(load(&toml), Err(ConfigError::EmbeddedInPublic { .. })), "{toml}");
        }
        assert!(load(&(parts[..3].concat() + "[http]\nlisten = '0.0.0.0:8080'\n")).is_err());
    }
}
