//! Users with verified devices, made for load tests and kept in a file: over the public interface, as people come, or by
//! the server's admin command, which takes a hundredth of the time.

mod by_api;
mod by_command;

use std::{
    path::PathBuf,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
};

use clap::Args;
use futures_util::{StreamExt, TryStreamExt, stream};
use keyleash_protocol::limits::DEVICES_PER_USER_MAX;

pub use self::{
    by_api::{ByApi, by_api},
    by_command::{CommandError, by_command},
};
use crate::{
    api::ApiError,
    device::Device,
    fleet::{self, FleetError, PreparedUser},
    live::{Live, LiveError, Seat},
    mails::{MailError, Place},
    options::address,
    owner::OwnerError,
    report::{Extent, Look, Progress, Reading},
    site::Site,
};

/// Devices that say their first hello at the same time: a server takes 256 from one address that have not said it yet.
const HELLOS_AT_ONCE: usize = 64;
/// What a server closes a socket with that is to come back, to another node for instance.
const COME_BACK: std::ops::Range<u16> = 4_000..4_500;
/// More than once in a row is a server that does not want the device.
const TRIES_MAX: usize = 3;

/// Make users with verified devices for the scenarios, and keep them in a file.
///
/// By default they come through the public interface, as people do: sign-up, mail links, second factor, enrolment. That
/// takes a few hundred milliseconds of the server's time each. With a command after `--`, which has to be the server's
/// `admin crowd` with the server's configuration, there or over ssh, they are written straight into its database:
///
///   loadtest prepare --users 9500 --devices 19000 --fleet fleet.jsonl -- \
///       keyleash --config k.toml admin crowd --for-load-tests
#[derive(Clone, Debug, Args)]
#[command(verbatim_doc_comment)]
pub struct PrepareOptions {
    /// The server, such as `http://127.0.0.1:8080`. With a command it may be left out; each device's first hello, which brings
    /// its unlock key, is then part of the first run.
    #[arg(long, value_name = "URL", value_parser = address, required_unless_present = "command")]
    target: Option<String>,
    /// Users to make.
    #[arg(long, value_name = "M", default_value_t = 100)]
    users: usize,
    /// All users' together, spread evenly.
    #[arg(long, value_name = "N", default_value_t = 200)]
    devices: usize,
    /// The file to write. It holds private keys and sessions of these users, and is readable by you alone.
    #[arg(long, value_name = "FILE")]
    fleet: PathBuf,
    /// Where the mails are that the server sends: its own page of embedded mail by default, or a directory, or
    /// `peer:127.0.0.1:PORT` with the control port of crates/testbed/python/smtp.py.
    #[arg(long, value_name = "PLACE", conflicts_with = "command")]
    mails: Option<String>,
    /// The server's admin command that makes users.
    #[arg(last = true, value_name = "COMMAND")]
    command: Vec<String>,
}

