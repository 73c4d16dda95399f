//! Against a real mail server, without TLS: a certificate authority of a test's own is trusted by the environment, which
//! belongs to a process. `tests/faults/smtp.rs` is about TLS.

use keyleash_protocol::UnixMillis;
use keyleash_testbed::{Link, Misdeed, Protection, Smtp};
use serde_json::Value;
use uuid::Uuid;

use super::*;
use crate::mail::{Mail, conformance};

const FROM: &str = "Keyleash <keys@example.com>";

fn mailer(url: &str) -> SmtpMailer {
    SmtpMailer::new(url, FROM).unwrap()
}

fn mail(n: u128) -> PostedMail {
    PostedMail {
        id: Uuid::from_u128(n),
        at: UnixMillis(1_800_000_000_000),
        mail: Mail {
            to: "trader@example.com".to_owned(),
            subject: format!("Mail {n}"),
            text: "text\n".to_owned(),
            html: "<p>text</p>".to_owned(),
        },
    }
}

fn text(value: &Value) -> String {
    value.as_str().unwrap().to_owned()
}

#[tokio::test]
async fn it_holds_to_what_every_mailer_has_to() {
    let server = Smtp::start(Protection::None);
    let mailer = mailer(&server.url());
    let arrived = async || {
        let arrived = server.mails().into_iter().map(|mail| {
            let id = text(&mail["headers"]["message-id"]);
            assert_eq!(mail["from"], "keys@example.com");
            assert_eq!(mail["kind"], "multipart/alternative");
            assert_eq!(mail["is_ascii"], true);
            PostedMail {
                id: id.trim_matches(['<', '>']).split_once("@example.com").unwrap().0.parse().unwrap(),
                at: UnixMillis(1_800_000_000_000),
                mail: Mail {
                    to: text(&mail["to"][0]),
                    subject: text(&mail["subject"]),
                    text: text(&mail["text"]).replace("\r\n", "\n"),
                    html: text(&mail["html"]).replace("\r\n", "\n"),
                },
            }
        });
        arrived.collect()
    };
    conformance::holds(&mailer, arrived).await;

    let headers = &server.mails()[0]["headers"];
    assert_eq!(headers["date"], "Fri, 15 Jan 2027 08:00:00 +0000");
    assert_eq!(headers["auto-submitted"], "auto-generated");
    assert_eq!(headers["from"], FROM);
    assert_eq!(server.seen()["logins"], 1, "one connection for all");
}

#[tokio::test]
async fn what_a_refusal_means_is_told_without_the_address() {
    let server = Smtp::start(Protection::None);
    let mailer = mailer(&server.url());
    let sent = async |at, answer| {
        server.misbehave(at, Misdeed::Answer(answer), 1);
        let error = mailer.send(&mail(1)).await.unwrap_err();
        let words = crate::causes::in_one_line(&error);
        assert!(!words.contains("trader@example.com") && !words.contains("hush"), "{words}");
        error
    };
    let unknown = "550 5.1.1 <trader@example.com>: Recipient address rejected";
    assert!(matches!(sent("RCPT", unknown).await, MailError::Permanent { .. }));
    assert!(matches!(sent("DATA", "554 5.6.0 spam").await, MailError::Permanent { .. }));
    assert!(matches!(sent("RCPT", "450 4.2.1 greylisted").await, MailError::Temporary { .. }));
    assert!(matches!(sent("DATA", "451 4.3.0 later").await, MailError::Temporary { .. }));
    assert!(matches!(sent("MAIL", "550 5.7.1 not you").await, MailError::Unavailable { .. }));
    assert!(matches!(sent("AUTH", "535 5.7.8 no: hush").await, MailError::Unavailable { .. }));
    assert_eq!(server.mails(), [] as [Value; 0]);
    mailer.send(&mail(1)).await.unwrap();
    assert_eq!(server.mails().len(), 1);
}

#[tokio::test]
async fn a_sending_that_was_broken_off_does_not_confuse_the_next() {
    let server = Smtp::start(Protection::None);
    let mailer = mailer(&server.url());
    mailer.send(&mail(1)).await.unwrap();
    server.misbehave("DATA", Misdeed::WaitSeconds(1.0), 1);
    assert!(timeout(Duration::from_millis(300), mailer.send(&mail(2))).await.is_err(), "broken off");
    server.misbehave("RCPT", Misdeed::Answer("550 5.1.1 nobody"), 1);
    assert!(matches!(mailer.send(&mail(3)).await, Err(MailError::Permanent { .. })), "the answer to this one");
    mailer.send(&mail(4)).await.unwrap();
    let subjects: Vec<String> = server.mails().iter().map(|mail| text(&mail["subject"])).collect();
    assert!(!subjects.contains(&"Mail 3".to_owned()), "{subjects:?}");
    assert!(subjects.contains(&"Mail 4".to_owned()), "{subjects:?}");
}

#[tokio::test]
async fn a_connection_that_was_closed_meanwhile_is_replaced() {
    let server = Smtp::start(Protection::None);
    let link = Link::to(server.port()).await;
    let mailer = mailer(&server.url_by(link.port()));
    mailer.send(&mail(1)).await.unwrap();
    link.cut();
    let error = mailer.send(&mail(2)).await.unwrap_err();
    assert!(matches!(error, MailError::Unavailable { .. }), "{error:?}");
    link.up();
    mailer.send(&mail(3)).await.unwrap();
    assert_eq!(server.mails().len(), 2);
}
