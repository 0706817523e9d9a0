//! The log: chunks of slots that are written once, and what says how far they can be read.
//!
//! Writers and sleepers share a mutex. Readers take it once per chunk, to find the next one; what
//! they read in between is guarded by two numbers alone: `next`, which a writer publishes after
//! the slots below it are written, and `oldest`, which moves up as events are truncated. The chunk
//! that a cursor reads is kept in its [`Seat`], where a writer that drops the chunk takes it away.

mod chunk;
mod chunks;
#[cfg(all(test, eventstream_loom))]
mod loom_models;
mod reader;
mod seat;
mod state;

use std::{
    sync::Arc,
    task::{Context, Poll},
};

use eventstream_core::{Error, EventTypes, Result};

pub(crate) use chunk::Chunk;
pub(crate) use reader::{Reader, Scan};
pub(crate) use seat::Seat;
pub(crate) use state::State;

use crate::{
    stream::StreamDropped,
    sync::{Apart, AtomicU64, Mutex, MutexGuard, Ordering, lock},
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

#[derive(Debug)]
pub(crate) struct Log {
    /// The offset of the next event; all below it can be read.
    next: Apart<AtomicU64>,
    /// The offset of the oldest event that can be read.
    oldest: Apart<AtomicU64>,
    state: Apart<Mutex<State>>,
}

impl Log {
    pub(crate) fn new(first_offset: u64, limits: Limits) -> Self {
        Self {
            next: Apart(AtomicU64::new(first_offset)),
            oldest: Apart(AtomicU64::new(first_offset)),
            state: Apart(Mutex::new(State::new(first_offset, limits))),
        }
    }

    pub(crate) fn next(&self) -> u64 {
        self.next.load(Ordering::Acquire)
    }

    #[inline]
    pub(crate) fn oldest(&self) -> u64 {
        self.oldest.load(Ordering::Acquire)
    }

    /// Changes the log, publishes what came of it, and wakes those who wait for it.
    pub(crate) fn write<T>(&self, change: impl FnOnce(&mut State) -> T) -> T {
        let mut state = self.state();
        let result = change(&mut state);
        // `oldest` first: who sees the new end must not take what is truncated for readable.
        // Only if it has moved: readers look at it for every event.
        if state.oldest() != self.oldest.load(Ordering::Relaxed) {
            self.oldest.store(state.oldest(), Ordering::Release);
        }
        self.next.store(state.next(), Ordering::Release);
        let released = state.take_released();
        drop(state);
        if let Some(released) = released {
            released.release();
        }
        result
    }

    /// Registers a cursor, so that it can be woken.
    fn register(&self, types: &EventTypes, seat: Arc<Seat>) -> WaiterId {
        let mut state = self.state();
        let id = state.waiters.register(types);
        state.chunks.register(id, seat);
        id
    }

    fn unregister(&self, id: WaiterId, types: &EventTypes) {
        let mut state = self.state();
        let waker = state.waiters.unregister(id, types);
        state.chunks.unregister(id);
        drop(state);
        drop(waker);
    }

    /// Wakes a cursor that sleeps, if it is still the one that has this seat.
    pub(crate) fn wake(&self, id: WaiterId, seat: &Arc<Seat>) {
        let mut state = self.state();
        let waker =
            if state.chunks.is_seated(id, seat) { state.waiters.stop_sleeping(id) } else { None };
        drop(state);
        if let Some(waker) = waker {
            waker.wake();
        }
    }

    /// Waits until there is something to look at at `position`, which may move on meanwhile.
    /// `check` says whether to wait at all: whoever changes its answer calls [`wake`](Self::wake)
    /// after that.
    fn poll_wait(
        &self,
        id: WaiterId,
        position: &mut u64,
        check: impl FnOnce() -> Result<()>,
        cx: &mut Context<'_>,
    ) -> Poll<Result<()>> {
        // Cloned and dropped outside of the lock, as that may run any code.
        let waker = cx.waker().clone();
        let mut state = self.state();
        // Under the lock that `wake` takes: it was there before, or finds the waker.
        check()?;
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

    /// Moves on a position that was truncated to where the cursor can go on: while it slept, there
    /// may have been nothing for it. An error if there was, with the position where it was.
    #[cold]
    fn resume(&self, id: WaiterId, position: &mut u64) -> Result<()> {
        let state = self.state();
        *position = state.waiters.resume(id, *position, state.next());
        let oldest = state.oldest();
        if *position < oldest {
            return Err(Error::Truncated { requested: *position, oldest });
        }
        Ok(())
    }

    fn state(&self) -> MutexGuard<'_, State> {
        lock(&self.state)
    }
}
