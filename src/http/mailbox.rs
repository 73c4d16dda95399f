//! `/dev/mailbox`: the mails of the file adapter, for trying out on one machine. It is there only with embedded mail.
//!
//! A mail's HTML is shown as a mail program shows it: in a frame that runs nothing, fetches nothing, and is of no origin.

use std::{fmt::Write as _, sync::Arc};

use actix_web::{
    HttpResponse, HttpResponseBuilder, Route,
    guard::{GuardContext, fn_guard},
    http::header,
    web,
};
use keyleash_domain::text::utc_minute;
use serde::Deserialize;
use uuid::Uuid;

use super::{Refused, Site, problem};
use crate::mail::{MailArchive, PostedMail};

/// Mails shown, newest first.
const SHOWN_MAX: usize = 200;

/// The page has no script, and frames nothing but a mail.
const PAGE_POLICY: &str = "default-src 'none'; style-src 'self'; frame-src 'self'; frame-ancestors 'none'";
/// A mail has its styles within it. Its links open in a tab of their own, which is a page like any other.
const MAIL_POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'self'; \
     sandbox allow-popups allow-popups-to-escape-sandbox";

/// The mails that were kept.
#[derive(Clone, Debug)]
pub struct Mailbox(pub Arc<dyn MailArchive>);

impl Mailbox {
    pub(super) fn configure(&self, app: &mut web::ServiceConfig) {
        app.app_data(web::Data::new(self.clone()))
            .route("/dev/mailbox", get().to(page))
            .route("/dev/mailbox.json", get().to(json))
            .route("/dev/mailbox.css", get().to(sheet))
            .route("/dev/mailbox/{id}", get().to(html_of_one));
    }

    async fn mails(&self) -> Result<Vec<PostedMail>, Refused> {
        self.0.newest(SHOWN_MAX).await.map_err(|_| problem::not_found())
    }
}

fn get() -> Route {
    web::get().guard(fn_guard(is_addressed_by_name))
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

/// What is open.
#[derive(Debug, Deserialize)]
struct Opened {
    mail: Option<Uuid>,
    #[serde(default)]
    form: Form,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Form {
    #[default]
    Html,
    Text,
}

async fn json(mailbox: web::Data<Mailbox>) -> Result<HttpResponse, Refused> {
    Ok(unkept().json(mailbox.mails().await?))
}

async fn sheet() -> HttpResponse {
    unkept().content_type("text/css; charset=utf-8").body(include_str!("mailbox/mailbox.css"))
}

async fn html_of_one(mailbox: web::Data<Mailbox>, id: web::Path<Uuid>) -> Result<HttpResponse, Refused> {
    let mails = mailbox.mails().await?;
    let mail = mails.iter().find(|mail| mail.id == *id).ok_or_else(problem::not_found)?;
    // As in a mail program, a link opens elsewhere.
    let html = mail.mail.html.replacen("<head>", "<head><base target=\"_blank\">", 1);
    Ok(unkept()
        .insert_header((header::CONTENT_SECURITY_POLICY, MAIL_POLICY))
        .content_type("text/html; charset=utf-8")
        .body(html))
}

async fn page(mailbox: web::Data<Mailbox>, opened: web::Query<Opened>) -> Result<HttpResponse, Refused> {
    let mails = mailbox.mails().await?;
    let shown = mails.iter().find(|mail| opened.mail.is_none_or(|id| mail.id == id));
    let list: String = mails.iter().map(|mail| entry(mail, shown)).collect();
    // On a narrow screen there is room for one of the two: the list, until one is picked.
    let class = if opened.mail.is_some() && shown.is_some() { "reading" } else { "choosing" };
    let page = format!(
        "<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\">\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\"><title>Mailbox</title>\
         <link rel=\"stylesheet\" href=\"/dev/mailbox.css\"></head><body class=\"{class}\">\
         <header><h1>Mailbox</h1><p>Mails stay on this machine; with a mail server configured this page is gone.</p></header>\
         <main>{}</main></body></html>",
        match shown {
            Some(shown) => format!("<nav aria-label=\"Mails\"><ol>{list}</ol></nav>{}", one(shown, opened.form)),
            None => "<p class=\"none\">No mail yet. Reload after something was sent.</p>".to_owned(),
        }
    );
    Ok(unkept()
        .insert_header((header::CONTENT_SECURITY_POLICY, PAGE_POLICY))
        .content_type("text/html; charset=utf-8")
        .body(page))
}

/// A line of the list.
fn entry(mail: &PostedMail, shown: Option<&PostedMail>) -> String {
    let is_shown = shown.is_some_and(|shown| shown.id == mail.id);
    let current = if is_shown { " aria-current=\"true\"" } else { "" };
    format!(
        "<li><a href=\"/dev/mailbox?mail={}\"{current}><b>{}</b><span>{}</span><time>{}</time></a></li>",
        mail.id,
        escape(&mail.mail.subject),
        escape(&mail.mail.to),
        utc_minute(mail.at)
    )
}

/// A mail, in one of its forms.
fn one(mail: &PostedMail, form: Form) -> String {
    let mut article = format!(
        "<article><a class=\"back\" href=\"/dev/mailbox\">All mails</a><h2>{}</h2><p class=\"about\">to {}, {}</p>\
         <p class=\"forms\">",
        escape(&mail.mail.subject),
        escape(&mail.mail.to),
        utc_minute(mail.at)
    );
    for (each, name, words) in [(Form::Html, "html", "As HTML"), (Form::Text, "text", "As text")] {
        let current = if each == form { " aria-current=\"true\"" } else { "" };
        let _ = write!(article, "<a href=\"/dev/mailbox?mail={}&amp;form={name}\"{current}>{words}</a>", mail.id);
    }
    article.push_str("</p>");
    let _ = match form {
        Form::Html => write!(
            article,
            "<iframe title=\"The mail\" src=\"/dev/mailbox/{}\" \
             sandbox=\"allow-popups allow-popups-to-escape-sandbox\"></iframe>",
            mail.id
        ),
        Form::Text => write!(article, "<pre>{}</pre>", linked(&mail.mail.text)),
    };
    article + "</article>"
}

fn unkept() -> HttpResponseBuilder {
    let mut answer = HttpResponse::Ok();
    answer
        .insert_header((header::CACHE_CONTROL, "no-store"))
        .insert_header((header::X_CONTENT_TYPE_OPTIONS, "nosniff"))
        .insert_header((header::REFERRER_POLICY, "no-referrer"));
    answer
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
