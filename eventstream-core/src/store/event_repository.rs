use std::{future::Future, sync::Arc};

use crate::{EventQuery, EventTypes, Incarnation, Result};

/// Events that were committed, to be read by offset.
///
/// # Contract
///
/// Every rule names the case of `eventstream-streamtest` that proves it.
///
/// - Offsets are dense, and given in the order of commits: once an event can be read, so can all
///   below it that are not truncated, and none below it will ever be added.
///   (`offsets::are_dense`, `readers::see_no_gap`, `model::random_operations`)
/// - The order of commits is the only one: what the events say about when they were recorded
///   changes nothing. (`offsets::ignore_created_at`)
/// - The last offset that is given is `u64::MAX - 1`, so that the next one can always be named. An
///   append for which no offset is left fails, and stores nothing. (`offsets::near_the_largest`)
/// - [`next_offset`](Self::next_offset) is the offset that the next event will get. An append that
///   has returned is counted, and can be read. (`offsets::next_offset_counts_what_is_committed`)
/// - An event comes as it was appended: unknown fields, an empty payload and a large one included,
///   and many megabytes in one append, too. (`payload::unknown_fields_are_kept`, `payload::empty`,
///   `payload::one_mebibyte`, `payload::five_mebibytes_in_one_append`)
/// - [`load_by_type`](Self::load_by_type) gives the events of the types asked for at or after
///   `offset`, and no others. [`EventTypes::any`] asks for all. (`load::by_type`,
///   `load::from_an_offset`)
/// - Where nothing matches, the query is empty, and there is no error: for a type or a source that
///   never was, and for an offset at or past the end. (`load::what_never_was_is_empty`,
///   `load::past_the_end_is_empty`)
/// - [`load_by_source`](Self::load_by_source) gives the events of one instance of one handler: none
///   of another instance, of another handler or of no handler. Handlers are told apart by their
///   keys; their names may change. (`source::gives_one_instance`,
///   `source::tells_handlers_by_their_keys`)
/// - An offset below the oldest event that is still there is refused, by `load_by_type` or by the
///   query's first batch. It never starts somewhere else.
///   (`truncation::before_the_oldest_is_an_error`, `truncation::the_oldest_can_be_read`)
/// - `load_by_source` starts at the oldest event that is still there.
///   (`truncation::sources_start_at_the_oldest`)
/// - [`wait_for`](Self::wait_for) returns at once if the event was committed already, whether or
///   not it is truncated since. (`wait_for::returns_at_once_if_it_is_there`)
/// - Otherwise it waits for the event at its own offset, and the commit of that wakes all who wait
///   for it: none too early, none too late, none never. (`wait_for::waits_for_its_own_offset`,
///   `wait_for::wakes_all_who_wait`, `wait_for::never_misses_a_commit`)
/// - What `wait_for` says is committed can be read. (`wait_for::what_it_says_can_be_read`)
/// - Repositories are independent of each other. (`isolation::repositories_are_separate`)
///
/// # Cancel safety
///
/// Every call can be dropped while it is pending, and nothing comes of it. A `wait_for` that is
/// dropped, woken or not, takes the wake-up away from nobody else.
/// (`cancel::dropping_wait_for_harms_nobody`)
///
/// # Waking up
///
/// For those who implement `wait_for`: register for the wake-up before you look, as
/// [`Cursor`](crate::Cursor#waking-up) shows. What is committed between a look and a registration
/// that follows it is missed.
///
/// # Examples
///
/// Reading all that is there, and then what comes:
///
/// ```
/// use eventstream_core::{Event, EventQuery, EventRepository, EventTypes, Result};
///
/// async fn follow<R: EventRepository>(
///     repository: &R,
///     mut handle: impl FnMut(Event),
/// ) -> Result<()> {
///     let (mut offset, mut batch) = (0, Vec::new());
///     loop {
///         let mut query = repository.load_by_type(EventTypes::any(), offset).await?;
///         while query.next_batch(&mut batch, 100).await? > 0 {
///             batch.drain(..).for_each(&mut handle);
///         }
///         offset = query.position();
///         repository.wait_for(offset).await?;
///     }
/// }
/// ```
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

    /// The types that are known so far. There need not be an event of each, and where any type may
    /// appear there may be more tomorrow. As
    /// provided, `None`: it can't tell.
    ///
    /// # Cancel safety
    ///
    /// Asking changes nothing: the future can be dropped at any time.
    ///
    /// # Errors
    ///
    /// [`Error::Backend`](crate::Error::Backend) if it can't be found out.
    fn known_types(&self) -> impl Future<Output = Result<Option<EventTypes>>> + Send {
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

    fn known_types(&self) -> impl Future<Output = Result<Option<EventTypes>>> + Send {
        R::known_types(self)
    }
}
