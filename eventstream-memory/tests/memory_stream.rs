//! What a stream in memory does beyond the contract of streams.

// Helpers of tests unwrap as tests do.
#![allow(clippy::unwrap_used)]

use std::{
    future::Future,
    pin::pin,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    task::{Context, Poll, Wake, Waker},
};

use eventstream_core::{Cursor, Envelope, Error, Event, EventStream, EventTypes, Identity, Parcel};
use eventstream_memory::{MemoryStream, MemoryStreamBuilder, ReorderQueueFull, StreamDropped};

fn application() -> Identity {
    Identity::new("app", "app-key")
}

fn builder() -> MemoryStreamBuilder {
    MemoryStream::builder(application())
}

fn parcel(id: u64, event_type: &str) -> Parcel {
    Parcel::seal(Envelope::new(format!("m-{id}"), application(), event_type, "text/plain")).unwrap()
}

fn parcels(ids: impl IntoIterator<Item = u64>) -> Vec<Parcel> {
    ids.into_iter().map(|id| parcel(id, "type")).collect()
}

fn event(offset: u64) -> Event {
    Event::new(offset, parcel(offset, "type"))
}

/// All that is at hand from an offset on: offsets and message ids have to agree.
fn read(stream: &MemoryStream, from: u64) -> Vec<u64> {
    let mut events = Vec::new();
    let mut cursor = stream.open_now(from, EventTypes::any()).unwrap();
    cursor.try_next_batch(&mut events, usize::MAX).unwrap();
    for event in &events {
        assert_eq!(event.parcel.message_id(), format!("m-{}", event.offset));
    }
    events.iter().map(|event| event.offset).collect()
}

#[derive(Default)]
struct Wakes(AtomicUsize);

impl Wake for Wakes {
    fn wake(self: Arc<Self>) {
        self.0.fetch_add(1, Ordering::SeqCst);
    }
}

impl Wakes {
    fn count(&self) -> usize {
        self.0.load(Ordering::SeqCst)
    }
}

fn poll<F: Future>(wakes: &Arc<Wakes>, future: F) -> Poll<F::Output> {
    pin!(future).poll(&mut Context::from_waker(&Waker::from(wakes.clone())))
}

#[test]
fn it_keeps_a_hundred_events_if_not_told_otherwise() {
    let stream = builder().build();
    assert_eq!(stream.append(parcels(0..250)).unwrap(), 0..250);
    assert_eq!((stream.oldest_offset(), stream.next_offset()), (150, 250));
    assert_eq!(read(&stream, 150), (150..250).collect::<Vec<_>>());
    match stream.open_now(149, EventTypes::any()) {
        Err(Error::Truncated { requested: 149, oldest: 150 }) => {}
        other => panic!("{other:?}"),
    }
}

#[test]
fn every_buffer_size_is_kept_exactly() {
    for size in [1_usize, 2, 15, 16, 17, 100, 1_000] {
        let stream = builder().buffer_size(size).build();
        for id in 0..2_000 {
            stream.append(parcels([id])).unwrap();
        }
        let oldest = 2_000 - size as u64;
        assert_eq!(stream.oldest_offset(), oldest, "{size}");
        assert_eq!(read(&stream, oldest), (oldest..2_000).collect::<Vec<_>>(), "{size}");
    }
}

#[test]
fn an_append_is_all_or_nothing() {
    let stream = builder().event_types(EventTypes::from("type")).build();
    let foreign = Envelope::new("x", Identity::new("other", "other-key"), "type", "text/plain");
    let foreign = Parcel::seal(foreign).unwrap();
    match stream.append(vec![parcel(0, "type"), foreign]) {
        Err(Error::InvalidEnvelope { field: "source_application", .. }) => {}
        other => panic!("{other:?}"),
    }
    match stream.append(vec![parcel(0, "type"), parcel(1, "unknown")]) {
        Err(Error::UnsupportedEventTypes { types }) => {
            assert_eq!(types, EventTypes::from("unknown"));
        }
        other => panic!("{other:?}"),
    }
    assert_eq!(stream.next_offset(), 0);
    assert_eq!(stream.append(Vec::new()).unwrap(), 0..0);
}

