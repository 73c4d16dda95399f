//! The second factor: time-based codes (RFC 6238), and recovery codes for when the phone is gone.

use std::time::Duration;

use keyleash_domain::totp;
use keyleash_protocol::{
    Sensitive, UserId,
    http::{EventKind, SetUpTotp, TotpSetup},
    limits::RECOVERY_CODES,
};
use qrcodegen::{QrCode, QrCodeEcc};
use totp_rs::{Algorithm, Builder, Secret, Totp};
use zeroize::Zeroizing;

use super::{
    Caller, Given, Identity, Origin, Refusal,
    limiter::{Attempt, CODE},
    token::sha256,
};
use crate::{
    store::{Code, CodeRefusal, ConfirmedTotp, GivenCode, PendingTotp, TokenHash, Trail, User},
    vault::Purpose,
};

/// What authenticator apps show above the code.
const ISSUER: &str = "Keyleash";
/// Long enough to find an app and install it. A set-up that was begun and forgotten is nobody's way in later.
const SETUP_LIFE: Duration = Duration::from_hours(1);
/// RFC 4226, section 4, recommends 160 bits.
const SECRET_BYTES: usize = 20;
pub(super) type TotpSecret = Zeroizing<[u8; SECRET_BYTES]>;
/// Characters of a recovery code: 16 of 32 are 80 bits.
const RECOVERY_CHARS: usize = 16;
/// Crockford's base 32: nothing that looks like something else.
const RECOVERY_ALPHABET: &[u8; 32] = b"0123456789abcdefghjkmnpqrstvwxyz";
/// Light modules around the code (ISO/IEC 18004 asks for four).
const QR_BORDER: i32 = 4;

impl Identity {
    /// Begins the set-up, or the change to another app: that takes a code of the present one too. Nothing is enabled, and
    /// the present one stays in force, until a code shows that the app has the new secret.
    pub async fn set_up_totp(&self, caller: &Caller, body: &SetUpTotp, origin: &Origin) -> Result<TotpSetup, Refusal> {
        let user = self.user(caller).await?;
        self.check_owner(&user, body, origin).await?;
        self.require_second_factor(&user, &body.second_factor, origin).await?;
        let (secret, pending) = self.new_totp(user.id).await?;
        if !self.store.set_totp_pending(user.id, &pending, user.totp_secret.as_deref()).await? {
            return Err(Refusal::TotpAlreadyEnabled);
        }

        let totp = authenticator(&*secret, &user.email);
        let otpauth_url = totp.to_url().map_err(|_| Refusal::Interrupted("name the second factor"))?;
        Ok(TotpSetup {
            secret: typed(&secret),
            qr_svg: Sensitive::new(qr_svg(&otpauth_url)),
            otpauth_url: Sensitive::new(otpauth_url),
        })
    }

    /// A fresh secret, and how it is stored until a code shows that an app has it.
    pub(super) async fn new_totp(&self, user: UserId) -> Result<(TotpSecret, PendingTotp), Refusal> {
        let secret: TotpSecret = Zeroizing::new(self.entropy.bytes());
        let sealed = self.vault.seal(user, Purpose::TotpSecret, &*secret).await?;
        Ok((secret, PendingTotp { sealed, since: self.clock.now() }))
    }

    /// Ends the set-up: from now on codes of this app are asked for, and those of the one before are good for nothing, its
    /// recovery codes too. Returns the recovery codes, for once.
    pub async fn confirm_totp(
        &self,
        caller: &Caller,
        code: &Sensitive,
        origin: &Origin,
    ) -> Result<Vec<Sensitive>, Refusal> {
        let user = self.user(caller).await?;
        let begun_lately = |pending: &&PendingTotp| self.clock.now().since(pending.since) < SETUP_LIFE;
        let pending = user.totp_pending.as_ref().filter(begun_lately).ok_or(Refusal::TotpAlreadyEnabled)?;
        self.attempt(Attempt::Code { user: user.id }).await?;
        let step = self.matching_step(user.id, &pending.sealed, code).await?.ok_or(Refusal::TotpInvalid)?;
        let (codes, hashes) = self.new_recovery_codes();
        let (kind, mail) = match user.totp_secret {
            None => (EventKind::TotpEnabled, self.letters_to(&user).totp_enabled(&user.email, origin)),
            Some(_) => (EventKind::TotpChanged, self.letters_to(&user).totp_changed(&user.email, origin)),
        };
        let trail = self.with_mail(self.log(kind, caller.device, origin, ""), user.id, &mail).await?;
        let present = user.totp_secret.as_deref();
        let confirmed = ConfirmedTotp { sealed: &pending.sealed, present, step, recovery_codes: &hashes };
        let seq = self.store.enable_totp(user.id, confirmed, trail).await?.ok_or(Refusal::TotpAlreadyEnabled)?;
        self.succeeded(Attempt::Code { user: user.id }).await?;
        self.postman.ring();
        self.announce(user.id, seq).await;
        Ok(codes)
    }

