//! Two runs of one scenario beside each other: what became better, what worse, and what else was not the same.

pub mod page;
pub mod table;

use std::path::PathBuf;

use crate::{
    report::{
        file::{ReportError, read, store},
        plot::PlotError,
        put,
        table::QUANTILES,
        units::whole,
    },
    run::{Better, Figure, Latency, Run, Unit},
};

/// Two runs of the same program on the same quiet machine differ by about this much, so a difference below it says nothing.
/// On a machine that others use too, times differ by more; ratios to the floor and CPU for each operation are steadier.
pub const NOISE_PERCENT: f64 = 10.0;

/// Beyond this a ratio says no more than that the two have nothing in common.
const RATIO_MAX: f64 = 1000.0;

/// Two runs of one scenario beside each other: what became better, what worse, and what was not made alike.
#[derive(Clone, Debug, clap::Args)]
pub struct CompareArgs {
    /// The JSON file of the run to compare with.
    pub before: PathBuf,
    /// The JSON file of the run that is compared.
    pub after: PathBuf,
    /// Write a page with both runs laid over each other.
    #[arg(long, value_name = "FILE")]
    pub html: Option<PathBuf>,
    /// Up to how many percent two figures are about the same.
    #[arg(long, value_name = "PERCENT", default_value_t = NOISE_PERCENT, value_parser = percent)]
    pub noise: f64,
}

#[derive(Debug, thiserror::Error)]
pub enum CompareError {
    #[error(transparent)]
    File(#[from] ReportError),
    #[error("runs of two scenarios cannot be compared: {before} and {after}")]
    Scenario { before: String, after: String },
    #[error("the page cannot be made")]
    Page(#[from] PlotError),
}

/// What `loadtest compare` does: the table on the terminal, and the page if it is asked for.
pub fn compare(args: &CompareArgs) -> Result<(), CompareError> {
    let (before, after) = (read(&args.before)?, read(&args.after)?);
    let comparison = Comparison::of(&before, &after, args.noise)?;
    if let Some(path) = &args.html {
        store(path, &page::page(&comparison)?)?;
    }
    put(&table::table(&comparison, console::colors_enabled()));
    Ok(())
}

fn percent(text: &str) -> Result<f64, String> {
    let percent: Option<f64> = text.parse().ok();
    percent.filter(|percent| (0.0..=1000.0).contains(percent)).ok_or_else(|| "a number from 0 to 1000".to_owned())
}

/// Two runs that may be compared.
#[derive(Debug)]
pub struct Comparison<'a> {
    pub before: &'a Run,
    pub after: &'a Run,
    /// As a share: 0.1 is 10 %.
    pub noise: f64,
    pub figures: Vec<Pair>,
    pub latencies: Vec<LatencyPair<'a>>,
    /// (kind, before, after)
    pub errors: Vec<(&'a str, u64, u64)>,
    pub differences: Vec<Difference>,
}

/// A number of both runs; `None` in the one that does not have it.
#[derive(Clone, Debug)]
pub struct Pair {
    pub title: String,
    pub unit: Unit,
    pub better: Better,
    pub before: Option<f64>,
    pub after: Option<f64>,
}

#[derive(Debug)]
pub struct LatencyPair<'a> {
    pub title: &'a str,
    pub before: Option<&'a Latency>,
    pub after: Option<&'a Latency>,
    /// Count first, then each of [`QUANTILES`].
    pub numbers: Vec<Pair>,
}

/// Something that the runs were made with, and not alike.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Difference {
    pub what: String,
    pub before: String,
    pub after: String,
    /// Another program is what one compares; other options or another machine are not.
    pub disturbs: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Change {
    Same,
    Better,
    Worse,
    /// Neither better nor worse: it says what was done.
    Other,
    /// Only one of the runs has it.
    Alone,
}

impl<'a> Comparison<'a> {
    pub fn of(before: &'a Run, after: &'a Run, noise_percent: f64) -> Result<Self, CompareError> {
        if before.scenario != after.scenario {
            let (before, after) = (before.scenario.clone(), after.scenario.clone());
            return Err(CompareError::Scenario { before, after });
        }
        let figures = joined(&before.figures, &after.figures, |figure| &figure.name);
        let latencies = joined(&before.latencies, &after.latencies, |latency| &latency.name);
        let kinds = joined_keys(before.errors.keys(), after.errors.keys());
        let count = |run: &Run, kind: &str| run.errors.get(kind).copied().unwrap_or(0);
        Ok(Self {
            before,
            after,
            noise: noise_percent / 100.0,
            figures: figures.into_iter().filter_map(|(before, after)| Pair::of_figures(before, after)).collect(),
            latencies: latencies.into_iter().filter_map(|(before, after)| LatencyPair::of(before, after)).collect(),
            errors: kinds.into_iter().map(|kind| (kind.as_str(), count(before, kind), count(after, kind))).collect(),
            differences: differences(before, after),
        })
    }

