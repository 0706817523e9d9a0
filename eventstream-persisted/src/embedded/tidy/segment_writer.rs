use std::{collections::HashMap, io, sync::Arc};

use bytes::Bytes;
use eventstream_core::Parcel;

use crate::{
    Compression,
    embedded::{
        disk::{Disk, File, names},
        ids::HashIsKey,
        layout::{
            Charter, ChunkIndex, DirectoryEntry, MAX_CHUNK_BYTES, MAX_CHUNK_EVENTS, SegmentHeader,
            Trailer, TypeCount, encode_chunk, encode_types,
        },
    },
};

/// So much is written at once.
const PIECE: usize = 1024 * 1024;

/// Writes a segment, event by event.
pub(super) struct SegmentWriter<'a> {
    disk: &'a dyn Disk,
    charter: &'a Charter,
    compression: Compression,
    seed: u32,
    header: SegmentHeader,
    draft: String,
    file: Arc<dyn File>,
    /// What is to be written next, and where.
    piece: Vec<u8>,
    at: u64,
    indexes: Vec<u8>,
    directory: Vec<DirectoryEntry>,
    /// The names of the types and how many events have them, by the hashes of the names.
    types: HashMap<u64, TypeCount, HashIsKey>,
    raw_bytes: u64,
    chunk: Chunk,
    oldest_time: Option<u64>,
}

/// The events of the next chunk.
#[derive(Default)]
struct Chunk {
    first: u64,
    time: u64,
    lens: Vec<u32>,
    events: Vec<u8>,
    types: Vec<u64>,
    sources: Vec<u64>,
}

impl Chunk {
    /// Begins the next one, in the same memory.
    fn begin(&mut self, first: u64) {
        self.first = first;
        self.lens.clear();
        self.events.clear();
        self.types.clear();
        self.sources.clear();
    }
}

impl<'a> SegmentWriter<'a> {
    /// For the events from `first` up to `next`.
    pub(super) fn new(
        disk: &'a dyn Disk,
        charter: &'a Charter,
        compression: Compression,
        (first, next): (u64, u64),
    ) -> io::Result<Self> {
        let header = SegmentHeader { tag: charter.tag(), first, next };
        let draft = names::draft(&names::Numbered::Segment { first, next }.name());
        Ok(Self {
            file: disk.create(&draft)?,
            disk,
            seed: charter.seed(),
            charter,
            compression,
            header,
            draft,
            piece: header.encode(),
            at: 0,
            indexes: Vec::new(),
            directory: Vec::new(),
            types: HashMap::default(),
            raw_bytes: 0,
            chunk: Chunk { first, ..Chunk::default() },
            oldest_time: None,
        })
    }

    /// Adds the next event, which was committed at this time, and whose type and source have these
    /// hashes.
    pub(super) fn push(
        &mut self,
        wire: &[u8],
        time: u64,
        event_type: u64,
        source: u64,
    ) -> io::Result<()> {
        let is_full = self.chunk.lens.len() >= MAX_CHUNK_EVENTS
            || self.chunk.events.len() + wire.len() > MAX_CHUNK_BYTES;
        if is_full && !self.chunk.lens.is_empty() {
            self.end_chunk()?;
        }
        if let Some(known) = self.types.get_mut(&event_type) {
            known.count += 1;
        } else {
            let parcel = Parcel::from_trusted_wire(Bytes::copy_from_slice(wire));
            let name = parcel.map_err(io::Error::other)?.event_type().to_owned();
            self.types.insert(event_type, TypeCount { name, count: 1 });
        }
        let chunk = &mut self.chunk;
        chunk.types.push(event_type);
        chunk.sources.push(source);
        chunk.time = time;
        chunk.lens.push(u32::try_from(wire.len()).map_err(io::Error::other)?);
        chunk.events.extend_from_slice(wire);
        self.oldest_time.get_or_insert(time);
        self.raw_bytes += wire.len() as u64;
        Ok(())
    }

    /// Adds the next event, of which nothing is known but its bytes.
    pub(super) fn push_wire(&mut self, wire: Bytes, time: u64) -> io::Result<()> {
        let parcel = Parcel::from_trusted_wire(wire).map_err(io::Error::other)?;
        let handler = parcel.source_handler().map_or("", |handler| handler.key);
        let event_type = self.charter.hash_type(parcel.event_type());
        let source = self.charter.hash_source(handler, parcel.source_instance_id());
        self.push(parcel.wire(), time, event_type, source)
    }

    fn end_chunk(&mut self) -> io::Result<()> {
        let chunk = &self.chunk;
        let index = ChunkIndex::encode(&chunk.types, &chunk.sources);
        let Chunk { first, time, lens, events, .. } = chunk;
        let encoded = encode_chunk(self.seed, *first, *time, lens, events, self.compression);
        let header = encoded.header;
        self.directory.push(DirectoryEntry {
            first: header.first,
            time: header.time,
            at: self.at + self.piece.len() as u64,
            // Counted from where the indexes will begin.
            index_at: self.indexes.len() as u64,
            count: header.count,
            raw_len: header.raw_len,
            len: u32::try_from(header.len()).map_err(io::Error::other)?,
            index_len: u32::try_from(index.len()).map_err(io::Error::other)?,
        });
        self.indexes.extend(index);
        self.piece.extend(encoded.bytes);
        self.chunk.begin(header.next());
        if self.piece.len() >= PIECE { self.write() } else { Ok(()) }
    }

    fn write(&mut self) -> io::Result<()> {
        self.file.write_at(&self.piece, self.at)?;
        self.at += self.piece.len() as u64;
        self.piece.clear();
        Ok(())
    }

    /// Gives the segment its name, if all events are there. It is on disk then, but for the name.
    pub(super) fn finish(mut self) -> io::Result<()> {
        if !self.chunk.lens.is_empty() {
            self.end_chunk()?;
        }
        if self.chunk.first != self.header.next {
            return Err(io::Error::other("the events are not those that were to be sealed"));
        }
        let indexes_at = self.at + self.piece.len() as u64;
        let mut meta = Vec::new();
        for entry in &mut self.directory {
            entry.index_at += indexes_at;
            entry.encode(&mut meta);
        }
        let mut types: Vec<_> = self.types.drain().map(|(_, count)| count).collect();
        types.sort_by(|a, b| a.name.cmp(&b.name));
        let types = encode_types(&types);
        meta.extend_from_slice(&types);
        let trailer = Trailer {
            directory_at: indexes_at + self.indexes.len() as u64,
            chunks: u32::try_from(self.directory.len()).map_err(io::Error::other)?,
            types_len: u32::try_from(types.len()).map_err(io::Error::other)?,
            checksum: crc32c::crc32c(&meta),
            raw_bytes: self.raw_bytes,
            oldest_time: self.oldest_time.unwrap_or_default(),
            newest_time: self.directory.last().map_or(0, |entry| entry.time),
        };
        self.piece.append(&mut self.indexes);
        self.piece.append(&mut meta);
        self.piece.extend(trailer.encode());
        self.write()?;
        self.file.sync()?;
        let SegmentHeader { first, next, .. } = self.header;
        self.disk.rename(&self.draft, &names::Numbered::Segment { first, next }.name())
    }
}
