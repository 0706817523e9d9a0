//! The form in which events are stored: many in one row.
//!
//! A row has the position of its first event and their number, the types and the sources that are
//! in it, and a body:
//!
//! | bytes | what |
//! |---|---|
//! | 4 | CRC-32C of all else in the row |
//! | 1 | the form of the body: 1 |
//! | 3 | zero |
//! | 8 for each event | where its wire bytes end (4), its type (2), its source (2) |
//! | the rest | the wire bytes of the events, one after another |
//!
//! The type and the source are indexes into the row's lists: `types` has the number of the type and
//! how many events have it (4 bytes each), `sources` has hashes of 8 bytes. All numbers are
//! little-endian. To find the events of a type, it is enough to read the list, and then, in the
//! chunks that have the type, 8 bytes an event.

use std::ops::Range;

use bytes::Bytes;
use eventstream_core::Parcel;

const FORM: u8 = 1;
const HEADER: usize = 8;
const ENTRY: usize = 8;

/// A chunk holds up to so many events …
const MAX_EVENTS: usize = 1024;
/// … and, unless one event alone is larger, up to so many bytes of them.
const MAX_BYTES: usize = 64 * 1024;

/// What a chunk takes of each event.
#[derive(Clone, Debug)]
pub(super) struct Record {
    pub(super) parcel: Parcel,
    /// The number of the event's type.
    pub(super) type_id: u32,
    /// The hash of the event's source.
    pub(super) source: u64,
}

/// A row of the table of chunks.
#[derive(Clone, Debug)]
pub(super) struct Row {
    pub(super) first: i64,
    pub(super) count: u32,
    pub(super) types: Vec<u8>,
    pub(super) sources: Vec<u8>,
    pub(super) body: Bytes,
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

impl Row {
    /// Puts records, no more than [`fill`] says, into a row.
    pub(super) fn encode(first: i64, records: &[Record]) -> Self {
        let mut types: Vec<(u32, u32)> = Vec::new();
        let mut sources: Vec<u64> = Vec::new();
        let wire_len: usize = records.iter().map(|record| record.parcel.wire().len()).sum();
        let mut body = Vec::with_capacity(HEADER + records.len() * ENTRY + wire_len);
        body.extend([0, 0, 0, 0, FORM, 0, 0, 0]);
        let mut end = 0;
        for record in records {
            end += record.parcel.wire().len();
            let type_index =
                index_of(&mut types, |(id, _)| *id == record.type_id, || (record.type_id, 0));
            types[type_index].1 += 1;
            let source_index =
                index_of(&mut sources, |hash| *hash == record.source, || record.source);
            body.extend(low_u32(end).to_le_bytes());
            body.extend(low_u16(type_index).to_le_bytes());
            body.extend(low_u16(source_index).to_le_bytes());
        }
        for record in records {
            body.extend_from_slice(record.parcel.wire());
        }
        let types = types
            .iter()
            .flat_map(|(id, count)| [id.to_le_bytes(), count.to_le_bytes()].concat())
            .collect();
        let sources = sources.iter().flat_map(|hash| hash.to_le_bytes()).collect();
        let mut row =
            Self { first, count: low_u32(records.len()), types, sources, body: Bytes::new() };
        let checksum = row.checksum(&body);
        body[..4].copy_from_slice(&checksum.to_le_bytes());
        row.body = body.into();
        row
    }

    /// Checks a row that was read.
    pub(super) fn check(self) -> Result<Chunk, Damage> {
        let stored = self.body.first_chunk::<4>().ok_or("the body is too short")?;
        if u32::from_le_bytes(*stored) != self.checksum(&self.body) {
            return Err("the checksum does not match");
        }
        if self.body.get(4) != Some(&FORM) {
            return Err("the body has an unknown form");
        }
        let data = HEADER + self.count as usize * ENTRY;
        let entries = self.body.get(HEADER..data).ok_or("the body is too short")?;
        let (entries, _) = entries.as_chunks::<ENTRY>();
        // What the checksum covers was written by `encode`; checked all the same, since what is
        // read here is sliced by it.
        let mut start = 0;
        for entry in entries {
            let end = end_of(*entry);
            if end < start || data + end > self.body.len() {
                return Err("an event does not lie in the body");
            }
            start = end;
        }
        Ok(Chunk { row: self, data })
    }

    fn checksum(&self, body: &[u8]) -> u32 {
        let mut checksum = crc32c::crc32c(&self.first.to_le_bytes());
        for part in [&self.count.to_le_bytes(), &self.types[..], &self.sources, &body[4..]] {
            checksum = crc32c::crc32c_append(checksum, part);
        }
        checksum
    }
}

/// A row that was checked.
pub(super) struct Chunk {
    row: Row,
    /// Where the wire bytes begin.
    data: usize,
}

impl Chunk {
    pub(super) fn first(&self) -> i64 {
        self.row.first
    }

    /// Which of the chunk's events is at a position.
    pub(super) fn event_at(&self, position: i64) -> Option<usize> {
        let event = usize::try_from(position - self.row.first).ok()?;
        (event < self.row.count as usize).then_some(event)
    }

    /// The index of a type in this chunk's list.
    pub(super) fn type_index(&self, wanted: impl Fn(u32) -> bool) -> Vec<bool> {
        types(&self.row.types).map(|(id, _)| wanted(id)).collect()
    }

    /// The index of a source in this chunk's list.
    pub(super) fn source_index(&self, wanted: u64) -> Vec<bool> {
        sources(&self.row.sources).map(|hash| hash == wanted).collect()
    }

