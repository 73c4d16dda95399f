//! What is logged of a request. Everything that is logged while it is worked on carries its id, and so does its answer:
//! who complains names the id, and the operator finds the lines.

use actix_web::{
    Error,
    body::MessageBody,
    dev::{ServiceRequest, ServiceResponse},
    http::header::{HeaderMap, HeaderName, HeaderValue},
    middleware::Next,
    web,
};
use tokio::time::Instant;
use tracing::Instrument;

use super::Site;
use crate::{
    clock::{Clock, SystemClock},
    entropy::Entropy,
};

const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
/// Longest id that is taken over from a proxy.
const ID_CHARS_MAX: usize = 64;

/// Gives each request an id, and writes one line about it: what was asked, how it ended, how long it took. No query, no
/// body, no header: those may hold secrets.
pub async fn log(
    request: ServiceRequest,
    next: Next<impl MessageBody>,
) -> Result<ServiceResponse<impl MessageBody>, Error> {
    let id = from_proxy(&request).unwrap_or_else(|| Entropy::new().id(SystemClock.now()).to_string());
    let span = tracing::error_span!("http", request = id);
    let began = Instant::now();
    let method = request.method().clone();
    let work = async {
        let answer = next.call(request).await;
        let (status, path) = match &answer {
            Ok(response) => (response.status(), response.request().match_pattern()),
            Err(error) => (error.as_response_error().status_code(), None),
        };
        let path = path.unwrap_or_else(|| "(unknown)".to_owned());
        let (status, ms) = (status.as_u16(), began.elapsed().as_millis());
        tracing::debug!(%method, path, status, %ms, "request");
        answer
    };
    let mut answer = work.instrument(span).await;
    if let (Ok(response), Ok(id)) = (&mut answer, HeaderValue::from_str(&id)) {
        response.headers_mut().insert(REQUEST_ID, id);
    }
    answer
}

/// The id that a proxy of ours gave it, so that its log and this one can be put side by side.
fn from_proxy(request: &ServiceRequest) -> Option<String> {
    let site = request.app_data::<web::Data<Site>>()?;
    let peer = request.peer_addr()?.ip().to_canonical();
    site.trusted_proxies.contains(&peer).then(|| harmless(request.headers())).flatten()
}

fn harmless(headers: &HeaderMap) -> Option<String> {
    let id = headers.get(REQUEST_ID)?.to_str().ok()?;
    let is_harmless = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
    (!id.is_empty() && id.len() <= ID_CHARS_MAX && id.chars().all(is_harmless)).then(|| id.to_owned())
}
