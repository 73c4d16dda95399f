//! The pages: the demo terminal with the settings panel at `/`, and `/verify` for mail links; and under `/embed` the scripts
//! that other sites' pages load.
//!
//! Must never let another site read anything but `/embed`: that holds no more than the published packages do.

use actix_web::{
    HttpRequest, HttpResponse,
    http::header::{self, HeaderName, HeaderValue},
    web,
};
use rust_embed::{Embed, EmbeddedFile};

use super::problem;

/// Nothing from anywhere else, no inline script or style, nothing may frame the page, and no string becomes markup.
const CONTENT_SECURITY_POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; \
     connect-src 'self'; worker-src 'self'; manifest-src 'self'; form-action 'self'; base-uri 'none'; \
     frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types lit-html keyleash-worker";

const PERMISSIONS_POLICY: HeaderName = HeaderName::from_static("permissions-policy");
const OPENER_POLICY: HeaderName = HeaderName::from_static("cross-origin-opener-policy");
const RESOURCE_POLICY: HeaderName = HeaderName::from_static("cross-origin-resource-policy");

/// A year, the longest that caches promise: the name of such a file has its content's hash in it.
const KEEP_FOR_EVER: &str = "public, max-age=31536000, immutable";
const ASK_EACH_TIME: &str = "no-cache";

/// As `web/build/compress.mjs` leaves them beside each text, the smallest first. Browsers name them without a weight; whoever
/// writes one gets the plain file.
const ENCODINGS: [(&str, &str); 2] = [("br", ".br"), ("gzip", ".gz")];

/// What `build.rs` bundled.
#[derive(Embed)]
#[folder = "$KEYLEASH_WEB_DIR"]
struct Bundle;

pub(super) fn configure(app: &mut web::ServiceConfig) {
    app.route("/", web::get().to(terminal))
        .route("/verify", web::get().to(verify))
        .route("/embed/{file}", web::get().to(embedded))
        .route("/{file}", web::get().to(file))
        .default_service(web::to(|| async { problem::not_found() }));
}

async fn terminal(request: HttpRequest) -> HttpResponse {
    serve(&request, "index.html", ASK_EACH_TIME)
}

async fn verify(request: HttpRequest) -> HttpResponse {
    serve(&request, "verify.html", ASK_EACH_TIME)
}

async fn file(request: HttpRequest, file: web::Path<String>) -> HttpResponse {
    serve(&request, &file, ASK_EACH_TIME)
}

/// For any site's page. It carries no cookie there, and asks for the user's own things with a token (`guard.rs`).
async fn embedded(request: HttpRequest, file: web::Path<String>) -> HttpResponse {
    // An escaped `/` would lead to the pages beside it.
    if file.contains('/') {
        return actix_web::ResponseError::error_response(&problem::not_found());
    }
    let named_by_others = file.starts_with("keyleash-");
    let mut answer =
        serve(&request, &format!("embed/{file}"), if named_by_others { ASK_EACH_TIME } else { KEEP_FOR_EVER });
    let headers = answer.headers_mut();
    headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*"));
    headers.insert(RESOURCE_POLICY, HeaderValue::from_static("cross-origin"));
    answer
}

fn serve(request: &HttpRequest, name: &str, keep: &'static str) -> HttpResponse {
    let Some((file, encoding)) = smallest(request, name) else {
        return actix_web::ResponseError::error_response(&problem::not_found());
    };
    let etag = format!("\"{}\"", keyleash_protocol::Base64Url::encode(&file.metadata.sha256_hash()[..12]));
    let known = request.headers().get(header::IF_NONE_MATCH).is_some_and(|known| known == etag.as_str());
    let mut answer = if known { HttpResponse::NotModified() } else { HttpResponse::Ok() };
    answer
        .insert_header((header::ETAG, etag))
        .insert_header((header::CACHE_CONTROL, keep))
        .insert_header((header::VARY, "Accept-Encoding"))
        .insert_header((header::CONTENT_SECURITY_POLICY, CONTENT_SECURITY_POLICY))
        .insert_header((header::X_CONTENT_TYPE_OPTIONS, "nosniff"))
        .insert_header((header::REFERRER_POLICY, "no-referrer"))
        .insert_header((OPENER_POLICY, "same-origin"))
        .insert_header((PERMISSIONS_POLICY, "camera=(), geolocation=(), microphone=()"));
    if known {
        return answer.finish();
    }
    if let Some(encoding) = encoding {
        answer.insert_header((header::CONTENT_ENCODING, encoding));
    }
    answer.content_type(mime_of(name)).body(file.data.into_owned())
}

/// The file as the browser takes it with the fewest bytes, and how it is encoded then.
fn smallest(request: &HttpRequest, name: &str) -> Option<(EmbeddedFile, Option<&'static str>)> {
    let accepted = request.headers().get(header::ACCEPT_ENCODING).and_then(|value| value.to_str().ok()).unwrap_or("");
    let takes = |encoding| accepted.split(',').any(|each| each.trim() == encoding);
    let compressed = ENCODINGS.into_iter().filter(|(encoding, _)| takes(*encoding));
    let mut found =
        compressed.filter_map(|(encoding, ending)| Some((Bundle::get(&format!("{name}{ending}"))?, Some(encoding))));
    found.next().or_else(|| Some((Bundle::get(name)?, None)))
}

/// By the plain file's name: its compressed form is of the same type.
fn mime_of(name: &str) -> String {
    Bundle::get(name).map(|file| file.metadata.mimetype().to_owned()).unwrap_or_default()
}
