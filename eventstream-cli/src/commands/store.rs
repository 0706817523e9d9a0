//! Opening a store.

use std::path::{Path, PathBuf};

use eventstream_core::{Error, Identity};
use eventstream_persisted::{EmbeddedStore, EmbeddedStoreError};
use tokio::task;

use super::shell::quoted;
use crate::{
    failure::{Failure, said_by_backend},
    interrupt::{self, Work},
    naming::{self, Application},
};

/// The application of a new store, if none is named.
const DEFAULT_APPLICATION: &str = "default";

/// Opens a store that is there.
pub(super) async fn open(path: &Path) -> Result<EmbeddedStore, Failure> {
    match EmbeddedStore::open(path).await {
        Ok(store) => Ok(store),
        Err(error) if is_missing(&error) => {
            let path = quoted(&path.display().to_string());
            Err(failure(&error).hint(format!(
                "to create one, append to it: eventstream append --store {path} < events.ndjson"
            )))
        }
        Err(error) => Err(not_opened(&error, path).await),
    }
}

/// The same, if it is of this application.
pub(super) async fn open_of(
    path: &Path,
    wanted: Option<&Application>,
) -> Result<EmbeddedStore, Failure> {
    let store = open(path).await?;
    match wanted {
        Some(wanted) if !wanted.means(store.application()) => Err(Failure::new(format!(
            "{} keeps the events of {}, not of {}",
            path.display(),
            store.application(),
            wanted.0,
        ))
        .hint("leave --application out, or name another store")),
        _ => Ok(store),
    }
}

/// Opens a store, and does something with it, which an interrupt ends at once.
pub(super) async fn with<T>(
    path: &Path,
    work: impl AsyncFnOnce(&EmbeddedStore) -> Result<T, Failure>,
) -> Result<T, Failure> {
    let interrupted = interrupt::listen(Work::Unfinished);
    let work = async {
        let opened = open(path).await?;
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
pub(super) struct Closing(Option<EmbeddedStore>);

impl Closing {
    pub(super) fn of(store: EmbeddedStore) -> Self {
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
    Existing(EmbeddedStore),
    New(NewStore),
}

pub(super) struct NewStore {
    path: PathBuf,
    application: Identity,
    is_named: bool,
}

impl NewStore {
    /// Whether somebody has said whose events it is to keep.
    pub(super) fn is_named(&self) -> bool {
        self.is_named
    }

    pub(super) async fn create(self) -> Result<EmbeddedStore, Failure> {
        open_or_create(&self.path, self.application).await
    }
}

impl Target {
    /// Looks at what is at the path, and changes nothing. A store that is there is opened, if it
    /// keeps this application's events.
    pub(super) async fn at(path: &Path, application: Option<Identity>) -> Result<Self, Failure> {
        match (EmbeddedStore::open(path).await, application) {
            (Ok(store), None) => Ok(Self::Existing(store)),
            (Ok(_), Some(application)) => {
                open_or_create(path, application).await.map(Self::Existing)
            }
            (Err(error), application) if is_missing(&error) => Ok(Self::New(NewStore {
                path: path.to_owned(),
                is_named: application.is_some(),
                application: application.unwrap_or_else(|| {
                    Identity::new(DEFAULT_APPLICATION, naming::key_of(DEFAULT_APPLICATION))
                }),
            })),
            (Err(error), _) => Err(not_opened(&error, path).await),
        }
    }

    pub(super) fn application(&self) -> &Identity {
        match self {
            Self::Existing(store) => store.application(),
            Self::New(NewStore { application, .. }) => application,
        }
    }
}

/// Opens a store, and makes it if it is not there.
pub(super) async fn open_or_create(
    path: &Path,
    application: Identity,
) -> Result<EmbeddedStore, Failure> {
    let store = EmbeddedStore::builder(path).create_for(application);
    store.open().await.map_err(|error| {
        let failure = failure(&error);
        match problem(&error) {
            Some(EmbeddedStoreError::OtherApplication { .. }) => {
                failure.hint("leave --application out to append to this store, or name another one")
            }
            _ => failure,
        }
    })
}

/// Whether something in the store is damaged.
pub(super) fn is_damage(error: &Error) -> bool {
    matches!(problem(error), Some(EmbeddedStoreError::Damaged { .. }))
}

/// What to do about events that can't be read.
pub(super) fn advice_on_damage(error: &Error, path: &Path) -> Option<String> {
    let store = quoted(&path.display().to_string());
    is_damage(error).then(|| {
        format!(
            "eventstream verify --store {store} says what else is damaged, and what can be done"
        )
    })
}

/// Whether nothing is there yet.
fn is_missing(error: &Error) -> bool {
    matches!(problem(error), Some(EmbeddedStoreError::NotFound { .. }))
}

/// Why what is there could not be opened; and where there is a store, if it is one directory
/// further down, as the demo's is.
async fn not_opened(error: &Error, path: &Path) -> Failure {
    let failure = failure(error);
    if let Some(EmbeddedStoreError::NotAStore { .. }) = problem(error) {
        let inner = path.join("store");
        if EmbeddedStore::open(&inner).await.is_ok() {
            return failure.hint(format!("did you mean --store {}?", inner.display()));
        }
    }
    failure
}

/// What the store says of itself is enough: it names its path.
fn failure(error: &Error) -> Failure {
    match problem(error) {
        Some(problem) => Failure::of(problem),
        None => Failure::of(error),
    }
}

fn problem(error: &Error) -> Option<&EmbeddedStoreError> {
    said_by_backend(error)
}
