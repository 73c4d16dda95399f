//! The admin listener: whether this node lives, whether it is ready, and its figures. No label carries a user.

use std::{sync::Arc, time::Duration};

use actix_web::{HttpResponse, web};
use serde::Serialize;
use tokio::time::timeout;

use crate::{actors::Directory, bus::Bus, causes, store::UserStore, telemetry::FIGURES};

/// How long the database may take to answer before the node counts as not ready.
const STORE_MAX: Duration = Duration::from_secs(2);

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
    let store = match timeout(STORE_MAX, parts.store.epoch()).await {
        Ok(answer) => answer.err().map(|error| causes::in_one_line(&error)),
        Err(_) => Some(format!("the database did not answer within {STORE_MAX:?}")),
    };
    let bus = parts.bus.is_blind().then(|| "hints are not arriving; changes are found by the sweep".to_owned());
    let draining = directory.is_leaving().then(|| "this node is leaving".to_owned());
    // Without a bus, a key service, mail or new keys of a vendor's, what is live stays live: taking the node out would end that.
    let ready = store.is_none() && draining.is_none();
    let part = |name, reason: Option<String>| Part { name, ready: reason.is_none(), reason };
    let readiness = Readiness {
        ready,
        parts: vec![
            part("store", store),
            part("bus", bus),
            part("kms", FIGURES.kms.trouble()),
            part("mail", FIGURES.mail.trouble()),
            part("vendor_keys", FIGURES.vendor_keys.trouble()),
            part("node", draining),
        ],
    };
    if ready { HttpResponse::Ok().json(readiness) } else { HttpResponse::ServiceUnavailable().json(readiness) }
}

async fn metrics(parts: web::Data<Parts>, directory: web::Data<Directory>) -> HttpResponse {
    FIGURES.sockets.set(i64::try_from(directory.sockets()).unwrap_or(i64::MAX));
    FIGURES.bus_blind.set(parts.bus.is_blind().into());
    HttpResponse::Ok().content_type("application/openmetrics-text; version=1.0.0; charset=utf-8").body(FIGURES.text())
}
