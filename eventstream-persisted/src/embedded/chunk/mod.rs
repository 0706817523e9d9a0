//! The form in which events are stored: many in one row.
//!
//! A row has the position of its first event and their number, an index of the types and sources
//! that are in it, and a body. All numbers are little-endian.
//!
//! The index:
//!
//! | bytes | what |
//! |---|---|
//! | 4 | CRC-32C of the row's position and number, and of the rest of the index |
//! | 1 | the form: 1 |
//! | 3 | zero |
//! | 4 | how many types there are |
//! | 12 for each type | the hash of its name (8), how many events have it (4) |
//! | 8 for each source | its hash |
//!
//! The body:
//!
//! | bytes | what |
//! |---|---|
//! | 4 | CRC-32C of the index's checksum, and of the rest of the body |
//! | 8 for each event | where its wire bytes end (4), its type (2) and source (2) in the index |
//! | the rest | the wire bytes of the events, one after another |
//!
//! To find the events of a type, it is enough to read the indexes, and then, in the chunks that have
//! the type, 8 bytes an event. Hashes can collide, so what is found is compared by name.

mod checked;
mod index;
mod row;

pub(super) use checked::Chunk;
pub(super) use index::Index;
pub(super) use row::Row;

use eventstream_core::Parcel;

/// A chunk holds up to so many events …
const MAX_EVENTS: usize = 1024;
/// … and, unless one event alone is larger, up to so many bytes of them.
const MAX_BYTES: usize = 64 * 1024;

/// What a chunk takes of each event.
#[derive(Clone, Debug)]
pub(super) struct Record {
    pub(super) parcel: Parcel,
    /// The hash of the name of the event's type.
    pub(super) type_hash: u64,
    /// The hash of the event's source.
    pub(super) source_hash: u64,
}

/// Why a row can't be read.
pub(super) type Damage = &'static str;

/// How many of the next records go into one chunk.
pub(super) fn fill(records: &[Record]) -> usize {
    let mut bytes = 0;
    records
        .iter()
        .take(MAX_EVENTS)
        .take_while(|record| {
            bytes += record.parcel.wire().len();
            bytes <= MAX_BYTES
        })
        .count()
        .max(1)
}

#[cfg(test)]
mod tests;
