//! Text from people, parsed at the edge into what the inside may trust.

use keyleash_protocol::{
    UnixMillis,
    limits::{DEVICE_NAME_CHARS_MAX, EMAIL_BYTES_MAX, PASSWORD_CHARS_MAX, PASSWORD_CHARS_MIN},
};

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
        if text.chars().any(|c| c.is_whitespace() || is_command(c) || matches!(c, '<' | '>' | ',' | ';' | '"')) {
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
        if chars == 0 || chars > DEVICE_NAME_CHARS_MAX || text.chars().any(is_command) {
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
    text.chars().filter(|c| !is_command(*c)).take(max).collect()
}

/// A time as people read it everywhere: `2026-01-31 12:00 UTC`.
pub fn utc_minute(at: UnixMillis) -> String {
    const DAY_MS: i64 = 86_400_000;
    let (days, minutes) = (at.0.div_euclid(DAY_MS), at.0.rem_euclid(DAY_MS) / 60_000);
    let (year, month, day) = civil(days);
    format!("{year}-{month:02}-{day:02} {:02}:{:02} UTC", minutes / 60, minutes % 60)
}

/// Year, month and day of a number of days since 1970, in the calendar that repeats every 146,097 days (400 years). Years
/// are counted from March, so that the leap day is the last.
fn civil(days: i64) -> (i64, i64, i64) {
    const UNTIL_1970: i64 = 719_468;
    let (era, day) = ((days + UNTIL_1970).div_euclid(146_097), (days + UNTIL_1970).rem_euclid(146_097));
    let year = (day - day / 1_460 + day / 36_524 - day / 146_096) / 365;
    let day = day - (365 * year + year / 4 - year / 100);
    let month = (5 * day + 2) / 153;
    let day = day - (153 * month + 2) / 5 + 1;
    let month = if month < 10 { month + 3 } else { month - 9 };
    (year + era * 400 + i64::from(month <= 2), month, day)
}

/// What tells a terminal or a text's layout what to do, and is no text itself: control characters, line and paragraph
/// separators, and marks that turn the direction of writing (Unicode TR 36, 2.7), so that no name can show a code as
/// another one.
fn is_command(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
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
    fn what_a_name_shows_is_what_it_says() {
        for bad in
            ["", "a\nb", "a\u{1b}[2J", "a\u{9b}2J", "a\u{2028}b", "\u{202e}CBA-ZYX", "\u{2066}x", &"x".repeat(65)]
        {
            assert!(DeviceName::parse(bad).is_err(), "{bad:?}");
        }
        for good in ["desk", "Büro <b>", "노트북", "👩\u{200d}💻", &"ä".repeat(64)] {
            assert_eq!(DeviceName::parse(good).unwrap().as_str(), good);
        }
        assert_eq!(printable("a\u{202e}b\r\nc", 3), "abc");
    }

    #[test]
    fn times_are_those_of_the_calendar() {
        for (at, text) in [
            (0, "1970-01-01 00:00 UTC"),
            (951_782_399_999, "2000-02-28 23:59 UTC"),
            (951_782_400_000, "2000-02-29 00:00 UTC"),
            (1_709_251_199_999, "2024-02-29 23:59 UTC"),
            (4_107_542_400_000, "2100-03-01 00:00 UTC"),
            (-1, "1969-12-31 23:59 UTC"),
        ] {
            assert_eq!(utc_minute(UnixMillis(at)), text);
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
