//! What every mailer has to hold to. Each adapter's tests run it against the real thing.

use keyleash_protocol::UnixMillis;
use uuid::Uuid;

use super::{Mail, Mailer, PostedMail};

const AT: UnixMillis = UnixMillis(1_800_000_000_000);

/// `arrived` reads what came, oldest first.
pub(super) async fn holds(mailer: &dyn Mailer, arrived: impl AsyncFn() -> Vec<PostedMail>) {
    mailer.check().await.unwrap();
    assert_eq!(arrived().await, [], "a check sends nothing");
    let sent: Vec<PostedMail> = mails().collect();
    for mail in &sent {
        mailer.send(mail).await.unwrap();
    }
    assert_eq!(arrived().await, sent, "whole, in their order");

    let shown = format!("{mailer:?}{:?}", sent[0]);
    assert!(!shown.contains("token") && !shown.contains("hush"), "{shown}");
}

fn mails() -> impl Iterator<Item = PostedMail> {
    let long = "long ".repeat(400);
    let texts = [
        ("Confirm your address", "Open\n\nhttps://keys.example/verify#signup=token\n".to_owned()),
        ("Gerät „Schreibtisch“ 🔑 verified", "Grüße\n.\n.. a dot at the beginning\nend\n".to_owned()),
        (
            "A subject that is longer than one line of a header may be, so that it has to be folded somewhere",
            long + "\n",
        ),
    ];
    texts.into_iter().enumerate().map(|(n, (subject, text))| PostedMail {
        id: Uuid::from_u128(0x0190_0000_0000_7000_8000_0000_0000_0000 + n as u128),
        at: AT,
        mail: Mail {
            to: format!("trader{n}@example.com"),
            subject: subject.to_owned(),
            html: format!("<p>{text}</p>"),
            text,
        },
    })
}
