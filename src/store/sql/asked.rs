//! Statements about any number of things. No list is a parameter in every dialect, so the things stand in one text, between
//! commas; one statement for any number is prepared once.

/// A statement that may name `asked`, whose `id` are the things in a parameter: texts as [`in_a_row`] puts them, or bytes as
/// [`bytes_in_a_row`] does. One that is `taking` rows is a SELECT that takes them in its order; SQLite's writer has all.
macro_rules! with_asked {
    (bytes $parameter:literal, $statement:literal) => {
        with_asked!(@ $parameter, "unhex(value)", "decode(unnest", ", 'hex')", $statement, "")
    };
    (taking $parameter:literal, $statement:literal) => {
        with_asked!(@ $parameter, "value", "(unnest", ")", $statement, " FOR NO KEY UPDATE")
    };
    ($parameter:literal, $statement:literal) => {
        with_asked!(@ $parameter, "value", "(unnest", ")", $statement, "")
    };
    (@ $parameter:literal, $of_json:literal, $before:literal, $after:literal, $statement:literal, $taking:literal) => {
        <D as $crate::store::sql::Driver>::choose($crate::store::sql::driver::Dialects {
            sqlite: concat!(
                "WITH asked (id) AS (SELECT ", $of_json,
                " FROM json_each('[\"' || replace(", $parameter, ", ',', '\",\"') || '\"]')) ", $statement
            ),
            // The planner takes an array for ten things: few enough to look each of them up.
            postgres: concat!(
                "WITH asked (id) AS (SELECT ", $before, "(string_to_array(", $parameter, ", ','))", $after, ") ",
                $statement, $taking
            ),
        })
    };
}

pub(super) use with_asked;

/// Things as `asked` takes them. There is at least one.
pub(super) fn in_a_row<T: ToString>(things: impl IntoIterator<Item = T>) -> String {
    let mut row = String::new();
    for thing in things {
        if !row.is_empty() {
            row.push(',');
        }
        row.push_str(&thing.to_string());
    }
    row
}

pub(super) fn bytes_in_a_row<'b>(things: impl IntoIterator<Item = &'b [u8]>) -> String {
    in_a_row(things.into_iter().map(hex::encode))
}
