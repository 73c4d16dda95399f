//! The sync switch.

use actix_web::{HttpResponse, web};
use keyleash_protocol::http::SetSync;

use super::{
    Refused,
    session::{From, LoggedIn},
};
use crate::identity::Identity;

pub(super) async fn set(
    identity: web::Data<Identity>,
    from: From,
    session: LoggedIn,
    body: web::Json<SetSync>,
) -> Result<HttpResponse, Refused> {
    Ok(HttpResponse::Ok().json(identity.set_sync(&session.caller, &body, &from.0).await?))
}