    /// Whether more is different than the program.
    pub fn is_disturbed(&self) -> bool {
        self.differences.iter().any(|difference| difference.disturbs)
    }

    /// `3 better, 1 worse, 8 about the same (within 10 %)`.
    pub fn summary(&self) -> String {
        let pairs = || self.figures.iter().chain(self.latencies.iter().flat_map(|latency| &latency.numbers));
        let of = |change| pairs().filter(|pair| pair.change(self.noise) == change).count();
        format!(
            "{} better, {} worse, {} about the same (within {} %)",
            of(Change::Better),
            of(Change::Worse),
            of(Change::Same),
            Unit::Ratio.show(self.noise * 100.0)
        )
    }
}

impl Pair {
    fn of_figures(before: Option<&Figure>, after: Option<&Figure>) -> Option<Self> {
        let known = after.or(before)?;
        Some(Self {
            title: known.title.clone(),
            unit: known.unit,
            better: known.better,
            before: before.filter(|before| before.unit == known.unit).map(|before| before.value),
            after: after.map(|after| after.value),
        })
    }

    /// After to before. `None` if one of them is not there, or there is nothing to relate to.
    pub fn ratio(&self) -> Option<f64> {
        let (before, after) = (self.before?, self.after?);
        if before == 0.0 && after == 0.0 {
            return Some(1.0);
        }
        Some(after / before).filter(|ratio| ratio.is_finite() && *ratio >= 0.0)
    }

    pub fn change(&self, noise: f64) -> Change {
        let (Some(before), Some(after)) = (self.before, self.after) else { return Change::Alone };
        // A third more and a quarter less are equally far.
        let near = self.ratio().is_some_and(|ratio| ratio <= 1.0 + noise && ratio * (1.0 + noise) >= 1.0);
        match self.better {
            _ if near => Change::Same,
            Better::Neutral => Change::Other,
            Better::Lower if after < before => Change::Better,
            Better::Higher if after > before => Change::Better,
            Better::Lower | Better::Higher => Change::Worse,
        }
    }

    /// `25 % higher, better`, `3.2 times as much, worse`, `about the same`, `only before`.
    pub fn words(&self, noise: f64) -> String {
        let change = self.change(noise);
        let judgement = match change {
            Change::Better => ", better",
            Change::Worse => ", worse",
            Change::Same | Change::Other | Change::Alone => "",
        };
        match (change, self.ratio(), self.before, self.after) {
            (Change::Same, ..) => "about the same".to_owned(),
            (Change::Alone, _, Some(_), None) => "only before".to_owned(),
            (Change::Alone, ..) => "only after".to_owned(),
            (_, Some(ratio), ..) if ratio > RATIO_MAX => {
                format!("over {} times{judgement}", Unit::Count.show(RATIO_MAX))
            }
            (_, Some(ratio), ..) if ratio >= 2.0 => format!("{} times as much{judgement}", Unit::Ratio.show(ratio)),
            (_, Some(ratio), ..) if ratio >= 1.0 => format!("{:.0} % higher{judgement}", (ratio - 1.0) * 100.0),
            (_, Some(ratio), ..) if ratio >= 0.01 => format!("{:.0} % lower{judgement}", (1.0 - ratio) * 100.0),
            (_, Some(_), ..) => format!("next to nothing{judgement}"),
            (_, None, ..) => format!("from nothing{judgement}"),
        }
    }

