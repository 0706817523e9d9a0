use std::{collections::HashMap, fmt, ops::Range, path::Path, sync::Arc};

use eventstream_core::{
    Error, EventRepository, EventStore, EventTypes, Expect, Identity, Incarnation, Parcel, Result,
};

use super::{
    builder::EmbeddedStoreBuilder,
    disk::Lock,
    error::EmbeddedStoreError,
    files::Files,
    ids::HashIsKey,
    layout::Record,
    read::{EmbeddedQuery, Filter},
    tidy::Tidier,
    watch::{Watch, Watching},
    write::Writer,
};
use crate::{PersistedStream, RecentEvents};

/// What a frame can hold of one event, with room to spare.
const MAX_PARCEL: usize = 512 * 1024 * 1024;

/// Keeps events in a directory of this machine, durably.
///
/// - Any number of callers may append at the same time: what queues up while one commit is being
///   synced is the next commit.
/// - Other processes may use the same directory: they read, follow and append. Events that they
///   append are seen within milliseconds.
/// - Readers are in nobody's way, and nobody is in theirs.
/// - Message ids are remembered for as long as their events are there: an id whose event was
///   truncated may be appended again. Whoever appends holds two bytes in memory for each event that
///   is there, to know an id that is new without looking into files.
/// - Truncated events can't be read from the moment on that the store is truncated;
///   [`truncate`](EventStore::truncate) returns once their space is given back, too, unless another
///   process is at it. Space comes back by files: what shares one with events that stay may stay
///   for a while. It is given back, not wiped.
/// - What is damaged on disk is an error that names the file and the offsets; what lies before and
///   after it can be read. See [`verify`](Self::verify) and [`salvage`](Self::salvage).
/// - Dropping the last handle waits for the commit under way and for what is tidied up just then, so
///   that the files are closed afterwards. It blocks the thread for as long.
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

/// What the handles to a store share.
pub(crate) struct Inner {
    pub(super) files: Arc<Files>,
    pub(super) watch: Arc<Watch>,
    pub(super) recent: RecentEvents,
    // Dropped in this order: the thread that appends asks the one that tidies up.
    pub(super) writer: Writer,
    pub(super) tidier: Tidier,
    pub(super) tidy_lock: Arc<Lock>,
    pub(super) _watching: Watching,
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

    pub(super) fn new(inner: Inner) -> Self {
        Self(Arc::new(inner))
    }

    pub(super) fn inner(&self) -> &Arc<Inner> {
        &self.0
    }

    /// The application whose events the store keeps.
    #[must_use]
    pub fn application(&self) -> &Identity {
        &self.0.files.charter.application
    }

    /// The store's directory.
    #[must_use]
    pub fn directory(&self) -> &Path {
        self.0.files.directory()
    }

    /// Tells this store from one that takes its place: see [`Incarnation`].
    #[must_use]
    pub fn incarnation(&self) -> Incarnation {
        self.0.files.charter.incarnation
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
        Ok(self.stats().await?.events_by_type.into_keys().collect())
    }

    fn failed(operation: &'static str) -> impl Fn(EmbeddedStoreError) -> Error {
        move |error| error.into_error(operation)
    }
}

impl EventRepository for EmbeddedStore {
    type Query = EmbeddedQuery;

    async fn next_offset(&self) -> Result<u64> {
        self.0.files.next().map_err(Self::failed("read"))
    }

    async fn load_by_type(&self, types: EventTypes, offset: u64) -> Result<EmbeddedQuery> {
        let files = &self.0.files;
        let end = files.next().map_err(Self::failed("read"))?;
        let oldest = files.oldest().map_err(Self::failed("read"))?;
        if offset < oldest {
            return Err(Error::Truncated { requested: offset, oldest });
        }
        let filter = Filter::for_types(&files.charter, types);
        Ok(EmbeddedQuery::new(files.clone(), filter, offset, end))
    }

    async fn load_by_source(&self, handler_key: &str, instance_id: &str) -> Result<EmbeddedQuery> {
        let files = &self.0.files;
        let end = files.next().map_err(Self::failed("read"))?;
        let oldest = files.oldest().map_err(Self::failed("read"))?;
        let filter = Filter::for_source(&files.charter, handler_key, instance_id);
        Ok(EmbeddedQuery::new(files.clone(), filter, oldest, end))
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

impl EventStore for EmbeddedStore {
    async fn append(&self, parcels: Vec<Parcel>, expect: Expect) -> Result<Range<u64>> {
        let charter = &self.0.files.charter;
        let mut records = Vec::with_capacity(parcels.len());
        for parcel in parcels {
            parcel.check_is_from(&charter.application)?;
            if parcel.wire().len() > MAX_PARCEL {
                let problem = format!("is larger than {MAX_PARCEL} bytes, which a store can keep");
                return Err(Error::invalid("envelope", problem));
            }
            records.push(Record::new(charter, parcel));
        }
        check_ids_differ(&records)?;
        self.0.writer.append(records, expect).await
    }

    async fn truncate(&self, before: u64) -> Result<()> {
        if self.0.writer.truncate(before).await?.is_empty() {
            return Ok(());
        }
        if let Err(error) = self.0.tidier.run(false).await {
            // Truncated it is. The space is given back another time.
            tracing::warn!(
                store = %self.directory().display(),
                error = &error as &dyn std::error::Error,
                "can't give back the space of what was truncated"
            );
        }
        Ok(())
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

/// An id stands once in an append.
fn check_ids_differ(records: &[Record]) -> Result<()> {
    if records.len() < 2 {
        return Ok(());
    }
    let mut ids = HashMap::with_capacity_and_hasher(records.len(), HashIsKey::default());
    for record in records {
        let id = record.parcel.message_id();
        if let Some(other) = ids.insert(record.id, id) {
            // Two ids can have one hash; then, which is next to never, all are compared.
            let mut all: Vec<_> = records.iter().map(|record| record.parcel.message_id()).collect();
            all.sort_unstable();
            if other == id || all.windows(2).any(|pair| pair[0] == pair[1]) {
                return Err(Error::invalid("message_id", format!("{other} is there twice")));
            }
        }
    }
    Ok(())
}
