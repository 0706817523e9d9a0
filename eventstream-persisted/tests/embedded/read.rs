use std::task::Poll;

use eventstream_core::{
    Cursor, Envelope, Event, EventQuery, EventRepository, EventStore, EventStream, EventType,
    EventTypes, Expect, Identity, Parcel,
};

use crate::support::{create, drain, envelope, parcel, parcels};

async fn offsets(query: impl EventQuery) -> Vec<u64> {
    drain(query).await.unwrap().iter().map(|event| event.offset).collect()
}

#[tokio::test]
async fn events_are_found_by_type() {
    let t = create().await;
    // Enough for several chunks and pages; every hundredth is rare, and one type is in one chunk.
    let batch: Vec<Parcel> = (0..10_000)
        .map(|id| {
            parcel(
                id,
                if id == 7_777 {
                    "once"
                } else if id % 100 == 0 {
                    "rare"
                } else {
                    "common"
                },
            )
        })
        .collect();
    t.store.append(batch, Expect::Any).await.unwrap();

    let rare = t.store.load_by_type(EventTypes::from("rare"), 0).await.unwrap();
    assert_eq!(offsets(rare).await, (0..10_000).step_by(100).collect::<Vec<_>>());
    let both = EventTypes::from_iter(["rare", "once", "unknown"]);
    let both = t.store.load_by_type(both, 7_700).await.unwrap();
    assert_eq!(
        offsets(both).await,
        [7_700, 7_777].into_iter().chain((7_800..10_000).step_by(100)).collect::<Vec<_>>()
    );
    let none = t.store.load_by_type(EventTypes::from("unknown"), 0).await.unwrap();
    assert_eq!(offsets(none).await, [] as [u64; 0]);
    let all = t.store.load_by_type(EventTypes::any(), 9_990).await.unwrap();
    assert_eq!(offsets(all).await, (9_990..10_000).collect::<Vec<_>>());
    let past = t.store.load_by_type(EventTypes::any(), 20_000).await.unwrap();
    assert_eq!(offsets(past).await, [] as [u64; 0]);
}

#[tokio::test]
async fn events_are_found_by_source() {
    let t = create().await;
    let batch: Vec<Parcel> = (0..3_000_u64)
        .map(|id| {
            let handler = Identity::new("name", format!("handler-{}", id % 2));
            Parcel::seal(Envelope {
                source_handler: (id % 3 != 0).then_some(handler),
                source_instance_id: if id % 3 == 0 {
                    String::new()
                } else {
                    format!("i-{}", id % 5)
                },
                ..envelope(id, "type")
            })
            .unwrap()
        })
        .collect();
    t.store.append(batch, Expect::Any).await.unwrap();

    let found = t.store.load_by_source("handler-1", "i-2").await.unwrap();
    let expected: Vec<u64> =
        (0..3_000).filter(|id| id % 3 != 0 && id % 2 == 1 && id % 5 == 2).collect();
    assert_eq!(offsets(found).await, expected);
    assert!(offsets(t.store.load_by_source("handler-1", "i-9").await.unwrap()).await.is_empty());
    // What has no handler is nobody's.
    assert!(offsets(t.store.load_by_source("", "").await.unwrap()).await.is_empty());
}

#[tokio::test]
async fn a_query_ends_where_the_store_ended_when_it_was_made() {
    let t = create().await;
    t.store.append(parcels(0..5), Expect::Any).await.unwrap();
    let mut query = t.store.load_by_type(EventTypes::any(), 2).await.unwrap();
    t.store.append(parcels(5..10), Expect::Any).await.unwrap();
    assert_eq!(query.position(), 2);
    let mut events = Vec::new();
    assert_eq!(query.next_batch(&mut events, 2).await.unwrap(), 2);
    assert_eq!(query.position(), 4);
    assert_eq!(query.next_batch(&mut events, 2).await.unwrap(), 1);
    assert_eq!(query.next_batch(&mut events, 2).await.unwrap(), 0);
    assert_eq!(query.position(), 5);
    assert_eq!(events.iter().map(|event| event.offset).collect::<Vec<_>>(), [2, 3, 4]);
}

#[tokio::test]
async fn the_position_of_a_query_moves_over_what_does_not_match() {
    let t = create().await;
    t.store.append(parcels(0..5_000), Expect::Any).await.unwrap();
    let mut query = t.store.load_by_type(EventTypes::from("other"), 0).await.unwrap();
    assert_eq!(query.next_batch(&mut Vec::new(), 10).await.unwrap(), 0);
    assert_eq!(query.position(), 5_000);
}

#[tokio::test]
async fn a_read_that_is_dropped_loses_nothing() {
    let t = create().await;
    t.store.append(parcels(0..20_000), Expect::Any).await.unwrap();
    let mut query = t.store.load_by_type(EventTypes::any(), 0).await.unwrap();
    let mut events: Vec<Event> = Vec::new();
    let mut dropped = 0;
    while events.len() < 20_000 {
        let waker = std::task::Waker::noop();
        let mut read = Box::pin(query.next_batch(&mut events, 1_000));
        let poll = read.as_mut().poll(&mut std::task::Context::from_waker(waker));
        drop(read);
        if poll.is_pending() {
            dropped += 1;
            query.next_batch(&mut events, 1_000).await.unwrap();
        }
    }
    assert!(dropped > 0);
    assert!(events.iter().zip(0..).all(|(event, offset)| event.offset == offset));
}

