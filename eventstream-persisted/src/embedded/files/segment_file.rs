use std::{
    io,
    ops::Range,
    sync::{Arc, Mutex, PoisonError},
};

use crate::embedded::{
    disk::{Disk, File, names::Numbered, read_exact},
    layout::{
        CHUNK_HEADER, Charter, ChunkHeader, ChunkView, DIRECTORY_ENTRY, Damage, DirectoryEntry,
        OTHER_FORMAT, RawChunk, SEGMENT_HEADER, SegmentHeader, TRAILER, Trailer, TypeCount,
        decode_types,
    },
};

/// A file of sealed events, opened when somebody asks.
#[derive(Debug)]
pub(crate) struct SegmentFile {
    first: u64,
    next: u64,
    open: Mutex<Option<Arc<Segment>>>,
}

impl SegmentFile {
    pub(crate) fn new(first: u64, next: u64) -> Arc<Self> {
        Arc::new(Self { first, next, open: Mutex::default() })
    }

    pub(crate) fn first(&self) -> u64 {
        self.first
    }

    pub(crate) fn next(&self) -> u64 {
        self.next
    }

    pub(crate) fn name(&self) -> String {
        Numbered::Segment { first: self.first, next: self.next }.name()
    }

    /// The open segment, without what is damaged; and whether it was opened just now.
    pub(super) fn open(
        &self,
        disk: &dyn Disk,
        charter: &Charter,
    ) -> io::Result<(Result<Arc<Segment>, Damage>, bool)> {
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(segment) = &*open {
            return Ok((Ok(segment.clone()), false));
        }
        let (tag, seed) = (charter.tag(), charter.seed());
        let expected = SegmentHeader { tag, first: self.first, next: self.next };
        let segment = Segment::open(disk.open(&self.name())?, seed, expected)?.map(Arc::new);
        if let Ok(segment) = &segment {
            *open = Some(segment.clone());
        }
        let is_open = segment.is_ok();
        Ok((segment, is_open))
    }

    /// Closes the file, once nobody reads it any more.
    pub(crate) fn close(&self) {
        *self.open.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }
}

/// A segment that is open.
#[derive(Debug)]
pub(crate) struct Segment {
    file: Arc<dyn File>,
    seed: u32,
    /// The chunks, in the order of their offsets. What is damaged is not among them.
    pub(crate) directory: Vec<DirectoryEntry>,
    /// The types of the events; `None` if they are damaged.
    pub(crate) types: Option<Vec<TypeCount>>,
    /// `None` if it is damaged; the chunks were found by walking over them.
    pub(crate) trailer: Option<Trailer>,
}

impl Segment {
    fn open(
        file: Arc<dyn File>,
        seed: u32,
        expected: SegmentHeader,
    ) -> io::Result<Result<Self, Damage>> {
        // A header that has changed alone does no harm. One of another segment does.
        let header = read_exact(&*file, 0, SEGMENT_HEADER)?;
        match header.as_deref().and_then(SegmentHeader::decode) {
            Some(header) if header != expected => {
                return Ok(Err("it is a file of other events, or of another store"));
            }
            None if header.as_deref().is_some_and(SegmentHeader::is_of_other_format) => {
                return Ok(Err(OTHER_FORMAT));
            }
            _ => {}
        }
        if let Some(segment) = Self::by_trailer(&file, seed, &expected)? {
            return Ok(Ok(segment));
        }
        let directory = walk(&*file, seed, &expected)?;
        Ok(Ok(Self { file, seed, directory, types: None, trailer: None }))
    }

    fn by_trailer(
        file: &Arc<dyn File>,
        seed: u32,
        expected: &SegmentHeader,
    ) -> io::Result<Option<Self>> {
        let len = file.len()?;
        let Some(at) = len.checked_sub(TRAILER as u64) else {
            return Ok(None);
        };
        let trailer = read_exact(&**file, at, TRAILER)?;
        let Some(trailer) = trailer.as_deref().and_then(Trailer::decode) else {
            return Ok(None);
        };
        let directory_len = trailer.chunks as usize * DIRECTORY_ENTRY;
        let meta_len = directory_len + trailer.types_len as usize;
        if trailer.directory_at.checked_add(meta_len as u64) != Some(at) {
            return Ok(None);
        }
        let Some(meta) = read_exact(&**file, trailer.directory_at, meta_len)? else {
            return Ok(None);
        };
        if crc32c::crc32c(&meta) != trailer.checksum {
            return Ok(None);
        }
        let (directory, types) = meta.split_at(directory_len);
        let directory: Option<Vec<_>> =
            directory.as_chunks().0.iter().map(DirectoryEntry::decode).collect();
        let is_sound = |directory: &Vec<DirectoryEntry>| {
            is_dense(directory, expected)
                && directory.iter().all(|entry| entry.ends_before(trailer.directory_at))
        };
        let Some(directory) = directory.filter(is_sound) else {
            return Ok(None);
        };
        let types = decode_types(types);
        Ok(Some(Self { file: file.clone(), seed, directory, types, trailer: Some(trailer) }))
    }

