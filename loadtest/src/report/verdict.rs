//! Whether a run reached what it was to reach.

use crate::run::{Better, Figure, Latency, Run, Unit};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    Reached,
    Missed,
    /// There is a target, and nothing was measured that could reach it. Never shown as a success.
    Unmeasured,
}

/// A target and what became of it.
#[derive(Clone, Debug)]
pub struct Judged {
    pub title: String,
    pub unit: Unit,
    pub better: Better,
    pub value: f64,
    pub target: f64,
    pub verdict: Verdict,
}

impl Verdict {
    pub fn mark(self) -> char {
        match self {
            Self::Reached => '✓',
            Self::Missed => '✗',
            Self::Unmeasured => '?',
        }
    }

    pub fn word(self) -> &'static str {
        match self {
            Self::Reached => "reached",
            Self::Missed => "missed",
            Self::Unmeasured => "not measured",
        }
    }
}

impl Judged {
    /// `≤ 6 KiB`, `≥ 0.35`.
    pub fn target(&self) -> String {
        let sign = if self.better == Better::Higher { '≥' } else { '≤' };
        format!("{sign} {}", self.unit.show(self.target))
    }

    pub fn value(&self) -> String {
        if self.verdict == Verdict::Unmeasured {
            return "unknown".to_owned();
        }
        self.unit.show_apart(self.value, self.target)
    }
}

impl Figure {
    /// `None` if it has no target, or no side on which it were better.
    pub fn judged(&self) -> Option<Judged> {
        let target = self.target.filter(|_| self.better != Better::Neutral)?;
        let reached = match self.better {
            Better::Lower => self.value <= target,
            Better::Higher | Better::Neutral => self.value >= target,
        };
        let verdict = match reached {
            _ if !self.value.is_finite() => Verdict::Unmeasured,
            true => Verdict::Reached,
            false => Verdict::Missed,
        };
        Some(Judged {
            title: self.title.clone(),
            unit: self.unit,
            better: self.better,
            value: self.value,
            target,
            verdict,
        })
    }

    /// As it is shown, with or without a target.
    pub fn shown(&self) -> String {
        self.judged().map_or_else(|| self.unit.show(self.value), |judged| judged.value())
    }
}

impl Latency {
    pub fn judged(&self) -> Option<Judged> {
        let (target, value) = (self.target_p99?, self.quantile(0.99));
        let verdict = match value <= target {
            _ if self.count() == 0 => Verdict::Unmeasured,
            true => Verdict::Reached,
            false => Verdict::Missed,
        };
        Some(Judged {
            title: format!("{}, p99", self.title),
            unit: Unit::Seconds,
            better: Better::Lower,
            value,
            target,
            verdict,
        })
    }
}

impl Run {
    /// Every target that this run was held against.
    pub fn judged(&self) -> Vec<Judged> {
        let figures = self.figures.iter().filter_map(Figure::judged);
        figures.chain(self.latencies.iter().filter_map(Latency::judged)).collect()
    }

    /// In a sentence: `2 of 3 targets reached`, `all 3 targets reached`; `None` without targets.
    pub fn verdict(&self) -> Option<(Verdict, String)> {
        let judged = self.judged();
        let of = |verdict| judged.iter().filter(|judged| judged.verdict == verdict).count();
        let reached = of(Verdict::Reached);
        let unmeasured = match of(Verdict::Unmeasured) {
            0 => String::new(),
            some => format!(", {some} not measured"),
        };
        match judged.len() {
            0 => None,
            1 if reached == 1 => Some((Verdict::Reached, "the target reached".to_owned())),
            all if all == reached => Some((Verdict::Reached, format!("all {all} targets reached"))),
            1 if unmeasured.is_empty() => Some((Verdict::Missed, "the target missed".to_owned())),
            all => Some((Verdict::Missed, format!("{reached} of {all} targets reached{unmeasured}"))),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn figure(value: f64, better: Better, target: Option<f64>) -> Figure {
        Figure { name: "a".into(), title: "A".into(), value, unit: Unit::Ratio, better, target }
    }

    #[test]
    fn a_target_is_reached_on_its_side_and_at_itself() {
        let verdict = |value, better| figure(value, better, Some(0.35)).judged().map(|judged| judged.verdict);
        assert_eq!(verdict(0.35, Better::Higher), Some(Verdict::Reached));
        assert_eq!(verdict(0.35, Better::Lower), Some(Verdict::Reached));
        assert_eq!(verdict(0.349_9, Better::Higher), Some(Verdict::Missed));
        assert_eq!(verdict(0.350_1, Better::Lower), Some(Verdict::Missed));
        assert_eq!(verdict(f64::NAN, Better::Lower), Some(Verdict::Unmeasured));
        assert_eq!(verdict(0.1, Better::Neutral), None);
        assert!(figure(0.1, Better::Lower, None).judged().is_none());
    }

    #[test]
    fn what_was_not_measured_reaches_nothing() {
        let nothing = Latency { name: "a".into(), title: "A".into(), buckets: Vec::new(), target_p99: Some(1.0) };
        assert_eq!(nothing.judged().map(|judged| judged.verdict), Some(Verdict::Unmeasured));
    }
}
