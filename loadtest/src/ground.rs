//! What a scenario stands on: the servers, and prepared users with their devices.

use std::sync::Arc;

use crate::{
    bare::{self, BareError},
    board::Board,
    crew::Crew,
    device::DeviceError,
    files::{self, FilesError},
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
    #[error(transparent)]
    Files(#[from] FilesError),
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
    /// Starts or finds the servers, and makes or reads the users, for a scenario with all its devices in this process.
    pub async fn open(options: &Options) -> Result<Self, GroundError> {
        Self::open_for(options, Way::ByCommand).await
    }

    /// The same; on servers of its own, users come this way.
    pub async fn open_for(options: &Options, way: Way) -> Result<Self, GroundError> {
        files::check(options.devices)?;
        Self::begin(options, way).await
    }

    /// The same for a scenario whose devices may be in several processes.
    pub async fn open_for_crews(options: &Options) -> Result<Self, GroundError> {
        Self::begin(options, Way::ByCommand).await
    }

    async fn begin(options: &Options, way: Way) -> Result<Self, GroundError> {
        if let Some(layout) = options.own.start {
            // Preparing them takes minutes: what is known before is said before.
            files::check_nodes(options.devices, layout.nodes())?;
            prepare::spread(options.users(), options.devices)?;
        }
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
    pub fn crew(&self, board: &Arc<Board>) -> Result<Crew, DeviceError> {
        Crew::new(&self.fleet, self.targets.clone(), board.clone())
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

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::site::{Layout, StartOptions};

    /// Of a run with servers of its own, which cannot be started here.
    fn options(devices: usize) -> Options {
        let (start, server) = (Some(Layout::Nodes(2)), Some("/nowhere/keyleash".into()));
        Options {
            target: Vec::new(),
            admin: Vec::new(),
            database: None,
            fleet: None,
            devices,
            users: None,
            measured: Duration::ZERO,
            warm_up: Duration::ZERO,
            out: "/nowhere".into(),
            own: StartOptions { start, server, ..StartOptions::default() },
        }
    }

    #[tokio::test]
    async fn what_cannot_be_is_said_before_anything_is_started_or_prepared() {
        let most = files::devices_max();
        let here = Ground::open(&options(most + 1)).await.unwrap_err();
        assert!(matches!(here, GroundError::Files(FilesError::Here { .. })), "{here}");
        let node = Ground::open_for_crews(&options(2 * most + 1)).await.unwrap_err();
        assert!(matches!(node, GroundError::Files(FilesError::Node { .. })), "{node}");
        let nobody = Ground::open(&Options { users: Some(3), ..options(2) }).await.unwrap_err();
        assert!(matches!(nobody, GroundError::Prepare(PrepareError::Spread { .. })), "{nobody}");
        let has_room = Ground::open_for_crews(&options(2 * most)).await.unwrap_err();
        assert!(matches!(has_room, GroundError::Site(SiteError::NoServer { .. })), "{has_room}");
    }
}
