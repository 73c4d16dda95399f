//! The report page of one run.

pub mod shell;

use keyleash_domain::text::utc_minute;
use maud::{Markup, html};

use crate::{
    report::{
        page::shell::{document, figure},
        plot::{Ink, PlotError, latency, series},
        table::{QUANTILES, machine},
        units::whole,
        verdict::{Judged, Verdict},
    },
    run::{Figure, Latency, Run, Series, Unit},
};

/// The page as one file.
pub fn page(run: &Run) -> Result<String, PlotError> {
    let body = html! {
        (head(run))
        (verdict(run))
        (remarks(&run.remarks))
        (targets(&run.judged()))
        (figures(&run.figures))
        (latencies(&run.latencies)?)
        (over_time(&run.series)?)
        (errors(run))
        (options(run))
        footer { "Latencies are measured from the moment at which each was meant to begin, and the warm-up is left out." }
    };
    Ok(document(&format!("{}, {}", run.scenario, utc_minute(run.began)), &body))
}

/// `19000`, if the run was asked for a number of devices.
pub(super) fn devices(run: &Run) -> Option<u64> {
    run.options.iter().find(|(name, _)| name == "devices").and_then(|(_, value)| value.parse().ok())
}

/// A class of the style.
fn class(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Reached => "reached",
        Verdict::Missed => "missed",
        Verdict::Unmeasured => "unmeasured",
    }
}

fn chip(verdict: Verdict) -> Markup {
    html! { span.chip.(class(verdict)) { (verdict.mark()) " " (verdict.word()) } }
}

fn head(run: &Run) -> Markup {
    html! {
        header {
            p.kind { "Keyleash load test" }
            h1 { (run.scenario) }
            p.facts {
                @if let Some(devices) = devices(run) { b { (whole(devices)) " devices" } " · " }
                (Unit::Seconds.show(run.measured_seconds)) " measured · " (utc_minute(run.began))
            }
            p.facts { (machine(run)) }
        }
    }
}

fn verdict(run: &Run) -> Markup {
    let Some((verdict, sentence)) = run.verdict() else { return html! {} };
    let judged = run.judged();
    let short: Vec<_> =
        judged.iter().filter(|judged| judged.verdict != Verdict::Reached).map(|judged| judged.title.as_str()).collect();
    html! {
        section.banner.(class(verdict)) {
            strong { (verdict.mark()) " " (capital(&sentence)) }
            @if !short.is_empty() { p { "Not reached: " (short.join("; ")) "." } }
        }
    }
}

fn capital(sentence: &str) -> String {
    let mut letters = sentence.chars();
    letters.next().map(|first| first.to_uppercase().chain(letters).collect()).unwrap_or_default()
}

pub(super) fn remarks(remarks: &[String]) -> Markup {
    html! {
        @if !remarks.is_empty() {
            section.note {
                h2 { "To know before trusting the figures" }
                ul { @for remark in remarks { li { (remark) } } }
            }
        }
    }
}

fn targets(judged: &[Judged]) -> Markup {
    html! {
        @if !judged.is_empty() {
            section {
                h2 { "Targets" }
                ul.cards {
                    @for judged in judged {
                        li.card {
                            div { (judged.title) }
                            div.value { (judged.value()) }
                            (bar(judged))
                            div.against { span { "target " (judged.target()) } (chip(judged.verdict)) }
                        }
                    }
                }
            }
        }
    }
}

/// The value from zero, and a mark where the target is.
fn bar(judged: &Judged) -> Markup {
    const FULL: f64 = 100.0;
    let most = judged.value.max(judged.target) * 1.1;
    let at = |value: f64| if most > 0.0 && value.is_finite() { (value / most * FULL).clamp(0.0, FULL) } else { 0.0 };
    html! {
        svg.bar viewBox="0 0 100 8" preserveAspectRatio="none" aria-hidden="true" {
            rect.track width="100" y="1" height="6" {}
            rect.(class(judged.verdict)) width=(format!("{:.2}", at(judged.value))) y="1" height="6" {}
            rect.mark x=(format!("{:.2}", at(judged.target))) width="0.8" height="8" {}
        }
    }
}

