//! The table on the terminal at the end of a run. Says everything in words and marks; colour only repeats them.

use std::fmt::Write;

use console::{Style, measure_text_width};
use keyleash_domain::text::{printable, utc_minute};

use crate::{
    report::{
        units::whole,
        verdict::{Judged, Verdict},
    },
    run::{Figure, Latency, Run, Unit},
};

/// What a terminal has beside an editor, and a page of a printed log.
pub const COLUMNS: usize = 100;
const TITLE: usize = 48;
const VALUE: usize = 16;
const LATENCY_TITLE: usize = 36;
const LATENCY: usize = 9;
const COUNT: usize = 14;
const ERRORS: usize = 12;
/// Of a text that a server or a file gave: more says nothing more.
const TEXT_CHARS_MAX: usize = 400;

pub const QUANTILES: [(&str, f64); 5] = [("p50", 0.5), ("p90", 0.9), ("p99", 0.99), ("p99.9", 0.999), ("max", 1.0)];

/// The run, at most [`COLUMNS`] wide; with escape sequences for colours or without any.
pub fn table(run: &Run, colour: bool) -> String {
    let mut page = Page::new(colour);
    page.head(run);
    page.figures(&run.figures);
    page.latencies(&run.latencies);
    page.errors(run);
    page.list("Remarks", &run.remarks);
    page.end(run);
    page.text
}

/// Text that grows by lines.
pub(super) struct Page {
    pub text: String,
    colour: bool,
}

impl Page {
    pub fn new(colour: bool) -> Self {
        Self { text: String::new(), colour }
    }

    pub fn line(&mut self, line: &str) {
        self.text.push_str(line.trim_end());
        self.text.push('\n');
    }

    pub fn heading(&self, text: &str) -> String {
        self.painted(Style::new().bold(), text)
    }

    /// A heading with those of its columns.
    pub fn heading_with(&mut self, text: &str, width: usize, columns: &str) {
        for line in beside(&wrapped(text, width - 2), width, columns) {
            self.line(&self.heading(&line));
        }
    }

    pub fn faint(&self, text: &str) -> String {
        self.painted(Style::new().dim(), text)
    }

    pub fn good(&self, text: &str) -> String {
        self.painted(Style::new().green(), text)
    }

    pub fn bad(&self, text: &str) -> String {
        self.painted(Style::new().red().bold(), text)
    }

    pub fn verdict(&self, verdict: Verdict, text: &str) -> String {
        match verdict {
            Verdict::Reached => self.good(text),
            Verdict::Missed | Verdict::Unmeasured => self.bad(text),
        }
    }

    /// Lines of a text from anywhere, after a mark.
    pub fn list(&mut self, heading: &str, texts: &[String]) {
        if texts.is_empty() {
            return;
        }
        self.line("");
        self.line(&self.heading(heading));
        for text in texts {
            self.hanging("  - ", text);
        }
    }

    /// Breaks a text into lines below each other, the first after `mark`.
    pub fn hanging(&mut self, mark: &str, text: &str) {
        let indent = " ".repeat(measure_text_width(mark));
        for (index, line) in wrapped(text, COLUMNS - indent.len()).iter().enumerate() {
            self.line(&format!("{}{line}", if index == 0 { mark } else { &indent }));
        }
    }

    fn painted(&self, style: Style, text: &str) -> String {
        style.force_styling(self.colour).apply_to(text).to_string()
    }

    fn head(&mut self, run: &Run) {
        let measured = Unit::Seconds.show(run.measured_seconds);
        let scenario = self.heading(&printable(&run.scenario, TEXT_CHARS_MAX));
        self.line(&format!("{scenario} · {} · {measured} measured", utc_minute(run.began)));
        self.hanging("", &machine(run));
        if !run.options.is_empty() {
            self.hanging("", &options(run));
        }
    }

