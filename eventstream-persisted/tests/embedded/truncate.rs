use eventstream_core::{
    Cursor, Error, EventRepository, EventStore, EventStream, EventTypes, Expect,
};
use eventstream_persisted::EmbeddedStore;

use crate::support::{create, create_at, drain, ids, names, parcel, parcels};

fn is_truncated<T: std::fmt::Debug>(
    result: eventstream_core::Result<T>,
    requested: u64,
    oldest: u64,
) {
    match result {
        Err(Error::Truncated { requested: r, oldest: o }) => {
            assert_eq!((r, o), (requested, oldest));
        }
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn what_is_truncated_is_gone_and_the_rest_is_there() {
    let t = create().await;
    t.store.append(parcels(0..3_000), Expect::Any).await.unwrap();
    for before in [1, 2, 700, 701, 2_999] {
        t.store.truncate(before).await.unwrap();
        is_truncated(t.store.load_by_type(EventTypes::any(), before - 1).await, before - 1, before);
        assert_eq!(ids(&t.store, before).await, names(before..3_000));
        let stats = t.store.stats().await.unwrap();
        assert_eq!((stats.first_offset, stats.next_offset), (before, 3_000));
        assert_eq!(stats.events_by_type.values().sum::<u64>(), 3_000 - before);
    }
    // Below the oldest there is nothing to do.
    t.store.truncate(5).await.unwrap();
    assert_eq!(t.store.stats().await.unwrap().first_offset, 2_999);
}

#[tokio::test]
async fn offsets_are_never_given_again() {
    let t = create_at(100).await;
    t.store.append(parcels(0..10), Expect::Any).await.unwrap();
    t.store.truncate(110).await.unwrap();
    let path = t.path.clone();
    drop(t.store);
    let store = EmbeddedStore::open(&path).await.unwrap();
    assert_eq!(store.append(parcels(10..12), Expect::Any).await.unwrap(), 110..112);
    assert_eq!(ids(&store, 110).await, names(10..12));
    assert!(store.stats().await.unwrap().events_by_type.values().eq([&2]));
}

#[tokio::test]
async fn truncating_past_the_end_is_refused() {
    let t = create().await;
    t.store.append(parcels(0..3), Expect::Any).await.unwrap();
    match t.store.truncate(4).await {
        Err(Error::PastTheEnd { requested: 4, next: 3 }) => {}
        other => panic!("{other:?}"),
    }
    assert_eq!(ids(&t.store, 0).await.len(), 3);
}

#[tokio::test]
async fn ids_are_known_for_as_long_as_their_events_are_there() {
    let t = create().await;
    t.store.append(parcels(0..10), Expect::Any).await.unwrap();
    t.store.truncate(5).await.unwrap();
    assert_eq!(t.store.append(parcels(5..7), Expect::Any).await.unwrap(), 5..7);
    assert_eq!(t.store.append(parcels(3..5), Expect::Any).await.unwrap(), 10..12);
}

#[tokio::test]
async fn a_query_that_is_overtaken_says_so() {
    let t = create().await;
    t.store.append(parcels(0..10), Expect::Any).await.unwrap();
    let query = t.store.load_by_type(EventTypes::any(), 2).await.unwrap();
    t.store.truncate(6).await.unwrap();
    is_truncated(drain(query).await, 2, 6);
    // By source there is no offset that was asked for: what is left comes.
    let empty = t.store.load_by_source("k", "i").await.unwrap();
    assert!(drain(empty).await.unwrap().is_empty());
}

#[tokio::test]
async fn space_comes_back() {
    let t = create().await;
    for batch in 0..20 {
        t.store.append(parcels(batch * 1_000..(batch + 1) * 1_000), Expect::Any).await.unwrap();
    }
    let before = t.store.stats().await.unwrap().bytes;
    t.store.truncate(19_500).await.unwrap();
    let after = t.store.stats().await.unwrap().bytes;
    assert!(after * 4 < before, "{before} bytes before, {after} after");
    assert_eq!(ids(&t.store, 19_500).await, names(19_500..20_000));
    t.store.truncate(20_000).await.unwrap();
    let empty = t.store.stats().await.unwrap().bytes;
    assert!(empty < after, "{after} bytes before, {empty} after");
    assert!(t.store.verify().await.unwrap().is_clean());
}

#[tokio::test]
async fn a_cursor_past_the_truncation_goes_on() {
    let t = create().await;
    t.store.append(vec![parcel(0, "a"), parcel(1, "b")], Expect::Any).await.unwrap();
    let stream = t.store.stream(EventTypes::any());
    let mut cursor = stream.open(1, EventTypes::any()).await.unwrap();
    t.store.truncate(1).await.unwrap();
    assert_eq!(cursor.next().await.unwrap().offset, 1);
    is_truncated(stream.open(0, EventTypes::any()).await.map(drop), 0, 1);
}

#[tokio::test]
async fn no_stream_has_what_another_process_has_truncated() {
    let t = create().await;
    let other = EmbeddedStore::open(&t.path).await.unwrap();
    t.store.append(parcels(0..50), Expect::Any).await.unwrap();
    let stream = t.store.stream(EventTypes::any());
    let mut cursor = stream.open(10, EventTypes::any()).await.unwrap();
    other.truncate(40).await.unwrap();
    for _ in 0..3 {
        is_truncated(cursor.next().await, 10, 40);
    }
    is_truncated(stream.open(39, EventTypes::any()).await.map(drop), 39, 40);
    let mut cursor = stream.open(40, EventTypes::any()).await.unwrap();
    assert_eq!(cursor.next().await.unwrap().offset, 40);
}
