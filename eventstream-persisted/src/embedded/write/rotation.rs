//! Beginning a new log.

use std::{io, sync::Arc};

use super::live::Live;
use crate::embedded::{
    disk::{
        Disk, File,
        names::{self, Numbered, draft},
    },
    error::EmbeddedStoreError,
    files::{Files, LogFile, Mark},
    layout::{Head, LOG_HEADER, LogHeader},
};

/// What is published once there is such a log.
pub(super) fn head_of_new_log(files: &Files, oldest: u64, first: u64) -> Head {
    let chain = LogHeader { tag: files.charter.tag(), first }.chain();
    Head { oldest, next: first, log: first, tail: LOG_HEADER as u64, chain }
}

/// What a new log is written over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Reuse {
    /// The file of a log whose events were sealed, if there is one: where many more are to come.
    Spare,
    /// Nothing: where room is to be given back.
    Nothing,
}

/// Makes a log whose first event will have this offset.
pub(super) fn create_log(
    files: &Files,
    first: u64,
    reuse: Reuse,
) -> std::result::Result<Live, NotRotated> {
    let name = Numbered::Log { first }.name();
    let draft = draft(&name);
    let (header, chain) = LogHeader { tag: files.charter.tag(), first }.encode();
    // What is left in it of its former life goes on from other headers.
    let file = match reuse {
        Reuse::Spare => take_spare(&*files.disk, &draft),
        Reuse::Nothing => Err(std::io::ErrorKind::NotFound.into()),
    };
    let error = files.error("create", &name);
    let prepare = |file: Arc<dyn File>| {
        file.write_at(&header, 0)?;
        file.sync()?;
        let end = Mark { at: header.len() as u64, previous: chain };
        let live = Live::new(LogFile::new(first), file, end)?;
        files.disk.rename(&draft, &name)?;
        Ok(live)
    };
    let file = file.or_else(|_| files.disk.create(&draft));
    let live = match file.and_then(prepare) {
        Ok(live) => live,
        Err(source) => {
            // Room for others; it may not be there.
            let _ = files.disk.remove(&draft);
            return Err(NotRotated::Yet(error(source)));
        }
    };
    // From here on there is no way back: it is the newest log, or will be.
    files.disk.sync_names().map_err(|source| NotRotated::Unknown(error(source)))?;
    let catalog = files.refresh().map_err(NotRotated::Unknown)?;
    let mut live = live;
    if let Some(listed) = catalog.newest_log().filter(|log| log.first() == first) {
        // The one that readers have, too.
        listed.replaced_by(&live.file);
        live.log = listed.clone();
    }
    Ok(live)
}

/// Opens the file of a log that was sealed, to be written over. Its names of before have to be gone for
/// good by then: after a power cut, they must not lead to what is written now.
fn take_spare(disk: &dyn Disk, draft: &str) -> io::Result<Arc<dyn File>> {
    disk.rename(names::SPARE, draft)?;
    disk.sync_names()?;
    disk.open(draft)
}

/// Why there is no new log.
#[derive(Debug)]
pub(super) enum NotRotated {
    /// The one of before goes on.
    Yet(EmbeddedStoreError),
    /// It may be there.
    Unknown(EmbeddedStoreError),
}

impl NotRotated {
    pub(super) fn into_error(self) -> EmbeddedStoreError {
        match self {
            Self::Yet(error) | Self::Unknown(error) => error,
        }
    }
}
