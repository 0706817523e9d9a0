//! The conformance suite for stores: as the store is by default, and with logs so short that events
//! are sealed and ids merged all the time; with LZ4 and without.

use std::{fs::File, path::PathBuf, sync::Arc};

use eventstream_core::{BoxError, DynStore, EventStore, Expect, Identity, Parcel};
use eventstream_persisted::{AnyStore, Compression, EmbeddedStore, EmbeddedStoreBuilder};
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
struct Erased<S>(Harness, fn(EmbeddedStore) -> S);

struct ErasedEnv<S> {
    env: Env,
    store: S,
    erase: fn(EmbeddedStore) -> S,
}

impl<S> ErasedEnv<S> {
    fn new(env: Env, erase: fn(EmbeddedStore) -> S) -> Self {
        Self { store: erase(env.store.clone()), env, erase }
    }
}

impl<S: EventStore> StoreHarness for Erased<S> {
    type Env = ErasedEnv<S>;

    fn profile(&self) -> Profile {
        self.0.profile()
    }

    async fn start(&self) -> Result<ErasedEnv<S>, BoxError> {
        Ok(ErasedEnv::new(StoreHarness::start(&self.0).await?, self.1))
    }

    async fn start_at(&self, first_offset: u64) -> Result<Option<ErasedEnv<S>>, BoxError> {
        let env = self.0.start_at(first_offset).await?;
        Ok(env.map(|env| ErasedEnv::new(env, self.1)))
    }
}

impl<S: EventStore> StoreEnv for ErasedEnv<S> {
    type Store = S;

    fn store(&self) -> &S {
        &self.store
    }

    fn application(&self) -> &Identity {
        self.env.application()
    }

    async fn reopen(self) -> Result<Self, BoxError> {
        drop(self.store);
        Ok(Self::new(self.env.reopen().await?, self.erase))
    }

    async fn open_another(&self) -> Result<Option<S>, BoxError> {
        Ok(self.env.open_another().await?.map(self.erase))
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
store_suite!(mod erased: Erased(BY_DEFAULT, DynStore::new));
store_suite!(mod any: Erased(BY_DEFAULT, AnyStore::from));
