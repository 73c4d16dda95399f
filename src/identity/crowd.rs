//! Users for load tests, made out of nothing: no sign-up, no mail, no proof of keys. What is written is what sign-up,
//! enrolment and approval write.
//!
//! Nobody can log in as them: they are stored as a vendor's users, who have no password here, under an issuer that no
//! token can name, and their mails lead nowhere.

use keyleash_domain::{
    login::VendorLogin,
    text::{DeviceName, Email},
};
use keyleash_protocol::{
    UserId,
    crowd::{CrowdDevice, CrowdKeys, CrowdOrder, CrowdUser},
    http::{EventKind, MailPreferences},
};

use super::{Identity, Origin, Refusal, second_factor::typed, token::Token};
use crate::{
    device_keys,
    store::{ApproveOutcome, ConfirmedTotp, LinkedDevice, NewVendorUser, Trail, User},
};

/// Instead of a vendor's address. A configuration that took tokens of it would be a mistake that somebody made on purpose.
const ISSUER: &str = "urn:keyleash:load-test";
/// RFC 2606, section 2: there is no such domain, and never will be.
const MAIL_DOMAIN: &str = "load-test.invalid";
/// What stands in the log and the lists for address and browser.
const MADE_BY: &str = "keyleash admin crowd";
/// The step of no code: every code is good.
const NO_STEP: i64 = 0;

impl Identity {
    /// Makes a user with the second factor and sync on, and a verified device with a session of its own for each of the keys.
    pub async fn make_for_load_test(&self, order: &CrowdOrder) -> Result<CrowdUser, Refusal> {
        for keys in &order.devices {
            device_keys::check_keys(keys.receive_key.as_slice(), keys.signing_key.as_slice())?;
        }
        let origin = Origin { address: MADE_BY.to_owned(), user_agent: MADE_BY.to_owned() };
        let user = self.new_user(&origin).await?;
        let mut made = self.secure(user, &origin).await?;
        let user = self.store.user(user).await?.ok_or(Refusal::NotFound)?;
        // Its first logins are no news to anybody.
        let user = User { mail_preferences: MailPreferences { logins: false }, ..user };
        for (number, keys) in order.devices.iter().enumerate() {
            made.devices.push(self.new_device(&user, number + 1, keys, &origin).await?);
        }
        Ok(made)
    }

    async fn new_user(&self, origin: &Origin) -> Result<UserId, Refusal> {
        let at = self.clock.now();
        let id = UserId::from_uuid(self.entropy.id(at));
        let login = VendorLogin::new(ISSUER, &id.to_string()).ok_or(Refusal::Interrupted("name a user"))?;
        let email = Email::parse(&format!("{id}@{MAIL_DOMAIN}"))?;
        let trail = self.log(EventKind::SignedUp, None, origin, MADE_BY);
        self.store.create_vendor_user(NewVendorUser { id, login, email, at }, trail).await?;
        Ok(id)
    }

    /// Turns the second factor and sync on.
    async fn secure(&self, user: UserId, origin: &Origin) -> Result<CrowdUser, Refusal> {
        let (secret, pending) = self.new_totp(user).await?;
        let (codes, hashes) = self.new_recovery_codes();
        self.store.set_totp_pending(user, &pending, None).await?;
        let confirmed =
            ConfirmedTotp { sealed: &pending.sealed, present: None, step: NO_STEP, recovery_codes: &hashes };
        let trail = self.log(EventKind::TotpEnabled, None, origin, "");
        self.store.enable_totp(user, confirmed, trail).await?.ok_or(Refusal::TotpAlreadyEnabled)?;
        let trail = self.log(EventKind::SyncTurnedOn, None, origin, "");
        self.store.turn_sync_on(user, trail).await?.ok_or(Refusal::TotpNotEnabled)?;
        Ok(CrowdUser { user, totp_secret: typed(&secret), recovery_codes: codes, devices: Vec::new() })
    }

    async fn new_device(
        &self,
        user: &User,
        number: usize,
        keys: &CrowdKeys,
        origin: &Origin,
    ) -> Result<CrowdDevice, Refusal> {
        let login = self.begin_session(user, origin).await?;
        let keys = (keys.receive_key.as_slice(), keys.signing_key.as_slice());
        let name = DeviceName::parse(&format!("Device {number}"))?;
        let id = self.enrol_checked(&login.caller, name.clone(), keys, origin).await?.id;

        let token = Token::new(&self.entropy);
        let asked =
            LinkedDevice { id, keys: device_keys::fingerprint(keys.0, keys.1), address: origin.address.clone() };
        self.store.create_link(self.verification_link(&token, user.id, asked), Trail::default()).await?;
        let unlock_key = self.vault.new_unlock_key(user.id, id).await?;
        let trail = self.log(EventKind::DeviceVerified, None, origin, name.as_str());
        match self.store.approve(token.hash(), true, &unlock_key, self.clock.now(), trail).await? {
            ApproveOutcome::Approved(_) => Ok(CrowdDevice { id, token: login.token.secret().clone() }),
            ApproveOutcome::LinkUsedOrExpired | ApproveOutcome::Refused(_) => Err(Refusal::DeviceState),
        }
    }
}
