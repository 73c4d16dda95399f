//! From costs and a population to what it needs, and which limit is met first. Arithmetic and nothing else: a rate times a
//! cost is a load, a load over what one machine takes is a number of machines.

use super::{
    costs::{Cost, UnitCosts},
    population::{Machines, Population},
};

const DAY_SECONDS: f64 = 86_400.0;
const YEAR_DAYS: f64 = 365.0;
const GIB: f64 = 1_073_741_824.0;
/// The server's defaults and constants that its load depends on.
const HEARTBEAT_SECONDS: f64 = 30.0;
const SWEEP_EVERY_SECONDS: f64 = 5.0;
/// Each sweep looks as far back as the one before the last, and ten seconds more.
const SWEEP_WINDOW_SECONDS: f64 = 2.0 * SWEEP_EVERY_SECONDS + 10.0;
/// A statement is given up after four seconds; a sweep that takes a quarter of that is near enough.
const SWEEP_SECONDS_MAX: f64 = 1.0;
const LEASE_EVERY_SECONDS: f64 = 5.0;
/// Hints that a node looks after one by one; the rest is left to its sweep.
const HINTS_PER_SECOND: f64 = 2_000.0;
/// How long a node keeps a user's data key, and for how many users at least.
const DATA_KEY_SECONDS: f64 = 900.0;
const DATA_KEYS: f64 = 8_192.0;
/// Entries in the security log of one event that leaves any.
const LOG_ENTRIES_PER_LOGIN: f64 = 1.0;
/// Tables and indexes are larger than their rows by this much when `autovacuum` keeps up with its defaults.
const BLOAT: f64 = 1.3;

/// How often each thing happens in the busiest minute, a second.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Rates {
    pub hellos: f64,
    pub unlocks: f64,
    pub heartbeats: f64,
    pub puts: f64,
    pub deliveries: f64,
    pub gifts: f64,
    pub logins: f64,
    pub removals: f64,
}

/// What one site needs: nodes, one PostgreSQL, one Redis or a cluster, a key service, a mail server.
#[derive(Clone, Debug, PartialEq)]
pub struct Needs {
    pub devices: f64,
    pub users: f64,
    pub online: f64,
    pub rates: Rates,
    /// All of it in a second; of the nodes' processor time, without what they do by themselves.
    pub load: Cost,
    pub nodes: f64,
    pub node_cores: f64,
    pub node_memory_bytes: f64,
    pub store_cores: f64,
    pub store_bytes: f64,
    /// Redis uses one core for its commands; so many share the channels.
    pub bus_shards: f64,
    pub bus_memory_bytes: f64,
    pub kms_calls: f64,
    pub mails: f64,
    /// How long it takes until everybody is back after everybody was cut off, in seconds: what is slowest decides.
    pub everybody_back_seconds: f64,
    /// The nearest first.
    pub ceilings: Vec<Ceiling>,
}

/// A limit that more nodes do not lift.
#[derive(Clone, Debug, PartialEq)]
pub struct Ceiling {
    pub what: Limit,
    /// Of what may be used; beyond 1 it does not work.
    pub used: f64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Limit {
    StoreProcessor,
    StoreCommits,
    StoreSize,
    StoreConnections,
    SweepTime,
    HintsOfANode,
    /// One quota for an account and Region, however many sites share it.
    KeyService,
}

impl Limit {
    pub const fn title(self) -> &'static str {
        match self {
            Self::StoreProcessor => "processor of one PostgreSQL primary",
            Self::StoreCommits => "commits of one PostgreSQL primary",
            Self::StoreSize => "data on one PostgreSQL primary",
            Self::StoreConnections => "connections to PostgreSQL",
            Self::SweepTime => "what one sweep finds",
            Self::HintsOfANode => "hints that a node looks after",
            Self::KeyService => "calls to the key service",
        }
    }

    /// Whether two sites have twice as much of it.
    pub const fn is_of_a_site(self) -> bool {
        match self {
            Self::StoreProcessor
            | Self::StoreCommits
            | Self::StoreSize
            | Self::StoreConnections
            | Self::SweepTime
            | Self::HintsOfANode => true,
            Self::KeyService => false,
        }
    }
}

