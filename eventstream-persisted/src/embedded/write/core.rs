use std::{
    io,
    ops::Range,
    path::PathBuf,
    sync::Arc,
    time::{SystemTime, UNIX_EPOCH},
};

use eventstream_core::Error;

use super::{
    batch::{Batch, Outcome},
    live::{Live, Written},
    recovery,
    rotation::{self, NotRotated, Reuse},
};
use crate::embedded::{
    disk::{names, replace},
    error::{EmbeddedStoreError, Result},
    files::{Files, Mark},
    ids::Ids,
    layout::{Encoded, Head, Oldest, Record, encode_commit},
};

/// A buffer that was larger for once is not kept.
const KEPT_BUFFER: usize = 1024 * 1024;

/// Where the store ends, and where it begins.
#[derive(Debug)]
pub(crate) struct State {
    pub(super) live: Live,
    pub(super) oldest: u64,
    pub(super) next: u64,
}

impl State {
    /// The offset that the next event will get.
    pub(crate) fn next(&self) -> u64 {
        self.next
    }
}

/// What was committed.
pub(crate) struct Committed {
    pub(crate) first: u64,
    pub(crate) records: Vec<Record>,
    /// Whether a new log was begun, so that there is one to be sealed.
    pub(crate) has_rotated: bool,
}

/// Appends to a store and truncates it. All calls are made under the lock of those who append.
#[derive(Debug)]
pub(crate) struct Core {
    files: Arc<Files>,
    /// A log that is longer is followed by a new one.
    log_bytes: u64,
    state: State,
    /// Loaded when something is appended.
    ids: Option<Ids>,
    /// What was published last, by this process.
    published: Head,
    /// The first failure to sync ends it: what the file has is not known from then on.
    poisoned: bool,
    buffer: Vec<u8>,
}

impl Core {
    /// Opens the store, and has it as it should be, whatever has happened to it.
    pub(crate) fn open(files: Arc<Files>, log_bytes: u64) -> Result<Self> {
        let state = recovery::recover(&files)?;
        let published = state.live.head(state.oldest, state.next);
        let core = Self {
            files,
            log_bytes,
            state,
            ids: None,
            published,
            poisoned: false,
            buffer: Vec::new(),
        };
        // Also if it says so already: a store that can't be written to is found out here.
        core.publish()?;
        Ok(core)
    }

    /// The offset that the next event will get.
    pub(crate) fn next(&self) -> u64 {
        self.state.next
    }

    pub(crate) fn oldest(&self) -> u64 {
        self.state.oldest
    }

    /// Takes in what others have done since the lock was held here.
    pub(crate) fn catch_up(&mut self) -> Result<()> {
        if self.poisoned {
            return Err(EmbeddedStoreError::Stopped);
        }
        let head = self.files.head()?;
        if head == Some(self.published) {
            return Ok(());
        }
        match head {
            Some(head)
                if head.log == self.state.live.log.first() && head.next >= self.state.next =>
            {
                let State { live, next, .. } = &mut self.state;
                *next = recovery::take_in(&self.files, live, *next, head.tail, self.ids.as_mut())?;
                if *next == head.next && live.end.at == head.tail {
                    self.state.oldest = self.state.oldest.max(head.oldest);
                    self.files.truncated(self.state.oldest);
                    self.published = head;
                    return Ok(());
                }
            }
            _ => {}
        }
        // Something else has happened: another log, or damage.
        self.ids = None;
        self.state = recovery::recover(&self.files)?;
        self.publish_anew()
    }

