//! An error with everything that caused it, for people to read.

use std::error::Error;

/// In one line: the error, then each cause after a colon. A cause that the error before it quotes is not said again.
pub fn in_one_line(error: &dyn Error) -> String {
    let mut words = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        let more = error.to_string();
        if !words.ends_with(&more) {
            words = format!("{words}: {more}");
        }
        cause = error.source();
    }
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, thiserror::Error)]
    enum Failure {
        #[error("refused")]
        Refused,
        #[error("no answer: {0}")]
        Quoting(#[source] Box<Failure>),
        #[error("cannot open")]
        Open(#[source] Box<Failure>),
    }

    #[test]
    fn each_cause_is_said_once() {
        let error = Failure::Open(Failure::Quoting(Failure::Refused.into()).into());
        assert_eq!(in_one_line(&error), "cannot open: no answer: refused");
    }
}
