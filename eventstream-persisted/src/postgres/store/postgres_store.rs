use std::{fmt, ops::Range, sync::Arc};

use eventstream_core::{
    Error, EventRepository, EventStore, EventTypes, Expect, Identity, Incarnation, Parcel, Result,
};

use super::{Charter, PostgresStoreBuilder, insert};
use crate::{
    Finding, PersistedStream, RecentEvents,
    group_commit::{Append, GroupCommit, Unanswered},
    postgres::{
        checks,
        connection::Pool,
        error::PostgresError,
        read::{Filter, Pages, PostgresQuery},
        watch::Watch,
    },
};

/// Keeps events in a PostgreSQL database, durably.
///
/// - The tables are created and brought up to date by the store, in a
///   [schema](PostgresStoreBuilder::schema) of their own, which keeps the events of any number of
///   applications. The user needs the right to create it the first time.
/// - Any number of callers may append at the same time, in any number of processes. Offsets are given
///   under a lock that is held to the commit, one for each application: no reader ever steps over an
///   event that commits late. What queues up in one process while a commit is on its way is the next
///   commit.
/// - Readers take no lock, and wait for none.
/// - Message ids are remembered for as long as their events are there: an id whose event was
///   truncated may be appended again.
/// - What others append is told by `NOTIFY`, which is a hint only, and found by
///   [polling](PostgresStoreBuilder::poll_interval) at the latest.
/// - [`append_in`](Self::append_in) appends in a transaction of the caller's own.
/// - Text that has a NUL character in it, and ids, types and sources that are longer than 1,024
///   bytes, can't be kept: they are refused.
///
/// What is acknowledged is on the server's disk, as far as the server is set up to sync (`fsync`):
/// `synchronous_commit` is switched on where it is off.
///
/// # When the connection is lost
///
/// Reading and waiting say so by an error that is retryable, and go on when the server is there
/// again. An append that is interrupted is tried again by itself, which stores it once. If that
/// can't be done either the error says that the outcome is not known
/// ([`PostgresError::OutcomeUnknown`](crate::PostgresError::OutcomeUnknown)): append the same again.
///
/// # The URL
///
/// `postgres://user:password@host:port/database?sslmode=verify-full&sslrootcert=/path`. As with other
/// clients, `sslmode` is `disable`, `prefer` (by default: encrypted if the server can, and not
/// verified), `require` (encrypted, and not verified), `verify-ca` or `verify-full`; `sslrootcert`
/// names the certificates that are trusted, `sslcert` and `sslkey` those that the client has.
///
/// A clone is another handle to the same store. It needs a tokio runtime around it.
///
/// # Examples
///
/// ```
/// use eventstream_core::{
///     Cursor, Envelope, EventStore, EventStream, EventTypes, Expect, Identity, Parcel,
/// };
/// use eventstream_persisted::PostgresStore;
///
/// async fn place_an_order(url: &str) -> eventstream_core::Result<()> {
///     let shop = Identity::new("shop", "0b6b8a1e-54a4-4b64-a3f5-5e3c4b1b9c10");
///     let store = PostgresStore::builder(url).create_for(shop.clone()).open().await?;
///
///     let placed = Envelope::new("m-1", shop, "order.placed", "application/json");
///     let offsets = store.append(vec![Parcel::seal(placed)?], Expect::Any).await?;
///
///     let stream = store.stream(EventTypes::any());
///     let mut cursor = stream.open(offsets.start, EventTypes::any()).await?;
///     assert_eq!(cursor.next().await?.parcel.message_id(), "m-1");
///     Ok(())
/// }
/// # let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
/// # // Where there is no server, the error says so.
/// # let error = runtime.block_on(place_an_order("postgres://me@127.0.0.1:1/shop")).unwrap_err();
/// # assert!(error.is_retryable());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone)]
pub struct PostgresStore(Arc<Inner>);

/// What the handles to a store share.
pub(super) struct Inner {
    pub(super) charter: Arc<Charter>,
    pub(super) pool: Pool,
    pub(super) pages: Pages,
    pub(super) recent: RecentEvents,
    pub(super) group: GroupCommit,
    pub(super) watch: Watch,
    pub(super) notifications: bool,
}

impl PostgresStore {
    /// Opens a store that is there, in the default schema. For more, see [`builder`](Self::builder).
    ///
    /// # Errors
    ///
    /// [`Error::Backend`] with a [`PostgresError`](crate::PostgresError) as its source.
    pub async fn connect(url: impl Into<String>) -> Result<Self> {
        Self::builder(url).open().await
    }

