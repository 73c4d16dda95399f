//! Every bound of the actors, and why it is where it is.

use std::time::Duration;

/// Locks that the directory is divided into: with a few worker threads they hardly ever meet.
pub const DIRECTORY_SHARDS: usize = 64;
/// How long a user's actor stays after the last device left: a page that is reloaded finds it again.
pub const USER_LINGERS: Duration = Duration::from_secs(30);
/// Messages that may wait for a user's actor: every socket of the most devices joins, acknowledges and leaves at once.
/// What does not fit is a hint or an ack, and the sweep or the next heartbeat makes up for it.
pub const USER_MAILBOX: usize = 512;
/// A change of who is online or up to date is shown when it has lasted this long: acks of a change and a reload pass by.
pub const SHOW_PAUSE: Duration = Duration::from_millis(250);
/// Pause before a failed look at the database is tried again.
pub const LOOK_PAUSE: Duration = Duration::from_secs(1);
/// Pause before hints about a user cause a look again after one of them was made up: what a flood of them costs the
/// database, and what it delays a true one by.
pub const HINTS_PAUSE: Duration = Duration::from_millis(500);
/// Hints that are looked after one by one. A node that is full and busy gets fewer; more are left to a sweep,
/// which is one query.
pub const HINTS_PER_SECOND: u32 = 2_000;

/// How often the database is asked which users changed: the longest time that a lost hint can cost.
pub const SWEEP_EVERY: Duration = Duration::from_secs(5);
/// The same while the bus is known to lose hints.
pub const SWEEP_EVERY_BLIND: Duration = Duration::from_millis(500);
/// The least time between two sweeps: what somebody who floods the bus can make it.
pub const SWEEP_PAUSE: Duration = Duration::from_millis(100);
/// Each sweep looks this much further back than the last one reached, for changes that committed late. Longer than any
/// transaction is allowed to take.
pub const SWEEP_OVERLAP: Duration = Duration::from_secs(10);

/// Devices whose activity may wait to be written: three times a node's worth, so that only a database that is away for
/// long, while everybody comes and goes, loses some. About 10 MB.
pub const ACTIVITY_DEVICES_MAX: usize = 65_536;
/// Devices written in one transaction.
pub const ACTIVITY_BATCH: usize = 512;
/// A sign of life that says nothing else is written down this often: what is shown of a device whose node died is off by no
/// more. While its node lives, the node knows better.
pub const SIGN_OF_LIFE_EVERY: Duration = Duration::from_mins(5);
/// How long they are collected, and the pause before a failed batch is tried again.
pub const ACTIVITY_EVERY: Duration = Duration::from_secs(1);

/// A node that does not renew its lease for this long is dead to the others. Longer than a restart of the database takes.
pub const LEASE: Duration = Duration::from_secs(15);
/// Three times in a lease, so that one that is late or fails costs nothing.
pub const LEASE_RENEWED_EVERY: Duration = Duration::from_secs(5);
pub const LEASE_RETRY_PAUSE: Duration = Duration::from_secs(1);
/// When a node is gone, or many devices moved, users are told in batches with a pause between, so that their looks at the database come in a
/// stream, not in a flood.
pub const EVERYONE_BATCH: usize = 256;
pub const EVERYONE_PAUSE: Duration = Duration::from_millis(20);

/// Users told to leave at once when the node drains, and the pause between: reconnects come to the other nodes in a
/// stream, not in a flood.
pub const DRAIN_BATCH: usize = 256;
pub const DRAIN_PAUSE: Duration = Duration::from_millis(20);
/// Devices that are sent to emptier nodes come back within this time: before the next renewal of a lease, so that they are
/// counted where they are.
pub const BALANCE_SPREAD: Duration = Duration::from_secs(2);
/// How often the drain looks whether the last socket is gone.
pub const DRAIN_POLL: Duration = Duration::from_millis(20);

/// Devices in one list: as many as a user may have, and the last ones that were removed. With the longest names and user
/// agents that is one frame.
pub const DEVICES_SHOWN_MAX: usize = 40;
