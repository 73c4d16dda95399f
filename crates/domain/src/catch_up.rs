//! Where a device's catch-up begins. It is state-based: "what changed after this cursor", never a log that is replayed.

use keyleash_protocol::{Epoch, Seq};

/// The cursor to read from. A device that met another history of the database (`epoch`), or claims more than there is,
/// reads everything again; it deletes nothing because of that.
pub fn starting_cursor(claimed: Seq, claimed_epoch: Option<&Epoch>, epoch: &Epoch, head: Seq) -> Seq {
    let another_history = claimed_epoch.is_some_and(|claimed| claimed != epoch);
    if another_history || claimed > head || claimed < Seq(0) { Seq(0) } else { claimed }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_cursor_of_this_history_counts() {
        let (here, elsewhere) = (Epoch("here".into()), Epoch("elsewhere".into()));
        assert_eq!(starting_cursor(Seq(5), Some(&here), &here, Seq(9)), Seq(5));
        assert_eq!(starting_cursor(Seq(5), None, &here, Seq(9)), Seq(5));
        assert_eq!(starting_cursor(Seq(5), Some(&elsewhere), &here, Seq(9)), Seq(0));
        assert_eq!(starting_cursor(Seq(10), Some(&here), &here, Seq(9)), Seq(0));
        assert_eq!(starting_cursor(Seq(-1), Some(&here), &here, Seq(9)), Seq(0));
    }
}
