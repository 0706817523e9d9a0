use std::{collections::VecDeque, fmt, future::Future, pin::Pin, sync::Arc};

use crate::{CloseHandle, Cursor, Event, EventStream, EventTypes, Identity, Result};

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
}

/// A [`Cursor`] without its type.
///
/// `next` reads up to 64 events ahead, so that the future it has to box is one per batch.
pub struct BoxCursor {
    cursor: Box<dyn ErasedCursor>,
    close: CloseHandle,
    /// Read ahead by `next`, and not delivered yet.
    ready: VecDeque<Event>,
    /// Where the cursor adds its batch to; always empty between calls.
    batch: Vec<Event>,
}

impl BoxCursor {
    /// Forgets the type of a cursor.
    pub fn new(cursor: impl Cursor) -> Self {
        Self {
            close: cursor.close_handle(),
            cursor: Box::new(cursor),
            ready: VecDeque::new(),
            batch: Vec::new(),
        }
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
    async fn next(&mut self) -> Result<Event> {
        self.close.check()?;
        if let Some(event) = self.ready.pop_front() {
            return Ok(event);
        }
        loop {
            self.cursor.next_batch(&mut self.batch, BATCH).await?;
            self.ready.extend(self.batch.drain(..));
            if let Some(event) = self.ready.pop_front() {
                return Ok(event);
            }
        }
    }

    async fn next_batch(&mut self, buf: &mut Vec<Event>, max: usize) -> Result<usize> {
        if max == 0 {
            return Ok(0);
        }
        self.close.check()?;
        if self.ready.is_empty() {
            return self.cursor.next_batch(buf, max).await;
        }
        let count = max.min(self.ready.len());
        buf.extend(self.ready.drain(..count));
        Ok(count)
    }

    fn position(&self) -> u64 {
        self.ready.front().map_or_else(|| self.cursor.position(), |event| event.offset)
    }

    fn close_handle(&self) -> CloseHandle {
        self.close.clone()
    }
}

trait ErasedStream: Send + Sync {
    fn application(&self) -> &Identity;
    fn event_types(&self) -> BoxFuture<'_, Result<EventTypes>>;
    fn open(&self, offset: u64, types: EventTypes) -> BoxFuture<'_, Result<BoxCursor>>;
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
}

trait ErasedCursor: Send {
    fn next_batch<'a>(
        &'a mut self,
        buf: &'a mut Vec<Event>,
        max: usize,
    ) -> BoxFuture<'a, Result<usize>>;
    fn position(&self) -> u64;
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
}
