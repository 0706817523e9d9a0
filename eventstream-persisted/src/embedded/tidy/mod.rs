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
}

impl Tidying {
    /// Does all that there is to do. `thorough`: looks through all indexes of ids, too.
    pub(super) fn run(&self, thorough: bool) -> Result<Tidied> {
        let Self { files, compression } = self;
        files.refresh()?;
        remove_drafts(&*files.disk);
        let sealed = seal::seal_logs(files, *compression)?;
        let merged = index::index_segments(files, thorough)? + merge::merge_runs(files)?;
        let removed = remove::remove_truncated(files, *compression)?;
        if sealed + merged + removed > 0 {
            files.refresh()?;
        }
        Ok(Tidied { sealed, merged, removed })
    }
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
