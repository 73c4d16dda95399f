//! The admin listener: whether this node lives, whether it is ready, and its figures. No label carries a user.

use std::{fmt::Write as _, sync::Arc};

use actix_web::{HttpResponse, web};
use serde::Serialize;

use crate::{actors::Directory, bus::Bus, store::UserStore};

/// What readiness asks.
#[derive(Clone, Debug)]
pub struct Parts {
    pub store: Arc<dyn UserStore>,
    pub bus: Arc<dyn Bus>,
}

/// One part's state; `reason` says what is wrong.
#[derive(Debug, Serialize)]
struct Part {
    name: &'static str,
    ready: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<String>,
}

#[derive(Debug, Serialize)]
struct Readiness {
    ready: bool,
    parts: Vec<Part>,
}

pub fn configure(app: &mut web::ServiceConfig) {
    app.route("/livez", web::get().to(|| async { "alive\n" }))
        .route("/readyz", web::get().to(readyz))
        .route("/metrics", web::get().to(metrics));
}

async fn readyz(parts: web::Data<Parts>, directory: web::Data<Directory>) -> HttpResponse {
    let store = parts.store.epoch().await.err().map(|error| error.to_string());
    let bus = parts.bus.is_blind().then(|| "hints are not arriving; changes are found by the sweep".to_owned());
    let draining = directory.is_draining().then(|| "this node is leaving".to_owned());
    // A blind bus costs latency, not correctness: the node goes on serving.
    let ready = store.is_none() && draining.is_none();
    let part = |name, reason: Option<String>| Part { name, ready: reason.is_none(), reason };
    let readiness = Readiness { ready, parts: vec![part("store", store), part("bus", bus), part("node", draining)] };
    if ready { HttpResponse::Ok().json(readiness) } else { HttpResponse::ServiceUnavailable().json(readiness) }
}

async fn metrics(parts: web::Data<Parts>, directory: web::Data<Directory>) -> HttpResponse {
    let mut text = String::new();
    for (name, kind, help, value) in [
        ("keyleash_sockets", "gauge", "Live sockets on this node", directory.sockets() as u64),
        ("keyleash_bus_blind", "gauge", "1 while hints are known not to arrive", u64::from(parts.bus.is_blind())),
    ] {
        let _ = write!(text, "# HELP {name} {help}\n# TYPE {name} {kind}\n{name} {value}\n");
    }
    HttpResponse::Ok().content_type("text/plain; version=0.0.4").body(text)
}
