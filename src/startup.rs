//! Puts the house together: the one place that names concrete adapters.

mod doctor;
mod gate;

use std::{
    io,
    net::{SocketAddr, TcpListener},
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use actix_server::ServerHandle;
use actix_web::{App, HttpServer, dev::Server, middleware::from_fn, web};
use keyleash_protocol::UnixMillis;
use tokio::signal::unix::{SignalKind, signal};

use crate::{
    actors::{self, Directory, Settings},
    bus::{Bus, local::LocalBus},
    clock::{Clock, SystemClock},
    config::Config,
    entropy::Entropy,
    http::{self, Mailbox, Site, admin},
    identity::{Identity, Ports, Postman},
    kms::file::{FileKms, MasterKeyError},
    mail::files::FileMailer,
    socket::{self, SocketRoute},
    store::{
        Store, StoreError,
        sql::{OpenError, SqliteStore},
    },
    vault::{Vault, data_keys::DataKeyLimits, local::LocalVault},
};

pub use self::doctor::doctor;
use self::gate::SessionGate;

/// What is over (links, counts, sessions, keys past their restore window) is deleted this often.
const HOUSEKEEPING: Duration = Duration::from_hours(1);
/// Counts of tries are kept at least as long as the longest policy remembers.
const KEEP_ENDED: Duration = Duration::from_hours(48);

/// Hints that may wait for this node; what does not fit is found by a sweep.
const BUS_QUEUE: usize = 4_096;
/// When the node leaves, its devices come back elsewhere within this time.
const DRAIN_SPREAD: Duration = Duration::from_secs(2);
/// Sockets that are not gone by then are cut.
const DRAIN_MAX: Duration = Duration::from_secs(10);

#[derive(Debug, thiserror::Error)]
pub enum StartError {
    #[error(transparent)]
    Store(#[from] OpenError),
    #[error("cannot read the database")]
    Epoch(#[source] StoreError),
    #[error(transparent)]
    MasterKey(#[from] MasterKeyError),
    #[error("cannot use the mail directory {path}")]
    Mail { path: String, source: io::Error },
    #[error("cannot listen on {address}; is another program using it?")]
    Listen { address: SocketAddr, source: io::Error },
    #[error("the server stopped")]
    Serve(#[source] io::Error),
}

/// Runs a node until it is told to stop.
pub fn serve(config: Config) -> Result<(), StartError> {
    actix_rt::System::new().block_on(run(config))
}

/// Brings the tables up to date.
pub fn migrate(config: &Config) -> Result<(), StartError> {
    actix_rt::System::new().block_on(async {
        let store = SqliteStore::open(&config.store.url, &Entropy::new()).await?;
        store.close().await;
        println!("{} is up to date", config.store.url);
        Ok(())
    })
}

/// Adds a master key to the key file.
pub fn rotate_master_key(config: &Config) -> Result<(), StartError> {
    let path = Path::new(&config.kms.key_file);
    let id = FileKms::open(path, &SystemClock, Entropy::new())?.rotate(&SystemClock)?;
    println!("{} wraps new data keys from the next start on; back up {}", id, path.display());
    Ok(())
}

async fn run(config: Config) -> Result<(), StartError> {
    let entropy = Entropy::new();
    let clock: Arc<dyn Clock> = Arc::new(SystemClock);
    let store = Arc::new(SqliteStore::open(&config.store.url, &entropy).await?);
    let kms = Arc::new(FileKms::open(Path::new(&config.kms.key_file), &*clock, entropy.clone())?);
    let vault: Arc<dyn Vault> =
        LocalVault::start(store.clone(), store.clone(), kms, clock.clone(), entropy.clone(), DataKeyLimits::default());
    let mail_directory = mail_directory(&config);
    let mailer = FileMailer::open(mail_directory.clone(), clock.clone(), entropy.clone())
        .map_err(|source| StartError::Mail { path: mail_directory.display().to_string(), source })?;
    let mailer = Arc::new(mailer);
    let postman = Arc::new(Postman::new(store.clone(), vault.clone(), mailer.clone(), clock.clone()));
    let (hints, heard) = tokio::sync::mpsc::channel(BUS_QUEUE);
    let bus: Arc<dyn Bus> = Arc::new(LocalBus::new(hints));

    let listener = listen(config.http.listen)?;
    let public_url = config.public_url(listener.local_addr().map_err(StartError::Serve)?);
    let ports = Ports { store: store.clone(), vault: vault.clone(), bus: bus.clone(), clock: clock.clone() };
    let identity = web::Data::new(Identity::new(
        ports,
        postman.clone(),
        entropy.clone(),
        config.limits.clone(),
        public_url.clone(),
    ));
    let told = bus.clone();
    let asked = actors::Ports {
        users: store.clone(),
        devices: store.clone(),
        sessions: store.clone(),
        vault,
        bus,
        clock: clock.clone(),
        entropy,
    };
    let settings = Settings {
        heartbeat: config.limits.heartbeat(),
        grace: config.limits.grace(),
        strangers_per_address: config.limits.sockets_before_hello_per_address,
    };
    let directory = web::Data::new(Directory::start(asked, settings, heard).await.map_err(StartError::Epoch)?);
    let site = web::Data::new(Site::new(
        &public_url,
        &config.http.allowed_origins,
        config.http.trusted_proxies.clone(),
        config.limits.session_life(),
    ));
    let route = web::Data::new(SocketRoute {
        directory: Directory::clone(&directory),
        gate: Arc::new(SessionGate(identity.clone())),
        origins: site.allowed_origins.clone(),
    });
    let walking = tokio::spawn(async move { postman.walk().await });
    let tidying = tokio::spawn(tidy(store.clone(), clock.clone()));

    let mailbox = Mailbox(mailer);
    let app = {
        let (identity, directory, site) = (identity.clone(), directory.clone(), site.clone());
        move || {
            App::new()
                .app_data(identity.clone())
                .app_data(directory.clone())
                .app_data(site.clone())
                .app_data(route.clone())
                .wrap(from_fn(http::log))
                .route("/api/v1/socket", web::get().to(socket::open))
                .configure(http::configure(Some(mailbox.clone())))
        }
    };
    let server = socket::serve(listener, config.http.workers, app).map_err(StartError::Serve)?;
    let for_admins = listen(config.admin.listen)?;
    let admin_address = for_admins.local_addr().map_err(StartError::Serve)?;
    let admin = admin(for_admins, admin::Parts { store: store.clone(), bus: told }, directory.clone())?;
    let leaving = tokio::spawn(leave_when_told(Directory::clone(&directory), server.handle()));
    greet(&config, &public_url, admin_address);
    tracing::info!(url = public_url, "listening");
    let admin_task = actix_rt::spawn(admin);
    server.await.map_err(StartError::Serve)?;
    admin_task.abort();
    leaving.abort();
    walking.abort();
    tidying.abort();
    store.close().await;
    tracing::info!("stopped");
    Ok(())
}

/// The admin listener: one thread is plenty for an operator and a scraper.
fn admin(listener: TcpListener, parts: admin::Parts, directory: web::Data<Directory>) -> Result<Server, StartError> {
    let parts = web::Data::new(parts);
    let app = move || App::new().app_data(parts.clone()).app_data(directory.clone()).configure(admin::configure);
    let server = HttpServer::new(app).workers(1).disable_signals().listen(listener);
    Ok(server.map_err(StartError::Serve)?.run())
}

/// Waits for SIGTERM or SIGINT, sends every device away, and then stops the server.
async fn leave_when_told(directory: Directory, server: ServerHandle) -> io::Result<()> {
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    tokio::select! {
        _ = terminate.recv() => {}
        _ = interrupt.recv() => {}
    }
    tracing::info!(sockets = directory.sockets(), "told to stop; sending the devices away");
    directory.drain(DRAIN_SPREAD, DRAIN_MAX).await;
    server.stop(true).await;
    Ok(())
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
        if let Err(error) = store.destroy_expired_keys(now).await {
            tracing::warn!(%error, "expired keys could not be destroyed");
        }
        tokio::time::sleep(HOUSEKEEPING).await;
    }
}

fn mail_directory(config: &Config) -> PathBuf {
    PathBuf::from(config.mail.url.trim_start_matches("file:"))
}

/// Says where it is and what it is not.
fn greet(config: &Config, public_url: &str, admin: SocketAddr) {
    println!("Keyleash is at {public_url}");
    println!("  data      {}", config.store.url);
    println!("  mails     {public_url}/dev/mailbox");
    println!("  admin     http://{admin}");
    println!(
        "For trying out, not for production: file master key, mails as files, one node, no TLS (docs/configuration.md)."
    );
}
