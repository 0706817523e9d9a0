//! The conformance suite for stores: all of them in one schema, told apart by their applications.

use eventstream_core::{BoxError, Expect, Identity, Parcel};
use eventstream_persisted::{PostgresStore, PostgresStoreBuilder};
use eventstream_streamtest::{
    Profile, SlowAppend, StoreEnv, StoreHarness, repository_suite, store_cases, store_suite,
};

use crate::{
    server::{is_missing, server},
    support::{client, fresh_name},
};

/// Changes how a store is opened.
type Options = fn(PostgresStoreBuilder) -> PostgresStoreBuilder;

struct Harness(Options);

pub(crate) struct Env {
    options: Options,
    store: PostgresStore,
}

impl Env {
    async fn start(options: Options, first_offset: u64) -> Result<Self, BoxError> {
        let builder = shared()?.create_for(fresh_application()).first_offset(first_offset);
        Ok(Self { options, store: options(builder).open().await? })
    }

    async fn open(&self) -> Result<PostgresStore, BoxError> {
        let builder = shared()?.application_key(&self.store.application().key);
        Ok((self.options)(builder).open().await?)
    }
}

/// In a schema that all cases share.
pub(crate) fn shared() -> Result<PostgresStoreBuilder, BoxError> {
    let server = server().ok_or("there is no server")?;
    Ok(PostgresStore::builder(server.url()).schema("suites"))
}

/// An application that no other case has.
pub(crate) fn fresh_application() -> Identity {
    Identity::new("app", fresh_name())
}

/// Waived as a whole where there is no server: then each case fails, and that is said.
pub(crate) fn profile(cases: &[eventstream_streamtest::Case]) -> Profile {
    let full = Profile::full().read_ahead(10_000);
    if !is_missing() {
        return full;
    }
    cases
        .iter()
        .fold(full, |profile, case| profile.without(case.name(), "PostgreSQL is not installed"))
}

impl StoreHarness for Harness {
    type Env = Env;

    fn profile(&self) -> Profile {
        profile(store_cases())
    }

    async fn start(&self) -> Result<Env, BoxError> {
        Env::start(self.0, 0).await
    }

    async fn start_at(&self, first_offset: u64) -> Result<Option<Env>, BoxError> {
        Env::start(self.0, first_offset).await.map(Some)
    }
}

impl StoreEnv for Env {
    type Store = PostgresStore;

    fn store(&self) -> &PostgresStore {
        &self.store
    }

    fn application(&self) -> &Identity {
        self.store.application()
    }

    async fn reopen(mut self) -> Result<Self, BoxError> {
        self.store = self.open().await?;
        Ok(self)
    }

    async fn open_another(&self) -> Result<Option<PostgresStore>, BoxError> {
        self.open().await.map(Some)
    }

    /// In a transaction that is open until it is told to be committed.
    async fn begin_slow_append(
        &self,
        parcels: Vec<Parcel>,
    ) -> Result<Option<SlowAppend>, BoxError> {
        let mut client = client(&server().ok_or("there is no server")?.url()).await;
        let store = self.store.clone();
        let (commit, told) = tokio::sync::oneshot::channel::<()>();
        let (appended, has_appended) = tokio::sync::oneshot::channel();
        let appending = tokio::spawn(async move {
            let tx = client.transaction().await?;
            let outcome = store.append_in(&tx, parcels, Expect::Any).await;
            let _ = appended.send(());
            let _ = told.await;
            let range = outcome?;
            tx.commit().await?;
            Ok::<_, BoxError>(range)
        });
        has_appended.await?;
        Ok(Some(SlowAppend::new(async move {
            let _ = commit.send(());
            let appended = appending.await.map_err(BoxError::from).flatten();
            appended.map_err(|error| eventstream_core::Error::backend("append", false, error))
        })))
    }
}

store_suite!(mod store: Harness(|builder| builder));
// What a pooler leaves of it: nothing is told to anybody, and nothing is kept in a session.
store_suite!(mod store_without_session: Harness(PostgresStoreBuilder::transaction_pooler));
repository_suite!(mod repository: Harness(|builder| builder.connections(1).recent_events(0)));