    /// Turns the second factor off, and sync with it, on every device.
    pub async fn disable_totp(&self, caller: &Caller, given: Given<'_>, origin: &Origin) -> Result<(), Refusal> {
        let user = self.user(caller).await?;
        if user.totp_secret.is_none() {
            return Err(Refusal::TotpNotEnabled);
        }
        self.require_second_factor(&user, given, origin).await?;
        let trail = self.log(EventKind::TotpDisabled, caller.device, origin, "");
        let trail = self.with_mail(trail, user.id, &self.letters_to(&user).totp_disabled(&user.email, origin)).await?;
        let now = self.clock.now();
        let restore_until = now.after(self.limits.restore_window());
        let seq = self.store.disable_totp(user.id, now, restore_until, trail).await?;
        self.postman.ring();
        self.announce(user.id, seq).await;
        Ok(())
    }

    pub async fn renew_recovery_codes(
        &self,
        caller: &Caller,
        given: Given<'_>,
        origin: &Origin,
    ) -> Result<Vec<Sensitive>, Refusal> {
        let user = self.user(caller).await?;
        if user.totp_secret.is_none() {
            return Err(Refusal::TotpNotEnabled);
        }
        self.require_second_factor(&user, given, origin).await?;
        let (codes, hashes) = self.new_recovery_codes();
        let trail = self.log(EventKind::RecoveryCodesRenewed, caller.device, origin, "");
        self.store.replace_recovery_codes(user.id, &hashes, trail).await?;
        Ok(codes)
    }

    /// Every change that matters to security passes here: a fresh code, or one of the recovery codes. Users without a
    /// second factor pass; they have no synced devices to protect.
    pub(super) async fn require_second_factor(
        &self,
        user: &User,
        given: Given<'_>,
        origin: &Origin,
    ) -> Result<(), Refusal> {
        let Some(code) = self.given_code(user, given, origin).await? else { return Ok(()) };
        let verdict = self.store.try_code(user.id, &code).await?;
        self.check_verdict(user, verdict, origin).await?;
        if !code.trail.mails.is_empty() {
            self.postman.ring();
        }
        Ok(())
    }

    /// The code that has to come with a change, for the store to try, alone or along with the change. `None`: the user has no
    /// second factor.
    pub(super) async fn given_code(
        &self,
        user: &User,
        given: Given<'_>,
        origin: &Origin,
    ) -> Result<Option<GivenCode>, Refusal> {
        let Some(sealed) = user.totp_secret.as_deref() else { return Ok(None) };
        let (code, trail) = match (&given.totp, &given.recovery_code) {
            (Some(code), _) => {
                let step = self.matching_step(user.id, sealed, code).await?;
                (step.map_or(Code::OfNoStep, Code::OfStep), Trail::default())
            }
            (None, Some(code)) => {
                let trail = self.log(EventKind::RecoveryCodeUsed, None, origin, "");
                let letter = self.letters_to(user).recovery_code_used(&user.email, origin);
                (Code::Recovery(recovery_hash(code)), self.with_mail(trail, user.id, &letter).await?)
            }
            (None, None) => return Err(Refusal::TotpRequired { at_login: false }),
        };
        let counted_as = Attempt::Code { user: user.id }.key();
        Ok(Some(GivenCode { code, counted_as, policy: CODE, at: self.clock.now(), trail }))
    }

