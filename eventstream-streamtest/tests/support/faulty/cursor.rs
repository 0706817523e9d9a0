use std::{
    collections::VecDeque,
    future::poll_fn,
    pin::pin,
    sync::{Arc, Mutex, atomic::Ordering},
    task::{Context, Poll, Waker},
};

use eventstream_core::{CloseHandle, Cursor, Error, Event, EventTypes, Result};
use tokio::task::yield_now;

use super::{Fault, alter::alter_error, stream::Shared};
use crate::support::{log::Log, reference::ReferenceCursor};

/// A cursor of the reference stream that goes wrong in one way.
pub struct FaultyCursor {
    pub(super) fault: Option<Fault>,
    pub(super) inner: ReferenceCursor,
    pub(super) log: Log,
    pub(super) types: EventTypes,
    pub(super) shared: Arc<Shared>,
    pub(super) opened: u64,
    /// What is handed out for closing, and is not always what the inner cursor looks at.
    pub(super) close: CloseHandle,
    pub(super) more_handles: Mutex<Vec<CloseHandle>>,
    /// Truncations of the stream when the cursor was opened.
    pub(super) truncations: usize,
    pub(super) delivered: u64,
    pub(super) last: Option<Event>,
    /// To be delivered before anything else.
    pub(super) queue: VecDeque<Event>,
    /// Read ahead by a batch.
    pub(super) hidden: VecDeque<Event>,
    /// Read by a call that has not returned.
    pub(super) in_hand: Option<Event>,
    pub(super) said_closed: bool,
}

impl FaultyCursor {
    pub(super) fn new(
        fault: Option<Fault>,
        inner: ReferenceCursor,
        log: Log,
        types: EventTypes,
        shared: Arc<Shared>,
    ) -> Self {
        let close = match fault {
            Some(
                Fault::IgnoresClose
                | Fault::CloseDoesNotWake
                | Fault::DeliversAfterClose
                | Fault::BatchIgnoresClose
                | Fault::ClosesForOneCall,
            ) => CloseHandle::new(),
            Some(Fault::ClosesSiblings) => shared.close.clone(),
            _ => inner.close_handle(),
        };
        Self {
            opened: inner.position(),
            truncations: shared.truncations.load(Ordering::SeqCst),
            fault,
            inner,
            log,
            types,
            shared,
            close,
            more_handles: Mutex::default(),
            delivered: 0,
            last: None,
            queue: VecDeque::new(),
            hidden: VecDeque::new(),
            in_hand: None,
            said_closed: false,
        }
    }

    pub(super) fn is(&self, fault: Fault) -> bool {
        self.fault == Some(fault)
    }
}

impl Cursor for FaultyCursor {
    async fn next(&mut self) -> Result<Event> {
        assert!(
            !(self.is(Fault::SourcePanics) && self.shared.gone.load(Ordering::SeqCst)),
            "the source has gone away"
        );
        if self.is(Fault::TruncatesAll)
            && self.truncations < self.shared.truncations.load(Ordering::SeqCst)
        {
            return Err(Error::Truncated {
                requested: self.inner.position(),
                oldest: self.log.end(),
            });
        }
        if self.is(Fault::DroppedNextRepeats)
            && let Some(event) = self.in_hand.take()
        {
            self.queue.push_back(event.clone());
            return Ok(event);
        }
        if let Some(event) = self.queue.pop_front() {
            self.close.check()?;
            return Ok(event);
        }
        loop {
            let mut waited = false;
            let position = self.inner.position();
            let fetched = {
                let mut fetching = pin!(self.fetch());
                poll_fn(|cx| {
                    let polled = fetching.as_mut().poll(cx);
                    waited |= polled.is_pending();
                    polled
                })
                .await
            };
            let event = match fetched {
                Ok(event) => event,
                Err(error) => {
                    let position = self.inner.position().max(position);
                    if self.is(Fault::TruncatedOnce)
                        && let Error::Truncated { oldest, .. } = error
                    {
                        self.inner.jump_to(oldest);
                    }
                    let named = match self.fault {
                        Some(Fault::TruncatedNamesTheOpening) => self.opened,
                        _ => position,
                    };
                    return Err(alter_error(self.fault, named, error));
                }
            };
            if self.is(Fault::TruncatesOneMore) && (1..=self.log.oldest()).contains(&event.offset) {
                self.inner.jump_to(event.offset);
                return Err(Error::Truncated { requested: event.offset, oldest: event.offset + 1 });
            }
            match self.fault {
                Some(Fault::DroppedNextLoses) => yield_now().await,
                Some(Fault::DroppedNextRepeats) => {
                    self.in_hand = Some(event.clone());
                    yield_now().await;
                    self.in_hand = None;
                }
                Some(Fault::DroppedNextMoves) => {
                    self.queue.push_back(event.clone());
                    yield_now().await;
                    self.queue.pop_back();
                }
                _ => {}
            }
            if let Some(other) = self.instead(&event, waited) {
                self.queue.push_back(event);
                return Ok(other);
            }
            if let Some(altered) = self.alter(event.clone()) {
                self.delivered += 1;
                self.last = Some(event);
                return Ok(altered);
            }
        }
    }

