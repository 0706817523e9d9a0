use std::{collections::HashSet, fmt, ops::Range, path::Path, sync::Arc};

use eventstream_core::{
    Error, EventRepository, EventStore, EventTypes, Expect, Identity, Parcel, Result,
};
use rusqlite::Connection;
use tokio::task::spawn_blocking;

use super::{
    builder::EmbeddedStoreBuilder,
    error::Failure,
    files::Files,
    filter::Filter,
    query::EmbeddedQuery,
    schema::{Charter, Head},
    stats::{StoreStats, events_by_type},
    watch::{Watch, Watching},
    writer::Writer,
};
use crate::{PersistedStream, RecentEvents};

/// SQLite's values are smaller than a gigabyte, and a chunk is one of them.
const MAX_PARCEL: usize = 512 * 1024 * 1024;

/// Keeps events in a directory of this machine, durably.
///
/// - Any number of callers may append at the same time: what queues up while one commit is being
///   synced is the next commit.
/// - Other processes may use the same directory; events that they append are seen within some ten
///   milliseconds.
/// - Message ids are remembered for as long as their events are there: an id whose event was
///   truncated may be appended again.
/// - Truncated events can't be read from the moment on that the store is truncated;
///   [`truncate`](EventStore::truncate) returns once their space is given back, too.
/// - Dropping the last handle waits for the commit under way, so that the files are closed then. It
///   blocks the thread for as long.
///
/// A clone is another handle to the same store. It needs a tokio runtime around it.
///
/// # Examples
///
/// ```
/// use eventstream_core::{
///     Cursor, Envelope, EventStore, EventStream, EventTypes, Expect, Identity, Parcel,
/// };
/// use eventstream_persisted::EmbeddedStore;
///
/// # let runtime = tokio::runtime::Builder::new_current_thread().build()?;
/// # let temporary = tempfile::tempdir()?;
/// # let directory = temporary.path().join("shop");
/// # runtime.block_on(async {
/// let shop = Identity::new("shop", "0b6b8a1e-54a4-4b64-a3f5-5e3c4b1b9c10");
/// let store = EmbeddedStore::builder(&directory).create_for(shop.clone()).open().await?;
///
/// let placed = Envelope::new("m-1", shop, "order.placed", "application/json");
/// let offsets = store.append(vec![Parcel::seal(placed)?], Expect::Any).await?;
/// assert_eq!(offsets, 0..1);
///
/// let mut cursor = store.stream(EventTypes::any()).open(0, EventTypes::any()).await?;
/// assert_eq!(cursor.next().await?.parcel.message_id(), "m-1");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// # })?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone)]
pub struct EmbeddedStore(Arc<Inner>);

struct Inner {
    files: Arc<Files>,
    watch: Arc<Watch>,
    recent: RecentEvents,
    writer: Writer,
    _watching: Watching,
}

impl EmbeddedStore {
    /// Opens a store that is there. For more, see [`builder`](Self::builder).
    ///
    /// # Errors
    ///
    /// [`Error::Backend`] with an [`EmbeddedStoreError`](crate::EmbeddedStoreError) as its source.
    pub async fn open(directory: impl AsRef<Path>) -> Result<Self> {
        Self::builder(directory).open().await
    }

    /// Opens or creates a store.
    pub fn builder(directory: impl AsRef<Path>) -> EmbeddedStoreBuilder {
        EmbeddedStoreBuilder::new(directory.as_ref().to_owned())
    }

    pub(super) fn start(
        files: Files,
        connection: Connection,
        recent_events: usize,
    ) -> Result<Self> {
        let head = Head::read(&connection)
            .map_err(|failure| files.database.name(failure).into_error("open"))?;
        let files = Arc::new(files);
        let next = files.charter.absolute(head.next);
        let recent = RecentEvents::new(&files.charter.application, next, recent_events);
        let watch = Arc::new(Watch::new(next));
        let failed = |error| Error::backend("start a thread", true, error);
        let writer = Writer::start(files.clone(), connection, watch.clone(), recent.clone())
            .map_err(failed)?;
        let watching = watch.start(files.clone()).map_err(failed)?;
        Ok(Self(Arc::new(Inner { files, watch, recent, writer, _watching: watching })))
    }

    /// The application whose events the store keeps.
    #[must_use]
    pub fn application(&self) -> &Identity {
        &self.0.files.charter.application
    }