impl Rates {
    /// In the busiest minute; with `peak` 1, on average.
    pub fn of(devices: f64, population: &Population) -> Self {
        let users = devices / population.devices_per_user;
        let a_second = |a_day: f64| a_day * population.peak / DAY_SECONDS;
        let puts = a_second(users * population.puts_per_day);
        Self {
            hellos: a_second(devices * population.connects_per_day),
            unlocks: a_second(devices * population.unlocks_per_day),
            heartbeats: devices * population.online / HEARTBEAT_SECONDS,
            puts,
            deliveries: puts * (population.devices_per_user - 1.0).max(0.0) * population.online,
            // Sooner or later each of the user's devices is given what is new.
            gifts: puts * population.added * population.devices_per_user,
            logins: a_second(users * population.logins_per_day),
            removals: a_second(users * population.removals_per_year / YEAR_DAYS),
        }
    }

    /// What all of it costs, a second.
    pub fn cost(&self, costs: &UnitCosts) -> Cost {
        let events = &costs.events;
        [
            (events.hello + events.goodbye) * self.hellos,
            events.unlock * self.unlocks,
            events.heartbeat * self.heartbeats,
            events.put * self.puts,
            events.delivery * self.deliveries,
            events.first_time * self.gifts,
            events.login * self.logins,
            events.removal * self.removals,
        ]
        .into_iter()
        .sum()
    }

    /// Rows that are new to a sweep, a second: users that changed, and devices that came, went or caught up.
    fn moved(&self) -> f64 {
        self.puts + self.removals + 2.0 * self.hellos + self.deliveries
    }
}

impl Needs {
    /// Of one site with so many devices.
    pub fn of(devices: f64, population: &Population, machines: &Machines, costs: &UnitCosts) -> Self {
        let (users, online) = (devices / population.devices_per_user, devices * population.online);
        let rates = Rates::of(devices, population);
        let load = rates.cost(costs);
        let of_core = 1e6 * machines.speed * machines.used;

        let bytes_per_device = costs.memory.device + costs.memory.socket;
        let by_memory = online * bytes_per_device / (machines.node_memory_gib * GIB * machines.used);
        let by_processor = load.node_us / (of_core * machines.node_cores);
        // One more than is needed: one may be lost or restarted at any time.
        let nodes = (online / machines.node_devices).max(by_memory).max(by_processor).ceil().max(1.0);
        let nodes = if devices > machines.node_devices { nodes + 1.0 } else { nodes };

        let rows_per_sweep = rates.moved() * SWEEP_WINDOW_SECONDS;
        let sweeps = costs.node.sweep_row * (nodes * rows_per_sweep / SWEEP_EVERY_SECONDS);
        // A lease's answer names every node.
        let leases = costs.node.sweep_row * (nodes * nodes / LEASE_EVERY_SECONDS);
        let own = costs.node.second * nodes + sweeps + leases;
        let store_us = load.store_us + own.store_us;
        let store_bytes = store_bytes(users, devices, population, costs);
        let kms_calls = kms_calls(users, &rates, nodes, population, costs);
        let hints_of_a_node = load.publishes / nodes;

        let mut ceilings = vec![
            Ceiling { what: Limit::StoreProcessor, used: store_us / (of_core * machines.store_cores) },
            Ceiling {
                what: Limit::StoreCommits,
                used: (load.commits + own.commits) / (machines.store_commits * machines.used),
            },
            Ceiling { what: Limit::StoreSize, used: store_bytes / (machines.store_gib * GIB) },
            Ceiling {
                what: Limit::StoreConnections,
                used: nodes * machines.node_connections / machines.store_connections,
            },
            Ceiling {
                what: Limit::SweepTime,
                used: rows_per_sweep * costs.node.sweep_row.store_us / 1e6 / machines.speed / SWEEP_SECONDS_MAX,
            },
            Ceiling { what: Limit::HintsOfANode, used: hints_of_a_node / HINTS_PER_SECOND },
            Ceiling { what: Limit::KeyService, used: kms_calls / (machines.kms_calls * machines.used) },
        ];
        ceilings.sort_by(|one, other| other.used.total_cmp(&one.used));

        Self {
            devices,
            users,
            online,
            rates,
            load: load + own,
            nodes,
            node_cores: (load.node_us + own.node_us) / of_core,
            node_memory_bytes: nodes * costs.memory.node + online * bytes_per_device,
            store_cores: store_us / of_core,
            store_bytes,
            bus_shards: ((load.bus_us + own.bus_us) / of_core).ceil().max(1.0),
            // At worst each of a user's devices is on a node of its own.
            bus_memory_bytes: online * costs.memory.channel,
            kms_calls,
            mails: mails(&rates),
            everybody_back_seconds: online * slowest_hello(nodes, machines, costs),
            ceilings,
        }
    }

