//! What the mails say. A letter is data ([`Draft`]); how it looks, as text and as HTML, is said apart from it, so that the
//! words are the same in both. A link's token is in the fragment, which no browser sends to any server or in a Referer.

mod draft;
mod html;
mod text;

use keyleash_domain::{
    agent::browser,
    text::{printable, utc_minute},
};
use keyleash_protocol::UnixMillis;

use self::draft::{Alarm, Draft, Fact, Kind};
use super::{Origin, token::Token};
use crate::{mail::Mail, store::Device};

/// Characters of a device's name in a subject.
const SUBJECT_NAME_CHARS_MAX: usize = 64;

/// Writes mails with links to this server.
#[derive(Clone, Copy)]
pub(super) struct Letters<'a> {
    pub(super) public_url: &'a str,
    /// Where the reader logs in, if that is with a vendor: our own pages know no session of theirs.
    pub(super) login_url: Option<&'a str>,
    /// When what they tell happened.
    pub(super) at: UnixMillis,
}

impl Letters<'_> {
    pub(super) fn confirm_sign_up(&self, to: &str, token: &Token, origin: &Origin) -> Mail {
        let draft = Draft::new(to, "Confirm your address", "One click, and your account is ready.")
            .sent_because(Kind::Asked)
            .says("Somebody, probably you, signed up with this address.")
            .button("Confirm this address", self.link("signup", token))
            .facts(self.came_from(origin))
            .adds(
                "If it was not you, do nothing: without the confirmation there is no account, and with it whoever signed \
                 up knows its password.",
            );
        self.post(draft)
    }

    pub(super) fn already_signed_up(&self, to: &str) -> Mail {
        let draft = Draft::new(to, "You have an account already", "No need to sign up again: log in.")
            .sent_because(Kind::Asked)
            .says(
                "Somebody, probably you, tried to sign up with this address. It has an account already: log in, or ask for \
                 a new password if you forgot it.",
            )
            .button("Log in", format!("{}/", self.public_url))
            .adds("If it was not you, do nothing; nothing has changed.");
        self.post(draft)
    }

    pub(super) fn reset_password(&self, to: &str, token: &Token, origin: &Origin) -> Mail {
        let draft = Draft::new(to, "Set a new password", "Somebody asked for a new password for your account.")
            .sent_because(Kind::Asked)
            .says(
                "Somebody, probably you, asked for a new password for this account. The page asks for a code of your \
                 authenticator app too, if you turned that on.",
            )
            .button("Set a new password", self.link("reset", token))
            .facts(self.came_from(origin))
            .adds("If it was not you, do nothing; your password stays as it is.");
        self.post(draft)
    }

    pub(super) fn verify_device(
        &self,
        to: &str,
        token: &Token,
        device: &Device,
        origin: &Origin,
        minutes: u64,
    ) -> Mail {
        let name = printable(&device.name, SUBJECT_NAME_CHARS_MAX);
        let subject = format!("Verify {name}: code {}", device.match_code);
        let draft = Draft::new(to, &subject, "A browser asks to keep your exchange API keys in step.")
            .headed(&format!("Verify {name}"))
            .says(
                "A browser asks to keep your exchange API keys in step. Compare this code with the one on the asking \
                 screen:",
            )
            .code(&device.match_code)
            .facts([Fact::new("Device", &device.name)])
            .facts(self.came_from(origin))
            .button("Look at this device", self.link("device", token))
            .adds(&format!(
                "Opening the link approves nothing: the button on the page does. The link works once, within {minutes} \
                 minutes."
            ))
            .alarming();
        self.post(draft)
    }

    pub(super) fn device_verified(&self, to: &str, device: &Device, origin: &Origin) -> Mail {
        let name = printable(&device.name, SUBJECT_NAME_CHARS_MAX);
        let words = "This device now gets your synced exchange API keys.";
        let draft = Draft::new(to, &format!("{name} is verified"), words)
            .says(words)
            .facts([Fact::new("Device", &device.name), Fact::new("Its browser", &browser(&device.user_agent))])
            .facts([
                Fact::new("Approved with", &browser(&origin.user_agent)),
                Fact::new("Network address", &origin.address),
                Fact::new("Time", &utc_minute(self.at)),
            ])
            .alarming();
        self.post(draft)
    }

    pub(super) fn devices_removed(&self, to: &str, names: &[String], origin: &Origin) -> Mail {
        let draft = Draft::new(to, "Devices were removed", "The keys on them cannot be opened any more.")
            .says("The keys on these devices cannot be opened any more, not even offline.")
            .says(
                "What was read from a device before cannot be taken back: rotate those keys at the exchange. The panel \
                 lists what each device held.",
            )
            .facts(names.iter().map(|name| Fact::new("Removed", name)))
            .facts(self.came_from(origin))
            .alarming();
        self.post(draft)
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
        let words = "No device gets changes any more until it is verified again.";
        self.security(to, "Sync was turned off", words, origin)
    }

    /// A courtesy: the owner may not want it.
    pub(super) fn new_login(&self, to: &str, origin: &Origin) -> Mail {
        let subject = format!("New login with {}", browser(&origin.user_agent));
        let words = "Somebody, probably you, logged in with a browser or from a place that was not used before.";
        let draft = Draft::new(to, &subject, words)
            .says(words)
            .facts(self.came_from(origin))
            .adds("A login alone opens no key: a browser gets your keys only once you verified it by mail.")
            .sent_because(Kind::Courtesy)
            .alarming();
        self.post(draft)
    }

    /// Something that matters to security happened.
    fn security(&self, to: &str, subject: &str, words: &str, origin: &Origin) -> Mail {
        self.post(Draft::new(to, subject, words).says(words).facts(self.came_from(origin)).alarming())
    }

    fn alarm(&self) -> Alarm {
        match self.login_url {
            None => Alarm {
                words: "Something wrong?",
                label: "This wasn't me: lock every device",
                link: format!("{}/verify#panic", self.public_url),
            },
            Some(login) => Alarm {
                words: "Something wrong? Log in, then press Panic in the settings: it locks every device.",
                label: "This wasn't me: log in",
                link: login.to_owned(),
            },
        }
    }

    fn came_from(&self, origin: &Origin) -> [Fact; 3] {
        [
            Fact::new("Browser", &browser(&origin.user_agent)),
            Fact::new("Network address", &origin.address),
            Fact::new("Time", &utc_minute(self.at)),
        ]
    }

    fn link(&self, purpose: &str, token: &Token) -> String {
        format!("{}/verify#{purpose}={}", self.public_url, token.secret().expose())
    }

    fn post(&self, draft: Draft) -> Mail {
        let foot = draft::Foot {
            site: self.login_url.unwrap_or(self.public_url).to_owned(),
            alarm: draft.is_alarming.then(|| self.alarm()),
            why: match draft.kind {
                Kind::Security => "You get this mail because it is about the security of your account.",
                Kind::Asked => "You get this mail because somebody gave this address there.",
                Kind::Courtesy => "You can turn this kind of mail off in Settings > Security.",
            },
        };
        Mail {
            text: text::write(&draft, &foot),
            html: html::write(&draft, &foot),
            to: draft.to,
            subject: draft.subject,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::entropy::Entropy;

    const LETTERS: Letters<'_> =
        Letters { public_url: "https://keys.example", login_url: None, at: UnixMillis(1_800_000_000_000) };

    fn origin(user_agent: &str) -> Origin {
        Origin { address: "203.0.113.7".to_owned(), user_agent: user_agent.to_owned() }
    }

    #[test]
    fn markup_in_what_a_browser_says_of_itself_is_text_and_the_token_is_in_the_fragment() {
        let origin = origin("<script>alert(1)</script>");
        let mail = LETTERS.password_changed("trader@example.com", &origin);
        assert!(!mail.html.contains("<script>") && mail.html.contains("&lt;script&gt;"));
        assert!(mail.text.contains("\nhttps://keys.example/verify#panic\n"));
        let vendors = Letters { login_url: Some("https://terminal.example/login?from=\"mail\""), ..LETTERS };
        let mail = vendors.password_changed("trader@example.com", &origin);
        assert!(mail.text.contains("https://terminal.example/login") && !mail.text.contains("keys.example"));
        assert!(mail.html.contains("https://terminal.example/login?from=&quot;mail&quot;"));
        let token = Token::new(&Entropy::new());
        let mail = LETTERS.confirm_sign_up("trader@example.com", &token, &origin);
        let link = format!("https://keys.example/verify#signup={}", token.secret().expose());
        assert!(mail.text.lines().any(|line| line == link));
        assert_eq!(mail.html.matches(&link).count(), 3, "behind the button, and in full below it as a link");
    }

    /// Text and HTML are two forms of one letter, and a mail program may show either.
    #[test]
    fn both_forms_tell_the_same_facts() {
        let mail = LETTERS.new_login("trader@example.com", &origin("Mozilla/5.0 (X11; Linux x86_64) Firefox/144.0"));
        assert_eq!(mail.subject, "New login with Firefox on Linux");
        for fact in
            ["Firefox on Linux", "203.0.113.7", "2027-01-15 08:00 UTC", "/verify#panic", "Settings", "keys.example"]
        {
            assert!(mail.text.contains(fact) && mail.html.contains(fact), "{fact}");
        }
        assert!(!mail.html.contains("<img") && !mail.html.contains("url("), "nothing is fetched to show a mail");
    }

    #[test]
    fn lines_of_text_are_short_but_for_links() {
        let token = Token::new(&Entropy::new());
        let origin = origin(&"a-very-long-name-of-a-program/".repeat(9));
        for mail in [
            LETTERS.confirm_sign_up("trader@example.com", &token, &origin),
            LETTERS.already_signed_up("trader@example.com"),
            LETTERS.totp_changed("trader@example.com", &origin),
            LETTERS.devices_removed("trader@example.com", &["x".repeat(64)], &origin),
        ] {
            let long = mail.text.lines().find(|line| line.chars().count() > 78 && !line.starts_with("https://"));
            assert_eq!(long, None, "{}", mail.subject);
        }
    }
}
