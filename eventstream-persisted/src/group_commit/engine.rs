use std::{future::Future, ops::Range};

use eventstream_core::Result;

use super::Append;

/// What becomes of each append of a batch, in their order.
pub(crate) type Outcomes = Vec<Result<Range<u64>>>;

/// Stores what is appended.
pub(crate) trait Engine: Send + 'static {
    /// Commits a batch, which has at least one append; returns an outcome for each of them, in their
    /// order.
    ///
    /// Each outcome is as if the appends were made one after another: one that is refused changes
    /// nothing for the others. Where something fails that is nobody's own fault, each append says so.
    ///
    /// It is never dropped while the runtime is there, whatever becomes of those who append.
    fn commit(&mut self, batch: Vec<Append>) -> impl Future<Output = Outcomes> + Send;
}