    async fn next_batch(&mut self, buf: &mut Vec<Event>, max: usize) -> Result<usize> {
        let held = buf.len();
        let max = match self.fault {
            Some(Fault::BatchExceedsMax) if max > 0 => max + 1,
            Some(Fault::BatchOfZeroWaits) => max.max(1),
            Some(Fault::BatchFillsTheBuffer) => max.saturating_sub(held),
            _ => max,
        };
        if max == 0 {
            return Ok(0);
        }
        match self.fault {
            Some(Fault::BatchClearsTheBuffer) => buf.clear(),
            Some(Fault::BatchIgnoresClose) => return self.inner.next_batch(buf, max).await,
            Some(Fault::BatchHidesFromNext) => {
                if let Some(event) = self.hidden.pop_front() {
                    self.close.check()?;
                    buf.push(event);
                    return Ok(1);
                }
            }
            _ => {}
        }
        let first = match now(self.next()) {
            Some(result) => result,
            None if self.is(Fault::BatchDoesNotWait) => return Ok(0),
            None => self.next().await,
        };
        let first = match first {
            Err(error) if self.is(Fault::BatchAddsAndFails) => {
                buf.extend(self.last.clone());
                return Err(error);
            }
            first => first?,
        };
        let mut added = vec![first];
        if self.is(Fault::DroppedBatchLoses) {
            yield_now().await;
        }
        while added.len() < max {
            if self.is(Fault::BatchWaitsForAll) {
                added.push(self.next().await?);
                continue;
            }
            match now(self.next()) {
                Some(Ok(event)) => added.push(event),
                _ => break,
            }
        }
        if self.is(Fault::BatchHidesFromNext) && added.len() > 1 {
            self.hidden.extend(added.pop());
        }
        let count = added.len();
        buf.append(&mut added);
        match self.fault {
            Some(Fault::DroppedBatchAdds) => yield_now().await,
            Some(Fault::BatchMiscounts) => return Ok(buf.len()),
            _ => {}
        }
        Ok(count)
    }

    fn position(&self) -> u64 {
        let position = self.inner.position();
        let waiting = self.queue.front().map(|event| event.offset);
        match self.fault {
            Some(Fault::PositionStays) => self.opened,
            Some(Fault::PositionIsBehind) => self.last.as_ref().map_or(position, |e| e.offset),
            Some(Fault::PositionIsAhead) => position.saturating_add(1),
            Some(Fault::PositionWaitsForAMatch) => {
                self.last.as_ref().map_or(self.opened, |e| e.offset + 1)
            }
            Some(Fault::DroppedNextMoves) => position,
            _ => waiting.unwrap_or(position),
        }
    }

    fn close_handle(&self) -> CloseHandle {
        if self.is(Fault::ClosesTwice) {
            let handle = CloseHandle::new();
            self.more_handles.lock().unwrap().push(handle.clone());
            return handle;
        }
        self.close.clone()
    }
}

/// What a future has to say at once.
pub(super) fn now<F: Future>(future: F) -> Option<F::Output> {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(output) => Some(output),
        Poll::Pending => None,
    }
}
