use std::{collections::VecDeque, fmt, ops::Range};

use eventstream_core::{Error, Event, EventQuery, Result};
use tokio::task::JoinHandle;

use super::{Filter, Pages, page::Page, pages::PAGE_EVENTS};
use crate::postgres::error::{self, PostgresError};

/// So many bytes a batch of several events has at most.
const BATCH_BYTES: usize = 4 * 1024 * 1024;
/// So many offsets are looked through at first for events of several types.
const WINDOW: u64 = 16 * 1024;

/// Events of a [`PostgresStore`](crate::PostgresStore), in the order of their offsets.
///
/// They are read in pages, each with a statement of its own, so that nothing is held on the server in
/// between; the next page is on its way while one is being handed out.
pub struct PostgresQuery {
    pages: Pages,
    filter: Filter,
    /// What was read, and not handed out.
    events: VecDeque<Event>,
    /// Everything below it was handed out or does not match.
    position: u64,
    /// Where the next page begins.
    next: u64,
    /// The end as it was when the query was made.
    end: u64,
    /// How many offsets the next page looks through.
    window: u64,
    /// How many events it has at most.
    limit: u32,
    /// The page that is being read, with its range. It goes on being read if nobody waits for it.
    reading: Option<(Range<u64>, Reading)>,
}

impl PostgresQuery {
    /// From an offset, or from the oldest event on.
    pub(in crate::postgres) async fn open(
        pages: Pages,
        filter: Filter,
        offset: Option<u64>,
    ) -> Result<Self> {
        let failed = |error: PostgresError| error.into_error("read");
        let start = match offset {
            Some(offset) if pages.charter.has_in_range(offset) => offset,
            // Below all events, or past them.
            Some(offset) => {
                let bounds = pages.bounds().await.map_err(failed)?;
                if offset < bounds.oldest {
                    return Err(Error::Truncated { requested: offset, oldest: bounds.oldest });
                }
                return Ok(Self::new(pages, filter, offset, offset));
            }
            None => pages.bounds().await.map_err(failed)?.oldest,
        };
        let mut query = Self::new(pages, filter, start, u64::MAX);
        // With the first page comes where the events end.
        let range = query.next_range();
        let page =
            query.pages.read(&query.filter, range.clone(), query.limit).await.map_err(failed)?;
        query.end = page.bounds.next;
        if offset.is_none() && start < page.bounds.oldest {
            // Truncated between the two: it begins where they begin now.
            query.next = page.bounds.oldest;
            query.position = page.bounds.oldest;
            return Ok(query);
        }
        query.take(range, page)?;
        Ok(query)
    }

    fn new(pages: Pages, filter: Filter, position: u64, end: u64) -> Self {
        let events = VecDeque::new();
        Self {
            pages,
            filter,
            events,
            position,
            next: position,
            end,
            window: WINDOW,
            limit: PAGE_EVENTS,
            reading: None,
        }
    }

    /// What the next page is read of.
    fn next_range(&self) -> Range<u64> {
        let end = self.end.min(self.pages.charter.limit());
        let end = match &self.filter {
            // Type by type, and a page of each at most: the more there are, the less far.
            Filter::Types(types) if types.len() > 1 => {
                self.next.saturating_add(self.window).min(end)
            }
            _ => end,
        };
        self.next..end
    }

    /// Begins to read the next page, unless that is done already or there is none.
    fn begin(&mut self) {
        if self.reading.is_some() || self.next >= self.end {
            return;
        }
        let (pages, filter, range) = (self.pages.clone(), self.filter.clone(), self.next_range());
        let (of, limit) = (range.clone(), self.limit);
        let task = tokio::spawn(async move { pages.read(&filter, of, limit).await });
        self.reading = Some((range, Reading(task)));
    }

    /// Takes a page of a range over.
    fn take(&mut self, range: Range<u64>, page: Page) -> Result<()> {
        if range.start < page.bounds.oldest {
            let oldest = page.bounds.oldest;
            return Err(Error::Truncated { requested: range.start, oldest });
        }
        let found = page.events.len() as u64;
        self.limit = page.limit;
        self.next = match page.events.last() {
            Some(last) if !page.is_whole => last.offset.saturating_add(1),
            _ => range.end.min(page.bounds.next).max(range.start),
        };
        if !page.is_whole {
            self.window = (self.next - range.start).max(WINDOW / 16);
        } else if found < u64::from(PAGE_EVENTS) / 4 {
            self.window = self.window.saturating_mul(4);
        }
        // It may be one of the last, which are past what was there when the query was made.
        self.events.extend(page.events);
        if self.events.is_empty() {
            self.position = self.next;
        }
        Ok(())
    }

    /// Hands out what was read.
    fn hand_out(&mut self, buf: &mut Vec<Event>, max: usize) -> usize {
        let (mut added, mut bytes) = (0, 0);
        while added < max
            && let Some(event) = self.events.front()
        {
            bytes += event.parcel.wire().len();
            if added > 0 && bytes > BATCH_BYTES {
                break;
            }
            self.position = event.offset.saturating_add(1);
            buf.extend(self.events.pop_front());
            added += 1;
        }
        if self.events.is_empty() {
            self.position = self.next;
        }
        added
    }
}

impl EventQuery for PostgresQuery {
    async fn next_batch(&mut self, buf: &mut Vec<Event>, max: usize) -> Result<usize> {
        if max == 0 {
            return Ok(0);
        }
        loop {
            self.begin();
            if !self.events.is_empty() {
                return Ok(self.hand_out(buf, max));
            }
            let Some((range, reading)) = &mut self.reading else {
                return Ok(0);
            };
            let (range, read) = (range.clone(), reading.finish().await);
            self.reading = None;
            let page = read.map_err(|error| error.into_error("read"))?;
            self.take(range, page)?;
        }
    }

    fn position(&self) -> u64 {
        self.position
    }
}

impl fmt::Debug for PostgresQuery {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PostgresQuery")
            .field("position", &self.position)
            .field("end", &self.end)
            .field("filter", &self.filter)
            .finish_non_exhaustive()
    }
}

/// A page that is being read. It is given up when it is dropped.
struct Reading(JoinHandle<error::Result<Page>>);

impl Reading {
    /// Can be dropped while it is pending: the next one waits for the same page.
    async fn finish(&mut self) -> error::Result<Page> {
        match (&mut self.0).await {
            Ok(read) => read,
            Err(error) if error.is_panic() => std::panic::resume_unwind(error.into_panic()),
            Err(_) => Err(PostgresError::Stopped),
        }
    }
}

impl Drop for Reading {
    fn drop(&mut self) {
        self.0.abort();
    }
}
