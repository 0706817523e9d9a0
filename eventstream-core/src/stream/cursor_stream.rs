use std::{
    pin::Pin,
    task::{Context, Poll, ready},
    vec,
};

use futures_core::{Stream, stream::FusedStream};
use tokio_util::sync::ReusableBoxFuture;

use crate::{CloseHandle, Cursor, Error, Event, Result};

/// Events that are read ahead at most: few enough to be small, enough to pay for the future.
const BATCH: usize = 64;

/// A cursor as a `Stream`: made by [`CursorExt::into_stream`](crate::CursorExt::into_stream).
///
/// It ends when the cursor is closed. Any other error is an item. After one that is
/// [retryable](Error::is_retryable) it goes on; any other one is its last item.
#[derive(Debug)]
#[must_use = "a stream does nothing unless it is polled"]
pub struct CursorStream<C> {
    close: CloseHandle,
    ready: vec::IntoIter<Event>,
    /// Owns the cursor while it reads, so that dropping the stream drops it, and nothing else
    /// does.
    reading: ReusableBoxFuture<'static, Read<C>>,
    ended: bool,
}

type Read<C> = (C, Vec<Event>, Result<usize>);

impl<C: Cursor> CursorStream<C> {
    pub(crate) fn new(cursor: C) -> Self {
        Self {
            close: cursor.close_handle(),
            ready: Vec::new().into_iter(),
            reading: ReusableBoxFuture::new(read(cursor)),
            ended: false,
        }
    }
}

async fn read<C: Cursor>(mut cursor: C) -> Read<C> {
    let mut events = Vec::new();
    let result = cursor.next_batch(&mut events, BATCH).await;
    (cursor, events, result)
}

impl<C: Cursor> Stream for CursorStream<C> {
    type Item = Result<Event>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        if self.ended || self.close.is_closed() {
            self.ended = true;
            return Poll::Ready(None);
        }
        if let Some(event) = self.ready.next() {
            return Poll::Ready(Some(Ok(event)));
        }
        loop {
            let (cursor, events, result) = ready!(self.reading.poll(cx));
            self.reading.set(read(cursor));
            self.ready = events.into_iter();
            match result {
                Ok(_) => {
                    if let Some(event) = self.ready.next() {
                        return Poll::Ready(Some(Ok(event)));
                    }
                }
                Err(Error::CursorClosed) => {
                    self.ended = true;
                    return Poll::Ready(None);
                }
                Err(error) => {
                    self.ended = !error.is_retryable();
                    return Poll::Ready(Some(Err(error)));
                }
            }
        }
    }
}

impl<C: Cursor> FusedStream for CursorStream<C> {
    fn is_terminated(&self) -> bool {
        self.ended
    }
}
