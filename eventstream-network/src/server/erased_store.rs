use std::{future::Future, ops::Range, pin::Pin, sync::Arc};

use eventstream_core::{Event, EventQuery, EventStore, EventTypes, Expect, Parcel, Result};

type BoxFuture<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// A store without its type.
pub(super) type DynStore = Arc<dyn ErasedStore>;

/// A query without its type.
pub(super) type DynQuery = Box<dyn ErasedQuery>;

/// What the protocol carries of an `EventStore`.
pub(super) trait ErasedStore: Send + Sync {
    fn append(&self, parcels: Vec<Parcel>, expect: Expect) -> BoxFuture<'_, Result<Range<u64>>>;
    fn truncate(&self, before: u64) -> BoxFuture<'_, Result<()>>;
    fn load_by_type(&self, types: EventTypes, offset: u64) -> BoxFuture<'_, Result<DynQuery>>;
    fn load_by_source<'a>(
        &'a self,
        handler_key: &'a str,
        instance_id: &'a str,
    ) -> BoxFuture<'a, Result<DynQuery>>;
    fn wait_for(&self, offset: u64) -> BoxFuture<'_, Result<u64>>;
}

pub(super) trait ErasedQuery: Send {
    fn next_batch<'a>(
        &'a mut self,
        buf: &'a mut Vec<Event>,
        max: usize,
    ) -> BoxFuture<'a, Result<usize>>;
    fn position(&self) -> u64;
}

impl<S: EventStore> ErasedStore for S {
    fn append(&self, parcels: Vec<Parcel>, expect: Expect) -> BoxFuture<'_, Result<Range<u64>>> {
        Box::pin(EventStore::append(self, parcels, expect))
    }

    fn truncate(&self, before: u64) -> BoxFuture<'_, Result<()>> {
        Box::pin(EventStore::truncate(self, before))
    }

    fn load_by_type(&self, types: EventTypes, offset: u64) -> BoxFuture<'_, Result<DynQuery>> {
        Box::pin(
            async move { Ok(Box::new(S::load_by_type(self, types, offset).await?) as DynQuery) },
        )
    }

    fn load_by_source<'a>(
        &'a self,
        handler_key: &'a str,
        instance_id: &'a str,
    ) -> BoxFuture<'a, Result<DynQuery>> {
        Box::pin(async move {
            Ok(Box::new(S::load_by_source(self, handler_key, instance_id).await?) as DynQuery)
        })
    }

    fn wait_for(&self, offset: u64) -> BoxFuture<'_, Result<u64>> {
        Box::pin(S::wait_for(self, offset))
    }
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
