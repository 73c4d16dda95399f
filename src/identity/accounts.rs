//! Sign-up, login, passwords. Whoever asks from outside cannot tell whether an address has an account: same answer, same
//! work before it, same time.

use std::sync::Arc;

use keyleash_domain::{
    login::Login,
    text::{Email, check_password},
};
use keyleash_protocol::{
    EventId, Sensitive, UserId,
    http::{EventKind, EventView, LogIn, MailPreferences, Me, PasswordChange, PasswordReset, SignUp},
};

use tracing::Instrument;

use super::{Caller, Identity, NewLogin, Origin, Refusal, limiter::Attempt, token::Token};
use crate::{
    causes,
    store::{LinkPurpose, NewLink, NewUser, Trail, User},
};

/// A stranger's sign-up link may wait in a mailbox over a weekend.
const CONFIRMATION_DAYS: u64 = 3;
/// Entries of the security log given at a time.
const EVENTS_MAX: u32 = 200;

impl Identity {
    /// Takes a sign-up. The answer is the same whether or not the address is taken; the mail differs.
    pub async fn sign_up(self: &Arc<Self>, body: &SignUp, origin: &Origin) -> Result<(), Refusal> {
        self.with_accounts()?;
        let email = Email::parse(&body.email)?;
        check_password("password", body.password.expose())?;
        self.attempt(Attempt::Address { address: &origin.address }).await?;
        let password_hash = self.passwords.hash(&body.password).await?;
        let (identity, origin) = (self.clone(), origin.clone());
        self.after_the_answer(async move { identity.invite(email, password_hash, &origin).await }).await
    }

    async fn invite(&self, email: Email, password_hash: String, origin: &Origin) -> Result<(), Refusal> {
        if !self.mail_allowed(&email).await? {
            return Ok(());
        }
        match self.store.user_by_login(&Login::Address(email.clone())).await? {
            Some(user) if user.confirmed => {
                let mail = self.letters().already_signed_up(email.as_str());
                self.record(user.id, self.with_mail(Trail::default(), user.id, &mail).await?).await?;
            }
            unconfirmed => {
                let at = self.clock.now();
                let id = unconfirmed.map_or_else(|| UserId::from_uuid(self.entropy.id(at)), |user| user.id);
                let token = Token::new(&self.entropy);
                let mail = self.letters().confirm_sign_up(email.as_str(), &token, origin);
                let trail = self.with_mail(self.log(EventKind::SignedUp, None, origin, ""), id, &mail).await?;
                let link = self.new_link(&token, LinkPurpose::ConfirmSignUp, id);
                self.store.create_user(NewUser { id, email, password_hash, at }, link, trail).await?;
            }
        }
        self.postman.ring();
        Ok(())
    }

    pub async fn confirm_sign_up(&self, token: &Sensitive, origin: &Origin) -> Result<(), Refusal> {
        self.with_accounts()?;
        self.attempt(Attempt::Address { address: &origin.address }).await?;
        let hash = Token::presented(token).hash();
        self.store.confirm_user(hash, self.clock.now()).await?.map(|_| ()).ok_or(Refusal::LinkUsedOrExpired)
    }

    pub async fn log_in(&self, body: &LogIn, origin: &Origin) -> Result<(User, NewLogin), Refusal> {
        self.with_accounts()?;
        self.attempt(Attempt::Address { address: &origin.address }).await?;
        let email = Email::parse(&body.email).map_err(|_| Refusal::BadCredentials)?;
        let attempt = Attempt::Password { email: email.as_str() };
        self.attempt(attempt.clone()).await?;
        let user = self.store.user_by_login(&Login::Address(email.clone())).await?.filter(|user| user.confirmed);
        let stored = user.as_ref().map(|user| user.password_hash.as_str());
        let right = self.passwords.matches(&body.password, stored).await?;
        let user = user.filter(|_| right).ok_or(Refusal::BadCredentials)?;
        self.succeeded(attempt).await?;
        self.require_second_factor(&user, &body.second_factor, origin).await.map_err(Refusal::at_login)?;
        let login = self.begin_session(&user, origin).await?;
        Ok((user, login))
    }

    pub async fn change_password(
        &self,
        caller: &Caller,
        body: &PasswordChange,
        origin: &Origin,
    ) -> Result<(), Refusal> {
        self.with_accounts()?;
        check_password("new_password", body.new_password.expose())?;
        let user = self.user(caller).await?;
        if matches!(user.login, Login::Vendor(_)) {
            return Err(Refusal::LoginElsewhere);
        }
        self.check_password(&user, &body.password).await?;
        self.require_second_factor(&user, &body.second_factor, origin).await?;
        let hash = self.passwords.hash(&body.new_password).await?;
        let trail = self.log(EventKind::PasswordChanged, caller.device, origin, "");
        let mail = self.letters_to(&user).password_changed(&user.email, origin);
        let trail = self.with_mail(trail, user.id, &mail).await?;
        let seq = self.store.set_password(user.id, &hash, Some(caller.session), trail).await?;
        self.postman.ring();
        self.announce(user.id, seq).await;
        Ok(())
    }

    /// Sends a reset link if the address has an account. The answer is the same if it has none.
    pub async fn forgot_password(self: &Arc<Self>, email: &str, origin: &Origin) -> Result<(), Refusal> {
        self.with_accounts()?;
        let email = Email::parse(email)?;
        self.attempt(Attempt::Address { address: &origin.address }).await?;
        let (identity, origin) = (self.clone(), origin.clone());
        self.after_the_answer(async move { identity.send_reset_link(&email, &origin).await }).await
    }

