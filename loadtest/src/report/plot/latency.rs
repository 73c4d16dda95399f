//! How times are spread: how many took how long, and which share took at most how long.

use crate::{
    report::{
        plot::{
            Ink, Place, Plot, PlotError, Told,
            axis::{Axis, logarithm},
            draw,
        },
        table::QUANTILES,
        units::whole,
    },
    run::{Latency, Unit},
};

/// Steps of the histogram; as many as its pixels can tell apart.
const BINS: u32 = 64;
/// Beyond a billion values there is nothing to be learned from one.
const NINES_MAX: f64 = 9.0;

/// A run's times in the colour that they are drawn in.
pub type Layer<'a> = (Ink, &'a Latency);

/// How many took how long. `None` if there is nothing to draw.
pub fn histogram(layers: &[Layer<'_>]) -> Result<Option<Plot>, PlotError> {
    let Some(times) = Times::of(layers) else { return Ok(None) };
    let told = Told { title: format!("{}: how many took how long", times.title), description: times.description() };
    Plot::each(|place| {
        let x = times.axis(place.across());
        let stairs: Vec<_> = times.layers.iter().map(|(ink, latency)| (*ink, stairs(latency, &x))).collect();
        let most = stairs.iter().flat_map(|(_, stairs)| stairs).map(|(_, share)| *share).fold(0.0, f64::max);
        let marks = times.marks();
        let y = Axis::shares(most, place.room(3), place.upwards());
        draw(place, &told, &x, &y, |canvas| {
            for (ink, stairs) in &stairs {
                canvas.area(*ink, stairs)?;
                canvas.curve(*ink, stairs)?;
            }
            for (ink, micros, _) in &marks {
                canvas.upright(*ink, logarithm(*micros))?;
            }
            // Last, so that no line goes through them.
            for (row, (ink, micros, label)) in (0..).zip(&marks) {
                canvas.upright_label(*ink, logarithm(*micros), row, label)?;
            }
            Ok(())
        })
    })
    .map(Some)
}

/// Which share took at most how long, with as much room for each further nine. `None` if there is nothing to draw.
pub fn percentiles(layers: &[Layer<'_>]) -> Result<Option<Plot>, PlotError> {
    let Some(times) = Times::of(layers) else { return Ok(None) };
    let told =
        Told { title: format!("{}: which share took at most how long", times.title), description: times.description() };
    let most = times.layers.iter().map(|(_, latency)| latency.count()).max().unwrap_or(1);
    let nines = logarithm(most).clamp(2.0, NINES_MAX);
    Plot::each(|place| {
        let x = Axis::nines(nines, place == Place::Narrow);
        let y = times.axis(place.upwards());
        draw(place, &told, &x, &y, |canvas| {
            if let Some(target) = times.target {
                canvas.level(Ink::Target, logarithm(target))?;
            }
            for (ink, latency) in &times.layers {
                canvas.curve(*ink, &rise(latency, nines))?;
                canvas.dot(*ink, (2.0, logarithm(micros(latency.quantile(0.99)))))?;
            }
            if let Some(target) = times.target {
                // A curve rises: one that stays below the target until p99 leaves room above it on the left, one that does
                // not leaves room below it on the right.
                let is_left = times.layers.iter().all(|(_, latency)| micros(latency.quantile(0.99)) <= target);
                canvas.level_label(Ink::Target, logarithm(target), is_left, &target_label(target))?;
            }
            Ok(())
        })
    })
    .map(Some)
}

/// What both plots of the same times have in common.
struct Times<'a> {
    title: &'a str,
    layers: Vec<Layer<'a>>,
    least: u64,
    most: u64,
    /// For the 99th percentile, in microseconds; if it is the same for all.
    target: Option<u64>,
}

impl<'a> Times<'a> {
    fn of(layers: &[Layer<'a>]) -> Option<Self> {
        let title = layers.first()?.1.title.as_str();
        let layers: Vec<_> = layers.iter().copied().filter(|(_, latency)| latency.count() > 0).collect();
        let target = layers.first()?.1.target_p99;
        let target = target.filter(|target| layers.iter().all(|(_, latency)| latency.target_p99 == Some(*target)));
        let target = target.map(micros);
        let buckets = layers.iter().flat_map(|(_, latency)| &latency.buckets).filter(|(_, count)| *count > 0);
        let values: Vec<u64> = buckets.map(|(value, _)| *value).chain(target).collect();
        Some(Self { title, layers, least: *values.iter().min()?, most: *values.iter().max()?, target })
    }

    fn axis(&self, ticks_max: usize) -> Axis {
        Axis::times(self.least, self.most, ticks_max)
    }

    fn description(&self) -> String {
        let told = self.layers.iter().map(|(ink, latency)| {
            let which = match ink {
                Ink::Before => "Before: ",
                _ if self.layers.len() > 1 => "After: ",
                _ => "",
            };
            let values =
                QUANTILES.map(|(name, share)| format!("{name} {}", Unit::Seconds.show(latency.quantile(share))));
            format!("{which}{} values, {}.", whole(latency.count()), values.join(", "))
        });
        let target = self.target.map(|target| format!(" The {} is {}.", "target for p99", show(target)));
        told.collect::<Vec<_>>().join(" ") + &target.unwrap_or_default()
    }

    /// Where the median and the 99th percentile of one run are; of two that would be too much. And the target.
    fn marks(&self) -> Vec<(Ink, u64, String)> {
        let mut marks = Vec::new();
        if let [(_, latency)] = self.layers.as_slice() {
            for (share, name) in [(0.5, "p50"), (0.99, "p99")] {
                let micros = micros(latency.quantile(share));
                marks.push((Ink::Axis, micros, format!("{name} {}", show(micros))));
            }
        }
        marks.extend(self.target.map(|target| (Ink::Target, target, target_label(target))));
        marks
    }
}

/// The outline of the bars: shares of all over the logarithm of microseconds.
#[expect(clippy::cast_precision_loss, reason = "drawn in a few hundred pixels")]
fn stairs(latency: &Latency, x: &Axis) -> Vec<(f64, f64)> {
    let edges = edges(x);
    let mut counts = vec![0_u64; edges.len().saturating_sub(1)];
    for (value, count) in &latency.buckets {
        let bin = edges.partition_point(|edge| edge <= value).saturating_sub(1);
        if let Some(last) = counts.len().checked_sub(1) {
            counts[bin.min(last)] += count;
        }
    }
    let all = latency.count() as f64;
    let mut stairs = Vec::with_capacity(counts.len() * 2);
    for (bin, count) in counts.iter().enumerate() {
        let share = *count as f64 / all;
        stairs.push((logarithm(edges[bin]), share));
        stairs.push((logarithm(edges[bin + 1]), share));
    }
    stairs
}

/// Whole microseconds, for that is what was counted: narrower bins would leave gaps that mean nothing.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "microseconds, never below zero")]
fn edges(x: &Axis) -> Vec<u64> {
    let width = (x.range.end - x.range.start) / f64::from(BINS);
    let edges = (0..=BINS).map(|bin| 10_f64.powf(x.range.start + width * f64::from(bin)).round() as u64);
    let mut edges: Vec<u64> = edges.collect();
    edges.dedup();
    edges
}

/// The steps of a percentile curve: the logarithm of microseconds over nines.
#[expect(clippy::cast_precision_loss, reason = "drawn in a few hundred pixels")]
fn rise(latency: &Latency, nines_max: f64) -> Vec<(f64, f64)> {
    let all = latency.count() as f64;
    // Of a thousand values nobody knows what one of a million takes; the curve ends where they do, but not before p99.
    let end = logarithm(latency.count()).clamp(2.0, nines_max);
    let nines = |seen: u64| (-(1.0 - seen as f64 / all).log10()).clamp(0.0, end);
    let mut seen = 0;
    let mut rise: Vec<(f64, f64)> = Vec::new();
    for (value, count) in &latency.buckets {
        let (from, to) = (nines(seen), nines(seen + count));
        seen += count;
        let level = logarithm(*value);
        // A thousand buckets do not fit into a few hundred pixels; the corners that cannot be seen are left out.
        if to - from > nines_max / 2000.0 {
            rise.extend([(from, level), (to, level)]);
        } else {
            rise.push((to, level));
        }
    }
    rise
}

fn target_label(target: u64) -> String {
    format!("target p99 ≤ {}", show(target))
}

#[expect(clippy::cast_precision_loss, reason = "shown with three digits")]
fn show(micros: u64) -> String {
    Unit::Seconds.show(micros as f64 / 1e6)
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a time, never below zero")]
fn micros(seconds: f64) -> u64 {
    (seconds * 1e6).round() as u64
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::sample;

    #[test]
    fn bars_hold_every_value() {
        let latency = sample::storm().latencies.remove(0);
        let x = Axis::times(900, 40_000, 8);
        let shares: f64 = stairs(&latency, &x).iter().step_by(2).map(|(_, share)| share).sum();
        assert!((shares - 1.0).abs() < 1e-9, "{shares}");

        let few_micros = Latency { buckets: (1..=20).map(|value| (value, 5)).collect(), ..latency };
        let stairs = stairs(&few_micros, &Axis::times(1, 20, 8));
        assert!(stairs.chunks(2).all(|step| step[0].0 < step[1].0), "no step without a width: {stairs:?}");
        assert!(stairs.iter().filter(|(at, _)| *at < 1.0).all(|(_, share)| *share > 0.0), "no gaps: {stairs:?}");
    }

    #[test]
    fn the_curve_passes_the_percentiles() {
        let latency = sample::storm().latencies.remove(0);
        let rise = rise(&latency, 4.2);
        for (share, name) in [(0.3, "p30"), (0.8, "p80"), (0.95, "p95"), (0.997, "p99.7")] {
            let nines = -(1.0_f64 - share).log10();
            let level = rise.iter().rev().find(|(x, _)| *x <= nines).map(|(_, level)| *level);
            assert_eq!(level, Some(logarithm(micros(latency.quantile(share)))), "{name}");
        }
        assert_eq!(rise.last(), Some(&(4.2, logarithm(40_000))));
    }

    #[test]
    fn a_target_is_said_and_drawn() {
        let latency = sample::storm().latencies.remove(0);
        for plot in [histogram(&[(Ink::Run, &latency)]), percentiles(&[(Ink::Run, &latency)])] {
            let plot = plot.unwrap().unwrap();
            for svg in [&plot.wide, &plot.narrow] {
                assert!(svg.contains("target p99 ≤ 15 ms"), "{svg}");
                assert!(svg.contains("19,000 values, p50 2.4 ms"), "{svg}");
            }
        }
        assert!(histogram(&[(Ink::Run, &Latency { buckets: Vec::new(), ..latency })]).unwrap().is_none());
    }
}
