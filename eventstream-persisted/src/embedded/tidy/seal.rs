//! Sealing: the events of a log that is not appended to any more become a segment, and their ids a
//! run.

use std::{io, sync::Arc};

use super::{longest_spare, segment_writer::SegmentWriter};
use crate::{
    Compression,
    embedded::{
        disk::names::{self, Numbered},
        error::Result,
        files::{Files, LogFile},
        ids::write_run,
        layout::RunEntry,
    },
};

/// Seals all logs that can be; returns how many were.
pub(super) fn seal_logs(files: &Files, compression: Compression, log_bytes: u64) -> Result<usize> {
    let mut sealed = 0;
    for (log, next) in files.catalog().closed_logs() {
        let first = log.first().max(files.oldest()?);
        if first < next && !files.catalog().are_sealed(first, next) {
            if let Some(problem) = seal(files, &log, first, next, compression)? {
                // The log stays, and whoever reads it hears what is wrong.
                tracing::warn!(file = %files.path(&log.name()).display(), problem, "can't be sealed");
                continue;
            }
            files.disk.sync_names().map_err(files.error("sync", ""))?;
            files.refresh()?;
        }
        // Those who are at it find its events in the segment.
        retire(files, &log, log_bytes).map_err(files.error("remove", &log.name()))?;
        files.refresh()?;
        sealed += 1;
    }
    Ok(sealed)
}

/// Removes a log, or keeps its file for the next one, if it has become as long as one gets.
fn retire(files: &Files, log: &LogFile, log_bytes: u64) -> io::Result<()> {
    let len = log.file(&*files.disk)?.len()?;
    let is_fitting = (log_bytes..=longest_spare(log_bytes)).contains(&len);
    if is_fitting && !files.disk.list()?.iter().any(|name| name == names::SPARE) {
        return files.disk.rename(&log.name(), names::SPARE);
    }
    files.disk.remove(&log.name())
}

/// Puts events of a log into a segment, and their ids into a run; or says what is wrong with the
/// log.
fn seal(
    files: &Files,
    log: &Arc<LogFile>,
    first: u64,
    next: u64,
    compression: Compression,
) -> Result<Option<&'static str>> {
    let name = log.name();
    let read = files.error("read", &name);
    let segment = Numbered::Segment { first, next }.name();
    let write = files.error("write to", &segment);
    let tail = log.file(&*files.disk).and_then(|file| file.len()).map_err(&read)?;
    let mut frames = log.frames(&*files.disk, &files.charter, first, tail).map_err(&read)?;
    let mut writer = SegmentWriter::new(&*files.disk, &files.charter, compression, (first, next))
        .map_err(&write)?;
    let mut ids = Vec::new();
    while frames.position() < next {
        let Ok(frame) = frames.next().map_err(&read)? else {
            return Ok(Some("a frame is damaged"));
        };
        let time = frame.header.time;
        for (offset, entry, wire) in frame.slices() {
            if (first..next).contains(&offset) {
                writer.push(wire, time, entry.event_type, entry.source).map_err(&write)?;
                let delta = u32::try_from(offset - first).map_err(io::Error::other);
                let delta = delta.map_err(&write)?;
                ids.push(RunEntry { hash: entry.id, delta });
            }
        }
    }
    ids.sort_unstable();
    let count = ids.len() as u64;
    let entries = ids.into_iter().map(io::Result::Ok);
    let run = Numbered::Run { first, next }.name();
    write_run(&*files.disk, files.charter.tag(), (first, next), count, entries)
        .map_err(files.error("write to", &run))?;
    // Last: once the segment is there, the log may be removed.
    writer.finish().map_err(&write)?;
    Ok(None)
}