    async fn send_reset_link(&self, email: &Email, origin: &Origin) -> Result<(), Refusal> {
        if !self.mail_allowed(email).await? {
            return Ok(());
        }
        let Some(user) = self.store.user_by_login(&Login::Address(email.clone())).await? else { return Ok(()) };
        let token = Token::new(&self.entropy);
        let mail = self.letters().reset_password(email.as_str(), &token, origin);
        let trail = self.with_mail(Trail::default(), user.id, &mail).await?;
        self.store.create_link(self.new_link(&token, LinkPurpose::ResetPassword, user.id), trail).await?;
        self.postman.ring();
        Ok(())
    }

    /// Sets a new password by a mail's link. It never gets round the second factor.
    pub async fn reset_password(&self, body: &PasswordReset, origin: &Origin) -> Result<(), Refusal> {
        self.with_accounts()?;
        check_password("new_password", body.new_password.expose())?;
        self.attempt(Attempt::Address { address: &origin.address }).await?;
        let token = Token::presented(&body.token).hash();
        let link = self.store.link(token, self.clock.now()).await?;
        let link = link.filter(|link| link.purpose == LinkPurpose::ResetPassword).ok_or(Refusal::LinkUsedOrExpired)?;
        let user = self.store.user(link.user).await?.ok_or(Refusal::LinkUsedOrExpired)?;
        self.require_second_factor(&user, &body.second_factor, origin).await?;
        let hash = self.passwords.hash(&body.new_password).await?;
        let trail = self.log(EventKind::PasswordReset, None, origin, "");
        let mail = self.letters_to(&user).password_changed(&user.email, origin);
        let trail = self.with_mail(trail, user.id, &mail).await?;
        let seq = self.store.reset_password(token, &hash, self.clock.now(), trail).await?;
        let seq = seq.ok_or(Refusal::LinkUsedOrExpired)?;
        self.succeeded(Attempt::Password { email: &user.email }).await?;
        self.postman.ring();
        self.announce(user.id, seq).await;
        Ok(())
    }

    /// Chooses among the mails that are a courtesy. Those that security needs are not asked about.
    pub async fn set_mail_preferences(
        &self,
        caller: &Caller,
        wanted: MailPreferences,
        origin: &Origin,
    ) -> Result<Me, Refusal> {
        if self.user(caller).await?.mail_preferences != wanted {
            let MailPreferences { logins } = wanted;
            let detail = format!("logins: {}", if logins { "on" } else { "off" });
            let trail = self.log(EventKind::MailPreferencesChanged, caller.device, origin, detail);
            self.store.set_mail_preferences(caller.user, wanted, trail).await?;
        }
        self.me(caller).await
    }

    pub async fn events(
        &self,
        caller: &Caller,
        before: Option<EventId>,
        kinds: Option<Vec<EventKind>>,
        limit: Option<u32>,
    ) -> Result<Vec<EventView>, Refusal> {
        let limit = limit.unwrap_or(50).min(EVENTS_MAX);
        let events = self.store.events(caller.user, before, kinds.as_deref(), limit).await?;
        Ok(events
            .into_iter()
            .map(|event| EventView {
                id: event.id,
                at: event.at,
                kind: event.kind,
                device: event.device,
                address: event.address,
                detail: event.detail,
            })
            .collect())
    }

    /// Does what depends on whether an address has an account once the answer is on its way: its time cannot tell.
    async fn after_the_answer(
        &self,
        work: impl Future<Output = Result<(), Refusal>> + Send + 'static,
    ) -> Result<(), Refusal> {
        let turn = self.after_answers.clone().acquire_owned().await;
        let turn = turn.map_err(|_| Refusal::Interrupted("begin what the mail is about"))?;
        let work = async move {
            if let Err(error) = work.await {
                tracing::error!(error = causes::in_one_line(&error), "a mail that somebody asked for was not written");
            }
            drop(turn);
        };
        tokio::spawn(work.in_current_span());
        Ok(())
    }

    /// Asks a logged-in user for the password again.
    pub(super) async fn check_password(&self, user: &User, password: &Sensitive) -> Result<(), Refusal> {
        let attempt = Attempt::Password { email: &user.email };
        self.attempt(attempt.clone()).await?;
        if !self.passwords.matches(password, Some(&user.password_hash)).await? {
            return Err(Refusal::BadCredentials);
        }
        self.succeeded(attempt).await
    }

    fn new_link(&self, token: &Token, purpose: LinkPurpose, user: UserId) -> NewLink {
        let at = self.clock.now();
        let expires_at = match purpose {
            LinkPurpose::ConfirmSignUp => at.after(std::time::Duration::from_secs(CONFIRMATION_DAYS * 86_400)),
            LinkPurpose::VerifyDevice | LinkPurpose::ResetPassword => at.after(self.limits.link_life()),
        };
        NewLink { token: token.hash(), purpose, user, device: None, at, expires_at }
    }

    /// Whether one more mail may go to this mailbox. A stranger is not told if not: that would say it has an account.
    async fn mail_allowed(&self, email: &Email) -> Result<bool, Refusal> {
        match self.attempt(Attempt::StrangersMail { email: email.as_str() }).await {
            Ok(()) => Ok(true),
            Err(Refusal::TooManyRequests { .. }) => Ok(false),
            Err(other) => Err(other),
        }
    }
}
