//! Opening a store.

use std::{fs, path::Path};

use eventstream_core::{Error, Identity};
use eventstream_persisted::{EmbeddedStore, EmbeddedStoreError};

use crate::{failure::Failure, naming};

/// The application of a new store, if none is named.
const DEFAULT_APPLICATION: &str = "default";

/// Opens a store that is there.
pub(super) async fn open(path: &Path) -> Result<EmbeddedStore, Failure> {
    EmbeddedStore::open(path).await.map_err(|error| {
        let failure = failure(&error);
        if is_missing(&error, path) {
            let path = path.display();
            failure.hint(format!("`eventstream append --store {path}` makes one"))
        } else {
            failure
        }
    })
}

/// Opens a store, and makes it if it is not there.
pub(super) async fn open_or_create(
    path: &Path,
    application: Option<Identity>,
) -> Result<EmbeddedStore, Failure> {
    let application = match application {
        Some(application) => application,
        None => match EmbeddedStore::open(path).await {
            Ok(store) => return Ok(store),
            Err(error) if is_missing(&error, path) => {
                Identity::new(DEFAULT_APPLICATION, naming::key_of(DEFAULT_APPLICATION))
            }
            Err(error) => return Err(failure(&error)),
        },
    };
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

/// Whether nothing is there yet; an empty directory is as good as none.
fn is_missing(error: &Error, path: &Path) -> bool {
    match problem(error) {
        Some(EmbeddedStoreError::NotFound { .. }) => true,
        Some(EmbeddedStoreError::NotAStore { .. }) => {
            fs::read_dir(path).is_ok_and(|mut entries| entries.next().is_none())
        }
        _ => false,
    }
}

/// What the store says of itself is enough: it names its path.
fn failure(error: &Error) -> Failure {
    match problem(error) {
        Some(problem) => Failure::of(problem),
        None => Failure::of(error),
    }
}

fn problem(error: &Error) -> Option<&EmbeddedStoreError> {
    match error {
        Error::Backend { source, .. } => source.downcast_ref(),
        _ => None,
    }
}
