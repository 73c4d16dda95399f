//! Verifying a device by mail.

use actix_web::{HttpRequest, HttpResponse, web};
use keyleash_protocol::{
    DeviceId,
    http::{Approve, LinkToken, VerificationMail},
};

use super::{
    Refused, Site,
    session::{From, LoggedIn, present_session},
    totp::renew_cookie,
};
use crate::{actors::Directory, identity::Identity};

pub(super) async fn send_mail(
    identity: web::Data<Identity>,
    from: From,
    session: LoggedIn,
    device: web::Path<DeviceId>,
) -> Result<HttpResponse, Refused> {
    let expires_at = identity.send_verification_mail(&session.caller, *device, &from.0).await?;
    Ok(HttpResponse::Accepted().json(VerificationMail { expires_at }))
}

pub(super) async fn inspect(
    identity: web::Data<Identity>,
    from: From,
    body: web::Json<LinkToken>,
) -> Result<HttpResponse, Refused> {
    Ok(HttpResponse::Ok().json(identity.inspect(&body.token, &from.0).await?))
}

pub(super) async fn approve(
    identity: web::Data<Identity>,
    directory: web::Data<Directory>,
    site: web::Data<Site>,
    request: HttpRequest,
    from: From,
    body: web::Json<Approve>,
) -> Result<HttpResponse, Refused> {
    let session = who(&identity, &request).await;
    let device = identity.approve(session.as_ref().map(|session| &session.caller), &body, &from.0).await?;
    let mut answer = HttpResponse::Ok();
    if let Some(session) = session.filter(|session| session.caller.user == device.user) {
        renew_cookie(&mut answer, &identity, &site, &session).await?;
    }
    let user = device.user;
    let views = super::devices::with_presence(&directory, user, identity.devices(user).await?).await;
    let view = views.into_iter().find(|view| view.id == device.id);
    Ok(answer.json(view))
}

/// Whoever is logged in on the approving page, if anybody is.
async fn who(identity: &Identity, request: &HttpRequest) -> Option<LoggedIn> {
    let (token, by_cookie) = present_session(request)?;
    let caller = identity.authenticate(&token).await.ok()?;
    Some(LoggedIn { caller, by_cookie })
}
