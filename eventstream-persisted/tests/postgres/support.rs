use std::{
    sync::atomic::{AtomicU64, Ordering},
    time::Duration,
};

use eventstream_core::{
    Envelope, Event, EventQuery, EventRepository, EventStore, EventTypes, Expect, Identity, Parcel,
};
use eventstream_persisted::{
    PostgresStore, PostgresStoreBuilder,
    tokio_postgres::{Client, NoTls},
};

use crate::server::Server;

/// Far more than it takes, and less than for ever.
pub(crate) const LONG: Duration = Duration::from_secs(120);

pub(crate) fn application() -> Identity {
    Identity::new("app", "app-key")
}

pub(crate) fn parcel(id: u64) -> Parcel {
    parcel_of(&format!("m-{id}"), "type")
}

pub(crate) fn parcel_of(id: &str, event_type: &str) -> Parcel {
    let envelope = Envelope::new(id, application(), event_type, "text/plain");
    // So that one with the same id is the same.
    let created_at = "2026-01-02T03:04:05Z".parse().unwrap();
    Parcel::seal(Envelope { data: format!("payload {id}").into(), created_at, ..envelope }).unwrap()
}

pub(crate) fn parcels(ids: impl IntoIterator<Item = u64>) -> Vec<Parcel> {
    ids.into_iter().map(parcel).collect()
}

pub(crate) fn names(ids: impl IntoIterator<Item = u64>) -> Vec<String> {
    ids.into_iter().map(|id| format!("m-{id}")).collect()
}

/// A name that nobody else has.
pub(crate) fn fresh_name() -> String {
    static NEXT: AtomicU64 = AtomicU64::new(0);
    format!("test_{}_{}", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed))
}

/// A store in a schema of its own.
pub(crate) fn builder(server: &Server) -> PostgresStoreBuilder {
    builder_in(server, &fresh_name())
}

pub(crate) fn builder_in(server: &Server, schema: &str) -> PostgresStoreBuilder {
    PostgresStore::builder(server.url()).schema(schema).create_for(application())
}

pub(crate) async fn create(server: &Server) -> PostgresStore {
    builder(server).open().await.unwrap()
}

/// A connection of the test's own.
pub(crate) async fn client(url: &str) -> Client {
    let (client, connection) =
        eventstream_persisted::tokio_postgres::connect(url, NoTls).await.unwrap();
    tokio::spawn(connection);
    client
}

pub(crate) async fn append(store: &PostgresStore, ids: std::ops::Range<u64>) {
    let mut first = ids.start;
    while first < ids.end {
        let next = ids.end.min(first + 2000);
        store.append(parcels(first..next), Expect::Any).await.unwrap();
        first = next;
    }
}

pub(crate) async fn drain(mut query: impl EventQuery) -> eventstream_core::Result<Vec<Event>> {
    let mut events = Vec::new();
    while query.next_batch(&mut events, 1000).await? > 0 {}
    Ok(events)
}

/// The message ids of all events, whose offsets have to be dense from `first` on.
pub(crate) async fn ids(store: &PostgresStore, first: u64) -> Vec<String> {
    let events = drain(store.load_by_type(EventTypes::any(), first).await.unwrap()).await.unwrap();
    for (event, offset) in events.iter().zip(first..) {
        assert_eq!(event.offset, offset);
    }
    events.iter().map(|event| event.parcel.message_id().to_owned()).collect()
}

/// The whole chain of an error's causes, as a user would see it.
pub(crate) fn text(error: &(dyn std::error::Error + 'static)) -> String {
    eventstream_core::Report(error).to_string()
}

#[track_caller]
pub(crate) fn contains(text: &str, parts: &[&str]) {
    for part in parts {
        assert!(text.contains(part), "{part:?} is not in: {text}");
    }
}
