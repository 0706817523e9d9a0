use std::future::Future;

use eventstream_core::{BoxError, EventRepository, Identity, Parcel};

use crate::{Profile, Timing};

/// Starts the repositories that [`repository_suite!`](crate::repository_suite) runs its cases on.
///
/// Every case gets environments of its own, on a runtime of its own, and cases run side by side.
/// Every [`StoreHarness`](crate::StoreHarness) is one, too.
///
/// # Contract
///
/// - The repository keeps what a case appends until the case truncates it: see
///   [`RETAINED_EVENTS`](crate::RETAINED_EVENTS) and [`RETAINED_BYTES`](crate::RETAINED_BYTES).
///
/// # Examples
///
/// See [the crate](crate#repositories).
pub trait RepositoryHarness: Send + Sync + 'static {
    /// What one case needs.
    type Env: RepositoryEnv;

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

/// A repository under test, and what its writer can do.
pub trait RepositoryEnv: Send + Sync + 'static {
    /// The repository.
    type Repository: EventRepository;

    /// The repository.
    fn repository(&self) -> &Self::Repository;

    /// The application whose events it holds.
    fn application(&self) -> &Identity;

    /// Appends events in this order, one after the other or all at once; they can be read once it
    /// has returned. Cases call it one at a time.
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
