//! The logins that are good, and ending them.

use actix_web::{HttpResponse, web};
use keyleash_protocol::{SessionId, http::SessionList};

use super::{
    Refused,
    session::{From, LoggedIn},
};
use crate::identity::Identity;

pub(super) async fn list(identity: web::Data<Identity>, session: LoggedIn) -> Result<HttpResponse, Refused> {
    let sessions = identity.sessions(&session.caller).await?;
    Ok(HttpResponse::Ok().json(SessionList { sessions }))
}

pub(super) async fn end(
    identity: web::Data<Identity>,
    from: From,
    session: LoggedIn,
    id: web::Path<SessionId>,
) -> Result<HttpResponse, Refused> {
    identity.end_session(&session.caller, *id, &from.0).await?;
    Ok(HttpResponse::NoContent().finish())
}
