use std::future::Future;

use eventstream_core::{BoxError, EventStream, Parcel};

use crate::{Profile, Timing};

/// How many events a case leaves on a stream or in a store at most, truncated ones not counted: one
/// that truncates itself has to be given room for them.
///
/// [`Profile::read_ahead`] and `EVENTSTREAM_MODEL_OPS` can ask for more.
pub const RETAINED_EVENTS: usize = 4_096;

/// How many bytes the parcels of a case have at most; see [`RETAINED_EVENTS`].
pub const RETAINED_BYTES: usize = 8 << 20;

/// Starts the streams that [`stream_suite!`](crate::stream_suite) runs its cases on.
///
/// Every case gets environments of its own, on a runtime of its own, and cases run side by side.
///
/// # Contract
///
/// - The stream carries the suite's [`event_types`](crate::event_types): either it declares them,
///   or it is open. It may declare others as well.
/// - It keeps what a case appends until the case truncates it: see [`RETAINED_EVENTS`] and
///   [`RETAINED_BYTES`].
///
/// # Examples
///
/// See [the crate](crate#examples).
pub trait StreamHarness: Send + Sync + 'static {
    /// What one case needs.
    type Env: StreamEnv;

    /// Starts a fresh, empty environment that shares nothing with any other. Dropping it cleans
    /// up.
    ///
    /// # Errors
    ///
    /// If it can't be started: the case fails.
    fn start(&self) -> impl Future<Output = Result<Self::Env, BoxError>> + Send;

    /// As [`start`](Self::start), but the first event that is appended gets this offset.
    ///
    /// As provided, it says `None`: it can't be done. The cases that need it then fail, and have
    /// to be waived by the [`profile`](Self::profile).
    ///
    /// # Errors
    ///
    /// If it can't be started: the case fails.
    fn start_at(
        &self,
        first_offset: u64,
    ) -> impl Future<Output = Result<Option<Self::Env>, BoxError>> + Send {
        let _ = first_offset;
        async { Ok(None) }
    }

    /// How long the cases wait.
    fn timing(&self) -> Timing {
        Timing::default()
    }

    /// Which cases are waived, and why.
    fn profile(&self) -> Profile {
        Profile::full()
    }
}

/// A stream under test, and what its writer can do.
pub trait StreamEnv: Send + Sync + 'static {
    /// The stream.
    type Stream: EventStream;

    /// The stream.
    fn stream(&self) -> &Self::Stream;

    /// Appends events in this order; they can be read once it has returned. Their application is
    /// that of the stream.
    ///
    /// # Errors
    ///
    /// If they can't be appended: the case fails, unless it is one that appends too much.
    fn append(&self, parcels: Vec<Parcel>) -> impl Future<Output = Result<(), BoxError>> + Send;

    /// Removes the events below `before`, which is never past the end; they can't be read any
    /// more once it has returned.
    ///
    /// # Errors
    ///
    /// If it can't be done: the case fails.
    fn truncate(&self, before: u64) -> impl Future<Output = Result<(), BoxError>> + Send;
}
