use std::collections::BTreeMap;

use eventstream_core::EventType;

/// What is in an [`EmbeddedStore`](crate::EmbeddedStore).
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct StoreStats {
    /// The offset of the oldest event that is there; that of the next one if there is none.
    pub first_offset: u64,
    /// The offset that the next event will get.
    pub next_offset: u64,
    /// How many events of each type are there.
    pub events_by_type: BTreeMap<EventType, u64>,
    /// The size of the store's files.
    pub bytes: u64,
}
