use std::path::PathBuf;

use eventstream_core::{
    Envelope, Event, EventQuery, EventRepository, EventTypes, Identity, Parcel,
};
use eventstream_persisted::{EmbeddedStore, EmbeddedStoreBuilder};

pub(crate) fn application() -> Identity {
    Identity::new("app", "app-key")
}

pub(crate) fn envelope(id: u64, event_type: &str) -> Envelope {
    Envelope {
        data: format!("payload {id}").into(),
        ..Envelope::new(format!("m-{id}"), application(), event_type, "text/plain")
    }
}

pub(crate) fn parcel(id: u64, event_type: &str) -> Parcel {
    Parcel::seal(envelope(id, event_type)).unwrap()
}

pub(crate) fn parcels(ids: impl IntoIterator<Item = u64>) -> Vec<Parcel> {
    ids.into_iter().map(|id| parcel(id, "type")).collect()
}

/// A store in a directory of its own, which is removed with it.
pub(crate) struct Temporary {
    pub(crate) store: EmbeddedStore,
    pub(crate) path: PathBuf,
    _directory: tempfile::TempDir,
}

pub(crate) async fn create() -> Temporary {
    create_at(0).await
}

pub(crate) async fn create_at(first_offset: u64) -> Temporary {
    create_with(|builder| builder.first_offset(first_offset)).await
}

pub(crate) async fn create_with(
    options: impl FnOnce(EmbeddedStoreBuilder) -> EmbeddedStoreBuilder,
) -> Temporary {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("store");
    let builder = EmbeddedStore::builder(&path).create_for(application());
    let store = options(builder).open().await.unwrap();
    Temporary { store, path, _directory: directory }
}

pub(crate) async fn drain(mut query: impl EventQuery) -> eventstream_core::Result<Vec<Event>> {
    let mut events = Vec::new();
    while query.next_batch(&mut events, 100).await? > 0 {}
    Ok(events)
}

/// The message ids of all events, whose offsets have to be dense from `first` on.
pub(crate) async fn ids(store: &EmbeddedStore, first: u64) -> Vec<String> {
    let events = drain(store.load_by_type(EventTypes::any(), first).await.unwrap()).await.unwrap();
    for (event, offset) in events.iter().zip(first..) {
        assert_eq!(event.offset, offset);
    }
    events.iter().map(|event| event.parcel.message_id().to_owned()).collect()
}

pub(crate) fn names(ids: impl IntoIterator<Item = u64>) -> Vec<String> {
    ids.into_iter().map(|id| format!("m-{id}")).collect()
}

/// The whole chain of an error's causes, as a user would see it.
pub(crate) fn text(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(error) = source {
        text = format!("{text}: {error}");
        source = error.source();
    }
    text
}
