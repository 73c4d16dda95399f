//! The answer as a picture: how much of each limit of one site is used, by the number of devices.

use std::fmt::Write as _;

use super::{
    costs::UnitCosts,
    model::{Limit, Needs},
    population::{Machines, Population},
};
use crate::report::units::whole;

const WIDTH: f64 = 960.0;
const HEIGHT: f64 = 540.0;
/// Of the plot itself; the limits' names stand to the right of it.
const LEFT: f64 = 84.0;
const RIGHT: f64 = 650.0;
const TOP: f64 = 60.0;
const BOTTOM: f64 = 480.0;
/// Names that would stand closer are moved apart.
const LINE_HEIGHT: f64 = 19.0;
/// Powers of ten.
const DEVICES: (f64, f64) = (3.0, 8.0);
const USED: (f64, f64) = (-4.0, 2.0);
/// Points of a line to a power of ten.
const STEPS: u32 = 8;

/// Told apart by those who see fewer colours too (Okabe and Ito 2008), and each line bears its name.
const LIMITS: [(Limit, &str); 7] = [
    (Limit::StoreProcessor, "#0072b2"),
    (Limit::StoreCommits, "#56b4e9"),
    (Limit::StoreSize, "#009e73"),
    (Limit::StoreConnections, "#e69f00"),
    (Limit::SweepTime, "#d55e00"),
    (Limit::HintsOfANode, "#999999"),
    (Limit::KeyService, "#cc79a7"),
];

/// An SVG that stands by itself, and follows the reader's light or dark scheme.
pub fn draw(population: &Population, machines: &Machines, costs: &UnitCosts) -> String {
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {HEIGHT}\" role=\"img\" \
         aria-labelledby=\"title\" font-family=\"system-ui, sans-serif\" font-size=\"14\">\n\
         <title id=\"title\">How much of each limit one site uses, by its devices</title>\n\
         <style>.paper {{ fill: #ffffff }} .ink {{ fill: #1f2328 }} .faint {{ stroke: #d0d7de }} \
         .limit {{ stroke: #1f2328 }} @media (prefers-color-scheme: dark) {{ .paper {{ fill: #0d1117 }} \
         .ink {{ fill: #e6edf3 }} .faint {{ stroke: #30363d }} .limit {{ stroke: #e6edf3 }} }}</style>\n\
         <rect class=\"paper\" width=\"{WIDTH}\" height=\"{HEIGHT}\"/>\n"
    );
    let title = "What one site uses of each limit that more nodes do not lift, by its devices";
    text(&mut svg, (LEFT, TOP - 28.0), "start", title);
    axes(&mut svg);
    let mut ends: Vec<(f64, Limit, &str)> = Vec::new();
    for (limit, colour) in LIMITS {
        let points: Vec<(f64, f64)> = steps()
            .filter_map(|power| {
                let needs = Needs::of(10_f64.powf(power), population, machines, costs);
                let used = needs.ceilings.iter().find(|ceiling| ceiling.what == limit)?.used;
                // What is too little to be seen has no line yet.
                (used.log10() >= USED.0).then(|| (x(power), y(used.log10())))
            })
            .collect();
        let Some((_, end)) = points.last() else { continue };
        ends.push((*end, limit, colour));
        let mut line = String::new();
        for (x, y) in &points {
            let _ = write!(line, "{x:.1},{y:.1} ");
        }
        let _ = writeln!(
            svg,
            "<polyline points=\"{}\" fill=\"none\" stroke=\"{colour}\" stroke-width=\"2.5\"/>",
            line.trim_end()
        );
    }
    names(&mut svg, ends);
    svg.push_str("</svg>\n");
    svg
}

