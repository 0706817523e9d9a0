//! The conformance suite for stores: as the store is by default, and with logs so short that events
//! are sealed and ids merged all the time; with LZ4 and without.

use std::{fs::File, path::PathBuf, sync::Arc};

use eventstream_core::{BoxError, DynStore, EventStore, Expect, Identity, Parcel};
use eventstream_persisted::{Compression, EmbeddedStore, EmbeddedStoreBuilder};
use eventstream_streamtest::{Profile, SlowAppend, StoreEnv, StoreHarness, store_suite};

use crate::support::application;

#[derive(Clone, Copy)]
struct Harness {
    segment_bytes: u64,
    compression: Compression,
}

impl Harness {
    fn builder(self, path: &PathBuf) -> EmbeddedStoreBuilder {
        EmbeddedStore::builder(path).segment_bytes(self.segment_bytes).compression(self.compression)
    }

    async fn start(self, first_offset: u64) -> Result<Env, BoxError> {
        let directory = tempfile::tempdir()?;
        let path = directory.path().join("store");
        let builder = self.builder(&path).create_for(application()).first_offset(first_offset);
        let store = builder.open().await?;
        Ok(Env { harness: self, store, path, directory: Arc::new(directory) })
    }
}

impl StoreHarness for Harness {
    type Env = Env;

    fn profile(&self) -> Profile {
        // Pages that are on their way.
        Profile::full().read_ahead(5_000)
    }

    async fn start(&self) -> Result<Env, BoxError> {
        Harness::start(*self, 0).await
    }

    async fn start_at(&self, first_offset: u64) -> Result<Option<Env>, BoxError> {
        Harness::start(*self, first_offset).await.map(Some)
    }
}

struct Env {
    harness: Harness,
    store: EmbeddedStore,
    path: PathBuf,
    directory: Arc<tempfile::TempDir>,
}

impl StoreEnv for Env {
    type Store = EmbeddedStore;

    fn store(&self) -> &EmbeddedStore {
        &self.store
    }

    fn application(&self) -> &Identity {
        self.store.application()
    }

    async fn reopen(self) -> Result<Self, BoxError> {
        let Self { harness, store, path, directory } = self;
        drop(store);
        let store = harness.builder(&path).open().await?;
        Ok(Self { harness, store, path, directory })
    }

    async fn open_another(&self) -> Result<Option<EmbeddedStore>, BoxError> {
        Ok(Some(self.harness.builder(&self.path).open().await?))
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

/// The same store, without its type.
struct Erased(Harness);

struct ErasedEnv {
    env: Env,
    store: DynStore,
}

impl ErasedEnv {
    fn new(env: Env) -> Self {
        Self { store: DynStore::new(env.store.clone()), env }
    }
}

impl StoreHarness for Erased {
    type Env = ErasedEnv;

    fn profile(&self) -> Profile {
        self.0.profile()
    }

    async fn start(&self) -> Result<ErasedEnv, BoxError> {
        StoreHarness::start(&self.0).await.map(ErasedEnv::new)
    }

    async fn start_at(&self, first_offset: u64) -> Result<Option<ErasedEnv>, BoxError> {
        Ok(self.0.start_at(first_offset).await?.map(ErasedEnv::new))
    }
}

impl StoreEnv for ErasedEnv {
    type Store = DynStore;

    fn store(&self) -> &DynStore {
        &self.store
    }

    fn application(&self) -> &Identity {
        self.env.application()
    }

    async fn reopen(self) -> Result<Self, BoxError> {
        drop(self.store);
        self.env.reopen().await.map(Self::new)
    }

    async fn open_another(&self) -> Result<Option<DynStore>, BoxError> {
        Ok(self.env.open_another().await?.map(DynStore::new))
    }

    async fn begin_slow_append(
        &self,
        parcels: Vec<Parcel>,
    ) -> Result<Option<SlowAppend>, BoxError> {
        self.env.begin_slow_append(parcels).await
    }
}

const BY_DEFAULT: Harness =
    Harness { segment_bytes: 16 * 1024 * 1024, compression: Compression::Lz4 };
const SEALING: Harness = Harness { segment_bytes: 4096, compression: Compression::Lz4 };

store_suite!(mod embedded: BY_DEFAULT);
store_suite!(mod embedded_sealing: SEALING);
store_suite!(mod embedded_unpacked: Harness { compression: Compression::None, ..SEALING });
store_suite!(mod erased: Erased(BY_DEFAULT));
