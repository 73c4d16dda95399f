//! Which pages may speak to this server.

/// The origins that are allowed, in their serialised form (RFC 6454, 6.2).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AllowedOrigins(Vec<String>);

impl AllowedOrigins {
    pub fn new(origins: impl IntoIterator<Item = String>) -> Self {
        Self(origins.into_iter().map(|origin| origin.trim_end_matches('/').to_ascii_lowercase()).collect())
    }

    /// For the socket: a missing origin and `null` are refused, there is no prefix and no suffix match.
    pub fn allows(&self, origin: Option<&str>) -> bool {
        origin.is_some_and(|origin| self.0.iter().any(|allowed| allowed.eq_ignore_ascii_case(origin)))
    }

    /// For a request that changes something and carries a cookie: what a browser says about where it came from must not
    /// contradict. Programs that are no browsers say nothing; they cannot be made to send a victim's cookie.
    pub fn allows_change(&self, origin: Option<&str>, fetch_site: Option<&str>) -> bool {
        match (origin, fetch_site) {
            (Some(_), _) => self.allows(origin),
            (None, site) => allows_cookie(site),
        }
    }
}

/// Whether a request's cookie is believed, by what the browser says of the page that made it (`Sec-Fetch-Site`): a page of
/// the same origin, or nobody's, as when a person types the address. Old browsers say nothing.
pub fn allows_cookie(fetch_site: Option<&str>) -> bool {
    fetch_site.is_none_or(|site| matches!(site, "same-origin" | "none"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_exact_origin_is_allowed() {
        let allowed = AllowedOrigins::new(["https://terminal.example/".to_owned()]);
        assert!(allowed.allows(Some("https://terminal.example")));
        for other in [
            None,
            Some("null"),
            Some("http://terminal.example"),
            Some("https://terminal.example.evil.example"),
            Some("https://terminal.example:8443"),
            Some("https://evil.example/https://terminal.example"),
        ] {
            assert!(!allowed.allows(other), "{other:?}");
        }
    }

    #[test]
    fn a_cross_site_change_is_refused() {
        let allowed = AllowedOrigins::new(["https://terminal.example".to_owned()]);
        assert!(allowed.allows_change(Some("https://terminal.example"), Some("same-origin")));
        assert!(allowed.allows_change(None, None));
        assert!(!allowed.allows_change(Some("https://evil.example"), Some("cross-site")));
        assert!(!allowed.allows_change(None, Some("cross-site")));
        assert!(!allowed.allows_change(None, Some("same-site")));
        assert!(allows_cookie(None) && allows_cookie(Some("same-origin")) && allows_cookie(Some("none")));
        assert!(!allows_cookie(Some("same-site")) && !allows_cookie(Some("cross-site")));
    }
}
