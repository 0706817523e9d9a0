use std::future::Future;

use eventstream_core::{BoxError, EventStore, Expect, Identity, Parcel};

use super::SlowAppend;
use crate::{Profile, RepositoryEnv, RepositoryHarness, Timing};

/// Starts the stores that [`store_suite!`](crate::store_suite) runs its cases on.
///
/// Every case gets environments of its own, on a runtime of its own, and cases run side by side.
///
/// As a store is a repository, each of these is a [`RepositoryHarness`], too:
/// [`repository_suite!`](crate::repository_suite) runs on it as well, though there is no need, as
/// [`store_suite!`](crate::store_suite) has its cases.
///
/// # Contract
///
/// - The store keeps what a case appends until the case truncates it: see
///   [`RETAINED_EVENTS`](crate::RETAINED_EVENTS) and [`RETAINED_BYTES`](crate::RETAINED_BYTES).
///
/// # Examples
///
/// See [the crate](crate#stores).
pub trait StoreHarness: Send + Sync + 'static {
    /// What one case needs.
    type Env: StoreEnv;

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

/// A store under test, and what can be done around it.
pub trait StoreEnv: Send + Sync + Sized + 'static {
    /// The store.
    type Store: EventStore;

    /// The store.
    fn store(&self) -> &Self::Store;

    /// The application whose events it keeps. It must not keep those of another.
    fn application(&self) -> &Identity;

    /// Closes the store, and opens it again on the same data: nothing of it may be left in memory,
    /// as when its process ends and another one begins. No call is under way.
    ///
    /// # Errors
    ///
    /// If it can't be done: the case fails.
    fn reopen(self) -> impl Future<Output = Result<Self, BoxError>> + Send;

    /// Another handle to the same data, beside the one that is there: one that shares as little
    /// with it as the handle of another process would.
    ///
    /// As provided, it says `None`: the store is for one handle at a time. The cases that need
    /// another one then fail, and have to be waived by the [`profile`](StoreHarness::profile).
    ///
    /// # Errors
    ///
    /// If it can't be done: the case fails.
    fn open_another(&self) -> impl Future<Output = Result<Option<Self::Store>, BoxError>> + Send {
        async { Ok(None) }
    }

    /// Begins an append as the store does it, and stops just before its commit, by a lock or a
    /// transaction that is left open: what has to be decided before the commit has been. It is
    /// committed once the [`SlowAppend`] is waited for.
    ///
    /// As provided, it says `None`: the store lets nobody come between. The case that needs it then
    /// fails, and has to be waived by the [`profile`](StoreHarness::profile).
    ///
    /// # Errors
    ///
    /// If it can't be done: the case fails.
    fn begin_slow_append(
        &self,
        parcels: Vec<Parcel>,
    ) -> impl Future<Output = Result<Option<SlowAppend>, BoxError>> + Send {
        drop(parcels);
        async { Ok(None) }
    }
}

impl<H: StoreHarness> RepositoryHarness for H {
    type Env = H::Env;

    fn start(&self) -> impl Future<Output = Result<Self::Env, BoxError>> + Send {
        StoreHarness::start(self)
    }

    fn start_at(
        &self,
        first_offset: u64,
    ) -> impl Future<Output = Result<Option<Self::Env>, BoxError>> + Send {
        StoreHarness::start_at(self, first_offset)
    }

    fn timing(&self) -> Timing {
        StoreHarness::timing(self)
    }

    fn profile(&self) -> Profile {
        // What is waived of the store's own cases is not known to the suite for repositories.
        StoreHarness::profile(self).without_waivers_of(super::suite::CASES)
    }
}

impl<E: StoreEnv> RepositoryEnv for E {
    type Repository = E::Store;

    fn repository(&self) -> &E::Store {
        self.store()
    }

    fn application(&self) -> &Identity {
        StoreEnv::application(self)
    }

    async fn append(&self, parcels: Vec<Parcel>) -> Result<(), BoxError> {
        self.store().append(parcels, Expect::Any).await?;
        Ok(())
    }

    async fn truncate(&self, before: u64) -> Result<(), BoxError> {
        Ok(self.store().truncate(before).await?)
    }
}