    pub fn ratio_shown(&self) -> String {
        match self.ratio() {
            Some(ratio) if ratio > RATIO_MAX => format!("> {}", Unit::Count.show(RATIO_MAX)),
            Some(ratio) => Unit::Ratio.show(ratio),
            None => "–".to_owned(),
        }
    }

    /// Before and after as they are shown.
    pub fn shown(&self) -> [String; 2] {
        [self.before, self.after].map(|value| value.map_or_else(|| "–".to_owned(), |value| self.unit.show(value)))
    }
}

impl<'a> LatencyPair<'a> {
    #[expect(clippy::cast_precision_loss, reason = "counts far below 2^53")]
    fn of(before: Option<&'a Latency>, after: Option<&'a Latency>) -> Option<Self> {
        let title = after.or(before)?.title.as_str();
        let both = [before, after].map(|latency| latency.filter(|latency| latency.count() > 0));
        let [count_before, count_after] = both.map(|latency| latency.map(|latency| latency.count() as f64));
        let mut numbers = vec![Pair {
            title: "count".to_owned(),
            unit: Unit::Count,
            better: Better::Neutral,
            before: count_before,
            after: count_after,
        }];
        numbers.extend(QUANTILES.map(|(name, share)| {
            let [before, after] = both.map(|latency| latency.map(|latency| latency.quantile(share)));
            Pair { title: name.to_owned(), unit: Unit::Seconds, better: Better::Lower, before, after }
        }));
        Some(Self { title, before, after, numbers })
    }
}

fn differences(before: &Run, after: &Run) -> Vec<Difference> {
    let mut differences = Vec::new();
    let mut differ = |what: String, values: [String; 2], disturbs: bool| {
        let [before, after] = values;
        if before != after {
            differences.push(Difference { what, before, after, disturbs });
        }
    };
    for (before, after) in joined(&before.options, &after.options, |(name, _)| name) {
        let Some((name, _)) = after.or(before) else { continue };
        let shown =
            [before, after].map(|option| option.map_or_else(|| "not given".to_owned(), |(_, value)| value.clone()));
        differ(name.clone(), shown, true);
    }
    let machines = [&before.machine, &after.machine];
    #[expect(clippy::cast_precision_loss, reason = "the memory of a machine is far below 2^53 bytes")]
    let memory = machines.map(|machine| Unit::Bytes.show(machine.memory_bytes as f64));
    differ("processor".to_owned(), machines.map(|machine| machine.processor.clone()), true);
    differ("cores".to_owned(), machines.map(|machine| whole(machine.cores as u64)), true);
    differ("memory".to_owned(), memory, true);
    differ("kernel".to_owned(), machines.map(|machine| machine.kernel.clone()), true);
    differ("version".to_owned(), machines.map(|machine| machine.version.clone()), false);
    differences
}

/// What both have under one name, in the order of the one after; then what is gone.
fn joined<'a, T>(before: &'a [T], after: &'a [T], name: impl Fn(&T) -> &String) -> Vec<(Option<&'a T>, Option<&'a T>)> {
    let named = |all: &'a [T], wanted: &String| all.iter().find(|one| name(one) == wanted);
    let mut joined: Vec<_> = after.iter().map(|one| (named(before, name(one)), Some(one))).collect();
    joined.extend(before.iter().filter(|one| named(after, name(one)).is_none()).map(|one| (Some(one), None)));
    joined
}

