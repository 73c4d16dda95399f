//! Somebody who owns devices: signs up, logs in, enrols, approves and removes, over the public interface, as people do in
//! their browsers.

use keyleash_protocol::{
    DeviceId, Sensitive, UserId,
    http::{Me, Removal, RemovedDevices, SecondFactor},
};
use tokio::time::{Duration, sleep};
use totp_rs::{Builder, Secret, Totp};

use crate::{
    api::{Api, ApiError},
    device::{Device, DeviceError},
    fleet::{Account, PreparedUser},
    live::{Seat, now},
    mails::{MailError, Mails, Purpose},
};

/// Each code is good for this long (RFC 6238), seconds.
const STEP_SECONDS: u64 = 30;

#[derive(Debug, thiserror::Error)]
pub enum OwnerError {
    #[error(transparent)]
    Api(#[from] ApiError),
    #[error(transparent)]
    Mail(#[from] MailError),
    #[error(transparent)]
    Device(#[from] DeviceError),
    #[error("the server gave an authenticator's secret that is none")]
    Authenticator,
    #[error(
        "user {0} was made by the admin command, and has no password to log in with: for this, prepare users without a command"
    )]
    NoAccount(UserId),
    #[error("the server logged somebody in without a session")]
    NoSession,
}

impl OwnerError {
    /// For counting: words without a name or an address in them.
    pub fn kind(&self) -> String {
        match self {
            Self::Api(error) => error.kind(),
            Self::Mail(MailError::Silence) => "mail did not come".to_owned(),
            Self::Mail(MailError::Place { .. } | MailError::Unreadable { .. }) => "mails cannot be read".to_owned(),
            Self::Device(_) => "device without keys".to_owned(),
            Self::Authenticator => "authenticator's secret is none".to_owned(),
            Self::NoAccount(_) => "login of a user without password".to_owned(),
            Self::NoSession => "login without a session".to_owned(),
        }
    }
}

#[derive(Debug)]
pub struct Owner {
    pub id: UserId,
    pub account: Option<Account>,
    authenticator: Authenticator,
    recovery_codes: Vec<Sensitive>,
}

impl Owner {
    /// Signs up, confirms the address, and turns the second factor and sync on. Gives the first session too: it is nobody's
    /// device's yet.
    pub async fn sign_up(server: &Api, account: Account, mails: &Mails) -> Result<(Self, Api), OwnerError> {
        let password = Sensitive::new(account.password.clone());
        server.sign_up(&account.email, &password).await?;
        let token = mails.link(&account.email, Purpose::SignUp).await?;
        server.confirm_sign_up(token).await?;
        let (session, me) = server.log_in(&account.email, &password, SecondFactor::default()).await?;
        let secret = session.set_up_totp(&password).await?.secret;
        let mut authenticator = Authenticator::new(&secret)?;
        let code = authenticator.code().await;
        let recovery_codes = session.confirm_totp(code).await?.recovery_codes;
        session.turn_sync_on().await?;
        Ok((Self { id: me.user_id, account: Some(account), authenticator, recovery_codes }, session))
    }

    /// Somebody who was prepared for this run, with devices that were.
    pub fn prepared(prepared: &PreparedUser) -> Result<Self, OwnerError> {
        let mut authenticator = Authenticator::new(&Sensitive::new(prepared.totp_secret.clone()))?;
        // Whoever prepared this user may have done so a moment ago.
        authenticator.skip();
        let recovery_codes = prepared.recovery_codes.iter().cloned().map(Sensitive::new).collect();
        Ok(Self { id: prepared.id, account: prepared.account.clone(), authenticator, recovery_codes })
    }

