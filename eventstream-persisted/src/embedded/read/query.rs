use std::{collections::VecDeque, fmt, ops::Range, sync::Arc};

use eventstream_core::{Error, Event, EventQuery, Result};
use tokio::task::{JoinHandle, spawn_blocking};

use super::{Filter, Page, read_page};
use crate::embedded::files::Files;

/// The offsets of the first page: few, so that it comes soon …
const FIRST_PAGE: u64 = 1024;
/// … of those that follow it at most …
const MAX_PAGE: u64 = 32 * 1024;
/// … and the bytes that they are to look at, if all events are wanted …
const PAGE_BYTES: u64 = 1024 * 1024;
/// … and if only some are.
const FILTERED_PAGE_BYTES: u64 = 4 * 1024 * 1024;

/// The bytes that the events of a batch have at most, if they are several.
const BATCH_BYTES: usize = 4 * 1024 * 1024;

/// Pages that are read side by side, while one is handed out.
const AHEAD: usize = 2;

/// A run of events out of an [`EmbeddedStore`](crate::EmbeddedStore).
///
/// It ends where the store ended when the query was made. Up to three pages are in memory at a time:
/// of 2 MiB of events that are wanted each, and 8 MiB that are looked at, or one event if that is
/// larger.
pub struct EmbeddedQuery {
    files: Arc<Files>,
    filter: Arc<Filter>,
    /// Where the next page begins that nobody reads yet.
    upcoming: u64,
    end: u64,
    /// Offsets of a page.
    stride: u64,
    /// Read, and not returned yet.
    ready: VecDeque<Event>,
    /// All below it was read.
    position: u64,
    /// The pages that are being read, in order: here, so that dropping the future that waits loses
    /// nothing.
    reading: VecDeque<Reading>,
}

struct Reading {
    offsets: Range<u64>,
    page: JoinHandle<Result<Page>>,
}

impl EmbeddedQuery {
    pub(crate) fn new(files: Arc<Files>, filter: Filter, position: u64, end: u64) -> Self {
        Self {
            files,
            filter: Arc::new(filter),
            upcoming: position,
            end,
            stride: FIRST_PAGE,
            ready: VecDeque::new(),
            position,
            reading: VecDeque::new(),
        }
    }

    fn read(&self, offsets: Range<u64>) -> Reading {
        let (files, filter) = (self.files.clone(), self.filter.clone());
        let Range { start, end } = offsets;
        let page = spawn_blocking(move || {
            read_page(&files, &filter, start, end).map_err(|error| error.into_error("read"))?
        });
        Reading { offsets, page }
    }

    /// Has pages read until so many are on their way.
    fn read_ahead(&mut self, pages: usize) {
        while self.reading.len() < pages && self.upcoming < self.end {
            let next = self.upcoming.saturating_add(self.stride).min(self.end);
            self.reading.push_back(self.read(self.upcoming..next));
            self.upcoming = next;
        }
    }

    /// Takes a page in.
    fn take(&mut self, offsets: Range<u64>, page: Page) {
        let looked_at = page.position.saturating_sub(offsets.start).max(1);
        let bytes = (page.scanned as u64).max(1);
        let wanted = if self.filter.is_all() { PAGE_BYTES } else { FILTERED_PAGE_BYTES };
        self.stride = (looked_at.saturating_mul(wanted) / bytes).clamp(1, MAX_PAGE);
        if page.position < offsets.end {
            // It ended early: the rest is next.
            let rest = self.read(page.position..offsets.end);
            self.reading.push_front(rest);
        }
        self.position = page.position;
        self.ready = page.events.into();
        // While these are handed out, others are read.
        self.read_ahead(AHEAD);
    }

    /// Begins anew at the position: what is on its way is of no use.
    fn start_over(&mut self) {
        self.reading.clear();
        self.upcoming = self.position;
        self.stride = FIRST_PAGE;
    }
}

impl EventQuery for EmbeddedQuery {
    async fn next_batch(&mut self, buf: &mut Vec<Event>, max: usize) -> Result<usize> {
        if max == 0 {
            return Ok(0);
        }
        while self.ready.is_empty() && self.position < self.end {
            self.read_ahead(1);
            let Some(reading) = self.reading.front_mut() else {
                break;
            };
            let page = (&mut reading.page).await;
            let offsets = reading.offsets.clone();
            self.reading.pop_front();
            let page = page.map_err(|error| Error::backend("read", false, error));
            match page.flatten() {
                Ok(page) => self.take(offsets, page),
                Err(error) => {
                    self.start_over();
                    return Err(error);
                }
            }
        }
        let mut bytes = 0;
        let fits = |event: &&Event| {
            bytes += event.parcel.wire().len();
            bytes <= BATCH_BYTES
        };
        // One alone may be larger.
        let fitting = self.ready.iter().take(max).take_while(fits).count();
        let count = fitting.max(usize::from(!self.ready.is_empty()));
        buf.extend(self.ready.drain(..count));
        Ok(count)
    }

    fn position(&self) -> u64 {
        self.ready.front().map_or(self.position, |event| event.offset)
    }
}

impl fmt::Debug for EmbeddedQuery {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("EmbeddedQuery")
            .field("position", &self.position())
            .field("end", &self.end)
            .field("filter", &self.filter)
            .finish_non_exhaustive()
    }
}
