//! What only a store in a directory can be asked for.

use std::path::Path;

use eventstream_persisted::{EmbeddedStore, Engine, StoreLocation};

use super::store;
use crate::failure::Failure;

/// The directory that a location names; a failure if it names something else.
pub(super) fn directory<'a>(
    location: &'a StoreLocation,
    command: &str,
) -> Result<&'a Path, Failure> {
    if let Some(directory) = location.directory() {
        return Ok(directory);
    }
    let text = format!("{command} is for stores in directories, and {location} is none");
    let hint = match location.engine() {
        Some(Engine::Postgres) => {
            "the database's own tools look after it, such as pg_dump and pg_amcheck; eventstream \
             doctor says how it is set up"
        }
        Some(Engine::JetStream) => {
            "the server's own tools look after it, such as nats stream; eventstream doctor says how it \
             is set up"
        }
        _ => "name a directory",
    };
    Err(Failure::new(text).hint(hint))
}

/// Opens the store in a directory, and does something with it, which an interrupt ends at once.
pub(super) async fn with<T>(
    directory: &Path,
    work: impl AsyncFnOnce(&EmbeddedStore) -> Result<T, Failure>,
) -> Result<T, Failure> {
    store::with(&directory.into(), None, async |store| match store.as_embedded() {
        Some(store) => work(store).await,
        None => Err(Failure::new(format!("{} is no store in a directory", store.location()))),
    })
    .await
}
