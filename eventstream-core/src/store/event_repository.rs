use std::{future::Future, sync::Arc};

use crate::{EventQuery, EventTypes, Incarnation, Result};

/// Events that were committed, to be read by offset.
///
/// # Contract
///
/// - Offsets are dense, and given in the order of commits: once an event can be read, so can all
///   below it that are not truncated, and none below it will ever be added.
pub trait EventRepository: Send + Sync + 'static {
    /// A finite run of events.
    type Query: EventQuery;

    /// The offset that the next event will get.
    ///
    /// # Cancel safety
    ///
    /// Asking changes nothing: the future can be dropped at any time.
    ///
    /// # Errors
    ///
    /// [`Error::Backend`](crate::Error::Backend) if it can't be found out.
    fn next_offset(&self) -> impl Future<Output = Result<u64>> + Send;

    /// The events of `types` from `offset` on, to the end as it is now.
    ///
    /// # Cancel safety
    ///
    /// Can be dropped at any time; there is then no query.
    ///
    /// # Errors
    ///
    /// - [`Error::Truncated`](crate::Error::Truncated) if the event at `offset` is gone: from here,
    ///   or from the query's first batch.
    /// - [`Error::Backend`](crate::Error::Backend) if reading fails.
    fn load_by_type(
        &self,
        types: EventTypes,
        offset: u64,
    ) -> impl Future<Output = Result<Self::Query>> + Send;

    /// The events that one instance of a handler recorded, from the oldest that is still there on,
    /// to the end as it is now.
    ///
    /// # Cancel safety
    ///
    /// Can be dropped at any time; there is then no query.
    ///
    /// # Errors
    ///
    /// [`Error::Backend`](crate::Error::Backend) if reading fails.
    fn load_by_source(
        &self,
        handler_key: &str,
        instance_id: &str,
    ) -> impl Future<Output = Result<Self::Query>> + Send;

    /// Waits until an event at `offset` is committed, by any process; returns the next unused
    /// offset, which is greater than `offset`.
    ///
    /// # Cancel safety
    ///
    /// Can be dropped at any time.
    ///
    /// # Errors
    ///
    /// [`Error::Backend`](crate::Error::Backend) if it can't be found out.
    fn wait_for(&self, offset: u64) -> impl Future<Output = Result<u64>> + Send;

    /// Tells this repository from one that took its place, or takes it later. As provided, `None`:
    /// it can't tell.
    ///
    /// # Cancel safety
    ///
    /// Asking changes nothing: the future can be dropped at any time.
    ///
    /// # Errors
    ///
    /// [`Error::Backend`](crate::Error::Backend) if it can't be found out.
    fn incarnation(&self) -> impl Future<Output = Result<Option<Incarnation>>> + Send {
        async { Ok(None) }
    }
}

#[deny(clippy::missing_trait_methods)]
impl<R: EventRepository> EventRepository for Arc<R> {
    type Query = R::Query;

    fn next_offset(&self) -> impl Future<Output = Result<u64>> + Send {
        R::next_offset(self)
    }

    fn load_by_type(
        &self,
        types: EventTypes,
        offset: u64,
    ) -> impl Future<Output = Result<Self::Query>> + Send {
        R::load_by_type(self, types, offset)
    }

    fn load_by_source(
        &self,
        handler_key: &str,
        instance_id: &str,
    ) -> impl Future<Output = Result<Self::Query>> + Send {
        R::load_by_source(self, handler_key, instance_id)
    }

    fn wait_for(&self, offset: u64) -> impl Future<Output = Result<u64>> + Send {
        R::wait_for(self, offset)
    }

    fn incarnation(&self) -> impl Future<Output = Result<Option<Incarnation>>> + Send {
        R::incarnation(self)
    }
}
