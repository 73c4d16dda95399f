//! Verifying a device by mail. Opening the link shows who asks; only the button approves, with the owner's session or a
//! code beside it, so that neither a scanner nor a stranger in the mailbox can.

use keyleash_domain::device::Refusal as LifeRefusal;
use keyleash_protocol::{
    DeviceId, Sensitive, UnixMillis, UserId,
    http::{Approve, EventKind, Inspection},
    socket::DeviceState,
};

use super::{Caller, Identity, Origin, Refusal, limiter::Attempt, token::Token};
use crate::{
    device_keys::fingerprint,
    store::{ApproveOutcome, Device, Link, LinkPurpose, LinkedDevice, NewLink, Trail, User},
};

impl Identity {
    /// Sends the verification mail; returns until when its link is good.
    pub async fn send_verification_mail(
        &self,
        caller: &Caller,
        device: DeviceId,
        origin: &Origin,
    ) -> Result<UnixMillis, Refusal> {
        let user = self.user(caller).await?;
        let device = self.store.device(user.id, device).await?.ok_or(Refusal::NotFound)?;
        if device.state != DeviceState::Pending {
            return Err(Refusal::DeviceState);
        }
        self.attempt(Attempt::Mail { email: &user.email }).await?;
        let token = Token::new(&self.entropy);
        let asked = LinkedDevice { id: device.id, keys: device.keys, address: origin.address.clone() };
        let link = self.verification_link(&token, user.id, asked);
        let expires_at = link.expires_at;
        let letters = self.letters_to(&user);
        let mail = letters.verify_device(&user.email, &token, &device, origin, self.limits.link_minutes);
        let mails = vec![self.enclose(user.id, &mail, Some(device.id)).await?];
        let seq = self.store.create_link(link, Trail { mails, ..Trail::default() }).await?;
        self.postman.ring();
        if let Some(seq) = seq {
            self.announce(user.id, seq).await;
        }
        Ok(expires_at)
    }

    pub(super) fn verification_link(&self, token: &Token, user: UserId, device: LinkedDevice) -> NewLink {
        let at = self.clock.now();
        NewLink {
            token: token.hash(),
            purpose: LinkPurpose::VerifyDevice,
            user,
            device: Some(device),
            at,
            expires_at: at.after(self.limits.link_life()),
        }
    }

    /// What the approving page shows. Changes nothing.
    pub async fn inspect(&self, token: &Sensitive, origin: &Origin) -> Result<Inspection, Refusal> {
        self.attempt(Attempt::Address { address: &origin.address }).await?;
        let (link, device) = self.asking(token).await?;
        Ok(Inspection {
            device_name: device.name,
            user_agent: device.user_agent,
            address: link.device.map(|asked| asked.address).unwrap_or_default(),
            requested_at: link.created_at,
            match_code: device.match_code,
            totp_required: device.removed_at.is_some(),
        })
    }

    /// Approves. `caller` is whoever is logged in on the approving page; the owner's session, or a code, is needed.
    pub async fn approve(&self, caller: Option<&Caller>, body: &Approve, origin: &Origin) -> Result<Device, Refusal> {
        self.attempt(Attempt::Address { address: &origin.address }).await?;
        let (link, device) = self.asking(&body.token).await?;
        let user = self.store.user(link.user).await?.ok_or(Refusal::LinkUsedOrExpired)?;
        let second_factor = self.approval_factor(&user, caller, body, origin).await?;
        let unlock_key = self.vault.new_unlock_key(user.id, device.id).await?;
        let trail = self.log(EventKind::DeviceVerified, None, origin, device.name.clone());
        let mail = self.letters_to(&user).device_verified(&user.email, &device, origin);
        let trail = self.with_mail(trail, user.id, &mail).await?;
        let token = Token::presented(&body.token).hash();
        match self.store.approve(token, second_factor, &unlock_key, self.clock.now(), trail).await? {
            ApproveOutcome::Approved(device) => {
                self.postman.ring();
                self.announce(user.id, device.seq).await;
                Ok(*device)
            }
            ApproveOutcome::LinkUsedOrExpired => Err(Refusal::LinkUsedOrExpired),
            ApproveOutcome::Refused(LifeRefusal::SecondFactorNeeded) => Err(Refusal::TotpRequired { at_login: false }),
            ApproveOutcome::Refused(LifeRefusal::NotPending) => Err(Refusal::DeviceState),
        }
    }

    /// Whether a fresh code came with the approval. Without one, the owner must be logged in here.
    async fn approval_factor(
        &self,
        user: &User,
        caller: Option<&Caller>,
        body: &Approve,
        origin: &Origin,
    ) -> Result<bool, Refusal> {
        let given = &body.second_factor;
        let is_owner = caller.is_some_and(|caller| caller.user == user.id);
        if given.totp.is_none() && given.recovery_code.is_none() {
            return if is_owner { Ok(false) } else { Err(Refusal::TotpRequired { at_login: false }) };
        }
        self.require_second_factor(user, given, origin).await?;
        Ok(user.totp_secret.is_some())
    }

    async fn asking(&self, token: &Sensitive) -> Result<(Link, Device), Refusal> {
        let link = self.store.link(Token::presented(token).hash(), self.clock.now()).await?;
        let link = link.filter(|link| link.purpose == LinkPurpose::VerifyDevice).ok_or(Refusal::LinkUsedOrExpired)?;
        let asked = link.device.as_ref().ok_or(Refusal::LinkUsedOrExpired)?;
        let device = self.store.device(link.user, asked.id).await?;
        // The link is for the keys that asked; who can write to the database cannot put others in their place.
        let asked_with = |device: &Device| fingerprint(&device.receive_key, &device.signing_key) == asked.keys;
        let device = device.filter(asked_with).ok_or(Refusal::LinkUsedOrExpired)?;
        Ok((link, device))
    }
}
