//! Pages of other origins: which of them a browser lets call the API and read what it answers (Fetch Standard, "CORS
//! protocol"; docs/adr/0013).
//!
//! Exactly the allowed origins get the headers. Credentials are never allowed: such a page presents a token, which no
//! browser sends by itself.

use std::{collections::BTreeSet, sync::LazyLock};

use actix_web::{
    Error, HttpResponse, ResponseError,
    body::{EitherBody, MessageBody},
    dev::{ServiceRequest, ServiceResponse},
    http::{
        Method,
        header::{self, HeaderMap, HeaderValue},
    },
    middleware::Next,
    web,
};
use keyleash_protocol::ProblemCode;

use super::{Refused, Site, calls};

/// What is sent beyond what any page may send.
const ALLOWED_HEADERS: &str = "authorization, content-type";
/// What a page may read beyond what any page may read: how long to wait, and the id to complain with.
const EXPOSED_HEADERS: &str = "retry-after, x-request-id";
/// How long a browser need not ask again, seconds. Chromium keeps it no longer than two hours.
const PREFLIGHT_SECONDS: &str = "7200";

/// The methods that calls have.
static ALLOWED_METHODS: LazyLock<String> = LazyLock::new(|| {
    let methods: BTreeSet<&str> = calls::ALL.iter().map(|call| call.method.as_str()).collect();
    methods.into_iter().collect::<Vec<_>>().join(", ")
});

/// Answers preflights, which carry neither session nor body, and marks every other answer for the page that may read it.
pub(super) async fn other_origins(
    request: ServiceRequest,
    next: Next<impl MessageBody>,
) -> Result<ServiceResponse<EitherBody<impl MessageBody>>, Error> {
    let allowed = allowed_origin(&request);
    if is_preflight(&request) {
        let mut answer = if allowed.is_some() { preflight() } else { refused() };
        mark(answer.headers_mut(), allowed.as_ref());
        return Ok(request.into_response(answer).map_into_right_body());
    }
    match next.call(request).await {
        Ok(mut response) => {
            mark(response.headers_mut(), allowed.as_ref());
            Ok(response.map_into_left_body())
        }
        Err(mut error) => {
            error.add_response_mapper(move |mut response| {
                mark(response.headers_mut(), allowed.as_ref());
                response
            });
            Err(error)
        }
    }
}

/// The origin of the page that asks, if it is an allowed one.
fn allowed_origin(request: &ServiceRequest) -> Option<HeaderValue> {
    let origin = request.headers().get(header::ORIGIN)?;
    let site = request.app_data::<web::Data<Site>>()?;
    site.allowed_origins.allows(origin.to_str().ok()).then(|| origin.clone())
}

fn is_preflight(request: &ServiceRequest) -> bool {
    let has = |name| request.headers().contains_key(name);
    *request.method() == Method::OPTIONS && has(header::ORIGIN) && has(header::ACCESS_CONTROL_REQUEST_METHOD)
}

fn preflight() -> HttpResponse {
    HttpResponse::NoContent()
        .insert_header((header::ACCESS_CONTROL_ALLOW_METHODS, ALLOWED_METHODS.as_str()))
        .insert_header((header::ACCESS_CONTROL_ALLOW_HEADERS, ALLOWED_HEADERS))
        .insert_header((header::ACCESS_CONTROL_MAX_AGE, PREFLIGHT_SECONDS))
        .finish()
}

fn refused() -> HttpResponse {
    Refused::new(ProblemCode::OriginRefused, "this page's origin is not in http.allowed_origins").error_response()
}

fn mark(headers: &mut HeaderMap, allowed: Option<&HeaderValue>) {
    // Also where there is no origin: whoever keeps answers must not give this one to a page that has one.
    headers.append(header::VARY, HeaderValue::from_static("origin"));
    if let Some(origin) = allowed {
        headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, origin.clone());
        headers.insert(header::ACCESS_CONTROL_EXPOSE_HEADERS, HeaderValue::from_static(EXPOSED_HEADERS));
    }
}
