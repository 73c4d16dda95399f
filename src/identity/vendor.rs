//! People who come with a vendor's token instead of a password: it says who they are, and for the rest they are users like
//! others. A vendor's user is found by issuer and subject, never by a mail address.

mod compact;

use std::{sync::Arc, time::Duration};

use keyleash_domain::{
    claims::{BadToken, Terms, Vouched},
    login::Login,
    text::Invalid,
};
use keyleash_protocol::{
    Sensitive, UserId,
    http::{EventKind, LogInByToken, LoginOffer, SetUpTotp},
};

use self::compact::Compact;
use super::{Identity, NewLogin, Origin, Refusal, limiter::Attempt};
use crate::{
    jwks::Jwks,
    store::{NewVendorUser, User},
};

/// How old a token may be that stands for the password when two-factor authentication is set up: somebody who finds an open
/// session has none that new.
const FRESH: Duration = Duration::from_mins(5);

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
    pub keys: Arc<dyn Jwks>,
    pub terms: Terms,
    /// The claim that holds the mail address.
    pub mail_claim: String,
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

    /// Logs in whom the vendor vouches for, as a user of their own when they come for the first time.
    pub async fn log_in_by_token(&self, body: &LogInByToken, origin: &Origin) -> Result<(User, NewLogin), Refusal> {
        let vendor = self.vendor()?;
        self.attempt(Attempt::Address { address: &origin.address }).await?;
        let vouched = self.vouched_for(vendor, &body.token).await?;
        let user = self.user_vouched_for(&vouched, origin).await?;
        self.require_second_factor(&user, &body.second_factor, origin).await.map_err(Refusal::at_login)?;
        let user = self.follow_mail_address(user, &vouched, origin).await?;
        let login = self.begin_session(&user, origin).await?;
        Ok((user, login))
    }

    /// Asks whoever is logged in to show once more who they are: by the password, or by a token that is new.
    pub(super) async fn check_owner(&self, user: &User, body: &SetUpTotp, origin: &Origin) -> Result<(), Refusal> {
        let missing = |field| Invalid { field, rule: "is needed to set up two-factor authentication".to_owned() };
        let Login::Vendor(login) = &user.login else {
            return self.check_password(user, body.password.as_ref().ok_or_else(|| missing("password"))?).await;
        };
        let vendor = self.vendor()?;
        let token = body.identity_token.as_ref().ok_or_else(|| missing("identity_token"))?;
        self.attempt(Attempt::Address { address: &origin.address }).await?;
        let vouched = self.vouched_for(vendor, token).await?;
        if vouched.login != *login {
            return Err(BadToken::SomebodyElse.into());
        }
        if !vendor.terms.is_fresh(&vouched, FRESH, self.clock.now()) {
            return Err(BadToken::Stale.into());
        }
        Ok(())
    }

    /// Whether this server has accounts of its own; said before anything else is looked at, whoever asks.
    pub(super) fn with_accounts(&self) -> Result<(), Refusal> {
        if self.logins.accounts { Ok(()) } else { Err(Refusal::LoginElsewhere) }
    }

    fn vendor(&self) -> Result<&Vendor, Refusal> {
        self.logins.vendor.as_ref().ok_or(Refusal::LoginElsewhere)
    }

    /// Whom a token is about. Nothing that it says is used before its signature was found to be right.
    async fn vouched_for(&self, vendor: &Vendor, token: &Sensitive) -> Result<Vouched, Refusal> {
        let token = Compact::parse(token.expose())?;
        let keys = vendor.keys.keys(&token.key).await?;
        let wrong = if keys.has(&token.key) { BadToken::Algorithm } else { BadToken::UnknownKey };
        let key = keys.find(&token.key, token.algorithm).ok_or(wrong)?;
        if !key.verifies(token.message, &token.signature) {
            return Err(BadToken::Signature.into());
        }
        Ok(vendor.terms.judge(token.claims(&vendor.mail_claim)?, self.clock.now())?)
    }

    async fn user_vouched_for(&self, vouched: &Vouched, origin: &Origin) -> Result<User, Refusal> {
        let login = Login::Vendor(vouched.login.clone());
        if let Some(user) = self.store.user_by_login(&login).await? {
            return Ok(user);
        }
        let at = self.clock.now();
        let id = UserId::from_uuid(self.entropy.id(at));
        let new = NewVendorUser { id, login: vouched.login.clone(), email: vouched.email.clone(), at };
        // Somebody who comes to two nodes at once for the first time is made once.
        self.store.create_vendor_user(new, self.log(EventKind::SignedUp, None, origin, "")).await?;
        self.store.user_by_login(&login).await?.ok_or(Refusal::SessionRequired)
    }

    /// The vendor says where mails go. The address before hears of it: it may not have been the owner who changed it there.
    async fn follow_mail_address(&self, user: User, vouched: &Vouched, origin: &Origin) -> Result<User, Refusal> {
        let email = &vouched.email;
        if user.email == email.as_str() {
            return Ok(user);
        }
        let trail = self.log(EventKind::MailChanged, None, origin, email.as_str());
        let mail = self.letters_to(&user).mail_changed(&user.email, email.as_str(), origin);
        let trail = self.with_mail(trail, user.id, &mail).await?;
        if self.store.set_email(user.id, email, trail).await? {
            self.postman.ring();
        }
        Ok(User { email: email.as_str().to_owned(), ..user })
    }
}
