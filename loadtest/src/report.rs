//! What people see of a run: while it goes, at its end, and beside another.
//!
//! Owns: words, units, colours and plots. Never: a figure of its own; it shows what [`crate::run::Run`] says.

pub mod compare;
pub mod file;
pub mod page;
pub mod plot;
pub mod progress;
pub mod table;
pub mod units;
pub mod verdict;

#[cfg(test)]
mod sample;

pub use compare::{CompareArgs, CompareError, compare};
pub use file::{ReportError, Written, read, write};
pub use progress::{Extent, Look, Progress, Reading};

use std::io::{Write, stdout};

use crate::run::Run;

/// Puts the table of a run on the terminal.
pub fn print(run: &Run) {
    put(&table::table(run, console::colors_enabled()));
}

/// On the standard output. Whoever stops reading it, as `head` does, has read enough.
fn put(text: &str) {
    let mut out = stdout().lock();
    let _ = out.write_all(text.as_bytes()).and_then(|()| out.flush());
}
