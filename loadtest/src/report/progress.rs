//! The live view of a running scenario: a bar with counters on a terminal, a line every few seconds anywhere else.
//!
//! A scenario counts for itself, in whatever form suits it, and gives a function that looks at its counters:
//!
//! ```
//! # use std::{sync::{Arc, atomic::{AtomicU64, Ordering}}, time::Duration};
//! # use loadtest::{report::{Extent, Look, Progress, Reading}, run::Unit};
//! let hellos = Arc::new(AtomicU64::new(0));
//! let seen = Arc::clone(&hellos);
//! let progress = Progress::begin("storm", Extent::Count(20_000), move || {
//!     let hellos = seen.load(Ordering::Relaxed);
//!     Look::at(hellos)
//!         .with(Reading::now("live", hellos))
//!         .with(Reading::rate("hellos", hellos))
//!         .with(Reading::value("p99", 0.012, Unit::Seconds))
//! });
//! hellos.fetch_add(1, Ordering::Relaxed);
//! progress.finish();
//! ```
//!
//! Looks from a thread of its own: a runtime that has no time left is what the view has to show.

use std::{
    collections::HashMap,
    convert::Infallible,
    io::{IsTerminal, stderr},
    sync::mpsc::{RecvTimeoutError, SyncSender, sync_channel},
    thread::JoinHandle,
    time::{Duration, Instant},
};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use crate::{report::units::whole, run::Unit};

/// Often enough to look alive, seldom enough that the rates between two looks do not flicker.
const REDRAW: Duration = Duration::from_millis(500);
/// In a log of a build, where each look is a line that stays.
const LINE: Duration = Duration::from_secs(5);

/// When a scenario is done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Extent {
    /// After this time.
    Time(Duration),
    /// Once this many are done.
    Count(u64),
    /// Nobody knows before.
    Open,
}

/// What a look at a scenario's counters found.
#[derive(Clone, Debug, Default)]
pub struct Look {
    /// For [`Extent::Count`].
    done: u64,
    readings: Vec<Reading>,
}

/// One number of the view.
#[derive(Clone, Debug)]
pub struct Reading {
    name: &'static str,
    value: f64,
    kind: Kind,
}

#[derive(Clone, Copy, Debug)]
enum Kind {
    Now,
    Rate,
    Value(Unit),
}

/// The view; ends when it is dropped.
#[derive(Debug)]
pub struct Progress {
    screen: Screen,
    /// Dropped to stop the thread, which listens to nothing else.
    until: Option<SyncSender<Infallible>>,
    thread: Option<JoinHandle<()>>,
}

#[derive(Clone, Debug)]
enum Screen {
    Bar(ProgressBar),
    Lines,
}

/// Turns totals into rates: knows what each was at the look before.
#[derive(Debug, Default)]
struct Rates {
    before: HashMap<&'static str, (Duration, f64)>,
}

impl Look {
    /// `done` of an [`Extent::Count`]; 0 for the others.
    pub fn at(done: u64) -> Self {
        Self { done, readings: Vec::new() }
    }

    #[must_use]
    pub fn with(mut self, reading: Reading) -> Self {
        self.readings.push(reading);
        self
    }
}

#[expect(clippy::cast_precision_loss, reason = "counters of a run stay far below 2^53")]
impl Reading {
    /// How many there are at this moment: `12,410 live`.
    pub fn now(name: &'static str, value: u64) -> Self {
        Self { name, value: value as f64, kind: Kind::Now }
    }

    /// How many there have been in all, shown by what was added since the look before: `8,300 hellos/s`.
    pub fn rate(name: &'static str, total: u64) -> Self {
        Self { name, value: total as f64, kind: Kind::Rate }
    }

    /// Anything else: `p99 12 ms`, `server 61 MiB`, `client CPU 0.8 cores`.
    pub fn value(name: &'static str, value: f64, unit: Unit) -> Self {
        Self { name, value, kind: Kind::Value(unit) }
    }
}

impl Progress {
    /// Begins the view, and looks now and then until it is dropped, and once more at the end.
    pub fn begin(title: &str, extent: Extent, mut look: impl FnMut() -> Look + Send + 'static) -> Self {
        let screen = Screen::open(title, extent);
        let (until, stopped) = sync_channel::<Infallible>(1);
        let thread = std::thread::spawn({
            let (title, screen, began) = (title.to_owned(), screen.clone(), Instant::now());
            move || {
                let mut rates = Rates::default();
                loop {
                    let end = stopped.recv_timeout(screen.interval()) != Err(RecvTimeoutError::Timeout);
                    screen.show(&title, extent, began.elapsed(), &look(), &mut rates);
                    if end {
                        return;
                    }
                }
            }
        });
        Self { screen, until: Some(until), thread: Some(thread) }
    }

    /// A line of its own that stays, such as a warning.
    pub fn say(&self, line: &str) {
        match &self.screen {
            Screen::Bar(bar) => bar.println(line),
            Screen::Lines => eprintln!("{line}"),
        }
    }

    /// Leaves the last look standing.
    pub fn finish(self) {
        drop(self);
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.until = None;
        // A look that panicked has said so itself; it must not take down the scenario, nor abort a panic that unwinds.
        let _ = self.thread.take().map(JoinHandle::join);
        if let Screen::Bar(bar) = &self.screen {
            bar.abandon();
        }
    }
}