    /// Commits appends: all that `write` puts into the batch, or nothing.
    pub(crate) fn commit(
        &mut self,
        write: impl FnOnce(&mut Batch<'_>) -> Result<()>,
    ) -> Result<Committed> {
        let is_full = self.state.live.end.at >= self.log_bytes;
        let has_rotated = is_full && self.rotate(Reuse::Spare)?;
        if self.ids.is_none() {
            self.ids = Some(self.load_ids()?);
        }
        let Some(ids) = &mut self.ids else {
            return Err(EmbeddedStoreError::Stopped);
        };
        let mut batch = Batch::new(&self.files, &self.state, ids);
        if let Err(error) = write(&mut batch) {
            // Some of the ids may have been put away to be read anew.
            self.ids = None;
            return Err(error);
        }
        let records = batch.into_records();
        let first = self.state.next;
        if !records.is_empty() {
            self.write(&records)?;
        }
        Ok(Committed { first, records, has_rotated })
    }

    /// Notes the ids of what was committed: to be done before anything else is, but not before those
    /// hear of it who wait.
    pub(crate) fn remember(&mut self, Committed { first, records, .. }: &Committed) {
        if let Some(ids) = &mut self.ids {
            for (record, offset) in records.iter().zip(*first..) {
                ids.insert(record.id, offset);
            }
        }
    }

    fn load_ids(&self) -> Result<Ids> {
        /// So often is it tried: a log that somebody seals meanwhile is
        /// removed, or written over.
        const TRIES: usize = 3;

        let mut loaded = Ids::load(&self.files, &self.published);
        for _ in 1..TRIES {
            if loaded.is_ok() {
                break;
            }
            self.files.refresh()?;
            loaded = Ids::load(&self.files, &self.published);
        }
        loaded
    }

    /// Writes a commit, syncs it, and publishes it.
    fn write(&mut self, records: &[Record]) -> Result<()> {
        let Self { files, state, buffer, .. } = self;
        let State { live, next, .. } = state;
        buffer.clear();
        let (start, first) = (live.end, *next);
        let (frames, chain) =
            encode_commit(buffer, files.charter.seed(), first, now(), start.previous, records);
        let path = files.path(&live.log.name());
        match live.append(buffer, chain) {
            Written::Durable => {}
            Written::Refused(error) => {
                return Err(EmbeddedStoreError::file("write to", path, error));
            }
            Written::Unknown(error) => return Err(self.poison(path, error)),
        }
        for Encoded { first, at, previous } in frames {
            let mark = Mark { at: start.at + at as u64, previous };
            live.log.mark(first, mark);
        }
        self.state.next += records.len() as u64;
        if self.buffer.capacity() > KEPT_BUFFER {
            self.buffer = Vec::new();
        }
        self.published = self.state.live.head(self.state.oldest, self.state.next);
        let published = self.files.head.write(&*self.files.disk, &self.published);
        // Durable it is, but nobody would be told.
        published.map_err(|error| self.poison(self.files.path(names::HEAD), error))
    }

    fn poison(&mut self, path: PathBuf, source: io::Error) -> EmbeddedStoreError {
        self.poisoned = true;
        EmbeddedStoreError::OutcomeUnknown { path, source: source.into() }
    }

    /// Begins a new log, if there is anything in this one.
    pub(crate) fn rotate(&mut self, reuse: Reuse) -> Result<bool> {
        if self.state.next == self.state.live.log.first() {
            return Ok(false);
        }
        // Said before it is done: if this process is killed in between, the next one to append does
        // not go on in the log of before.
        self.state.live.trim();
        let upcoming = rotation::head_of_new_log(&self.files, self.state.oldest, self.state.next);
        self.files
            .head
            .write(&*self.files.disk, &upcoming)
            .map_err(self.files.error("write to", names::HEAD))?;
        match rotation::create_log(&self.files, self.state.next, reuse) {
            Ok(live) => {
                self.state.live = live;
                self.published = upcoming;
                Ok(true)
            }
            Err(NotRotated::Yet(error)) => {
                self.publish()?;
                Err(error)
            }
            Err(NotRotated::Unknown(error)) => {
                // Whoever appends next finds out, here or in another process: what was published
                // is none of what is known.
                self.published = Head::default();
                Err(error)
            }
        }
    }

    /// Truncates the store: from then on, what lies below `before` can't be read. Its space is
    /// given back by whoever tidies up.
    pub(crate) fn truncate(&mut self, before: u64) -> Result<Outcome<Range<u64>>> {
        let State { oldest, next, .. } = self.state;
        if before > next {
            return Ok(Err(Error::PastTheEnd { requested: before, next }));
        }
        if before <= oldest {
            return Ok(Ok(oldest..oldest));
        }
        self.note_oldest(before).map_err(self.files.error("write to", names::OLDEST))?;
        // Truncated it is, whatever fails from here on.
        self.state.oldest = before;
        self.files.truncated(before);
        let published = self.publish_anew();
        // So that the space of what is truncated can be given back, where it is much of the log.
        let first = self.state.live.log.first();
        let is_much = before > first && (before - first) >= (next - before);
        let rotated = if is_much { self.rotate(Reuse::Nothing).map(drop) } else { Ok(()) };
        if let Err(error) = published.and(rotated) {
            tracing::warn!(
                store = %self.files.directory().display(),
                error = &error as &dyn std::error::Error,
                "truncated, but not all that goes with it could be done"
            );
        }
        Ok(Ok(oldest..before))
    }

    fn note_oldest(&self, oldest: u64) -> io::Result<()> {
        let (disk, bytes) = (&*self.files.disk, Oldest(oldest).encode());
        match replace(disk, names::OLDEST, &bytes) {
            Err(error) if error.kind() == io::ErrorKind::StorageFull => {
                // There is no room for another file, and this is to make some: it is written over,
                // which is one sector.
                let file = disk.open(names::OLDEST)?;
                file.write_at(&bytes, 0)?;
                file.sync()
            }
            replaced => replaced,
        }
    }

    /// Whoever tidied up has put other files in the place of some: what is in runs by now need not be
    /// held in memory, and runs that are gone need not be held open.
    pub(crate) fn tidied(&mut self) {
        let Some(mut ids) = self.ids.take() else { return };
        let followed = self.files.refresh().and_then(|_| ids.follow(&self.files, &self.published));
        // If it can't be done, they are loaded anew when they are needed.
        if followed.is_ok() {
            self.ids = Some(ids);
        }
    }

    fn publish_anew(&mut self) -> Result<()> {
        self.published = self.state.live.head(self.state.oldest, self.state.next);
        self.publish()
    }

    fn publish(&self) -> Result<()> {
        let head = &self.files.head;
        head.write(&*self.files.disk, &self.published)
            .map_err(self.files.error("write to", names::HEAD))
    }
}

/// Milliseconds since 1970.
pub(crate) fn now() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
}