#[test]
fn events_are_added_in_any_order() {
    let stream = builder().buffer_size(1_000).build();
    let mut offsets: Vec<u64> = (0..200).chain(50..150).collect();
    let mut random = 7_u64;
    for end in (1..offsets.len()).rev() {
        random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        offsets.swap(end, usize::try_from(random >> 33).unwrap() % (end + 1));
    }
    for offset in offsets {
        stream.add([event(offset)]).unwrap();
    }
    assert_eq!(read(&stream, 0), (0..200).collect::<Vec<_>>());
}

#[test]
fn an_event_before_its_turn_that_is_added_twice_does_not_block_those_after_it() {
    let stream = builder().build();
    stream.add([event(1), event(2), event(1), event(3)]).unwrap();
    assert_eq!(stream.next_offset(), 0);
    stream.add([event(0), event(2)]).unwrap();
    assert_eq!(read(&stream, 0), [0, 1, 2, 3]);
}

#[test]
fn events_from_below_are_dropped() {
    let stream = builder().first_offset(10).build();
    stream.add([event(3), event(9)]).unwrap();
    assert_eq!((stream.oldest_offset(), stream.next_offset()), (10, 10));
    stream.add([event(10)]).unwrap();
    assert_eq!(read(&stream, 10), [10]);
}

#[test]
fn what_is_held_back_is_bounded_and_nothing_is_lost() {
    let stream = builder().buffer_size(1_000).reorder_limit(3).build();
    let error = stream.add([event(5), event(4), event(2), event(9)]).unwrap_err();
    assert!(error.is_retryable());
    let Error::Backend { source, .. } = error else { panic!("{error:?}") };
    let full = source.downcast_ref::<ReorderQueueFull>().unwrap();
    assert_eq!((full.offset, full.missing, full.limit), (9, 0, 3));
    // Those that are held already are no news.
    stream.add([event(4), event(5)]).unwrap();
    // The missing one is always taken, and so is what the error named.
    stream.add([event(0), event(1), event(3), event(9)]).unwrap();
    assert_eq!(read(&stream, 0), [0, 1, 2, 3, 4, 5]);
    stream.add([event(6), event(7), event(8)]).unwrap();
    assert_eq!(stream.next_offset(), 10);
}

#[test]
fn what_is_held_back_does_not_count_as_kept() {
    let stream = builder().buffer_size(10).reorder_limit(500).build();
    stream.add((1..400).map(event)).unwrap();
    assert_eq!((stream.oldest_offset(), stream.next_offset()), (0, 0));
    assert!(stream.open_now(0, EventTypes::any()).is_ok());
    stream.add([event(0)]).unwrap();
    assert_eq!((stream.oldest_offset(), stream.next_offset()), (390, 400));
}

#[test]
fn an_append_goes_before_what_is_held_back_for_later() {
    let stream = builder().build();
    stream.add([event(2)]).unwrap();
    assert_eq!(stream.append(parcels([0])).unwrap(), 0..1);
    assert_eq!(stream.next_offset(), 1);
    assert_eq!(stream.append(parcels([1])).unwrap(), 1..2);
    assert_eq!(read(&stream, 0), [0, 1, 2]);
}

#[test]
fn skipping_gives_up_on_what_is_missing() {
    let stream = builder().build();
    stream.append(parcels(0..2)).unwrap();
    stream.add([event(5), event(6), event(3)]).unwrap();
    let wakes = Arc::new(Wakes::default());
    let mut waiting = stream.open_now(2, EventTypes::from("other")).unwrap();
    assert!(poll(&wakes, waiting.next()).is_pending());

    stream.skip_to(5);
    assert_eq!((stream.oldest_offset(), stream.next_offset()), (5, 7));
    assert_eq!(read(&stream, 5), [5, 6]);
    assert_eq!(wakes.count(), 1);
    match poll(&wakes, waiting.next()) {
        Poll::Ready(Err(Error::Truncated { requested: 2, oldest: 5 })) => {}
        other => panic!("{other:?}"),
    }
    stream.skip_to(3);
    assert_eq!((stream.oldest_offset(), stream.next_offset()), (5, 7));
}

