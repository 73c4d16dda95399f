//! Sessions: opaque, hashed at rest, ended by logout, expiry, a new password, or the removal of their device.

use std::time::Duration;

use keyleash_domain::place::Place;
use keyleash_protocol::{
    DeviceId, Sensitive, SessionId, UnixMillis, UserId,
    http::{EventKind, SessionView},
};

use super::{Identity, Origin, Refusal, token::Token};
use crate::store::{NewSession, Room, Session, SessionOutcome, SessionStore, User};

/// Sessions of one user at a time: far more than anybody's browsers, and a program that logs in for every call does not
/// fill the table.
const SESSIONS_MAX: u32 = 100;
/// Logins that a new one is compared with: enough for somebody with several browsers who logs in daily.
const KNOWN_LOGINS: u32 = 100;
/// "Last used" is written at most this often, so that reading does not become writing.
const TOUCH_AFTER: Duration = Duration::from_mins(1);

/// Somebody who is logged in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Caller {
    pub user: UserId,
    pub session: SessionId,
    /// The device that this session is used from, once that is known.
    pub device: Option<DeviceId>,
    pub expires_at: UnixMillis,
}

/// A login that worked.
#[derive(Debug)]
pub struct NewLogin {
    pub caller: Caller,
    pub token: Token,
}

impl Identity {
    /// Who holds this token.
    pub async fn authenticate(&self, token: &Sensitive) -> Result<Caller, Refusal> {
        let now = self.clock.now();
        let session = self.store.session(Token::presented(token).hash(), now).await?.ok_or(Refusal::SessionRequired)?;
        if let Some(reason) = session.revoked {
            return Err(Refusal::DeviceRemoved(reason));
        }
        if now.since(session.last_used_at) >= TOUCH_AFTER {
            self.store.touch_session(session.id, now).await?;
        }
        Ok(Caller { user: session.user, session: session.id, device: session.device, expires_at: session.expires_at })
    }

    /// A new session for whose password was right; always with a new token, so that nobody can have planted it.
    pub(super) async fn begin_session(&self, user: &User, origin: &Origin) -> Result<NewLogin, Refusal> {
        let (token, at) = (Token::new(&self.entropy), self.clock.now());
        let session = NewSession {
            id: SessionId::from_uuid(self.entropy.id(at)),
            user: user.id,
            token: token.hash(),
            password_hash: user.password_hash.clone(),
            at,
            expires_at: at.after(self.limits.session_life()),
            user_agent: origin.user_agent.clone(),
            address: origin.address.clone(),
        };
        let caller = Caller { user: user.id, session: session.id, device: None, expires_at: session.expires_at };
        let mut trail = self.log(EventKind::LoggedIn, None, origin, origin.user_agent.clone());
        if user.mail_preferences.logins && self.is_new_place(user, origin).await? {
            trail = self.with_mail(trail, user.id, &self.letters_to(user).new_login(&user.email, origin)).await?;
        }
        let has_mail = !trail.mails.is_empty();
        let trail_of_ended = self.log(EventKind::SessionEnded, None, origin, "one more than there is room for");
        let room = Room { sessions: SESSIONS_MAX, trail: trail_of_ended };
        match self.store.create_session(session, room, trail).await? {
            SessionOutcome::Created => {}
            SessionOutcome::CreatedInPlace(seq) => self.announce(user.id, seq).await,
            SessionOutcome::PasswordChanged => return Err(Refusal::BadCredentials),
        }
        if has_mail {
            self.postman.ring();
        }
        Ok(NewLogin { caller, token })
    }

    /// Whether nobody logged in so before. The log is asked, not the sessions: those of who always logs out are gone.
    async fn is_new_place(&self, user: &User, origin: &Origin) -> Result<bool, Refusal> {
        let before = self.store.events(user.id, None, Some(&[EventKind::LoggedIn]), KNOWN_LOGINS).await?;
        let before = before
            .iter()
            .map(|login| Place { user_agent: &login.detail, address: login.address.as_deref().unwrap_or_default() });
        Ok(Place { user_agent: &origin.user_agent, address: &origin.address }.is_new(before))
    }

    /// Gives the caller's session a new token, for moments when it becomes worth more (2FA, device approval).
    pub async fn rotate(&self, caller: &Caller) -> Result<Token, Refusal> {
        let token = Token::new(&self.entropy);
        self.store.rotate_session(caller.session, token.hash()).await?;
        Ok(token)
    }

    pub async fn log_out(&self, caller: &Caller, origin: &Origin) -> Result<(), Refusal> {
        let trail = self.log(EventKind::LoggedOut, caller.device, origin, "");
        if let Some(seq) = self.store.end_session(caller.user, caller.session, trail).await? {
            self.announce(caller.user, seq).await;
        }
        Ok(())
    }

    pub async fn sessions(&self, caller: &Caller) -> Result<Vec<SessionView>, Refusal> {
        let sessions = SessionStore::sessions(&*self.store, caller.user, self.clock.now()).await?;
        Ok(sessions.into_iter().map(|session| view(session, caller)).collect())
    }

    pub async fn end_session(&self, caller: &Caller, session: SessionId, origin: &Origin) -> Result<(), Refusal> {
        let trail = self.log(EventKind::SessionEnded, None, origin, session.to_string());
        let seq = self.store.end_session(caller.user, session, trail).await?.ok_or(Refusal::NotFound)?;
        self.announce(caller.user, seq).await;
        Ok(())
    }

    /// Ends every login but the caller's, and says how many that were. Like the end of one it needs no code: whoever finds
    /// a stranger in the list must not be kept from it by a phone that is not at hand, and a thief gains nothing by it.
    pub async fn end_other_sessions(&self, caller: &Caller, origin: &Origin) -> Result<u32, Refusal> {
        let trail = self.log(EventKind::OtherSessionsEnded, caller.device, origin, "");
        let now = self.clock.now();
        let Some((seq, ended)) = self.store.end_other_sessions(caller.user, caller.session, now, trail).await? else {
            return Ok(0);
        };
        self.announce(caller.user, seq).await;
        Ok(ended)
    }
}

fn view(session: Session, caller: &Caller) -> SessionView {
    SessionView {
        id: session.id,
        created_at: session.created_at,
        last_used_at: session.last_used_at,
        expires_at: session.expires_at,
        user_agent: session.user_agent,
        address: session.address,
        device: session.device,
        current: session.id == caller.session,
    }
}
