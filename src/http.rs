//! The HTTP interface: `/api/v1`, the pages, and the admin listener.
//!
//! Owns: parsing requests into typed values, answers, cookies, headers. Never: decides about people (identity does) or
//! touches the socket after its upgrade.

mod accounts;
pub mod admin;
mod approvals;
mod calls;
mod cors;
mod devices;
mod guard;
mod log;
mod mailbox;
mod openapi;
mod pages;
mod problem;
mod session;
mod sessions;
mod sync;
mod totp;

use std::{collections::BTreeSet, net::IpAddr, time::Duration};

use actix_web::{middleware::from_fn, web};
use keyleash_domain::origin::AllowedOrigins;
pub use problem::Refused;

pub use self::{
    log::log,
    mailbox::Mailbox,
    session::{Site, present_at_upgrade, request_origin},
};

/// Largest body of a request, bytes: the largest are keys and passwords.
const BODY_BYTES_MAX: usize = 16 * 1024;

/// Registers everything but the socket under the app. `mailbox`: only with embedded mail.
pub fn configure(mailbox: Option<Mailbox>) -> impl FnOnce(&mut web::ServiceConfig) {
    move |app| {
        app.app_data(
            web::JsonConfig::default().limit(BODY_BYTES_MAX).error_handler(|error, _| problem::bad_json(&error).into()),
        )
        .app_data(web::PathConfig::default().error_handler(|_, _| problem::not_found().into()))
        .app_data(web::QueryConfig::default().error_handler(|error, _| problem::bad_query(&error).into()));
        app.service(
            web::scope("/api/v1")
                .wrap(from_fn(guard::in_time))
                .wrap(from_fn(guard::same_site))
                .wrap(from_fn(guard::api_headers))
                .wrap(from_fn(cors::other_origins))
                .configure(|api| {
                    for path in calls::ALL.iter().map(calls::Call::path).collect::<BTreeSet<_>>() {
                        let calls = calls::ALL.iter().filter(|call| call.path() == path);
                        let resource = calls.fold(web::resource(path), |resource, call| resource.route((call.route)()));
                        api.service(resource.default_service(web::to(|| async { problem::method_not_allowed() })));
                    }
                    api.route("/openapi.json", web::get().to(openapi::document));
                    api.default_service(web::to(|| async { problem::not_found() }));
                }),
        );
        if let Some(mailbox) = mailbox {
            app.configure(|app| mailbox.configure(app));
        }
        app.configure(pages::configure);
    }
}

/// What the HTTP interface knows of its surroundings.
impl Site {
    pub fn new(
        public_url: &str,
        allowed_origins: &[String],
        trusted_proxies: Vec<IpAddr>,
        session_life: Duration,
    ) -> Self {
        let origins = std::iter::once(public_url.to_owned()).chain(allowed_origins.iter().cloned());
        Self {
            allowed_origins: AllowedOrigins::new(origins),
            trusted_proxies,
            secure: public_url.starts_with("https://"),
            session_life,
        }
    }
}
