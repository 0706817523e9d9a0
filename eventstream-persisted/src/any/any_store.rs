use std::{fmt, ops::Range, sync::Arc};

use eventstream_core::{
    BoxQuery, DynStore, DynStream, EventQuery, EventRepository, EventStore, EventTypes, Expect,
    Identity, Incarnation, Parcel, Result,
};

use super::{AnyStoreBuilder, StoreLocation};
#[cfg(feature = "embedded")]
use crate::EmbeddedStore;
use crate::Finding;
#[cfg(feature = "jetstream")]
use crate::JetStreamStore;
#[cfg(feature = "postgres")]
use crate::PostgresStore;

/// A store of any engine, chosen by its [location](StoreLocation).
///
/// It does what the store of that engine does, and promises what that promises: see `EmbeddedStore`,
/// `PostgresStore` and `JetStreamStore`, of which those are there whose features are. What is special
/// to one of them can be had by [`as_embedded`](Self::as_embedded) and its like. A call of it costs
/// one boxed future.
///
/// # Options of a location
///
/// Beside what the engine reads in a URL:
///
/// - `postgres://…?schema=NAME` names the schema that the tables are in, and `pooler=transaction` says
///   that a pooler in transaction mode stands before the server;
/// - `nats://…?replicas=3` says how many copies a stream has that is created; `ca=FILE` names the
///   certificates (PEM) of those who may vouch for the server, `cert=FILE` and `key=FILE` our own.
///
/// A clone is another handle to the same store. It needs a tokio runtime around it.
///
/// # Examples
///
/// ```
/// use eventstream_core::{Envelope, EventRepository, EventStore, Expect, Identity, Parcel};
/// use eventstream_persisted::AnyStore;
///
/// # #[cfg(feature = "embedded")] {
/// # let runtime = tokio::runtime::Builder::new_current_thread().build()?;
/// # let temporary = tempfile::tempdir()?;
/// # let location = temporary.path().join("shop").into_os_string();
/// # runtime.block_on(async {
/// // Out of a configuration: a directory, or a URL.
/// # let location = eventstream_persisted::StoreLocation::from(location);
/// let shop = Identity::new("shop", "0b6b8a1e-54a4-4b64-a3f5-5e3c4b1b9c10");
/// let store = AnyStore::builder(location).create_for(shop.clone()).open().await?;
///
/// let placed = Envelope::new("m-1", shop, "order.placed", "application/json");
/// store.append(vec![Parcel::seal(placed)?], Expect::Any).await?;
/// assert_eq!(store.next_offset().await?, 1);
/// for finding in store.findings().await? {
///     println!("{finding}");
/// }
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// # })?;
/// # }
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone)]
pub struct AnyStore {
    location: Arc<StoreLocation>,
    kept: Kept,
    erased: DynStore,
}

/// The store itself.
#[derive(Clone)]
pub(super) enum Kept {
    #[cfg(feature = "embedded")]
    Embedded(EmbeddedStore),
    #[cfg(feature = "postgres")]
    Postgres(PostgresStore),
    #[cfg(feature = "jetstream")]
    JetStream(JetStreamStore),
}

/// The same of each of them.
macro_rules! of_each {
    ($kept:expr, $store:ident => $what:expr) => {
        match $kept {
            #[cfg(feature = "embedded")]
            Kept::Embedded($store) => $what,
            #[cfg(feature = "postgres")]
            Kept::Postgres($store) => $what,
            #[cfg(feature = "jetstream")]
            Kept::JetStream($store) => $what,
        }
    };
}

impl AnyStore {
    /// Opens a store that is there. For more, see [`builder`](Self::builder).
    ///
    /// # Errors
    ///
    /// As [`AnyStoreBuilder::open`].
    pub async fn open(location: impl Into<StoreLocation>) -> Result<Self> {
        Self::builder(location).open().await
    }

    /// Opens or creates a store.
    pub fn builder(location: impl Into<StoreLocation>) -> AnyStoreBuilder {
        AnyStoreBuilder::new(location.into())
    }

    pub(super) fn new(location: StoreLocation, kept: Kept) -> Self {
        let erased = of_each!(&kept, store => DynStore::new(store.clone()));
        Self { location: Arc::new(location), kept, erased }
    }

    /// Where it is.
    #[must_use]
    pub fn location(&self) -> &StoreLocation {
        &self.location
    }

    /// The application whose events the store keeps.
    #[must_use]
    pub fn application(&self) -> &Identity {
        of_each!(&self.kept, store => store.application())
    }

    /// Tells this store from one that takes its place: see [`Incarnation`].
    #[must_use]
    pub fn incarnation(&self) -> Incarnation {
        of_each!(&self.kept, store => store.incarnation())
    }

    /// The store's events as a stream that declares these types; [`EventTypes::any`] for an open
    /// one, and [`event_types`](Self::event_types) for those that are in the store.
    #[must_use]
    pub fn stream(&self, event_types: EventTypes) -> DynStream {
        of_each!(&self.kept, store => DynStream::new(store.stream(event_types)))
    }

