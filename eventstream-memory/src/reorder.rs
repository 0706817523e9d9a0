use std::collections::BTreeMap;

use eventstream_core::Parcel;

/// Events that came before their turn, by offset.
#[derive(Debug)]
pub(crate) struct ReorderQueue {
    waiting: BTreeMap<u64, Parcel>,
    limit: usize,
}

impl ReorderQueue {
    pub(crate) fn new(limit: usize) -> Self {
        Self { waiting: BTreeMap::new(), limit }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.waiting.is_empty()
    }

    /// Holds an event back. One that is held already is ignored: it is the same event.
    pub(crate) fn hold(
        &mut self,
        offset: u64,
        parcel: Parcel,
        next: u64,
    ) -> Result<(), ReorderQueueFull> {
        if self.waiting.contains_key(&offset) {
            return Ok(());
        }
        if self.waiting.len() >= self.limit {
            return Err(ReorderQueueFull { offset, missing: next, limit: self.limit });
        }
        self.waiting.insert(offset, parcel);
        Ok(())
    }

    /// Takes the event at `offset`, if it is here.
    pub(crate) fn take(&mut self, offset: u64) -> Option<Parcel> {
        self.waiting.remove(&offset)
    }

    /// Forgets what lies below `offset`, and returns it.
    pub(crate) fn forget_below(&mut self, offset: u64) -> impl Iterator<Item = Parcel> + use<> {
        let kept = self.waiting.split_off(&offset);
        std::mem::replace(&mut self.waiting, kept).into_values()
    }
}

/// [`MemoryStream::add`](crate::MemoryStream::add) was handed more events than it may hold back.
///
/// Nothing is lost: add the missing event, then this one and those after it again.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "the event at offset {offset} can't be held back: {limit} events wait for the one at offset \
     {missing} already; add that one first, or raise the reorder limit"
)]
#[non_exhaustive]
pub struct ReorderQueueFull {
    /// The event that was not taken.
    pub offset: u64,
    /// The event that all of them wait for.
    pub missing: u64,
    /// How many events can be held back.
    pub limit: usize,
}
