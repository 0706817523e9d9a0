use super::{
    FORMAT,
    codec::{Put, Take, has_other_format, record, sign, verified},
};

const MAGIC: [u8; 4] = *b"EVSG";
const TRAILER_MAGIC: [u8; 4] = *b"EVTR";

/// The length of what a segment begins with …
pub(crate) const SEGMENT_HEADER: usize = 40;
/// … of what it ends with …
pub(crate) const TRAILER: usize = 72;
/// … and of what its directory has for each chunk.
pub(crate) const DIRECTORY_ENTRY: usize = 48;

/// What a segment begins with; chunks follow, then their indexes, the directory, the names of the
/// types, and the trailer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct SegmentHeader {
    /// [`Charter::tag`](super::Charter::tag).
    pub(crate) tag: u64,
    pub(crate) first: u64,
    pub(crate) next: u64,
}

impl SegmentHeader {
    pub(crate) fn encode(self) -> Vec<u8> {
        let mut header = record(MAGIC, SEGMENT_HEADER);
        header.put_u32(FORMAT);
        header.put_u32(0);
        header.put_u64(self.tag);
        header.put_u64(self.first);
        header.put_u64(self.next);
        sign(&mut header);
        header
    }

    /// Whether it is a header that is whole, of another format.
    pub(crate) fn is_of_other_format(bytes: &[u8]) -> bool {
        has_other_format(bytes, MAGIC)
    }

    pub(crate) fn decode(bytes: &[u8]) -> Option<Self> {
        let (mut take, _) = verified(bytes, MAGIC)?;
        if take.u32()? != FORMAT {
            return None;
        }
        take.u32()?;
        Some(Self { tag: take.u64()?, first: take.u64()?, next: take.u64()? })
    }
}

/// What a segment ends with. All that it leads to can be found again by walking over the chunks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Trailer {
    /// Where the directory begins; the names of the types follow it, then the trailer.
    pub(crate) directory_at: u64,
    pub(crate) chunks: u32,
    pub(crate) types_len: u32,
    /// The checksum of the directory and the names.
    pub(crate) checksum: u32,
    /// The bytes of the events, as they are read.
    pub(crate) raw_bytes: u64,
    /// When the first and the last event were committed.
    pub(crate) oldest_time: u64,
    pub(crate) newest_time: u64,
}

impl Trailer {
    pub(crate) fn encode(&self) -> Vec<u8> {
        let mut trailer = record(TRAILER_MAGIC, TRAILER);
        trailer.put_u64(self.directory_at);
        trailer.put_u32(self.chunks);
        trailer.put_u32(self.types_len);
        trailer.put_u32(self.checksum);
        trailer.put_u32(0);
        trailer.put_u64(self.raw_bytes);
        trailer.put_u64(self.oldest_time);
        trailer.put_u64(self.newest_time);
        // Room for what comes to mind later.
        trailer.resize(TRAILER, 0);
        sign(&mut trailer);
        trailer
    }

    pub(crate) fn decode(bytes: &[u8]) -> Option<Self> {
        let (mut take, _) = verified(bytes, TRAILER_MAGIC)?;
        let directory_at = take.u64()?;
        let (chunks, types_len, checksum) = (take.u32()?, take.u32()?, take.u32()?);
        take.u32()?;
        let (raw_bytes, oldest_time, newest_time) = (take.u64()?, take.u64()?, take.u64()?);
        Some(Self {
            directory_at,
            chunks,
            types_len,
            checksum,
            raw_bytes,
            oldest_time,
            newest_time,
        })
    }
}

/// Where a chunk is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct DirectoryEntry {
    pub(crate) first: u64,
    pub(crate) time: u64,
    /// Where the chunk begins.
    pub(crate) at: u64,
    /// Where its index begins.
    pub(crate) index_at: u64,
    pub(crate) count: u32,
    pub(crate) raw_len: u32,
    /// The length of the chunk.
    pub(crate) len: u32,
    /// The length of its index; 0 if there is none to be had.
    pub(crate) index_len: u32,
}

