//! Where an axis begins and ends, and what stands on it.

use std::ops::Range;

use plotters::coord::ranged1d::{KeyPointHint, NoDefaultFormatting, Ranged, ValueFormatter};

use crate::run::Unit;

/// An axis, linear in what it is drawn in; that may be a logarithm of what its labels say.
#[derive(Clone, Debug)]
pub struct Axis {
    pub range: Range<f64>,
    ticks: Vec<f64>,
    labels: Vec<String>,
}

impl Axis {
    fn new(range: Range<f64>, ticks: impl IntoIterator<Item = (f64, String)>) -> Self {
        let (ticks, labels) = ticks.into_iter().unzip();
        Self { range, ticks, labels }
    }

    /// In letters.
    pub fn longest_label(&self) -> u32 {
        let longest = self.labels.iter().map(|label| label.chars().count()).max();
        longest.and_then(|longest| longest.try_into().ok()).unwrap_or(0)
    }

    /// From zero to what `most` is or a bit more, with `room` of it left free above.
    pub fn from_zero(most: f64, unit: Unit, room: f64, ticks_max: usize) -> Self {
        let most = if most > 0.0 && most.is_finite() { most } else { 1.0 };
        let ticks = steps(most, if unit == Unit::Bytes { 1024.0 } else { 1000.0 }, ticks_max);
        Self::new(0.0..most * (1.0 + room), ticks.into_iter().map(|tick| (tick, unit.show(tick))))
    }

    /// Seconds that have passed, from zero, in the unit in which they are counted.
    pub fn elapsed(end: f64, ticks_max: usize) -> Self {
        let end = if end > 0.0 && end.is_finite() { end } else { 1.0 };
        let (scale, unit) = match end {
            ..180.0 => (1.0, "s"),
            ..10_800.0 => (60.0, "min"),
            _ => (3600.0, "h"),
        };
        let ticks = steps(end / scale, 1000.0, ticks_max).into_iter();
        Self::new(0.0..end, ticks.map(|tick| (tick * scale, format!("{} {unit}", Unit::Count.show(tick)))))
    }

    /// Shares of all, from zero to what `most` is or a bit more.
    pub fn shares(most: f64, room: f64, ticks_max: usize) -> Self {
        let most = if most > 0.0 { most } else { 1.0 };
        let ticks = steps(most, 1000.0, ticks_max);
        Self::new(0.0..most * (1.0 + room), ticks.into_iter().map(|tick| (tick, percent(tick))))
    }

    /// Times on a logarithmic axis, drawn in the logarithm of microseconds.
    pub fn times(least: u64, most: u64, ticks_max: usize) -> Self {
        let (from, to) = (step_below(least), step_above(most.max(least)));
        let (from, to) = if to - from < 0.5 { (from - 0.31, to + 0.31) } else { (from, to) };
        let of_each_decade = [&[1.0, 2.0, 5.0][..], &[1.0, 3.0]].into_iter().map(|steps| decades(from, to, steps));
        let mut few = of_each_decade.filter(|ticks| ticks.len() <= ticks_max);
        let ticks = few.next().unwrap_or_else(|| decades(from, to, &[1.0]));
        let every = ticks.len().div_ceil(ticks_max);
        let ticks = ticks.into_iter().step_by(every.max(1));
        Self::new(from..to, ticks.map(|tick| (tick, Unit::Seconds.show(10_f64.powf(tick) / 1e6))))
    }

    /// Percentiles as the nines of high ones, drawn in `-log10(1 - share)`: as much room from 99 to 99.9 % as from 90 to 99 %.
    /// `nines` is how far it goes; `narrow` leaves out every second label.
    pub fn nines(nines: f64, narrow: bool) -> Self {
        let every = if narrow && nines > 3.0 { 2 } else { 1 };
        let whole = (1..=9_u8).map(f64::from).filter(|nine| *nine <= nines + 1e-9);
        let whole = whole.skip(every - 1).step_by(every).map(|nine| (nine, percent(1.0 - 10_f64.powf(-nine))));
        let half = (2_f64.log10(), percent(0.5));
        Self::new(0.0..nines, std::iter::once(half).chain(whole))
    }
}

impl Ranged for Axis {
    type FormatOption = NoDefaultFormatting;
    type ValueType = f64;

    /// What is outside is drawn at the edge.
    #[expect(clippy::cast_possible_truncation, reason = "between two pixels")]
    fn map(&self, value: &f64, (from, to): (i32, i32)) -> i32 {
        let part = (value - self.range.start) / (self.range.end - self.range.start);
        from + (f64::from(to - from) * part.clamp(0.0, 1.0)).round() as i32
    }

    fn key_points<Hint: KeyPointHint>(&self, _: Hint) -> Vec<f64> {
        self.ticks.clone()
    }

    fn range(&self) -> Range<f64> {
        self.range.clone()
    }
}

