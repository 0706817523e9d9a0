//! The format of a store's files: `docs/format.md` says the same in words.
//!
//! All numbers are little-endian, all checksums are CRC-32C. Whatever is read is checked first.

mod charter;
mod chunk;
mod chunk_index;
mod codec;
mod frame;
mod head;
mod log;
mod oldest;
mod run;
mod segment;

pub(super) use charter::{BadCharter, Charter};
pub(super) use chunk::{
    CHUNK_HEADER, ChunkHeader, ChunkView, MAX_CHUNK_BYTES, MAX_CHUNK_EVENTS, RawChunk, encode_chunk,
};
pub(super) use chunk_index::ChunkIndex;
pub(super) use frame::{Encoded, Entry, FRAME_HEADER, FrameHeader, Record, encode_commit};
pub(super) use head::{HEAD, Head};
pub(super) use log::{LOG_HEADER, LogHeader};
pub(super) use oldest::Oldest;
pub(super) use run::{
    PAGE, PAGE_ENTRIES, RUN_HEADER, RunEntry, RunHeader, decode_page, encode_page,
};
pub(super) use segment::{
    DIRECTORY_ENTRY, DirectoryEntry, SEGMENT_HEADER, SegmentHeader, TRAILER, Trailer, TypeCount,
    decode_types, encode_types,
};

/// The format that this version writes, and the only one that it reads.
pub(super) const FORMAT: u32 = 2;

/// Why a file can't be read that is whole.
pub(super) const OTHER_FORMAT: Damage = "it has a format that this version does not know";

/// Why something can't be read, in words that go on with a sentence.
pub(super) type Damage = &'static str;
