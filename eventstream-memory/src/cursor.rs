use std::{fmt, future::poll_fn, ops::Range, sync::Arc, task::Poll};

use eventstream_core::{CloseHandle, Cursor, Event, EventTypes, Result};

use crate::log::{Log, Reader, Scan};

/// A cursor that has delivered so many events since it waited last gives way before it sleeps.
///
/// Where events come fast, more have come by the time that it gets its turn again, and nobody had to
/// wake it: waking costs the writer more than appending. Where they come one by one, it sleeps at
/// once; and where many came at a time, one waking is nothing to them.
const BUSY: Range<usize> = 2..32;

/// Reads a [`MemoryStream`](crate::MemoryStream).
///
/// It holds no events: what is truncated while the cursor rests is freed at once.
pub struct MemoryCursor {
    reader: Reader,
    close: CloseHandle,
    /// How many events it has delivered since it waited last.
    busy: usize,
}

impl MemoryCursor {
    pub(crate) fn new(log: Arc<Log>, position: u64, types: EventTypes) -> Self {
        let reader = Reader::new(log, position, types);
        Self { close: CloseHandle::waking(reader.waking()), reader, busy: 0 }
    }

    /// The next event, if it is at hand. It does not wait.
    ///
    /// # Errors
    ///
    /// See [`Cursor`](Cursor#errors).
    pub fn try_next(&mut self) -> Result<Option<Event>> {
        self.close.check()?;
        let mut event = self.reader.next_at_hand();
        while event.is_none() && self.scan(1, |found| event = Some(found))? == Scan::Paused {}
        Ok(event)
    }

    /// Adds to `buf` what is at hand, `max` events at most; returns how many. It does not wait.
    ///
    /// # Errors
    ///
    /// See [`Cursor`](Cursor#errors).
    pub fn try_next_batch(&mut self, buf: &mut Vec<Event>, max: usize) -> Result<usize> {
        let before = buf.len();
        while self.scan(max, |event| buf.push(event))? == Scan::Paused {}
        Ok(buf.len() - before)
    }

    /// Hands on what is at hand.
    #[inline]
    fn scan(&mut self, max: usize, emit: impl FnMut(Event)) -> Result<Scan> {
        self.close.check()?;
        self.reader.scan(max, emit)
    }

    /// Waits until there is more to look at.
    async fn wait(&mut self, scan: Scan) -> Result<()> {
        let busy = BUSY.contains(&std::mem::take(&mut self.busy));
        if scan == Scan::Paused || busy {
            return yield_now().await;
        }
        // Not under the handle's guard, which costs two more locks for each time: closing wakes the
        // reader.
        let Self { reader, close, .. } = self;
        poll_fn(|cx| reader.poll_wait(|| close.check(), cx)).await
    }
}

impl Cursor for MemoryCursor {
    async fn next(&mut self) -> Result<Event> {
        self.close.check()?;
        if let Some(event) = self.reader.next_at_hand() {
            self.busy += 1;
            return Ok(event);
        }
        loop {
            let mut event = None;
            let scan = self.scan(1, |found| event = Some(found))?;
            match event {
                Some(event) => {
                    self.busy += 1;
                    return Ok(event);
                }
                None => self.wait(scan).await?,
            }
        }
    }

    async fn next_batch(&mut self, buf: &mut Vec<Event>, max: usize) -> Result<usize> {
        if max == 0 {
            return Ok(0);
        }
        let before = buf.len();
        loop {
            let scan = self.scan(max, |event| buf.push(event))?;
            let added = buf.len() - before;
            if added > 0 {
                self.busy += added;
                return Ok(added);
            }
            self.wait(scan).await?;
        }
    }

    fn position(&self) -> u64 {
        self.reader.position()
    }

    fn close_handle(&self) -> CloseHandle {
        self.close.clone()
    }
}

impl fmt::Debug for MemoryCursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MemoryCursor")
            .field("position", &self.reader.position())
            .field("types", self.reader.types())
            .finish_non_exhaustive()
    }
}

/// Lets other tasks run, once.
async fn yield_now() -> Result<()> {
    let mut yielded = false;
    poll_fn(|cx| {
        if std::mem::replace(&mut yielded, true) {
            return Poll::Ready(Ok(()));
        }
        cx.waker().wake_by_ref();
        Poll::Pending
    })
    .await
}
