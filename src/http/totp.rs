//! The second factor.

use actix_web::{HttpResponse, HttpResponseBuilder, web};
use keyleash_protocol::http::{RecoveryCodes, SecondFactor, SetUpTotp, TotpConfirm};

use super::{
    Refused, Site,
    session::{From, LoggedIn},
};
use crate::identity::{Identity, Refusal};

type Answer = Result<HttpResponse, Refused>;

pub(super) async fn set_up(
    identity: web::Data<Identity>,
    from: From,
    session: LoggedIn,
    body: web::Json<SetUpTotp>,
) -> Answer {
    Ok(HttpResponse::Ok().json(identity.set_up_totp(&session.caller, &body, &from.0).await?))
}

pub(super) async fn confirm(
    identity: web::Data<Identity>,
    site: web::Data<Site>,
    from: From,
    session: LoggedIn,
    body: web::Json<TotpConfirm>,
) -> Answer {
    let recovery_codes = identity.confirm_totp(&session.caller, &body.code, &from.0).await?;
    let mut answer = HttpResponse::Ok();
    renew_cookie(&mut answer, &identity, &site, &session).await?;
    Ok(answer.json(RecoveryCodes { recovery_codes }))
}

pub(super) async fn disable(
    identity: web::Data<Identity>,
    from: From,
    session: LoggedIn,
    body: web::Json<SecondFactor>,
) -> Answer {
    identity.disable_totp(&session.caller, &body, &from.0).await?;
    Ok(HttpResponse::NoContent().finish())
}

pub(super) async fn renew_recovery_codes(
    identity: web::Data<Identity>,
    from: From,
    session: LoggedIn,
    body: web::Json<SecondFactor>,
) -> Answer {
    let recovery_codes = identity.renew_recovery_codes(&session.caller, &body, &from.0).await?;
    Ok(HttpResponse::Ok().json(RecoveryCodes { recovery_codes }))
}

/// Gives a browser's session a new token when it becomes worth more.
pub(super) async fn renew_cookie(
    answer: &mut HttpResponseBuilder,
    identity: &Identity,
    site: &Site,
    session: &LoggedIn,
) -> Result<(), Refusal> {
    if session.by_cookie {
        answer.cookie(site.cookie(&identity.rotate(&session.caller).await?));
    }
    Ok(())
}
