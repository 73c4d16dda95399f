//! The logins that are good, and ending them.

use actix_web::{HttpResponse, web};
use keyleash_protocol::{
    SessionId,
    http::{EndedSessions, SessionList},
};

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

pub(super) async fn end_others(
    identity: web::Data<Identity>,
    from: From,
    session: LoggedIn,
) -> Result<HttpResponse, Refused> {
    let ended = identity.end_other_sessions(&session.caller, &from.0).await?;
    Ok(HttpResponse::Ok().json(EndedSessions { ended }))
}
