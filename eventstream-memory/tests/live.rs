//! The live path of a stream in memory: appends of one event, and cursors that wait for them.

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

use eventstream_core::{Cursor, Envelope, Error, EventTypes, Identity, Parcel};
use eventstream_memory::{MemoryStream, MemoryStreamBuilder};

fn builder() -> MemoryStreamBuilder {
    MemoryStream::builder(Identity::new("app", "app-key"))
}

fn parcel(application: &str, event_type: &str) -> Parcel {
    let application = Identity::new("app", application);
    Parcel::seal(Envelope::new("m", application, event_type, "text/plain")).unwrap()
}

fn append(stream: &MemoryStream) -> u64 {
    stream.append_one(parcel("app-key", "type")).unwrap()
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

fn next(wakes: &Arc<Wakes>, cursor: &mut impl Cursor) -> Option<u64> {
    match poll(wakes, cursor.next()) {
        Poll::Ready(event) => Some(event.unwrap().offset),
        Poll::Pending => None,
    }
}

#[test]
fn an_append_of_one_event_is_like_one_of_several() {
    let stream = builder().event_types(EventTypes::from("type")).buffer_size(1).build();
    assert_eq!((append(&stream), append(&stream)), (0, 1));
    assert_eq!((stream.oldest_offset(), stream.next_offset()), (1, 2));
    match stream.append_one(parcel("other-key", "type")) {
        Err(Error::InvalidEnvelope { field: "source_application", .. }) => {}
        other => panic!("{other:?}"),
    }
    match stream.append_one(parcel("app-key", "other")) {
        Err(Error::UnsupportedEventTypes { types }) => {
            assert_eq!(types, EventTypes::from("other"));
        }
        other => panic!("{other:?}"),
    }
    assert_eq!(stream.next_offset(), 2);

    let full = builder().first_offset(u64::MAX - 1).build();
    assert_eq!(append(&full), u64::MAX - 1);
    assert!(full.append_one(parcel("app-key", "type")).is_err());
}

#[test]
fn a_busy_cursor_gives_way_once_before_it_sleeps() {
    let stream = builder().build();
    let wakes = Arc::new(Wakes::default());
    let mut cursor = stream.open_now(0, EventTypes::any()).unwrap();
    for _ in 0..3 {
        append(&stream);
    }
    assert_eq!([0; 3].map(|_| next(&wakes, &mut cursor)), [Some(0), Some(1), Some(2)]);
    // It has its turn again; what has come meanwhile did not have to wake it.
    assert_eq!((next(&wakes, &mut cursor), wakes.count()), (None, 1));
    append(&stream);
    assert_eq!(wakes.count(), 1);
    assert_eq!(next(&wakes, &mut cursor), Some(3));
    // Now it has delivered but one event, and sleeps until the next one comes.
    assert_eq!((next(&wakes, &mut cursor), wakes.count()), (None, 1));
    assert_eq!((next(&wakes, &mut cursor), wakes.count()), (None, 1));
    append(&stream);
    assert_eq!(wakes.count(), 2);
    assert_eq!(next(&wakes, &mut cursor), Some(4));
}

#[test]
fn a_cursor_that_finds_nothing_after_it_gave_way_sleeps() {
    let stream = builder().build();
    let wakes = Arc::new(Wakes::default());
    let mut cursor = stream.open_now(0, EventTypes::any()).unwrap();
    append(&stream);
    append(&stream);
    let mut batch = Vec::new();
    assert!(matches!(poll(&wakes, cursor.next_batch(&mut batch, 10)), Poll::Ready(Ok(2))));
    {
        // One future that gives way, and is polled again.
        let mut reading = pin!(cursor.next());
        assert!(poll(&wakes, reading.as_mut()).is_pending());
        assert!(poll(&wakes, reading.as_mut()).is_pending());
        assert_eq!(wakes.count(), 1);
        append(&stream);
        assert_eq!(wakes.count(), 2);
        assert!(poll(&wakes, reading.as_mut()).is_ready());
    }
    assert_eq!(cursor.position(), 3);
}

#[test]
fn closing_wakes_the_cursor_and_no_other_that_has_its_place_now() {
    let stream = builder().build();
    let wakes = Arc::new(Wakes::default());
    let mut cursor = stream.open_now(0, EventTypes::any()).unwrap();
    let handle = cursor.close_handle();
    assert_eq!(next(&wakes, &mut cursor), None);
    handle.close().unwrap();
    assert_eq!(wakes.count(), 1);
    assert!(matches!(poll(&wakes, cursor.next()), Poll::Ready(Err(Error::CursorClosed))));

    let gone = stream.open_now(0, EventTypes::any()).unwrap();
    let handle = gone.close_handle();
    drop(gone);
    let mut another = stream.open_now(0, EventTypes::any()).unwrap();
    assert_eq!(next(&wakes, &mut another), None);
    handle.close().unwrap();
    assert_eq!(wakes.count(), 1);
    append(&stream);
    assert_eq!((wakes.count(), next(&wakes, &mut another)), (2, Some(0)));
}

#[test]
fn a_handle_that_closes_a_cursor_keeps_no_events() {
    let stream = builder().build();
    let kept = parcel("app-key", "type");
    stream.append_one(kept.clone()).unwrap();
    let mut cursor = stream.open_now(0, EventTypes::any()).unwrap();
    assert!(cursor.try_next().unwrap().is_some());
    let handle = cursor.close_handle();
    drop((cursor, stream));
    assert!(kept.wire().is_unique());
    handle.close().unwrap();
}

#[test]
fn a_cursor_whose_event_is_truncated_stands_where_it_says() {
    let stream = builder().build();
    let wakes = Arc::new(Wakes::default());
    let mut cursor = stream.open_now(0, EventTypes::from("rare")).unwrap();
    assert_eq!(next(&wakes, &mut cursor), None);
    assert_eq!((append(&stream), append(&stream)), (0, 1));
    stream.append_one(parcel("app-key", "rare")).unwrap();
    stream.truncate(3).unwrap();
    match poll(&wakes, cursor.next()) {
        Poll::Ready(Err(Error::Truncated { requested: 2, oldest: 3 })) => {}
        other => panic!("{other:?}"),
    }
    assert_eq!(cursor.position(), 2);
}
