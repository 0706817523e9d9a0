use std::ops::Range;

use eventstream_core::Parcel;

use super::{Damage, Index, Row};

/// What the body has for each event, before the events.
pub(super) const ENTRY: usize = 8;

/// A row that was checked.
pub(in super::super) struct Chunk {
    row: Row,
    /// Where the wire bytes begin.
    data: usize,
}

impl Chunk {
    /// A row whose checksums match.
    pub(super) fn new(row: Row) -> Result<Self, Damage> {
        let data = 4 + row.count as usize * ENTRY;
        let entries = row.body.get(4..data).ok_or("the body is too short")?;
        // What the checksum covers was written by `encode`; checked all the same, since what is
        // read here is sliced by it.
        let mut start = 0;
        for entry in entries.as_chunks::<ENTRY>().0 {
            let end = end_of(*entry);
            if end < start || data + end > row.body.len() {
                return Err("an event does not lie in the body");
            }
            start = end;
        }
        Ok(Self { row, data })
    }

    pub(in super::super) fn first(&self) -> i64 {
        self.row.first
    }

    pub(in super::super) fn index(&self) -> Index<'_> {
        Index::of_checked(&self.row.index)
    }

    /// The size of what is held in memory for as long as one of the events is.
    pub(in super::super) fn size(&self) -> usize {
        self.row.body.len()
    }

    /// Which of the chunk's events is at a position.
    pub(in super::super) fn event_at(&self, position: i64) -> Option<usize> {
        let event = usize::try_from(position - self.row.first).ok()?;
        (event < self.row.count as usize).then_some(event)
    }

    /// The places of an event's type and source in the index.
    pub(in super::super) fn places(&self, event: usize) -> (usize, usize) {
        let [_, _, _, _, t0, t1, s0, s1] = self.entry(event);
        (u16::from_le_bytes([t0, t1]).into(), u16::from_le_bytes([s0, s1]).into())
    }

    /// The hash of the name of an event's type.
    pub(in super::super) fn type_hash(&self, event: usize) -> Option<u64> {
        self.index().types().nth(self.places(event).0).map(|(hash, _)| hash)
    }

    /// An event: a slice of the row.
    pub(in super::super) fn parcel(&self, event: usize) -> Result<Parcel, Damage> {
        let range = self.range(event);
        Parcel::from_trusted_wire(self.row.body.slice(range)).map_err(|_| "an event is no envelope")
    }

    fn range(&self, event: usize) -> Range<usize> {
        let start = event.checked_sub(1).map_or(0, |before| end_of(self.entry(before)));
        self.data + start..self.data + end_of(self.entry(event))
    }

    fn entry(&self, event: usize) -> [u8; ENTRY] {
        self.row.body[4..self.data].as_chunks::<ENTRY>().0[event]
    }
}

fn end_of([a, b, c, d, ..]: [u8; ENTRY]) -> usize {
    u32::from_le_bytes([a, b, c, d]) as usize
}
