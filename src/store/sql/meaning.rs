//! What a database's error means for whoever asked.

use sqlx::Error;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Meaning {
    /// The database undid the transaction because another one was in its way.
    RunAgain,
    /// The connection is gone, and with it whatever was begun on it.
    Broken,
    /// Somebody holds a row for longer than any transaction of ours does: an administrator, or a node that froze.
    Held,
    /// Too much to do, or something takes too long: asking again at once would make it worse.
    Busy,
    /// Asking again will not help.
    Wrong,
}

/// Codes are those of PostgreSQL (its appendix A); `SQLite`'s are short numbers, and of these only what is a mistake of ours
/// is wrong for good.
pub(super) fn of(error: &Error) -> Meaning {
    match error {
        Error::Io(_) | Error::Protocol(_) | Error::WorkerCrashed | Error::BeginFailed => Meaning::Broken,
        Error::PoolTimedOut | Error::PoolClosed => Meaning::Busy,
        Error::Database(said) => said.code().map_or(Meaning::Wrong, |code| of_code(&code)),
        _ => Meaning::Wrong,
    }
}

fn of_code(code: &str) -> Meaning {
    match code {
        // A serialisation failure; a deadlock.
        "40001" | "40P01" => Meaning::RunAgain,
        "55P03" => Meaning::Held,
        // The server is shut down, crashed, is starting; it gave up on a transaction that did not go on.
        "57P01" | "57P02" | "57P03" | "25P03" => Meaning::Broken,
        // SQLite: an error in the statement, a constraint, a value of another type.
        "1" | "19" | "20" => Meaning::Wrong,
        _ => match code.get(..2).filter(|_| code.len() == 5) {
            // The connection failed.
            Some("08") => Meaning::Broken,
            // Something that the database does not know, a value it does not take, a constraint, a right, a mistake.
            Some("0A" | "22" | "23" | "28" | "3D" | "3F" | "42") => Meaning::Wrong,
            _ => Meaning::Busy,
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_says_whether_to_ask_again() {
        for (code, meaning) in [
            ("40001", Meaning::RunAgain),
            ("57P01", Meaning::Broken),
            ("08006", Meaning::Broken),
            ("57014", Meaning::Busy),
            ("55P03", Meaning::Held),
            ("53300", Meaning::Busy),
            ("23505", Meaning::Wrong),
            ("42P01", Meaning::Wrong),
            ("5", Meaning::Busy),
            ("19", Meaning::Wrong),
            ("2067", Meaning::Busy),
        ] {
            assert_eq!(of_code(code), meaning, "{code}");
        }
    }
}