    fn figures(&mut self, figures: &[Figure]) {
        if figures.is_empty() {
            return;
        }
        self.line("");
        self.heading_with("Figures", TITLE + 2, &(aligned("value", VALUE) + &aligned("target", VALUE)));
        for figure in figures {
            let judged = figure.judged();
            let target = judged.as_ref().map_or_else(String::new, Judged::target);
            let verdict = judged.map_or_else(String::new, |judged| self.marked(&judged));
            let numbers = format!("{}{}  {verdict}", aligned(&figure.shown(), VALUE), aligned(&target, VALUE));
            self.titled(&figure.title, TITLE, &numbers);
        }
    }

    fn latencies(&mut self, latencies: &[Latency]) {
        if latencies.is_empty() {
            return;
        }
        self.line("");
        let mut heads = aligned("count", COUNT);
        heads.extend(QUANTILES.map(|(name, _)| aligned(name, LATENCY)));
        self.heading_with("Latencies", LATENCY_TITLE + 2, &heads);
        for latency in latencies {
            let mut numbers = aligned(&whole(latency.count()), COUNT);
            if latency.count() > 0 {
                numbers
                    .extend(QUANTILES.map(|(_, share)| aligned(&Unit::Seconds.show(latency.quantile(share)), LATENCY)));
            }
            self.titled(&latency.title, LATENCY_TITLE, &numbers);
            if let Some(judged) = latency.judged() {
                let value =
                    if judged.verdict == Verdict::Missed { format!(": {}", judged.value()) } else { String::new() };
                let verdict = self.marked(&judged);
                self.line(&format!("    {} {verdict}{value}", self.faint(&format!("p99 {}", judged.target()))));
            }
        }
    }

    fn errors(&mut self, run: &Run) {
        self.line("");
        if run.errors.is_empty() {
            self.line(&format!("{}: none", self.heading("Errors")));
            return;
        }
        self.line(&self.heading("Errors"));
        for (kind, count) in &run.errors {
            let count = aligned(&whole(*count), ERRORS);
            self.hanging(&format!("{}  ", self.bad(&count)), kind);
        }
    }

    fn end(&mut self, run: &Run) {
        let Some((verdict, sentence)) = run.verdict() else { return };
        self.line("");
        self.line(&self.verdict(verdict, &format!("{} {sentence}", verdict.mark())));
    }

    fn marked(&self, judged: &Judged) -> String {
        self.verdict(judged.verdict, &format!("{} {}", judged.verdict.mark(), judged.verdict.word()))
    }

    /// A title and its numbers.
    pub fn titled(&mut self, title: &str, width: usize, numbers: &str) {
        for line in beside(&wrapped(title, width - 2), width, numbers) {
            self.line(&format!("  {line}"));
        }
    }
}

/// Columns beside the first line of a text; what else it has stands below, set in, so that it is no row of its own.
fn beside(lines: &[String], width: usize, columns: &str) -> Vec<String> {
    let mut rows = vec![padded(lines.first().map_or("", String::as_str), width) + columns];
    rows.extend(lines.iter().skip(1).map(|line| format!("  {line}")));
    rows
}

/// `Generic x86-64, 2 cores, 24 GiB, kernel 6.1.0; loadtest 0.1.0`.
pub(super) fn machine(run: &Run) -> String {
    let machine = &run.machine;
    #[expect(clippy::cast_precision_loss, reason = "the memory of a machine is far below 2^53 bytes")]
    let memory = Unit::Bytes.show(machine.memory_bytes as f64);
    let cores = if machine.cores == 1 { "core" } else { "cores" };
    format!(
        "{}, {} {cores}, {memory}, kernel {}; {}",
        machine.processor, machine.cores, machine.kernel, machine.version
    )
}

fn options(run: &Run) -> String {
    let options: Vec<String> = run.options.iter().map(|(name, value)| format!("{name} {value}")).collect();
    options.join(", ")
}

pub(super) fn aligned(text: &str, width: usize) -> String {
    format!("{}{text}", " ".repeat(width.saturating_sub(measure_text_width(text))))
}

pub(super) fn padded(text: &str, width: usize) -> String {
    format!("{text}{}", " ".repeat(width.saturating_sub(measure_text_width(text))))
}

