//! Mails handed to a mail server by SMTP (RFC 5321), over TLS unless the address says otherwise.
//!
//! A connection is this module's own from the first byte to the last, instead of the library's pool: that one keeps a
//! connection whose conversation was broken off in the middle, and the next mail would take the answers meant for the last.

mod address;
mod refusal;
#[cfg(test)]
mod tests;

use std::{fmt, fmt::Debug, sync::Mutex, time::Duration};

use async_trait::async_trait;
use lettre::{
    Message,
    message::{
        Mailbox, MultiPart,
        header::{Date, HeaderName, HeaderValue},
    },
    transport::smtp::{
        authentication::{Credentials, Mechanism},
        client::{AsyncSmtpConnection, TlsParameters},
        commands,
        extension::{ClientId, Extension, MailParameter},
    },
};
use tokio::time::{Instant, timeout};

use self::{
    address::{Address, Protection},
    refusal::Step,
};
use super::{MailError, Mailer, PostedMail};
use crate::telemetry::{ByOutcome, FIGURES, Outcome};

pub use self::address::AddressError;

/// Connecting, TLS and login together.
const CONNECTING_MAX: Duration = Duration::from_secs(30);
/// One command and its answer.
const COMMAND_MAX: Duration = Duration::from_secs(20);
/// The mail itself and its answer. RFC 5321 (4.5.3.2.6) would have a client wait for ten minutes, as whoever gives up here
/// does not know whether the mail was taken. This is what a sender's time is divided into; see `identity::postman`.
const CONTENT_MAX: Duration = Duration::from_mins(2);
/// Servers hang up on who says nothing, so a connection is kept for the next mail this long.
const IDLE_MAX: Duration = Duration::from_secs(30);
/// One that does not answer by then is not used again.
const IDLE_ANSWER_MAX: Duration = Duration::from_secs(5);
/// Connections that are kept.
const IDLE_CONNECTIONS_MAX: usize = 4;
/// RFC 4954, 6.
const LOGGED_IN: u16 = 235;

/// Keeps to one server, as `mail.url` names it.
pub struct SmtpMailer {
    server: Server,
    from: Mailbox,
    idle: Mutex<Vec<(AsyncSmtpConnection, Instant)>>,
}

impl Debug for SmtpMailer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SmtpMailer({}:{})", self.server.host, self.server.port)
    }
}

struct Server {
    host: String,
    port: u16,
    protection: Protection,
    tls: Option<TlsParameters>,
    credentials: Option<Credentials>,
    /// How this machine calls itself.
    hello: ClientId,
}

impl SmtpMailer {
    /// `url` and `from` as configured. Trusts the machine's certificate authorities (or those of `SSL_CERT_FILE`), as they
    /// are now. Connects to nobody yet.
    pub fn new(url: &str, from: &str) -> Result<Self, AddressError> {
        let from: Mailbox = from.parse().map_err(|source| AddressError::Sender(Box::new(source)))?;
        let Address { host, port, protection, credentials } = Address::parse(url)?;
        let tls = match protection {
            Protection::None => None,
            Protection::StartTls | Protection::Tls => {
                Some(TlsParameters::new(host.clone()).map_err(|source| AddressError::Certificates(Box::new(source)))?)
            }
        };
        let server = Server { host, port, protection, tls, credentials, hello: ClientId::default() };
        Ok(Self { server, from, idle: Mutex::default() })
    }

    /// A connection that is ready for a mail.
    async fn connection(&self) -> Result<AsyncSmtpConnection, MailError> {
        if let Some(mut kept) = self.take_idle()
            && timeout(IDLE_ANSWER_MAX, kept.test_connected()).await == Ok(true)
        {
            return Ok(kept);
        }
        self.server.connect().await
    }

    /// One that was used lately. Those that were not are closed.
    fn take_idle(&self) -> Option<AsyncSmtpConnection> {
        let mut idle = self.idle.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        idle.retain(|(_, since)| since.elapsed() < IDLE_MAX);
        idle.pop().map(|(connection, _)| connection)
    }

    fn keep(&self, connection: AsyncSmtpConnection) {
        let mut idle = self.idle.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        if idle.len() < IDLE_CONNECTIONS_MAX {
            idle.push((connection, Instant::now()));
        }
    }

