use std::{io, sync::Arc};

use crate::embedded::{
    disk::{File, is_read_only, read_exact},
    files::{Frames, LogFile, Mark},
    layout::Head,
};

/// At least so much is made ready for the frames that follow, …
const MIN_AHEAD: u64 = 16 * 1024;
/// … at most so much, …
const MAX_AHEAD: u64 = 256 * 1024;
/// … and nothing behind a commit that is larger: it would be written twice for little.
const LARGE: u64 = 256 * 1024;

/// The log that is appended to.
#[derive(Debug)]
pub(super) struct Live {
    pub(super) log: Arc<LogFile>,
    pub(super) file: Arc<dyn File>,
    /// Where the next frame begins, and what it goes on from.
    pub(super) end: Mark,
    /// The length of the file. Behind the frames it has zeros: a disk is faster where it need not
    /// note that a file has grown.
    len: u64,
}

/// What writing a commit has come to.
pub(super) enum Written {
    Durable,
    /// It was not written, and what there was of it is undone.
    Refused(io::Error),
    /// It may be there, or not.
    Unknown(io::Error),
}

impl Live {
    pub(super) fn new(log: Arc<LogFile>, file: Arc<dyn File>, end: Mark) -> io::Result<Self> {
        let len = file.len()?;
        Ok(Self { log, file, end, len })
    }

    /// The frames behind the end: of others, or of a commit that was never published.
    pub(super) fn behind(&self, seed: u32, position: u64, tail: u64) -> Frames {
        Frames::new(self.file.clone(), seed, position, self.end, tail)
    }

    /// Writes frames at the end, and syncs them.
    pub(super) fn append(&mut self, frames: &[u8], chain: u32) -> Written {
        if let Err(error) = self.file.write_at(frames, self.end.at) {
            if is_read_only(&error) {
                return Written::Refused(error);
            }
            // What was written of it may look whole. Its place is there, so that this can only
            // fail if everything does.
            return match self.file.write_at(&[0; 8], self.end.at) {
                Ok(()) => {
                    // Each frame of it looks whole by itself, to whoever searches for frames behind
                    // one that is damaged.
                    let _ = self.erase(frames.len() as u64);
                    Written::Refused(error)
                }
                Err(_) if self.file.len().is_ok_and(|len| len <= self.end.at) => {
                    Written::Refused(error)
                }
                Err(_) => Written::Unknown(error),
            };
        }
        let end = self.end.at + frames.len() as u64;
        self.make_ready(end, frames.len() as u64);
        if let Err(error) = self.file.sync() {
            return Written::Unknown(error);
        }
        self.end = Mark { at: end, previous: chain };
        Written::Durable
    }

    /// Has zeros behind the end, as far as the file goes.
    fn erase(&self, len: u64) -> io::Result<()> {
        const PIECE: u64 = 64 * 1024;
        let end = self.file.len()?.min(self.end.at.saturating_add(len));
        let mut at = self.end.at;
        while at < end {
            let zeros = vec![0; usize::try_from(PIECE.min(end - at)).unwrap_or_default()];
            self.file.write_at(&zeros, at)?;
            at += zeros.len() as u64;
        }
        Ok(())
    }

    /// Has the file end where the frames do: nothing more is appended to it.
    pub(super) fn trim(&mut self) {
        // If it can't be done, there is something behind them.
        if self.file.set_len(self.end.at).is_ok() {
            self.len = self.end.at;
        }
    }

    /// Writes what is in the file from a place on up to the end once more, and syncs it: whoever
    /// wrote it may have been killed before it was synced, or have failed to.
    pub(super) fn sync_again(&self, from: u64) -> io::Result<()> {
        const PIECE: u64 = 1024 * 1024;
        let mut at = from;
        while at < self.end.at {
            let len = usize::try_from((self.end.at - at).min(PIECE)).unwrap_or_default();
            let Some(bytes) = read_exact(&*self.file, at, len)? else {
                return Err(io::ErrorKind::UnexpectedEof.into());
            };
            self.file.write_at(&bytes, at)?;
            at += len as u64;
        }
        self.file.sync()
    }

    /// Has the file grow in steps.
    fn make_ready(&mut self, end: u64, written: u64) {
        if end <= self.len {
            return;
        }
        self.len = end;
        if written >= LARGE {
            return;
        }
        let ahead = (end / 4).clamp(MIN_AHEAD, MAX_AHEAD);
        let zeros = vec![0; usize::try_from(ahead).unwrap_or_default()];
        // If there is no room for it, the next commit will find out whether there is for that.
        if self.file.write_at(&zeros, end).is_ok() {
            self.len = end + ahead;
        }
    }

    /// What others are told.
    pub(super) fn head(&self, oldest: u64, next: u64) -> Head {
        let Mark { at, previous } = self.end;
        Head { oldest, next, log: self.log.first(), tail: at, chain: previous }
    }
}
