//! What people see of a run: while it goes, at its end, and beside another.
//!
//! Owns: words, units, colours and plots. Never: a figure of its own; it shows what [`crate::run::Run`] says.

pub mod progress;
pub mod units;

pub use progress::{Extent, Look, Progress, Reading};
