//! `/dev/mailbox`: the mails of the file adapter, for trying out on one machine. It is there only with embedded mail.

use std::{fmt::Write as _, sync::Arc};

use actix_web::{
    HttpResponse,
    guard::{GuardContext, fn_guard},
    http::header,
    web,
};

use super::{Refused, Site, problem};
use crate::mail::{MailArchive, PostedMail};

/// Mails shown, newest first.
const SHOWN_MAX: usize = 200;

/// The mails that were kept.
#[derive(Clone, Debug)]
pub struct Mailbox(pub Arc<dyn MailArchive>);

impl Mailbox {
    pub(super) fn configure(&self, app: &mut web::ServiceConfig) {
        app.app_data(web::Data::new(self.clone()))
            .route("/dev/mailbox", web::get().guard(fn_guard(is_addressed_by_name)).to(page))
            .route("/dev/mailbox.json", web::get().guard(fn_guard(is_addressed_by_name)).to(json));
    }

    async fn mails(&self) -> Result<Vec<PostedMail>, Refused> {
        self.0.newest(SHOWN_MAX).await.map_err(|_| problem::not_found())
    }
}

/// Whether the request names this server as its owner does. Another site's page can have its name resolve to this machine
/// ("DNS rebinding") and would be of one origin with the mails; but it comes with its own name.
fn is_addressed_by_name(request: &GuardContext<'_>) -> bool {
    let host = request.head().headers.get(header::HOST).and_then(|host| host.to_str().ok());
    let site = request.app_data::<web::Data<Site>>();
    host.zip(site).is_some_and(|(host, site)| {
        ["http", "https"].iter().any(|scheme| site.allowed_origins.allows(Some(&format!("{scheme}://{host}"))))
    })
}

async fn json(mailbox: web::Data<Mailbox>) -> Result<HttpResponse, Refused> {
    let mails = mailbox.mails().await?;
    Ok(HttpResponse::Ok().insert_header((header::CACHE_CONTROL, "no-store")).json(mails))
}

async fn page(mailbox: web::Data<Mailbox>) -> Result<HttpResponse, Refused> {
    let mut list = String::new();
    for mail in mailbox.mails().await? {
        let _ = write!(
            list,
            "<article><h2>{}</h2><p class=\"to\">to {}</p><pre>{}</pre></article>",
            escape(&mail.mail.subject),
            escape(&mail.mail.to),
            linked(&mail.mail.text)
        );
    }
    if list.is_empty() {
        list.push_str("<p>No mail yet. Reload after something was sent.</p>");
    }
    let page = format!(
        "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\"><meta name=\"viewport\" \
         content=\"width=device-width\"><title>Mailbox</title><link rel=\"stylesheet\" href=\"/page.css\">\
         <main><h1>Mailbox</h1><p>Mails stay on this machine; with a mail server configured this page is gone.</p>{list}</main></html>"
    );
    Ok(HttpResponse::Ok()
        .insert_header((header::CACHE_CONTROL, "no-store"))
        .insert_header((
            header::CONTENT_SECURITY_POLICY,
            "default-src 'none'; style-src 'self'; frame-ancestors 'none'",
        ))
        .content_type("text/html; charset=utf-8")
        .body(page))
}

/// Text with its links made clickable. A link stands alone on its line in our mails.
fn linked(text: &str) -> String {
    let lines = text.lines().map(|line| {
        let escaped = escape(line);
        if line.starts_with("http://") || line.starts_with("https://") {
            format!("<a href=\"{escaped}\">{escaped}</a>")
        } else {
            escaped
        }
    });
    lines.collect::<Vec<_>>().join("\n")
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}