    /// The least number of sites, each complete and with its part of the users, in which nothing is beyond its limit.
    pub fn sites(devices: f64, population: &Population, machines: &Machines, costs: &UnitCosts) -> (f64, Self) {
        let fits = |sites: f64| {
            let needs = Self::of(devices / sites, population, machines, costs);
            needs.ceilings.iter().all(|ceiling| !ceiling.what.is_of_a_site() || ceiling.used <= 1.0)
        };
        let mut enough = 1.0;
        while !fits(enough) {
            enough *= 2.0;
        }
        // The limit lies between the last that did not fit and the first that did.
        let mut too_few = enough / 2.0;
        while enough - too_few > 1.0 {
            let middle = f64::midpoint(enough, too_few).floor();
            if fits(middle) {
                enough = middle;
            } else {
                too_few = middle;
            }
        }
        (enough, Self::of(devices / enough, population, machines, costs))
    }

    /// The nearest ceiling.
    pub fn first_ceiling(&self) -> &Ceiling {
        &self.ceilings[0]
    }
}

fn store_bytes(users: f64, devices: f64, population: &Population, costs: &UnitCosts) -> f64 {
    let rows = &costs.rows;
    let credentials = users * population.credentials_per_user;
    let of_state = users * rows.user
        + devices * rows.device
        + credentials * (rows.credential + rows.holding * population.devices_per_user);
    // Each put is in the log, each credential that a device is given for the first time, each login.
    let entries_a_day = population.puts_per_day * (1.0 + population.added * (population.devices_per_user - 1.0))
        + population.logins_per_day * LOG_ENTRIES_PER_LOGIN;
    let of_log = users * entries_a_day * YEAR_DAYS * population.log_years * rows.event;
    (of_state + of_log) * BLOAT
}

/// A user's data key is wanted by an unlock and a put, and on each other node by a delivery. Wants of one user that come at
/// random, so many a second, meet a key that is kept for a time T: the share 1 / (1 + rate T) of them finds none. Where more
/// keys are wanted than a node keeps, none is kept for its whole time, and the rest of that gain is lost.
fn kms_calls(users: f64, rates: &Rates, nodes: f64, population: &Population, costs: &UnitCosts) -> f64 {
    let wants = rates.unlocks + rates.puts + rates.deliveries;
    // A user's devices are on as many nodes as there are online, one at the least.
    let places = users * (population.devices_per_user * population.online).clamp(1.0, nodes.max(1.0));
    let rate = wants / places;
    let kept = |seconds: f64| wants / (1.0 + rate * seconds);
    let held_per_node = kept(DATA_KEY_SECONDS) * DATA_KEY_SECONDS / nodes;
    let seconds = DATA_KEY_SECONDS * (DATA_KEYS / held_per_node).min(1.0);
    kept(seconds) * costs.kms_calls
}

/// A mail that asks to verify and one that tells of it for each device that is enrolled, and one for each that is removed.
fn mails(rates: &Rates) -> f64 {
    3.0 * rates.removals
}