impl Screen {
    fn open(title: &str, extent: Extent) -> Self {
        if !stderr().is_terminal() {
            return Self::Lines;
        }
        let (length, template) = match extent {
            Extent::Time(time) => (Some(millis(time)), "{prefix:.bold} {bar:30.cyan/dim} {msg}"),
            Extent::Count(count) => (Some(count), "{prefix:.bold} {bar:30.cyan/dim} {msg}"),
            Extent::Open => (None, "{prefix:.bold} {spinner:.cyan} {msg}"),
        };
        let style = ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar());
        let bar = ProgressBar::with_draw_target(length, ProgressDrawTarget::stderr());
        Self::Bar(bar.with_style(style.progress_chars("━╸─")).with_prefix(title.to_owned()))
    }

    fn interval(&self) -> Duration {
        match self {
            Self::Bar(_) => REDRAW,
            Self::Lines => LINE,
        }
    }

    fn show(&self, title: &str, extent: Extent, elapsed: Duration, look: &Look, rates: &mut Rates) {
        let far = far(extent, elapsed, look.done);
        let counters = rates.line(elapsed, &look.readings);
        match self {
            Self::Bar(bar) => {
                bar.set_position(if matches!(extent, Extent::Time(_)) { millis(elapsed) } else { look.done });
                bar.set_message(format!("{far}\n  {counters}"));
                bar.tick();
            }
            Self::Lines => eprintln!("{title}: {far} · {counters}"),
        }
    }
}

impl Rates {
    fn line(&mut self, elapsed: Duration, readings: &[Reading]) -> String {
        let shown: Vec<String> = readings.iter().map(|reading| self.reading(elapsed, reading)).collect();
        shown.join(" · ")
    }

    fn reading(&mut self, elapsed: Duration, &Reading { name, value, kind }: &Reading) -> String {
        match kind {
            Kind::Now => format!("{} {name}", Unit::Count.show(value)),
            Kind::Rate => {
                let (then, before) = self.before.insert(name, (elapsed, value)).unwrap_or_default();
                let seconds = elapsed.saturating_sub(then).as_secs_f64();
                let rate = if seconds > 0.0 { ((value - before) / seconds).round() } else { 0.0 };
                format!("{} {name}/s", Unit::Count.show(rate))
            }
            Kind::Value(unit) => format!("{name} {}", unit.show(value)),
        }
    }
}

/// How far it is: `12 s of 60 s`, `8,300 of 20,000, 12 s, 17 s left`, `12 s`.
fn far(extent: Extent, elapsed: Duration, done: u64) -> String {
    let now = in_seconds(elapsed);
    match extent {
        Extent::Open => now,
        // The looks are not to the millisecond.
        Extent::Time(time) if elapsed > time + Duration::from_secs(1) => {
            format!("{now}, was to take {}", in_seconds(time))
        }
        Extent::Time(time) => format!("{now} of {}", in_seconds(time)),
        Extent::Count(count) => {
            let left = if (1..count).contains(&done) {
                let left = elapsed.as_secs_f64() * ratio(count - done, done);
                format!(", about {} left", in_seconds(Duration::from_secs_f64(left.min(1e9))))
            } else {
                String::new()
            };
            format!("{} of {}, {now}{left}", whole(done), whole(count))
        }
    }
}

#[expect(clippy::cast_precision_loss, reason = "counters of a run stay far below 2^53")]
fn ratio(a: u64, b: u64) -> f64 {
    a as f64 / b as f64
}

/// Whole seconds, from two minutes on as `2 min 5 s`: a bar counts, it does not measure.
fn in_seconds(time: Duration) -> String {
    let seconds = (time + Duration::from_millis(500)).as_secs();
    if seconds < 120 { format!("{seconds} s") } else { format!("{} min {} s", whole(seconds / 60), seconds % 60) }
}

fn millis(time: Duration) -> u64 {
    time.as_millis().try_into().unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use std::sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    };

    use super::*;

    #[test]
    fn counters_are_read_at_a_glance() {
        let mut rates = Rates::default();
        let mut line = |seconds, hellos| {
            let readings = [
                Reading::now("live", 12_410),
                Reading::rate("hellos", hellos),
                Reading::value("p99", 0.012, Unit::Seconds),
                Reading::now("errors", 3),
                Reading::value("server", 64e6, Unit::Bytes),
            ];
            rates.line(Duration::from_secs(seconds), &readings)
        };
        assert_eq!(line(2, 16_600), "12,410 live · 8,300 hellos/s · p99 12 ms · 3 errors · server 61 MiB");
        assert_eq!(line(4, 17_600), "12,410 live · 500 hellos/s · p99 12 ms · 3 errors · server 61 MiB");
        assert!(line(4, 17_600).contains("0 hellos/s"), "two looks at one instant");
    }

    #[test]
    fn it_says_how_far_and_how_long() {
        let seconds = Duration::from_secs;
        assert_eq!(far(Extent::Time(seconds(60)), seconds(12), 0), "12 s of 60 s");
        assert_eq!(far(Extent::Time(seconds(60)), seconds(64), 0), "64 s, was to take 60 s");
        assert_eq!(far(Extent::Count(20_000), seconds(12), 8_000), "8,000 of 20,000, 12 s, about 18 s left");
        assert_eq!(far(Extent::Count(20_000), seconds(1), 0), "0 of 20,000, 1 s");
        assert_eq!(far(Extent::Count(20_000), seconds(30), 20_000), "20,000 of 20,000, 30 s");
        assert_eq!(far(Extent::Open, seconds(12), 8_000), "12 s");
        assert_eq!(far(Extent::Open, seconds(3_725), 0), "62 min 5 s");
    }

    #[test]
    fn the_end_is_always_looked_at() {
        let looks = Arc::new(AtomicU64::new(0));
        let seen = Arc::clone(&looks);
        Progress::begin("storm", Extent::Open, move || Look::at(seen.fetch_add(1, Ordering::Relaxed))).finish();
        assert!(looks.load(Ordering::Relaxed) >= 1, "even of what was done sooner than the first look");
    }
}
