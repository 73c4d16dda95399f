//! What one of each event costs, as it was measured. The only numbers in the model that come from a machine.

use std::{
    iter::Sum,
    ops::{Add, Mul, Sub},
};

use serde::{Deserialize, Serialize};

/// What one event costs, by part. An average: some events share a transaction with others.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Cost {
    /// Processor time of the nodes, microseconds.
    pub node_us: f64,
    /// Processor time of PostgreSQL, microseconds.
    pub store_us: f64,
    /// Processor time of Redis, microseconds.
    pub bus_us: f64,
    /// Of PostgreSQL, those that only read too.
    pub transactions: f64,
    /// Those that write; each has to reach the disk.
    pub commits: f64,
    pub wal_bytes: f64,
    /// Messages to Redis.
    pub publishes: f64,
}

/// The events of a device's life.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Events {
    /// A device that still holds its unlock key and is up to date connects: upgrade, signature, checks, welcome, empty page,
    /// list of devices, what the user's other devices are told of it.
    pub hello: Cost,
    /// It asks for its unlock key too, as a page does that was opened anew.
    pub unlock: Cost,
    /// Its socket closes.
    pub goodbye: Cost,
    /// One heartbeat of a live device: the ping, the empty page, its ack, the sign of life.
    pub heartbeat: Cost,
    /// A credential is changed, all that is done on the writer's behalf.
    pub put: Cost,
    /// The same arrives at one other live device.
    pub delivery: Cost,
    /// What is added to both when the credential is new, and has to go on record as given to each device.
    pub first_time: Cost,
    /// A device is removed by another, up to its receipt.
    pub removal: Cost,
    /// A login with a password and a second factor.
    pub login: Cost,
}

/// What is kept for one of each.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Memory {
    /// A node that serves nobody, bytes.
    pub node: f64,
    /// A node's, for a live device, its share of its user's included, bytes.
    pub device: f64,
    /// The kernel's, for a socket, bytes.
    pub socket: f64,
    /// Of Redis, for a user with a device on a node, bytes.
    pub channel: f64,
}

/// Rows with their indexes, bytes, without what updates leave behind.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rows {
    /// With its data key and recovery codes.
    pub user: f64,
    /// With its session and unlock key.
    pub device: f64,
    /// Without who holds it.
    pub credential: f64,
    /// That one device was given one credential.
    pub holding: f64,
    /// An entry of the security log.
    pub event: f64,
}

/// What each node does by itself.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Node {
    /// Sweep, lease and canary, for a second of a node without devices.
    pub second: Cost,
    /// A row that a sweep finds: a user or a device of somebody that changed.
    pub sweep_row: Cost,
}

/// Where the machine that was measured ended.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Limits {
    /// Transactions of two statements a second, `fsync` on, 32 clients.
    pub commits_per_second: f64,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct UnitCosts {
    /// Where it was measured.
    pub machine: String,
    pub events: Events,
    pub memory: Memory,
    pub rows: Rows,
    pub node: Node,
    pub limits: Limits,
    /// Calls to the key service: for a user on a node that holds none of the user's keys.
    pub kms_calls: f64,
}

impl Cost {
    fn zip(self, other: Self, of: impl Fn(f64, f64) -> f64) -> Self {
        Self {
            node_us: of(self.node_us, other.node_us),
            store_us: of(self.store_us, other.store_us),
            bus_us: of(self.bus_us, other.bus_us),
            transactions: of(self.transactions, other.transactions),
            commits: of(self.commits, other.commits),
            wal_bytes: of(self.wal_bytes, other.wal_bytes),
            publishes: of(self.publishes, other.publishes),
        }
    }

    /// Where a difference of two measurements is below nothing, noise is all that was measured.
    #[must_use]
    pub fn not_negative(self) -> Self {
        self.zip(Self::default(), f64::max)
    }
}

impl Add for Cost {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        self.zip(other, |a, b| a + b)
    }
}

impl Sub for Cost {
    type Output = Self;

    fn sub(self, other: Self) -> Self {
        self.zip(other, |a, b| a - b)
    }
}

impl Mul<f64> for Cost {
    type Output = Self;

    fn mul(self, times: f64) -> Self {
        self.zip(self, |a, _| a * times)
    }
}

impl Sum for Cost {
    fn sum<I: Iterator<Item = Self>>(costs: I) -> Self {
        costs.fold(Self::default(), Add::add)
    }
}
