//! Who is to be served, and on what: the assumptions. Each can be set on the command line.

/// Devices and what their owners do. Averages over all of them.
#[derive(Clone, Debug, PartialEq, clap::Args)]
#[command(next_help_heading = "Who is served")]
pub struct Population {
    /// Devices that one user has enrolled.
    #[arg(long, default_value_t = 2.0)]
    pub devices_per_user: f64,
    /// Share of the devices that are connected when most are.
    #[arg(long, default_value_t = 0.25)]
    pub online: f64,
    /// How often a device connects in a day: pages opened, laptops woken, networks changed.
    #[arg(long, default_value_t = 4.0)]
    pub connects_per_day: f64,
    /// How often of these the unlock key is wanted, because the page was opened anew.
    #[arg(long, default_value_t = 2.0)]
    pub unlocks_per_day: f64,
    /// Changes of credentials, of one user in a day.
    #[arg(long, default_value_t = 1.0)]
    pub puts_per_day: f64,
    /// Share of these that add a credential.
    #[arg(long, default_value_t = 0.1)]
    pub added: f64,
    /// Credentials that one user keeps.
    #[arg(long, default_value_t = 8.0)]
    pub credentials_per_user: f64,
    /// Logins of one user in a day.
    #[arg(long, default_value_t = 0.2)]
    pub logins_per_day: f64,
    /// Devices that one user removes in a year; as many are enrolled.
    #[arg(long, default_value_t = 0.5)]
    pub removals_per_year: f64,
    /// How much more happens in the busiest minute of a day than on average.
    #[arg(long, default_value_t = 4.0)]
    pub peak: f64,
    /// Years for which the security log is kept.
    #[arg(long, default_value_t = 2.0)]
    pub log_years: f64,
}

/// What it runs on, and how much of it may be used.
#[derive(Clone, Debug, PartialEq, clap::Args)]
#[command(next_help_heading = "What it runs on")]
pub struct Machines {
    /// Cores of one node.
    #[arg(long, default_value_t = 4.0)]
    pub node_cores: f64,
    /// Memory of one node, GiB.
    #[arg(long, default_value_t = 8.0)]
    pub node_memory_gib: f64,
    /// Devices on one node at the most: how many come to the others at once when it is lost.
    #[arg(long, default_value_t = 50_000.0)]
    pub node_devices: f64,
    /// Connections to PostgreSQL of one node (`store.connections`).
    #[arg(long, default_value_t = 16.0)]
    pub node_connections: f64,
    /// Cores of PostgreSQL's primary.
    #[arg(long, default_value_t = 32.0)]
    pub store_cores: f64,
    /// Commits a second that its disk makes durable, many at once.
    #[arg(long, default_value_t = 20_000.0)]
    pub store_commits: f64,
    /// Connections that it takes (`max_connections`).
    #[arg(long, default_value_t = 800.0)]
    pub store_connections: f64,
    /// Data that one primary keeps well, so that it can be copied and vacuumed; GiB.
    #[arg(long, default_value_t = 4_096.0)]
    pub store_gib: f64,
    /// Calls a second that the key service takes. AWS KMS: look up "Cryptographic operations (symmetric) request rate" among the
    /// quotas of your account and Region; it can be raised.
    #[arg(long, default_value_t = 10_000.0)]
    pub kms_calls: f64,
    /// How fast the cores are, compared with those on which the costs were measured.
    #[arg(long, default_value_t = 1.0)]
    pub speed: f64,
    /// Share of all of this that the busiest minute may use.
    #[arg(long, default_value_t = 0.5)]
    pub used: f64,
}

impl Default for Population {
    fn default() -> Self {
        Self {
            devices_per_user: 2.0,
            online: 0.25,
            connects_per_day: 4.0,
            unlocks_per_day: 2.0,
            puts_per_day: 1.0,
            added: 0.1,
            credentials_per_user: 8.0,
            logins_per_day: 0.2,
            removals_per_year: 0.5,
            peak: 4.0,
            log_years: 2.0,
        }
    }
}

impl Default for Machines {
    fn default() -> Self {
        Self {
            node_cores: 4.0,
            node_memory_gib: 8.0,
            node_devices: 50_000.0,
            node_connections: 16.0,
            store_cores: 32.0,
            store_commits: 20_000.0,
            store_connections: 800.0,
            store_gib: 4_096.0,
            kms_calls: 10_000.0,
            speed: 1.0,
            used: 0.5,
        }
    }
}
