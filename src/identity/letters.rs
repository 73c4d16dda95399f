//! What the mails say: plain text and HTML, the same words in both. A link's token is in the fragment, which no browser
//! sends to any server or in a Referer.

use keyleash_domain::text::{printable, utc_minute};
use keyleash_protocol::UnixMillis;

use super::{Origin, token::Token};
use crate::{mail::Mail, store::Device};

/// Writes mails with links to this server.
#[derive(Clone, Copy)]
pub(super) struct Letters<'a> {
    pub(super) public_url: &'a str,
    /// Where the reader logs in, if that is with a vendor: our own pages know no session of theirs.
    pub(super) login_url: Option<&'a str>,
}

/// A mail before it has its two forms.
struct Draft<'a> {
    to: &'a str,
    subject: String,
    /// Paragraphs.
    words: Vec<String>,
    /// Label and address of the one thing to do.
    button: Option<(&'static str, String)>,
    /// Facts to compare, label and value.
    facts: Vec<(&'static str, String)>,
    /// Whether "this wasn't me" leads to panic.
    alarming: bool,
}

impl Letters<'_> {
    pub(super) fn confirm_sign_up(&self, to: &str, token: &Token, origin: &Origin) -> Mail {
        self.write(Draft {
            to,
            subject: "Confirm your address".to_owned(),
            words: vec![
                "Somebody, probably you, signed up with this address.".to_owned(),
                "If it was not you, do nothing: without the confirmation there is no account, and with it whoever signed up \
                 knows its password."
                    .to_owned(),
            ],
            button: Some(("Confirm this address", self.link("signup", token))),
            facts: from(origin),
            alarming: false,
        })
    }

    pub(super) fn already_signed_up(&self, to: &str) -> Mail {
        self.write(Draft {
            to,
            subject: "You have an account already".to_owned(),
            words: vec![
                "Somebody, probably you, tried to sign up with this address. It has an account already: log in, or ask \
                 for a new password if you forgot it."
                    .to_owned(),
                "If it was not you, do nothing; nothing has changed.".to_owned(),
            ],
            button: Some(("Log in", format!("{}/", self.public_url))),
            facts: Vec::new(),
            alarming: false,
        })
    }

    pub(super) fn reset_password(&self, to: &str, token: &Token, origin: &Origin) -> Mail {
        self.write(Draft {
            to,
            subject: "Set a new password".to_owned(),
            words: vec![
                "Somebody asked for a new password for this account. The page asks for a code of your authenticator app \
                 too, if you turned that on."
                    .to_owned(),
                "If it was not you, do nothing; your password stays as it is.".to_owned(),
            ],
            button: Some(("Set a new password", self.link("reset", token))),
            facts: from(origin),
            alarming: false,
        })
    }

    pub(super) fn verify_device(
        &self,
        to: &str,
        token: &Token,
        device: &Device,
        origin: &Origin,
        at: UnixMillis,
        minutes: u64,
    ) -> Mail {
        let mut facts = vec![("Code", device.match_code.clone()), ("Device", device.name.clone())];
        facts.extend(from(origin));
        facts.push(("Time", utc_minute(at)));
        self.write(Draft {
            to,
            subject: format!("Verify {}: code {}", printable(&device.name, 64), device.match_code),
            words: vec![
                "A browser asks to keep your exchange API keys in step. Opening the link approves nothing: compare the \
                 code with the one on the asking screen, then press the button on the page."
                    .to_owned(),
                format!("The link works once, within {minutes} minutes."),
            ],
            button: Some(("Look at this device", self.link("device", token))),
            facts,
            alarming: true,
        })
    }

    pub(super) fn device_verified(&self, to: &str, device: &Device, origin: &Origin) -> Mail {
        let words = "This device now gets your synced exchange API keys.".to_owned();
        self.about_device(to, &format!("{} is verified", device.name), words, device, origin)
    }

    pub(super) fn devices_removed(&self, to: &str, names: &[String], origin: &Origin) -> Mail {
        let words = vec![
            "The keys on these devices cannot be opened any more, not even offline.".to_owned(),
            "What was read from a device before cannot be taken back: rotate those keys at the exchange. The panel lists \
             what each device held."
                .to_owned(),
        ];
        let mut facts: Vec<_> = names.iter().map(|name| ("Removed", name.clone())).collect();
        facts.extend(from(origin));
        self.write(Draft { to, subject: "Devices were removed".to_owned(), words, button: None, facts, alarming: true })
    }

    pub(super) fn totp_enabled(&self, to: &str, origin: &Origin) -> Mail {
        self.security(to, "Two-factor authentication is on", "From now on logins ask for a code.", origin)
    }

    pub(super) fn totp_changed(&self, to: &str, origin: &Origin) -> Mail {
        let words = "From now on logins ask for a code of the new authenticator app. Codes of the one before, and the \
                     recovery codes that you had, are good for nothing any more.";
        self.security(to, "Your authenticator app was changed", words, origin)
    }

    pub(super) fn totp_disabled(&self, to: &str, origin: &Origin) -> Mail {
        let words = "Sync is off with it, and no device holds keys that open.";
        self.security(to, "Two-factor authentication was turned off", words, origin)
    }

    pub(super) fn recovery_code_used(&self, to: &str, origin: &Origin) -> Mail {
        let words = "One of your recovery codes was used in place of a code of the app. It is good for nothing now.";
        self.security(to, "A recovery code was used", words, origin)
    }

    pub(super) fn password_changed(&self, to: &str, origin: &Origin) -> Mail {
        self.security(to, "Your password was changed", "Other logins have ended.", origin)
    }

    /// To the address before.
    pub(super) fn mail_changed(&self, to: &str, now: &str, origin: &Origin) -> Mail {
        let words = format!("From now on mails go to {now}, because your login says so.");
        self.security(to, "Your mail address was changed", &words, origin)
    }

    pub(super) fn sync_turned_off(&self, to: &str, origin: &Origin) -> Mail {
        self.security(to, "Sync was turned off", "No device gets changes any more until it is verified again.", origin)
    }

    fn security(&self, to: &str, subject: &str, words: &str, origin: &Origin) -> Mail {
        self.write(Draft {
            to,
            subject: subject.to_owned(),
            words: vec![words.to_owned()],
            button: None,
            facts: from(origin),
            alarming: true,
        })
    }

    fn about_device(&self, to: &str, subject: &str, words: String, device: &Device, origin: &Origin) -> Mail {
        let mut facts = vec![("Device", device.name.clone())];
        facts.extend(from(origin));
        self.write(Draft {
            to,
            subject: printable(subject, 120),
            words: vec![words],
            button: None,
            facts,
            alarming: true,
        })
    }

    fn link(&self, purpose: &str, token: &Token) -> String {
        format!("{}/verify#{purpose}={}", self.public_url, token.secret().expose())
    }

    fn write(&self, draft: Draft<'_>) -> Mail {
        let alarm = draft.alarming.then(|| match self.login_url {
            None => ("lock every device", format!("{}/verify#panic", self.public_url)),
            Some(login) => ("log in, then press Panic in the settings to lock every device", login.to_owned()),
        });
        Mail {
            to: draft.to.to_owned(),
            text: text(&draft, alarm.as_ref()),
            html: html(&draft, alarm.as_ref()),
            subject: draft.subject,
        }
    }
}

