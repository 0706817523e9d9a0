//! The conformance suites, on stores in a server that publishes batches, and on an old one.

use std::time::Duration;

use eventstream_core::{BoxError, EventStore, EventTypes, Expect, Identity, Parcel};
use eventstream_persisted::{JetStreamStore, JetStreamStoreBuilder, PersistedStream};
use eventstream_streamtest::{
    Case, Profile, SlowAppend, StoreEnv, StoreHarness, StreamEnv, StreamHarness, Timing,
    event_types, repository_suite, store_cases, store_suite, stream_cases, stream_suite,
};

use crate::support::{Program, application, not_run, shared, stream_name};

/// So many are read ahead: what the server was asked for, and two pages.
const READ_AHEAD: usize = 4_000;

/// What a server can't do, or one of them.
const WAIVED: [(&str, &str, Option<Program>); 4] = [
    ("offsets::near_the_largest", "servers get into trouble near the largest sequence", None),
    (
        "append::fails_if_too_few_offsets_are_left",
        "servers get into trouble near the largest sequence",
        None,
    ),
    (
        "concurrency::a_late_commit_is_never_stepped_over",
        "the server commits, and lets nobody come between",
        None,
    ),
    (
        "offsets::the_end_is_where_the_next_event_goes",
        "an old server begins at 0 only",
        Some(Program::Old),
    ),
];

#[derive(Clone, Copy)]
struct Harness {
    program: Program,
    recent_events: usize,
}

impl Harness {
    fn builder(self, stream: &str) -> Result<JetStreamStoreBuilder, BoxError> {
        let server = shared(self.program).ok_or("there is no server")?;
        Ok(JetStreamStore::builder(server.url(stream)).recent_events(self.recent_events))
    }

    async fn store(self, first_offset: u64) -> Result<JetStreamStore, BoxError> {
        let builder = self.builder(&stream_name())?.create_for(application());
        Ok(builder.first_offset(first_offset).open().await?)
    }

    /// Without a server all cases are waived, and each test says that it did not run.
    fn profile(self, cases: &[Case]) -> Profile {
        let profile = Profile::full().read_ahead(READ_AHEAD);
        if self.program.find().is_some() {
            // Those that this suite has.
            let waived =
                WAIVED.iter().filter(|(name, ..)| cases.iter().any(|case| case.name() == *name));
            return waived
                .filter(|(.., only)| only.is_none_or(|only| only == self.program))
                .fold(profile, |profile, (name, reason, _)| profile.without(*name, *reason));
        }
        not_run(&self.program.missing());
        cases
            .iter()
            .fold(profile, |profile, case| profile.without(case.name(), self.program.missing()))
    }
}

/// A machine that does other things, too.
fn timing() -> Timing {
    Timing::default().deadline(Duration::from_secs(180)).quiet(Duration::from_millis(150))
}

impl StoreHarness for Harness {
    type Env = Env;

    fn timing(&self) -> Timing {
        timing()
    }

    fn profile(&self) -> Profile {
        Harness::profile(*self, store_cases())
    }

    async fn start(&self) -> Result<Env, BoxError> {
        Ok(Env { harness: *self, store: self.store(0).await? })
    }

    async fn start_at(&self, first_offset: u64) -> Result<Option<Env>, BoxError> {
        Ok(Some(Env { harness: *self, store: self.store(first_offset).await? }))
    }
}

struct Env {
    harness: Harness,
    store: JetStreamStore,
}

impl StoreEnv for Env {
    type Store = JetStreamStore;

    fn store(&self) -> &JetStreamStore {
        &self.store
    }

    fn application(&self) -> &Identity {
        self.store.application()
    }

    async fn reopen(self) -> Result<Self, BoxError> {
        let Self { harness, store } = self;
        let name = store.name().to_owned();
        drop(store);
        Ok(Self { harness, store: harness.builder(&name)?.open().await? })
    }

    async fn open_another(&self) -> Result<Option<JetStreamStore>, BoxError> {
        Ok(Some(self.harness.builder(self.store.name())?.open().await?))
    }

    async fn begin_slow_append(&self, _: Vec<Parcel>) -> Result<Option<SlowAppend>, BoxError> {
        Ok(None)
    }
}

struct Streams {
    harness: Harness,
    declared: bool,
}

impl StreamHarness for Streams {
    type Env = StreamOf;

    fn timing(&self) -> Timing {
        timing()
    }

    fn profile(&self) -> Profile {
        self.harness.profile(stream_cases())
    }

    async fn start(&self) -> Result<StreamOf, BoxError> {
        Ok(StreamOf::new(self, &self.harness.store(0).await?))
    }

    async fn start_at(&self, first_offset: u64) -> Result<Option<StreamOf>, BoxError> {
        Ok(Some(StreamOf::new(self, &self.harness.store(first_offset).await?)))
    }
}

struct StreamOf {
    stream: PersistedStream<JetStreamStore>,
    program: Program,
}

impl StreamOf {
    fn new(streams: &Streams, store: &JetStreamStore) -> Self {
        let types = if streams.declared { event_types() } else { EventTypes::any() };
        Self { stream: store.stream(types), program: streams.harness.program }
    }
}

impl StreamEnv for StreamOf {
    type Stream = PersistedStream<JetStreamStore>;

    fn stream(&self) -> &Self::Stream {
        &self.stream
    }

    async fn append(&self, parcels: Vec<Parcel>) -> Result<(), BoxError> {
        let store = self.stream.repository();
        // A server takes so many at a time.
        let most = if self.program == Program::New { 1_000 } else { 1 };
        for parcels in parcels.chunks(most) {
            store.append(parcels.to_vec(), Expect::Any).await?;
        }
        Ok(())
    }

    async fn truncate(&self, before: u64) -> Result<(), BoxError> {
        Ok(self.stream.repository().truncate(before).await?)
    }
}

const NEW: Harness = Harness { program: Program::New, recent_events: 1_024 };
const OLD: Harness = Harness { program: Program::Old, ..NEW };

store_suite!(mod store: NEW);
repository_suite!(mod repository: Harness { recent_events: 0, ..NEW });
stream_suite!(mod stream: Streams { harness: NEW, declared: true });
stream_suite!(
    mod stream_without_cache: Streams {
        harness: Harness { recent_events: 0, ..NEW },
        declared: false,
    }
);
stream_suite!(mod stream_of_old_server: Streams { harness: OLD, declared: true });
