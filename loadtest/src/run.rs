//! What a run found, as it is written to its JSON file: everything that the table, the report page and a comparison show.
//!
//! Owns: the form of that file. Never: a secret, or a name of a user, a device or an address of theirs.

use std::collections::BTreeMap;

use keyleash_protocol::UnixMillis;
use serde::{Deserialize, Serialize};

/// Files of another form are refused, not guessed at.
pub const FORMAT: u32 = 1;

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Run {
    pub format: u32,
    /// The command's name, such as `storm`.
    pub scenario: String,
    pub began: UnixMillis,
    /// The measured part, warm-up left out; seconds.
    pub measured_seconds: f64,
    /// What was asked for, by the option's name; in the order of the command line.
    pub options: Vec<(String, String)>,
    pub machine: Machine,
    /// Single numbers, in the order in which they are to be read.
    pub figures: Vec<Figure>,
    pub latencies: Vec<Latency>,
    pub series: Vec<Series>,
    /// What went wrong, by kind, and how often.
    pub errors: BTreeMap<String, u64>,
    /// What a reader has to know to trust the figures, such as that the client had no processor time left.
    pub remarks: Vec<String>,
}

/// Where the tool ran.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Machine {
    pub processor: String,
    pub cores: usize,
    pub memory_bytes: u64,
    pub kernel: String,
    /// This program's version, and the server's as far as it says it.
    pub version: String,
}

/// One number.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Figure {
    /// Stable: two runs are compared by it. Lower case words with `.` between groups, such as `server.bytes_per_device`.
    pub name: String,
    /// For people, such as "server memory for each live device".
    pub title: String,
    pub value: f64,
    pub unit: Unit,
    pub better: Better,
    /// What it is to reach, if that is said somewhere; `better` says on which side.
    pub target: Option<f64>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Unit {
    Count,
    PerSecond,
    Bytes,
    Seconds,
    /// A share or a quotient; 1 is even.
    Ratio,
    /// Of one core: 1 is a core that does nothing else.
    Cores,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Better {
    Lower,
    Higher,
    /// Neither: it says what was done, not how well.
    Neutral,
}

/// How long one kind of thing took: an HDR histogram's buckets, in microseconds.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Latency {
    /// As a figure's name.
    pub name: String,
    pub title: String,
    /// (highest value of the bucket in microseconds, how many), ascending, empty buckets left out.
    pub buckets: Vec<(u64, u64)>,
    /// For the 99th percentile, seconds.
    pub target_p99: Option<f64>,
}

/// A number over time.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Series {
    pub name: String,
    pub title: String,
    pub unit: Unit,
    /// (seconds since the run began, value), ascending.
    pub points: Vec<(f64, f64)>,
}

impl Latency {
    pub fn count(&self) -> u64 {
        self.buckets.iter().map(|(_, count)| count).sum()
    }

    /// The value that this share of all is at or below, seconds; 0 if there is none. `share` is 0 to 1.
    #[expect(clippy::cast_precision_loss, reason = "microseconds and counts far below 2^53")]
    pub fn quantile(&self, share: f64) -> f64 {
        let wanted = share * self.count() as f64;
        let mut seen = 0;
        for (micros, count) in &self.buckets {
            seen += count;
            if seen as f64 >= wanted {
                return *micros as f64 / 1e6;
            }
        }
        0.0
    }
}