fn from(origin: &Origin) -> Vec<(&'static str, String)> {
    vec![("Browser", origin.user_agent.clone()), ("Address", origin.address.clone())]
}

/// What to do if it was somebody else, and where.
type Alarm = (&'static str, String);

fn text(draft: &Draft<'_>, alarm: Option<&Alarm>) -> String {
    let mut parts = draft.words.clone();
    if !draft.facts.is_empty() {
        parts.push(draft.facts.iter().map(|(label, value)| format!("{label}: {value}")).collect::<Vec<_>>().join("\n"));
    }
    if let Some((label, link)) = &draft.button {
        parts.push(format!("{label}:\n{link}"));
    }
    if let Some((what, link)) = alarm {
        parts.push(format!("This wasn't me ({what}):\n{link}"));
    }
    parts.push("Keyleash".to_owned());
    parts.join("\n\n") + "\n"
}

/// Mail programs know little CSS; this is what all of them show well, in light and dark.
fn html(draft: &Draft<'_>, alarm: Option<&Alarm>) -> String {
    use std::fmt::Write as _;
    let mut body = String::new();
    for words in &draft.words {
        let _ = write!(body, "<p>{}</p>", escape(words));
    }
    if !draft.facts.is_empty() {
        body.push_str("<table role=\"presentation\" cellpadding=\"0\" cellspacing=\"0\">");
        for (label, value) in &draft.facts {
            let _ = write!(
                body,
                "<tr><td style=\"padding:2px 16px 2px 0;color:#596273\">{}</td><td><b>{}</b></td></tr>",
                escape(label),
                escape(value)
            );
        }
        body.push_str("</table>");
    }
    if let Some((label, link)) = &draft.button {
        let _ = write!(
            body,
            "<p style=\"margin:24px 0\"><a href=\"{}\" style=\"background:#0b6e5f;color:#fff;padding:10px 18px;\
             border-radius:6px;text-decoration:none\">{}</a></p>",
            escape(link),
            escape(label)
        );
    }
    if let Some((what, link)) = alarm {
        let _ = write!(
            body,
            "<p style=\"color:#596273\">Something wrong? <a href=\"{}\">This wasn't me: {what}</a>.</p>",
            escape(link)
        );
    }
    format!(
        "<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\"><title>{subject}</title></head>\
         <body style=\"font:16px/1.5 system-ui,sans-serif;max-width:560px;margin:24px auto;padding:0 16px\">\
         <h1 style=\"font-size:20px\">{subject}</h1>{body}<p style=\"color:#596273\">Keyleash</p></body></html>",
        subject = escape(&draft.subject)
    )
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::entropy::Entropy;

    #[test]
    fn markup_in_what_a_browser_says_of_itself_is_text_and_the_token_is_in_the_fragment() {
        let letters = Letters { public_url: "https://keys.example", login_url: None };
        let origin = Origin { address: "203.0.113.7".to_owned(), user_agent: "<script>alert(1)</script>".to_owned() };
        let mail = letters.password_changed("trader@example.com", &origin);
        assert!(!mail.html.contains("<script>"));
        assert!(mail.text.contains("https://keys.example/verify#panic"));
        let vendors = Letters { login_url: Some("https://terminal.example/login?from=\"mail\""), ..letters };
        let mail = vendors.password_changed("trader@example.com", &origin);
        assert!(mail.text.contains("https://terminal.example/login") && !mail.text.contains("keys.example"));
        assert!(mail.html.contains("https://terminal.example/login?from=&quot;mail&quot;"));
        let token = Token::new(&Entropy::new());
        let mail = letters.confirm_sign_up("trader@example.com", &token, &origin);
        assert!(mail.text.contains(&format!("/verify#signup={}", token.secret().expose())));
    }
}
