use std::{collections::VecDeque, fmt, sync::Arc};

use eventstream_core::{Error, Event, EventQuery, Result};
use tokio::task::{JoinHandle, spawn_blocking};

use super::{
    files::Files,
    filter::Filter,
    scan::{Page, read_page},
};

/// A run of events out of an [`EmbeddedStore`](crate::EmbeddedStore).
///
/// It ends where the store ended when the query was made. A page of up to about a megabyte is in
/// memory at a time.
pub struct EmbeddedQuery {
    files: Arc<Files>,
    filter: Arc<Filter>,
    /// Where the next page begins.
    position: u64,
    end: u64,
    /// Read, and not returned yet.
    ready: VecDeque<Event>,
    /// The page that is being read: here, so that dropping the future that waits loses nothing.
    reading: Option<JoinHandle<Result<Page>>>,
}

impl EmbeddedQuery {
    pub(super) fn new(files: Arc<Files>, filter: Filter, position: u64, end: u64) -> Self {
        Self {
            files,
            filter: Arc::new(filter),
            position,
            end,
            ready: VecDeque::new(),
            reading: None,
        }
    }

    fn read(&self) -> JoinHandle<Result<Page>> {
        let (files, filter) = (self.files.clone(), self.filter.clone());
        let (position, end) = (self.position, self.end);
        spawn_blocking(move || {
            let Files { database, charter, .. } = &*files;
            database
                .read(|transaction| read_page(transaction, charter, &filter, position, end))
                .map_err(|error| error.into_error("read"))?
        })
    }
}

impl EventQuery for EmbeddedQuery {
    async fn next_batch(&mut self, buf: &mut Vec<Event>, max: usize) -> Result<usize> {
        while self.ready.is_empty() && self.position < self.end {
            if self.reading.is_none() {
                self.reading = Some(self.read());
            }
            let Some(reading) = &mut self.reading else {
                continue;
            };
            let page = reading.await;
            self.reading = None;
            let page = page.map_err(|error| Error::backend("read", false, error))??;
            self.position = page.position;
            self.ready = page.events.into();
        }
        let count = max.min(self.ready.len());
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
