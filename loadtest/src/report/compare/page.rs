//! The comparison as a page: both runs laid over each other.

use keyleash_domain::text::utc_minute;
use maud::{Markup, html};

use crate::{
    report::{
        compare::{Change, Comparison, LatencyPair, Pair, joined},
        page::{
            percentile_caption, remarks,
            shell::{document, figure},
            spread_caption,
        },
        plot::{Ink, PlotError, latency, series},
        table::machine,
        units::whole,
    },
    run::Run,
};

pub fn page(comparison: &Comparison<'_>) -> Result<String, PlotError> {
    let Comparison { before, after, noise, .. } = *comparison;
    let body = html! {
        header {
            p.kind { "Keyleash load test, two runs" }
            h1 { (after.scenario) }
            (legend(&[("before", before), ("after", after)]))
        }
        (differences(comparison))
        section.banner { strong { (comparison.summary()) } }
        (remarks(&told(before, after)))
        (figures(&comparison.figures, noise))
        (latencies(&comparison.latencies, noise)?)
        (over_time(before, after)?)
        (errors(&comparison.errors))
    };
    Ok(document(&format!("{}: {} and {}", after.scenario, utc_minute(before.began), utc_minute(after.began)), &body))
}

fn legend(runs: &[(&'static str, &Run)]) -> Markup {
    html! {
        ul.legend {
            @for (name, run) in runs {
                li { i.(name) {} b { (name) } " · " (utc_minute(run.began)) " · " (machine(run)) }
            }
        }
    }
}

/// First of all: whoever compares runs that were not made alike has to know before reading on.
fn differences(comparison: &Comparison<'_>) -> Markup {
    let class = if comparison.is_disturbed() { "note" } else { "panel" };
    html! {
        @if !comparison.differences.is_empty() {
            section.(class) {
                h2 { "Not made alike" }
                @if comparison.is_disturbed() {
                    p { "Options or machines differ: what is better or worse below may come from there." }
                }
                table {
                    thead { tr { th {} th { "before" } th { "after" } } }
                    tbody {
                        @for difference in &comparison.differences {
                            tr { th scope="row" { (difference.what) } td { (difference.before) } td { (difference.after) } }
                        }
                    }
                }
            }
        }
    }
}

/// The remarks of both, each with its run.
fn told(before: &Run, after: &Run) -> Vec<String> {
    let of = |name: &str, run: &Run| run.remarks.iter().map(|remark| format!("{name}: {remark}")).collect::<Vec<_>>();
    [of("before", before), of("after", after)].concat()
}

fn chip(pair: &Pair, noise: f64) -> Markup {
    let class = match pair.change(noise) {
        Change::Same | Change::Alone => "same",
        Change::Better => "better",
        Change::Worse => "worse",
        Change::Other => "neutral",
    };
    html! { span.chip.(class) { (pair.words(noise)) } }
}

fn figures(pairs: &[Pair], noise: f64) -> Markup {
    html! {
        @if !pairs.is_empty() {
            section {
                h2 { "Figures" }
                ul.cards {
                    @for pair in pairs {
                        @let [before, after] = pair.shown();
                        li.card {
                            div { (pair.title) }
                            div.both { span.before { (before) } " → " span.value { (after) } }
                            (bars(pair))
                            div.against { span { "ratio " (pair.ratio_shown()) } (chip(pair, noise)) }
                        }
                    }
                }
            }
        }
    }
}

/// Both values from zero.
fn bars(pair: &Pair) -> Markup {
    let values = [pair.before, pair.after].map(|value| value.filter(|value| value.is_finite()).unwrap_or(0.0).max(0.0));
    let most = values[0].max(values[1]);
    let width = |value: f64| format!("{:.2}", if most > 0.0 { value / most * 100.0 } else { 0.0 });
    html! {
        svg.bar.two viewBox="0 0 100 16" preserveAspectRatio="none" aria-hidden="true" {
            rect.track width="100" y="1" height="6" {}
            rect.before width=(width(values[0])) y="1" height="6" {}
            rect.track width="100" y="9" height="6" {}
            rect.after width=(width(values[1])) y="9" height="6" {}
        }
    }
}

fn latencies(pairs: &[LatencyPair<'_>], noise: f64) -> Result<Markup, PlotError> {
    if pairs.is_empty() {
        return Ok(html! {});
    }
    let panels = pairs.iter().map(|pair| latency_panel(pair, noise)).collect::<Result<Vec<_>, _>>()?;
    Ok(html! { section { h2 { "Latencies" } @for panel in &panels { (panel) } } })
}

fn latency_panel(pair: &LatencyPair<'_>, noise: f64) -> Result<Markup, PlotError> {
    let layers = [(Ink::Before, pair.before), (Ink::Run, pair.after)];
    let layers: Vec<_> = layers.into_iter().filter_map(|(ink, latency)| Some((ink, latency?))).collect();
    let (histogram, percentiles) = (latency::histogram(&layers)?, latency::percentiles(&layers)?);
    Ok(html! {
        article.panel.latency {
            header { h3 { (pair.title) } }
            table.compared {
                thead { tr { th {} th.number { "before" } th.number { "after" } th.number.wide-only { "ratio" } th {} } }
                tbody {
                    @for number in &pair.numbers {
                        @let [before, after] = number.shown();
                        tr {
                            th scope="row" { (number.title) }
                            td.number.faint { (before) }
                            td.number { (after) }
                            td.number.faint.wide-only { (number.ratio_shown()) }
                            td { (chip(number, noise)) }
                        }
                    }
                }
            }
            div.pair {
                (figure(&spread_caption(), histogram.as_ref()))
                (figure(&percentile_caption(), percentiles.as_ref()))
            }
        }
    })
}

fn over_time(before: &Run, after: &Run) -> Result<Markup, PlotError> {
    let mut tiles = Vec::new();
    for (before, after) in joined(&before.series, &after.series, |series| &series.name) {
        let Some(known) = after.or(before) else { continue };
        let layers = [(Ink::Before, before), (Ink::Run, after)];
        let layers: Vec<_> = layers.into_iter().filter_map(|(ink, series)| Some((ink, series?))).collect();
        tiles.push(figure(&html! { (known.title) }, series::over_time(&layers)?.as_ref()));
    }
    Ok(html! {
        @if !tiles.is_empty() {
            section {
                h2 { "Over time" }
                div.tiles { @for tile in &tiles { div.tile { (tile) } } }
            }
        }
    })
}

fn errors(errors: &[(&str, u64, u64)]) -> Markup {
    html! {
        section {
            h2 { "Errors" }
            div.panel {
                @if errors.is_empty() {
                    p.empty { "None in either." }
                } @else {
                    table {
                        thead { tr { th {} th.number { "before" } th.number { "after" } } }
                        tbody {
                            @for (kind, before, after) in errors {
                                tr {
                                    th scope="row" { (kind) }
                                    td.number.faint { (whole(*before)) }
                                    td.number { (whole(*after)) }
                                }
                            }
                        }
                    }
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::{compare::NOISE_PERCENT, sample};

    #[test]
    fn both_runs_are_on_the_page() {
        let (before, mut after) = (sample::storm(), sample::storm());
        after.options[1].1 = "<b>300</b>".to_owned();
        after.figures[2].value = 300e-6;
        after.latencies[0].buckets.truncate(2);
        after.series[0].points.truncate(3);
        let page = page(&Comparison::of(&before, &after, NOISE_PERCENT).unwrap()).unwrap();
        sample::assert_well_formed(&page);
        for shown in ["Not made alike", "&lt;b&gt;300&lt;/b&gt;", "141 µs", "300 µs", "2.13 times as much, worse"] {
            assert!(page.contains(shown), "{shown}");
        }
        assert!(page.contains("Before: 19,000 values") && page.contains("After: 17,000 values"));
        assert!(page.contains("stroke=\"#B45F06\"") && page.contains("stroke=\"#0B6E5F\""), "two curves");
    }

    #[test]
    fn what_one_run_lacks_breaks_nothing() {
        let (full, empty) = (sample::storm(), sample::nothing());
        for (before, after) in [(&full, &empty), (&empty, &full), (&empty, &empty)] {
            sample::assert_well_formed(&page(&Comparison::of(before, after, NOISE_PERCENT).unwrap()).unwrap());
        }
    }
}