#[derive(Debug, thiserror::Error)]
pub enum PrepareError {
    #[error("{devices} devices for {users} users: each user needs 1 to {DEVICES_PER_USER_MAX}")]
    Spread { users: usize, devices: usize },
    #[error(transparent)]
    Api(#[from] ApiError),
    #[error(transparent)]
    Mail(#[from] MailError),
    #[error(transparent)]
    Owner(#[from] OwnerError),
    #[error(transparent)]
    Command(#[from] CommandError),
    #[error("a device could not say its first hello")]
    Hello(#[source] LiveError),
    #[error(transparent)]
    Fleet(#[from] FleetError),
}

/// Makes them and writes the file.
pub async fn prepare(options: &PrepareOptions) -> Result<(), PrepareError> {
    let counts = spread(options.users, options.devices)?;
    let (bar, made) = bar("users", options.users);
    let mut users = if let Some((program, arguments)) = options.command.split_first() {
        let mut command = tokio::process::Command::new(program);
        command.args(arguments);
        by_command(command, &counts, &made).await?
    } else {
        let targets: Vec<String> = options.target.iter().cloned().collect();
        let mails = options.mails.as_ref().or(options.target.as_ref());
        let site = ByApi { targets: &targets, mails: Place::parse(mails.map_or("", String::as_str))? };
        by_api(site, &counts, &made).await?
    };
    bar.finish();
    if let Some(target) = &options.target {
        let (bar, said) = self::bar("first hellos", options.devices);
        users = first_hellos(std::slice::from_ref(target), users, &said).await?;
        bar.finish();
    }
    fleet::write(&options.fleet, &users)?;
    println!("{} users with {} devices are in {}", users.len(), options.devices, options.fleet.display());
    Ok(())
}

/// How users come to servers of a run's own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    /// Fast; nobody can log in as one.
    ByCommand,
    /// As people: with an address and a password.
    AsPeople,
}

/// Users for a run on servers of its own, each device with its unlock key.
pub async fn for_site(site: &Site, users: usize, devices: usize, way: Way) -> Result<Vec<PreparedUser>, PrepareError> {
    let (bar, made) = bar("users", users);
    let (counts, targets) = (spread(users, devices)?, site.targets());
    let fleet = match way {
        Way::ByCommand => by_command(site.command(&["admin", "crowd", "--for-load-tests"]), &counts, &made).await?,
        Way::AsPeople => by_api(ByApi { targets: &targets, mails: Place::of(site) }, &counts, &made).await?,
    };
    bar.finish();
    let (bar, said) = self::bar("first hellos", devices);
    let fleet = first_hellos(&targets, fleet, &said).await?;
    bar.finish();
    Ok(fleet)
}

/// How many devices each user has: as evenly as it goes.
pub fn spread(users: usize, devices: usize) -> Result<Vec<usize>, PrepareError> {
    let fits = users > 0 && devices >= users && devices.div_ceil(users) <= DEVICES_PER_USER_MAX;
    if !fits {
        return Err(PrepareError::Spread { users, devices });
    }
    Ok((0..users).map(|index| devices / users + usize::from(index < devices % users)).collect())
}

/// Has every device say its first hello, so that it has its unlock key and knows the epoch and where it is. All of a user's
/// to one node, as evenly as that goes: a node with more than its part of the devices sends some elsewhere.
pub async fn first_hellos(
    targets: &[String],
    mut users: Vec<PreparedUser>,
    said: &AtomicU64,
) -> Result<Vec<PreparedUser>, PrepareError> {
    let mut places = Vec::new();
    for (of, user) in users.iter().enumerate() {
        for (index, prepared) in user.devices.iter().enumerate() {
            let device = Device::prepared(user.id, prepared).map_err(OwnerError::Device)?;
            places.push((of, index, Seat::new(device, prepared.token.clone())));
        }
    }
    let hellos = stream::iter(places).map(async |(of, index, seat)| {
        let mut tries = 0;
        loop {
            match Live::connect(None, &targets[(of + tries) % targets.len()], &seat).await {
                Ok(_) => return Ok::<_, LiveError>((of, index, seat)),
                Err(LiveError::Closed(Some(code))) if COME_BACK.contains(&code) && tries < TRIES_MAX => tries += 1,
                Err(error) => return Err(error),
            }
        }
    });
    let mut hellos = hellos.buffer_unordered(HELLOS_AT_ONCE).boxed_local();
    while let Some((of, index, seat)) = hellos.try_next().await.map_err(PrepareError::Hello)? {
        users[of].devices[index] = seat.device().save(&seat.token);
        said.fetch_add(1, Relaxed);
    }
    Ok(users)
}

/// A bar, and what it shows.
fn bar(title: &'static str, total: usize) -> (Progress, Arc<AtomicU64>) {
    let done = Arc::new(AtomicU64::new(0));
    let seen = done.clone();
    let look = move || {
        let done = seen.load(Relaxed);
        Look::at(done).with(Reading::rate(title, done))
    };
    (Progress::begin(title, Extent::Count(total as u64), look), done)
}
