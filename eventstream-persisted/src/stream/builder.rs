use eventstream_core::{EventRepository, EventTypes, Identity};

use crate::{PersistedStream, RecentEvents};

/// Builds a [`PersistedStream`]: made by [`PersistedStream::builder`].
#[derive(Debug)]
#[must_use = "a builder does nothing until `build` is called"]
pub struct PersistedStreamBuilder<R> {
    repository: R,
    application: Identity,
    event_types: EventTypes,
    recent: Option<RecentEvents>,
}

impl<R: EventRepository> PersistedStreamBuilder<R> {
    pub(super) fn new(repository: R, application: Identity) -> Self {
        Self { repository, application, event_types: EventTypes::any(), recent: None }
    }

    /// Declares the types of events that may appear. By default the stream is open: any may.
    pub fn event_types(mut self, event_types: EventTypes) -> Self {
        self.event_types = event_types;
        self
    }

    /// A cache that whoever commits events records them in. By default there is none.
    pub fn recent_events(mut self, recent: RecentEvents) -> Self {
        self.recent = Some(recent);
        self
    }

    /// Makes the stream.
    #[must_use]
    pub fn build(self) -> PersistedStream<R> {
        let recent = self.recent.unwrap_or_else(|| RecentEvents::new(&self.application, 0, 0));
        PersistedStream::new(self.repository, self.application, self.event_types, recent)
    }
}
