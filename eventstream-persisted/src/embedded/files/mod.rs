//! The files of an open store, as everybody in the process shares them.

mod catalog;
mod head_file;
mod log_file;
mod segment_file;

pub(super) use catalog::{Catalog, Place};
pub(super) use head_file::HeadFile;
pub(super) use log_file::{Frame, Frames, LogFile, Mark, Stop};
pub(super) use segment_file::{Segment, SegmentFile};

use std::{
    collections::VecDeque,
    io,
    path::{Path, PathBuf},
    sync::{
        Arc, Mutex, PoisonError, RwLock,
        atomic::{AtomicU64, Ordering},
    },
};

use super::{
    disk::{Disk, names},
    error::{EmbeddedStoreError, Result},
    layout::{Charter, Damage, Head, Oldest},
};

/// Segments that are kept open.
const OPEN_SEGMENTS: usize = 32;

/// What all parts of a store have in common.
#[derive(Debug)]
pub(crate) struct Files {
    pub(super) directory: PathBuf,
    pub(super) disk: Arc<dyn Disk>,
    pub(super) charter: Charter,
    pub(super) head: HeadFile,
    catalog: RwLock<Arc<Catalog>>,
    /// The offset of the oldest event, as far as is known.
    oldest: AtomicU64,
    /// The offset that the next event will get, as far as is known.
    next: AtomicU64,
    /// The segments that are open, the one that was opened last at the end.
    open: Mutex<VecDeque<Arc<SegmentFile>>>,
}

impl Files {
    pub(super) fn open(directory: PathBuf, disk: Arc<dyn Disk>, charter: Charter) -> Result<Self> {
        let files = Self {
            directory,
            disk,
            oldest: AtomicU64::new(charter.first_offset),
            next: AtomicU64::new(charter.first_offset),
            charter,
            head: HeadFile::default(),
            catalog: RwLock::default(),
            open: Mutex::default(),
        };
        files.refresh()?;
        if let Some(oldest) = files.stored_oldest()? {
            files.oldest.fetch_max(oldest, Ordering::AcqRel);
        }
        Ok(files)
    }

    pub(super) fn path(&self, name: &str) -> PathBuf {
        self.directory.join(name)
    }

    /// Names the file in an error of the file system's.
    pub(super) fn error(
        &self,
        action: &'static str,
        name: &str,
    ) -> impl Fn(io::Error) -> EmbeddedStoreError + use<> {
        let path = self.path(name);
        move |error| EmbeddedStoreError::file(action, path.clone(), error)
    }

    /// Which files there are, as far as is known.
    pub(super) fn catalog(&self) -> Arc<Catalog> {
        self.catalog.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Looks which files there are. Those that are known stay open.
    pub(super) fn refresh(&self) -> Result<Arc<Catalog>> {
        // One at a time: an older list must not take the place of a newer one.
        let mut catalog = self.catalog.write().unwrap_or_else(PoisonError::into_inner);
        let names = self.disk.list().map_err(|error| {
            EmbeddedStoreError::file("read the directory", self.directory.clone(), error)
        })?;
        *catalog = Arc::new(Catalog::of(&names, &catalog));
        Ok(catalog.clone())
    }

    /// The offset of the oldest event, as it was last noted durably.
    pub(super) fn stored_oldest(&self) -> Result<Option<u64>> {
        match super::disk::read_all(&*self.disk, names::OLDEST) {
            Ok(bytes) => Ok(Oldest::decode(&bytes).map(|Oldest(oldest)| oldest)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(self.error("read", names::OLDEST)(error)),
        }
    }

    /// The offset of the oldest event that can be read, whoever has truncated the store.
    pub(super) fn oldest(&self) -> Result<u64> {
        let published = self.head()?.map_or(0, |head| head.oldest);
        let known = self.oldest.fetch_max(published, Ordering::AcqRel);
        Ok(known.max(published))
    }

    /// The offset that the next event will get.
    pub(super) fn next(&self) -> Result<u64> {
        let published = self.head()?.map_or(0, |head| head.next);
        let known = self.next.fetch_max(published, Ordering::AcqRel);
        Ok(known.max(published))
    }

    /// Notes where the store ends.
    pub(super) fn ends_at(&self, next: u64) {
        self.next.fetch_max(next, Ordering::AcqRel);
    }

    /// Notes that the store was truncated.
    pub(super) fn truncated(&self, oldest: u64) {
        self.oldest.fetch_max(oldest, Ordering::AcqRel);
    }

    /// Where the frames of a log end that were published.
    pub(super) fn tail_of(&self, log: &LogFile) -> io::Result<u64> {
        match self.head.read(&*self.disk)? {
            Some(head) if head.log == log.first() => Ok(head.tail),
            _ => log.file(&*self.disk)?.len(),
        }
    }

    /// The length of a file; 0 if it was removed meanwhile.
    pub(super) fn len_of(&self, name: &str) -> Result<u64> {
        match self.disk.open(name).and_then(|file| file.len()) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(0),
            len => len.map_err(self.error("read", name)),
        }
    }

    /// Opens a segment.
    pub(super) fn segment(
        &self,
        file: &Arc<SegmentFile>,
    ) -> io::Result<Result<Arc<Segment>, Damage>> {
        let (segment, is_new) = file.open(&*self.disk, &self.charter)?;
        if is_new {
            let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
            open.push_back(file.clone());
            if open.len() > OPEN_SEGMENTS
                && let Some(oldest) = open.pop_front()
            {
                oldest.close();
            }
        }
        Ok(segment)
    }

    /// Closes a segment that was removed, and others that are gone.
    pub(super) fn close(&self, segment: &SegmentFile) {
        segment.close();
        let catalog = self.catalog();
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        open.retain(|file| {
            let stays = catalog.has(file) && !std::ptr::eq(&raw const **file, segment);
            if !stays {
                file.close();
            }
            stays
        });
    }

    /// Opens a segment for one look.
    pub(super) fn segment_anew(
        &self,
        file: &SegmentFile,
    ) -> io::Result<Result<Arc<Segment>, Damage>> {
        Ok(file.open(&*self.disk, &self.charter)?.0)
    }

    /// How far the store has come: what was published last, by any process.
    pub(super) fn head(&self) -> Result<Option<Head>> {
        self.head.read(&*self.disk).map_err(self.error("read", names::HEAD))
    }

    /// The damage of events from `first` up to `next`.
    pub(super) fn damaged(
        &self,
        name: &str,
        first: u64,
        next: u64,
        problem: &'static str,
    ) -> EmbeddedStoreError {
        let last = next.saturating_sub(1).max(first);
        EmbeddedStoreError::Damaged { path: self.path(name), first, last, problem }
    }

    pub(super) fn directory(&self) -> &Path {
        &self.directory
    }
}