/// All of them in their order, those with a card too: one may speak of the one before.
fn figures(figures: &[Figure]) -> Markup {
    let is_held_to_any = figures.iter().any(|figure| figure.judged().is_some());
    html! {
        @if !figures.is_empty() {
            section {
                h2 { "Figures" }
                div.panel {
                    table {
                        tbody { @for figure in figures { (figure_row(figure, is_held_to_any)) } }
                    }
                }
            }
        }
    }
}

/// Without the columns of targets where no figure has one.
fn figure_row(figure: &Figure, with_targets: bool) -> Markup {
    let judged = figure.judged();
    html! {
        tr {
            th scope="row" { (figure.title) }
            td.code.desk-only { (figure.name) }
            @if with_targets { td.faint.wide-only { @if let Some(judged) = &judged { "target " (judged.target()) } } }
            td.number { (figure.shown()) }
            @if with_targets { td.mark { @if let Some(judged) = &judged { (mark(judged.verdict)) } } }
        }
    }
}

fn mark(verdict: Verdict) -> Markup {
    html! { span.(class(verdict)) role="img" aria-label=(verdict.word()) title=(verdict.word()) { (verdict.mark()) } }
}

fn latencies(latencies: &[Latency]) -> Result<Markup, PlotError> {
    if latencies.is_empty() {
        return Ok(html! {});
    }
    let articles = latencies.iter().map(latency_panel).collect::<Result<Vec<_>, _>>()?;
    Ok(html! { section { h2 { "Latencies" } @for article in &articles { (article) } } })
}

fn latency_panel(latency: &Latency) -> Result<Markup, PlotError> {
    let layers = [(Ink::Run, latency)];
    let (histogram, percentiles) = (latency::histogram(&layers)?, latency::percentiles(&layers)?);
    Ok(html! {
        article.panel.latency {
            header {
                h3 { (latency.title) }
                @if let Some(judged) = latency.judged() {
                    span.facts { "target for p99 " (judged.target()) }
                    (chip(judged.verdict))
                }
            }
            @if latency.count() == 0 {
                p.empty { "Nothing was measured." }
            } @else {
                dl.stats {
                    div { dt { "count" } dd { (whole(latency.count())) } }
                    @for (name, share) in QUANTILES {
                        div { dt { (name) } dd { (Unit::Seconds.show(latency.quantile(share))) } }
                    }
                }
                div.pair {
                    (figure(&spread_caption(), histogram.as_ref()))
                    (figure(&percentile_caption(), percentiles.as_ref()))
                }
            }
        }
    })
}

pub(super) fn spread_caption() -> Markup {
    html! { "How many took how long" small { "share of all in each step; the time is logarithmic" } }
}

pub(super) fn percentile_caption() -> Markup {
    html! { "Which share took at most how long" small { "each further nine has the same room" } }
}

fn over_time(all: &[Series]) -> Result<Markup, PlotError> {
    if all.is_empty() {
        return Ok(html! {});
    }
    let plots = all.iter().map(|one| series::over_time(&[(Ink::Run, one)])).collect::<Result<Vec<_>, _>>()?;
    Ok(html! {
        section {
            h2 { "Over time" }
            div.tiles {
                @for (one, plot) in all.iter().zip(&plots) {
                    div.tile { (figure(&series_caption(one), plot.as_ref())) }
                }
            }
        }
    })
}

fn series_caption(series: &Series) -> Markup {
    let most = series.points.iter().map(|(_, value)| *value).reduce(f64::max);
    html! {
        (series.title)
        @if let (Some(most), Some((_, last))) = (most, series.points.last()) {
            small { "at most " (series.unit.show(most)) ", at the end " (series.unit.show(*last)) }
        }
    }
}

fn errors(run: &Run) -> Markup {
    html! {
        section {
            h2 { "Errors" }
            div.panel {
                @if run.errors.is_empty() {
                    p.empty { "None." }
                } @else {
                    table {
                        tbody {
                            @for (kind, count) in &run.errors {
                                tr { th scope="row" { (kind) } td.number { (whole(*count)) } }
                            }
                        }
                    }
                }
            }
        }
    }
}