#[test]
fn truncating_past_the_end_is_refused() {
    let stream = builder().build();
    stream.append(parcels(0..3)).unwrap();
    match stream.truncate(4) {
        Err(Error::PastTheEnd { requested: 4, next: 3 }) => {}
        other => panic!("{other:?}"),
    }
    stream.truncate(3).unwrap();
    stream.truncate(1).unwrap();
    assert_eq!((stream.oldest_offset(), stream.next_offset()), (3, 3));
}

#[test]
fn offsets_run_out_with_an_error() {
    let stream = builder().first_offset(u64::MAX - 2).build();
    assert!(stream.append(parcels([0, 1, 2])).is_err());
    assert_eq!(stream.append(parcels([0, 1])).unwrap(), u64::MAX - 2..u64::MAX);
    assert!(stream.append(parcels([2])).is_err());
    assert!(stream.add([event(u64::MAX)]).is_err());
    assert!(builder().build().add([event(u64::MAX)]).is_err());
}

#[test]
fn only_those_are_woken_whose_events_come_and_once_for_a_batch() {
    let stream = builder().build();
    let (mine, other, all) =
        (Arc::new(Wakes::default()), Arc::new(Wakes::default()), Arc::new(Wakes::default()));
    let mut wants_mine = stream.open_now(0, EventTypes::from("type")).unwrap();
    let mut wants_other = stream.open_now(0, EventTypes::from("other")).unwrap();
    let mut wants_all = stream.open_now(0, EventTypes::any()).unwrap();
    assert!(poll(&mine, wants_mine.next()).is_pending());
    assert!(poll(&other, wants_other.next()).is_pending());
    assert!(poll(&all, wants_all.next()).is_pending());

    stream.append(parcels(0..50)).unwrap();
    assert_eq!((mine.count(), other.count(), all.count()), (1, 0, 1));
    // Nobody sleeps who was woken and has not come back.
    stream.append(parcels(50..60)).unwrap();
    assert_eq!((mine.count(), other.count(), all.count()), (1, 0, 1));
    stream.append(vec![parcel(60, "other")]).unwrap();
    assert_eq!((mine.count(), other.count(), all.count()), (1, 1, 1));
}