    /// Opens or creates a store, in the database of a URL.
    pub fn builder(url: impl Into<String>) -> PostgresStoreBuilder {
        PostgresStoreBuilder::new(url.into())
    }

    pub(super) fn new(inner: Inner) -> Self {
        Self(Arc::new(inner))
    }

    pub(super) fn inner(&self) -> &Inner {
        &self.0
    }

    /// The application whose events the store keeps.
    #[must_use]
    pub fn application(&self) -> &Identity {
        &self.0.charter.application
    }

    /// The server and the database, for people: without the password.
    #[must_use]
    pub fn server(&self) -> &str {
        &self.0.charter.schema.server
    }

    /// The schema that the tables are in.
    #[must_use]
    pub fn schema(&self) -> &str {
        &self.0.charter.schema.name
    }

    /// Tells this store from one that takes its place: see [`Incarnation`].
    #[must_use]
    pub fn incarnation(&self) -> Incarnation {
        self.0.charter.incarnation
    }

    /// The store's events as a stream that declares these types; [`EventTypes::any`] for an open
    /// one, and [`event_types`](Self::event_types) for those that are in the store.
    #[must_use]
    pub fn stream(&self, event_types: EventTypes) -> PersistedStream<Self> {
        PersistedStream::builder(self.clone(), self.application().clone())
            .event_types(event_types)
            .recent_events(self.0.recent.clone())
            .build()
    }

    /// The types of the events that are in the store now.
    ///
    /// # Cancel safety
    ///
    /// Asking changes nothing: the future can be dropped at any time.
    ///
    /// # Errors
    ///
    /// [`Error::Backend`] if they can't be read.
    pub async fn event_types(&self) -> Result<EventTypes> {
        self.0.pages.event_types().await.map_err(Self::failed("read"))
    }

    /// What can be found out about the database and the server, the good and the bad.
    ///
    /// # Cancel safety
    ///
    /// Asking changes nothing: the future can be dropped at any time.
    ///
    /// # Errors
    ///
    /// [`Error::Backend`] if the server can't be asked.
    pub async fn findings(&self) -> Result<Vec<Finding>> {
        let Inner { charter, pool, notifications, .. } = &*self.0;
        let found = async {
            let link = pool.connector.connect().await?;
            let another = pool.connector.connect().await?;
            checks::run(&link, &another, &charter.schema, *notifications).await
        };
        found.await.map_err(Self::failed("check"))
    }

    pub(super) fn failed(operation: &'static str) -> impl Fn(PostgresError) -> Error {
        move |error| error.into_error(operation)
    }
}

impl EventRepository for PostgresStore {
    type Query = PostgresQuery;

    async fn next_offset(&self) -> Result<u64> {
        let bounds = self.0.watch.look().await.map_err(Self::failed("read"))?;
        Ok(bounds.next)
    }

    async fn load_by_type(&self, types: EventTypes, offset: u64) -> Result<PostgresQuery> {
        PostgresQuery::open(self.0.pages.clone(), Filter::for_types(&types), Some(offset)).await
    }

    async fn load_by_source(&self, handler_key: &str, instance_id: &str) -> Result<PostgresQuery> {
        let filter = Filter::for_source(handler_key, instance_id);
        PostgresQuery::open(self.0.pages.clone(), filter, None).await
    }

    async fn wait_for(&self, offset: u64) -> Result<u64> {
        self.0.watch.wait_for(offset).await.map_err(Self::failed("watch"))
    }

    async fn incarnation(&self) -> Result<Option<Incarnation>> {
        Ok(Some(Self::incarnation(self)))
    }

    async fn known_types(&self) -> Result<Option<EventTypes>> {
        self.event_types().await.map(Some)
    }
}

impl EventStore for PostgresStore {
    async fn append(&self, parcels: Vec<Parcel>, expect: Expect) -> Result<Range<u64>> {
        let append = Append::new(self.application(), parcels, expect, insert::MAX_PARCEL)?;
        insert::check(&append)?;
        match self.0.group.append(append).await {
            Ok(outcome) => outcome,
            Err(Unanswered::Refused) => Err(PostgresError::Stopped.into_error("append")),
            Err(Unanswered::Unknown) => {
                let source = Box::new(PostgresError::Stopped);
                Err(PostgresError::OutcomeUnknown { source }.into_error("append"))
            }
        }
    }

    async fn truncate(&self, before: u64) -> Result<()> {
        self.truncate_before(before).await
    }
}

impl fmt::Debug for PostgresStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PostgresStore")
            .field("application", self.application())
            .field("server", &self.server())
            .field("schema", &self.schema())
            .finish_non_exhaustive()
    }
}