#[tokio::test]
async fn wait_for_returns_once_the_event_is_there() {
    let t = create().await;
    t.store.append(parcels(0..3), Expect::Any).await.unwrap();
    assert_eq!(t.store.wait_for(2).await.unwrap(), 3);
    let store = t.store.clone();
    let waiting = tokio::spawn(async move { store.wait_for(4).await.unwrap() });
    t.store.append(parcels([3]), Expect::Any).await.unwrap();
    tokio::task::yield_now().await;
    assert!(!waiting.is_finished());
    t.store.append(parcels([4, 5]), Expect::Any).await.unwrap();
    assert_eq!(waiting.await.unwrap(), 6);
}

#[tokio::test]
async fn stats_count() {
    let t = create().await;
    t.store
        .append(vec![parcel(0, "a"), parcel(1, "b"), parcel(2, "a")], Expect::Any)
        .await
        .unwrap();
    let stats = t.store.stats().await.unwrap();
    assert_eq!((stats.first_offset, stats.next_offset), (0, 3));
    let by_type: Vec<_> = stats.events_by_type.into_iter().collect();
    assert_eq!(by_type, [(EventType::from("a"), 2), (EventType::from("b"), 1)]);
    assert!(stats.bytes > 1_000);
}

#[tokio::test]
async fn the_position_of_a_cursor_follows_a_scan_that_is_dropped_again_and_again() {
    let t = create().await;
    t.store.append(parcels(0..60_000), Expect::Any).await.unwrap();
    let stream = t.store.stream(EventTypes::any());
    let mut cursor = stream.open(0, EventTypes::from("other")).await.unwrap();
    let mut seen = vec![0];
    while cursor.position() < 60_000 {
        // Dropped as soon as it has to wait for a page, however fast the pages come.
        let mut next = Box::pin(cursor.next());
        let polled = std::future::poll_fn(|cx| Poll::Ready(next.as_mut().poll(cx))).await;
        assert!(polled.is_pending());
        drop(next);
        seen.push(cursor.position());
        tokio::task::yield_now().await;
    }
    seen.dedup();
    assert!(seen.is_sorted() && seen.len() > 2, "{seen:?}");
}

#[tokio::test]
async fn a_stream_has_only_the_types_that_it_declares() {
    let t = create().await;
    let batch = vec![parcel(0, "a"), parcel(1, "b"), parcel(2, "a")];
    t.store.append(batch, Expect::Any).await.unwrap();
    let stream = t.store.stream(EventTypes::from("a"));
    let mut cursor = stream.open(0, EventTypes::any()).await.unwrap();
    let mut events = Vec::new();
    while cursor.position() < 3 {
        cursor.next_batch(&mut events, 10).await.unwrap();
    }
    assert_eq!(events.iter().map(|event| event.offset).collect::<Vec<_>>(), [0, 2]);
}

#[tokio::test]
async fn a_few_events_of_many_do_not_hold_the_others_in_memory() {
    let t = create().await;
    let names = |id: u64| if id.is_multiple_of(100) { "rare" } else { "common" };
    let batch = (0..2_000).map(|id| parcel(id, names(id))).collect();
    t.store.append(batch, Expect::Any).await.unwrap();
    let rare = t.store.load_by_type(EventTypes::from("rare"), 0).await.unwrap();
    for event in drain(rare).await.unwrap() {
        // Whoever alone holds the bytes of an event holds those alone.
        assert!(event.parcel.wire().is_unique());
    }
}

#[tokio::test]
async fn large_events_come_in_small_batches() {
    let t = create().await;
    let large = |id: u64, len: usize| {
        Parcel::seal(Envelope { data: vec![0x61; len].into(), ..envelope(id, "type") }).unwrap()
    };
    let sizes = [3 << 20, 3 << 20, 20 << 20, 20 << 20, 10, 10, 1 << 20, 3 << 20];
    let events = sizes.iter().zip(0..).map(|(len, id)| large(id, *len)).collect();
    t.store.append(events, Expect::Any).await.unwrap();
    for sealed in [false, true] {
        if sealed {
            t.store.compact().await.unwrap();
        }
        let mut query = t.store.load_by_type(EventTypes::any(), 0).await.unwrap();
        let (mut batch, mut offset) = (Vec::new(), 0);
        while query.next_batch(&mut batch, 100).await.unwrap() > 0 {
            let bytes: usize = batch.iter().map(|event| event.parcel.wire().len()).sum();
            assert!(batch.len() == 1 || bytes <= 4 << 20, "{} of {bytes}", batch.len());
            for event in batch.drain(..) {
                assert_eq!(event.offset, offset);
                assert_eq!(event.parcel.data().len(), sizes[usize::try_from(offset).unwrap()]);
                offset += 1;
            }
        }
        assert_eq!(offset, sizes.len() as u64);
    }
}
