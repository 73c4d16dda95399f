//! Text from people, parsed at the edge into what the inside may trust.

use keyleash_protocol::limits::{DEVICE_NAME_CHARS_MAX, EMAIL_BYTES_MAX, PASSWORD_CHARS_MAX, PASSWORD_CHARS_MIN};

/// A field that does not keep to its rule.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{field}: {rule}")]
pub struct Invalid {
    pub field: &'static str,
    pub rule: String,
}

/// A mail address in the form it is compared and stored in: trimmed, lower case.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Email(String);

impl Email {
    /// Checks what can be checked without sending: one `@`, something on both sides, no white space or control
    /// characters. Whether it exists, the confirmation mail shows.
    pub fn parse(text: &str) -> Result<Self, Invalid> {
        let invalid = |rule: &str| Err(Invalid { field: "email", rule: rule.to_owned() });
        let text = text.trim().to_lowercase();
        if text.len() > EMAIL_BYTES_MAX {
            return invalid("at most 254 bytes");
        }
        let Some((local, domain)) = text.rsplit_once('@') else { return invalid("an address has one @") };
        if local.is_empty() || local.contains('@') || domain.is_empty() || domain.starts_with('.') {
            return invalid("something@somewhere");
        }
        if text.chars().any(|c| c.is_whitespace() || c.is_control() || matches!(c, '<' | '>' | ',' | ';' | '"')) {
            return invalid("no spaces, quotes or control characters");
        }
        Ok(Self(text))
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// A device's name as its owner gave it; markup is just text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeviceName(String);

impl DeviceName {
    pub fn parse(text: &str) -> Result<Self, Invalid> {
        let text = text.trim();
        let chars = text.chars().count();
        if chars == 0 || chars > DEVICE_NAME_CHARS_MAX || text.chars().any(char::is_control) {
            let rule = format!("1 to {DEVICE_NAME_CHARS_MAX} characters, none of them control characters");
            return Err(Invalid { field: "name", rule });
        }
        Ok(Self(text.to_owned()))
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Checks a new password. Only its length has a rule (NIST SP 800-63B, 5.1.1.2: no composition rules).
pub fn check_password(field: &'static str, password: &str) -> Result<(), Invalid> {
    let chars = password.chars().count();
    if (PASSWORD_CHARS_MIN..=PASSWORD_CHARS_MAX).contains(&chars) {
        return Ok(());
    }
    Err(Invalid { field, rule: format!("{PASSWORD_CHARS_MIN} to {PASSWORD_CHARS_MAX} characters") })
}

/// What a peer says of itself, fit to be shown and logged: no control characters, at most `max` characters.
pub fn printable(text: &str, max: usize) -> String {
    text.chars().filter(|c| !c.is_control()).take(max).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn mail_addresses_are_normalised_or_refused() {
        assert_eq!(Email::parse("  Trader@Example.COM ").unwrap().as_str(), "trader@example.com");
        for bad in
            ["", "@", "a@", "@b", "a b@c", "a@b\r\nBcc: x@y", "a@b@c", "<a@b>", &format!("{}@b", "a".repeat(300))]
        {
            assert!(Email::parse(bad).is_err(), "{bad:?}");
        }
    }

    #[test]
    fn passwords_have_a_length_and_no_other_rule() {
        assert!(check_password("password", &"a".repeat(11)).is_err());
        assert!(check_password("password", &"ä".repeat(12)).is_ok());
        assert!(check_password("password", &"a".repeat(1_024)).is_ok());
        assert!(check_password("password", &"a".repeat(1_025)).is_err());
    }
}
