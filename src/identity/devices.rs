//! Devices: enrolment, renaming, removal, panic; what they were given and what of it was rotated.

use keyleash_domain::{device::restorable_until, text::DeviceName};
use keyleash_protocol::{
    CredentialId, DeviceId, UserId,
    http::{DeviceHoldings, DeviceView, Enrol, Enrolled, EventKind, RemoveDevice, RemoveMany, SecondFactor},
    socket::{DeviceState, RevokeReason},
};

use super::{Caller, Identity, Origin, Refusal};
use crate::{
    device_keys,
    store::{Device, EnrolOutcome, NewDevice, Revocation, Revoke, Revoked, TickOutcome, Trail},
};

/// Letters that are not mistaken for others, for codes that people compare.
const MATCH_ALPHABET: &[u8; 20] = b"BCDFGHJKLMNPQRSTVWXZ";
const MATCH_LETTERS: usize = 6;

impl Identity {
    /// Enrols the browser's keys. A device that is known by its keys keeps its id; one that was removed asks to come back.
    pub async fn enrol(&self, caller: &Caller, body: &Enrol, origin: &Origin) -> Result<Enrolled, Refusal> {
        let name = DeviceName::parse(&body.name)?;
        let (receive_key, signing_key) = (body.receive_key.as_slice(), body.signing_key.as_slice());
        device_keys::check_enrolment(caller.user, receive_key, signing_key, body.proof.as_slice())?;
        self.enrol_checked(caller, name, (receive_key, signing_key), origin).await
    }

    /// Enrols keys that were found to be good: one to receive with, one to sign with.
    pub(super) async fn enrol_checked(
        &self,
        caller: &Caller,
        name: DeviceName,
        (receive_key, signing_key): (&[u8], &[u8]),
        origin: &Origin,
    ) -> Result<Enrolled, Refusal> {
        let at = self.clock.now();
        let device = NewDevice {
            id: DeviceId::from_uuid(self.entropy.id(at)),
            user: caller.user,
            name,
            user_agent: origin.user_agent.clone(),
            receive_key: receive_key.to_vec(),
            signing_key: signing_key.to_vec(),
            keys: device_keys::fingerprint(receive_key, signing_key),
            match_code: match_code(self.entropy.bytes()),
            at,
        };
        let (match_code, trail) =
            (device.match_code.clone(), self.log(EventKind::DeviceAdded, None, origin, device.name.as_str()));
        match self.store.enrol(device, caller.session, trail).await? {
            EnrolOutcome::Enrolled { id, state, seq } => {
                self.announce(caller.user, seq).await;
                Ok(Enrolled { id, state, match_code })
            }
            EnrolOutcome::SyncOff => Err(Refusal::SyncOff),
            EnrolOutcome::TooManyDevices => Err(Refusal::TooManyDevices),
            EnrolOutcome::SessionGone => Err(Refusal::SessionRequired),
            EnrolOutcome::KeysTaken => Err(Refusal::KeysTaken),
        }
    }

    pub async fn rename(&self, caller: &Caller, device: DeviceId, name: &str, origin: &Origin) -> Result<(), Refusal> {
        let name = DeviceName::parse(name)?;
        let trail = self.log(EventKind::DeviceRenamed, Some(device), origin, name.as_str());
        let seq = self.store.rename_device(caller.user, device, &name, trail).await?.ok_or(Refusal::NotFound)?;
        self.announce(caller.user, seq).await;
        Ok(())
    }

    pub async fn remove(
        &self,
        caller: &Caller,
        device: DeviceId,
        body: &RemoveDevice,
        origin: &Origin,
    ) -> Result<Revoked, Refusal> {
        let reason = if body.erase { RevokeReason::Erased } else { RevokeReason::Removed };
        self.revoke(caller, Revoke::One(device), reason, &body.second_factor, origin).await
    }

    pub async fn remove_others(&self, caller: &Caller, body: &RemoveMany, origin: &Origin) -> Result<Revoked, Refusal> {
        let stays = body.device.or(caller.device);
        self.revoke(caller, Revoke::AllBut(stays), RevokeReason::Removed, &body.second_factor, origin).await
    }

    /// Revokes every device, and ends every other login that is no device's: whoever took one is out too.
    pub async fn panic(&self, caller: &Caller, body: &RemoveMany, origin: &Origin) -> Result<Revoked, Refusal> {
        let which = Revoke::Panic { device: body.device, session: caller.session };
        self.revoke(caller, which, RevokeReason::Panic, &body.second_factor, origin).await
    }