#[tokio::test]
async fn a_cursor_whose_events_are_rare_is_not_overtaken_by_the_others() {
    let stream = builder().buffer_size(100).build();
    let wakes = Arc::new(Wakes::default());
    let mut cursor = stream.open_now(0, EventTypes::from("rare")).unwrap();
    assert!(poll(&wakes, cursor.next()).is_pending());
    // Ten times what is kept goes by; the cursor is not polled meanwhile.
    for id in 0..1_000 {
        stream.append(parcels([id])).unwrap();
    }
    assert_eq!(wakes.count(), 1);
    stream.append(vec![parcel(1_000, "rare")]).unwrap();
    assert_eq!(cursor.next().await.unwrap().offset, 1_000);

    // Nor one that looks now and then: its position follows, once for each length of the buffer.
    for id in 1_001..2_001 {
        let _ = poll(&wakes, cursor.next());
        stream.append(parcels([id])).unwrap();
    }
    assert!(poll(&wakes, cursor.next()).is_pending());
    assert_eq!(cursor.position(), 2_001);
    // But one that was woken by its event, and does not come, is overtaken like any other.
    stream.append(vec![parcel(2_001, "rare")]).unwrap();
    stream.append(parcels(2_002..2_200)).unwrap();
    match poll(&wakes, cursor.next()) {
        Poll::Ready(Err(Error::Truncated { requested: 2_001, oldest: 2_100 })) => {}
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_sleeping_cursor_is_woken_once_for_each_length_of_the_buffer() {
    let stream = builder().buffer_size(100).build();
    let wakes = Arc::new(Wakes::default());
    let mut cursor = stream.open_now(0, EventTypes::from("rare")).unwrap();
    for id in 0..1_000 {
        let before = wakes.count();
        stream.append(parcels([id])).unwrap();
        if id == 0 || wakes.count() > before {
            assert!(poll(&wakes, cursor.next()).is_pending());
            assert_eq!(cursor.position(), id + 1);
        }
    }
    assert!((9..=10).contains(&wakes.count()), "{}", wakes.count());
}

#[test]
fn what_is_skipped_is_missing_also_for_a_cursor_that_slept() {
    let stream = builder().build();
    let wakes = Arc::new(Wakes::default());
    let mut cursor = stream.open_now(0, EventTypes::from("rare")).unwrap();
    assert!(poll(&wakes, cursor.next()).is_pending());
    stream.skip_to(10);
    stream.append(vec![parcel(10, "rare")]).unwrap();
    match poll(&wakes, cursor.next()) {
        Poll::Ready(Err(Error::Truncated { requested: 0, oldest: 10 })) => {}
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_batch_is_never_larger_than_asked_for_however_far_it_looks() {
    let one = |n: u64| parcel(n, if n.is_multiple_of(1_000) { "rare" } else { "type" });
    let stream = builder().buffer_size(140_000).build();
    stream.append((0..140_000).map(one).collect()).unwrap();
    for (types, max, expected) in
        [(EventTypes::from("rare"), 100, 140), (EventTypes::any(), 100_000, 140_000)]
    {
        let mut cursor = stream.open_now(0, types).unwrap();
        let mut total = 0;
        loop {
            let mut events = Vec::new();
            let added = cursor.try_next_batch(&mut events, max).unwrap();
            assert!(added == events.len() && added <= max, "{added} of {max}");
            if added == 0 {
                break;
            }
            total += added;
        }
        assert_eq!(total, expected);
    }
}

#[test]
fn an_error_comes_alone_however_fast_the_stream_is_truncated() {
    let stream = builder().buffer_size(64).build();
    let done = std::sync::atomic::AtomicBool::new(false);
    let one = parcel(0, "type");
    std::thread::scope(|scope| {
        scope.spawn(|| {
            for _ in 0..20_000 {
                stream.append(vec![one.clone(); 7]).unwrap();
            }
            done.store(true, Ordering::SeqCst);
        });
        while !done.load(Ordering::SeqCst) {
            let Ok(mut cursor) = stream.open_now(stream.oldest_offset(), EventTypes::any()) else {
                continue;
            };
            let mut events = Vec::new();
            match cursor.try_next_batch(&mut events, 1_000) {
                Ok(added) => assert_eq!(added, events.len()),
                Err(error) => assert!(events.is_empty(), "{error}, and {} events", events.len()),
            }
            let next = events.last().map_or(cursor.position(), |event| event.offset + 1);
            assert_eq!(cursor.position(), next);
        }
    });
}

/// Closes a cursor when its last waker is dropped, as an executor may that drops its task then.
struct DropsACursor(std::sync::Mutex<Option<eventstream_memory::MemoryCursor>>);

impl Wake for DropsACursor {
    fn wake(self: Arc<Self>) {}
}

impl Drop for DropsACursor {
    fn drop(&mut self) {
        drop(self.0.lock().unwrap().take());
    }
}

#[test]
fn whatever_a_waker_does_when_it_is_dropped_nothing_blocks() {
    let stream = builder().build();
    let mut cursor = stream.open_now(0, EventTypes::any()).unwrap();
    for _ in 0..2 {
        let other = stream.open_now(0, EventTypes::any()).unwrap();
        let waker = Arc::new(DropsACursor(std::sync::Mutex::new(Some(other))));
        let waker = Waker::from(waker);
        // Leaves the only handle of it with the stream.
        assert!(pin!(cursor.next()).poll(&mut Context::from_waker(&waker)).is_pending());
    }
    let wakes = Arc::new(Wakes::default());
    assert!(poll(&wakes, cursor.next()).is_pending());
    stream.append(parcels([0])).unwrap();
    assert_eq!(wakes.count(), 1);
}

#[test]
fn a_cursor_that_is_polled_by_another_task_wakes_that_one() {
    let stream = builder().build();
    let mut cursor = stream.open_now(0, EventTypes::any()).unwrap();
    let (first, second) = (Arc::new(Wakes::default()), Arc::new(Wakes::default()));
    assert!(poll(&first, cursor.next()).is_pending());
    assert!(poll(&second, cursor.next()).is_pending());
    stream.append(parcels([0])).unwrap();
    assert_eq!((first.count(), second.count()), (0, 1));
}

#[test]
fn dropped_cursors_are_forgotten() {
    let stream = builder().build();
    let wakes = Arc::new(Wakes::default());
    for types in [EventTypes::any(), EventTypes::from("type")] {
        let mut cursor = stream.open_now(0, types).unwrap();
        assert!(poll(&wakes, cursor.next()).is_pending());
    }
    stream.append(parcels([0])).unwrap();
    assert_eq!(wakes.count(), 0);
    // Their places are used again, by others.
    let mut cursor = stream.open_now(1, EventTypes::from("other")).unwrap();
    assert!(poll(&wakes, cursor.next()).is_pending());
    stream.append(parcels([1])).unwrap();
    assert_eq!(wakes.count(), 0);
    stream.append(vec![parcel(2, "other")]).unwrap();
    assert_eq!(wakes.count(), 1);
}

#[test]
fn no_cursor_holds_events_that_are_truncated() {
    let stream = builder().buffer_size(16).build();
    stream.append(parcels(0..16)).unwrap();
    let mut read_some = stream.open_now(0, EventTypes::any()).unwrap();
    let event = read_some.try_next().unwrap().unwrap();
    let closed = stream.open_now(0, EventTypes::any()).unwrap();
    closed.close_handle().close().unwrap();
    // One handle of the bytes is ours; the buffer's goes when the event is truncated.
    let wire = event.parcel.wire().clone();
    drop(event);
    assert!(!wire.is_unique());
    stream.append(parcels(16..64)).unwrap();
    assert!(wire.is_unique());
    assert_eq!(read_some.position(), 1);
}

#[tokio::test]
async fn dropping_the_stream_ends_cursors_after_what_is_there() {
    let stream = builder().build();
    stream.append(parcels(0..2)).unwrap();
    let mut behind = stream.open(0, EventTypes::any()).await.unwrap();
    let mut waiting = stream.open(2, EventTypes::any()).await.unwrap();
    let waiting = tokio::spawn(async move { waiting.next().await });
    tokio::task::yield_now().await;
    let other_handle = stream.clone();
    drop(stream);
    assert_eq!(behind.next().await.unwrap().offset, 0);
    drop(other_handle);
    assert_eq!(behind.next().await.unwrap().offset, 1);
    for result in [behind.next().await, waiting.await.unwrap()] {
        let Err(Error::Backend { source, retryable: false, .. }) = result else {
            panic!("{result:?}")
        };
        assert!(source.is::<StreamDropped>());
    }
}

#[tokio::test]
async fn a_long_way_without_a_match_lets_others_run() {
    let stream = builder().buffer_size(200_000).build();
    let one = parcel(0, "type");
    stream.append(vec![one; 200_000]).unwrap();
    let mut cursor = stream.open(0, EventTypes::from("other")).await.unwrap();
    let wakes = Arc::new(Wakes::default());
    let mut seen = 0;
    while cursor.position() < 200_000 {
        assert!(poll(&wakes, cursor.next()).is_pending());
        assert!(cursor.position() > seen && cursor.position() - seen <= 1 << 16);
        seen = cursor.position();
    }
    // Woken each time that it stopped on the way, and not at the end.
    assert_eq!(wakes.count(), 3);
}

#[test]
fn handles_and_cursors_can_be_sent_and_shared() {
    fn assert_send_sync<T: Send + Sync + 'static>() {}
    fn assert_send<T: Send + 'static>() {}
    assert_send_sync::<MemoryStream>();
    assert_send::<eventstream_memory::MemoryCursor>();
}
