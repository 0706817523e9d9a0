use std::{borrow::Cow, ops::Range};

use bytes::Bytes;

use super::{
    Damage,
    codec::{Put, Take, record, sign, u32_of, verified},
};
use crate::Compression;

const MAGIC: [u8; 4] = *b"EVCH";

/// The length of what a chunk begins with.
pub(crate) const CHUNK_HEADER: usize = 48;
/// A chunk holds up to so many events, so that a byte counts them …
pub(crate) const MAX_CHUNK_EVENTS: usize = 256;
/// … and, unless one event alone is larger, up to so many bytes of them. Less would not be
/// compressed as well; more takes longer to find one event in.
pub(crate) const MAX_CHUNK_BYTES: usize = 16 * 1024;

const STORED: u32 = 0;
const LZ4: u32 = 1;

/// What a chunk begins with: a run of events in a segment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct ChunkHeader {
    pub(crate) body_checksum: u32,
    compression: u32,
    pub(crate) first: u64,
    /// When the last of its events was committed, in milliseconds since 1970.
    pub(crate) time: u64,
    pub(crate) count: u32,
    /// The length of the lengths and the events.
    pub(crate) raw_len: u32,
    /// The length of the same as it is stored.
    pub(crate) stored_len: u32,
}

impl ChunkHeader {
    pub(crate) fn decode(bytes: &[u8]) -> Option<Self> {
        let (mut take, _) = verified(bytes.get(..CHUNK_HEADER)?, MAGIC)?;
        let header = Self {
            body_checksum: take.u32()?,
            compression: take.u32()?,
            first: take.u64()?,
            time: take.u64()?,
            count: take.u32()?,
            raw_len: take.u32()?,
            stored_len: take.u32()?,
        };
        let counts = 1..=MAX_CHUNK_EVENTS;
        counts.contains(&(header.count as usize)).then_some(header)
    }

    /// The length of the chunk.
    pub(crate) fn len(&self) -> usize {
        CHUNK_HEADER + self.stored_len as usize
    }

    pub(crate) fn next(&self) -> u64 {
        self.first + u64::from(self.count)
    }

    /// The length of the lengths.
    fn table(&self) -> usize {
        self.count as usize * 4
    }
}

/// A chunk as it is written.
pub(crate) struct EncodedChunk {
    pub(crate) header: ChunkHeader,
    /// The header, and what is stored.
    pub(crate) bytes: Vec<u8>,
}

/// Puts events into a chunk: their lengths, and their bytes one after another.
pub(crate) fn encode_chunk(
    first: u64,
    time: u64,
    lens: &[u32],
    events: &[u8],
    compression: Compression,
) -> EncodedChunk {
    let mut raw = Vec::with_capacity(lens.len() * 4 + events.len());
    for len in lens {
        raw.put_u32(*len);
    }
    raw.extend_from_slice(events);
    let (flag, stored) = match compression {
        Compression::None => (STORED, Cow::Borrowed(&raw)),
        Compression::Lz4 => {
            let compressed = lz4_flex::block::compress(&raw);
            // What does not get smaller is not worth the time.
            if compressed.len() < raw.len() / 16 * 15 {
                (LZ4, Cow::Owned(compressed))
            } else {
                (STORED, Cow::Borrowed(&raw))
            }
        }
    };
    let header = ChunkHeader {
        body_checksum: crc32c::crc32c(&stored),
        compression: flag,
        first,
        time,
        count: u32_of(lens.len()),
        raw_len: u32_of(raw.len()),
        stored_len: u32_of(stored.len()),
    };
    let mut bytes = record(MAGIC, header.len());
    bytes.put_u32(header.body_checksum);
    bytes.put_u32(flag);
    bytes.put_u64(first);
    bytes.put_u64(time);
    bytes.put_u32(header.count);
    bytes.put_u32(header.raw_len);
    bytes.put_u32(header.stored_len);
    bytes.put_u32(0);
    sign(&mut bytes);
    bytes.extend_from_slice(&stored);
    EncodedChunk { header, bytes }
}

/// A chunk that was checked and unpacked, into memory that is used again.
pub(crate) struct ChunkView<'a> {
    header: ChunkHeader,
    raw: &'a [u8],
}

impl<'a> ChunkView<'a> {
    /// Checks what a chunk with this header has stored, and unpacks it, if it is packed.
    pub(crate) fn unpack(
        header: ChunkHeader,
        stored: &'a [u8],
        scratch: &'a mut Vec<u8>,
    ) -> Result<Self, Damage> {
        if crc32c::crc32c(stored) != header.body_checksum {
            return Err("the checksum of the chunk does not match");
        }
        let raw_len = header.raw_len as usize;
        let raw = match header.compression {
            STORED if stored.len() == raw_len => stored,
            LZ4 => {
                if scratch.len() < raw_len {
                    scratch.resize(raw_len, 0);
                }
                let raw = &mut scratch[..raw_len];
                match lz4_flex::block::decompress_into(stored, raw) {
                    Ok(len) if len == raw_len => raw,
                    _ => return Err("the chunk can't be unpacked"),
                }
            }
            _ => return Err("the chunk is packed in an unknown way"),
        };
        // What the checksum covers was written by `encode_chunk`; checked all the same, since what
        // is read here is sliced by it.
        let table = header.table();
        let lens: usize = lens(&header, raw).sum();
        if table <= raw_len && lens.checked_add(table) == Some(raw_len) {
            Ok(Self { header, raw })
        } else {
            Err("the events do not fill the chunk")
        }
    }

