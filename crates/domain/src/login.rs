//! What somebody logs in as. Two logins are never the same person because a mail address is the same.

use crate::text::Email;

/// Longest name that a vendor may have for somebody, bytes (`OpenID` Connect Core, 2: 255 ASCII characters).
pub const SUBJECT_BYTES_MAX: usize = 255;

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Login {
    /// An account of this server's own, by its address.
    Address(Email),
    Vendor(VendorLogin),
}

/// Somebody whom a vendor knows. Under another issuer the same subject is somebody else.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct VendorLogin {
    issuer: String,
    subject: String,
}

impl VendorLogin {
    /// `None`: the issuer has white space in it, or the subject is none.
    pub fn new(issuer: &str, subject: &str) -> Option<Self> {
        let is_issuer = !issuer.is_empty() && !issuer.contains(char::is_whitespace);
        let is_subject =
            !subject.is_empty() && subject.len() <= SUBJECT_BYTES_MAX && !subject.contains(char::is_control);
        (is_issuer && is_subject).then(|| Self { issuer: issuer.to_owned(), subject: subject.to_owned() })
    }

    pub fn subject(&self) -> &str {
        &self.subject
    }
}

impl Login {
    /// The one text that it is stored as. A vendor's has a space in it, which no address has.
    pub fn to_text(&self) -> String {
        match self {
            Self::Address(address) => address.as_str().to_owned(),
            Self::Vendor(VendorLogin { issuer, subject }) => format!("{issuer} {subject}"),
        }
    }

    pub fn from_text(text: &str) -> Option<Self> {
        match text.split_once(' ') {
            None => Email::parse(text).ok().map(Self::Address),
            Some((issuer, subject)) => VendorLogin::new(issuer, subject).map(Self::Vendor),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_vendors_user_is_never_an_address() {
        let vendors = |issuer, subject| Login::Vendor(VendorLogin::new(issuer, subject).unwrap());
        let address = Login::Address(Email::parse("trader@example.com").unwrap());
        for other in [vendors("trader@example.com", "x"), vendors("x", "trader@example.com"), vendors("a", "b c")] {
            assert_ne!(other.to_text(), address.to_text());
            assert_eq!(Login::from_text(&other.to_text()), Some(other));
        }
        assert_eq!(Login::from_text(&address.to_text()), Some(address));
        for (issuer, subject) in [("", "x"), ("a b", "x"), ("a", ""), ("a", "x\ny"), ("a", &"x".repeat(256))] {
            assert_eq!(VendorLogin::new(issuer, subject), None);
        }
    }

    proptest! {
        /// Of two different logins the texts differ, wherever the spaces are.
        #[test]
        fn no_two_logins_have_one_text(a in "[a-c ]{1,4}", b in "[a-c ]{1,4}", c in "[a-c ]{1,4}", d in "[a-c ]{1,4}") {
            if let (Some(one), Some(other)) = (VendorLogin::new(&a, &b), VendorLogin::new(&c, &d)) {
                let same_text = Login::Vendor(one.clone()).to_text() == Login::Vendor(other.clone()).to_text();
                prop_assert_eq!(same_text, one == other);
            }
        }
    }
}
