//! Opening a store.

use std::path::Path;

use eventstream_core::{Error, Identity};
use eventstream_persisted::{
    AnyStore, AnyStoreBuilder, EmbeddedStore, EmbeddedStoreError, Engine, StoreLocation,
};
use tokio::task;

use super::{
    choice::{Holder, choose},
    shell::quoted,
};
use crate::{
    failure::{Failure, said_by_backend},
    interrupt::{self, Work},
    naming::{self, Application},
};

/// The application of a new store, if none is named.
const DEFAULT_APPLICATION: &str = "default";

/// Opens a store that is there: the one of this application, if it is named.
pub(super) async fn open(
    location: &StoreLocation,
    wanted: Option<&Application>,
) -> Result<AnyStore, Failure> {
    let builder = builder_of(location, wanted).await?;
    let store = opened(builder, location).await?;
    check_application(&store, wanted)?;
    Ok(store)
}

/// The builder for a store that is there. It is chosen among several, where there may be several.
pub(super) async fn builder_of(
    location: &StoreLocation,
    wanted: Option<&Application>,
) -> Result<AnyStoreBuilder, Failure> {
    let builder = AnyStore::builder(location);
    if location.engine() != Some(Engine::Postgres) {
        return Ok(builder);
    }
    let found = builder.applications().await.map_err(|error| failure(&error))?;
    if found.is_empty() {
        return Ok(builder);
    }
    Ok(builder.application_key(choose(&Holder::store(location), found, wanted)?.key))
}

/// Opens the stores of all applications whose events are kept there.
pub(super) async fn open_all(
    location: &StoreLocation,
    stores: &mut Vec<AnyStore>,
) -> Result<(), Failure> {
    if location.engine() != Some(Engine::Postgres) {
        stores.push(open(location, None).await?);
        return Ok(());
    }
    let builder = AnyStore::builder(location);
    let found = builder.applications().await.map_err(|error| failure(&error))?;
    if found.is_empty() {
        // Which says what is missing.
        stores.push(opened(builder.clone(), location).await?);
    }
    for application in found {
        stores.push(opened(builder.clone().application_key(application.key), location).await?);
    }
    Ok(())
}

/// Whether it is of this application, in a failure.
pub(super) fn check_application(
    store: &AnyStore,
    wanted: Option<&Application>,
) -> Result<(), Failure> {
    match wanted {
        Some(wanted) if !wanted.means(store.application()) => Err(Failure::new(format!(
            "{} keeps the events of {}, not of {}",
            store.location(),
            store.application(),
            wanted.0,
        ))
        .hint("leave --application out, or name another store")),
        _ => Ok(()),
    }
}

async fn opened(builder: AnyStoreBuilder, location: &StoreLocation) -> Result<AnyStore, Failure> {
    match builder.open().await {
        Ok(store) => Ok(store),
        Err(error) if AnyStoreBuilder::is_missing(&error) => {
            // A URL may have more in it than may be shown.
            let shown = location.directory().map(|path| quoted(&path.display().to_string()));
            Err(failure(&error).hint(format!(
                "to create one, append to it: eventstream append --store {} < events.ndjson",
                shown.as_deref().unwrap_or("LOCATION")
            )))
        }
        Err(error) => Err(not_opened(&error, location).await),
    }
}

/// Opens a store, and does something with it, which an interrupt ends at once.
pub(super) async fn with<T>(
    location: &StoreLocation,
    wanted: Option<&Application>,
    work: impl AsyncFnOnce(&AnyStore) -> Result<T, Failure>,
) -> Result<T, Failure> {
    let interrupted = interrupt::listen(Work::Unfinished);
    let work = async {
        let opened = open(location, wanted).await?;
        let closing = Closing::of(opened.clone());
        // Goes before the other handle, also when all of this is dropped.
        let store = opened;
        work(&store).await.map(|done| (done, closing))
    };
    let (done, closing) = tokio::select! {
        biased;
        () = interrupted.cancelled() => Err(Failure::new("interrupted")),
        result = work => result,
    }?;
    // What is done is done.
    interrupt::finish(&interrupted, closing.close()).await;
    Ok(done)
}

/// A store that nobody waits for when it is dropped: it may have something under way.
pub(super) struct Closing(Option<AnyStore>);

impl Closing {
    pub(super) fn of(store: AnyStore) -> Self {
        Self(Some(store))
    }

    pub(super) async fn close(mut self) {
        let store = self.0.take();
        // It is closed in any case.
        let _ = task::spawn_blocking(move || drop(store)).await;
    }
}

impl Drop for Closing {
    fn drop(&mut self) {
        if let Some(store) = self.0.take() {
            task::spawn_blocking(move || drop(store));
        }
    }
}

