//! Limits that an operator may set. Those that nobody should have to set are constants beside what they limit.

use std::time::Duration;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// How long and how many.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Limits {
    /// How long an unlocked browser may go on without the server, seconds; 0 to 86,400. The price of a longer time: a
    /// stolen device that is kept off the network stays unlocked that long.
    pub grace_seconds: u64,
    /// How often the server asks whether a socket's other end is alive, seconds; 1 to 300.
    pub heartbeat_seconds: u64,
    /// How long a removed device's key stays sealed aside, so that it can come back with its local-only keys; days, 0 to 90.
    pub restore_days: u64,
    /// How long a login lasts, days; 1 to 365.
    pub session_days: u64,
    /// How long a link in a mail is good, minutes; 1 to 1,440.
    pub link_minutes: u64,
    /// Mails that one user can cause by asking, such as verification mails, an hour; strangers can cause as many.
    pub mails_per_hour: u32,
    /// Logins, sign-ups and other tries from one address before each further one has to wait.
    pub attempts_per_address: u32,
    /// Passwords that are checked at the same time; each takes 19 MiB of memory while it is.
    pub password_checks: usize,
    /// Sockets from one address that have not said hello yet.
    pub sockets_before_hello_per_address: u32,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            grace_seconds: 15 * 60,
            heartbeat_seconds: 30,
            restore_days: 7,
            session_days: 30,
            link_minutes: 15,
            mails_per_hour: 20,
            attempts_per_address: 300,
            password_checks: 2,
            sockets_before_hello_per_address: 256,
        }
    }
}

impl Limits {
    pub const fn grace(&self) -> Duration {
        Duration::from_secs(self.grace_seconds)
    }

    pub const fn heartbeat(&self) -> Duration {
        Duration::from_secs(self.heartbeat_seconds)
    }

    pub const fn restore_window(&self) -> Duration {
        Duration::from_secs(self.restore_days * 86_400)
    }

    pub const fn session_life(&self) -> Duration {
        Duration::from_secs(self.session_days * 86_400)
    }

    pub const fn link_life(&self) -> Duration {
        Duration::from_secs(self.link_minutes * 60)
    }
}
