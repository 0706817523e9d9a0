use std::{collections::VecDeque, sync::Arc, task::Waker};

use eventstream_core::{Error, Event, Parcel, Result};

use super::{Chunk, Limits};
use crate::{reorder::ReorderQueue, waiters::Waiters};

/// What writers change, under the log's lock.
#[derive(Debug)]
pub(crate) struct State {
    next: u64,
    oldest: u64,
    limits: Limits,
    /// All of one size, one after another without a gap.
    chunks: VecDeque<Arc<Chunk>>,
    reorder: ReorderQueue,
    pub(super) waiters: Waiters,
    /// The last handle is gone: nothing will be appended any more.
    dropped: bool,
    dropped_chunks: Vec<Arc<Chunk>>,
    dropped_parcels: Vec<Parcel>,
}

/// What a writer wakes and drops after it has released the lock: both may run any code.
pub(super) struct Released {
    wakers: Vec<Waker>,
    _chunks: Vec<Arc<Chunk>>,
    _parcels: Vec<Parcel>,
}

impl Released {
    pub(super) fn wake(self) {
        self.wakers.into_iter().for_each(Waker::wake);
    }
}

impl State {
    pub(super) fn new(first_offset: u64, limits: Limits) -> Self {
        Self {
            next: first_offset,
            oldest: first_offset,
            limits,
            chunks: VecDeque::new(),
            reorder: ReorderQueue::new(limits.reorder),
            waiters: Waiters::default(),
            dropped: false,
            dropped_chunks: Vec::new(),
            dropped_parcels: Vec::new(),
        }
    }

    pub(crate) fn next(&self) -> u64 {
        self.next
    }

    pub(crate) fn oldest(&self) -> u64 {
        self.oldest
    }

    pub(super) fn is_dropped(&self) -> bool {
        self.dropped
    }

    /// Appends parcels to the end: all, or none if there are not enough offsets for all.
    pub(crate) fn append(&mut self, parcels: Vec<Parcel>) -> Result<std::ops::Range<u64>> {
        let first = self.next;
        self.check_room(parcels.len())?;
        for parcel in parcels {
            self.push(parcel);
        }
        let appended = first..self.next;
        self.release_held();
        self.truncate_to_size();
        Ok(appended)
    }

    /// Takes an event in its turn, holds it back before its turn, and ignores it after.
    pub(crate) fn add(&mut self, event: Event) -> Result<()> {
        let Event { offset, parcel } = event;
        if offset < self.next {
            return Ok(());
        }
        if offset == u64::MAX {
            return Err(no_offsets_left());
        }
        if offset > self.next {
            return self
                .reorder
                .hold(offset, parcel, self.next)
                .map_err(|full| Error::backend("add", true, full));
        }
        self.check_room(1)?;
        self.push(parcel);
        self.release_held();
        self.truncate_to_size();
        Ok(())
    }

    /// Removes the events below `before`.
    pub(crate) fn truncate(&mut self, before: u64) -> Result<()> {
        if before > self.next {
            return Err(Error::PastTheEnd { requested: before, next: self.next });
        }
        self.drop_below(before);
        Ok(())
    }

    /// Gives up on the events below `offset` that have not come yet.
    pub(crate) fn skip_to(&mut self, offset: u64) {
        if offset > self.next {
            // First: what is skipped may have been for those who sleep.
            self.waiters.forget();
            self.waiters.wake_all();
            self.next = offset;
            self.oldest = offset;
            self.dropped_chunks.extend(self.chunks.drain(..));
            self.dropped_parcels.extend(self.reorder.forget_below(offset));
            self.release_held();
            self.truncate_to_size();
        }
    }

    pub(crate) fn drop_stream(&mut self) {
        self.dropped = true;
        self.waiters.wake_all();
    }

    /// What is to be done once the lock is released.
    pub(super) fn take_released(&mut self) -> Released {
        Released {
            wakers: self.waiters.take_woken(),
            _chunks: std::mem::take(&mut self.dropped_chunks),
            _parcels: std::mem::take(&mut self.dropped_parcels),
        }
    }

    pub(super) fn chunk(&self, offset: u64) -> Option<Arc<Chunk>> {
        let distance = offset.checked_sub(self.chunks.front()?.first())?;
        let index = usize::try_from(distance).ok()? / self.chunk_size();
        self.chunks.get(index).filter(|chunk| chunk.covers(offset)).cloned()
    }

    fn check_room(&self, count: usize) -> Result<()> {
        self.next.checked_add(count as u64).map(drop).ok_or_else(no_offsets_left)
    }

    fn push(&mut self, parcel: Parcel) {
        if !self.chunks.back().is_some_and(|chunk| chunk.covers(self.next)) {
            self.chunks.push_back(Arc::new(Chunk::new(self.next, self.chunk_size())));
        }
        let type_id = self.waiters.note(parcel.event_type(), self.next);
        if let Some(chunk) = self.chunks.back() {
            chunk.write(self.next, type_id, parcel);
        }
        self.next += 1;
    }

    /// Appends what was held back for the event that has just come.
    fn release_held(&mut self) {
        while self.next < u64::MAX
            && let Some(parcel) = self.reorder.take(self.next)
        {
            self.push(parcel);
        }
        self.dropped_parcels.extend(self.reorder.forget_below(self.next));
    }

    fn truncate_to_size(&mut self) {
        self.drop_below(self.next.saturating_sub(self.limits.events as u64));
    }

    fn drop_below(&mut self, offset: u64) {
        self.oldest = self.oldest.max(offset);
        let below = self.chunks.iter().take_while(|chunk| chunk.is_below(self.oldest)).count();
        self.dropped_chunks.extend(self.chunks.drain(..below));
        self.waiters.wake_overtaken(self.oldest);
    }

    fn chunk_size(&self) -> usize {
        (self.limits.events / 8).clamp(16, 1024)
    }
}

fn no_offsets_left() -> Error {
    Error::backend("append", false, "the stream has no offsets left")
}