    /// The types of the events that are in the store now. In JetStream all events are read for that.
    ///
    /// # Cancel safety
    ///
    /// Asking changes nothing: the future can be dropped at any time.
    ///
    /// # Errors
    ///
    /// [`Error::Backend`](eventstream_core::Error::Backend) if they can't be read.
    pub async fn event_types(&self) -> Result<EventTypes> {
        of_each!(&self.kept, store => store.event_types().await)
    }

    /// The offset of the oldest event that is there, or of the next one if there is none.
    ///
    /// # Cancel safety
    ///
    /// Asking changes nothing: the future can be dropped at any time.
    ///
    /// # Errors
    ///
    /// [`Error::Backend`](eventstream_core::Error::Backend) if it can't be found out.
    pub async fn oldest_offset(&self) -> Result<u64> {
        use eventstream_core::Error;
        let read = async {
            // What is gone is said by the one or the other.
            let mut query = self.load_by_type(EventTypes::any(), 0).await?;
            let mut first = Vec::new();
            query.next_batch(&mut first, 1).await?;
            Ok(first.first().map_or(query.position(), |event| event.offset))
        };
        match read.await {
            Err(Error::Truncated { oldest, .. }) => Ok(oldest),
            read => read,
        }
    }

    /// What can be found out about what the store depends on, the good and the bad.
    ///
    /// # Cancel safety
    ///
    /// Asking changes nothing: the future can be dropped at any time.
    ///
    /// # Errors
    ///
    /// [`Error::Backend`](eventstream_core::Error::Backend) if it can't be found out.
    pub async fn findings(&self) -> Result<Vec<Finding>> {
        of_each!(&self.kept, store => store.findings().await)
    }

    /// How many events this store takes as one append, at most.
    ///
    /// It is one in JetStream on servers before 2.12, and a thousand or less on others. Else it is only
    /// a matter of memory, and [`usize::MAX`].
    #[must_use]
    pub fn append_limit(&self) -> usize {
        match &self.kept {
            #[cfg(feature = "jetstream")]
            Kept::JetStream(store) => store.append_limit(),
            #[allow(unreachable_patterns)] // Without the others it is.
            _ => usize::MAX,
        }
    }

    /// The store, if it is an embedded one.
    #[cfg(feature = "embedded")]
    #[must_use]
    pub fn as_embedded(&self) -> Option<&EmbeddedStore> {
        match &self.kept {
            Kept::Embedded(store) => Some(store),
            #[allow(unreachable_patterns)]
            _ => None,
        }
    }

    /// The store, if it is one in PostgreSQL.
    #[cfg(feature = "postgres")]
    #[must_use]
    pub fn as_postgres(&self) -> Option<&PostgresStore> {
        match &self.kept {
            Kept::Postgres(store) => Some(store),
            #[allow(unreachable_patterns)]
            _ => None,
        }
    }

    /// The store, if it is one in JetStream.
    #[cfg(feature = "jetstream")]
    #[must_use]
    pub fn as_jetstream(&self) -> Option<&JetStreamStore> {
        match &self.kept {
            Kept::JetStream(store) => Some(store),
            #[allow(unreachable_patterns)]
            _ => None,
        }
    }
}

/// One that is open already.
#[cfg(feature = "embedded")]
impl From<EmbeddedStore> for AnyStore {
    fn from(store: EmbeddedStore) -> Self {
        Self::new(store.directory().into(), Kept::Embedded(store))
    }
}

#[deny(clippy::missing_trait_methods)]
impl EventRepository for AnyStore {
    type Query = BoxQuery;

    fn next_offset(&self) -> impl Future<Output = Result<u64>> + Send {
        self.erased.next_offset()
    }

    fn load_by_type(
        &self,
        types: EventTypes,
        offset: u64,
    ) -> impl Future<Output = Result<BoxQuery>> + Send {
        self.erased.load_by_type(types, offset)
    }

    async fn load_by_source(&self, handler_key: &str, instance_id: &str) -> Result<BoxQuery> {
        self.erased.load_by_source(handler_key, instance_id).await
    }

    fn wait_for(&self, offset: u64) -> impl Future<Output = Result<u64>> + Send {
        self.erased.wait_for(offset)
    }

    async fn incarnation(&self) -> Result<Option<Incarnation>> {
        Ok(Some(Self::incarnation(self)))
    }

    fn known_types(&self) -> impl Future<Output = Result<Option<EventTypes>>> + Send {
        self.erased.known_types()
    }
}

#[deny(clippy::missing_trait_methods)]
impl EventStore for AnyStore {
    fn append(
        &self,
        parcels: Vec<Parcel>,
        expect: Expect,
    ) -> impl Future<Output = Result<Range<u64>>> + Send {
        self.erased.append(parcels, expect)
    }

    fn truncate(&self, before: u64) -> impl Future<Output = Result<()>> + Send {
        self.erased.truncate(before)
    }
}

impl fmt::Debug for AnyStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AnyStore")
            .field("application", self.application())
            .field("location", &self.location)
            .finish_non_exhaustive()
    }
}
