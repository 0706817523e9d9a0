//! The log: chunks of slots that are written once, and what says how far they can be read.
//!
//! Writers and sleepers share a mutex. Readers take it once per chunk, to find the next one; what
//! they read in between is guarded by two numbers alone: `next`, which a writer publishes after
//! the slots below it are written, and `oldest`, which moves up as events are truncated.

mod chunk;
#[cfg(all(test, eventstream_loom))]
mod loom_models;
mod state;

use std::{
    sync::{Arc, Weak},
    task::{Context, Poll},
};

use eventstream_core::{Error, Event, EventTypes, Result};

pub(crate) use chunk::Chunk;
pub(crate) use state::State;

use crate::{
    filter::Filter,
    stream::StreamDropped,
    sync::{AtomicU64, Mutex, MutexGuard, Ordering},
    waiters::WaiterId,
};

/// How much a stream holds.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Limits {
    /// Events that are kept.
    pub(crate) events: usize,
    /// Events that are held back because one before them is missing.
    pub(crate) reorder: usize,
}

/// After so many events that don't match, a cursor lets others run.
const SCAN: usize = 1 << 16;

#[derive(Debug)]
pub(crate) struct Log {
    /// The offset of the next event; all below it can be read.
    next: AtomicU64,
    /// The offset of the oldest event that can be read.
    oldest: AtomicU64,
    state: Mutex<State>,
}

/// What a cursor has come to.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Scan {
    /// Events, if any were asked for.
    Done,
    /// The end of the stream.
    AtEnd,
    /// Neither, after a long way: it is time to let others run.
    Paused,
}

impl Log {
    pub(crate) fn new(first_offset: u64, limits: Limits) -> Self {
        Self {
            next: AtomicU64::new(first_offset),
            oldest: AtomicU64::new(first_offset),
            state: Mutex::new(State::new(first_offset, limits)),
        }
    }

    pub(crate) fn next(&self) -> u64 {
        self.next.load(Ordering::Acquire)
    }

    pub(crate) fn oldest(&self) -> u64 {
        self.oldest.load(Ordering::Acquire)
    }

    /// Changes the log, publishes what came of it, and wakes those who wait for it.
    pub(crate) fn write<T>(&self, change: impl FnOnce(&mut State) -> T) -> T {
        let mut state = self.state();
        let result = change(&mut state);
        // `oldest` first: who sees the new end must not take what is truncated for readable.
        self.oldest.store(state.oldest(), Ordering::Release);
        self.next.store(state.next(), Ordering::Release);
        let released = state.take_released();
        drop(state);
        released.wake();
        result
    }

    /// Registers a cursor, so that it can be woken.
    pub(crate) fn register(&self, types: &EventTypes) -> WaiterId {
        self.state().waiters.register(types)
    }

    pub(crate) fn unregister(&self, id: WaiterId, types: &EventTypes) {
        let waker = self.state().waiters.unregister(id, types);
        drop(waker);
    }

    /// Waits until there is something to look at at `position`, which may move on meanwhile.
    pub(crate) fn poll_wait(
        &self,
        id: WaiterId,
        position: &mut u64,
        cx: &mut Context<'_>,
    ) -> Poll<Result<()>> {
        // Cloned and dropped outside of the lock, as that may run any code.
        let waker = cx.waker().clone();
        let mut state = self.state();
        *position = state.waiters.resume(id, *position, state.next());
        // Under the lock that writers take: nothing can come between looking and sleeping.
        if state.next() > *position || state.oldest() > *position {
            return Poll::Ready(Ok(()));
        }
        if state.is_dropped() {
            return Poll::Ready(Err(Error::backend("next", false, StreamDropped)));
        }
        let before = state.waiters.sleep(id, *position, waker);
        drop(state);
        drop(before);
        Poll::Pending
    }

    /// Where a cursor can go on whose position was truncated: while it slept, there may have been
    /// nothing for it. An error if there was.
    #[cold]
    fn resume(&self, id: WaiterId, position: u64) -> Result<u64> {
        let state = self.state();
        let resumed = state.waiters.resume(id, position, state.next());
        let oldest = state.oldest();
        if resumed < oldest {
            return Err(Error::Truncated { requested: resumed, oldest });
        }
        Ok(resumed)
    }

    /// Moves `position` on over events, and hands those that `filter` lets pass to `emit`, `max` at
    /// most. `chunk` is where the last call read. Once an event was handed on, it is `Done`: what
    /// else there is to say, the next call says.
    pub(crate) fn scan(
        &self,
        id: WaiterId,
        position: &mut u64,
        chunk: &mut Weak<Chunk>,
        filter: &mut Filter,
        max: usize,
        mut emit: impl FnMut(Event),
    ) -> Result<Scan> {
        let mut left = max;
        let mut budget = SCAN;
        while left > 0 {
            let next = self.next();
            let oldest = self.oldest();
            let found_some = left < max;
            if found_some && (*position < oldest || *position >= next || budget == 0) {
                break;
            }
            if *position < oldest {
                *position = self.resume(id, *position)?;
                continue;
            }
            if *position >= next {
                return Ok(Scan::AtEnd);
            }
            if budget == 0 {
                return Ok(Scan::Paused);
            }
            let current = match chunk.upgrade().filter(|chunk| chunk.covers(*position)) {
                Some(current) => current,
                None => match self.state().chunk(*position) {
                    Some(found) => {
                        *chunk = Arc::downgrade(&found);
                        found
                    }
                    // Truncated since: the next round says so.
                    None => continue,
                },
            };
            let slots = current.slots(*position, next, budget);
            budget -= slots.len();
            for index in slots {
                let passes = filter.passes_all()
                    || filter.passes(current.type_id(index), || current.parcel(index));
                if passes {
                    let Some(parcel) = current.parcel(index) else {
                        break;
                    };
                    emit(Event::new(*position, parcel.clone()));
                    left -= 1;
                }
                *position += 1;
                if left == 0 {
                    break;
                }
            }
        }
        Ok(Scan::Done)
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // A writer that panicked published nothing of what it was doing; nobody else has to fail
        // for it.
        self.state.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }
}
