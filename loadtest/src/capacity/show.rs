//! The answer as tables.

use std::fmt::Write as _;

use super::{
    check::{Compared, Comparison},
    model::{Ceiling, Needs},
};
use crate::{report::units::whole, run::Unit};

/// Columns of numbers; the words before them get what is left of a terminal.
const COLUMN: usize = 18;
const WORDS: usize = 46;

/// One number of each size of site.
struct Row {
    words: &'static str,
    of: fn(&Answer) -> String,
}

/// What one size needs, over all its sites.
#[derive(Debug)]
pub struct Answer {
    pub devices: f64,
    pub sites: f64,
    /// Of each site.
    pub site: Needs,
    /// As if one site had to do everything: where it would break.
    pub alone: Needs,
}

const ROWS: &[Row] = &[
    Row { words: "sites, each with its part of the users", of: |answer| Unit::Count.show(answer.sites) },
    Row { words: "devices of a site", of: |answer| count(answer.site.devices) },
    Row { words: "of them connected in the busiest minute", of: |answer| count(answer.site.online) },
    Row { words: "hellos", of: |answer| Unit::PerSecond.show(answer.site.rates.hellos) },
    Row { words: "puts", of: |answer| Unit::PerSecond.show(answer.site.rates.puts) },
    Row { words: "heartbeats", of: |answer| Unit::PerSecond.show(answer.site.rates.heartbeats) },
    Row { words: "nodes, one to spare", of: |answer| Unit::Count.show(answer.site.nodes) },
    Row { words: "  cores that they need together", of: |answer| Unit::Count.show(answer.site.node_cores) },
    Row { words: "  memory that they need together", of: |answer| Unit::Bytes.show(answer.site.node_memory_bytes) },
    Row { words: "PostgreSQL: cores", of: |answer| Unit::Count.show(answer.site.store_cores) },
    Row { words: "  transactions", of: |answer| Unit::PerSecond.show(answer.site.load.transactions) },
    Row { words: "  of them commits", of: |answer| Unit::PerSecond.show(answer.site.load.commits) },
    Row { words: "  write-ahead log, a second", of: |answer| Unit::Bytes.show(answer.site.load.wal_bytes) },
    Row { words: "  data, with the security log", of: |answer| Unit::Bytes.show(answer.site.store_bytes) },
    Row { words: "Redis: messages", of: |answer| Unit::PerSecond.show(answer.site.load.publishes) },
    Row { words: "  shards", of: |answer| Unit::Count.show(answer.site.bus_shards) },
    Row { words: "  memory", of: |answer| Unit::Bytes.show(answer.site.bus_memory_bytes) },
    Row {
        words: "key service, calls of all sites together",
        of: |answer| Unit::PerSecond.show(answer.site.kms_calls * answer.sites),
    },
    Row { words: "mails, a day", of: |answer| count(answer.site.mails * 86_400.0 * answer.sites) },
    Row {
        words: "everybody back after everybody was cut off",
        of: |answer| Unit::Seconds.show(answer.site.everybody_back_seconds),
    },
];

/// What each size needs.
pub fn needs(answers: &[Answer]) -> String {
    let mut text = String::new();
    line(&mut text, "devices", answers.iter().map(|answer| count(answer.devices)));
    for row in ROWS {
        line(&mut text, row.words, answers.iter().map(row.of));
    }
    text
}

/// How near each limit is.
pub fn ceilings(answers: &[Answer]) -> String {
    let mut text = String::new();
    for answer in answers {
        let Ceiling { what, used } = answer.alone.first_ceiling();
        let devices = count(answer.devices);
        if *used > 1.0 {
            let _ = writeln!(text, "{devices} devices on one site break at the {}: {}", what.title(), times(*used));
        } else {
            let _ =
                writeln!(text, "{devices} devices on one site come nearest to the {}: {}", what.title(), share(*used));
        }
        for Ceiling { what, used } in &answer.site.ceilings {
            // The key service is everybody's.
            let used = if what.is_of_a_site() { *used } else { used * answer.sites };
            let _ = writeln!(text, "    {:<width$}{:>COLUMN$}", what.title(), share(used), width = WORDS - 4);
        }
    }
    text
}

/// Measured, reckoned, played through.
pub fn comparisons(comparisons: &[Comparison]) -> String {
    let mut text = String::new();
    let titles = ["measured", "formula", "simulation", "formula is off by"];
    line(&mut text, "", titles.into_iter().map(str::to_owned));
    for comparison in comparisons {
        let (words, unit) = match comparison.what {
            Compared::NodeMemory => ("memory of the nodes", Unit::Bytes),
            Compared::NodeTimeOfHello => ("node's processor time of a hello", Unit::Seconds),
            Compared::PartsTimeOfHello => ("the same of PostgreSQL and Redis", Unit::Seconds),
            Compared::HellosPerSecond => ("hellos, everything on one machine", Unit::PerSecond),
            Compared::IdleCores => ("nodes' cores while idle", Unit::Cores),
        };
        let simulated = comparison.simulated.map_or_else(String::new, |value| unit.show(value));
        let off = format!("{:+.0} %", comparison.deviation() * 100.0);
        let words = format!("{} devices: {words}", count(u64::try_from(comparison.devices).unwrap_or(u64::MAX)));
        let numbers = [unit.show(comparison.measured), unit.show(comparison.formula), simulated, off];
        line(&mut text, &words, numbers.into_iter());
    }
    text
}

fn line(text: &mut String, words: &str, columns: impl Iterator<Item = String>) {
    let _ = write!(text, "{words:<WORDS$}");
    for column in columns {
        let _ = write!(text, "{column:>COLUMN$}");
    }
    text.push('\n');
}

fn count(value: impl IntoCount) -> String {
    whole(value.into_count())
}

fn share(used: f64) -> String {
    if used > 1.0 { times(used) } else { format!("{:.0} %", used * 100.0) }
}

fn times(used: f64) -> String {
    format!("{} times what it takes", Unit::Count.show(used))
}

/// A number of things, from whatever it was reckoned in.
trait IntoCount {
    fn into_count(self) -> u64;
}

impl IntoCount for u64 {
    fn into_count(self) -> u64 {
        self
    }
}

impl IntoCount for f64 {
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "rounded, and never negative")]
    fn into_count(self) -> u64 {
        self.round() as u64
    }
}
