//! The conformance suite, over an embedded store: what is under test is that all is passed on.

use std::{fs::File, path::PathBuf, sync::Arc};

use eventstream_core::{BoxError, EventStore, Expect, Identity, Parcel};
use eventstream_persisted::AnyStore;
use eventstream_streamtest::{Profile, SlowAppend, StoreEnv, StoreHarness, store_suite};

use crate::application;

struct Harness;

struct Env {
    store: AnyStore,
    path: PathBuf,
    directory: Arc<tempfile::TempDir>,
}

impl Env {
    async fn start(first_offset: u64) -> Result<Self, BoxError> {
        let directory = tempfile::tempdir()?;
        let path = directory.path().join("store");
        let builder = AnyStore::builder(path.as_path()).create_for(application());
        let store = builder.first_offset(first_offset).open().await?;
        Ok(Self { store, path, directory: Arc::new(directory) })
    }
}

impl StoreHarness for Harness {
    type Env = Env;

    fn profile(&self) -> Profile {
        // Pages that are on their way.
        Profile::full().read_ahead(5_000)
    }

    async fn start(&self) -> Result<Env, BoxError> {
        Env::start(0).await
    }

    async fn start_at(&self, first_offset: u64) -> Result<Option<Env>, BoxError> {
        Env::start(first_offset).await.map(Some)
    }
}

impl StoreEnv for Env {
    type Store = AnyStore;

    fn store(&self) -> &AnyStore {
        &self.store
    }

    fn application(&self) -> &Identity {
        self.store.application()
    }

    async fn reopen(self) -> Result<Self, BoxError> {
        let Self { store, path, directory } = self;
        drop(store);
        let store = AnyStore::open(path.as_path()).await?;
        Ok(Self { store, path, directory })
    }

    async fn open_another(&self) -> Result<Option<AnyStore>, BoxError> {
        Ok(Some(AnyStore::open(self.path.as_path()).await?))
    }

    async fn begin_slow_append(
        &self,
        parcels: Vec<Parcel>,
    ) -> Result<Option<SlowAppend>, BoxError> {
        // Another process's turn: the append stands before its commit for as long.
        let lock = File::options().write(true).open(self.path.join("lock"))?;
        lock.lock()?;
        let (store, directory) = (self.store.clone(), self.directory.clone());
        let appending = tokio::spawn(async move { store.append(parcels, Expect::Any).await });
        Ok(Some(SlowAppend::new(async move {
            drop(lock);
            let appended = appending.await;
            drop(directory);
            appended.map_err(|error| eventstream_core::Error::backend("append", false, error))?
        })))
    }
}

store_suite!(mod any: Harness);
