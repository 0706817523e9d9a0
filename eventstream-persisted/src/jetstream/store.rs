use std::{
    fmt,
    ops::Range,
    sync::{Arc, atomic::Ordering},
    time::Instant,
};

use eventstream_core::{
    Error, EventQuery, EventRepository, EventStore, EventTypes, Expect, Identity, Incarnation,
    Parcel, Result,
};

use super::{
    builder::JetStreamStoreBuilder,
    checks::{self, Surroundings},
    core::Core,
    error::JetStreamError,
    follow::Follower,
    read::{Filter, JetStreamQuery},
};
use crate::{
    Finding, PersistedStream,
    group_commit::{Append, GroupCommit, Unanswered},
};

/// Keeps events in a stream of NATS JetStream, on one server or replicated over a cluster: one stream
/// for one application.
///
/// - Any number of callers, and of processes, may append at the same time: what queues up while one
///   batch is on its way is the next one, and the server takes it as a whole or not at all.
/// - That takes a server of version 2.12 or later. Older ones are good for reading and for appends of
///   one event; an append of several is refused.
/// - An event's offset is its sequence in the stream less one.
/// - Message ids are remembered for as long as their events are there, without a window: the server
///   itself refuses what it has. It keeps an index of the ids in memory for that, which is estimated to
///   take 150 bytes for each event. An id whose event was truncated may be appended again.
/// - A filter for one type, or for a source, runs on the server. With several types all events are
///   read, and looked at here: with several filters a server is slower than that.
/// - Whatever happens to the connection, the leader or a server, readers go on at their own position
///   as soon as the stream can be read.
/// - What was deleted from the middle of the stream is an error that names the offsets:
///   [`JetStreamError::Deleted`]. What is missing at its front is truncated.
/// - An append whose outcome is not known, as no answer came, is tried again for 30 seconds, which
///   stores it once. Then it says so: [`JetStreamError::OutcomeUnknown`].
/// - How durable all this is, is up to the server. With the default `sync_interval` of two minutes, one
///   that loses power loses what it had acknowledged: set `sync_interval: always`, or have three
///   replicas that don't lose power together. See [`findings`](Self::findings). A server that comes
///   back with less than it had is noticed by whoever has the store open then, and all that is asked of
///   it is an error from then on: [`JetStreamError::Lost`].
///
/// A clone is another handle to the same store. It needs a tokio runtime around it: the one that it was
/// opened on.
///
/// # Examples
///
/// ```
/// use eventstream_core::{
///     Cursor, Envelope, Event, EventStore, EventStream, EventTypes, Expect, Identity, Parcel, Result,
/// };
/// use eventstream_persisted::JetStreamStore;
///
/// async fn first_order() -> Result<Event> {
///     let shop = Identity::new("shop", "0b6b8a1e-54a4-4b64-a3f5-5e3c4b1b9c10");
///     let store = JetStreamStore::builder("nats://localhost:4222/orders")
///         .create_for(shop.clone())
///         .replicas(3)
///         .open()
///         .await?;
///
///     let placed = Envelope::new("m-1", shop, "order.placed", "application/json");
///     store.append(vec![Parcel::seal(placed)?], Expect::Any).await?;
///
///     let mut cursor = store.stream(EventTypes::any()).open(0, EventTypes::any()).await?;
///     cursor.next().await
/// }
/// ```
#[derive(Clone)]
pub struct JetStreamStore(Arc<Inner>);

/// What the handles to a store share.
pub(super) struct Inner {
    pub(super) core: Arc<Core>,
    pub(super) group: GroupCommit,
    pub(super) follower: Follower,
    pub(super) monitoring: Option<String>,
}

impl JetStreamStore {
    /// Opens a store that is there. For more, see [`builder`](Self::builder).
    ///
    /// # Errors
    ///
    /// [`Error::Backend`] with a [`JetStreamError`](crate::JetStreamError) as its source.
    pub async fn open(url: impl Into<String>) -> Result<Self> {
        Self::builder(url).open().await
    }

    /// Opens or creates the store that a URL names: `nats://HOST:PORT/NAME`, where `NAME` is the
    /// stream's. With `tls://` the connection is encrypted.
    ///
    /// The URL may have a user and a password, or a token, before the host; several hosts, with commas
    /// between them; and `?credentials=FILE`, `domain=NAME` and `monitoring=HOST:PORT` behind the name.
    pub fn builder(url: impl Into<String>) -> JetStreamStoreBuilder {
        JetStreamStoreBuilder::new(url.into())
    }

    pub(super) fn new(inner: Inner) -> Self {
        Self(Arc::new(inner))
    }

    /// The application whose events the store keeps.
    #[must_use]
    pub fn application(&self) -> &Identity {
        self.0.core.application()
    }

