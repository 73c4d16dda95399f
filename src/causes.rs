//! An error with everything that caused it, for people to read.

use std::error::Error;

/// In one line: the error, then each cause after a colon.
pub fn in_one_line(error: &dyn Error) -> String {
    let mut words = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        words = format!("{words}: {error}");
        cause = error.source();
    }
    words
}
