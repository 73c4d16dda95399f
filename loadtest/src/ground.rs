//! What a scenario stands on: the servers, and prepared users with their devices.

use std::{fs, sync::Arc};

use crate::{
    bare::{self, BareError},
    board::Board,
    crew::Crew,
    crews::FILES_BESIDE,
    device::DeviceError,
    fleet::{self, FleetError, PreparedUser},
    options::Options,
    prepare::{self, PrepareError, Way},
    site::{Site, SiteError},
    watch::Nodes,
};

#[derive(Debug, thiserror::Error)]
pub enum GroundError {
    #[error(transparent)]
    Site(#[from] SiteError),
    #[error(transparent)]
    Fleet(#[from] FleetError),
    #[error(transparent)]
    Prepare(#[from] PrepareError),
    #[error(
        "the first {users} users of the fleet have {have} devices of {wanted} that are asked for: take more --users, or \
         prepare more devices for each with `loadtest prepare`"
    )]
    TooFew { users: usize, have: usize, wanted: usize },
    #[error(
        "{wanted} devices need {needed} open files, and this process may open {limit}: raise the limit with \
         `ulimit -n {needed}`, or ask for fewer devices"
    )]
    Files { wanted: usize, needed: usize, limit: usize },
    #[error(transparent)]
    Database(#[from] BareError),
    #[error(transparent)]
    Device(#[from] DeviceError),
    #[error("this measures the server's memory and processor time: give its admin listeners with --admin")]
    NoAdmin,
    #[error("no HTTP client can be made")]
    Client(#[source] reqwest::Error),
}

#[derive(Debug)]
pub struct Ground {
    /// Private servers of this run, if it has them.
    pub site: Option<Site>,
    pub targets: Vec<String>,
    pub database: Option<String>,
    pub nodes: Nodes,
    pub fleet: Vec<PreparedUser>,
    pub http: reqwest::Client,
}

impl Ground {
    /// Starts or finds the servers, and makes or reads the users.
    pub async fn open(options: &Options) -> Result<Self, GroundError> {
        Self::open_for(options, Way::ByCommand).await
    }

    /// The same; on servers of its own, users come this way.
    pub async fn open_for(options: &Options, way: Way) -> Result<Self, GroundError> {
        let http = reqwest::Client::builder().build().map_err(GroundError::Client)?;
        let mut site = match options.own.start {
            Some(layout) => Some(Site::start(layout, &options.own).await?),
            None => None,
        };
        if let Some(site) = &site {
            eprintln!("{site}");
        }
        let users = options.users();
        let mut fleet = match (&options.fleet, &mut site) {
            (Some(file), _) => fleet::read(file, users)?,
            (None, Some(site)) => {
                let fleet = prepare::for_site(site, users, options.devices, way).await?;
                if let Some(database) = site.database() {
                    bare::analyze(database).await?;
                }
                // What preparing left in their memory is not what is measured.
                site.restart().await?;
                fleet
            }
            (None, None) => Vec::new(),
        };
        take(&mut fleet, options.devices)?;
        let (targets, admins, database) = match &site {
            Some(site) => (site.targets(), site.admins(), site.database().map(str::to_owned)),
            None => (options.target.clone(), options.admin.clone(), options.database.clone()),
        };
        Ok(Self { site, targets, database, nodes: Nodes::new(http.clone(), admins), fleet, http })
    }

    /// The devices, all in this process, not yet connected.
    pub fn crew(&self, board: &Arc<Board>) -> Result<Crew, GroundError> {
        check_files(self.fleet.iter().map(|user| user.devices.len()).sum())?;
        Ok(Crew::new(&self.fleet, self.targets.clone(), board.clone())?)
    }
}

/// Leaves so many devices.
fn take(fleet: &mut Vec<PreparedUser>, devices: usize) -> Result<(), GroundError> {
    let have = fleet.iter().map(|user| user.devices.len()).sum();
    if have < devices {
        return Err(GroundError::TooFew { users: fleet.len(), have, wanted: devices });
    }
    let mut left = devices;
    for user in &mut *fleet {
        user.devices.truncate(left);
        left -= user.devices.len();
    }
    fleet.retain(|user| !user.devices.is_empty());
    Ok(())
}

/// A run of so many sockets in this process would end in the middle where the limit is lower.
pub fn check_files(devices: usize) -> Result<(), GroundError> {
    let (limit, needed) = (files_max(), devices + FILES_BESIDE);
    if needed > limit { Err(GroundError::Files { wanted: devices, needed, limit }) } else { Ok(()) }
}

/// How many files a process may have open; without a limit, or where there is no /proc, as many as it likes.
pub fn files_max() -> usize {
    let limits = fs::read_to_string("/proc/self/limits").unwrap_or_default();
    let line = limits.lines().find_map(|line| line.strip_prefix("Max open files")).unwrap_or_default();
    line.split_whitespace().next().and_then(|limit| limit.parse().ok()).unwrap_or(usize::MAX)
}
