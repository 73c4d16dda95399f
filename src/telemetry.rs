//! What is counted, for whoever watches the node. One place names every figure; no label carries a user, a device or an
//! address.

mod process;

use std::{
    error::Error,
    fmt,
    sync::{LazyLock, Mutex, PoisonError, atomic::AtomicU64},
};

use keyleash_protocol::CloseCode;
use prometheus_client::{
    encoding::{EncodeLabelSet, EncodeLabelValue, LabelValueEncoder, text},
    metrics::{counter::Counter, family::Family, gauge::Gauge, histogram::Histogram},
    registry::{Metric, Registry, Unit},
};

use self::process::Process;
use crate::causes;

/// A node's figures. There is one node in a process.
pub static FIGURES: LazyLock<Figures> = LazyLock::new(Figures::new);

/// Bounds of times, seconds: from what the network costs to where somebody gives up.
const TIMES: [f64; 13] = [0.000_5, 0.001, 0.002, 0.004, 0.008, 0.016, 0.032, 0.064, 0.25, 1.0, 5.0, 30.0, 120.0];

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Outcome {
    Ok,
    /// Worth trying again.
    Unavailable,
    /// For good.
    Refused,
}

impl Outcome {
    const ALL: [Self; 3] = [Self::Ok, Self::Unavailable, Self::Refused];
}

