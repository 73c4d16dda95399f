//! The user's switch, and the device's "auto connect all accounts".

use keyleash_domain::login::Login;
use keyleash_protocol::http::{EventKind, LoginKind, Me, SetSync};

use super::{Caller, Identity, Origin, Refusal};
use crate::store::User;

impl Identity {
    pub async fn me(&self, caller: &Caller) -> Result<Me, Refusal> {
        let user = self.user(caller).await?;
        self.view_of(user, caller).await
    }

    pub async fn view_of(&self, user: User, caller: &Caller) -> Result<Me, Refusal> {
        let device = match caller.device {
            Some(device) => self.store.device(user.id, device).await?,
            None => None,
        };
        let recovery_codes_left = match user.totp_secret {
            Some(_) => self.store.recovery_codes_left(user.id).await?,
            None => 0,
        };
        Ok(Me {
            user_id: user.id,
            email: user.email,
            login: match user.login {
                Login::Address(_) => LoginKind::Account,
                Login::Vendor(_) => LoginKind::Vendor,
            },
            totp_enabled: user.totp_secret.is_some(),
            sync_enabled: user.sync_enabled,
            auto_connect: device.is_some_and(|device| device.auto_connect),
            recovery_codes_left,
            mail_preferences: user.mail_preferences,
        })
    }

    pub async fn set_sync(&self, caller: &Caller, body: &SetSync, origin: &Origin) -> Result<Me, Refusal> {
        let user = self.user(caller).await?;
        match body.enabled {
            Some(true) if user.totp_secret.is_none() => return Err(Refusal::TotpNotEnabled),
            Some(true) if !user.sync_enabled => {
                let trail = self.log(EventKind::SyncTurnedOn, caller.device, origin, "");
                let seq = self.store.turn_sync_on(user.id, trail).await?.ok_or(Refusal::TotpNotEnabled)?;
                self.announce(user.id, seq).await;
            }
            Some(false) if user.sync_enabled => {
                self.require_second_factor(&user, &body.second_factor, origin).await?;
                self.turn_sync_off(&user, caller, origin).await?;
            }
            Some(_) | None => {}
        }
        if let Some(on) = body.auto_connect {
            let device = caller.device.ok_or(Refusal::DeviceState)?;
            let seq = self.store.set_auto_connect(user.id, device, on).await?.ok_or(Refusal::NotFound)?;
            self.announce(user.id, seq).await;
        }
        self.me(caller).await
    }

    async fn turn_sync_off(&self, user: &User, caller: &Caller, origin: &Origin) -> Result<(), Refusal> {
        let trail = self.log(EventKind::SyncTurnedOff, caller.device, origin, "");
        let mail = self.letters_to(user).sync_turned_off(&user.email, origin);
        let trail = self.with_mail(trail, user.id, &mail).await?;
        let now = self.clock.now();
        let restore_until = now.after(self.limits.restore_window());
        let seq = self.store.turn_sync_off(user.id, now, restore_until, trail).await?;
        self.postman.ring();
        self.announce(user.id, seq).await;
        Ok(())
    }
}