impl DirectoryEntry {
    pub(crate) fn encode(&self, bytes: &mut Vec<u8>) {
        bytes.put_u64(self.first);
        bytes.put_u64(self.time);
        bytes.put_u64(self.at);
        bytes.put_u64(self.index_at);
        bytes.put_u32(self.count);
        bytes.put_u32(self.raw_len);
        bytes.put_u32(self.len);
        bytes.put_u32(self.index_len);
    }

    pub(crate) fn decode(bytes: &[u8; DIRECTORY_ENTRY]) -> Option<Self> {
        let mut take = Take(bytes);
        let entry = Self {
            first: take.u64()?,
            time: take.u64()?,
            at: take.u64()?,
            index_at: take.u64()?,
            count: take.u32()?,
            raw_len: take.u32()?,
            len: take.u32()?,
            index_len: take.u32()?,
        };
        entry.first.checked_add(entry.count.into())?;
        Some(entry)
    }

    /// Whether the chunk and its index lie before a place in the file.
    pub(crate) fn ends_before(&self, end: u64) -> bool {
        let is_before = |at: u64, len: u32| at.checked_add(len.into()).is_some_and(|to| to <= end);
        is_before(self.at, self.len) && is_before(self.index_at, self.index_len)
    }

    pub(crate) fn next(&self) -> u64 {
        self.first + u64::from(self.count)
    }
}

/// The name of a type, and how many of a segment's events have it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct TypeCount {
    pub(crate) name: String,
    pub(crate) count: u64,
}

pub(crate) fn encode_types(types: &[TypeCount]) -> Vec<u8> {
    let mut bytes = Vec::new();
    for TypeCount { name, count } in types {
        bytes.put_u64(*count);
        bytes.put_text(name);
    }
    bytes
}

pub(crate) fn decode_types(bytes: &[u8]) -> Option<Vec<TypeCount>> {
    let mut take = Take(bytes);
    let mut types = Vec::new();
    while !take.0.is_empty() {
        let count = take.u64()?;
        types.push(TypeCount { name: take.text()?.to_owned(), count });
    }
    Some(types)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read_again() {
        let header = SegmentHeader { tag: 1, first: 2, next: 3 };
        assert_eq!(header.encode().len(), SEGMENT_HEADER);
        assert_eq!(SegmentHeader::decode(&header.encode()), Some(header));
        let trailer = Trailer {
            directory_at: 1,
            chunks: 2,
            types_len: 3,
            checksum: 4,
            raw_bytes: 5,
            oldest_time: 6,
            newest_time: 7,
        };
        assert_eq!(trailer.encode().len(), TRAILER);
        assert_eq!(Trailer::decode(&trailer.encode()), Some(trailer));
        let entry = DirectoryEntry {
            first: 1,
            time: 2,
            at: 3,
            index_at: 4,
            count: 5,
            raw_len: 6,
            len: 7,
            index_len: 8,
        };
        let mut bytes = Vec::new();
        entry.encode(&mut bytes);
        assert_eq!(DirectoryEntry::decode(bytes.first_chunk().unwrap()), Some(entry));
        assert_eq!(bytes.len(), DIRECTORY_ENTRY);
        assert!(entry.ends_before(12) && !entry.ends_before(11));
        assert!(!DirectoryEntry { at: u64::MAX, ..entry }.ends_before(u64::MAX));
        let mut bytes = Vec::new();
        DirectoryEntry { first: u64::MAX, ..entry }.encode(&mut bytes);
        assert_eq!(DirectoryEntry::decode(bytes.first_chunk().unwrap()), None);
        let types = [("a", 1), ("", 2), ("long name", 3)]
            .map(|(name, count)| TypeCount { name: name.to_owned(), count });
        assert_eq!(decode_types(&encode_types(&types)), Some(types.to_vec()));
        assert_eq!(decode_types(&encode_types(&types)[1..]), None);
    }
}
