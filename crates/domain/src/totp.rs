//! Policy of time-based one-time passwords (RFC 6238).

/// Seconds per step (RFC 6238, 5.2, recommends 30).
pub const STEP_SECONDS: u64 = 30;
/// Steps before and after the present one whose code is still taken, for clocks that are off.
pub const SKEW_STEPS: u8 = 1;
/// Digits of a code.
pub const DIGITS: usize = 6;

/// A code as people type it: spaces and dashes do not count.
pub fn normalise(typed: &str) -> Option<String> {
    let digits: String = typed.chars().filter(|c| !c.is_whitespace() && *c != '-').collect();
    (digits.len() == DIGITS && digits.bytes().all(|b| b.is_ascii_digit())).then_some(digits)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_taken_as_people_type_them() {
        assert_eq!(normalise(" 123 456 ").as_deref(), Some("123456"));
        assert_eq!(normalise("123-456").as_deref(), Some("123456"));
        assert_eq!(normalise("12345"), None);
        assert_eq!(normalise("12345a"), None);
        assert_eq!(normalise("１２３４５６"), None);
    }
}
