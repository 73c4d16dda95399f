//! Which logins are taken: accounts of this server's own, a vendor's tokens, or both.

use keyleash_protocol::http::LoginOffer;

use super::{Identity, Refusal};

/// Which logins are taken.
#[derive(Clone, Debug)]
pub struct Logins {
    /// Addresses and passwords.
    pub accounts: bool,
    pub vendor: Option<Vendor>,
}

/// Whoever has people's login, if that is not this server.
#[derive(Clone, Debug)]
pub struct Vendor {
    /// The page to log in at.
    pub login_url: String,
}

impl Identity {
    pub fn login_offer(&self) -> LoginOffer {
        let vendor = self.logins.vendor.as_ref();
        LoginOffer {
            accounts: self.logins.accounts,
            vendor: vendor.is_some(),
            login_url: vendor.map(|vendor| vendor.login_url.clone()),
        }
    }

    /// Whether this server has accounts of its own; said before anything else is looked at, whoever asks.
    pub(super) fn with_accounts(&self) -> Result<(), Refusal> {
        if self.logins.accounts { Ok(()) } else { Err(Refusal::LoginElsewhere) }
    }
}