/// A store to append to: one that is there, or one that is not made before there is something to
/// append.
pub(super) enum Target {
    Existing(AnyStore),
    New(NewStore),
}

pub(super) struct NewStore {
    location: StoreLocation,
    application: Identity,
    is_named: bool,
}

impl NewStore {
    /// Whether somebody has said whose events it is to keep.
    pub(super) fn is_named(&self) -> bool {
        self.is_named
    }

    pub(super) async fn create(self) -> Result<AnyStore, Failure> {
        open_or_create(&self.location, self.application).await
    }
}

impl Target {
    /// Looks at what is at the location, and changes nothing. A store that is there is opened, if it
    /// keeps this application's events.
    pub(super) async fn at(
        location: &StoreLocation,
        application: Option<Application>,
    ) -> Result<Self, Failure> {
        let builder = AnyStore::builder(location);
        if location.engine() == Some(Engine::Postgres) {
            let found = builder.applications().await.map_err(|error| failure(&error))?;
            let is_there = |wanted: &Application| found.iter().any(|it| wanted.means(it));
            if found.is_empty() || application.as_ref().is_some_and(|it| !is_there(it)) {
                // There is room for one more.
                return Ok(Self::New(NewStore::of(location, application)));
            }
            let chosen = choose(&Holder::store(location), found, application.as_ref())?;
            let store = opened(builder.application_key(chosen.key), location).await?;
            return Ok(Self::Existing(store));
        }
        match (builder.open().await, application) {
            (Ok(store), None) => Ok(Self::Existing(store)),
            (Ok(store), Some(application)) => {
                if store.application().key == application.0.key {
                    Ok(Self::Existing(store))
                } else {
                    // Which says what is wrong.
                    open_or_create(location, application.0).await.map(Self::Existing)
                }
            }
            (Err(error), application) if AnyStoreBuilder::is_missing(&error) => {
                Ok(Self::New(NewStore::of(location, application)))
            }
            (Err(error), _) => Err(not_opened(&error, location).await),
        }
    }

    pub(super) fn application(&self) -> &Identity {
        match self {
            Self::Existing(store) => store.application(),
            Self::New(NewStore { application, .. }) => application,
        }
    }
}

impl NewStore {
    fn of(location: &StoreLocation, application: Option<Application>) -> Self {
        Self {
            location: location.clone(),
            is_named: application.is_some(),
            application: application.map_or_else(
                || Identity::new(DEFAULT_APPLICATION, naming::key_of(DEFAULT_APPLICATION)),
                |Application(application)| application,
            ),
        }
    }
}

/// Opens a store, and makes it if it is not there.
pub(super) async fn open_or_create(
    location: &StoreLocation,
    application: Identity,
) -> Result<AnyStore, Failure> {
    let builder = AnyStore::builder(location).create_for(application.clone());
    let store = builder.open().await.map_err(|error| {
        let failure = failure(&error);
        match problem(&error) {
            Some(EmbeddedStoreError::OtherApplication { .. }) => failure.hint(OTHER_APPLICATION),
            _ => failure,
        }
    })?;
    if store.application().key == application.key {
        Ok(store)
    } else {
        let text = format!("{location} keeps the events of {}", store.application());
        Err(Failure::new(text).hint(OTHER_APPLICATION))
    }
}

const OTHER_APPLICATION: &str =
    "leave --application out to append to this store, or name another one";

/// Whether something in the store is damaged.
pub(super) fn is_damage(error: &Error) -> bool {
    matches!(problem(error), Some(EmbeddedStoreError::Damaged { .. }))
}

/// What to do about events that can't be read.
pub(super) fn advice_on_damage(error: &Error, location: &StoreLocation) -> Option<String> {
    let store = quoted(&location.to_string());
    is_damage(error).then(|| {
        format!(
            "eventstream verify --store {store} says what else is damaged, and what can be done"
        )
    })
}

/// Why what is there could not be opened; and where there is a store, if it is one directory
/// further down, as the demo's is.
async fn not_opened(error: &Error, location: &StoreLocation) -> Failure {
    let failure = failure(error);
    if let Some(EmbeddedStoreError::NotAStore { .. }) = problem(error) {
        let inner = location.directory().unwrap_or(Path::new("")).join("store");
        if EmbeddedStore::open(&inner).await.is_ok() {
            return failure.hint(format!("did you mean --store {}?", inner.display()));
        }
    }
    failure
}

/// What the store says of itself is enough: it names its place.
pub(super) fn failure(error: &Error) -> Failure {
    match error {
        Error::Backend { source, .. } => Failure::of(&**source),
        error => Failure::of(error),
    }
}

fn problem(error: &Error) -> Option<&EmbeddedStoreError> {
    said_by_backend(error)
}
