//! The conformance suite for streams: with the cache and without, with notifications and without.

use eventstream_core::{BoxError, DynStream, EventStore, EventStream, EventTypes, Expect, Parcel};
use eventstream_persisted::{PersistedStream, PostgresStore, PostgresStoreBuilder};
use eventstream_streamtest::{
    Profile, StreamEnv, StreamHarness, event_types, stream_cases, stream_suite,
};

use crate::store_suite::{fresh_application, profile, shared};

struct Harness<S> {
    options: fn(PostgresStoreBuilder) -> PostgresStoreBuilder,
    stream: fn(&PostgresStore) -> S,
}

struct Env<S> {
    stream: S,
    /// What is appended to: the stream's store, or another one.
    store: PostgresStore,
}

impl<S: EventStream> Harness<S> {
    async fn start(&self, first_offset: u64) -> Result<Env<S>, BoxError> {
        let builder = shared()?.create_for(fresh_application()).first_offset(first_offset);
        let store = (self.options)(builder).open().await?;
        Ok(Env { stream: (self.stream)(&store), store })
    }
}

impl<S: EventStream> StreamHarness for Harness<S> {
    type Env = Env<S>;

    fn profile(&self) -> Profile {
        profile(stream_cases())
    }

    async fn start(&self) -> Result<Env<S>, BoxError> {
        self.start(0).await
    }

    async fn start_at(&self, first_offset: u64) -> Result<Option<Env<S>>, BoxError> {
        self.start(first_offset).await.map(Some)
    }
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

/// A stream of a store that another one is appended to, as that of another process would be.
struct FromOutside;

impl StreamHarness for FromOutside {
    type Env = Env<PersistedStream<PostgresStore>>;

    fn profile(&self) -> Profile {
        profile(stream_cases())
    }

    async fn start(&self) -> Result<Self::Env, BoxError> {
        Ok(self.start_at(0).await?.ok_or("there is none")?)
    }

    async fn start_at(&self, first_offset: u64) -> Result<Option<Self::Env>, BoxError> {
        let builder = shared()?.create_for(fresh_application()).first_offset(first_offset);
        let store = builder.clone().open().await?;
        let stream = declared(&builder.open().await?);
        Ok(Some(Env { stream, store }))
    }
}

fn declared(store: &PostgresStore) -> PersistedStream<PostgresStore> {
    store.stream(event_types())
}

fn erased(store: &PostgresStore) -> DynStream {
    DynStream::new(store.stream(EventTypes::any()))
}

stream_suite!(mod stream: Harness { options: |builder| builder, stream: declared });
stream_suite!(
    mod stream_polling: Harness {
        options: |builder| {
            let every = std::time::Duration::from_millis(20);
            builder.recent_events(0).transaction_pooler().poll_interval(every)
        },
        stream: erased
    }
);
stream_suite!(mod stream_from_outside: FromOutside);