    /// What of this user is kept for another run, with these devices.
    pub fn save<'a>(&self, devices: impl IntoIterator<Item = &'a Seat>) -> PreparedUser {
        PreparedUser {
            id: self.id,
            account: self.account.clone(),
            totp_secret: self.authenticator.secret.expose().to_owned(),
            recovery_codes: self.recovery_codes.iter().map(|code| code.expose().to_owned()).collect(),
            devices: devices.into_iter().map(|seat| seat.device().save(&seat.token)).collect(),
        }
    }

    /// A session of its own, as another browser has one.
    pub async fn log_in(&mut self, server: &Api) -> Result<(Api, Me), OwnerError> {
        let account = self.account.clone().ok_or(OwnerError::NoAccount(self.id))?;
        let second_factor = self.second_factor().await;
        Ok(server.log_in(&account.email, &Sensitive::new(account.password), second_factor).await?)
    }

    /// Enrols a device in a browser with this session, asks for the mail and follows its link.
    pub async fn enrol(&self, browser: &Api, name: &str, mails: &Mails) -> Result<Seat, OwnerError> {
        let account = self.account.as_ref().ok_or(OwnerError::NoAccount(self.id))?;
        let token = browser.token().ok_or(OwnerError::NoSession)?.expose().to_owned();
        let mut device = Device::new(self.id)?;
        device.id = browser.enrol(&device.enrolment(name)?).await?.id;
        browser.ask_for_verification(device.id).await?;
        let link = mails.link(&account.email, Purpose::Device).await?;
        browser.approve(link, SecondFactor::default()).await?;
        Ok(Seat::new(device, token))
    }

    pub async fn remove(&mut self, browser: &Api, device: DeviceId) -> Result<Removal, OwnerError> {
        let second_factor = self.second_factor().await;
        Ok(browser.remove(device, second_factor).await?)
    }

    /// Removes every device but the one that stays.
    pub async fn remove_others(&mut self, browser: &Api, stays: DeviceId) -> Result<RemovedDevices, OwnerError> {
        let second_factor = self.second_factor().await;
        Ok(browser.remove_others(stays, second_factor).await?)
    }

    /// Something that the server takes at once: a code that was not given yet, or else a recovery code. Waits for the next
    /// code when there is neither.
    pub async fn second_factor(&mut self) -> SecondFactor {
        if let Some(code) = self.authenticator.code_at_once() {
            return SecondFactor { totp: Some(code), recovery_code: None };
        }
        match self.recovery_codes.pop() {
            Some(code) => SecondFactor { totp: None, recovery_code: Some(code) },
            None => SecondFactor { totp: Some(self.authenticator.code().await), recovery_code: None },
        }
    }
}

/// The app on the phone. Gives each code once, as the server takes each once.
#[derive(Debug)]
struct Authenticator {
    secret: Sensitive,
    totp: Totp,
    /// Whose code was given last.
    step: u64,
}

impl Authenticator {
    fn new(secret: &Sensitive) -> Result<Self, OwnerError> {
        let parsed = Secret::try_from_base32(secret.expose()).map_err(|_| OwnerError::Authenticator)?;
        let totp = Builder::new().with_secret(parsed).build().map_err(|_| OwnerError::Authenticator)?;
        Ok(Self { secret: secret.clone(), totp, step: 0 })
    }

    /// Gives none of the codes that are good at present.
    fn skip(&mut self) {
        self.step = present_step() + 1;
    }

    /// Of the step before, the present one, or the next: the server takes those.
    fn code_at_once(&mut self) -> Option<Sensitive> {
        let present = present_step();
        let step = (self.step + 1).max(present.saturating_sub(1));
        (step <= present + 1).then(|| {
            self.step = step;
            Sensitive::new(self.totp.generate(step * STEP_SECONDS).to_string())
        })
    }

    async fn code(&mut self) -> Sensitive {
        loop {
            if let Some(code) = self.code_at_once() {
                return code;
            }
            sleep(Duration::from_millis(100)).await;
        }
    }
}

fn present_step() -> u64 {
    u64::try_from(now().0 / 1_000).unwrap_or_default() / STEP_SECONDS
}
