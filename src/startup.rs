//! Puts the house together: the one place that names concrete adapters.

mod adapters;
mod crowd;
mod doctor;
mod gate;
mod keys;
mod recheck;
mod restored;
mod rewrap;
mod waiting;

use std::{
    io,
    net::{SocketAddr, TcpListener},
    sync::Arc,
    time::Duration,
};

use actix_server::ServerHandle;
use actix_web::{App, HttpServer, dev::Server, middleware::from_fn, web};
use keyleash_protocol::UnixMillis;
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use tokio::signal::unix::{SignalKind, signal};

use crate::{
    actors::{Directory, Settings},
    bus::redis::RedisBusError,
    clock::{Clock, SystemClock},
    config::Config,
    entropy::Entropy,
    http::{self, Mailbox, Site, admin},
    identity::{Identity, Postman},
    jwks::JwksError,
    kms::{KmsError, file::MasterKeyError},
    mail::smtp::AddressError,
    socket::{self, CertificateError, Certificates, SocketRoute},
    store::{Store, StoreError, sql::OpenError},
};

use self::{adapters::Adapters, gate::SessionGate, waiting::until_there};
pub use self::{crowd::crowd, doctor::doctor, restored::restored, rewrap::rewrap, waiting::Patience};

/// What is over (links, counts, sessions, keys past their restore window) is deleted this often.
const HOUSEKEEPING: Duration = Duration::from_hours(1);
/// Counts of tries are kept at least as long as the longest policy remembers.
const KEEP_ENDED: Duration = Duration::from_hours(48);
/// A sign-up that nobody confirmed is kept for this long: the life of its link, and a week.
const KEEP_SIGN_UPS: Duration = Duration::from_hours(10 * 24);
/// So many of them are deleted each time: who signs up by the thousand does not have the database stand still over it.
const SIGN_UPS_AT_ONCE: u32 = 1_000;
/// A node that leaves says so in `/readyz` for this long before it does anything else: load balancers that ask every second
/// or two have sent the new connections elsewhere by then. Until then it serves as before.
const DRAIN_NOTICE: Duration = Duration::from_secs(5);
/// When the node leaves, its devices come back elsewhere within this time.
const DRAIN_SPREAD: Duration = Duration::from_secs(2);
/// Sockets that are not gone by then are cut.
const DRAIN_MAX: Duration = Duration::from_secs(10);
/// Mails under way may be sent to their end for so long: one that is broken off may be sent twice.
const LAST_MAILS_MAX: Duration = Duration::from_secs(10);

