use std::sync::Arc;

use eventstream_core::{CloseHandle, Cursor, Event, EventStream, EventTypes, Identity, Result};
use eventstream_memory::{MemoryCursor, MemoryStream};

/// A stream that knows how many cursors there are: each has a clone of `cursors`.
pub(crate) struct CountedStream {
    pub(crate) stream: MemoryStream,
    pub(crate) cursors: Arc<()>,
}

pub(crate) struct CountedCursor(MemoryCursor, #[allow(dead_code)] Arc<()>);

impl EventStream for CountedStream {
    type Cursor = CountedCursor;

    fn application(&self) -> &Identity {
        self.stream.application()
    }

    async fn event_types(&self) -> Result<EventTypes> {
        EventStream::event_types(&self.stream).await
    }

    async fn open(&self, offset: u64, types: EventTypes) -> Result<CountedCursor> {
        let cursor = EventStream::open(&self.stream, offset, types).await?;
        Ok(CountedCursor(cursor, self.cursors.clone()))
    }

    async fn end(&self) -> Result<Option<u64>> {
        EventStream::end(&self.stream).await
    }
}

impl Cursor for CountedCursor {
    async fn next(&mut self) -> Result<Event> {
        Cursor::next(&mut self.0).await
    }

    fn position(&self) -> u64 {
        Cursor::position(&self.0)
    }

    fn close_handle(&self) -> CloseHandle {
        Cursor::close_handle(&self.0)
    }
}
