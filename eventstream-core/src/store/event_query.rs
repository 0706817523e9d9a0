use std::future::Future;

use crate::{Event, Result};

/// A finite run of events out of a repository, in the order of their offsets.
///
/// # Contract
///
/// - All that was committed when the query was made comes; what was committed since may come, and
///   then without a gap.
/// - [`position`](Self::position) never moves past an event that matches and has not been
///   returned. At the end it is past every event that was committed when the query was made.
pub trait EventQuery: Send + 'static {
    /// Adds up to `max` events to `buf`, as they come with one read; returns how many. 0 is the
    /// end, if `max` was not 0. Batches are bounded in bytes as well, so fewer than `max` is not
    /// the end.
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
