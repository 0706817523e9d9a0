//! What is read: a long stream of many types.

use std::sync::OnceLock;

use eventstream_core::{EventStore, EventTypes, Expect, Parcel};
use eventstream_memory::MemoryStream;
use eventstream_network::NetworkServer;
use eventstream_persisted::EmbeddedStore;

use crate::support::{Running, application, parcel};

pub(crate) const EVENTS: u64 = 100_000;

/// As many types as there are; the event at an offset is of the type of its remainder.
pub(crate) const TYPES: u64 = 100;

pub(crate) fn type_at(offset: u64) -> String {
    format!("type-{}", offset % TYPES)
}

pub(crate) fn all_types() -> EventTypes {
    (0..TYPES).map(type_at).collect()
}

/// The events that lie at these offsets.
pub(crate) fn parcels_at(offsets: impl IntoIterator<Item = u64>) -> Vec<Parcel> {
    offsets.into_iter().map(|offset| parcel(offset, &type_at(offset))).collect()
}

/// A server of its own for a stream that all tests share.
pub(crate) async fn serve_history() -> std::sync::Arc<Running> {
    static HISTORY: OnceLock<MemoryStream> = OnceLock::new();
    let history = HISTORY.get_or_init(|| {
        let stream = MemoryStream::builder(application())
            .event_types(all_types())
            .buffer_size(usize::try_from(EVENTS).unwrap())
            .build();
        stream.append(parcels_at(0..EVENTS)).unwrap();
        stream
    });
    Running::start(NetworkServer::builder().host(history.clone())).await
}

/// A store on the disk that has so many events, and that nobody has open.
pub(crate) async fn store_with(path: &std::path::Path, events: u64) {
    let builder = EmbeddedStore::builder(path).create_for(application());
    let store = builder.open().await.unwrap();
    for start in (0..events).step_by(1_000) {
        let parcels = parcels_at(start..events.min(start + 1_000));
        store.append(parcels, Expect::Any).await.unwrap();
    }
}
