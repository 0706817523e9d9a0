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
            return Err(Error::OffsetConflict { expected: before, actual: self.next });
        }
        self.drop_below(before);
        Ok(())
    }

    /// Gives up on the events below `offset` that have not come yet.
    pub(crate) fn skip_to(&mut self, offset: u64) {
        if offset > self.next {
            self.next = offset;
            self.oldest = offset;
            self.chunks.clear();
            self.reorder.forget_below(offset);
            self.release_held();
            self.truncate_to_size();
            self.waiters.wake_all();
        }
    }

    pub(crate) fn drop_stream(&mut self) {
        self.dropped = true;
        self.waiters.wake_all();
    }

    pub(super) fn take_wakers(&mut self) -> Vec<Waker> {
        self.waiters.take_woken()
    }

    pub(super) fn chunk(&self, offset: u64) -> Option<Arc<Chunk>> {
        let distance = offset.checked_sub(self.chunks.front()?.first())?;
        let index = usize::try_from(distance).ok()? / self.chunk_size();
        self.chunks.get(index).filter(|chunk| chunk.covers(offset)).cloned()
    }

    fn check_room(&self, count: usize) -> Result<()> {
        match self.next.checked_add(count as u64) {
            Some(_) => Ok(()),
            None => Err(Error::backend("append", false, "the stream has no offsets left")),
        }
    }

    fn push(&mut self, parcel: Parcel) {
        if !self.chunks.back().is_some_and(|chunk| chunk.covers(self.next)) {
            self.chunks.push_back(Arc::new(Chunk::new(self.next, self.chunk_size())));
        }
        let type_id = self.waiters.note(parcel.event_type());
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
        self.reorder.forget_below(self.next);
    }

    fn truncate_to_size(&mut self) {
        self.drop_below(self.next.saturating_sub(self.limits.events as u64));
    }

    fn drop_below(&mut self, offset: u64) {
        self.oldest = self.oldest.max(offset);
        while self.chunks.front().is_some_and(|chunk| chunk.is_below(self.oldest)) {
            self.chunks.pop_front();
        }
    }

    fn chunk_size(&self) -> usize {
        (self.limits.events / 8).clamp(16, 1024)
    }
}
