use crate::{BoxCursor, Cursor, CursorStream, ReadAhead, Result};

/// What callers of a [`Cursor`] get on top of it: implemented for every cursor.
pub trait CursorExt: Cursor + Sized {
    /// Closes this cursor.
    ///
    /// # Errors
    ///
    /// [`Error::CursorClosed`](crate::Error::CursorClosed) if it is closed already.
    fn close(&self) -> Result<()> {
        self.close_handle().close()
    }

    /// The cursor without its type.
    fn boxed(self) -> BoxCursor {
        BoxCursor::new(self)
    }

    /// The cursor with a `next` that reads up to `max` events ahead, by `next_batch`. 0 is taken
    /// as 1.
    fn read_ahead(self, max: usize) -> ReadAhead<Self> {
        ReadAhead::new(self, max)
    }

    /// The cursor as a `Stream` of [`futures_core`], for the combinators of that world.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::{future::poll_fn, pin::pin};
    ///
    /// use eventstream_core::{Cursor, CursorExt, Event};
    /// use futures_core::Stream;
    ///
    /// async fn first(cursor: impl Cursor) -> Option<Event> {
    ///     let mut stream = pin!(cursor.into_stream());
    ///     poll_fn(|cx| stream.as_mut().poll_next(cx)).await?.ok()
    /// }
    /// ```
    fn into_stream(self) -> CursorStream<Self> {
        CursorStream::new(self)
    }
}

impl<C: Cursor> CursorExt for C {}
