mod of_log;
mod of_segment;

use std::{io, sync::Arc};

use eventstream_core::{Error, Event};

use super::Filter;
use crate::embedded::{
    error::{EmbeddedStoreError, Result},
    files::{Files, Place},
};

/// A page ends early once it has looked at so many bytes of events, so that its memory is bounded
/// and a long way without a match can be broken off.
pub(crate) const MAX_PAGE_BYTES: usize = 8 * 1024 * 1024;
/// … or once it has so many bytes of events that match.
pub(crate) const MAX_FOUND_BYTES: usize = 2 * 1024 * 1024;

/// So often is a file searched for that somebody has just put another in the place of.
const TRIES: usize = 10;

/// Part of the way through a store.
pub(crate) struct Page {
    pub(crate) events: Vec<Event>,
    /// All below it was looked at.
    pub(crate) position: u64,
    /// The bytes of the events that were looked at.
    pub(crate) scanned: usize,
}

/// Reads a page of the events from `position` up to `end`, which are committed. It may end before.
pub(crate) fn read_page(
    files: &Files,
    filter: &Filter,
    position: u64,
    end: u64,
) -> Result<eventstream_core::Result<Page>> {
    let mut catalog = files.catalog();
    for _ in 0..TRIES {
        let oldest = files.oldest()?;
        if position < oldest {
            return Ok(Err(Error::Truncated { requested: position, oldest }));
        }
        let mut reading = Reading {
            files,
            filter,
            start: position,
            end,
            page: Page { events: Vec::new(), position, scanned: 0 },
            found: 0,
            scratch: Vec::new(),
        };
        let place = catalog.find(position);
        let read = match &place {
            Place::Segment(segment) => reading.segment(segment),
            Place::Log(log, next) => {
                reading.end = next.unwrap_or(end).min(end);
                reading.log(log)
            }
            Place::Missing(next) => Err(Failure::Missing(*next)),
        };
        match read {
            Ok(()) => return Ok(Ok(reading.page)),
            Err(Failure::Store(error @ EmbeddedStoreError::Damaged { .. })) => {
                // A log that was sealed meanwhile is written over, and one that others have ended has
                // no more events.
                let refreshed = files.refresh()?;
                if refreshed.find(position).is(&place) {
                    return Err(error);
                }
                catalog = refreshed;
                continue;
            }
            Err(Failure::Store(error)) => return Err(error),
            // Another file has taken its place, or it is truncated: the next round finds out.
            Err(Failure::Gone) => {}
            Err(Failure::Missing(next)) => {
                let known = Arc::ptr_eq(&catalog, &files.catalog());
                let next = next.unwrap_or(end).min(end);
                let refreshed = files.refresh()?;
                if known && matches!(refreshed.find(position), Place::Missing(_)) {
                    return Err(files.damaged("", position, next, "they are missing"));
                }
                catalog = refreshed;
                continue;
            }
        }
        catalog = files.refresh()?;
    }
    let first = position;
    Err(files.damaged("", first, end, "files come and go faster than they can be read"))
}

enum Failure {
    Store(EmbeddedStoreError),
    /// The file was removed.
    Gone,
    Missing(Option<u64>),
}

impl From<EmbeddedStoreError> for Failure {
    fn from(error: EmbeddedStoreError) -> Self {
        Self::Store(error)
    }
}

struct Reading<'a> {
    files: &'a Files,
    filter: &'a Filter,
    start: u64,
    end: u64,
    page: Page,
    /// The bytes of the events that match.
    found: usize,
    /// Memory that chunks are unpacked in.
    scratch: Vec<u8>,
}

impl Reading<'_> {
    fn is_full(&self) -> bool {
        self.page.position >= self.end
            || self.page.scanned >= MAX_PAGE_BYTES
            || self.found >= MAX_FOUND_BYTES
    }

    /// Whether something is on the page already: then it ends here, and the next one says what is
    /// wrong.
    fn has_begun(&self) -> bool {
        self.page.position > self.start
    }

    fn error(&self, name: &str, error: io::Error) -> Failure {
        if error.kind() == io::ErrorKind::NotFound {
            Failure::Gone
        } else {
            self.files.error("read", name)(error).into()
        }
    }
}
