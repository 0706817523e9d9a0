use std::time::Duration;

use super::{
    error::Result,
    files::{Files, Place},
    layout::DirectoryEntry,
    write::now,
};

/// Which events an [`EmbeddedStore`](crate::EmbeddedStore) truncates by itself: the oldest ones, as
/// soon as one of the limits is passed. By default none.
///
/// It is done in the background, by a process that appends or has the store open for that: some
/// more events than a limit says may be there meanwhile, never fewer, except for whole files by age
/// and size: see the limits.
///
/// # Examples
///
/// ```
/// use std::time::Duration;
/// use eventstream_persisted::{EmbeddedStore, Retention};
///
/// const DAY: Duration = Duration::from_secs(24 * 60 * 60);
///
/// let retention = Retention::default().max_age(30 * DAY).max_bytes(10 << 30);
/// let builder = EmbeddedStore::builder("./shop").retention(retention);
/// # let _ = builder;
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[must_use]
pub struct Retention {
    events: Option<u64>,
    pub(super) bytes: Option<u64>,
    age: Option<Duration>,
}

impl Retention {
    /// Keeps this number of events. Up to an eighth more stay until they are truncated together.
    pub fn max_events(self, events: u64) -> Self {
        Self { events: Some(events), ..self }
    }

    /// Truncates while the store's files are larger than this. What is truncated is whole files,
    /// and the one that is appended to stays: an eighth of this limit is the most that a file gets
    /// before another is begun.
    pub fn max_bytes(self, bytes: u64) -> Self {
        Self { bytes: Some(bytes), ..self }
    }

    /// Truncates events that were appended longer ago than this, by the clock of the machine that
    /// appended them. What the events say themselves of their time does not matter. Events are
    /// truncated together with others that lie beside them in a file.
    pub fn max_age(self, age: Duration) -> Self {
        Self { age: Some(age), ..self }
    }

    pub(super) fn is_unlimited(&self) -> bool {
        *self == Self::default()
    }

    /// Whether there may be too many events, as far as that is known without looking.
    pub(super) fn may_be_passed(&self, oldest: u64, next: u64) -> bool {
        self.events.is_some_and(|max| next - oldest > max.saturating_add(max / 8))
    }

    /// How often one has to look whether events have become too old.
    pub(super) fn interval(&self) -> Option<Duration> {
        const MOST: Duration = Duration::from_secs(60);
        const LEAST: Duration = Duration::from_millis(10);
        self.age.map(|age| (age / 16).clamp(LEAST, MOST))
    }

    /// The offset before which all is to be truncated, if any is.
    pub(super) fn find(&self, files: &Files) -> Result<Option<u64>> {
        files.refresh()?;
        let (oldest, next) = (files.oldest()?, files.next()?);
        let mut before = oldest;
        if self.may_be_passed(oldest, next)
            && let Some(max) = self.events
        {
            before = before.max(next.saturating_sub(max));
        }
        if let Some(age) = self.age {
            let age = u64::try_from(age.as_millis()).unwrap_or(u64::MAX);
            before = before.max(first_since(files, oldest, next, now().saturating_sub(age))?);
        }
        if let Some(max) = self.bytes {
            before = before.max(first_within(files, oldest, max)?);
        }
        Ok((before > oldest).then_some(before))
    }
}

/// The first event that was appended at this time or later, but for others of its chunk.
fn first_since(files: &Files, oldest: u64, next: u64, time: u64) -> Result<u64> {
    let mut position = oldest;
    while position < next {
        match files.catalog().find(position) {
            Place::Segment(file) => {
                let read = files.error("read", &file.name());
                let Ok(segment) = files.segment(&file).map_err(read)? else {
                    break;
                };
                let chunks = &segment.directory[segment.chunk_at(position)..];
                let kept = chunks.iter().find(|chunk| chunk.time >= time);
                let first = kept.map_or(file.next(), |chunk: &DirectoryEntry| chunk.first);
                position = position.max(first);
                if kept.is_some() {
                    break;
                }
            }
            Place::Log(log, end) => {
                let read = files.error("read", &log.name());
                let tail = files.tail_of(&log).map_err(&read)?;
                let frames = log.frames(&*files.disk, &files.charter, position, tail);
                let mut frames = frames.map_err(&read)?;
                let end = end.unwrap_or(next).min(next);
                let mut is_young = false;
                while frames.position() < end && !is_young {
                    let Ok(frame) = frames.next().map_err(&read)? else {
                        break;
                    };
                    is_young = frame.header.time >= time;
                    if !is_young {
                        position = position.max(frame.header.next());
                    }
                }
                if is_young || position < end {
                    break;
                }
            }
            Place::Missing(_) => break,
        }
    }
    Ok(position)
}

/// The first event of the files that are to stay, so that all are no larger than `max` bytes.
fn first_within(files: &Files, oldest: u64, max: u64) -> Result<u64> {
    let catalog = files.catalog();
    let mut sizes = Vec::new();
    for segment in catalog.segments() {
        sizes.push((segment.next(), files.len_of(&segment.name())?));
    }
    for (log, next) in catalog.closed_logs() {
        sizes.push((next, files.len_of(&log.name())?));
    }
    let live = catalog.newest_log().map_or(Ok(0), |log| files.len_of(&log.name()))?;
    for (first, next) in catalog.runs() {
        let name = super::disk::names::Numbered::Run { first: *first, next: *next }.name();
        sizes.push((*next, files.len_of(&name)?));
    }
    sizes.sort_unstable();
    let spare = files.len_of(super::disk::names::SPARE)?;
    let mut total = live + spare + sizes.iter().map(|(_, len)| len).sum::<u64>();
    let mut before = oldest;
    for (next, len) in sizes {
        if total <= max {
            break;
        }
        total -= len;
        before = before.max(next);
    }
    Ok(before)
}