    /// The wire bytes of an event, if there are so many.
    pub(crate) fn event(&self, number: usize) -> Option<&'a [u8]> {
        ranges(&self.header, self.raw).nth(number).and_then(|range| self.raw.get(range))
    }
}

/// A chunk that was checked and unpacked, into memory that its events share.
pub(crate) struct RawChunk {
    header: ChunkHeader,
    raw: Bytes,
}

impl RawChunk {
    /// Checks what a chunk with this header has stored, and unpacks it.
    pub(crate) fn unpack(header: ChunkHeader, stored: &[u8]) -> Result<Self, Damage> {
        let mut scratch = Vec::new();
        ChunkView::unpack(header, stored, &mut scratch)?;
        let is_packed = header.compression != STORED;
        let raw = if is_packed { scratch.into() } else { Bytes::copy_from_slice(stored) };
        Ok(Self { header, raw })
    }

    pub(crate) fn header(&self) -> &ChunkHeader {
        &self.header
    }

    /// The wire bytes of all events.
    pub(crate) fn events(&self) -> impl Iterator<Item = Bytes> {
        ranges(&self.header, &self.raw).map(|range| self.raw.slice(range))
    }
}

/// The lengths of a chunk's events.
fn lens(header: &ChunkHeader, raw: &[u8]) -> impl Iterator<Item = usize> {
    let table = raw.get(..header.table()).unwrap_or_default();
    table.as_chunks::<4>().0.iter().map(|len| u32::from_le_bytes(*len) as usize)
}

/// Where its events lie.
fn ranges(header: &ChunkHeader, raw: &[u8]) -> impl Iterator<Item = Range<usize>> {
    let mut end = header.table();
    lens(header, raw).map(move |len| {
        let start = end;
        end += len;
        start..end
    })
}

/// Which types and sources are in a chunk, and which of its events have them: to find events
/// without unpacking the chunk. Hashes are cut short: what is found is compared by name.
#[derive(Clone, Copy)]
pub(crate) struct ChunkIndex<'a> {
    types: Groups<'a>,
    sources: Groups<'a>,
}

#[derive(Clone, Copy)]
struct Groups<'a> {
    /// A hash (4) and the number of events that have it (2).
    groups: &'a [[u8; 6]],
    /// The numbers of the events, group by group.
    events: &'a [u8],
}

impl<'a> ChunkIndex<'a> {
    /// The bytes of an index of events with these types and sources.
    pub(crate) fn encode(types: &[u64], sources: &[u64]) -> Vec<u8> {
        let mut bytes = vec![0; 8];
        for (place, hashes) in [(4, types), (6, sources)] {
            let groups = put_groups(&mut bytes, hashes);
            bytes[place..place + 2].copy_from_slice(&low_u16(groups).to_le_bytes());
        }
        let checksum = crc32c::crc32c(&bytes[4..]);
        bytes[..4].copy_from_slice(&checksum.to_le_bytes());
        bytes
    }

    /// The index in bytes, if they are right.
    pub(crate) fn decode(bytes: &'a [u8], count: u32) -> Option<Self> {
        let mut take = Take(bytes);
        let checksum = take.u32()?;
        if crc32c::crc32c(take.0) != checksum {
            return None;
        }
        let (types, sources) = (take.u16()?, take.u16()?);
        let mut groups = |groups: u16| {
            let groups = take.bytes(usize::from(groups) * 6)?.as_chunks().0;
            Some(Groups { groups, events: take.bytes(count as usize)? })
        };
        Some(Self { types: groups(types)?, sources: groups(sources)? })
    }

    /// Adds the numbers of the events that may have one of these types.
    pub(crate) fn with_types(&self, hashes: &[u64], found: &mut Vec<u8>) {
        self.types.find(hashes, found);
    }

    /// Adds the numbers of the events that may have one of these sources.
    pub(crate) fn with_sources(&self, hashes: &[u64], found: &mut Vec<u8>) {
        self.sources.find(hashes, found);
    }
}

