use std::{collections::VecDeque, fmt};

use crate::{CloseHandle, Cursor, Event, Result};

/// A cursor whose [`next`](Cursor::next) takes its events out of batches that another one reads:
/// made by [`CursorExt::read_ahead`](crate::CursorExt::read_ahead).
///
/// For cursors to whom a batch costs little more than an event. It keeps up to a batch in memory.
/// Its [`position`](Cursor::position) is that of the events it has delivered, not of those it has
/// read ahead.
pub struct ReadAhead<C> {
    cursor: C,
    close: CloseHandle,
    max: usize,
    /// Read, and not delivered yet.
    ready: VecDeque<Event>,
    /// What the cursor adds its batch to; always empty between calls.
    batch: Vec<Event>,
}

impl<C: Cursor> ReadAhead<C> {
    pub(crate) fn new(cursor: C, max: usize) -> Self {
        Self {
            close: cursor.close_handle(),
            cursor,
            max: max.max(1),
            ready: VecDeque::new(),
            batch: Vec::new(),
        }
    }
}

#[deny(clippy::missing_trait_methods)]
impl<C: Cursor> Cursor for ReadAhead<C> {
    async fn next(&mut self) -> Result<Event> {
        self.close.check()?;
        loop {
            if let Some(event) = self.ready.pop_front() {
                return Ok(event);
            }
            self.cursor.next_batch(&mut self.batch, self.max).await?;
            self.ready.extend(self.batch.drain(..));
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

impl<C: fmt::Debug> fmt::Debug for ReadAhead<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ReadAhead")
            .field("cursor", &self.cursor)
            .field("ready", &self.ready.len())
            .finish_non_exhaustive()
    }
}