    /// The name of the stream.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.0.core.link.stream
    }

    /// Tells this store from one that takes its place: see [`Incarnation`].
    #[must_use]
    pub fn incarnation(&self) -> Incarnation {
        self.0.core.incarnation
    }

    /// The store's events as a stream that declares these types; [`EventTypes::any`] for an open
    /// one, and [`event_types`](Self::event_types) for those that are in the store.
    #[must_use]
    pub fn stream(&self, event_types: EventTypes) -> PersistedStream<Self> {
        PersistedStream::builder(self.clone(), self.application().clone())
            .event_types(event_types)
            .recent_events(self.0.core.recent.clone())
            .build()
    }

    /// The types of the events that are in the store now. All events are read for that.
    ///
    /// # Cancel safety
    ///
    /// Asking changes nothing: the future can be dropped at any time.
    ///
    /// # Errors
    ///
    /// [`Error::Backend`] if they can't be read.
    pub async fn event_types(&self) -> Result<EventTypes> {
        let mut names = std::collections::BTreeSet::new();
        let oldest = self.0.core.info_in_time().await.map_err(failed("read"))?.oldest();
        let mut query = self.load_by_type(EventTypes::any(), oldest).await?;
        let mut batch = Vec::new();
        while query.next_batch(&mut batch, 1_000).await? > 0 {
            for event in batch.drain(..) {
                if !names.contains(event.parcel.event_type()) {
                    names.insert(event.parcel.event_type().to_owned());
                }
            }
        }
        Ok(names.into_iter().collect())
    }

    /// How many events the server takes as one append, at most: one, if it is too old for more.
    #[must_use]
    pub fn append_limit(&self) -> usize {
        let core = &self.0.core;
        if core.is_atomic { core.most_events.load(Ordering::Relaxed) } else { 1 }
    }

    /// What can be found out about the stream and its server, the good and the bad.
    ///
    /// # Cancel safety
    ///
    /// Asking changes nothing: the future can be dropped at any time.
    ///
    /// # Errors
    ///
    /// [`Error::Backend`] if the server can't be asked.
    pub async fn findings(&self) -> Result<Vec<Finding>> {
        let core = &self.0.core;
        let info = core.info_in_time().await.map_err(failed("check"))?;
        let monitoring = self.0.monitoring.as_deref();
        Ok(checks::run(&Surroundings { link: &core.link, info: &info, monitoring }).await)
    }
}

fn failed(operation: &'static str) -> impl Fn(JetStreamError) -> Error {
    move |error| error.into_error(operation)
}

impl EventRepository for JetStreamStore {
    type Query = JetStreamQuery;

    async fn next_offset(&self) -> Result<u64> {
        Ok(self.0.core.info_in_time().await.map_err(failed("read"))?.next())
    }

    async fn load_by_type(&self, types: EventTypes, offset: u64) -> Result<JetStreamQuery> {
        let core = &self.0.core;
        let info = core.info_in_time().await.map_err(failed("read"))?;
        let oldest = info.oldest();
        if offset < oldest {
            return Err(Error::Truncated { requested: offset, oldest });
        }
        let has_several = core.version.has_several_filters();
        let filter = Filter::for_types(&core.subjects, types, has_several);
        Ok(JetStreamQuery::new(core.clone(), filter, offset, info.next()))
    }

    async fn load_by_source(&self, handler_key: &str, instance_id: &str) -> Result<JetStreamQuery> {
        let core = &self.0.core;
        let info = core.info_in_time().await.map_err(failed("read"))?;
        let has_several = core.version.has_several_filters();
        let filter = Filter::for_source(&core.subjects, handler_key, instance_id, has_several);
        Ok(JetStreamQuery::new(core.clone(), filter, info.oldest(), info.next()))
    }

    async fn wait_for(&self, offset: u64) -> Result<u64> {
        self.0.core.check_not_lost().map_err(failed("wait"))?;
        let known = self.0.core.progress.borrow().next;
        if known > offset {
            return Ok(known);
        }
        if self.0.follower.is_over() {
            return Err(failed("wait")(JetStreamError::Stopped));
        }
        let _wanted = self.0.follower.wanted();
        self.0.core.wait_for(offset).await.map_err(failed("wait"))
    }

    async fn incarnation(&self) -> Result<Option<Incarnation>> {
        Ok(Some(Self::incarnation(self)))
    }

    async fn known_types(&self) -> Result<Option<EventTypes>> {
        self.event_types().await.map(Some)
    }
}

impl EventStore for JetStreamStore {
    async fn append(&self, parcels: Vec<Parcel>, expect: Expect) -> Result<Range<u64>> {
        let core = &self.0.core;
        let append = Append::new(core.application(), parcels, expect, core.max_bytes)?;
        let begun = Instant::now();
        match self.0.group.append(append).await {
            Ok(outcome) => outcome,
            Err(Unanswered::Refused) => Err(failed("append")(JetStreamError::Stopped)),
            Err(Unanswered::Unknown) => {
                let source = Arc::new(JetStreamError::Stopped);
                let seconds = begun.elapsed().as_secs();
                Err(failed("append")(JetStreamError::OutcomeUnknown { seconds, source }))
            }
        }
    }

    async fn truncate(&self, before: u64) -> Result<()> {
        let core = &self.0.core;
        let info = core.info_in_time().await.map_err(failed("truncate"))?;
        if before > info.next() {
            return Err(Error::PastTheEnd { requested: before, next: info.next() });
        }
        if before > info.oldest() {
            core.link.purge(before + 1).await.map_err(failed("truncate"))?;
        }
        core.recent.truncate(before);
        Ok(())
    }
}

impl fmt::Debug for JetStreamStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("JetStreamStore")
            .field("application", self.application())
            .field("name", &self.name())
            .finish_non_exhaustive()
    }
}