#[derive(Debug, thiserror::Error)]
pub enum StartError {
    #[error(transparent)]
    Store(#[from] OpenError),
    #[error("cannot read the database")]
    Database(#[source] StoreError),
    #[error(transparent)]
    MasterKey(#[from] MasterKeyError),
    #[error(transparent)]
    Kms(#[from] KmsError),
    #[error("cannot use the mail directory {path}")]
    MailDirectory { path: String, source: io::Error },
    #[error(transparent)]
    MailServer(#[from] AddressError),
    #[error(transparent)]
    Bus(#[from] RedisBusError),
    #[error("identity.jwks_file or identity.jwks_url cannot be used")]
    VendorsKeys(#[source] JwksError),
    #[error("no kms.key_file is configured")]
    NoKeyFile,
    #[error("http.tls_certificate and http.tls_key cannot be used")]
    Certificate(#[source] CertificateError),
    #[error("cannot listen on {address}; is another program using it?")]
    Listen { address: SocketAddr, source: io::Error },
    #[error("the server stopped")]
    Serve(#[source] io::Error),
}

impl StartError {
    /// Whether trying again later may help.
    const fn may_pass(&self) -> bool {
        match self {
            Self::Store(error) => error.may_pass(),
            Self::Database(_) | Self::Kms(KmsError::Unavailable { .. }) => true,
            Self::MasterKey(_)
            | Self::Bus(_)
            | Self::Kms(KmsError::Refused { .. })
            | Self::NoKeyFile
            | Self::VendorsKeys(_)
            | Self::MailDirectory { .. }
            | Self::MailServer(_)
            | Self::Certificate(_)
            | Self::Listen { .. }
            | Self::Serve(_) => false,
        }
    }
}

/// Runs a node until it is told to stop. Parts that cannot be reached yet are waited for, or not, as `patience` says.
pub fn serve(config: Config, patience: Patience) -> Result<(), StartError> {
    raise_files_limit();
    actix_rt::System::new().block_on(run(config, patience))
}

/// Brings the tables up to date.
pub fn migrate(config: &Config) -> Result<(), StartError> {
    actix_rt::System::new().block_on(async {
        let store = adapters::store(config, &Entropy::new()).await?;
        store.close().await;
        println!("{} is up to date", config.shown_store());
        Ok(())
    })
}

/// Adds a master key to the key file.
pub fn rotate_master_key(config: &Config) -> Result<(), StartError> {
    let keys = adapters::master_keys(config, &SystemClock, &Entropy::new())?;
    println!(
        "{} wraps new data keys from the next start on; back up {}",
        keys.rotate(&SystemClock)?,
        keys.path().display()
    );
    Ok(())
}

async fn run(config: Config, patience: Patience) -> Result<(), StartError> {
    let adapters = until_there(patience, async || Adapters::open(&config, patience).await).await?;
    let (listener, for_admins) = (listen(config.http.listen)?, listen(config.admin.listen)?);
    let admin_address = for_admins.local_addr().map_err(StartError::Serve)?;
    let public_url = config.public_url(listener.local_addr().map_err(StartError::Serve)?);

    let (store, clock) = (adapters.store.clone(), adapters.clock.clone());
    let postman = Arc::new(Postman::new(
        store.clone(),
        adapters.vault.clone(),
        adapters.mailer.clone(),
        clock.clone(),
        adapters.entropy.clone(),
    ));
    let identity = web::Data::new(Identity::new(
        adapters.for_identity(),
        postman.clone(),
        adapters.entropy.clone(),
        adapters.logins.clone(),
        config.limits.clone(),
        public_url.clone(),
    ));
    let asked = adapters.for_actors();
    let Adapters { archive, bus, heard, kms, mailer, logins, .. } = adapters;
    let directory =
        web::Data::new(Directory::start(asked, settings(&config), heard).await.map_err(StartError::Database)?);
    let routes = routes(&config, &public_url, identity, directory.clone(), archive.map(Mailbox));
    let app = move || App::new().wrap(from_fn(http::log)).configure(routes.clone());
    let certificates = certificates(&config)?;
    let server = socket::serve(listener, config.http.workers, certificates.as_ref(), app).map_err(StartError::Serve)?;
    let admin = admin(for_admins, admin::Parts { store: store.clone(), bus }, directory.clone())?;

    let walking = tokio::spawn(postman.clone().walk());
    let beside = [
        tokio::spawn(tidy(store.clone(), clock)),
        tokio::spawn(recheck::until_well(kms, mailer)),
        tokio::spawn(leave_when_told(Directory::clone(&directory), server.handle(), told_to_stop()?)),
        actix_rt::spawn(async move { drop(admin.await) }),
        tokio::spawn(async move {
            if let Some(vendor) = logins.vendor {
                vendor.keys.watch().await;
            }
        }),
        tokio::spawn(async move {
            if let Some(certificates) = certificates {
                certificates.watch().await;
            }
        }),
    ];
    greet(&config, &public_url, admin_address);
    let version = env!("CARGO_PKG_VERSION");
    tracing::info!(url = public_url, listen = %config.http.listen, admin = %admin_address, version, "listening");
    server.await.map_err(StartError::Serve)?;
    postman.leave();
    if tokio::time::timeout(LAST_MAILS_MAX, walking).await.is_err() {
        tracing::warn!("some mails were still being sent; another node goes on with them");
    }
    for task in beside {
        task.abort();
    }
    directory.leave().await;
    store.close().await;
    tracing::info!("stopped");
    Ok(())
}

/// Each socket is an open file, and shells give every program few for the sake of those that use `select`. Where more is not
/// granted, `/metrics` tells how many there are.
fn raise_files_limit() {
    let limit = getrlimit(Resource::Nofile);
    let _ = setrlimit(Resource::Nofile, Rlimit { current: limit.maximum, ..limit });
}

/// The server's own certificate, if it has one.
fn certificates(config: &Config) -> Result<Option<Arc<Certificates>>, StartError> {
    let files = config.http.tls_certificate.as_deref().zip(config.http.tls_key.as_deref());
    files
        .map(|(certificate, key)| Certificates::open(certificate.as_ref(), key.as_ref()))
        .transpose()
        .map_err(StartError::Certificate)
}

/// What an operator may set of the actors.
fn settings(config: &Config) -> Settings {
    Settings {
        heartbeat: config.limits.heartbeat(),
        grace: config.limits.grace(),
        strangers_per_address: config.limits.sockets_before_hello_per_address,
    }
}

/// What every instance of the application has: its routes, and what they share.
fn routes(
    config: &Config,
    public_url: &str,
    identity: web::Data<Identity>,
    directory: web::Data<Directory>,
    mailbox: Option<Mailbox>,
) -> impl Fn(&mut web::ServiceConfig) + Clone + Send + 'static {
    let (origins, proxies) = (&config.http.allowed_origins, config.http.trusted_proxies.clone());
    let site = web::Data::new(Site::new(public_url, origins, proxies, config.limits.session_life()));
    let route = web::Data::new(SocketRoute {
        directory: Directory::clone(&directory),
        gate: Arc::new(SessionGate(identity.clone())),
        origins: site.allowed_origins.clone(),
    });
    move |app| {
        app.app_data(identity.clone())
            .app_data(directory.clone())
            .app_data(site.clone())
            .app_data(route.clone())
            .route("/api/v1/socket", web::get().to(socket::open))
            .configure(http::configure(mailbox.clone()));
    }
}

/// The admin listener: one thread is plenty for an operator and a scraper.
fn admin(listener: TcpListener, parts: admin::Parts, directory: web::Data<Directory>) -> Result<Server, StartError> {
    let parts = web::Data::new(parts);
    let app = move || App::new().app_data(parts.clone()).app_data(directory.clone()).configure(admin::configure);
    let server = HttpServer::new(app).workers(1).disable_signals().listen(listener);
    Ok(server.map_err(StartError::Serve)?.run())
}

/// Once told to, sends every device away, and then stops the server.
async fn leave_when_told(directory: Directory, server: ServerHandle, told: impl Future<Output = Told>) {
    let told = told.await;
    directory.announce_leaving();
    if told == Told::ByProgram {
        tracing::info!("told to stop; not ready any more");
        tokio::time::sleep(DRAIN_NOTICE).await;
    }
    tracing::info!(sockets = directory.sockets(), "sending the devices away");
    directory.drain(DRAIN_SPREAD, DRAIN_MAX).await;
    server.stop(true).await;
}

/// Who wants the node to stop.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Told {
    /// By SIGTERM: behind a load balancer, most likely.
    ByProgram,
    /// By SIGINT, at the keyboard: nobody likes to wait there.
    ByHand,
}

/// Waits for SIGTERM or SIGINT.
fn told_to_stop() -> Result<impl Future<Output = Told>, StartError> {
    let mut terminate = signal(SignalKind::terminate()).map_err(StartError::Serve)?;
    let mut interrupt = signal(SignalKind::interrupt()).map_err(StartError::Serve)?;
    Ok(async move {
        tokio::select! {
            _ = terminate.recv() => Told::ByProgram,
            _ = interrupt.recv() => Told::ByHand,
        }
    })
}

fn listen(address: SocketAddr) -> Result<TcpListener, StartError> {
    socket::listen(address).map_err(|source| StartError::Listen { address, source })
}

/// Deletes what is over, now and then.
async fn tidy(store: Arc<dyn Store>, clock: Arc<dyn Clock>) {
    loop {
        let now = clock.now();
        let before = UnixMillis(now.0 - i64::try_from(KEEP_ENDED.as_millis()).unwrap_or(i64::MAX));
        if let Err(error) = store.forget_before(before).await {
            tracing::warn!(%error, "what is over could not be deleted");
        }
        let before = UnixMillis(now.0 - i64::try_from(KEEP_SIGN_UPS.as_millis()).unwrap_or(i64::MAX));
        if let Err(error) = store.forget_sign_ups(before, SIGN_UPS_AT_ONCE).await {
            tracing::warn!(%error, "sign-ups that nobody confirmed could not be deleted");
        }
        if let Err(error) = store.destroy_expired_keys(now).await {
            tracing::warn!(%error, "expired keys could not be destroyed");
        }
        tokio::time::sleep(HOUSEKEEPING).await;
    }
}

/// Says where it is and what it is not.
fn greet(config: &Config, public_url: &str, admin: SocketAddr) {
    println!("Keyleash is at {public_url}");
    println!("  data      {}", config.shown_store());
    if config.mail.url.starts_with("file:") {
        println!("  mails     {public_url}/dev/mailbox");
    }
    println!("  admin     http://{admin}");
    let embedded = config.embedded_parts();
    if !embedded.is_empty() {
        println!("For trying out, not for production: {} (docs/configuration.md).", embedded.join(", "));
    }
}
