use std::{
    fmt,
    future::poll_fn,
    sync::{Arc, Weak},
    task::Poll,
};

use eventstream_core::{CloseHandle, Cursor, Event, EventTypes, Result};

use crate::{
    filter::Filter,
    log::{Chunk, Log, Scan},
    waiters::WaiterId,
};

/// Reads a [`MemoryStream`](crate::MemoryStream).
///
/// It holds no events: what is truncated while the cursor rests is freed at once.
pub struct MemoryCursor {
    log: Arc<Log>,
    waiter: WaiterId,
    filter: Filter,
    position: u64,
    /// Where the last event was read: only a short cut.
    chunk: Weak<Chunk>,
    close: CloseHandle,
}

impl MemoryCursor {
    pub(crate) fn new(log: Arc<Log>, position: u64, types: EventTypes) -> Self {
        Self {
            waiter: log.register(&types),
            log,
            filter: Filter::new(types),
            position,
            chunk: Weak::new(),
            close: CloseHandle::new(),
        }
    }

    /// The next event, if it is at hand. It does not wait.
    ///
    /// # Errors
    ///
    /// See [`Cursor`](Cursor#errors).
    pub fn try_next(&mut self) -> Result<Option<Event>> {
        let mut event = None;
        self.scan_all(1, |found| event = Some(found))?;
        Ok(event)
    }

    /// Adds to `buf` what is at hand, `max` events at most; returns how many. It does not wait.
    ///
    /// # Errors
    ///
    /// See [`Cursor`](Cursor#errors).
    pub fn try_next_batch(&mut self, buf: &mut Vec<Event>, max: usize) -> Result<usize> {
        let before = buf.len();
        self.scan_all(max, |event| buf.push(event))?;
        Ok(buf.len() - before)
    }

    fn scan_all(&mut self, max: usize, mut emit: impl FnMut(Event)) -> Result<()> {
        while self.scan(max, &mut emit)? == Scan::Paused {}
        Ok(())
    }

    /// Hands on what is at hand.
    #[inline]
    fn scan(&mut self, max: usize, emit: impl FnMut(Event)) -> Result<Scan> {
        self.close.check()?;
        let Self { log, waiter, position, chunk, filter, .. } = self;
        log.scan(*waiter, position, chunk, filter, max, emit)
    }

    /// Waits until there is more to look at.
    async fn wait(&mut self, scan: Scan) -> Result<()> {
        if scan == Scan::Paused {
            return yield_now().await;
        }
        self.chunk = Weak::new();
        let Self { log, waiter, position, close, .. } = self;
        close.guard(poll_fn(|cx| log.poll_wait(*waiter, position, cx))).await
    }
}

impl Cursor for MemoryCursor {
    async fn next(&mut self) -> Result<Event> {
        loop {
            let mut event = None;
            let scan = self.scan(1, |found| event = Some(found))?;
            match event {
                Some(event) => return Ok(event),
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
                return Ok(added);
            }
            self.wait(scan).await?;
        }
    }

    fn position(&self) -> u64 {
        self.position
    }

    fn close_handle(&self) -> CloseHandle {
        self.close.clone()
    }
}

impl Drop for MemoryCursor {
    fn drop(&mut self) {
        self.log.unregister(self.waiter, self.filter.types());
    }
}

impl fmt::Debug for MemoryCursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MemoryCursor")
            .field("position", &self.position)
            .field("types", self.filter.types())
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