/// Seconds for each hello when everybody says it at once: whichever of nodes and database takes longer.
fn slowest_hello(nodes: f64, machines: &Machines, costs: &UnitCosts) -> f64 {
    let core = 1e6 * machines.speed;
    let hello = costs.events.hello;
    (hello.node_us / (core * machines.node_cores * nodes))
        .max(hello.store_us / (core * machines.store_cores))
        .max(hello.commits / machines.store_commits)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::capacity::costs::{Events, Memory, Node, Rows};

    /// Round numbers, so that what comes out can be reckoned in one's head.
    fn costs() -> UnitCosts {
        let cost = |node_us, store_us, commits| Cost { node_us, store_us, commits, publishes: 1.0, ..Cost::default() };
        UnitCosts {
            events: Events {
                hello: cost(100.0, 200.0, 1.0),
                put: cost(1_000.0, 2_000.0, 1.0),
                heartbeat: cost(10.0, 20.0, 0.0),
                ..Events::default()
            },
            memory: Memory { device: 4_000.0, socket: 5_000.0, ..Memory::default() },
            rows: Rows { user: 1_000.0, device: 1_000.0, event: 200.0, ..Rows::default() },
            node: Node { sweep_row: cost(1.0, 1.0, 0.0), ..Node::default() },
            kms_calls: 1.0,
            ..UnitCosts::default()
        }
    }

    fn near(value: f64, expected: f64) {
        assert!((value - expected).abs() <= expected.abs() * 1e-9, "{value} is not {expected}");
    }

    #[test]
    fn a_day_becomes_a_busy_second() {
        let population = Population { peak: 2.0, connects_per_day: 4.0, puts_per_day: 1.0, ..Population::default() };
        let rates = Rates::of(86_400.0, &population);
        near(rates.hellos, 8.0);
        near(rates.puts, 1.0);
        near(rates.heartbeats, 86_400.0 * 0.25 / 30.0);
        near(rates.deliveries, 0.25);
    }

    #[test]
    fn a_rate_times_a_cost_is_a_load() {
        let rates = Rates { hellos: 10.0, puts: 2.0, heartbeats: 100.0, ..Rates::default() };
        let load = rates.cost(&costs());
        near(load.node_us, 1_000.0 + 2_000.0 + 1_000.0);
        near(load.store_us, 2_000.0 + 4_000.0 + 2_000.0);
        near(load.commits, 12.0);
        near(load.publishes, 112.0);
    }

    #[test]
    fn ten_times_the_devices_are_ten_times_the_load_and_more_than_that_for_the_sweep() {
        let (population, machines, costs) = (Population::default(), Machines::default(), costs());
        let [small, large] = [1e6, 1e7].map(|devices| Needs::of(devices, &population, &machines, &costs));
        near(large.rates.cost(&costs).store_us, 10.0 * small.rates.cost(&costs).store_us);
        // Ten times the nodes ask for ten times the rows.
        assert!(large.load.store_us > 10.5 * small.load.store_us, "{} {}", large.load.store_us, small.load.store_us);
    }

    #[test]
    fn a_few_users_fit_on_one_node_and_more_get_one_to_spare() {
        let (population, machines, costs) = (Population::default(), Machines::default(), costs());
        near(Needs::of(10_000.0, &population, &machines, &costs).nodes, 1.0);
        near(Needs::of(400_000.0, &population, &machines, &costs).nodes, 3.0);
        let little = Machines { node_memory_gib: 0.1, ..machines };
        assert!(Needs::of(400_000.0, &population, &little, &costs).nodes > 10.0);
    }

    #[test]
    fn a_key_is_fetched_once_however_busy_its_user_is_and_each_time_for_one_who_is_seldom_here() {
        let (costs, population) = (costs(), Population { online: 0.5, ..Population::default() });
        let calls = |users: f64, unlocks: f64| {
            kms_calls(users, &Rates { unlocks, ..Rates::default() }, 1_000.0, &population, &costs)
        };
        // One user who is there all the time: one call in 15 minutes.
        assert!((calls(1.0, 1_000.0) - 1.0 / 900.0).abs() < 1e-5);
        // A million who come once a year.
        let seldom = 1e6 / (YEAR_DAYS * DAY_SECONDS);
        assert!((calls(1e6, seldom) - seldom).abs() < seldom * 1e-3);
        assert!(calls(1e6, 10_000.0) < 10_000.0 / 5.0);
    }

    #[test]
    fn what_one_site_cannot_do_several_can() {
        let (population, machines, costs) = (Population::default(), Machines::default(), costs());
        let (sites, needs) = Needs::sites(1e8, &population, &machines, &costs);
        assert!(sites > 1.0);
        assert!(needs.ceilings.iter().all(|ceiling| !ceiling.what.is_of_a_site() || ceiling.used <= 1.0));
        let fewer = Needs::of(1e8 / (sites - 1.0), &population, &machines, &costs);
        assert!(fewer.first_ceiling().used > 1.0, "one site less is not enough");
        near(Needs::sites(1e4, &population, &machines, &costs).0, 1.0);
    }

    #[test]
    fn the_nearest_ceiling_is_the_first() {
        let needs = Needs::of(1e6, &Population::default(), &Machines::default(), &costs());
        assert!(needs.ceilings.is_sorted_by(|one, other| one.used >= other.used));
        let scarce = Machines { store_connections: 16.0, ..Machines::default() };
        let needs = Needs::of(1e6, &Population::default(), &scarce, &costs());
        assert_eq!(needs.first_ceiling().what, Limit::StoreConnections);
    }
}