    /// What the store said of a code.
    pub(super) async fn check_verdict<T>(
        &self,
        user: &User,
        verdict: Result<T, CodeRefusal>,
        origin: &Origin,
    ) -> Result<T, Refusal> {
        match verdict {
            Ok(done) => Ok(done),
            Err(CodeRefusal::Wait(wait)) => Err(Refusal::TooManyAttempts { wait }),
            Err(CodeRefusal::Wrong { is_last_free }) => {
                if is_last_free {
                    self.record(user.id, self.log(EventKind::AttemptsBlocked, None, origin, "")).await?;
                }
                Err(Refusal::TotpInvalid)
            }
        }
    }

    /// The time step whose code this is.
    async fn matching_step(&self, user: UserId, sealed: &[u8], code: &Sensitive) -> Result<Option<i64>, Refusal> {
        let Some(code) = totp::normalise(code.expose()) else { return Ok(None) };
        let secret = self.vault.open(user, Purpose::TotpSecret, sealed).await?;
        let seconds = u64::try_from(self.clock.now().0 / 1_000).unwrap_or(0);
        let step = authenticator(&secret, "").check(&code, seconds);
        Ok(step.and_then(|step| i64::try_from(step).ok()))
    }

    pub(super) fn new_recovery_codes(&self) -> (Vec<Sensitive>, Vec<TokenHash>) {
        let codes: Vec<Sensitive> = (0..RECOVERY_CODES).map(|_| recovery_code(&self.entropy.bytes())).collect();
        let hashes = codes.iter().map(recovery_hash).collect();
        (codes, hashes)
    }
}

/// A secret as people type it.
pub(super) fn typed(secret: &TotpSecret) -> Sensitive {
    Sensitive::new(Secret::from(secret.to_vec()).to_base32())
}

fn authenticator(secret: &[u8], account: &str) -> Totp {
    Builder::new()
        .with_algorithm(Algorithm::SHA1)
        .with_digits(6)
        .with_skew(u16::from(totp::SKEW_STEPS))
        .with_step_duration(totp::STEP_SECONDS)
        .with_secret(secret.to_vec())
        .with_account_name(account.replace(':', " "))
        .with_issuer(Some(ISSUER))
        .build_noncompliant()
}

fn recovery_code(random: &[u8; RECOVERY_CHARS]) -> Sensitive {
    let mut code = String::with_capacity(RECOVERY_CHARS + 3);
    for (n, byte) in random.iter().enumerate() {
        if n > 0 && n % 4 == 0 {
            code.push('-');
        }
        code.push(char::from(RECOVERY_ALPHABET[usize::from(byte % 32)]));
    }
    Sensitive::new(code)
}

/// Case, dashes and spaces do not count.
fn recovery_hash(code: &Sensitive) -> TokenHash {
    let plain: Zeroizing<String> =
        Zeroizing::new(code.expose().chars().filter(char::is_ascii_alphanumeric).collect::<String>().to_lowercase());
    sha256(plain.as_bytes())
}

fn qr_svg(text: &str) -> String {
    use std::fmt::Write as _;
    let Ok(code) = QrCode::encode_text(text, QrCodeEcc::Medium) else { return String::new() };
    let side = code.size() + 2 * QR_BORDER;
    let mut path = String::new();
    for y in 0..code.size() {
        for x in (0..code.size()).filter(|x| code.get_module(*x, y)) {
            let _ = write!(path, "M{},{}h1v1h-1z", x + QR_BORDER, y + QR_BORDER);
        }
    }
    format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {side} {side}\" shape-rendering=\"crispEdges\">\
         <rect width=\"100%\" height=\"100%\" fill=\"#fff\"/><path d=\"{path}\" fill=\"#000\"/></svg>"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_recovery_code_counts_however_it_is_typed() {
        let code = recovery_code(&[7; RECOVERY_CHARS]);
        assert_eq!(code.expose().len(), 19);
        let typed = Sensitive::new(code.expose().to_uppercase().replace('-', " "));
        assert_eq!(recovery_hash(&code), recovery_hash(&typed));
    }

    #[test]
    fn codes_match_the_test_vectors_of_rfc_6238() {
        // Appendix B, SHA-1, the last six of eight digits.
        let totp = authenticator(b"12345678901234567890", "");
        assert_eq!(totp.check("287082", 59), Some(1));
        assert_eq!(totp.check("081804", 1_111_111_109), Some(37_037_036));
        assert_eq!(totp.check("081804", 1_111_111_109 + 90), None);
    }
}
