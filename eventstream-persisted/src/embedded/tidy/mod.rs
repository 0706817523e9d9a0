//! What is done in the background: sealing logs into segments, merging runs of ids, and giving back
//! the space of what is truncated. All of it is done under the lock of those who tidy up, which
//! keeps nobody from reading or appending.
//!
//! A file is never changed once it has its name. Another takes its place: it is written whole,
//! synced and named before the old one is removed, so that at any moment the files are a whole
//! store.

mod index;
mod merge;
mod remove;
mod seal;
mod segment_writer;
mod thread;

pub(super) use thread::{Asks, Tidied, Tidier};

use std::sync::Arc;

use super::{
    Compression,
    disk::{Disk, names},
    error::Result,
    files::Files,
};

/// How it is done.
#[derive(Clone, Debug)]
pub(super) struct Tidying {
    pub(super) files: Arc<Files>,
    pub(super) compression: Compression,
    /// How long logs get.
    pub(super) log_bytes: u64,
}

impl Tidying {
    /// Does all that there is to do. `thorough`: also looks through all indexes of ids, and keeps no
    /// file for later.
    pub(super) fn run(&self, thorough: bool) -> Result<Tidied> {
        let disk = &*self.files.disk;
        remove_drafts(disk);
        let tidied = self.turn(thorough);
        if tidied.is_err() {
            // What was broken off takes room, which may be what was missing.
            remove_drafts(disk);
        }
        tidied
    }

    fn turn(&self, thorough: bool) -> Result<Tidied> {
        let Self { files, compression, log_bytes } = self;
        files.refresh()?;
        if files.len_of(names::SPARE)? > longest_spare(*log_bytes) {
            // Logs got longer once.
            let _ = files.disk.remove(names::SPARE);
        }
        // First: there may be no room for what comes next.
        let gone = remove::remove_gone(files)?;
        let sealed = seal::seal_logs(files, *compression, *log_bytes)?;
        let merged = index::index_segments(files, thorough)? + merge::merge_runs(files)?;
        if thorough {
            // It is not there, mostly.
            let _ = files.disk.remove(names::SPARE);
        }
        let mended = if thorough { index::mend_segments(files, *compression)? } else { 0 };
        let removed = gone + remove::remove_truncated(files, *compression)?;
        if sealed + merged + removed + mended > 0 {
            files.refresh()?;
        }
        Ok(Tidied { sealed, merged, removed: removed + mended })
    }
}

/// The longest file that is kept for another log: one that is much longer would take more room than
/// was asked for.
fn longest_spare(log_bytes: u64) -> u64 {
    log_bytes.saturating_mul(2).saturating_add(64 * 1024)
}

/// Removes what was left behind by somebody who was killed while tidying up: under the lock, nobody
/// else is at it. It is no harm if one stays.
fn remove_drafts(disk: &dyn Disk) {
    for name in disk.list().unwrap_or_default() {
        let is_mine = [".segment", ".ids"].iter().any(|kind| name.ends_with(&names::draft(kind)));
        if is_mine {
            let _ = disk.remove(&name);
        }
    }
}
