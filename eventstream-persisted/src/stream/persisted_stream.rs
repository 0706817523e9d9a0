use std::{fmt, sync::Arc};

use eventstream_core::{EventRepository, EventStream, EventTypes, Identity, Incarnation, Result};

use super::{PersistedCursor, PersistedStreamBuilder, RecentEvents};

/// An [`EventStream`] over an [`EventRepository`].
///
/// A cursor has one position. It reads the cache of recent events while the position is in it, else
/// the repository, and sleeps only when the repository says that nothing is there. Nothing can be
/// lost or repeated between the two, and a slow cursor costs no memory: it goes back to the
/// repository.
///
/// A clone is another handle to the same stream.
///
/// # Examples
///
/// ```
/// use eventstream_core::{EventRepository, EventTypes, Identity};
/// use eventstream_persisted::PersistedStream;
///
/// fn orders<R: EventRepository>(repository: R, shop: Identity) -> PersistedStream<R> {
///     PersistedStream::builder(repository, shop)
///         .event_types(EventTypes::from_iter(["order.placed", "order.paid"]))
///         .build()
/// }
/// ```
pub struct PersistedStream<R>(Arc<Shared<R>>);

pub(super) struct Shared<R> {
    pub(super) repository: R,
    pub(super) recent: RecentEvents,
    application: Identity,
    event_types: EventTypes,
}

impl<R: EventRepository> PersistedStream<R> {
    /// Builds a stream of an application's events out of a repository.
    pub fn builder(repository: R, application: Identity) -> PersistedStreamBuilder<R> {
        PersistedStreamBuilder::new(repository, application)
    }

    pub(super) fn new(
        repository: R,
        application: Identity,
        event_types: EventTypes,
        recent: RecentEvents,
    ) -> Self {
        Self(Arc::new(Shared { repository, recent, application, event_types }))
    }

    /// What the stream reads.
    #[must_use]
    pub fn repository(&self) -> &R {
        &self.0.repository
    }
}

impl<R: EventRepository> EventStream for PersistedStream<R> {
    type Cursor = PersistedCursor<R>;

    fn application(&self) -> &Identity {
        &self.0.application
    }

    async fn event_types(&self) -> Result<EventTypes> {
        Ok(self.0.event_types.clone())
    }

    async fn open(&self, offset: u64, types: EventTypes) -> Result<PersistedCursor<R>> {
        types.check_supported_by(&self.0.event_types)?;
        // The repository may hold types that this stream does not declare.
        let types = types.intersection(&self.0.event_types);
        PersistedCursor::open(self.0.clone(), offset, types).await
    }

    async fn incarnation(&self) -> Result<Option<Incarnation>> {
        self.0.repository.incarnation().await
    }

    async fn end(&self) -> Result<Option<u64>> {
        self.0.repository.next_offset().await.map(Some)
    }

    async fn known_types(&self) -> Result<Option<EventTypes>> {
        let declared = self.event_types().await?;
        if declared.is_any() { self.0.repository.known_types().await } else { Ok(Some(declared)) }
    }
}

impl<R> Clone for PersistedStream<R> {
    fn clone(&self) -> Self {
        Self(self.0.clone())
    }
}

impl<R> fmt::Debug for PersistedStream<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PersistedStream")
            .field("application", &self.0.application)
            .field("event_types", &self.0.event_types)
            .finish_non_exhaustive()
    }
}
