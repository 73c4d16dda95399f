//! A number over time, from zero: a curve that begins elsewhere makes much of little.

use crate::{
    report::plot::{Ink, Plot, PlotError, Told, axis::Axis, draw},
    run::{Series, Unit},
};

/// More than this is below a pixel; of what shares a pixel the lowest and the highest are kept.
const POINTS_MAX: usize = 800;

/// A run's numbers in the colour that they are drawn in.
pub type Layer<'a> = (Ink, &'a Series);

/// `None` if there is nothing to draw.
pub fn over_time(layers: &[Layer<'_>]) -> Result<Option<Plot>, PlotError> {
    let layers: Vec<_> = layers.iter().filter(|(_, series)| !series.points.is_empty()).copied().collect();
    let Some((_, first)) = layers.first() else { return Ok(None) };
    let highest = |pick: fn(&(f64, f64)) -> f64| {
        layers.iter().flat_map(|(_, series)| &series.points).map(pick).fold(0.0, f64::max)
    };
    let (end, most) = (highest(|(at, _)| *at), highest(|(_, value)| *value));
    let told = Told {
        title: format!("{} over time", first.title),
        description: layers.iter().map(|layer| described(layer, layers.len() > 1)).collect::<Vec<_>>().join(" "),
    };
    Plot::each(|place| {
        let x = Axis::elapsed(end, place.across());
        let y = Axis::from_zero(most, first.unit, 0.08, place.upwards());
        draw(place, &told, &x, &y, |canvas| {
            for (ink, series) in &layers {
                let points = thinned(&series.points);
                canvas.area(*ink, &points)?;
                canvas.curve(*ink, &points)?;
                if let [only] = series.points.as_slice() {
                    canvas.dot(*ink, *only)?;
                }
            }
            Ok(())
        })
    })
    .map(Some)
}

fn described((ink, series): &Layer<'_>, is_one_of_two: bool) -> String {
    let which = match ink {
        Ink::Before => "Before: ",
        _ if is_one_of_two => "After: ",
        _ => "",
    };
    let shown = |value: f64| series.unit.show(value);
    let (Some(first), Some(last)) = (series.points.first(), series.points.last()) else { return String::new() };
    let most = series.points.iter().map(|(_, value)| *value).fold(f64::MIN, f64::max);
    let seconds = Unit::Seconds.show(last.0);
    format!("{which}from {} to {} in {seconds}, {} at most.", shown(first.1), shown(last.1), shown(most))
}

fn thinned(points: &[(f64, f64)]) -> Vec<(f64, f64)> {
    if points.len() <= POINTS_MAX {
        return points.to_vec();
    }
    let mut kept = Vec::with_capacity(POINTS_MAX + 2);
    for chunk in points.chunks(points.len().div_ceil(POINTS_MAX / 2)) {
        let by_value = |a: &&(f64, f64), b: &&(f64, f64)| a.1.total_cmp(&b.1);
        let (lowest, highest) = (chunk.iter().min_by(by_value), chunk.iter().max_by(by_value));
        let mut ends: Vec<_> = lowest.into_iter().chain(highest).copied().collect();
        ends.sort_by(|a, b| a.0.total_cmp(&b.0));
        kept.extend(ends);
    }
    kept
}

#[cfg(test)]
mod tests {
    use super::*;

    fn series(points: Vec<(f64, f64)>) -> Series {
        Series { name: "a".into(), title: "server memory".into(), unit: Unit::Bytes, points }
    }

    #[test]
    fn a_peak_of_one_moment_stays() {
        let mut points: Vec<(f64, f64)> = (0..100_000_u32).map(|at| (f64::from(at), 1.0)).collect();
        points[54_321].1 = 99.0;
        let thinned = thinned(&points);
        assert!(thinned.len() <= POINTS_MAX + 2, "{}", thinned.len());
        assert!(thinned.contains(&(54_321.0, 99.0)));
        assert!(thinned.is_sorted_by(|a, b| a.0 <= b.0));
    }

    #[test]
    fn it_is_told_in_words_too() {
        let plot = over_time(&[(Ink::Run, &series(vec![(0.0, 1024.0), (10.0, 4096.0), (60.0, 2048.0)]))]);
        let svg = plot.unwrap().unwrap().wide;
        assert!(svg.contains("<title>server memory over time</title>"), "{svg}");
        assert!(svg.contains("from 1 KiB to 2 KiB in 60 s, 4 KiB at most."), "{svg}");
        assert!(over_time(&[(Ink::Run, &series(Vec::new()))]).unwrap().is_none());
    }
}
