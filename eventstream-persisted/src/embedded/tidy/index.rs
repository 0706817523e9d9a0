//! Making runs of ids for segments that have none.

use std::io;

use super::remove::rewrite;
use crate::Compression;
use crate::embedded::{
    disk::names::Numbered,
    error::Result,
    files::{Files, SegmentFile},
    ids::{Run, write_run},
    layout::{ChunkIndex, OTHER_FORMAT, RunEntry},
};

/// Removes runs that are damaged, and makes those that are missing; returns how many. `thorough`:
/// reads all of them to find out.
pub(super) fn index_segments(files: &Files, thorough: bool) -> Result<usize> {
    let mut changed = 0;
    for (first, next) in files.catalog().runs() {
        let name = Numbered::Run { first: *first, next: *next }.name();
        let problem =
            find_problem(files, *first, *next, thorough).map_err(files.error("read", &name))?;
        // What a newer version has written is none of ours.
        if let Some(problem) = problem.filter(|problem| *problem != OTHER_FORMAT) {
            tracing::warn!(file = %files.path(&name).display(), problem, "ids are indexed anew");
            files.disk.remove(&name).map_err(files.error("remove", &name))?;
            changed += 1;
        }
    }
    if changed > 0 {
        files.refresh()?;
    }
    let oldest = files.oldest()?;
    let catalog = files.catalog();
    for segment in catalog.segments() {
        let (first, next) = (segment.first(), segment.next());
        let mut position = first.max(oldest);
        while let Some((_, end)) =
            catalog.runs().range(..=(position, u64::MAX)).rev().find(|(_, end)| *end > position)
        {
            position = *end;
        }
        if position < next && next > oldest && index(files, segment)? {
            changed += 1;
        }
    }
    if changed > 0 {
        files.refresh()?;
    }
    Ok(changed)
}

fn find_problem(
    files: &Files,
    first: u64,
    next: u64,
    thorough: bool,
) -> io::Result<Option<&'static str>> {
    let mut run = match Run::open(&*files.disk, files.charter.tag(), first, next)? {
        Ok(run) => run,
        Err(problem) => return Ok(Some(problem)),
    };
    if thorough {
        if let Err(problem) = run.load_filter()? {
            return Ok(Some(problem));
        }
        for page in 0..run.pages() {
            if let Err(problem) = run.page(page)? {
                return Ok(Some(problem));
            }
        }
    }
    Ok(None)
}

/// Writes segments anew whose directory or indexes are damaged, and whose events are not; returns
/// how many.
pub(super) fn mend_segments(files: &Files, compression: Compression) -> Result<usize> {
    let mut mended = 0;
    for file in files.catalog().segments() {
        let read = files.error("read", &file.name());
        let Ok(segment) =
            files.segment_anew(&SegmentFile::new(file.first(), file.next())).map_err(&read)?
        else {
            continue;
        };
        let mut is_sound = segment.is_sound().map_err(&read)?;
        for (number, entry) in segment.directory.iter().enumerate() {
            let index = segment.read_indexes(number..number + 1).map_err(&read)?;
            is_sound &= ChunkIndex::decode(&index, entry.count).is_some();
        }
        if !is_sound && rewrite(files, file, file.first(), compression)? {
            file.close();
            mended += 1;
        }
    }
    Ok(mended)
}

/// Makes a run for a segment; false if it can't be read.
fn index(files: &Files, file: &std::sync::Arc<SegmentFile>) -> Result<bool> {
    let (first, next) = (file.first(), file.next());
    let read = files.error("read", &file.name());
    let Ok(segment) = files.segment(file).map_err(&read)? else {
        return Ok(false);
    };
    let mut ids = Vec::new();
    for (number, entry) in segment.directory.iter().enumerate() {
        let bytes = segment.read_chunks(number..number + 1).map_err(&read)?;
        // The ids of what is damaged are not known. Whoever appends has to know them, and is told.
        let Ok(chunk) = segment.unpack(entry, &bytes) else {
            return Ok(false);
        };
        for (wire, offset) in chunk.events().zip(entry.first..) {
            let Ok(parcel) = eventstream_core::Parcel::from_trusted_wire(wire) else {
                return Ok(false);
            };
            let hash = files.charter.hash_message_id(parcel.message_id());
            let delta = u32::try_from(offset - first).map_err(io::Error::other).map_err(&read)?;
            ids.push(RunEntry { hash, delta });
        }
    }
    if ids.len() as u64 != next - first {
        return Ok(false);
    }
    ids.sort_unstable();
    let name = Numbered::Run { first, next }.name();
    let count = ids.len() as u64;
    let entries = ids.into_iter().map(io::Result::Ok);
    write_run(&*files.disk, files.charter.tag(), (first, next), count, entries)
        .and_then(|()| files.disk.sync_names())
        .map_err(files.error("write to", &name))?;
    Ok(true)
}
