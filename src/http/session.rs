//! How a session is carried: a cookie for our own pages, `Authorization: Bearer` for other origins' pages and for programs,
//! and at the socket's upgrade, where a page can set no header, a subprotocol.

use std::{future::Future, net::IpAddr, pin::Pin, time::Duration};

use actix_web::{
    FromRequest, HttpRequest,
    cookie::{Cookie, SameSite, time},
    dev::Payload,
    http::header,
    web,
};
use keyleash_domain::{origin::AllowedOrigins, peer::client_address, text::printable};
use keyleash_protocol::{Sensitive, socket::BEARER_SUBPROTOCOL};

use super::Refused;
use crate::identity::{Caller, Identity, Origin, Refusal, token::Token};

/// `__Host-`: set by this host, for this host, over https (RFC 6265bis, 4.1.3.2).
const COOKIE_SECURE: &str = "__Host-keyleash";
const COOKIE_LOOPBACK: &str = "keyleash";
/// Characters kept of what a browser calls itself.
const USER_AGENT_CHARS_MAX: usize = 256;

/// Where this server stands.
#[derive(Clone, Debug)]
pub struct Site {
    pub allowed_origins: AllowedOrigins,
    pub trusted_proxies: Vec<IpAddr>,
    /// Whether people reach it over https.
    pub secure: bool,
    /// How long a login lasts.
    pub session_life: Duration,
}

impl Site {
    const fn cookie_name(&self) -> &'static str {
        if self.secure { COOKIE_SECURE } else { COOKIE_LOOPBACK }
    }

    /// The cookie that carries this token. It outlives the browser's process: a browser that was shut, and opened again, is
    /// the same device.
    pub(super) fn cookie(&self, token: &Token) -> Cookie<'static> {
        let mut cookie = self.bare_cookie(token.secret().expose().to_owned());
        cookie.set_max_age(time::Duration::try_from(self.session_life).unwrap_or(time::Duration::MAX));
        cookie
    }

    /// The cookie that makes a browser forget its session.
    pub(super) fn no_cookie(&self) -> Cookie<'static> {
        let mut cookie = self.bare_cookie(String::new());
        cookie.set_max_age(time::Duration::ZERO);
        cookie
    }

    fn bare_cookie(&self, value: String) -> Cookie<'static> {
        Cookie::build(self.cookie_name(), value)
            .path("/")
            .http_only(true)
            .secure(self.secure)
            .same_site(SameSite::Strict)
            .finish()
    }
}

/// The session token that a request presents, and whether by cookie.
pub(super) fn present_session(request: &HttpRequest) -> Option<(Sensitive, bool)> {
    if let Some(value) = request.headers().get(header::AUTHORIZATION) {
        let token = value.to_str().ok()?.strip_prefix("Bearer ")?;
        return Some((Sensitive::new(token.to_owned()), false));
    }
    let site = request.app_data::<web::Data<Site>>()?;
    request.cookie(site.cookie_name()).map(|cookie| (Sensitive::new(cookie.value().to_owned()), true))
}

/// The session token that an upgrade presents. What a page offers on purpose goes before the cookie, which its browser
/// sends unasked.
pub fn present_at_upgrade(request: &HttpRequest) -> Option<Sensitive> {
    let offered = request.headers().get(header::SEC_WEBSOCKET_PROTOCOL).and_then(|offered| offered.to_str().ok());
    let mut offered = offered.unwrap_or_default().split(',').map(str::trim);
    let token = offered.find_map(|protocol| protocol.strip_prefix(BEARER_SUBPROTOCOL));
    match token.filter(|_| !request.headers().contains_key(header::AUTHORIZATION)) {
        Some(token) => Some(Sensitive::new(token.to_owned())),
        None => present_session(request).map(|(token, _)| token),
    }
}

/// Where a request came from.
pub fn request_origin(request: &HttpRequest) -> Origin {
    let proxies = request.app_data::<web::Data<Site>>().map_or(&[][..], |site| &site.trusted_proxies);
    let forwarded_for = every_line(request, &header::X_FORWARDED_FOR);
    let address = request
        .peer_addr()
        .map(|peer| client_address(peer.ip(), Some(&forwarded_for), proxies).to_string())
        .unwrap_or_default();
    let user_agent = printable(&every_line(request, &header::USER_AGENT), USER_AGENT_CHARS_MAX);
    Origin { address, user_agent }
}

/// A header's lines as one (RFC 9110, 5.3). What is no text stays in its place: a proxy's entry comes after it.
fn every_line(request: &HttpRequest, name: &header::HeaderName) -> String {
    let lines = request.headers().get_all(name).map(|line| String::from_utf8_lossy(line.as_bytes()));
    lines.collect::<Vec<_>>().join(",")
}

/// Somebody who is logged in; handlers that take it refuse everybody else.
#[derive(Debug)]
pub(super) struct LoggedIn {
    pub caller: Caller,
    /// Browsers get a new cookie when the session becomes worth more; a program's token cannot have been planted.
    pub by_cookie: bool,
}

/// Where a request came from, as a handler's argument.
#[derive(Debug)]
pub(super) struct From(pub Origin);

type Extracted<T> = Pin<Box<dyn Future<Output = Result<T, actix_web::Error>>>>;

impl FromRequest for LoggedIn {
    type Error = actix_web::Error;
    type Future = Extracted<Self>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let session = present_session(request);
        let identity = request.app_data::<web::Data<Identity>>().cloned();
        Box::pin(async move {
            let refused = |refusal: Refusal| actix_web::Error::from(Refused::from(refusal));
            let identity = identity.ok_or_else(|| refused(Refusal::SessionRequired))?;
            let (token, by_cookie) = session.ok_or_else(|| refused(Refusal::SessionRequired))?;
            let caller = identity.authenticate(&token).await.map_err(refused)?;
            Ok(Self { caller, by_cookie })
        })
    }
}

impl FromRequest for From {
    type Error = actix_web::Error;
    type Future = std::future::Ready<Result<Self, Self::Error>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        std::future::ready(Ok(Self(request_origin(request))))
    }
}
