//! What a mail server's answers mean for a mail: taken, later, never, or that no mail can be handed over at all.

use std::error::Error;

use lettre::transport::smtp::{Error as SmtpError, response::Response};
use tokio::time::error::Elapsed;

use crate::mail::MailError;

/// Of a server's words, so many characters are repeated.
const WORDS_MAX: usize = 300;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Step {
    Noop,
    Sender,
    Recipient,
    Data,
    Content,
}

impl Step {
    const fn operation(self) -> &'static str {
        match self {
            Self::Noop => "NOOP",
            Self::Sender => "name the sender",
            Self::Recipient => "name its recipient",
            Self::Data => "begin it",
            Self::Content => "hand it over",
        }
    }

    /// Whether this is the answer of a server that goes on. Exactly: an answer to something else is as bad as none.
    const fn is_answered_by(self, code: u16) -> bool {
        match self {
            Self::Noop | Self::Sender | Self::Content => code == 250,
            Self::Recipient => matches!(code, 250..=252),
            Self::Data => code == 354,
        }
    }
}

/// `recipient` is left out of what an error says.
pub(super) fn judge(
    step: Step,
    answer: Result<Result<Response, SmtpError>, Elapsed>,
    recipient: &str,
) -> Result<(), MailError> {
    let (code, words) = match answer {
        Ok(Ok(answer)) => {
            let code = u16::from(answer.code());
            if step.is_answered_by(code) {
                return Ok(());
            }
            (None, format!("an answer to something else: {code}"))
        }
        Ok(Err(error)) => (error.status().map(u16::from), words_of(&error)),
        Err(_) => (None, "no answer in time".to_owned()),
    };
    let operation = step.operation();
    let source = shown(&words, recipient).into();
    Err(match meaning(step, code, &words) {
        Meaning::Unavailable => MailError::Unavailable { operation, source },
        Meaning::Later => MailError::Temporary { operation, source },
        Meaning::Never => MailError::Permanent { operation, source },
    })
}

pub(super) fn unavailable(operation: &'static str, source: impl Into<Box<dyn Error + Send + Sync>>) -> MailError {
    MailError::Unavailable { operation, source: source.into() }
}

/// Without the server's words: they may repeat what it was given.
pub(super) fn login(error: &SmtpError) -> MailError {
    match error.status() {
        Some(code) => unavailable("log in", format!("refused with {code}")),
        None if error.is_client() => unavailable("log in", "the server takes no password in a way that is known here"),
        None => unavailable("log in", "the connection broke"),
    }
}

pub(super) fn for_good(operation: &'static str, source: impl Into<Box<dyn Error + Send + Sync>>) -> MailError {
    MailError::Permanent { operation, source: source.into() }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Meaning {
    Unavailable,
    Later,
    Never,
}

/// `words` may begin with an enhanced code (RFC 3463).
fn meaning(step: Step, code: Option<u16>, words: &str) -> Meaning {
    match (step, code) {
        // The server leaves, or does not take this sender: no other mail would fare better.
        (_, Some(421)) | (Step::Noop | Step::Sender, _) => Meaning::Unavailable,
        // "Relaying denied" and the like are said about this server, whose operator can mend it.
        (Step::Recipient, Some(_)) if words.starts_with("5.7.") => Meaning::Later,
        (Step::Recipient, Some(521 | 550..=553 | 556)) | (Step::Content, Some(550..=554)) => Meaning::Never,
        (Step::Recipient, Some(500..=599)) if words.starts_with("5.1.") => Meaning::Never,
        (Step::Recipient | Step::Data | Step::Content, _) => Meaning::Later,
    }
}

fn words_of(error: &SmtpError) -> String {
    match (error.status(), error.source()) {
        (Some(_), Some(words)) => words.to_string(),
        _ => error.to_string(),
    }
}

/// A server's words, fit for a log.
fn shown(words: &str, recipient: &str) -> String {
    let words = if recipient.is_empty() { words.to_owned() } else { words.replace(recipient, "the recipient") };
    words.chars().take(WORDS_MAX).map(|c| if c.is_control() { ' ' } else { c }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_about_the_mailbox_is_for_good_and_what_is_about_us_is_not() {
        let never = [
            (Step::Recipient, 550, "5.1.1 no such user"),
            (Step::Recipient, 550, "no such user"),
            (Step::Recipient, 501, "5.1.3 bad address"),
            (Step::Recipient, 556, "5.1.10 takes no mail"),
            (Step::Content, 554, "5.6.0 we do not like it"),
        ];
        let later = [
            (Step::Recipient, 450, "4.2.1 greylisted"),
            (Step::Recipient, 554, "5.7.1 relay access denied"),
            (Step::Recipient, 550, "5.7.1 relaying denied"),
            (Step::Recipient, 503, "5.5.1 need MAIL"),
            (Step::Content, 451, "4.3.0 later"),
            (Step::Data, 503, "5.5.1 no recipients"),
        ];
        let unavailable = [
            (Step::Sender, 530, "5.7.0 log in"),
            (Step::Sender, 452, "4.3.1 disk full"),
            (Step::Recipient, 421, "bye"),
        ];
        let cases = [(Meaning::Never, &never[..]), (Meaning::Later, &later), (Meaning::Unavailable, &unavailable)];
        for (expected, answers) in cases {
            for (step, code, words) in answers {
                assert_eq!(meaning(*step, Some(*code), words), expected, "{code} {words}");
            }
        }
        assert_eq!(meaning(Step::Content, None, "connection reset"), Meaning::Later);
    }

    #[test]
    fn an_address_is_not_repeated() {
        let words = shown("5.1.1 <anna@example.com>: no\r\nsuch user", "anna@example.com");
        assert_eq!(words, "5.1.1 <the recipient>: no  such user");
    }
}