impl ValueFormatter<f64> for Axis {
    fn format_ext(&self, tick: &f64) -> String {
        let known = self.ticks.iter().position(|known| known.to_bits() == tick.to_bits());
        known.map(|known| self.labels[known].clone()).unwrap_or_default()
    }
}

/// `12 %`, `99.99 %`.
pub fn percent(share: f64) -> String {
    let shown = format!("{:.7}", share * 100.0);
    format!("{} %", shown.trim_end_matches('0').trim_end_matches('.'))
}

/// At most so many round numbers from zero to `most`, in a unit that goes up by `base`.
fn steps(most: f64, base: f64, ticks_max: usize) -> Vec<f64> {
    let scale = base.powf((most.ln() / base.ln() + 1e-9).floor().max(-4.0));
    let least = most / scale / f64::from(u32::try_from(ticks_max).unwrap_or(8).max(2));
    let tens = 10_f64.powf(least.log10().floor());
    let steps = [1.0, 2.0, 5.0, 10.0, 20.0].map(|step| step * tens * scale);
    let up_to_most = |step: &f64| -> Vec<f64> {
        (0..=u8::MAX).map(|index| step * f64::from(index)).take_while(|tick| *tick <= most * 1.000_1).collect()
    };
    steps.iter().map(up_to_most).find(|ticks| ticks.len() <= ticks_max).unwrap_or_default()
}

/// Logarithms of these steps of every decade of a range of logarithms.
fn decades(from: f64, to: f64, steps: &[f64]) -> Vec<f64> {
    let mut ticks = Vec::new();
    let mut decade = from.floor();
    while decade <= to {
        ticks.extend(steps.iter().map(|step| decade + step.log10()));
        decade += 1.0;
    }
    ticks.retain(|tick| (from - 1e-9..=to + 1e-9).contains(tick));
    ticks
}

/// The logarithm of the largest 1, 2 or 5 times a power of ten that is at most this.
fn step_below(micros: u64) -> f64 {
    let log = logarithm(micros);
    let steps = decades(log.floor() - 1.0, log, &[1.0, 2.0, 5.0]);
    steps.last().copied().unwrap_or(log)
}

fn step_above(micros: u64) -> f64 {
    let log = logarithm(micros);
    let steps = decades(log, log.ceil() + 1.0, &[1.0, 2.0, 5.0]);
    steps.first().copied().unwrap_or(log)
}

/// What took less than a microsecond is drawn as one.
#[expect(clippy::cast_precision_loss, reason = "drawn in a few hundred pixels")]
pub fn logarithm(micros: u64) -> f64 {
    (micros.max(1) as f64).log10()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ticks_are_round_and_few() {
        let axis = |axis: Axis| axis.labels.join(", ");
        assert_eq!(axis(Axis::from_zero(19_000.0, Unit::Count, 0.0, 5)), "0, 5,000, 10,000, 15,000");
        assert_eq!(axis(Axis::from_zero(64e6, Unit::Bytes, 0.0, 5)), "0 B, 20 MiB, 40 MiB, 60 MiB");
        assert_eq!(
            axis(Axis::from_zero(0.42, Unit::Cores, 0.0, 5)),
            "0 cores, 0.1 cores, 0.2 cores, 0.3 cores, 0.4 cores"
        );
        assert_eq!(axis(Axis::from_zero(0.0, Unit::Count, 0.0, 3)), "0, 0.5, 1");
        assert_eq!(axis(Axis::elapsed(60.0, 8)), "0 s, 10 s, 20 s, 30 s, 40 s, 50 s, 60 s");
        assert_eq!(axis(Axis::elapsed(1_810.0, 8)), "0 min, 5 min, 10 min, 15 min, 20 min, 25 min, 30 min");
        assert_eq!(axis(Axis::elapsed(86_400.0, 5)), "0 h, 5 h, 10 h, 15 h, 20 h");
        assert_eq!(axis(Axis::shares(0.173, 0.0, 5)), "0 %, 5 %, 10 %, 15 %");
        assert_eq!(axis(Axis::times(130, 42_000, 9)), "100 µs, 200 µs, 500 µs, 1 ms, 2 ms, 5 ms, 10 ms, 20 ms, 50 ms");
        assert_eq!(axis(Axis::times(130, 42_000, 5)), "100 µs, 1 ms, 10 ms");
        assert_eq!(axis(Axis::times(0, 3_600_000_000, 5)), "1 µs, 100 µs, 10 ms, 1 s, 100 s");
        assert_eq!(axis(Axis::nines(4.2, false)), "50 %, 90 %, 99 %, 99.9 %, 99.99 %");
        assert_eq!(axis(Axis::nines(4.2, true)), "50 %, 99 %, 99.99 %");
    }

    #[test]
    fn one_value_has_room_on_both_sides() {
        let axis = Axis::times(1_000, 1_000, 5);
        assert!(axis.range.start < 3.0 && axis.range.end > 3.0, "{axis:?}");
        assert!(axis.labels.contains(&"1 ms".to_owned()), "{axis:?}");
    }
}
