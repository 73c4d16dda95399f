//! How much of what changed goes into one frame.

use keyleash_protocol::{Seq, limits::FRAME_BYTES_MAX};

use crate::store::{CredentialChanges, CredentialRow};

/// JSON around the lists of a `sync` message, with every number at its longest, bytes.
const ENVELOPE_BYTES: usize = 160;
/// JSON of one entry without its box, with every number at its longest, and a comma, bytes.
const ENTRY_BYTES: usize = 128;

/// The rows of one page, and where they lead.
#[derive(Debug)]
pub struct Page {
    pub rows: Vec<CredentialRow>,
    /// Where a reader of these rows is.
    pub seq: Seq,
    /// Whether there is nothing after them.
    pub done: bool,
    /// How many changes there are in all, these included.
    pub total: u64,
}

/// Takes as many rows as fit one frame.
pub fn first_page(changes: CredentialChanges) -> Page {
    let mut rows = changes.rows;
    rows.truncate(fitting(&rows));
    let done = rows.len() as u64 >= changes.total;
    let seq = match rows.last() {
        Some(last) if done => last.seq.max(changes.seq),
        Some(last) => last.seq,
        None => changes.seq,
    };
    Page { rows, seq, done, total: changes.total }
}

/// How many of the first of these fit one frame, at least one if there is one. A box has the size of the row that it is made
/// of; one with a summary is smaller.
pub fn fitting(rows: &[CredentialRow]) -> usize {
    let mut bytes = ENVELOPE_BYTES;
    let fitting = rows.iter().take_while(|row| {
        bytes += entry_bytes(row);
        bytes <= FRAME_BYTES_MAX
    });
    fitting.count().max(1).min(rows.len())
}

fn entry_bytes(row: &CredentialRow) -> usize {
    /// Base64 makes four characters of three bytes.
    const fn base64_chars(bytes: usize) -> usize {
        bytes.div_ceil(3) * 4
    }
    ENTRY_BYTES + row.sealed.as_ref().map_or(0, |sealed| base64_chars(sealed.len()))
}
