use std::{borrow::Cow, ops::Range};

use bytes::Bytes;

use super::{
    Damage,
    codec::{Put, record, sign_with, u32_of, verified_with},
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

/// A byte that LZ4 has packed says of up to so many that they are as others before.
const MAX_LZ4_RATIO: usize = 255;

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
    pub(crate) fn decode(seed: u32, bytes: &[u8]) -> Option<Self> {
        let (mut take, _) = verified_with(seed, bytes.get(..CHUNK_HEADER)?, MAGIC)?;
        let header = Self {
            body_checksum: take.u32()?,
            compression: take.u32()?,
            first: take.u64()?,
            time: take.u64()?,
            count: take.u32()?,
            raw_len: take.u32()?,
            stored_len: take.u32()?,
        };
        header.first.checked_add(header.count.into())?;
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
    seed: u32,
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
    sign_with(seed, &mut bytes);
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
            // Before there is memory for it.
            LZ4 if raw_len / MAX_LZ4_RATIO > stored.len() => {
                return Err("the chunk can't have been as long as it says");
            }
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

#[cfg(test)]
mod tests {
    use super::*;

    fn events() -> Vec<Bytes> {
        (0..40).map(|n| Bytes::from(format!("event {n} ").repeat(n))).collect()
    }

    fn encode(first: u64, time: u64, events: &[Bytes], compression: Compression) -> EncodedChunk {
        let lens: Vec<_> = events.iter().map(|event| u32_of(event.len())).collect();
        encode_chunk(5, first, time, &lens, &events.concat(), compression)
    }

    #[test]
    fn what_is_written_is_read_again() {
        for (compression, flag) in [(Compression::None, STORED), (Compression::Lz4, LZ4)] {
            let events = events();
            let chunk = encode(7, 99, &events, compression);
            assert_eq!(chunk.header.compression, flag);
            let header = ChunkHeader::decode(5, &chunk.bytes).unwrap();
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
    fn numbers_that_can_not_be_are_refused_before_they_are_used() {
        let mut chunk = encode(7, 99, &events(), Compression::Lz4);
        chunk.header.raw_len = u32::MAX;
        let mut scratch = Vec::new();
        let view = ChunkView::unpack(chunk.header, &chunk.bytes[CHUNK_HEADER..], &mut scratch);
        assert!(view.is_err());
        assert_eq!(scratch.capacity(), 0, "no memory for what can't be there");
        let last = encode(u64::MAX - 40, 0, &events(), Compression::None);
        assert_eq!(ChunkHeader::decode(5, &last.bytes), Some(last.header));
        let beyond = encode(u64::MAX - 39, 0, &events(), Compression::None);
        assert_eq!(ChunkHeader::decode(5, &beyond.bytes), None);
    }

    #[test]
    fn every_flipped_byte_is_noticed() {
        let chunk = encode(7, 99, &events(), Compression::Lz4);
        for at in 0..chunk.bytes.len() {
            let mut bytes = chunk.bytes.clone();
            bytes[at] ^= 1 << (at % 8);
            let read = ChunkHeader::decode(5, &bytes)
                .is_some_and(|header| RawChunk::unpack(header, &bytes[CHUNK_HEADER..]).is_ok());
            assert!(!read, "byte {at}");
        }
    }
}