    /// The mail as bytes; the same for the same mail, but for the words that keep its parts apart.
    fn compose(&self, posted: &PostedMail, to: &lettre::Address) -> Result<Vec<u8>, MailError> {
        let mail = &posted.mail;
        let at = Duration::from_millis(u64::try_from(posted.at.0).unwrap_or_default());
        let message = Message::builder()
            .from(self.from.clone())
            .to(Mailbox::new(None, to.clone()))
            .subject(mail.subject.clone())
            .header(Date::new(std::time::UNIX_EPOCH + at))
            .message_id(Some(format!("<{}@{}>", posted.id, self.from.email.domain())))
            // RFC 3834: so that nobody's holiday notice answers.
            .raw_header(HeaderValue::new(HeaderName::new_from_ascii_str("Auto-Submitted"), "auto-generated".to_owned()))
            .multipart(MultiPart::alternative_plain_html(mail.text.clone(), mail.html.clone()));
        let message = message.map_err(|error| refusal::for_good("write it", error))?;
        Ok(message.formatted())
    }

    async fn hand_over(&self, posted: &PostedMail) -> Result<(), MailError> {
        let to = address::recipient(&posted.mail.to)?;
        let content = self.compose(posted, &to)?;
        // Dropped in the middle of what follows, it is closed.
        let mut connection = self.connection().await?;
        let mut options = Vec::new();
        let about = to.to_string();
        if !about.is_ascii() {
            if !connection.server_info().supports_feature(Extension::SmtpUtfEight) {
                return Err(refusal::for_good("name its recipient", "the mail server does not know SMTPUTF8"));
            }
            options.push(MailParameter::SmtpUtfEight);
        }
        let mut conversation = Conversation { connection: &mut connection, about: &about };
        conversation.say(Step::Sender, commands::Mail::new(Some(self.from.email.clone()), options)).await?;
        conversation.say(Step::Recipient, commands::Rcpt::new(to, Vec::new())).await?;
        conversation.say(Step::Data, commands::Data).await?;
        conversation.content(&content).await?;
        self.keep(connection);
        Ok(())
    }
}

#[async_trait]
impl Mailer for SmtpMailer {
    async fn send(&self, mail: &PostedMail) -> Result<(), MailError> {
        let handed_over = self.hand_over(mail).await;
        let outcome = match &handed_over {
            Ok(()) => Outcome::Ok,
            Err(MailError::Unavailable { .. } | MailError::Temporary { .. }) => Outcome::Unavailable,
            Err(MailError::Permanent { .. }) => Outcome::Refused,
        };
        FIGURES.mails.get_or_create(&ByOutcome { outcome }).inc();
        handed_over
    }

    async fn check(&self) -> Result<(), MailError> {
        let mut connection = self.server.connect().await?;
        Conversation { connection: &mut connection, about: "" }.say(Step::Noop, commands::Noop).await?;
        self.keep(connection);
        Ok(())
    }
}

impl Server {
    async fn connect(&self) -> Result<AsyncSmtpConnection, MailError> {
        match timeout(CONNECTING_MAX, self.begin()).await {
            Ok(begun) => begun,
            Err(_) => Err(refusal::unavailable("connect", format!("no answer within {CONNECTING_MAX:?}"))),
        }
    }

    /// Connects, makes it private, logs in.
    async fn begin(&self) -> Result<AsyncSmtpConnection, MailError> {
        let address = (self.host.as_str(), self.port);
        let from_the_start = self.tls.clone().filter(|_| self.protection == Protection::Tls);
        let connected = AsyncSmtpConnection::connect_tokio1(address, None, &self.hello, from_the_start, None).await;
        let mut connection = connected.map_err(|error| refusal::unavailable("connect", error))?;
        if let (Protection::StartTls, Some(tls)) = (self.protection, &self.tls) {
            let private = connection.starttls(tls.clone(), &self.hello).await;
            private.map_err(|error| refusal::unavailable("begin TLS", error))?;
        }
        if let Some(credentials) = &self.credentials {
            let logged_in = connection.auth(&[Mechanism::Plain, Mechanism::Login], credentials).await;
            let answer = logged_in.map_err(|error| refusal::login(&error))?;
            if !answer.has_code(LOGGED_IN) {
                return Err(refusal::unavailable("log in", format!("an answer to something else: {}", answer.code())));
            }
        }
        Ok(connection)
    }
}

/// What is said about one mail.
struct Conversation<'c> {
    connection: &'c mut AsyncSmtpConnection,
    /// The recipient: not to be repeated in an error.
    about: &'c str,
}

impl Conversation<'_> {
    async fn say(&mut self, step: Step, command: impl fmt::Display) -> Result<(), MailError> {
        let answer = timeout(COMMAND_MAX, self.connection.command(command)).await;
        refusal::judge(step, answer, self.about)
    }

    async fn content(&mut self, mail: &[u8]) -> Result<(), MailError> {
        let answer = timeout(CONTENT_MAX, self.connection.message(mail)).await;
        refusal::judge(Step::Content, answer, self.about)
    }
}