impl EncodeLabelValue for Outcome {
    fn encode(&self, encoder: &mut LabelValueEncoder<'_>) -> fmt::Result {
        let name = match self {
            Self::Ok => "ok",
            Self::Unavailable => "unavailable",
            Self::Refused => "refused",
        };
        name.encode(encoder)
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
pub struct ByOutcome {
    pub outcome: Outcome,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct ByReason {
    reason: &'static str,
}

impl From<CloseCode> for ByReason {
    fn from(code: CloseCode) -> Self {
        Self { reason: code.slug() }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
pub struct Call {
    pub operation: &'static str,
    pub outcome: Outcome,
}

/// How a part did when it was last used. Parts that cost money or trouble to ask are not asked for this.
#[derive(Debug, Default)]
pub struct Condition {
    up: Gauge,
    trouble: Mutex<Option<String>>,
}

impl Condition {
    pub fn is_well(&self) {
        self.up.set(1);
        self.trouble.lock().unwrap_or_else(PoisonError::into_inner).take();
    }

    /// `error` is shown to operators.
    pub fn has_trouble(&self, error: &dyn Error) {
        self.up.set(0);
        let trouble = causes::in_one_line(error);
        *self.trouble.lock().unwrap_or_else(PoisonError::into_inner) = Some(trouble);
    }

    /// What is wrong, if anything is.
    pub fn trouble(&self) -> Option<String> {
        self.trouble.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

#[derive(Debug)]
pub struct Figures {
    registry: Registry,
    pub kms: Condition,
    pub mail: Condition,
    /// The keys that a vendor's tokens are checked with; well where there is no vendor.
    pub vendor_keys: Condition,
    /// Open on this node, those that have not said hello too.
    pub sockets: Gauge,
    pub hellos: Family<ByOutcome, Counter>,
    /// Sockets that this side closed.
    closes: Family<ByReason, Counter>,
    /// Told to come back on a node that has fewer.
    pub rebalanced: Counter,
    /// Pages of changes put to devices.
    pub pushes: Counter,
    /// From a removal's commit to the word to its device.
    pub revocation_seconds: Histogram,
    /// From a removal's commit to the device's receipt.
    pub receipt_seconds: Histogram,
    pub kms_calls: Family<Call, Counter>,
    pub kms_seconds: Histogram,
    pub store_errors: Family<Call, Counter>,
    /// Transactions that were run again, because the database said that nothing of them was done.
    pub store_retries: Counter,
    pub mails: Family<ByOutcome, Counter>,
    /// Mails that wait in the outbox of all nodes together.
    pub outbox_waiting: Gauge,
    /// To other nodes. `Unavailable` ones are made up for by their sweeps.
    pub hints_published: Family<ByOutcome, Counter>,
    pub hints_heard: Counter,
    /// Messages on this program's channels that no node says.
    pub hints_refused: Counter,
    /// 1 while hints are known not to arrive.
    pub bus_blind: Gauge,
    /// How long ago the last sweep that worked began.
    pub sweep_lag_seconds: Gauge<f64, AtomicU64>,
    /// How far this machine's clock is ahead of the database's.
    pub clock_ahead_seconds: Gauge<f64, AtomicU64>,
}

impl Figures {
    fn new() -> Self {
        let mut registry = Registry::default();
        registry.register_collector(Box::new(Process::this()));
        let kept = registry.sub_registry_with_prefix("keyleash");
        Self {
            kms: condition(kept, "kms_up", "1 if the key service did what it was last asked for"),
            mail: condition(kept, "mail_up", "1 if the last mail could be handed over"),
            vendor_keys: condition(kept, "vendor_keys_up", "1 if the vendor's keys could be read when last looked at"),
            sockets: plain(kept, "sockets", "Open sockets on this node"),
            hellos: by_outcome(kept, "hellos", "Devices that said hello"),
            closes: by_reason(kept, "closes", "Sockets that the server closed"),
            rebalanced: plain(kept, "rebalanced", "Devices told to come back on a node that has fewer"),
            pushes: plain(kept, "pushes", "Pages of changes put to devices"),
            revocation_seconds: time(kept, "revocation", "From a removal to the word to its device"),
            receipt_seconds: time(kept, "receipt", "From a removal to the device's receipt"),
            kms_calls: plain(kept, "kms_calls", "Calls to the key service"),
            kms_seconds: time(kept, "kms_call", "How long the key service took"),
            store_errors: plain(kept, "store_errors", "Transactions that failed"),
            store_retries: plain(kept, "store_retries", "Transactions that were run again"),
            mails: by_outcome(kept, "mails", "Mails handed over, or not"),
            outbox_waiting: plain(kept, "outbox_waiting", "Mails that wait, of all nodes together"),
            hints_published: by_outcome(kept, "hints_published", "Hints to other nodes"),
            hints_heard: plain(kept, "hints_heard", "Hints from other nodes"),
            hints_refused: plain(kept, "hints_refused", "Messages on the bus that no node says"),
            bus_blind: plain(kept, "bus_blind", "1 while hints are known not to arrive"),
            sweep_lag_seconds: plain(kept, "sweep_lag_seconds", "How long ago the last sweep that worked began"),
            clock_ahead_seconds: plain(kept, "clock_ahead_seconds", "This machine's clock before the database's"),
            registry,
        }
    }

    pub fn closed(&self, code: CloseCode) {
        self.closes.get_or_create(&code.into()).inc();
    }

    /// As Prometheus reads it, in the text format of `OpenMetrics` 1.0.
    pub fn text(&self) -> String {
        let mut out = String::new();
        // Writing to a string does not fail.
        let _ = text::encode(&mut out, &self.registry);
        out
    }
}

fn plain<M: Metric + Clone + Default>(registry: &mut Registry, name: &str, help: &str) -> M {
    let metric = M::default();
    registry.register(name, help, metric.clone());
    metric
}

/// Begins at 0 for each outcome: the first of a kind is a change, not a new series.
fn by_outcome(registry: &mut Registry, name: &str, help: &str) -> Family<ByOutcome, Counter> {
    let family: Family<ByOutcome, Counter> = plain(registry, name, help);
    for outcome in Outcome::ALL {
        drop(family.get_or_create(&ByOutcome { outcome }));
    }
    family
}

/// Begins at 0 for each reason.
fn by_reason(registry: &mut Registry, name: &str, help: &str) -> Family<ByReason, Counter> {
    let family: Family<ByReason, Counter> = plain(registry, name, help);
    for code in CloseCode::ALL {
        drop(family.get_or_create(&(*code).into()));
    }
    family
}

/// Well until something is wrong.
fn condition(registry: &mut Registry, name: &str, help: &str) -> Condition {
    let condition = Condition { up: plain(registry, name, help), trouble: Mutex::default() };
    condition.is_well();
    condition
}

fn time(registry: &mut Registry, name: &str, help: &str) -> Histogram {
    let histogram = Histogram::new(TIMES);
    registry.register_with_unit(name, help, Unit::Seconds, histogram.clone());
    histogram
}

impl Call {
    pub const fn new(operation: &'static str, outcome: Outcome) -> Self {
        Self { operation, outcome }
    }

    /// Has these operations counted from 0 on, with each outcome: the first refusal is a change then.
    pub fn begin(operations: &[&'static str], calls: &Family<Self, Counter>) {
        for operation in operations {
            for outcome in Outcome::ALL {
                drop(calls.get_or_create(&Self::new(operation, outcome)));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::{fs, path::Path};

    use super::*;

    #[test]
    fn what_is_watched_is_counted() {
        for calls in [&FIGURES.kms_calls, &FIGURES.store_errors] {
            drop(calls.get_or_create(&Call::new("an operation", Outcome::Ok)));
        }
        let counted = FIGURES.text();
        for file in ["deploy/grafana/keyleash.json", "deploy/prometheus/alerts.yml"] {
            let text = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(file)).unwrap();
            let is_word = |c: char| c.is_ascii_lowercase() || c == '_';
            let names: Vec<&str> = text
                .match_indices("keyleash_")
                .map(|(at, _)| text[at..].split(|c| !is_word(c)).next().unwrap())
                .collect();
            assert!(names.len() > 5, "{file}");
            for name in names {
                assert!(counted.contains(&format!("\n{name}")), "{file} watches {name}, which nobody counts");
            }
        }
    }

    #[test]
    fn every_alert_says_what_to_do() {
        let read = |file| fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(file)).unwrap();
        let (rules, advice) = (read("deploy/prometheus/alerts.yml"), read("docs/operations.md"));
        let alerts: Vec<&str> = rules.lines().filter_map(|line| line.trim().strip_prefix("- alert: ")).collect();
        assert!(alerts.len() > 5);
        for alert in alerts {
            assert!(
                advice.contains(&format!("| `{alert}` |")),
                "docs/operations.md does not say what to do about {alert}"
            );
        }
    }
}
