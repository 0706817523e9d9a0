//! Giving back the space of what is truncated.

use std::sync::Arc;

use super::{merge::shorten_run, segment_writer::SegmentWriter};
use crate::{
    Compression,
    embedded::{
        disk::names::{self, Numbered},
        error::Result,
        files::{Files, SegmentFile},
    },
};

/// Removes the files of which all is truncated, which takes no room; returns how many.
pub(super) fn remove_gone(files: &Files) -> Result<usize> {
    let oldest = files.oldest()?;
    let catalog = files.catalog();
    let mut removed = 0;
    for segment in catalog.segments().filter(|segment| segment.next() <= oldest) {
        files.disk.remove(&segment.name()).map_err(files.error("remove", &segment.name()))?;
        // A file that is open keeps its room.
        segment.close();
        removed += 1;
    }
    for (first, next) in catalog.runs().iter().filter(|(_, next)| *next <= oldest) {
        let name = Numbered::Run { first: *first, next: *next }.name();
        files.disk.remove(&name).map_err(files.error("remove", &name))?;
        removed += 1;
    }
    if removed > 0 {
        // Whoever truncates wants room, and the next log makes do without. It is not there, mostly.
        let _ = files.disk.remove(names::SPARE);
        files.refresh()?;
    }
    Ok(removed)
}

/// Removes the files of which all is truncated, and writes those anew of which much is; returns how
/// many.
pub(super) fn remove_truncated(files: &Files, compression: Compression) -> Result<usize> {
    let oldest = files.oldest()?;
    let catalog = files.catalog();
    let mut removed = 0;
    for segment in catalog.segments() {
        let (first, next) = (segment.first(), segment.next());
        let is_mostly_gone = is_mostly_below(oldest, first, next);
        if next > oldest && !(is_mostly_gone && rewrite(files, segment, oldest, compression)?) {
            continue;
        }
        files.disk.remove(&segment.name()).map_err(files.error("remove", &segment.name()))?;
        // A file that is open keeps its room.
        files.close(segment);
        removed += 1;
    }
    for (first, next) in catalog.runs() {
        let is_mostly_gone = is_mostly_below(oldest, *first, *next);
        if *next <= oldest || (is_mostly_gone && shorten_run(files, *first, *next, oldest)?) {
            let name = Numbered::Run { first: *first, next: *next }.name();
            files.disk.remove(&name).map_err(files.error("remove", &name))?;
            removed += 1;
        }
    }
    if removed > 0 {
        // Whoever truncates wants room, and the next log makes do without. It is not there, mostly.
        let _ = files.disk.remove(names::SPARE);
    }
    Ok(removed)
}

/// Whether more than half of these offsets lie below another one, but not all.
fn is_mostly_below(oldest: u64, first: u64, next: u64) -> bool {
    oldest > first && oldest < next && (oldest - first) > (next - oldest)
}

/// Writes the events from `first` on into a segment of their own; false if some are damaged.
pub(super) fn rewrite(
    files: &Files,
    file: &Arc<SegmentFile>,
    first: u64,
    compression: Compression,
) -> Result<bool> {
    let next = file.next();
    let read = files.error("read", &file.name());
    let write = files.error("write to", &Numbered::Segment { first, next }.name());
    let Ok(segment) = files.segment(file).map_err(&read)? else {
        return Ok(false);
    };
    let mut writer = SegmentWriter::new(&*files.disk, &files.charter, compression, (first, next))
        .map_err(&write)?;
    let mut expected = first;
    for number in segment.chunk_at(first)..segment.directory.len() {
        let entry = segment.directory[number];
        let bytes = segment.read_chunks(number..number + 1).map_err(&read)?;
        let Ok(chunk) = segment.unpack(&entry, &bytes) else {
            return Ok(false);
        };
        for (wire, offset) in chunk.events().zip(entry.first..) {
            if offset == expected {
                writer.push_wire(wire, entry.time).map_err(&write)?;
                expected += 1;
            }
        }
    }
    if expected != next {
        return Ok(false);
    }
    writer.finish().and_then(|()| files.disk.sync_names()).map_err(&write)?;
    Ok(true)
}
