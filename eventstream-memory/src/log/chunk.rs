use std::{ops::Range, sync::OnceLock};

use eventstream_core::Parcel;

use crate::sync::{AtomicBool, AtomicU32, Ordering};

/// A run of slots, each written once.
///
/// The types stand apart from the parcels, four bytes each: a filter that few events pass reads
/// nothing else.
#[derive(Debug)]
pub(crate) struct Chunk {
    first: u64,
    /// The log keeps it no longer.
    dropped: AtomicBool,
    types: Box<[AtomicU32]>,
    parcels: Box<[OnceLock<Parcel>]>,
}

impl Chunk {
    pub(crate) fn new(first: u64, capacity: usize) -> Self {
        Self {
            first,
            dropped: AtomicBool::new(false),
            types: (0..capacity).map(|_| AtomicU32::new(0)).collect(),
            parcels: (0..capacity).map(|_| OnceLock::new()).collect(),
        }
    }

    pub(crate) fn first(&self) -> u64 {
        self.first
    }

    /// The slot of an offset, if this chunk has one for it.
    fn slot(&self, offset: u64) -> Option<usize> {
        let slot = usize::try_from(offset.checked_sub(self.first)?).ok()?;
        (slot < self.parcels.len()).then_some(slot)
    }

    #[inline]
    pub(crate) fn covers(&self, offset: u64) -> bool {
        self.slot(offset).is_some()
    }

    /// Whether all events of this chunk lie below `offset`.
    pub(crate) fn is_below(&self, offset: u64) -> bool {
        offset > self.first && !self.covers(offset)
    }

    /// Notes that the log keeps it no longer, before it is taken away from those who read it.
    pub(crate) fn note_dropped(&self) {
        // Relaxed: the locks of the seats that are visited after this make it visible.
        self.dropped.store(true, Ordering::Relaxed);
    }

    /// Asked under the lock of a seat, and true if whoever drops the chunk was there before.
    pub(crate) fn is_dropped(&self) -> bool {
        self.dropped.load(Ordering::Relaxed)
    }

    /// Writes a slot. Only the writer that holds the log's lock does, before it publishes.
    pub(crate) fn write(&self, offset: u64, type_id: u32, parcel: Parcel) {
        if let Some(slot) = self.slot(offset) {
            // Relaxed: publishing `next` makes it visible.
            self.types[slot].store(type_id, Ordering::Relaxed);
            let written = self.parcels[slot].set(parcel);
            debug_assert!(written.is_ok(), "slot {slot} is written once");
        }
    }

    /// The slots from `position` on, up to `next` and no more than `max`: none if `position` stands
    /// in another chunk.
    #[inline]
    pub(crate) fn slots(&self, position: u64, next: u64, max: usize) -> Range<usize> {
        let Some(start) = self.slot(position) else {
            return 0..0;
        };
        let written = usize::try_from(next - position).unwrap_or(usize::MAX);
        start..start + written.min(self.parcels.len() - start).min(max)
    }

    /// The parcel at an offset, if it was written here.
    #[inline]
    pub(crate) fn at(&self, offset: u64) -> Option<&Parcel> {
        let slot = usize::try_from(offset.checked_sub(self.first)?).ok()?;
        self.parcels.get(slot)?.get()
    }

    #[inline]
    pub(crate) fn type_id(&self, slot: usize) -> u32 {
        self.types[slot].load(Ordering::Relaxed)
    }

    #[inline]
    pub(crate) fn parcel(&self, slot: usize) -> Option<&Parcel> {
        self.parcels[slot].get()
    }
}
