use bytes::Bytes;

use super::{Chunk, Damage, Index, Record, checked::ENTRY};

/// A row of the table of chunks.
#[derive(Clone, Debug)]
pub(in super::super) struct Row {
    pub(in super::super) first: i64,
    pub(in super::super) count: u32,
    pub(in super::super) index: Bytes,
    pub(in super::super) body: Bytes,
}

impl Row {
    /// The columns, as [`read`](Self::read) expects them.
    pub(in super::super) const COLUMNS: &str = "first, count, summary, body";

    /// Reads a row of a query for [`COLUMNS`](Self::COLUMNS).
    pub(in super::super) fn read(row: &rusqlite::Row<'_>) -> rusqlite::Result<Self> {
        Ok(Self {
            first: row.get(0)?,
            count: row.get(1)?,
            index: row.get::<_, Vec<u8>>(2)?.into(),
            body: row.get::<_, Vec<u8>>(3)?.into(),
        })
    }

    /// Puts records, no more than [`fill`](super::fill) says, into a row.
    pub(in super::super) fn encode(first: i64, records: &[Record]) -> Self {
        let mut types: Vec<(u64, u32)> = Vec::new();
        let mut sources: Vec<u64> = Vec::new();
        let wire_len: usize = records.iter().map(|record| record.parcel.wire().len()).sum();
        let mut body = Vec::with_capacity(4 + records.len() * ENTRY + wire_len);
        body.extend([0; 4]);
        let mut end = 0;
        for Record { parcel, type_hash, source_hash } in records {
            end += parcel.wire().len();
            let event_type =
                index_of(&mut types, |(hash, _)| hash == type_hash, || (*type_hash, 0));
            types[event_type].1 += 1;
            let source = index_of(&mut sources, |hash| hash == source_hash, || *source_hash);
            body.extend(low_u32(end).to_le_bytes());
            body.extend(low_u16(event_type).to_le_bytes());
            body.extend(low_u16(source).to_le_bytes());
        }
        for record in records {
            body.extend_from_slice(record.parcel.wire());
        }
        let count = low_u32(records.len());
        let index = Index::encode(first, count, &types, &sources);
        let checksum = checksum(&index, &body);
        body[..4].copy_from_slice(&checksum);
        Self { first, count, index: index.into(), body: body.into() }
    }

    /// Checks all of a row.
    pub(in super::super) fn check(self) -> Result<Chunk, Damage> {
        Index::check(self.first, self.count, &self.index)?;
        let stored = self.body.first_chunk::<4>().ok_or("the body is too short")?;
        if *stored != checksum(&self.index, &self.body) {
            return Err("the checksum does not match");
        }
        Chunk::new(self)
    }
}

/// With the index's own checksum: the two belong together.
fn checksum(index: &[u8], body: &[u8]) -> [u8; 4] {
    let checksum = crc32c::crc32c(index.get(..4).unwrap_or_default());
    crc32c::crc32c_append(checksum, body.get(4..).unwrap_or_default()).to_le_bytes()
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
pub(super) fn low_u32(number: usize) -> u32 {
    number as u32
}

/// A chunk has at most 1,024 events, and no more types or sources than events.
#[allow(clippy::cast_possible_truncation)]
fn low_u16(number: usize) -> u16 {
    number as u16
}
