use std::{collections::VecDeque, fmt, sync::Arc};

use eventstream_core::{CloseHandle, Cursor, Event, EventRepository, EventTypes, Result};

use super::{persisted_stream::Shared, reader::Reader};

/// Events that `next` reads ahead at most.
const READ_AHEAD: usize = 256;

/// Reads a [`PersistedStream`](crate::PersistedStream).
pub struct PersistedCursor<R: EventRepository> {
    reader: Reader<R>,
    /// Read ahead by `next`, and not delivered yet.
    ready: VecDeque<Event>,
    /// Where a read adds its events to; always empty between calls.
    batch: Vec<Event>,
}

impl<R: EventRepository> PersistedCursor<R> {
    pub(super) async fn open(
        shared: Arc<Shared<R>>,
        offset: u64,
        types: EventTypes,
    ) -> Result<Self> {
        let reader = Reader::open(shared, offset, types).await?;
        Ok(Self { reader, ready: VecDeque::new(), batch: Vec::new() })
    }
}

impl<R: EventRepository> Cursor for PersistedCursor<R> {
    async fn next(&mut self) -> Result<Event> {
        self.reader.close_handle().check()?;
        loop {
            if let Some(event) = self.ready.pop_front() {
                return Ok(event);
            }
            self.reader.read(&mut self.batch, READ_AHEAD).await?;
            self.ready.extend(self.batch.drain(..));
        }
    }

    async fn next_batch(&mut self, buf: &mut Vec<Event>, max: usize) -> Result<usize> {
        if max == 0 {
            return Ok(0);
        }
        self.reader.close_handle().check()?;
        if self.ready.is_empty() {
            return self.reader.read(buf, max).await;
        }
        let count = max.min(self.ready.len());
        buf.extend(self.ready.drain(..count));
        Ok(count)
    }

    fn position(&self) -> u64 {
        self.ready.front().map_or(self.reader.position(), |event| event.offset)
    }

    fn close_handle(&self) -> CloseHandle {
        self.reader.close_handle().clone()
    }
}

impl<R: EventRepository> fmt::Debug for PersistedCursor<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PersistedCursor")
            .field("position", &self.position())
            .field("types", self.reader.types())
            .finish_non_exhaustive()
    }
}
