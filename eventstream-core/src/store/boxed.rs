use std::{fmt, future::Future, ops::Range, pin::Pin, sync::Arc};

use crate::{
    Event, EventQuery, EventRepository, EventStore, EventTypes, Expect, Incarnation, Parcel, Result,
};

type BoxFuture<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// An [`EventStore`] without its type. Cheap to clone.
///
/// A call of it costs one boxed future: for an append as for a batch of a query.
///
/// # Examples
///
/// ```
/// use eventstream_core::{DynStore, EventRepository, EventStore, Result};
///
/// async fn total(stores: &[DynStore]) -> Result<u64> {
///     let mut total = 0;
///     for store in stores {
///         total += store.next_offset().await?;
///     }
///     Ok(total)
/// }
///
/// fn both(a: impl EventStore, b: impl EventStore) -> Vec<DynStore> {
///     vec![DynStore::new(a), DynStore::new(b)]
/// }
/// ```
#[derive(Clone)]
pub struct DynStore(Arc<dyn ErasedStore>);

impl DynStore {
    /// Forgets the type of a store.
    pub fn new(store: impl EventStore) -> Self {
        Self(Arc::new(store))
    }
}

impl fmt::Debug for DynStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DynStore").finish_non_exhaustive()
    }
}

#[deny(clippy::missing_trait_methods)]
impl EventRepository for DynStore {
    type Query = BoxQuery;

    fn next_offset(&self) -> impl Future<Output = Result<u64>> + Send {
        self.0.next_offset()
    }

    fn load_by_type(
        &self,
        types: EventTypes,
        offset: u64,
    ) -> impl Future<Output = Result<Self::Query>> + Send {
        self.0.load_by_type(types, offset)
    }

    async fn load_by_source(&self, handler_key: &str, instance_id: &str) -> Result<Self::Query> {
        self.0.load_by_source(handler_key, instance_id).await
    }

    fn wait_for(&self, offset: u64) -> impl Future<Output = Result<u64>> + Send {
        self.0.wait_for(offset)
    }

    fn incarnation(&self) -> impl Future<Output = Result<Option<Incarnation>>> + Send {
        self.0.incarnation()
    }

    fn known_types(&self) -> impl Future<Output = Result<Option<EventTypes>>> + Send {
        self.0.known_types()
    }
}

#[deny(clippy::missing_trait_methods)]
impl EventStore for DynStore {
    fn append(
        &self,
        parcels: Vec<Parcel>,
        expect: Expect,
    ) -> impl Future<Output = Result<Range<u64>>> + Send {
        self.0.append(parcels, expect)
    }

    fn truncate(&self, before: u64) -> impl Future<Output = Result<()>> + Send {
        self.0.truncate(before)
    }
}

/// An [`EventQuery`] without its type.
pub struct BoxQuery(Box<dyn ErasedQuery>);

impl BoxQuery {
    /// Forgets the type of a query.
    pub fn new(query: impl EventQuery) -> Self {
        Self(Box::new(query))
    }
}

impl fmt::Debug for BoxQuery {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BoxQuery")
            .field("position", &EventQuery::position(self))
            .finish_non_exhaustive()
    }
}

#[deny(clippy::missing_trait_methods)]
impl EventQuery for BoxQuery {
    async fn next_batch(&mut self, buf: &mut Vec<Event>, max: usize) -> Result<usize> {
        self.0.next_batch(buf, max).await
    }

    fn position(&self) -> u64 {
        self.0.position()
    }
}

trait ErasedStore: Send + Sync {
    fn next_offset(&self) -> BoxFuture<'_, Result<u64>>;
    fn load_by_type(&self, types: EventTypes, offset: u64) -> BoxFuture<'_, Result<BoxQuery>>;
    fn load_by_source<'a>(
        &'a self,
        handler_key: &'a str,
        instance_id: &'a str,
    ) -> BoxFuture<'a, Result<BoxQuery>>;
    fn wait_for(&self, offset: u64) -> BoxFuture<'_, Result<u64>>;
    fn incarnation(&self) -> BoxFuture<'_, Result<Option<Incarnation>>>;
    fn known_types(&self) -> BoxFuture<'_, Result<Option<EventTypes>>>;
    fn append(&self, parcels: Vec<Parcel>, expect: Expect) -> BoxFuture<'_, Result<Range<u64>>>;
    fn truncate(&self, before: u64) -> BoxFuture<'_, Result<()>>;
}

impl<S: EventStore> ErasedStore for S {
    fn next_offset(&self) -> BoxFuture<'_, Result<u64>> {
        Box::pin(EventRepository::next_offset(self))
    }

    fn load_by_type(&self, types: EventTypes, offset: u64) -> BoxFuture<'_, Result<BoxQuery>> {
        Box::pin(async move {
            Ok(BoxQuery::new(EventRepository::load_by_type(self, types, offset).await?))
        })
    }

    fn load_by_source<'a>(
        &'a self,
        handler_key: &'a str,
        instance_id: &'a str,
    ) -> BoxFuture<'a, Result<BoxQuery>> {
        Box::pin(async move {
            let query = EventRepository::load_by_source(self, handler_key, instance_id).await?;
            Ok(BoxQuery::new(query))
        })
    }

    fn wait_for(&self, offset: u64) -> BoxFuture<'_, Result<u64>> {
        Box::pin(EventRepository::wait_for(self, offset))
    }

    fn incarnation(&self) -> BoxFuture<'_, Result<Option<Incarnation>>> {
        Box::pin(EventRepository::incarnation(self))
    }

    fn known_types(&self) -> BoxFuture<'_, Result<Option<EventTypes>>> {
        Box::pin(EventRepository::known_types(self))
    }

    fn append(&self, parcels: Vec<Parcel>, expect: Expect) -> BoxFuture<'_, Result<Range<u64>>> {
        Box::pin(EventStore::append(self, parcels, expect))
    }

    fn truncate(&self, before: u64) -> BoxFuture<'_, Result<()>> {
        Box::pin(EventStore::truncate(self, before))
    }
}

trait ErasedQuery: Send {
    fn next_batch<'a>(
        &'a mut self,
        buf: &'a mut Vec<Event>,
        max: usize,
    ) -> BoxFuture<'a, Result<usize>>;
    fn position(&self) -> u64;
}

impl<Q: EventQuery> ErasedQuery for Q {
    fn next_batch<'a>(
        &'a mut self,
        buf: &'a mut Vec<Event>,
        max: usize,
    ) -> BoxFuture<'a, Result<usize>> {
        Box::pin(EventQuery::next_batch(self, buf, max))
    }

    fn position(&self) -> u64 {
        EventQuery::position(self)
    }
}
