use std::{future::Future, sync::Arc, time::Duration};

use eventstream_core::{BoxError, EventStore, Expect, Identity, Parcel};
use eventstream_memory::MemoryStream;
use eventstream_network::{NetworkServer, NetworkStream, Protocol};
use eventstream_persisted::EmbeddedStore;
use eventstream_streamtest::{
    Profile, RETAINED_EVENTS, StreamEnv, StreamHarness, Timing, event_types, stream_suite,
};

use crate::support::Running;

/// What the backend reads ahead, and of 4 KiB each what fits into the windows and buffers on both
/// sides.
const READ_AHEAD: usize = 6_000;

/// What stands behind the server.
trait Backend: Send + Sync + Sized + 'static {
    fn start(first_offset: u64) -> impl Future<Output = Result<Self, BoxError>> + Send;
    fn application(&self) -> &Identity;
    fn server(&self) -> NetworkServer;
    fn append(&self, parcels: Vec<Parcel>) -> impl Future<Output = Result<(), BoxError>> + Send;
    fn truncate(&self, before: u64) -> impl Future<Output = Result<(), BoxError>> + Send;
}

struct Memory(MemoryStream, Identity);

impl Backend for Memory {
    async fn start(first_offset: u64) -> Result<Self, BoxError> {
        let application = Identity::new("memory", "1c2f7a52-7d0a-4b7e-8f0e-6a5d5a0b3c11");
        let stream = MemoryStream::builder(application.clone())
            .event_types(event_types())
            .first_offset(first_offset)
            .buffer_size(RETAINED_EVENTS + READ_AHEAD)
            .build();
        Ok(Self(stream, application))
    }

    fn application(&self) -> &Identity {
        &self.1
    }

    fn server(&self) -> NetworkServer {
        NetworkServer::builder().host(self.0.clone()).build().unwrap()
    }

    async fn append(&self, parcels: Vec<Parcel>) -> Result<(), BoxError> {
        self.0.append(parcels)?;
        Ok(())
    }

    async fn truncate(&self, before: u64) -> Result<(), BoxError> {
        Ok(self.0.truncate(before)?)
    }
}

struct Persisted {
    store: EmbeddedStore,
    _directory: tempfile::TempDir,
}

impl Backend for Persisted {
    async fn start(first_offset: u64) -> Result<Self, BoxError> {
        let directory = tempfile::tempdir()?;
        let store = EmbeddedStore::builder(directory.path().join("store"))
            .create_for(Identity::new("app", "app-key"))
            .first_offset(first_offset)
            .open()
            .await?;
        Ok(Self { store, _directory: directory })
    }

    fn application(&self) -> &Identity {
        self.store.application()
    }

    fn server(&self) -> NetworkServer {
        NetworkServer::builder().host(self.store.stream(event_types())).build().unwrap()
    }

    async fn append(&self, parcels: Vec<Parcel>) -> Result<(), BoxError> {
        self.store.append(parcels, Expect::Any).await?;
        Ok(())
    }

    async fn truncate(&self, before: u64) -> Result<(), BoxError> {
        Ok(self.store.truncate(before).await?)
    }
}

struct Harness<B> {
    protocol: Protocol,
    prefetch: usize,
    backend: std::marker::PhantomData<fn() -> B>,
}

const fn of<B>(protocol: Protocol, prefetch: usize) -> Harness<B> {
    Harness { protocol, prefetch, backend: std::marker::PhantomData }
}

impl<B: Backend> Harness<B> {
    async fn start(&self, first_offset: u64) -> Result<Env<B>, BoxError> {
        let backend = B::start(first_offset).await?;
        let server = Running::start_server(backend.server()).await;
        let stream = NetworkStream::connect(&server.endpoint, backend.application().clone())
            .await?
            .protocol(self.protocol)
            .prefetch(self.prefetch);
        Ok(Env { stream, backend, _server: server })
    }
}

impl<B: Backend> StreamHarness for Harness<B> {
    type Env = Env<B>;

    async fn start(&self) -> Result<Env<B>, BoxError> {
        self.start(0).await
    }

    async fn start_at(&self, first_offset: u64) -> Result<Option<Env<B>>, BoxError> {
        self.start(first_offset).await.map(Some)
    }

    fn timing(&self) -> Timing {
        match self.protocol {
            Protocol::A | Protocol::B => {
                // The case that is waived takes a quarter of it.
                Timing::default().deadline(Duration::from_secs(30))
            }
            _ => Timing::default(),
        }
    }

    fn profile(&self) -> Profile {
        let profile = Profile::full().read_ahead(READ_AHEAD);
        match self.protocol {
            Protocol::A | Protocol::B => profile.without(
                "position::moves_over_filtered_events",
                "the protocol says nothing of what does not match",
            ),
            _ => profile,
        }
    }
}

struct Env<B> {
    stream: NetworkStream,
    backend: B,
    _server: Arc<Running>,
}

impl<B: Backend> StreamEnv for Env<B> {
    type Stream = NetworkStream;

    fn stream(&self) -> &NetworkStream {
        &self.stream
    }

    async fn append(&self, parcels: Vec<Parcel>) -> Result<(), BoxError> {
        self.backend.append(parcels).await
    }

    async fn truncate(&self, before: u64) -> Result<(), BoxError> {
        self.backend.truncate(before).await
    }
}

stream_suite!(mod ours_memory_0: of::<Memory>(Protocol::Ours, 0));
stream_suite!(mod ours_memory_1: of::<Memory>(Protocol::Ours, 1));
stream_suite!(mod ours_memory_100: of::<Memory>(Protocol::Ours, 100));
stream_suite!(mod ours_persisted_0: of::<Persisted>(Protocol::Ours, 0));
stream_suite!(mod ours_persisted_1: of::<Persisted>(Protocol::Ours, 1));
stream_suite!(mod ours_persisted_100: of::<Persisted>(Protocol::Ours, 100));
stream_suite!(mod a_memory_0: of::<Memory>(Protocol::A, 0));
stream_suite!(mod a_memory_1: of::<Memory>(Protocol::A, 1));
stream_suite!(mod a_memory_100: of::<Memory>(Protocol::A, 100));
stream_suite!(mod a_persisted_0: of::<Persisted>(Protocol::A, 0));
stream_suite!(mod a_persisted_1: of::<Persisted>(Protocol::A, 1));
stream_suite!(mod a_persisted_100: of::<Persisted>(Protocol::A, 100));
stream_suite!(mod b_memory_0: of::<Memory>(Protocol::B, 0));
stream_suite!(mod b_memory_1: of::<Memory>(Protocol::B, 1));
stream_suite!(mod b_memory_100: of::<Memory>(Protocol::B, 100));
stream_suite!(mod b_persisted_0: of::<Persisted>(Protocol::B, 0));
stream_suite!(mod b_persisted_1: of::<Persisted>(Protocol::B, 1));
stream_suite!(mod b_persisted_100: of::<Persisted>(Protocol::B, 100));
