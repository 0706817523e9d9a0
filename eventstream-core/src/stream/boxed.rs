use std::{fmt, future::Future, pin::Pin, sync::Arc};

use crate::{
    CloseHandle, Cursor, Event, EventStream, EventTypes, Identity, Incarnation, ReadAhead, Result,
};

type BoxFuture<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// Events that [`BoxCursor::next`](Cursor::next) reads ahead: one boxed future for so many.
const BATCH: usize = 64;

/// An [`EventStream`] without its type. Cheap to clone.
///
/// Reading through it costs no allocation per event: a boxed future is made per batch.
///
/// # Examples
///
/// ```
/// use eventstream_core::{DynStream, EventStream};
///
/// fn catalogue(a: impl EventStream, b: impl EventStream) -> Vec<DynStream> {
///     vec![DynStream::new(a), DynStream::new(b)]
/// }
/// ```
#[derive(Clone)]
pub struct DynStream(Arc<dyn ErasedStream>);

impl DynStream {
    /// Forgets the type of a stream.
    pub fn new(stream: impl EventStream) -> Self {
        Self(Arc::new(stream))
    }
}

impl fmt::Debug for DynStream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("DynStream").field(self.0.application()).finish()
    }
}

#[deny(clippy::missing_trait_methods)]
impl EventStream for DynStream {
    type Cursor = BoxCursor;

    fn application(&self) -> &Identity {
        self.0.application()
    }

    fn event_types(&self) -> impl Future<Output = Result<EventTypes>> + Send {
        self.0.event_types()
    }

    fn open(
        &self,
        offset: u64,
        types: EventTypes,
    ) -> impl Future<Output = Result<Self::Cursor>> + Send {
        self.0.open(offset, types)
    }

    fn incarnation(&self) -> impl Future<Output = Result<Option<Incarnation>>> + Send {
        self.0.incarnation()
    }

    fn end(&self) -> impl Future<Output = Result<Option<u64>>> + Send {
        self.0.end()
    }

    fn known_types(&self) -> impl Future<Output = Result<Option<EventTypes>>> + Send {
        self.0.known_types()
    }
}

/// A [`Cursor`] without its type.
///
/// `next` reads up to 64 events ahead, so that the future it has to box is one per batch.
pub struct BoxCursor(ReadAhead<Boxed>);

impl BoxCursor {
    /// Forgets the type of a cursor.
    pub fn new(cursor: impl Cursor) -> Self {
        Self(ReadAhead::new(Boxed(Box::new(cursor)), BATCH))
    }
}

impl fmt::Debug for BoxCursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BoxCursor")
            .field("position", &Cursor::position(self))
            .finish_non_exhaustive()
    }
}

#[deny(clippy::missing_trait_methods)]
impl Cursor for BoxCursor {
    fn next(&mut self) -> impl Future<Output = Result<Event>> + Send {
        self.0.next()
    }

    fn next_batch(
        &mut self,
        buf: &mut Vec<Event>,
        max: usize,
    ) -> impl Future<Output = Result<usize>> + Send {
        Cursor::next_batch(&mut self.0, buf, max)
    }

    fn position(&self) -> u64 {
        Cursor::position(&self.0)
    }

    fn close_handle(&self) -> CloseHandle {
        Cursor::close_handle(&self.0)
    }
}

/// What [`ReadAhead`] reads: only in batches.
struct Boxed(Box<dyn ErasedCursor>);

#[deny(clippy::missing_trait_methods)]
impl Cursor for Boxed {
    async fn next(&mut self) -> Result<Event> {
        let mut event = Vec::with_capacity(1);
        loop {
            self.0.next_batch(&mut event, 1).await?;
            if let Some(event) = event.pop() {
                return Ok(event);
            }
        }
    }

    async fn next_batch(&mut self, buf: &mut Vec<Event>, max: usize) -> Result<usize> {
        self.0.next_batch(buf, max).await
    }

    fn position(&self) -> u64 {
        self.0.position()
    }

    fn close_handle(&self) -> CloseHandle {
        self.0.close_handle()
    }
}

trait ErasedStream: Send + Sync {
    fn application(&self) -> &Identity;
    fn event_types(&self) -> BoxFuture<'_, Result<EventTypes>>;
    fn open(&self, offset: u64, types: EventTypes) -> BoxFuture<'_, Result<BoxCursor>>;
    fn incarnation(&self) -> BoxFuture<'_, Result<Option<Incarnation>>>;
    fn end(&self) -> BoxFuture<'_, Result<Option<u64>>>;
    fn known_types(&self) -> BoxFuture<'_, Result<Option<EventTypes>>>;
}

impl<S: EventStream> ErasedStream for S {
    fn application(&self) -> &Identity {
        EventStream::application(self)
    }

    fn event_types(&self) -> BoxFuture<'_, Result<EventTypes>> {
        Box::pin(EventStream::event_types(self))
    }

    fn open(&self, offset: u64, types: EventTypes) -> BoxFuture<'_, Result<BoxCursor>> {
        Box::pin(async move { Ok(BoxCursor::new(EventStream::open(self, offset, types).await?)) })
    }

    fn incarnation(&self) -> BoxFuture<'_, Result<Option<Incarnation>>> {
        Box::pin(EventStream::incarnation(self))
    }

    fn end(&self) -> BoxFuture<'_, Result<Option<u64>>> {
        Box::pin(EventStream::end(self))
    }

    fn known_types(&self) -> BoxFuture<'_, Result<Option<EventTypes>>> {
        Box::pin(EventStream::known_types(self))
    }
}

trait ErasedCursor: Send {
    fn next_batch<'a>(
        &'a mut self,
        buf: &'a mut Vec<Event>,
        max: usize,
    ) -> BoxFuture<'a, Result<usize>>;
    fn position(&self) -> u64;
    fn close_handle(&self) -> CloseHandle;
}

impl<C: Cursor> ErasedCursor for C {
    fn next_batch<'a>(
        &'a mut self,
        buf: &'a mut Vec<Event>,
        max: usize,
    ) -> BoxFuture<'a, Result<usize>> {
        Box::pin(Cursor::next_batch(self, buf, max))
    }

    fn position(&self) -> u64 {
        Cursor::position(self)
    }

    fn close_handle(&self) -> CloseHandle {
        Cursor::close_handle(self)
    }
}
