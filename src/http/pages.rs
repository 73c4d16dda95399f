//! The pages: the demo terminal with the settings panel at `/`, and `/verify` for mail links.

use actix_web::{
    HttpRequest, HttpResponse,
    http::header::{self, HeaderName},
    web,
};
use rust_embed::Embed;

use super::problem;

/// Nothing from anywhere else, no inline script or style, nothing may frame the page, and no string becomes markup.
const CONTENT_SECURITY_POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; \
     connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'; \
     require-trusted-types-for 'script'; trusted-types lit-html";

const PERMISSIONS_POLICY: HeaderName = HeaderName::from_static("permissions-policy");
const OPENER_POLICY: HeaderName = HeaderName::from_static("cross-origin-opener-policy");

/// What `build.rs` bundled.
#[derive(Embed)]
#[folder = "$KEYLEASH_WEB_DIR"]
struct Bundle;

pub(super) fn configure(app: &mut web::ServiceConfig) {
    app.route("/", web::get().to(terminal))
        .route("/verify", web::get().to(verify))
        .route("/{file}", web::get().to(file))
        .default_service(web::to(|| async { problem::not_found() }));
}

async fn terminal(request: HttpRequest) -> HttpResponse {
    serve(&request, "index.html")
}

async fn verify(request: HttpRequest) -> HttpResponse {
    serve(&request, "verify.html")
}

async fn file(request: HttpRequest, file: web::Path<String>) -> HttpResponse {
    serve(&request, &file)
}

fn serve(request: &HttpRequest, name: &str) -> HttpResponse {
    let Some(file) = Bundle::get(name) else {
        return actix_web::ResponseError::error_response(&problem::not_found());
    };
    let etag = format!("\"{}\"", keyleash_protocol::Base64Url::encode(&file.metadata.sha256_hash()[..12]));
    let known = request.headers().get(header::IF_NONE_MATCH).is_some_and(|known| known == etag.as_str());
    let mut answer = if known { HttpResponse::NotModified() } else { HttpResponse::Ok() };
    answer
        .insert_header((header::ETAG, etag))
        .insert_header((header::CACHE_CONTROL, "no-cache"))
        .insert_header((header::CONTENT_SECURITY_POLICY, CONTENT_SECURITY_POLICY))
        .insert_header((header::X_CONTENT_TYPE_OPTIONS, "nosniff"))
        .insert_header((header::REFERRER_POLICY, "no-referrer"))
        .insert_header((OPENER_POLICY, "same-origin"))
        .insert_header((PERMISSIONS_POLICY, "camera=(), geolocation=(), microphone=()"));
    if known {
        return answer.finish();
    }
    answer.content_type(file.metadata.mimetype()).body(file.data.into_owned())
}
