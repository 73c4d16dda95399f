//! What every request of the API passes: no other site's page may change anything with the owner's cookie.

use std::time::Duration;

use actix_web::{
    Error,
    body::MessageBody,
    dev::{ServiceRequest, ServiceResponse},
    http::header::{self, HeaderName, HeaderValue},
    middleware::Next,
    web,
};
use keyleash_domain::origin::allows_cookie;
use keyleash_protocol::ProblemCode;
use tokio::time::timeout;

use super::{Refused, Site, session::present_session};

/// The longest that a request may take, its body on a bad line and a queue for the password check included.
const REQUEST_MAX: Duration = Duration::from_secs(15);
const SEC_FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");

/// Refuses changes that another site's page asks for, and whatever another origin's page asks for with the cookie: also an
/// allowed one has a token for that. The cookie is `SameSite=Strict` too; this holds where that does not, as between
/// subdomains of one site.
pub(super) async fn same_site(
    request: ServiceRequest,
    next: Next<impl MessageBody>,
) -> Result<ServiceResponse<impl MessageBody>, Error> {
    let refused = |detail| Err(Refused::new(ProblemCode::OriginRefused, detail).into());
    let text = |name: HeaderName| request.headers().get(name).and_then(|value| value.to_str().ok());
    if !request.method().is_safe() {
        let allowed = request
            .app_data::<web::Data<Site>>()
            .is_some_and(|site| site.allowed_origins.allows_change(text(header::ORIGIN), text(SEC_FETCH_SITE)));
        if !allowed {
            return refused("this page's origin is not one of those that may make changes here");
        }
    }
    let by_cookie = present_session(request.request()).is_some_and(|(_, by_cookie)| by_cookie);
    if by_cookie && !allows_cookie(text(SEC_FETCH_SITE)) {
        return refused("a page of another origin presents a token, not the cookie");
    }
    next.call(request).await
}

/// Gives up what takes too long, so that a body that never comes holds no connection.
pub(super) async fn in_time(
    request: ServiceRequest,
    next: Next<impl MessageBody>,
) -> Result<ServiceResponse<impl MessageBody>, Error> {
    let given_up = |_| Refused::new(ProblemCode::Unavailable, "the request took too long to come, or to be answered");
    timeout(REQUEST_MAX, next.call(request)).await.map_err(given_up)?
}

/// Answers of the API are for nobody's cache and are never sniffed.
pub(super) async fn api_headers(
    request: ServiceRequest,
    next: Next<impl MessageBody>,
) -> Result<ServiceResponse<impl MessageBody>, Error> {
    let mut response = next.call(request).await?;
    let headers = response.headers_mut();
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    Ok(response)
}
