use std::{
    sync::Arc,
    task::{Context, Poll},
};

use eventstream_core::{Event, EventTypes, Result};

use super::{Log, Seat};
use crate::{filter::Filter, waiters::WaiterId};

/// After so many events that don't match, a cursor lets others run.
const SCAN: usize = 1 << 16;

/// Reads a log from a position on.
#[derive(Debug)]
pub(crate) struct Reader {
    log: Arc<Log>,
    id: WaiterId,
    seat: Arc<Seat>,
    position: u64,
    /// The log's end as it was last seen: up to there nobody has to be asked.
    end: u64,
    filter: Filter,
}

/// What a reader has come to.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Scan {
    /// Events, if any were asked for.
    Done,
    /// The end of the stream.
    AtEnd,
    /// Neither, after a long way: it is time to let others run.
    Paused,
}

impl Reader {
    pub(crate) fn new(log: Arc<Log>, position: u64, types: EventTypes) -> Self {
        let seat = Arc::new(Seat::new());
        let id = log.register(&types, seat.clone());
        Self { log, id, seat, position, end: position, filter: Filter::new(types) }
    }

    pub(crate) fn position(&self) -> u64 {
        self.position
    }

    pub(crate) fn types(&self) -> &EventTypes {
        self.filter.types()
    }

    /// Wakes this reader, from wherever, if it still sleeps. It keeps no events.
    pub(crate) fn waking(&self) -> impl Fn() + Send + Sync + 'static {
        let (log, id, seat) = (Arc::downgrade(&self.log), self.id, self.seat.clone());
        move || {
            if let Some(log) = log.upgrade() {
                log.wake(id, &seat);
            }
        }
    }

    /// The next event, if it stands where the last one did. `None` means only that it is time for
    /// [`scan`](Self::scan).
    #[inline]
    pub(crate) fn next_at_hand(&mut self) -> Option<Event> {
        let Self { log, seat, position, end, filter, .. } = self;
        if *position >= *end || *position < log.oldest() || !filter.passes_all() {
            return None;
        }
        let parcel = seat.lock().as_ref()?.at(*position)?.clone();
        let event = Event::new(*position, parcel);
        *position += 1;
        Some(event)
    }

    /// Moves on over events, and hands those that the filter lets pass to `emit`, `max` at most.
    /// Once an event was handed on, it is `Done`: what else there is to say, the next call says.
    pub(crate) fn scan(&mut self, max: usize, mut emit: impl FnMut(Event)) -> Result<Scan> {
        let mut left = max;
        let mut budget = SCAN;
        while left > 0 {
            if self.position >= self.end {
                self.end = self.log.next();
            }
            // Looked at after the end: what lies below the end was there, or is truncated by now.
            let oldest = self.log.oldest();
            let at_end = self.position >= self.end;
            if left < max && (self.position < oldest || at_end || budget == 0) {
                break;
            }
            if self.position < oldest {
                self.log.resume(self.id, &mut self.position)?;
            } else if at_end {
                return Ok(Scan::AtEnd);
            } else if budget == 0 {
                return Ok(Scan::Paused);
            } else {
                let before = self.position;
                self.read(budget, &mut left, &mut emit);
                match self.position - before {
                    0 => self.enter(),
                    // As many as the budget allowed at most.
                    passed => budget -= usize::try_from(passed).unwrap_or(budget),
                }
            }
        }
        Ok(Scan::Done)
    }

    /// Reads what stands in the chunk in hand, `budget` events at most.
    #[inline]
    fn read(&mut self, budget: usize, left: &mut usize, emit: &mut impl FnMut(Event)) {
        let Self { seat, position, end, filter, .. } = self;
        let place = seat.lock();
        let Some(chunk) = place.as_ref() else { return };
        // Whatever lies between `oldest` and the end is written, and in this chunk if it has a slot
        // for it: who was in a chunk when the rest of it was skipped stands below `oldest`.
        for slot in chunk.slots(*position, *end, budget) {
            let passes =
                filter.passes_all() || filter.passes(chunk.type_id(slot), || chunk.parcel(slot));
            if passes {
                let Some(parcel) = chunk.parcel(slot) else { return };
                emit(Event::new(*position, parcel.clone()));
                *left -= 1;
            }
            *position += 1;
            if *left == 0 {
                return;
            }
        }
    }

    /// Goes on to the chunk that the position stands in. If it was truncated since, the next look
    /// at `oldest` says so.
    fn enter(&mut self) {
        // The log's lock is given back before the seat's is taken.
        let chunk = self.log.state().chunks.enter(self.id, self.position);
        if let Some(chunk) = chunk {
            self.seat.take(chunk);
        }
    }

    /// Waits until there is something to look at. `check` says whether to wait at all; whoever
    /// changes its answer [wakes](Self::waking) the reader after that.
    pub(crate) fn poll_wait(
        &mut self,
        check: impl FnOnce() -> Result<()>,
        cx: &mut Context<'_>,
    ) -> Poll<Result<()>> {
        self.log.poll_wait(self.id, &mut self.position, check, cx)
    }
}

impl Drop for Reader {
    fn drop(&mut self) {
        self.log.unregister(self.id, self.filter.types());
        // Handles that close the cursor have the seat, too.
        self.seat.clear();
    }
}
