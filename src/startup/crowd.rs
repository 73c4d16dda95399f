//! `keyleash admin crowd`: makes users for load tests, one for each line of standard input.

use std::{
    io::{self, BufRead, Write},
    sync::Arc,
    thread,
    time::Instant,
};

use futures_util::{StreamExt, TryStreamExt, stream};
use keyleash_protocol::crowd::{CrowdOrder, CrowdUser};
use tokio::sync::mpsc::{Receiver, channel};

use super::{StartError, adapters, keys};
use crate::{
    bus::local::LocalBus,
    clock::DatabaseClock,
    config::Config,
    entropy::Entropy,
    identity::{Identity, Logins, Ports, Postman, Refusal},
    store::{Store, StoreError},
    vault::{data_keys::DataKeyLimits, local::LocalVault},
};

/// Lines read ahead of what is being written.
const LINES_AHEAD: usize = 64;
/// Users that are there already are counted up to here: it is for somebody to see whose database this is.
const COUNTED_MAX: u32 = 100_000;

#[derive(Debug, thiserror::Error)]
pub enum CrowdError {
    #[error(transparent)]
    Open(#[from] StartError),
    #[error(
        "this would write users whom nobody signed up into {store}. If that database is for load tests and nothing else, \
         say so with --for-load-tests"
    )]
    NotForTryingOut { store: String },
    #[error("the database cannot be asked how many users it has")]
    Count(#[source] StoreError),
    #[error("cannot read standard input")]
    Input(#[source] io::Error),
    #[error("line {line} is no user to make: {{\"devices\":[{{\"receive_key\":..,\"signing_key\":..}}]}} is")]
    Form { line: usize, source: serde_json::Error },
    #[error("the user of line {line} was not made; those of the lines before were")]
    Refused { line: usize, source: Refusal },
    #[error("cannot write to standard output")]
    Output(#[source] io::Error),
}

/// Makes a user for each line that comes in, and writes one line about each, in the same order.
pub fn crowd(config: &Config, for_load_tests: bool) -> Result<(), CrowdError> {
    // On a site for trying out, people's mails never leave this machine: there are no people.
    let for_trying_out = config.store.url.starts_with("sqlite:") && config.mail.url.starts_with("file:");
    if !for_load_tests && !for_trying_out {
        return Err(CrowdError::NotForTryingOut { store: config.shown_store() });
    }
    actix_rt::System::new().block_on(async {
        let (identity, store) = open(config).await?;
        let already = store.count_users(COUNTED_MAX).await.map_err(CrowdError::Count)?;
        let or_more = if already == u64::from(COUNTED_MAX) { " or more" } else { "" };
        eprintln!("{} has {already}{or_more} users already; they stay as they are", config.shown_store());
        let outcome = make_all(&identity, lines(), config.store.connections as usize).await;
        store.close().await;
        outcome
    })
}

/// What makes users elsewhere too. Nobody is told of them over the bus: nobody is connected as one of them yet.
async fn open(config: &Config) -> Result<(Identity, Arc<dyn Store>), StartError> {
    let (entropy, clock) = (Entropy::new(), Arc::new(DatabaseClock::default()));
    let store = adapters::store(config, &entropy).await?;
    adapters::set(&clock, &*store).await.map_err(StartError::Database)?;
    let kms = keys::open(config, &*clock, &entropy).await?;
    let limits = DataKeyLimits::default();
    let vault = LocalVault::start(store.clone(), store.clone(), kms, clock.clone(), entropy.clone(), limits);
    let (mailer, _) = adapters::mailer(config)?;
    let postman = Postman::new(store.clone(), vault.clone(), mailer, clock.clone(), entropy.clone());
    let (nobody, _) = channel(1);
    let ports = Ports { store: store.clone(), vault, bus: Arc::new(LocalBus::new(nobody)), clock };
    let logins = Logins { accounts: false, vendor: None };
    let identity = Identity::new(ports, Arc::new(postman), entropy, logins, config.limits.clone(), String::new());
    Ok((identity, store))
}

/// `at_once`: as many as have a connection to the database.
async fn make_all(identity: &Identity, lines: Receiver<io::Result<String>>, at_once: usize) -> Result<(), CrowdError> {
    let (began, mut users, mut devices) = (Instant::now(), 0_usize, 0_usize);
    let numbered = stream::unfold((lines, 1), async |(mut lines, line)| {
        let text = lines.recv().await?;
        Some(((line, text), (lines, line + 1)))
    });
    let mut made = numbered.map(|(line, text)| make(identity, line, text)).buffered(at_once).boxed_local();
    while let Some(user) = made.try_next().await? {
        users += 1;
        devices += user.devices.len();
        write(&user).map_err(CrowdError::Output)?;
    }
    let seconds = began.elapsed().as_secs_f64();
    #[expect(clippy::cast_precision_loss, reason = "far below 2^53")]
    let rate = users as f64 / seconds.max(f64::EPSILON);
    eprintln!("{users} users with {devices} devices in {seconds:.1} s: {rate:.0} users/s");
    Ok(())
}

async fn make(identity: &Identity, line: usize, text: io::Result<String>) -> Result<CrowdUser, CrowdError> {
    let text = text.map_err(CrowdError::Input)?;
    let order: CrowdOrder = serde_json::from_str(&text).map_err(|source| CrowdError::Form { line, source })?;
    identity.make_for_load_test(&order).await.map_err(|source| CrowdError::Refused { line, source })
}

/// At once, not when a buffer is full: whoever reads this shows how far it is.
fn write(user: &CrowdUser) -> io::Result<()> {
    let mut line = serde_json::to_vec(user)?;
    line.push(b'\n');
    let mut out = io::stdout().lock();
    out.write_all(&line)?;
    out.flush()
}

/// Standard input, read on a thread of its own: it may be somebody's keyboard.
fn lines() -> Receiver<io::Result<String>> {
    let (sender, lines) = channel(LINES_AHEAD);
    thread::spawn(move || {
        for line in io::stdin().lock().lines() {
            let is_end = line.is_err();
            if sender.blocking_send(line).is_err() || is_end {
                return;
            }
        }
    });
    lines
}