    /// The type's index and the source's of an event.
    pub(super) fn indexes(&self, event: usize) -> (usize, usize) {
        let [_, _, _, _, t0, t1, s0, s1] = self.entry(event);
        (u16::from_le_bytes([t0, t1]).into(), u16::from_le_bytes([s0, s1]).into())
    }

    /// The number of an event's type.
    pub(super) fn type_id(&self, event: usize) -> Option<u32> {
        types(&self.row.types).nth(self.indexes(event).0).map(|(id, _)| id)
    }

    /// An event: a slice of the row.
    pub(super) fn parcel(&self, event: usize) -> Result<Parcel, Damage> {
        let range = self.range(event);
        Parcel::from_trusted_wire(self.row.body.slice(range)).map_err(|_| "an event is no envelope")
    }

    fn range(&self, event: usize) -> Range<usize> {
        let start = event.checked_sub(1).map_or(0, |before| end_of(self.entry(before)));
        self.data + start..self.data + end_of(self.entry(event))
    }

    fn entry(&self, event: usize) -> [u8; ENTRY] {
        self.row.body[HEADER..self.data].as_chunks::<ENTRY>().0[event]
    }
}

/// The types of a row, and how many events each has.
pub(super) fn types(list: &[u8]) -> impl Iterator<Item = (u32, u32)> {
    list.as_chunks::<8>().0.iter().map(|[a, b, c, d, e, f, g, h]| {
        (u32::from_le_bytes([*a, *b, *c, *d]), u32::from_le_bytes([*e, *f, *g, *h]))
    })
}

/// The sources of a row.
pub(super) fn sources(list: &[u8]) -> impl Iterator<Item = u64> {
    list.as_chunks::<8>().0.iter().map(|hash| u64::from_le_bytes(*hash))
}

fn end_of([a, b, c, d, ..]: [u8; ENTRY]) -> usize {
    u32::from_le_bytes([a, b, c, d]) as usize
}

fn index_of<T>(list: &mut Vec<T>, is: impl Fn(&T) -> bool, new: impl FnOnce() -> T) -> usize {
    // The same as before, more often than not.
    list.iter().rposition(is).unwrap_or_else(|| {
        list.push(new());
        list.len() - 1
    })
}

/// A chunk is smaller than 4 GiB, because a parcel is smaller than 2 GiB.
#[allow(clippy::cast_possible_truncation)]
fn low_u32(number: usize) -> u32 {
    number as u32
}

/// A chunk has at most 1,024 events, and no more types or sources than events.
#[allow(clippy::cast_possible_truncation)]
fn low_u16(number: usize) -> u16 {
    number as u16
}

#[cfg(test)]
mod tests {
    use super::*;
    use eventstream_core::{Envelope, Identity};

    fn records(count: usize, payload: usize) -> Vec<Record> {
        let application = Identity::new("app", "key");
        (0..count)
            .map(|n| Envelope {
                data: vec![0x61; payload].into(),
                ..Envelope::new(format!("m-{n}"), application.clone(), "type", "text/plain")
            })
            .map(|envelope| Parcel::seal(envelope).unwrap())
            .zip(0..)
            .map(|(parcel, n)| Record { parcel, type_id: 7 + n % 3, source: u64::from(n % 5) })
            .collect()
    }

    #[test]
    fn what_is_stored_is_read_again() {
        let records = records(100, 10);
        let chunk = Row::encode(40, &records).check().unwrap();
        assert_eq!(chunk.first(), 40);
        assert_eq!((chunk.event_at(139), chunk.event_at(140)), (Some(99), None));
        for (event, record) in records.iter().enumerate() {
            assert_eq!(chunk.parcel(event).unwrap(), record.parcel);
            assert_eq!(chunk.type_id(event), Some(record.type_id));
            assert!(chunk.source_index(record.source)[chunk.indexes(event).1]);
        }
        let counts: Vec<_> = types(&chunk.row.types).collect();
        assert_eq!(counts, [(7, 34), (8, 33), (9, 33)]);
    }

    #[test]
    fn a_chunk_is_bounded_in_events_and_bytes() {
        let smallest = Envelope {
            created_at: "2026-01-01T00:00:00Z".parse().unwrap(),
            ..Envelope::new("m", Identity::new("a", "k"), "t", "a/b")
        };
        let parcel = Parcel::seal(smallest).unwrap();
        let record = Record { parcel, type_id: 0, source: 0 };
        assert_eq!(fill(&vec![record; 3000]), MAX_EVENTS);
        let large = records(10, MAX_BYTES / 3);
        assert_eq!(fill(&large), 2);
        assert_eq!(fill(&records(2, MAX_BYTES * 2)), 1);
    }

    #[test]
    fn every_flipped_bit_is_noticed() {
        let row = Row::encode(3, &records(4, 3));
        assert!(row.clone().check().is_ok());
        for byte in 0..row.body.len() {
            let mut body = row.body.to_vec();
            body[byte] ^= 1 << (byte % 8);
            assert!(Row { body: body.into(), ..row.clone() }.check().is_err(), "body {byte}");
        }
        for byte in 0..row.types.len() {
            let mut damaged = row.clone();
            damaged.types[byte] ^= 0x10;
            assert!(damaged.check().is_err(), "types {byte}");
        }
        assert!(Row { first: 4, ..row.clone() }.check().is_err());
        assert!(Row { count: 3, ..row.clone() }.check().is_err());
        assert!(Row { sources: Vec::new(), ..row.clone() }.check().is_err());
        assert!(Row { body: row.body.slice(..3), ..row }.check().is_err());
    }
}
