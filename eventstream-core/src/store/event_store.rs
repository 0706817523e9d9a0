use std::{future::Future, ops::Range, sync::Arc};

use crate::{EventRepository, Expect, Parcel, Result};

/// A repository that can be appended to.
///
/// # Contract
///
/// - An append is atomic, and durable before it returns.
/// - Offsets are dense, and given in the order of commits.
/// - Message ids are unique in a store. An append of which every message is stored already, one
///   after another in its order, is a repetition: it stores nothing and returns the range first
///   given, whatever it expects. If only some are stored, or elsewhere, it is an error, and
///   nothing is stored.
/// - An append of no parcels stores nothing and returns an empty range at the next offset.
pub trait EventStore: EventRepository {
    /// Appends parcels as one; returns the offsets that they have.
    ///
    /// # Cancel safety
    ///
    /// A future that is dropped has appended all or nothing; which of the two, is not known. To
    /// find out, append the same parcels again: a repetition stores nothing.
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

    /// Removes the events below `before`. Their offsets are never given again.
    ///
    /// Truncating below the oldest event does nothing.
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