impl Groups<'_> {
    /// Adds the numbers of the events with one of these hashes, which are sorted, in order.
    fn find(&self, hashes: &[u64], found: &mut Vec<u8>) {
        let before = found.len();
        let mut rest = self.events;
        let mut groups = 0;
        for [a, b, c, d, e, f] in self.groups {
            let hash = u32::from_le_bytes([*a, *b, *c, *d]);
            let count = usize::from(u16::from_le_bytes([*e, *f]));
            let (events, others) = rest.split_at_checked(count).unwrap_or((rest, &[]));
            let is_wanted = match hashes {
                [one] => short(*one) == hash,
                many => many.binary_search_by_key(&hash, |hash| short(*hash)).is_ok(),
            };
            if is_wanted {
                found.extend_from_slice(events);
                groups += 1;
            }
            rest = others;
        }
        if groups > 1 {
            found[before..].sort_unstable();
        }
    }
}

/// The hash as an index has it: its upper half, so that the order of hashes is theirs.
fn short(hash: u64) -> u32 {
    u32::try_from(hash >> 32).unwrap_or_default()
}

/// Adds the groups of events with these hashes, in the order of the hashes; returns how many.
fn put_groups(bytes: &mut Vec<u8>, hashes: &[u64]) -> usize {
    let mut events: Vec<(u32, u8)> =
        hashes.iter().map(|hash| short(*hash)).zip(0..=u8::MAX).collect();
    events.sort_unstable();
    let mut groups = 0;
    for group in events.chunk_by(|(one, _), (other, _)| one == other) {
        bytes.put_u32(group[0].0);
        bytes.put_u16(low_u16(group.len()));
        groups += 1;
    }
    bytes.extend(events.iter().map(|(_, event)| event));
    groups
}

/// A number of events of a chunk, of which there are 256 at most.
fn low_u16(number: usize) -> u16 {
    u16::try_from(number).expect("a chunk has 256 events at most")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn events() -> Vec<Bytes> {
        (0..40).map(|n| Bytes::from(format!("event {n} ").repeat(n))).collect()
    }

    fn encode(first: u64, time: u64, events: &[Bytes], compression: Compression) -> EncodedChunk {
        let lens: Vec<_> = events.iter().map(|event| u32_of(event.len())).collect();
        encode_chunk(first, time, &lens, &events.concat(), compression)
    }

    #[test]
    fn what_is_written_is_read_again() {
        for (compression, flag) in [(Compression::None, STORED), (Compression::Lz4, LZ4)] {
            let events = events();
            let chunk = encode(7, 99, &events, compression);
            assert_eq!(chunk.header.compression, flag);
            let header = ChunkHeader::decode(&chunk.bytes).unwrap();
            assert_eq!(header, chunk.header);
            assert_eq!((header.first, header.next(), header.time), (7, 47, 99));
            assert_eq!(header.len(), chunk.bytes.len());
            let raw = RawChunk::unpack(header, &chunk.bytes[CHUNK_HEADER..]).unwrap();
            assert_eq!(raw.events().collect::<Vec<_>>(), events);
            let mut scratch = vec![1; 100_000];
            let view = ChunkView::unpack(header, &chunk.bytes[CHUNK_HEADER..], &mut scratch);
            let view = view.unwrap();
            assert_eq!((view.event(39), view.event(40)), (Some(&events[39][..]), None));
        }
        // Nothing to be gained.
        let short = encode(0, 0, &[Bytes::from_static(b"x")], Compression::Lz4);
        assert_eq!(short.header.compression, STORED);
    }

    #[test]
    fn every_flipped_byte_is_noticed() {
        let chunk = encode(7, 99, &events(), Compression::Lz4);
        for at in 0..chunk.bytes.len() {
            let mut bytes = chunk.bytes.clone();
            bytes[at] ^= 1 << (at % 8);
            let read = ChunkHeader::decode(&bytes)
                .is_some_and(|header| RawChunk::unpack(header, &bytes[CHUNK_HEADER..]).is_ok());
            assert!(!read, "byte {at}");
        }
    }

    #[test]
    fn an_index_finds_events_by_type_and_by_source() {
        let types: Vec<u64> = (0..256).map(|n| (n % 7) << 32).collect();
        let sources: Vec<u64> = (0..256).map(|n| (n / 100) << 32).collect();
        let bytes = ChunkIndex::encode(&types, &sources);
        let index = ChunkIndex::decode(&bytes, 256).unwrap();
        let mut found = Vec::new();
        index.with_types(&[3 << 32], &mut found);
        assert!(found.iter().all(|n| n % 7 == 3) && found.len() == 37, "{found:?}");
        found.clear();
        index.with_types(&[1 << 32, 2 << 32, 9 << 32], &mut found);
        let expected: Vec<u8> = (0..=255).filter(|n| matches!(n % 7, 1 | 2)).collect();
        assert_eq!(found, expected);
        found.clear();
        index.with_sources(&[2 << 32], &mut found);
        assert_eq!(found, (200..=255).collect::<Vec<u8>>());
        found.clear();
        index.with_sources(&[77 << 32], &mut found);
        assert!(found.is_empty());
        for at in 0..bytes.len() {
            let mut bytes = bytes.clone();
            bytes[at] ^= 2;
            assert!(ChunkIndex::decode(&bytes, 256).is_none(), "byte {at}");
        }
    }
}
