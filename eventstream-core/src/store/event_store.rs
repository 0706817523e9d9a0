use std::{future::Future, ops::Range, sync::Arc};

use crate::{EventRepository, Expect, Parcel, Result};

/// A repository that can be appended to.
///
/// # Contract
///
/// Every rule names the case of `eventstream-streamtest` that proves it.
///
/// - [`append`](Self::append) gives its parcels offsets one after another, in their order, and
///   returns those. (`append::returns_its_range`, `store_model::random_operations`)
/// - An append of no parcels stores nothing and returns an empty range at the next offset.
///   (`append::of_nothing_stores_nothing`)
/// - An append is atomic: who reads or asks for the next offset sees all of it or nothing.
///   (`atomicity::readers_never_see_a_part`)
/// - An append is durable before it returns: a store that is opened again has its events, offsets
///   and message ids. (`reopen::keeps_events_and_offsets`, `reopen::keeps_message_ids`)
/// - Offsets are dense, and given in the order of commits, however many append at the same time;
///   what a caller appends after an append of its own has returned lies behind that.
///   (`concurrency::appenders_leave_no_gap`, `concurrency::keeps_the_order_of_each_appender`)
/// - A commit that takes long holds up those behind it: no reader ever steps over a lower offset
///   that is committed later. (`concurrency::a_late_commit_is_never_stepped_over`)
/// - [`Expect::Offset`] lets an append succeed only at that offset. Otherwise the error names what
///   was expected and what the next offset is, and nothing is stored. (`expect::the_next_offset`,
///   `expect::another_offset_is_a_conflict`)
/// - An append that fails fails alone: those that run beside it are stored. Of several that expect
///   the same offset, one succeeds. (`expect::fails_for_one_caller_only`,
///   `expect::one_of_several_succeeds`)
/// - Message ids are unique in a store. An append of which every message is stored already, one
///   after another in its order, is a repetition: it stores nothing and returns the range first
///   given, whatever it expects. (`dedupe::a_repetition_returns_its_range`,
///   `dedupe::a_run_of_several_appends_is_a_repetition`,
///   `dedupe::repetitions_at_the_same_time_get_one_range`)
/// - If only some of the messages are stored already, or in another order or place, it is an error
///   that names the first of them and its offset, and nothing is stored.
///   (`dedupe::a_partial_overlap_is_an_error`, `dedupe::another_order_is_an_error`)
/// - The messages of one store are nothing to another one. (`dedupe::is_for_one_store`)
/// - How long a store remembers the ids of truncated events is its own affair; its documentation
///   says so. The ids of those that are still there are never forgotten.
///   (`dedupe::outlasts_a_truncation_of_others`)
/// - A parcel of another application is refused, and so is an append that has a message id twice:
///   nothing of it is stored. (`append::refuses_another_applications_events`,
///   `append::refuses_an_id_that_is_there_twice`)
/// - An append for which too few offsets are left fails, and stores nothing.
///   (`append::fails_if_too_few_offsets_are_left`)
/// - The offsets of truncated events are never given again, also if all events are truncated, and
///   after the store is opened again. (`retention::never_gives_an_offset_again`)
/// - Truncating below the oldest event does nothing; truncating past the next offset is an error
///   that names both, and does nothing. (`retention::below_the_oldest_does_nothing`,
///   `retention::past_the_end_is_an_error`)
/// - What one handle does to a store, another one sees, also one of another process.
///   (`handles::see_each_others_events`, `handles::wake_each_other`,
///   `handles::know_each_others_messages`, `handles::append_side_by_side`)
///
/// # Cancel safety
///
/// An append that is dropped has stored all or nothing; which of the two, is not known. To find
/// out, append the same parcels again: a repetition stores nothing.
/// (`atomicity::a_dropped_append_is_all_or_nothing`)
///
/// # Examples
///
/// As a repetition stores nothing, an append may be tried again, whatever became of it:
///
/// ```
/// use std::ops::Range;
///
/// use eventstream_core::{EventStore, Expect, Parcel, Result};
///
/// async fn append_once<S: EventStore>(store: &S, parcels: Vec<Parcel>) -> Result<Range<u64>> {
///     let mut result = store.append(parcels.clone(), Expect::Any).await;
///     while result.as_ref().is_err_and(|error| error.is_retryable()) {
///         result = store.append(parcels.clone(), Expect::Any).await;
///     }
///     result
/// }
/// ```
pub trait EventStore: EventRepository {
    /// Appends parcels as one; returns the offsets that they have.
    ///
    /// # Cancel safety
    ///
    /// A future that is dropped has appended all or nothing: see [the trait](Self#cancel-safety).
    ///
    /// # Errors
    ///
    /// - [`Error::OffsetConflict`](crate::Error::OffsetConflict) if the store's next offset is not
    ///   the one that is expected.
    /// - [`Error::DuplicateMessage`](crate::Error::DuplicateMessage) if some of the messages are
    ///   stored already.
    /// - [`Error::InvalidEnvelope`](crate::Error::InvalidEnvelope) if a parcel is another
    ///   application's, or if a message id is there twice.
    /// - [`Error::Backend`](crate::Error::Backend) if writing fails.
    ///
    /// After an error nothing was stored, unless it is a `Backend` error whose source says that the
    /// outcome is not known.
    fn append(
        &self,
        parcels: Vec<Parcel>,
        expect: Expect,
    ) -> impl Future<Output = Result<Range<u64>>> + Send;

    /// Removes the events below `before`.
    ///
    /// # Cancel safety
    ///
    /// A future that is dropped has truncated, or not.
    ///
    /// # Errors
    ///
    /// [`Error::PastTheEnd`](crate::Error::PastTheEnd) if `before` lies past the next offset,
    /// [`Error::Backend`](crate::Error::Backend) if writing fails.
    fn truncate(&self, before: u64) -> impl Future<Output = Result<()>> + Send;
}

#[deny(clippy::missing_trait_methods)]
impl<S: EventStore> EventStore for Arc<S> {
    fn append(
        &self,
        parcels: Vec<Parcel>,
        expect: Expect,
    ) -> impl Future<Output = Result<Range<u64>>> + Send {
        S::append(self, parcels, expect)
    }

    fn truncate(&self, before: u64) -> impl Future<Output = Result<()>> + Send {
        S::truncate(self, before)
    }
}
