use std::{fmt, future::Future, sync::Arc};

use eventstream_core::{
    CloseHandle, Cursor, CursorExt, Event, EventRepository, EventTypes, ReadAhead, Result,
};

use super::{persisted_stream::Shared, reader::Reader};

/// Events that `next` reads ahead at most.
const READ_AHEAD: usize = 256;

/// Reads a [`PersistedStream`](crate::PersistedStream).
pub struct PersistedCursor<R: EventRepository>(ReadAhead<Reader<R>>);

impl<R: EventRepository> PersistedCursor<R> {
    pub(super) async fn open(
        shared: Arc<Shared<R>>,
        offset: u64,
        types: EventTypes,
    ) -> Result<Self> {
        Ok(Self(Reader::open(shared, offset, types).await?.read_ahead(READ_AHEAD)))
    }
}

#[deny(clippy::missing_trait_methods)]
impl<R: EventRepository> Cursor for PersistedCursor<R> {
    fn next(&mut self) -> impl Future<Output = Result<Event>> + Send {
        self.0.next()
    }

    fn next_batch(
        &mut self,
        buf: &mut Vec<Event>,
        max: usize,
    ) -> impl Future<Output = Result<usize>> + Send {
        self.0.next_batch(buf, max)
    }

    fn position(&self) -> u64 {
        self.0.position()
    }

    fn close_handle(&self) -> CloseHandle {
        self.0.close_handle()
    }
}

impl<R: EventRepository> fmt::Debug for PersistedCursor<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PersistedCursor")
            .field("position", &self.position())
            .finish_non_exhaustive()
    }
}
