//! Beginning a new log.

use super::live::Live;
use crate::embedded::{
    disk::names::{self, Numbered, draft},
    error::Result,
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
pub(super) fn create_log(files: &Files, first: u64, reuse: Reuse) -> Result<Live> {
    let name = Numbered::Log { first }.name();
    let draft = draft(&name);
    let (header, chain) = LogHeader { tag: files.charter.tag(), first }.encode();
    // What is left in it of its former life goes on from other headers.
    let file = match reuse {
        Reuse::Spare => {
            files.disk.rename(names::SPARE, &draft).and_then(|()| files.disk.open(&draft))
        }
        Reuse::Nothing => Err(std::io::ErrorKind::NotFound.into()),
    };
    let file = file.or_else(|_| files.disk.create(&draft));
    let written = file.and_then(|file| {
        file.write_at(&header, 0)?;
        file.sync()?;
        files.disk.rename(&draft, &name)?;
        files.disk.sync_names()?;
        Ok(file)
    });
    if written.is_err() {
        // Room for others; it may not be there.
        let _ = files.disk.remove(&draft);
    }
    let error = files.error("create", &name);
    let file = written.map_err(&error)?;
    let end = Mark { at: header.len() as u64, previous: chain };
    let log = files.refresh()?.newest_log().cloned().filter(|log| log.first() == first);
    Live::new(log.unwrap_or_else(|| LogFile::new(first)), file, end).map_err(&error)
}