fn options(run: &Run) -> Markup {
    html! {
        @if !run.options.is_empty() {
            section {
                h2 { "Options" }
                div.panel {
                    dl.options {
                        @for (name, value) in &run.options { dt { (name) } dd { (value) } }
                    }
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::sample;

    /// A number, or something that means the same in another run, is lost on nobody.
    #[test]
    fn everything_of_a_run_is_on_its_page() {
        let run = sample::storm();
        let page = page(&run).unwrap();
        for figure in &run.figures {
            assert!(page.contains(&escaped(&figure.title)), "{}", figure.title);
            assert!(page.contains(&format!(">{}<", figure.shown())), "{} {}", figure.title, figure.shown());
        }
        for shown in ["≥ 0.35", "≤ 130 µs", "2 of 3 targets reached", "Not reached: server CPU for each hello."] {
            assert!(page.contains(shown), "{shown}");
        }
        for (_, share) in QUANTILES {
            let shown = Unit::Seconds.show(run.latencies[0].quantile(share));
            assert!(page.contains(&format!("<dd>{shown}</dd>")), "{shown}");
        }
        for shown in ["19,000 devices", "2026-11-23 15:02 UTC", "target", "http://127.0.0.1:8080", "Generic x86-64"] {
            assert!(page.contains(shown), "{shown}");
        }
        for text in run.remarks.iter().chain(run.errors.keys()).chain(run.series.iter().map(|series| &series.title)) {
            assert!(page.contains(&escaped(text)), "{text}");
        }
    }

    #[test]
    fn a_text_of_a_run_is_never_markup() {
        const EVIL: &str = "</title></style><script>alert(1)</script><img src=x onerror='alert(1)'>\"";
        let mut run = sample::storm();
        run.scenario = EVIL.to_owned();
        run.options = vec![(EVIL.to_owned(), EVIL.to_owned())];
        run.machine.processor = EVIL.to_owned();
        run.figures.iter_mut().for_each(|figure| (figure.name, figure.title) = (EVIL.to_owned(), EVIL.to_owned()));
        run.latencies[0].title = EVIL.to_owned();
        run.series[0].title = EVIL.to_owned();
        run.errors.insert(EVIL.to_owned(), 1);
        run.remarks.push(EVIL.to_owned());
        let page = page(&run).unwrap();
        for tag in ["<script", "<img", "</title></style>"] {
            assert!(!page.contains(tag), "{tag}");
        }
        assert_eq!(page.matches("&lt;script&gt;").count(), page.matches("alert(1)&lt;/script&gt;").count());
        sample::assert_well_formed(&page);
    }

    #[test]
    fn it_needs_nothing_from_anywhere_and_lets_nothing_in() {
        let page = page(&sample::storm()).unwrap();
        for outside in ["src=", "href=", "url(", "@import", "<script", "style=\""] {
            assert!(!page.contains(outside), "{outside}");
        }
        let style = page.split_once("<style>").and_then(|(_, rest)| rest.split_once("</style>")).unwrap().0;
        let hash = base64::Engine::encode(
            &base64::engine::general_purpose::STANDARD,
            ring::digest::digest(&ring::digest::SHA256, style.as_bytes()),
        );
        assert!(page.contains(&format!("default-src 'none'; style-src 'sha256-{hash}'")), "{hash}");
    }

    #[test]
    fn plots_are_whole_whatever_was_measured() {
        let extremes: [&[(u64, u64)]; 6] = [
            &[],
            &[(0, 1)],
            &[(1_000, 1)],
            &[(1, 1), (u64::MAX, 1)],
            &[(1_000, 1_000_000)],
            &[(3_600_000_000, u64::MAX / 4)],
        ];
        for buckets in extremes {
            let mut run = sample::storm();
            run.latencies[0].buckets = buckets.to_vec();
            for points in [vec![], vec![(0.0, 0.0)], vec![(5.0, 1e18), (5.0, -3.0)], vec![(0.0, 1e-9), (1e9, 0.0)]] {
                run.series[0].points = points;
                for target in [None, Some(0.0), Some(1e-3), Some(1e6)] {
                    run.latencies[0].target_p99 = target;
                    let page = page(&run).unwrap();
                    sample::assert_well_formed(&page);
                    assert!(!page.contains("NaN") && !page.contains("inf,"), "{buckets:?}");
                }
            }
        }
        let page = page(&sample::nothing()).unwrap();
        sample::assert_well_formed(&page);
        assert!(page.contains("Nothing was measured.") && page.contains("None."));
    }

    fn escaped(text: &str) -> String {
        html! { (text) }.into_string()
    }
}
