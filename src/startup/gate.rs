//! Lets onto the socket who has a session, as `identity` knows it and `http` carries it.

use actix_web::{HttpRequest, HttpResponse, ResponseError, web};
use async_trait::async_trait;

use crate::{
    actors::Caller,
    http::{Refused, present_at_upgrade, request_origin},
    identity::{Identity, Refusal},
    socket::Gate,
};

#[derive(Debug)]
pub(super) struct SessionGate(pub(super) web::Data<Identity>);

#[async_trait(?Send)]
impl Gate for SessionGate {
    async fn admit(&self, request: &HttpRequest) -> Result<Caller, HttpResponse> {
        let refused = |refusal: Refusal| Refused::from(refusal).error_response();
        let token = present_at_upgrade(request).ok_or_else(|| refused(Refusal::SessionRequired))?;
        let caller = self.0.authenticate(&token).await.map_err(refused)?;
        let address = request_origin(request).address.parse().map_err(|_| refused(Refusal::SessionRequired))?;
        Ok(Caller {
            user: caller.user,
            session: caller.session,
            device: caller.device,
            expires_at: caller.expires_at,
            address,
        })
    }
}
