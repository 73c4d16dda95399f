//! Statements about any number of things: no list is a parameter in every dialect, so the things stand in one parameter, one
//! behind the other, each as long as every other. One statement for any number is prepared once.

/// A statement that may name `asked`, whose `id` are the things of so many characters or bytes each in a parameter.
macro_rules! with_asked {
    ($parameter:literal, $width:literal, $statement:literal) => {
        concat!(
            "WITH RECURSIVE asked (start, id) AS (SELECT 1, substr(",
            $parameter,
            ", 1, ",
            $width,
            ")
             UNION ALL SELECT start + ",
            $width,
            ", substr(",
            $parameter,
            ", start + ",
            $width,
            ", ",
            $width,
            ")
             FROM asked WHERE start + ",
            $width,
            " <= length(",
            $parameter,
            ")) ",
            $statement
        )
    };
}

pub(super) use with_asked;

/// Ids as `asked` takes them.
pub(super) fn in_a_row<'i, T: ToString + 'i>(ids: impl IntoIterator<Item = &'i T>) -> String {
    ids.into_iter().map(ToString::to_string).collect()
}
