use std::{
    collections::{BTreeSet, VecDeque},
    sync::Arc,
};

use super::{Chunk, Seat};
use crate::waiters::WaiterId;

/// The chunks that are kept, and who reads which.
#[derive(Debug)]
pub(super) struct Chunks {
    /// All of one size, one after another without a gap.
    held: VecDeque<Held>,
    size: usize,
    /// By the cursors' numbers.
    readers: Vec<Option<Reading>>,
}

#[derive(Debug)]
struct Held {
    chunk: Arc<Chunk>,
    read_by: BTreeSet<WaiterId>,
}

#[derive(Debug)]
struct Reading {
    seat: Arc<Seat>,
    /// Where the chunk begins that is read.
    first: Option<u64>,
}

/// A chunk that is kept no longer, and the seats of those who may be reading it.
#[derive(Debug)]
pub(super) struct Dropped {
    chunk: Arc<Chunk>,
    seats: Vec<Arc<Seat>>,
}

impl Dropped {
    /// Takes it away from those who read it. Not under the log's lock: they may be waiting for it.
    pub(super) fn take_away(self) {
        for seat in &self.seats {
            seat.leave(&self.chunk);
        }
    }
}

impl Chunks {
    pub(super) fn new(size: usize) -> Self {
        Self { held: VecDeque::new(), size, readers: Vec::new() }
    }

    pub(super) fn register(&mut self, id: WaiterId, seat: Arc<Seat>) {
        if self.readers.len() <= id {
            self.readers.resize_with(id + 1, || None);
        }
        self.readers[id] = Some(Reading { seat, first: None });
    }

    pub(super) fn unregister(&mut self, id: WaiterId) {
        self.leave(id);
        self.readers[id] = None;
    }

    /// Whether this seat is that of the cursor with this number.
    pub(super) fn is_seated(&self, id: WaiterId, seat: &Arc<Seat>) -> bool {
        let reading = self.readers.get(id).and_then(Option::as_ref);
        reading.is_some_and(|reading| Arc::ptr_eq(&reading.seat, seat))
    }

    /// The chunk of an offset, noted as the one that this cursor reads from now on.
    pub(super) fn enter(&mut self, id: WaiterId, offset: u64) -> Option<Arc<Chunk>> {
        self.leave(id);
        let held = self.find(offset)?;
        held.read_by.insert(id);
        let chunk = held.chunk.clone();
        if let Some(reading) = &mut self.readers[id] {
            reading.first = Some(chunk.first());
        }
        Some(chunk)
    }

    fn leave(&mut self, id: WaiterId) {
        let first = self.readers[id].as_mut().and_then(|reading| reading.first.take());
        if let Some(held) = first.and_then(|first| self.find(first)) {
            held.read_by.remove(&id);
            if held.read_by.is_empty() {
                // A set that was used keeps its memory.
                held.read_by = BTreeSet::new();
            }
        }
    }

    /// The chunk to write an offset to: the next one, or one further on if what was is dropped.
    #[inline]
    pub(super) fn writable(&mut self, offset: u64) -> Option<&Chunk> {
        if !self.held.back().is_some_and(|held| held.chunk.covers(offset)) {
            let chunk = Arc::new(Chunk::new(offset, self.size));
            self.held.push_back(Held { chunk, read_by: BTreeSet::new() });
        }
        self.held.back().map(|held| &*held.chunk)
    }

    /// Drops the chunks of which all events lie below `offset`.
    pub(super) fn drop_below(&mut self, offset: u64, dropped: &mut Vec<Dropped>) {
        while self.held.front().is_some_and(|held| held.chunk.is_below(offset)) {
            self.drop_first(dropped);
        }
    }

    pub(super) fn drop_all(&mut self, dropped: &mut Vec<Dropped>) {
        while !self.held.is_empty() {
            self.drop_first(dropped);
        }
    }

    fn drop_first(&mut self, dropped: &mut Vec<Dropped>) {
        let Some(Held { chunk, read_by }) = self.held.pop_front() else { return };
        chunk.note_dropped();
        let mut seats = Vec::with_capacity(read_by.len());
        for id in read_by {
            if let Some(reading) = &mut self.readers[id] {
                reading.first = None;
                seats.push(reading.seat.clone());
            }
        }
        dropped.push(Dropped { chunk, seats });
    }

    fn find(&mut self, offset: u64) -> Option<&mut Held> {
        let distance = offset.checked_sub(self.held.front()?.chunk.first())?;
        let index = usize::try_from(distance).ok()? / self.size;
        self.held.get_mut(index).filter(|held| held.chunk.covers(offset))
    }
}
