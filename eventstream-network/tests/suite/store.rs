use std::{fs::File, path::PathBuf, sync::Arc};

use eventstream_core::{BoxError, EventStore, EventTypes, Expect, Identity, Parcel};
use eventstream_network::{NetworkClient, NetworkServer, NetworkStore};
use eventstream_persisted::EmbeddedStore;
use eventstream_streamtest::{Profile, SlowAppend, StoreEnv, StoreHarness, store_suite};

use crate::support::{Running, application};

/// The embedded store, behind a server.
#[derive(Clone, Copy)]
struct Harness {
    streaming: bool,
}

impl Harness {
    fn client(self, client: &NetworkClient) -> NetworkStore {
        let store = client.store(application());
        if self.streaming { store.streaming() } else { store }
    }
}

impl StoreHarness for Harness {
    type Env = Env;

    async fn start(&self) -> Result<Env, BoxError> {
        Env::start(*self, 0).await
    }

    async fn start_at(&self, first_offset: u64) -> Result<Option<Env>, BoxError> {
        Env::start(*self, first_offset).await.map(Some)
    }

    fn profile(&self) -> Profile {
        // Pages of the store, and what is on its way.
        Profile::full().read_ahead(6_000)
    }
}

struct Env {
    harness: Harness,
    store: NetworkStore,
    server: Arc<Running>,
    path: PathBuf,
    directory: Arc<tempfile::TempDir>,
}

impl Env {
    async fn start(harness: Harness, first_offset: u64) -> Result<Self, BoxError> {
        let directory = tempfile::tempdir()?;
        let path = directory.path().join("store");
        let builder = EmbeddedStore::builder(&path).create_for(application());
        let store = builder.first_offset(first_offset).open().await?;
        Self::serve(harness, store, path, Arc::new(directory)).await
    }

    async fn serve(
        harness: Harness,
        store: EmbeddedStore,
        path: PathBuf,
        directory: Arc<tempfile::TempDir>,
    ) -> Result<Self, BoxError> {
        let builder =
            NetworkServer::builder().host_with_store(store.stream(EventTypes::any()), store);
        let server = Running::start(builder).await;
        let store = harness.client(&NetworkClient::connect(&server.endpoint).await?);
        Ok(Self { harness, store, server, path, directory })
    }
}

impl StoreEnv for Env {
    type Store = NetworkStore;

    fn store(&self) -> &NetworkStore {
        &self.store
    }

    fn application(&self) -> &Identity {
        self.store.application()
    }

    async fn reopen(self) -> Result<Self, BoxError> {
        let Self { harness, store, server, path, directory } = self;
        drop(store);
        server.shutdown.cancel();
        while !server.is_finished() {
            tokio::task::yield_now().await;
        }
        drop(server);
        Self::serve(harness, EmbeddedStore::open(&path).await?, path, directory).await
    }

    async fn open_another(&self) -> Result<Option<NetworkStore>, BoxError> {
        let client = NetworkClient::connect(&self.server.endpoint).await?;
        Ok(Some(self.harness.client(&client)))
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

store_suite!(mod unary: Harness { streaming: false });
store_suite!(mod streaming: Harness { streaming: true });
