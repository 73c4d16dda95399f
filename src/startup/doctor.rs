//! `keyleash doctor`: each part tried for real, and what to do about it if it does not work.

use std::{error::Error, process::ExitCode};

use super::{adapters, keys};
use crate::{
    causes,
    clock::{Clock, SystemClock},
    config::{Config, IdentityProvider},
    entropy::Entropy,
    jwks::JwksError,
    store::sql::{self, Tables},
};

/// Clocks further apart than this are worth a word: codes of authenticator apps are good for 30 seconds.
const CLOCK_SKEW_MS_MAX: i64 = 5_000;

type Finding = Result<String, (Box<dyn Error>, &'static str)>;

/// Checks every part, prints what was found, and fails if anything is wrong.
pub fn doctor(config: &Config) -> ExitCode {
    let findings = actix_rt::System::new().block_on(async {
        [
            ("store", store(config).await),
            ("bus", bus(config).await),
            ("kms", kms(config).await),
            ("mail", mail(config).await),
            ("login", login(config).await),
        ]
    });
    let mut healthy = true;
    for (part, finding) in findings {
        match finding {
            Ok(words) => println!("ok     {part:6} {words}"),
            Err((error, mend)) => {
                healthy = false;
                println!("WRONG  {part:6} {}", causes::in_one_line(&*error));
                println!("       {:6} {mend}", "");
            }
        }
    }
    if healthy { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// Looks, and makes nothing: a doctor of a newer program must not bring the tables of running nodes up to date.
async fn store(config: &Config) -> Finding {
    let mend = "check store.url, that its database is there and lets this program in";
    let found = sql::inspect(&config.store.url).await.map_err(|error| (error.into(), mend))?;
    let skew = found.now.0 - SystemClock.now().0;
    if skew.abs() > CLOCK_SKEW_MS_MAX {
        let words = format!("the database's clock is {skew} ms off this machine's");
        return Err((
            words.into(),
            "set both clocks by NTP; nodes follow the database's, and codes of authenticator apps depend on it",
        ));
    }
    let shown = config.shown_store();
    match found.tables {
        Tables::None => Ok(format!("{shown} has no tables yet: the first start makes them; its clock agrees")),
        Tables::Behind { found, known } => Ok(format!(
            "{shown} is at version {found} of the tables, this program at {known}: its next start brings them up to date; \
             its clock agrees"
        )),
        Tables::UpToDate if !is_protected(&config.store.url) => Ok(format!(
            "{shown} is up to date, its clock agrees; but whoever stands between can pose as it: add sslmode=verify-full"
        )),
        Tables::UpToDate => Ok(format!("{shown} is up to date, its clock agrees")),
        Tables::Ahead { found, known } => {
            let words = format!("the tables are at version {found}, and this program knows {known}");
            Err((words.into(), "use the newer program, which brought them there"))
        }
    }
}

/// Whether the server's certificate is checked; on this machine it need not be.
fn is_protected(url: &str) -> bool {
    let is_here = ["@localhost", "@127.0.0.1", "@[::1]", "@%2F"].iter().any(|host| url.contains(host));
    is_here || url.starts_with("sqlite:") || url.contains("sslmode=verify-full")
}

async fn bus(config: &Config) -> Finding {
    let mend = "check bus.url and bus.cluster, and what the ACL of Redis lets its user do (docs/operations.md); until then \
                nodes serve, and changes reach other nodes' devices half a second later";
    adapters::probe_bus(config, &Entropy::new()).await.map_err(|error| (error.into(), mend))?;
    Ok(match config.bus.url.as_str() {
        "local:" => "local: this node alone".to_owned(),
        _ => format!("{} gives back what is published", config.shown_bus()),
    })
}

async fn kms(config: &Config) -> Finding {
    let tried = keys::try_out(config, &SystemClock, &Entropy::new()).await;
    tried.map_err(|error| {
        let mend = keys::mending(&error);
        (error.into(), mend)
    })
}

async fn login(config: &Config) -> Finding {
    if config.identity.provider == IdentityProvider::Accounts {
        return Ok("accounts of this server's own; no vendor's".to_owned());
    }
    let mend = "check identity.jwks_file or identity.jwks_url: a JSON Web Key Set whose keys have a `kid`, and with an address, \
                that this machine reaches it without a redirect; until then nobody can log in with the vendor";
    let wrong = |error: JwksError| (error.into(), mend);
    let (keys, fetched) = adapters::vendors_keys(config).await.map_err(wrong)?;
    fetched.map_err(wrong)?;
    let keys = keys.keys("").await.map_err(wrong)?;
    let place = config.identity.jwks_file.as_deref().or(config.identity.jwks_url.as_deref()).unwrap_or_default();
    Ok(format!("{place} has {} keys to check the vendor's tokens with", keys.len()))
}

async fn mail(config: &Config) -> Finding {
    let files = "check mail.url: the directory must be writable";
    let server = "check mail.url: host, port, user and password; smtp:// needs a server that offers STARTTLS, smtps:// one that \
                  begins with TLS, and its certificate must be from an authority that this machine (or SSL_CERT_FILE) trusts";
    let mend = if config.mail.url.starts_with("file:") { files } else { server };
    let (mailer, archive) = adapters::mailer(config).map_err(|error| (error.into(), mend))?;
    mailer.check().await.map_err(|error| (error.into(), mend))?;
    Ok(match archive {
        Some(_) => format!("{} is writable; no mail leaves this machine", config.mail.url),
        None => format!("{} can be reached and takes the login; no mail was sent", config.shown_mail()),
    })
}
