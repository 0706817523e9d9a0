//! The conformance suite, on streams of the embedded store: with the cache and without, and
//! without their type.

use eventstream_core::{BoxError, DynStream, EventStore, EventStream, EventTypes, Expect, Parcel};
use eventstream_persisted::{EmbeddedStore, PersistedStream};
use eventstream_streamtest::{Profile, StreamEnv, StreamHarness, event_types, stream_suite};

use crate::support::application;

/// Makes the stream of a store that is tested.
type MakeStream<S> = fn(&EmbeddedStore) -> S;

struct Harness<S> {
    /// The size of the cache.
    recent_events: usize,
    /// After so many bytes events are sealed.
    segment_bytes: u64,
    stream: MakeStream<S>,
}

impl<S: EventStream> Harness<S> {
    async fn start(&self, first_offset: u64) -> Result<Env<S>, BoxError> {
        let directory = tempfile::tempdir()?;
        let store = EmbeddedStore::builder(directory.path().join("store"))
            .create_for(application())
            .first_offset(first_offset)
            .recent_events(self.recent_events)
            .segment_bytes(self.segment_bytes)
            .open()
            .await?;
        Ok(Env { stream: (self.stream)(&store), store, _directory: directory })
    }
}

impl<S: EventStream> StreamHarness for Harness<S> {
    type Env = Env<S>;

    async fn start(&self) -> Result<Env<S>, BoxError> {
        self.start(0).await
    }

    async fn start_at(&self, first_offset: u64) -> Result<Option<Env<S>>, BoxError> {
        self.start(first_offset).await.map(Some)
    }

    fn profile(&self) -> Profile {
        // Pages, and what `next` or the stream without its type takes of them.
        Profile::full().read_ahead(5_000)
    }
}

struct Env<S> {
    stream: S,
    store: EmbeddedStore,
    _directory: tempfile::TempDir,
}

impl<S: EventStream> StreamEnv for Env<S> {
    type Stream = S;

    fn stream(&self) -> &S {
        &self.stream
    }

    async fn append(&self, parcels: Vec<Parcel>) -> Result<(), BoxError> {
        self.store.append(parcels, Expect::Any).await?;
        Ok(())
    }

    async fn truncate(&self, before: u64) -> Result<(), BoxError> {
        Ok(self.store.truncate(before).await?)
    }
}

fn declared(store: &EmbeddedStore) -> PersistedStream<EmbeddedStore> {
    store.stream(event_types())
}

fn open(store: &EmbeddedStore) -> PersistedStream<EmbeddedStore> {
    store.stream(EventTypes::any())
}

fn erased(store: &EmbeddedStore) -> DynStream {
    DynStream::new(declared(store))
}

const LONG: u64 = 16 * 1024 * 1024;
const SHORT: u64 = 4096;

stream_suite!(mod persisted: Harness { recent_events: 100, segment_bytes: LONG, stream: declared });
stream_suite!(mod persisted_open: Harness { recent_events: 1, segment_bytes: SHORT, stream: open });
stream_suite!(
    mod persisted_without_cache: Harness { recent_events: 0, segment_bytes: LONG, stream: declared }
);
stream_suite!(
    mod persisted_sealing: Harness { recent_events: 0, segment_bytes: SHORT, stream: declared }
);
stream_suite!(
    mod persisted_dyn: Harness { recent_events: 10_000, segment_bytes: SHORT, stream: erased }
);