    async fn revoke(
        &self,
        caller: &Caller,
        which: Revoke,
        reason: RevokeReason,
        second_factor: &SecondFactor,
        origin: &Origin,
    ) -> Result<Revoked, Refusal> {
        let (user, devices) = tokio::join!(self.user(caller), self.store.devices(caller.user));
        let (user, devices) = (user?, devices?);
        if let Revoke::One(device) = which
            && !devices.iter().any(|known| known.id == device)
        {
            // This route, too, counts tries.
            self.require_second_factor(&user, second_factor, origin).await?;
            return Err(Refusal::NotFound);
        }
        let code = self.given_code(&user, second_factor, origin).await?;
        let names = names_of(devices, which);
        let (kind, about) = match (reason, which) {
            (RevokeReason::Panic, _) => (EventKind::Panic, None),
            (RevokeReason::Erased, Revoke::One(device)) => (EventKind::DeviceErased, Some(device)),
            (_, Revoke::One(device)) => (EventKind::DeviceRemoved, Some(device)),
            (_, Revoke::AllBut(_) | Revoke::Panic { .. }) => (EventKind::DeviceRemoved, None),
        };
        let trail = self.log(kind, about, origin, names.join(", "));
        let mail = self.letters_to(&user).devices_removed(&user.email, &names, origin);
        let trail = self.with_mail(trail, user.id, &mail).await?;
        let at = self.clock.now();
        let restore_until = restorable_until(reason, at, self.limits.restore_window());
        let revocation = Revocation { which, reason, at, restore_until };
        let revoked = match &code {
            None => self.store.revoke(user.id, &revocation, trail).await?,
            Some(code) => {
                let verdict = self.store.revoke_by_code(user.id, code, &revocation, trail).await?;
                self.check_verdict(&user, verdict, origin).await?
            }
        };
        let revoked = revoked.ok_or(Refusal::NotFound)?;
        self.announce(user.id, revoked.seq).await;
        self.postman.ring();
        Ok(revoked)
    }

    /// What a device was ever given.
    pub async fn held(&self, caller: &Caller, device: DeviceId) -> Result<Vec<CredentialId>, Refusal> {
        Ok(self.store.held(caller.user, device).await?)
    }

    /// What each device was ever given, and what of it was rotated.
    pub async fn holdings(&self, caller: &Caller) -> Result<Vec<DeviceHoldings>, Refusal> {
        let holdings = self.store.holdings(caller.user).await?.into_iter();
        Ok(holdings.map(|(device, held)| DeviceHoldings { device, held }).collect())
    }

    /// The owner says that a credential which a removed device held was rotated at its exchange, or takes that back.
    pub async fn set_rotated(
        &self,
        caller: &Caller,
        device: DeviceId,
        credential: CredentialId,
        rotated: bool,
        origin: &Origin,
    ) -> Result<(), Refusal> {
        let (rotated_at, trail) = if rotated {
            let what = credential.to_string();
            (Some(self.clock.now()), self.log(EventKind::CredentialRotated, Some(device), origin, what))
        } else {
            (None, Trail::default())
        };
        match self.store.tick(caller.user, device, credential, rotated_at, trail).await? {
            TickOutcome::Ticked { seq } => {
                self.announce(caller.user, seq).await;
                Ok(())
            }
            TickOutcome::Unchanged => Ok(()),
            TickOutcome::NotHeld => Err(Refusal::NotFound),
            TickOutcome::Verified => Err(Refusal::DeviceState),
        }
    }

    /// The user's devices as they are shown; what this node's actors know better is not in it.
    pub async fn devices(&self, user: UserId) -> Result<Vec<DeviceView>, Refusal> {
        let heads = self.store.heads(user).await?.ok_or(Refusal::SessionRequired)?;
        Ok(self.store.devices(user).await?.iter().map(|device| device.view(heads.credentials)).collect())
    }
}

/// The names of what is about to be revoked, for the log and the mail.
fn names_of(devices: Vec<Device>, which: Revoke) -> Vec<String> {
    let is_asked_by_name = matches!(which, Revoke::One(_));
    let is_there = |device: &Device| is_asked_by_name || device.state != DeviceState::Removed;
    let asked = devices.into_iter().filter(|device| which.covers(device.id) && is_there(device));
    asked.map(|device| device.name).collect()
}

fn match_code(random: [u8; MATCH_LETTERS]) -> String {
    let letter = |byte: &u8| char::from(MATCH_ALPHABET[usize::from(*byte) % MATCH_ALPHABET.len()]);
    let letters: String = random.iter().map(letter).collect();
    format!("{}-{}", &letters[..3], &letters[3..])
}
