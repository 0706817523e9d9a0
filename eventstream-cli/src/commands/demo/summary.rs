use std::collections::BTreeMap;

use eventstream_core::{Event, EventQuery, EventRepository, EventTypes};

use crate::failure::Failure;

/// What the demo's handler has made of the events, and how far it has come: the effect, and its
/// offset.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Summary {
    /// The offset of the next event to handle.
    pub(super) next_offset: u64,
    pub(super) by_type: BTreeMap<String, u64>,
    pub(super) by_repository: BTreeMap<String, u64>,
}

impl Summary {
    /// How many events were handled.
    pub(super) fn handled(&self) -> u64 {
        self.by_type.values().sum()
    }

    fn add(&mut self, event: &Event) {
        let parcel = &event.parcel;
        self.next_offset = event.offset + 1;
        count(&mut self.by_type, parcel.event_type());
        count(&mut self.by_repository, parcel.source_instance_id());
    }

    /// The summary of all that is in a store, made without a consumer.
    pub(super) async fn of(store: &impl EventRepository) -> Result<Self, Failure> {
        let mut query = store.load_by_type(EventTypes::any(), 0).await?;
        let mut summary = Self::default();
        let mut events = Vec::new();
        while query.next_batch(&mut events, 1000).await? > 0 {
            for event in events.drain(..) {
                summary.add(&event);
            }
        }
        Ok(summary)
    }
}

fn count(counts: &mut BTreeMap<String, u64>, name: &str) {
    match counts.get_mut(name) {
        Some(count) => *count += 1,
        None => {
            counts.insert(name.to_owned(), 1);
        }
    }
}
