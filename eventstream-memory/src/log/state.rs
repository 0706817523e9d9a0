use eventstream_core::{Error, Event, Parcel, Result};

use super::{
    Limits,
    chunks::{Chunks, Dropped},
};
use crate::{reorder::ReorderQueue, waiters::Waiters, woken::Woken};

/// What writers change, under the log's lock.
#[derive(Debug)]
pub(crate) struct State {
    next: u64,
    oldest: u64,
    limits: Limits,
    pub(super) chunks: Chunks,
    reorder: ReorderQueue,
    pub(super) waiters: Waiters,
    /// The last handle is gone: nothing will be appended any more.
    dropped: bool,
    dropped_chunks: Vec<Dropped>,
    dropped_parcels: Vec<Parcel>,
}

/// What a writer wakes and drops after it has released the lock: both may run any code.
pub(super) struct Released {
    woken: Woken,
    chunks: Vec<Dropped>,
    _parcels: Vec<Parcel>,
}

impl Released {
    pub(super) fn release(self) {
        self.woken.wake();
        self.chunks.into_iter().for_each(Dropped::take_away);
    }
}

impl State {
    pub(super) fn new(first_offset: u64, limits: Limits) -> Self {
        Self {
            next: first_offset,
            oldest: first_offset,
            limits,
            chunks: Chunks::new((limits.events / 8).clamp(16, 1024)),
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

    /// Appends one parcel to the end.
    pub(crate) fn append_one(&mut self, parcel: Parcel) -> Result<u64> {
        let offset = self.next;
        self.check_room(1)?;
        self.push(parcel);
        self.release_held();
        self.truncate_to_size();
        Ok(offset)
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
        self.append_one(parcel).map(drop)
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
            self.chunks.drop_all(&mut self.dropped_chunks);
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
    #[inline]
    pub(super) fn take_released(&mut self) -> Option<Released> {
        let nothing = !self.waiters.has_woken()
            && self.dropped_chunks.is_empty()
            && self.dropped_parcels.is_empty();
        if nothing { None } else { Some(self.take_all_released()) }
    }

    fn take_all_released(&mut self) -> Released {
        Released {
            woken: self.waiters.take_woken(),
            chunks: std::mem::take(&mut self.dropped_chunks),
            _parcels: std::mem::take(&mut self.dropped_parcels),
        }
    }

    fn check_room(&self, count: usize) -> Result<()> {
        self.next.checked_add(count as u64).map(drop).ok_or_else(no_offsets_left)
    }

    fn push(&mut self, parcel: Parcel) {
        let type_id = self.waiters.note(parcel.event_type_bytes(), self.next);
        if let Some(chunk) = self.chunks.writable(self.next) {
            chunk.write(self.next, type_id, parcel);
        }
        self.next += 1;
    }

    /// Appends what was held back for the event that has just come.
    fn release_held(&mut self) {
        if self.reorder.is_empty() {
            return;
        }
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
        if offset > self.oldest {
            self.oldest = offset;
            self.chunks.drop_below(offset, &mut self.dropped_chunks);
            self.waiters.wake_overtaken(offset);
        }
    }
}

fn no_offsets_left() -> Error {
    Error::backend("append", false, "the stream has no offsets left")
}
