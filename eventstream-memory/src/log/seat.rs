use std::sync::Arc;

use super::Chunk;
use crate::sync::{Apart, Mutex, MutexGuard, lock};

/// Where a cursor keeps the chunk that it reads: a writer that drops the chunk takes it away here,
/// so that a cursor that rests keeps nothing alive.
///
/// Nobody but the cursor comes here for each event. Shared by all cursors of a chunk, a count of
/// those who read it would cost each of them more than the reading.
#[derive(Debug)]
pub(crate) struct Seat(Apart<Mutex<Option<Arc<Chunk>>>>);

impl Seat {
    pub(crate) fn new() -> Self {
        Self(Apart(Mutex::new(None)))
    }

    /// The chunk. The log's lock must not be taken before this one is given back.
    #[inline]
    pub(crate) fn lock(&self) -> MutexGuard<'_, Option<Arc<Chunk>>> {
        lock(&self.0)
    }

    /// Goes on to a chunk that the log had when this seat was noted for it.
    pub(crate) fn take(&self, chunk: Arc<Chunk>) {
        let mut place = self.lock();
        // Whoever dropped the chunk since was here already, or comes after this.
        let left = if chunk.is_dropped() { Some(chunk) } else { place.replace(chunk) };
        drop(place);
        // Outside of the lock, as dropping events may run any code.
        drop(left);
    }

    /// Leaves a chunk that was dropped, if it is the one that is read.
    pub(crate) fn leave(&self, dropped: &Arc<Chunk>) {
        let mut place = self.lock();
        if place.as_ref().is_some_and(|chunk| Arc::ptr_eq(chunk, dropped)) {
            // The one who dropped it has another handle: nothing is freed here.
            *place = None;
        }
    }

    /// Leaves whatever is read.
    pub(crate) fn clear(&self) {
        let left = self.lock().take();
        drop(left);
    }
}