    /// Whether all that leads to the events is as it should be.
    pub(crate) fn is_sound(&self) -> io::Result<bool> {
        let header = read_exact(&*self.file, 0, SEGMENT_HEADER)?;
        let is_headed = header.as_deref().and_then(SegmentHeader::decode).is_some();
        Ok(is_headed && self.trailer.is_some() && self.types.is_some())
    }

    /// The chunk that has an event, or else the next one.
    pub(crate) fn chunk_at(&self, offset: u64) -> usize {
        self.directory.partition_point(|chunk| chunk.next() <= offset)
    }

    /// The bytes of chunks that lie one after another: each begins where its entry says, counted
    /// from the first one's `at`.
    pub(crate) fn read_chunks(&self, chunks: Range<usize>) -> io::Result<Vec<u8>> {
        let span = |entry: &DirectoryEntry| (entry.at, u64::from(entry.len));
        self.read_span(chunks, span)
    }

    /// The bytes of their indexes, likewise.
    pub(crate) fn read_indexes(&self, chunks: Range<usize>) -> io::Result<Vec<u8>> {
        let span = |entry: &DirectoryEntry| (entry.index_at, u64::from(entry.index_len));
        self.read_span(chunks, span)
    }

    fn read_span(
        &self,
        chunks: Range<usize>,
        span: impl Fn(&DirectoryEntry) -> (u64, u64),
    ) -> io::Result<Vec<u8>> {
        let chunks = self.directory.get(chunks).unwrap_or_default();
        let (Some(first), Some(last)) = (chunks.first(), chunks.last()) else {
            return Ok(Vec::new());
        };
        let start = span(first).0;
        let end = span(last).0.saturating_add(span(last).1);
        let len =
            usize::try_from(end.saturating_sub(start)).map_err(|_| io::ErrorKind::FileTooLarge)?;
        let mut bytes = vec![0; len];
        let read = self.file.read_at(&mut bytes, start)?;
        bytes.truncate(read);
        Ok(bytes)
    }

    /// A chunk out of bytes that begin with it.
    pub(crate) fn unpack(&self, entry: &DirectoryEntry, bytes: &[u8]) -> Result<RawChunk, Damage> {
        let (header, stored) = stored(self.seed, entry, bytes)?;
        RawChunk::unpack(header, stored)
    }

    /// The same in memory that is used again.
    pub(crate) fn view<'a>(
        &self,
        entry: &DirectoryEntry,
        bytes: &'a [u8],
        scratch: &'a mut Vec<u8>,
    ) -> Result<ChunkView<'a>, Damage> {
        let (header, stored) = stored(self.seed, entry, bytes)?;
        ChunkView::unpack(header, stored, scratch)
    }
}

/// What a chunk has stored, out of bytes that begin with it.
fn stored<'a>(
    seed: u32,
    entry: &DirectoryEntry,
    bytes: &'a [u8],
) -> Result<(ChunkHeader, &'a [u8]), Damage> {
    let header = ChunkHeader::decode(seed, bytes).ok_or("the header of the chunk is damaged")?;
    if (header.first, header.count) != (entry.first, entry.count) {
        return Err("the chunk has other events");
    }
    let stored = bytes.get(CHUNK_HEADER..header.len()).ok_or("the chunk is cut short")?;
    Ok((header, stored))
}

/// Whether the chunks have all events, one after another, and their files' places are in order.
fn is_dense(directory: &[DirectoryEntry], expected: &SegmentHeader) -> bool {
    let mut next = (expected.first, SEGMENT_HEADER as u64);
    for entry in directory {
        if (entry.first, entry.at) != next {
            return false;
        }
        next = (entry.next(), entry.at.saturating_add(entry.len.into()));
    }
    next.0 == expected.next
}

/// Finds the chunks of a segment without its directory. Behind one that is damaged it searches for
/// the next.
fn walk(file: &dyn File, seed: u32, expected: &SegmentHeader) -> io::Result<Vec<DirectoryEntry>> {
    const PIECE: usize = 1024 * 1024;
    let len = file.len()?;
    let mut directory = Vec::<DirectoryEntry>::new();
    let mut at = SEGMENT_HEADER as u64;
    let (mut piece, mut piece_at) = (Vec::new(), 0);
    while at + CHUNK_HEADER as u64 <= len {
        let mut start = usize::try_from(at - piece_at).unwrap_or(usize::MAX);
        if piece.len().saturating_sub(start) < CHUNK_HEADER {
            piece = vec![0; PIECE];
            let read = file.read_at(&mut piece, at)?;
            piece.truncate(read);
            (piece_at, start) = (at, 0);
        }
        let header = piece.get(start..).and_then(|bytes| ChunkHeader::decode(seed, bytes));
        let next = directory.last().map_or(expected.first, DirectoryEntry::next);
        match header.filter(|header| header.first >= next && header.next() <= expected.next) {
            Some(header) => {
                directory.push(DirectoryEntry {
                    first: header.first,
                    time: header.time,
                    at,
                    index_at: 0,
                    count: header.count,
                    raw_len: header.raw_len,
                    // No more than is there, whatever it says.
                    len: u32::try_from((len - at).min(header.len() as u64)).unwrap_or(u32::MAX),
                    index_len: 0,
                });
                at += header.len() as u64;
            }
            None => at += 1,
        }
    }
    Ok(directory)
}
