//! The comparison on the terminal.

use keyleash_domain::text::utc_minute;

use crate::report::{
    compare::{Change, Comparison, Pair},
    table::{Page, aligned, padded},
    units::whole,
};

const TITLE: usize = 34;
const VALUE: usize = 14;
const RATIO: usize = 8;

/// At most [`crate::report::table::COLUMNS`] wide.
pub fn table(comparison: &Comparison<'_>, colour: bool) -> String {
    let Comparison { before, after, .. } = comparison;
    let mut page = Page::new(colour);
    page.hanging("", &format!("{}, before and after", after.scenario));
    page.line(&format!("  before  {}  {}", utc_minute(before.began), plain(&before.machine.version)));
    page.line(&format!("  after   {}  {}", utc_minute(after.began), plain(&after.machine.version)));
    differences(&mut page, comparison);
    if !comparison.figures.is_empty() {
        heads(&mut page, "Figures");
        for pair in &comparison.figures {
            row(&mut page, pair, comparison.noise);
        }
    }
    for latency in &comparison.latencies {
        heads(&mut page, latency.title);
        for pair in &latency.numbers {
            row(&mut page, pair, comparison.noise);
        }
    }
    errors(&mut page, &comparison.errors);
    page.line("");
    page.line(&comparison.summary());
    page.text
}

/// First of all: whoever compares runs that were not made alike has to know before reading on.
fn differences(page: &mut Page, comparison: &Comparison<'_>) {
    if comparison.differences.is_empty() {
        return;
    }
    page.line("");
    page.line(&page.heading("Not made alike"));
    for difference in &comparison.differences {
        let mark = format!("  {}", padded(&plain(&difference.what), TITLE));
        page.hanging(&mark, &format!("{} → {}", difference.before, difference.after));
    }
    if comparison.is_disturbed() {
        let warning = "Options or machines differ: what is better or worse below may come from there.";
        page.line(&page.bad(&format!("  ! {warning}")));
    }
}

fn heads(page: &mut Page, title: &str) {
    let numbers = aligned("before", VALUE) + &aligned("after", VALUE) + &aligned("ratio", RATIO);
    page.line("");
    page.heading_with(title, TITLE + 2, &numbers);
}

fn row(page: &mut Page, pair: &Pair, noise: f64) {
    let words = pair.words(noise);
    let words = match pair.change(noise) {
        Change::Better => page.good(&words),
        Change::Worse => page.bad(&words),
        Change::Same | Change::Other | Change::Alone => page.faint(&words),
    };
    let [before, after] = pair.shown().map(|shown| aligned(&shown, VALUE));
    let ratio = aligned(&pair.ratio_shown(), RATIO);
    page.titled(&pair.title, TITLE, &format!("{before}{after}{ratio}  {words}"));
}

fn errors(page: &mut Page, errors: &[(&str, u64, u64)]) {
    page.line("");
    if errors.is_empty() {
        page.line(&format!("{}: none in either", page.heading("Errors")));
        return;
    }
    page.line(&page.heading(&(padded("Errors", 6) + &aligned("before", VALUE - 6) + &aligned("after", VALUE))));
    for (kind, before, after) in errors {
        page.hanging(&format!("{}{}  ", aligned(&whole(*before), VALUE), aligned(&whole(*after), VALUE)), kind);
    }
}

fn plain(text: &str) -> String {
    keyleash_domain::text::printable(text, TITLE)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::{compare::NOISE_PERCENT, sample, table::COLUMNS};

    #[test]
    fn a_comparison_is_read_at_a_glance() {
        let (before, mut after) = (sample::storm(), sample::storm());
        after.options[1].1 = "300".to_owned();
        after.machine.version = "loadtest 0.1.1".to_owned();
        after.figures[0].value = 10_390.0;
        after.figures[1].value = 0.37;
        after.figures[2].value = 300e-6;
        after.latencies[0].buckets = vec![(900, 18_900), (9_000, 100)];
        after.errors.insert("the socket broke".to_owned(), 2);
        let shown = table(&Comparison::of(&before, &after, NOISE_PERCENT).unwrap(), false);
        let expected = "\
storm, before and after
  before  2026-11-23 15:02 UTC  loadtest 0.1.0
  after   2026-11-23 15:02 UTC  loadtest 0.1.1

Not made alike
  devices                           19000 → 300
  version                           loadtest 0.1.0 → loadtest 0.1.1
  ! Options or machines differ: what is better or worse below may come from there.

Figures                                     before         after   ratio
  hellos                                   8,300/s      10,390/s    1.25  25 % higher, better
  hellos to the floor's handshakes           0.364          0.37    1.02  about the same
  server CPU for each hello                 141 µs        300 µs    2.13  2.13 times as much, worse
  devices                                   19,000        19,000       1  about the same

connect to welcome                          before         after   ratio
  count                                     19,000        19,000       1  about the same
  p50                                       2.4 ms        900 µs   0.375  62 % lower, better
  p90                                         9 ms        900 µs     0.1  90 % lower, better
  p99                                         9 ms        900 µs     0.1  90 % lower, better
  p99.9                                      21 ms          9 ms   0.429  57 % lower, better
  max                                        40 ms          9 ms   0.225  78 % lower, better

Errors  before         after
             0             2  the socket broke
            12            12  the upgrade was refused with status 503

6 better, 1 worse, 3 about the same (within 10 %)
";
        assert_eq!(shown, expected, "\n{shown}");
    }

    #[test]
    fn it_fits_and_commands_nothing() {
        let (mut before, mut after) = (sample::storm(), sample::storm());
        for run in [&mut before, &mut after] {
            run.scenario = "storm\u{1b}[2J ".repeat(20);
            run.machine.version = "\u{1b}[2J".repeat(40);
            run.latencies[0].title = "a title that goes on and on\u{1b}[2J ".repeat(5);
            run.errors.insert("\u{1b}[2J ".repeat(30), 4_000_000_000);
        }
        after.options[0] = ("\u{1b}[2Joption".repeat(12), "value ".repeat(60));
        after.figures[0].value = 8.3e7;
        let shown = table(&Comparison::of(&before, &after, NOISE_PERCENT).unwrap(), false);
        for line in shown.lines() {
            assert!(console::measure_text_width(line) <= COLUMNS, "{line}");
        }
        assert!(!shown.chars().any(|c| c.is_control() && c != '\n'), "{shown:?}");
    }
}