/// Breaks between words, and within one that alone is too wide. Control characters are left out: a file from elsewhere
/// does not command this terminal.
fn wrapped(text: &str, width: usize) -> Vec<String> {
    let mut lines = vec![String::new()];
    for word in printable(text, TEXT_CHARS_MAX).split_whitespace() {
        let fits = |line: &String| measure_text_width(line) + 1 + measure_text_width(word) <= width;
        match lines.last_mut() {
            Some(line) if line.is_empty() => line.push_str(word),
            Some(line) if fits(line) => write!(line, " {word}").unwrap_or_default(),
            _ => lines.push(word.to_owned()),
        }
        while let Some(line) = lines.last_mut().filter(|line| measure_text_width(line) > width) {
            let end = line.char_indices().nth(width).map_or(line.len(), |(at, _)| at);
            let rest = line.split_off(end);
            if rest.is_empty() {
                break;
            }
            lines.push(rest);
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::sample;

    #[test]
    fn a_run_is_read_at_a_glance() {
        let shown = table(&sample::storm(), false);
        let expected = "\
storm · 2026-11-23 15:02 UTC · 60 s measured
Generic x86-64, 2 cores, 24 GiB, kernel 6.1.0; loadtest 0.1.0
target http://127.0.0.1:8080, devices 19000

Figures                                                      value          target
  hellos                                                   8,300/s
  hellos to the floor's handshakes                           0.364          ≥ 0.35  ✓ reached
  server CPU for each hello                                 141 µs        ≤ 130 µs  ✗ missed
  devices                                                   19,000

Latencies                                      count      p50      p90      p99    p99.9      max
  connect to welcome                          19,000   2.4 ms     9 ms     9 ms    21 ms    40 ms
    p99 ≤ 15 ms ✓ reached

Errors
          12  the upgrade was refused with status 503

Remarks
  - the client used 0.97 cores of 1: its figures are a lower bound

✗ 2 of 3 targets reached
";
        assert_eq!(shown, expected, "\n{shown}");
    }

    #[test]
    fn nothing_is_shown_as_nothing_not_as_zero() {
        let shown = table(&sample::nothing(), false);
        assert!(
            shown.contains("  connect to welcome                               0\n    p99 ≤ 15 ms ? not measured\n"),
            "{shown}"
        );
        assert!(shown.contains("Errors: none\n"), "{shown}");
        assert!(shown.ends_with("\n✗ 0 of 1 targets reached, 1 not measured\n"), "{shown}");
    }

    #[test]
    fn it_fits_whatever_it_is_told() {
        let mut run = sample::storm();
        run.figures[1].title = "a title that goes on and on, ".repeat(5);
        run.latencies[0].title = "x".repeat(130);
        run.latencies[0].buckets.push((9 * 3_600_000_000, 4_000_000_000));
        run.remarks.push("long ".repeat(60));
        run.errors.insert("ein Fehler, der nicht aufhört, ".repeat(7), 4_000_000_000);
        let shown = table(&run, true);
        for line in shown.lines() {
            assert!(measure_text_width(line) <= COLUMNS, "{} columns: {line}", measure_text_width(line));
        }
    }

    #[test]
    fn colours_say_nothing_that_words_do_not() {
        let run = sample::storm();
        let coloured = table(&run, true);
        assert!(coloured.contains("\u{1b}[32m✓ reached") && coloured.contains("\u{1b}[31m"), "{coloured:?}");
        assert_eq!(console::strip_ansi_codes(&coloured), table(&run, false));
    }

    #[test]
    fn a_file_does_not_command_the_terminal() {
        let mut run = sample::storm();
        run.scenario = "storm\u{1b}[2J".to_owned();
        run.remarks = vec!["\u{1b}]0;title\u{7}\r\u{9b}31m".to_owned()];
        run.machine.kernel = "Linux\u{1b}[2J".to_owned();
        run.figures[0].title = "hellos\u{1b}[2J".to_owned();
        run.errors.insert("\u{1b}[2J".to_owned(), 1);
        let shown = table(&run, false);
        assert!(!shown.chars().any(|c| c.is_control() && c != '\n'), "{shown:?}");
    }
}
