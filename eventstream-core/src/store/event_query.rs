use std::future::Future;

use crate::{Event, Result};

/// A finite run of events out of a repository, in the order of their offsets.
///
/// # Contract
///
/// Every rule names the case of `eventstream-streamtest` that proves it.
///
/// - All that matches and was committed when the query was made comes, in the order of the offsets,
///   each event once. What was committed since may come, and then without a gap.
///   (`query::returns_what_was_committed`, `query::appends_leave_no_gap`)
/// - [`position`](Self::position) is the offset of the next event that the query will look at: it
///   never moves past an event that matches and has not been returned, nor back. At first it is the
///   offset that was asked for, or further on over what does not match.
///   (`query::position_follows_the_events`)
/// - At the end the position is past every event that was committed when the query was made,
///   whether or not it matches. (`query::ends_past_what_was_committed`)
/// - [`next_batch`](Self::next_batch) adds `max` events at most; it may add fewer than are there,
///   but none only at the end. With a `max` of 0 it adds nothing, and that is not the end. What
///   `buf` held before stays. (`query::never_exceeds_max`, `query::adds_nothing_only_at_the_end`,
///   `query::max_zero_adds_nothing`, `query::keeps_what_the_buffer_held`)
/// - However large `max` is, a batch of several events holds 4 MiB of parcels at most: reading
///   takes bounded memory. (`query::is_bounded_in_bytes`)
/// - Queries are independent of each other. (`query::queries_do_not_compete`)
/// - A query that comes to a truncated part says [`Error::Truncated`](crate::Error::Truncated)
///   with its position and the oldest offset that is there. What it has read ahead it may still
///   return: a bounded number of events. (`truncation::overtakes_a_query`,
///   `truncation::spares_a_query_ahead_of_it`)
/// - An error comes alone: a call that adds events to `buf` succeeds. An error consumes nothing:
///   the next call says the same, or tries again. (`truncation::is_said_again`)
///
/// # Cancel safety
///
/// `next_batch` can be dropped while it is pending, and nothing is lost or repeated: state lives
/// in the query, never in the future. (`cancel::dropping_next_batch_loses_nothing`)
pub trait EventQuery: Send + 'static {
    /// Adds up to `max` events to `buf`, as they come with one read; returns how many. 0 is the
    /// end, if `max` was not 0. Fewer than `max` is not the end.
    ///
    /// # Cancel safety
    ///
    /// Can be dropped while it is pending: nothing is lost, and nothing was added to `buf`.
    ///
    /// # Errors
    ///
    /// [`Error::Truncated`](crate::Error::Truncated) if events that the query has yet to look at
    /// were truncated, [`Error::Backend`](crate::Error::Backend) if reading fails. After an error
    /// nothing was added to `buf`, and the next call tries again.
    fn next_batch(
        &mut self,
        buf: &mut Vec<Event>,
        max: usize,
    ) -> impl Future<Output = Result<usize>> + Send;

    /// The offset of the next event that the query will look at: everything below it was returned
    /// or does not match.
    fn position(&self) -> u64;
}