    /// The store's directory.
    #[must_use]
    pub fn directory(&self) -> &Path {
        &self.0.files.directory
    }

    /// The store's events as a stream that declares these types; [`EventTypes::any`] for an open
    /// one.
    #[must_use]
    pub fn stream(&self, event_types: EventTypes) -> PersistedStream<Self> {
        PersistedStream::builder(self.clone(), self.application().clone())
            .event_types(event_types)
            .recent_events(self.0.recent.clone())
            .build()
    }

    /// What is in the store.
    ///
    /// # Cancel safety
    ///
    /// Asking changes nothing: the future can be dropped at any time.
    ///
    /// # Errors
    ///
    /// [`Error::Backend`] if it can't be read.
    pub async fn stats(&self) -> Result<StoreStats> {
        let (head, events_by_type) = self
            .read(|transaction, charter| {
                let head = Head::read(transaction)?;
                Ok((head, events_by_type(transaction, charter, head)?))
            })
            .await?;
        let files = &self.0.files;
        let bytes = {
            let files = files.clone();
            spawn_blocking(move || files.bytes())
                .await
                .map_err(|error| Error::backend("read", false, error))?
                .map_err(|error| error.into_error("read"))?
        };
        Ok(StoreStats {
            first_offset: files.charter.absolute(head.oldest),
            next_offset: files.charter.absolute(head.next),
            events_by_type,
            bytes,
        })
    }

    async fn read<T: Send + 'static>(
        &self,
        read: impl FnOnce(&Connection, &Charter) -> Result<T, Failure> + Send + 'static,
    ) -> Result<T> {
        let files = self.0.files.clone();
        spawn_blocking(move || files.database.read(|transaction| read(transaction, &files.charter)))
            .await
            .map_err(|error| Error::backend("read", false, error))?
            .map_err(|error| error.into_error("read"))
    }
}

impl EventRepository for EmbeddedStore {
    type Query = EmbeddedQuery;

    async fn next_offset(&self) -> Result<u64> {
        self.read(|transaction, charter| Ok(charter.absolute(Head::read(transaction)?.next))).await
    }

    async fn load_by_type(&self, types: EventTypes, offset: u64) -> Result<EmbeddedQuery> {
        let head = self.read(|transaction, _| Head::read(transaction)).await?;
        let charter = &self.0.files.charter;
        let oldest = charter.absolute(head.oldest);
        if offset < oldest {
            return Err(Error::Truncated { requested: offset, oldest });
        }
        let end = charter.absolute(head.next);
        let filter = Filter::for_types(charter, types);
        Ok(EmbeddedQuery::new(self.0.files.clone(), filter, offset, end))
    }

    async fn load_by_source(&self, handler_key: &str, instance_id: &str) -> Result<EmbeddedQuery> {
        let charter = &self.0.files.charter;
        let filter = Filter::for_source(charter, handler_key, instance_id);
        let head = self.read(|transaction, _| Head::read(transaction)).await?;
        let (oldest, end) = (charter.absolute(head.oldest), charter.absolute(head.next));
        Ok(EmbeddedQuery::new(self.0.files.clone(), filter, oldest, end))
    }

    async fn wait_for(&self, offset: u64) -> Result<u64> {
        self.0.watch.wait_for(offset).await.map_err(|error| error.into_error("watch"))
    }
}

impl EventStore for EmbeddedStore {
    async fn append(&self, parcels: Vec<Parcel>, expect: Expect) -> Result<Range<u64>> {
        let application = self.application();
        let mut ids = HashSet::with_capacity(parcels.len());
        for parcel in &parcels {
            parcel.check_is_from(application)?;
            if parcel.wire().len() > MAX_PARCEL {
                let problem = format!("is larger than {MAX_PARCEL} bytes, which a store can keep");
                return Err(Error::invalid("envelope", problem));
            }
            let id = parcel.message_id();
            if !ids.insert(id) {
                return Err(Error::invalid("message_id", format!("{id} is there twice")));
            }
        }
        self.0.writer.append(parcels, expect).await
    }

    async fn truncate(&self, before: u64) -> Result<()> {
        self.0.writer.truncate(before).await
    }
}

impl fmt::Debug for EmbeddedStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("EmbeddedStore")
            .field("application", self.application())
            .field("directory", &self.directory())
            .finish_non_exhaustive()
    }
}