fn joined_keys<'a>(
    before: impl Iterator<Item = &'a String>,
    after: impl Iterator<Item = &'a String>,
) -> Vec<&'a String> {
    let mut keys: Vec<_> = before.chain(after).collect();
    keys.sort_unstable();
    keys.dedup();
    keys
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::sample;

    fn words(better: Better, before: f64, after: f64) -> String {
        pair(better, Some(before), Some(after)).words(0.1)
    }

    fn pair(better: Better, before: Option<f64>, after: Option<f64>) -> Pair {
        Pair { title: String::new(), unit: Unit::Seconds, better, before, after }
    }

    #[test]
    fn a_difference_is_told_in_words() {
        assert_eq!(words(Better::Lower, 100.0, 110.0), "about the same");
        assert_eq!(words(Better::Lower, 100.0, 110.2), "10 % higher, worse");
        assert_eq!(words(Better::Higher, 100.0, 125.0), "25 % higher, better");
        assert_eq!(words(Better::Lower, 110.0, 100.0), "about the same", "as far down as up");
        assert_eq!(words(Better::Lower, 100.0, 75.0), "25 % lower, better");
        assert_eq!(words(Better::Higher, 100.0, 75.0), "25 % lower, worse");
        assert_eq!(words(Better::Neutral, 100.0, 75.0), "25 % lower");
        assert_eq!(words(Better::Lower, 100.0, 324.0), "3.24 times as much, worse");
        assert_eq!(words(Better::Higher, 1.0, 1e9), "over 1,000 times, better");
        assert_eq!(words(Better::Lower, 100.0, 0.1), "next to nothing, better");
        assert_eq!(words(Better::Lower, 0.0, 3.0), "from nothing, worse");
        assert_eq!(words(Better::Lower, 0.0, 0.0), "about the same");
        assert_eq!(pair(Better::Lower, Some(1.0), None).words(0.1), "only before");
        assert_eq!(pair(Better::Lower, None, Some(1.0)).words(0.1), "only after");
    }

    #[test]
    fn a_run_is_as_itself() {
        let run = sample::storm();
        let comparison = Comparison::of(&run, &run, NOISE_PERCENT).unwrap();
        assert_eq!(comparison.summary(), "0 better, 0 worse, 10 about the same (within 10 %)");
        assert!(comparison.differences.is_empty() && !comparison.is_disturbed());
    }

    #[test]
    fn another_program_is_the_point_and_another_machine_is_not() {
        let (before, mut after) = (sample::storm(), sample::storm());
        after.machine.version = "0.2.0".to_owned();
        let comparison = Comparison::of(&before, &after, NOISE_PERCENT).unwrap();
        assert!(!comparison.is_disturbed() && comparison.differences.len() == 1, "{:?}", comparison.differences);

        after.machine.cores = 4;
        after.options[1].1 = "300".to_owned();
        after.options.push(("for".to_owned(), "60s".to_owned()));
        let comparison = Comparison::of(&before, &after, NOISE_PERCENT).unwrap();
        let told = |what: &str| {
            let difference = comparison.differences.iter().find(|difference| difference.what == what).unwrap();
            (difference.before.as_str(), difference.after.as_str(), difference.disturbs)
        };
        assert_eq!(told("devices"), ("19000", "300", true));
        assert_eq!(told("for"), ("not given", "60s", true));
        assert_eq!(told("cores"), ("2", "4", true));
    }

    #[test]
    fn another_scenario_is_refused() {
        let (before, mut after) = (sample::storm(), sample::storm());
        after.scenario = "idle".to_owned();
        let error = Comparison::of(&before, &after, NOISE_PERCENT).unwrap_err();
        assert_eq!(error.to_string(), "runs of two scenarios cannot be compared: storm and idle");
    }

    #[test]
    fn what_only_one_run_has_is_shown() {
        let (before, mut after) = (sample::storm(), sample::storm());
        let gone = after.figures.remove(0);
        after.latencies[0].name = "other".to_owned();
        after.errors.insert("new".to_owned(), 2);
        let comparison = Comparison::of(&before, &after, NOISE_PERCENT).unwrap();
        let last = comparison.figures.last().unwrap();
        assert_eq!((last.title.as_str(), last.change(0.1)), (gone.title.as_str(), Change::Alone));
        assert_eq!(comparison.latencies.len(), 2);
        assert_eq!(comparison.errors, [("new", 0, 2), ("the upgrade was refused with status 503", 12, 12)]);
    }
}
