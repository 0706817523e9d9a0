use eventstream_core::{EventTypes, Identity};

use crate::{MemoryStream, log::Limits};

/// Builds a [`MemoryStream`]: made by [`MemoryStream::builder`].
#[derive(Clone, Debug)]
#[must_use = "a builder does nothing until `build` is called"]
pub struct MemoryStreamBuilder {
    application: Identity,
    event_types: EventTypes,
    first_offset: u64,
    limits: Limits,
}

impl MemoryStreamBuilder {
    pub(crate) fn new(application: Identity) -> Self {
        Self {
            application,
            event_types: EventTypes::any(),
            first_offset: 0,
            limits: Limits { events: 100, reorder: 1_000 },
        }
    }

    /// Declares the types of events that may appear. By default the stream is open: any may.
    pub fn event_types(mut self, event_types: EventTypes) -> Self {
        self.event_types = event_types;
        self
    }

    /// The offset of the first event: for a stream whose older events are elsewhere. By default 0.
    pub fn first_offset(mut self, offset: u64) -> Self {
        self.first_offset = offset;
        self
    }

    /// How many of the most recent events the stream keeps, at least 1; by default 100.
    ///
    /// Older ones are truncated. Their memory is given back in pieces of an eighth of the buffer
    /// (of 16 to 1,024 events), so that up to one piece more may be held.
    pub fn buffer_size(mut self, events: usize) -> Self {
        self.limits.events = events.max(1);
        self
    }

    /// How many events [`MemoryStream::add`] holds back while one before them is missing; by
    /// default 1,000.
    pub fn reorder_limit(mut self, events: usize) -> Self {
        self.limits.reorder = events;
        self
    }

    /// Makes the stream.
    #[must_use]
    pub fn build(self) -> MemoryStream {
        MemoryStream::build(self.application, self.event_types, self.first_offset, self.limits)
    }
}
