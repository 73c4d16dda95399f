//! Whether a login looks like those before it. Only a mail depends on it, so it may be wrong both ways: too many mails and
//! nobody reads them, too few and a thief is not noticed.

use std::net::IpAddr;

use crate::agent::browser;

/// Leading bits of an address that a provider's customer mostly keeps when it is given a new one: a home connection or a
/// phone has another address every day.
const NEIGHBOURHOOD_IPV4_BITS: u32 = 16;
const NEIGHBOURHOOD_IPV6_BITS: u32 = 32;

/// Where somebody logged in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place<'a> {
    pub user_agent: &'a str,
    pub address: &'a str,
}

impl Place<'_> {
    /// Whether none of the earlier logins was with such a browser from such a place. The first login of all is not: whoever
    /// signed up has just done so.
    pub fn is_new<'b>(self, before: impl IntoIterator<Item = Place<'b>>) -> bool {
        let mut before = before.into_iter().peekable();
        before.peek().is_some() && !before.any(|known| self.resembles(known))
    }

    fn resembles(self, known: Place<'_>) -> bool {
        browser(self.user_agent) == browser(known.user_agent) && are_neighbours(self.address, known.address)
    }
}

fn are_neighbours(one: &str, other: &str) -> bool {
    match (one.parse().map(neighbourhood), other.parse().map(neighbourhood)) {
        (Ok(one), Ok(other)) => one == other,
        _ => one == other,
    }
}

/// Which kind of address, and its leading bits.
fn neighbourhood(address: IpAddr) -> (bool, u128) {
    match address.to_canonical() {
        IpAddr::V4(address) => (true, u128::from(address.to_bits() >> (u32::BITS - NEIGHBOURHOOD_IPV4_BITS))),
        IpAddr::V6(address) => (false, address.to_bits() >> (u128::BITS - NEIGHBOURHOOD_IPV6_BITS)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const CHROME: &str = "Mozilla/5.0 (X11; Linux x86_64) Chrome/142.0.0.0 Safari/537.36";
    const NEWER_CHROME: &str = "Mozilla/5.0 (X11; Linux x86_64) Chrome/143.0.0.0 Safari/537.36";
    const FIREFOX: &str = "Mozilla/5.0 (X11; Linux x86_64; rv:144.0) Gecko/20100101 Firefox/144.0";

    fn at<'a>(user_agent: &'a str, address: &'a str) -> Place<'a> {
        Place { user_agent, address }
    }

    #[test]
    fn a_login_is_new_by_its_browser_or_its_place() {
        let desk = at(CHROME, "203.0.113.7");
        assert!(!desk.is_new([]), "the first of all");
        assert!(!at(NEWER_CHROME, "203.0.200.1").is_new([desk]), "an update, and the provider's next address");
        assert!(at(FIREFOX, "203.0.113.7").is_new([desk]));
        assert!(at(CHROME, "198.51.100.7").is_new([desk]));
        assert!(!at(FIREFOX, "203.0.113.7").is_new([desk, at(FIREFOX, "203.0.113.9")]), "any of them");
        assert!(at(FIREFOX, "203.0.113.7").is_new([desk, at(FIREFOX, "198.51.100.7")]), "one of them, as a whole");
        let phone = at(CHROME, "2001:db8:1::1");
        assert!(!at(CHROME, "2001:db8:ffff::1").is_new([phone]) && at(CHROME, "2001:db9::1").is_new([phone]));
        assert!(at(CHROME, "0.0.32.1").is_new([at(CHROME, "::32:1")]), "another kind of address");
    }
}