fn axes(svg: &mut String) {
    for power in powers(DEVICES) {
        let (x, devices) = (x(power), whole_of(10_f64.powf(power)));
        let _ = writeln!(svg, "<line class=\"faint\" x1=\"{x:.1}\" x2=\"{x:.1}\" y1=\"{TOP}\" y2=\"{BOTTOM}\"/>");
        text(svg, (x, BOTTOM + 22.0), "middle", &devices);
    }
    text(svg, (f64::midpoint(LEFT, RIGHT), BOTTOM + 46.0), "middle", "devices of the site");
    for power in powers(USED) {
        let y = y(power);
        let class = if power == 0.0 { "limit" } else { "faint" };
        let _ = writeln!(svg, "<line class=\"{class}\" x1=\"{LEFT}\" x2=\"{RIGHT}\" y1=\"{y:.1}\" y2=\"{y:.1}\"/>");
        let percent = 10_f64.powf(power + 2.0);
        let percent = if percent < 1.0 { percent.to_string() } else { whole_of(percent) };
        text(svg, (LEFT - 8.0, y + 5.0), "end", &format!("{percent} %"));
    }
    text(svg, (LEFT + 8.0, y(0.0) - 8.0), "start", "the limit");
}

/// At the lines' ends, from above, none over another.
fn names(svg: &mut String, mut ends: Vec<(f64, Limit, &str)>) {
    ends.sort_by(|one, other| one.0.total_cmp(&other.0));
    let mut free = TOP;
    for (end, limit, colour) in ends {
        let y = end.max(free);
        free = y + LINE_HEIGHT;
        let from = RIGHT + 4.0;
        let _ = writeln!(
            svg,
            "<line x1=\"{RIGHT}\" y1=\"{end:.1}\" x2=\"{:.1}\" y2=\"{y:.1}\" stroke=\"{colour}\" stroke-width=\"1.5\"/>",
            from + 14.0
        );
        text(svg, (from + 18.0, y + 5.0), "start", limit.title());
    }
}

fn text(svg: &mut String, (x, y): (f64, f64), anchor: &str, words: &str) {
    let _ = writeln!(svg, "<text class=\"ink\" x=\"{x:.1}\" y=\"{y:.1}\" text-anchor=\"{anchor}\">{words}</text>");
}

fn x(power: f64) -> f64 {
    LEFT + (power - DEVICES.0) / (DEVICES.1 - DEVICES.0) * (RIGHT - LEFT)
}

/// What is above the picture runs along its edge.
fn y(power: f64) -> f64 {
    BOTTOM - (power.clamp(USED.0, USED.1) - USED.0) / (USED.1 - USED.0) * (BOTTOM - TOP)
}

fn steps() -> impl Iterator<Item = f64> {
    powers((DEVICES.0, DEVICES.1 - 1.0))
        .flat_map(|power| (0..STEPS).map(move |step| power + f64::from(step) / f64::from(STEPS)))
        .chain([DEVICES.1])
}

fn powers((least, most): (f64, f64)) -> impl Iterator<Item = f64> {
    std::iter::successors(Some(least), |power| Some(power + 1.0)).take_while(move |power| *power <= most)
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a power of ten")]
fn whole_of(value: f64) -> String {
    whole(value.round() as u64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_limit_has_a_line_and_a_name_of_its_own_height() {
        let costs: UnitCosts = serde_json::from_str(include_str!("costs.json")).unwrap();
        let svg = draw(&Population::default(), &Machines::default(), &costs);
        assert_eq!(svg.matches("<polyline").count(), LIMITS.len());
        let heights = LIMITS.map(|(limit, _)| {
            let before = svg.split(&format!(">{}</text>", limit.title())).next().unwrap();
            let at = before.rsplit("y=\"").next().unwrap();
            at.split('"').next().unwrap().parse::<f64>().unwrap()
        });
        for (index, one) in heights.iter().enumerate() {
            assert!(heights[..index].iter().all(|other| (one - other).abs() >= LINE_HEIGHT - 0.1), "{heights:?}");
        }
        assert!(!svg.contains("NaN") && !svg.contains("inf"));
    }
}
