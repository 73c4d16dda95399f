//! Sign-up, login, password, security log.

use actix_web::{HttpResponse, Responder, web};
use keyleash_domain::text::printable;
use keyleash_protocol::{
    EventId, ProblemCode,
    http::{
        EventKind, EventList, LinkToken, LogIn, LogInByToken, LoggedIn as LoggedInAnswer, MailPreferences,
        PasswordChange, PasswordForgot, PasswordReset, SignUp, Transport,
    },
};
use serde::{Deserialize, de::IntoDeserializer};

use super::{
    Refused, Site,
    session::{From, LoggedIn},
};
use crate::{
    identity::{Identity, NewLogin},
    store::User,
};

type Answer = Result<HttpResponse, Refused>;

/// Of a name that is no kind of entry, as much is repeated.
const KIND_CHARS_SHOWN: usize = 32;

pub(super) async fn login_offer(identity: web::Data<Identity>) -> Answer {
    Ok(HttpResponse::Ok().json(identity.login_offer()))
}

pub(super) async fn sign_up(identity: web::Data<Identity>, from: From, body: web::Json<SignUp>) -> Answer {
    identity.sign_up(&body, &from.0).await?;
    Ok(HttpResponse::Accepted().finish())
}

pub(super) async fn confirm(identity: web::Data<Identity>, from: From, body: web::Json<LinkToken>) -> Answer {
    identity.confirm_sign_up(&body.token, &from.0).await?;
    Ok(HttpResponse::NoContent().finish())
}

pub(super) async fn log_in(
    identity: web::Data<Identity>,
    site: web::Data<Site>,
    from: From,
    body: web::Json<LogIn>,
) -> Answer {
    let (user, login) = identity.log_in(&body, &from.0).await?;
    logged_in(&identity, &site, user, &login, body.transport).await
}

pub(super) async fn log_in_by_token(
    identity: web::Data<Identity>,
    site: web::Data<Site>,
    from: From,
    body: web::Json<LogInByToken>,
) -> Answer {
    let (user, login) = identity.log_in_by_token(&body, &from.0).await?;
    logged_in(&identity, &site, user, &login, body.transport).await
}

async fn logged_in(
    identity: &Identity,
    site: &Site,
    user: User,
    login: &NewLogin,
    transport: Option<Transport>,
) -> Answer {
    let me = identity.view_of(user, &login.caller).await?;
    Ok(match transport.unwrap_or_default() {
        Transport::Cookie => {
            HttpResponse::Ok().cookie(site.cookie(&login.token)).json(LoggedInAnswer { me, token: None })
        }
        Transport::Bearer => HttpResponse::Ok().json(LoggedInAnswer { me, token: Some(login.token.secret().clone()) }),
    })
}

pub(super) async fn log_out(
    identity: web::Data<Identity>,
    site: web::Data<Site>,
    from: From,
    session: LoggedIn,
) -> Answer {
    identity.log_out(&session.caller, &from.0).await?;
    Ok(HttpResponse::NoContent().cookie(site.no_cookie()).finish())
}

pub(super) async fn me(identity: web::Data<Identity>, session: LoggedIn) -> Answer {
    Ok(HttpResponse::Ok().json(identity.me(&session.caller).await?))
}

pub(super) async fn set_mail_preferences(
    identity: web::Data<Identity>,
    from: From,
    session: LoggedIn,
    body: web::Json<MailPreferences>,
) -> Answer {
    Ok(HttpResponse::Ok().json(identity.set_mail_preferences(&session.caller, *body, &from.0).await?))
}

pub(super) async fn change_password(
    identity: web::Data<Identity>,
    from: From,
    session: LoggedIn,
    body: web::Json<PasswordChange>,
) -> Answer {
    identity.change_password(&session.caller, &body, &from.0).await?;
    Ok(HttpResponse::NoContent().finish())
}

pub(super) async fn forgot_password(
    identity: web::Data<Identity>,
    from: From,
    body: web::Json<PasswordForgot>,
) -> Answer {
    identity.forgot_password(&body.email, &from.0).await?;
    Ok(HttpResponse::Accepted().finish())
}

pub(super) async fn reset_password(
    identity: web::Data<Identity>,
    from: From,
    body: web::Json<PasswordReset>,
) -> Answer {
    identity.reset_password(&body, &from.0).await?;
    Ok(HttpResponse::NoContent().finish())
}

#[derive(Debug, Deserialize)]
pub(super) struct Page {
    before: Option<EventId>,
    limit: Option<u32>,
    /// Names, with commas between.
    kinds: Option<String>,
}

impl Page {
    /// `None`: all.
    fn kinds(&self) -> Result<Option<Vec<EventKind>>, Refused> {
        self.kinds.as_deref().map(|names| names.split(',').map(kind).collect()).transpose()
    }
}

fn kind(name: &str) -> Result<EventKind, Refused> {
    let kind = EventKind::deserialize(name.into_deserializer());
    kind.map_err(|_: serde::de::value::Error| {
        let name = printable(name, KIND_CHARS_SHOWN);
        Refused::new(ProblemCode::InvalidField, format!("there is no kind of entry named {name:?}")).field("kinds")
    })
}

pub(super) async fn events(
    identity: web::Data<Identity>,
    session: LoggedIn,
    page: web::Query<Page>,
) -> Result<impl Responder, Refused> {
    let events = identity.events(&session.caller, page.before, page.kinds()?, page.limit).await?;
    Ok(HttpResponse::Ok().json(EventList { events }))
}
