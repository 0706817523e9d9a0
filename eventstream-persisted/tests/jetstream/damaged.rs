//! Streams that others have deleted from, purged, made anew, or written to.

use eventstream_core::{
    Cursor, Error, EventRepository, EventStore, EventStream, EventTypes, Expect,
};
use eventstream_persisted::{JetStreamError, JetStreamStore};
use serde_json::json;
use tokio::time::timeout;

use crate::support::{
    LONG, Program, Raw, application, offsets, parcels, problem, read, shared, stream_name,
};

fn one_type() -> EventTypes {
    EventTypes::from("type-3")
}

/// A store of 100 events, of which those at 40, 41 and 70 are deleted.
async fn with_holes(program: Program) -> Option<(JetStreamStore, Raw)> {
    let server = shared(program)?;
    let raw = Raw::connect(server).await;
    let name = stream_name();
    let builder = JetStreamStore::builder(server.url(&name)).recent_events(0);
    builder.clone().create_for(application()).open().await.unwrap();
    raw.make_anew(&name, &json!({ "deny_delete": false })).await;
    let store = builder.open().await.unwrap();
    for parcel in parcels(0..100) {
        store.append(vec![parcel], Expect::Any).await.unwrap();
    }
    for offset in [40, 41, 70] {
        raw.delete(&name, offset).await;
    }
    Some((store, raw))
}

/// Reads with a cursor until it fails.
async fn until_it_fails(
    store: &JetStreamStore,
    types: EventTypes,
    offset: u64,
) -> (Vec<u64>, JetStreamError) {
    let stream = store.stream(EventTypes::any());
    let mut cursor = stream.open(offset, types).await.unwrap();
    let mut events = Vec::new();
    let error = loop {
        let next = timeout(LONG, cursor.next_batch(&mut events, 7)).await.unwrap();
        if next.is_err() {
            break problem(next);
        }
    };
    // An error that stays is said again, and nothing is stepped over.
    let again = problem(timeout(LONG, cursor.next()).await.unwrap());
    assert_eq!(error.to_string(), again.to_string());
    (offsets(&events), error)
}

#[tokio::test]
async fn what_is_deleted_is_named_and_never_stepped_over() {
    for program in [Program::New, Program::Old] {
        let Some((store, _)) = with_holes(program).await else { return };
        let (seen, error) = until_it_fails(&store, EventTypes::any(), 0).await;
        assert_eq!(seen, (0..40).collect::<Vec<_>>());
        assert!(matches!(error, JetStreamError::Deleted { first: 40, last: 41, .. }), "{error:?}");
        assert!(error.to_string().contains("40 to 41"), "{error}");
        // Also where the server looks for what is wanted.
        let (seen, error) = until_it_fails(&store, one_type(), 0).await;
        assert_eq!(seen, [3, 13, 23, 33]);
        assert!(matches!(error, JetStreamError::Deleted { first: 40, last: 41, .. }), "{error:?}");
        let (seen, error) = until_it_fails(&store, one_type(), 42).await;
        assert_eq!(seen, [43, 53, 63]);
        assert!(matches!(error, JetStreamError::Deleted { first: 70, last: 70, .. }), "{error:?}");
        // Behind them all is well, and the offsets are what they were.
        let events = read(&store, EventTypes::any(), 71).await.unwrap();
        assert_eq!(offsets(&events), (71..100).collect::<Vec<_>>());
        assert_eq!(events[0].parcel.message_id(), "m-71");
        assert_eq!(store.next_offset().await.unwrap(), 100);
        // What is truncated does not matter any more.
        store.truncate(71).await.unwrap();
        assert_eq!(offsets(&read(&store, one_type(), 71).await.unwrap()), [73, 83, 93]);
    }
}

#[tokio::test]
async fn what_is_deleted_while_it_is_read_is_noticed() {
    let Some((store, raw)) = with_holes(Program::New).await else { return };
    let mut query = store.load_by_type(one_type(), 71).await.unwrap();
    raw.delete(store.name(), 83).await;
    let mut events = Vec::new();
    let error = loop {
        let next = eventstream_core::EventQuery::next_batch(&mut query, &mut events, 100).await;
        match next {
            Ok(0) => panic!("it was stepped over"),
            Ok(_) => {}
            Err(_) => break problem(next),
        }
    };
    assert_eq!(offsets(&events), [73]);
    assert!(matches!(error, JetStreamError::Deleted { first: 83, last: 83, .. }), "{error:?}");
}

#[tokio::test]
async fn what_is_purged_is_truncated() {
    let Some(server) = shared(Program::New) else { return };
    let url = server.url(&stream_name());
    let store = JetStreamStore::builder(&url).create_for(application()).open().await.unwrap();
    store.append(parcels(0..50), Expect::Any).await.unwrap();
    let raw = Raw::connect(server).await;
    let purge = format!("STREAM.PURGE.{}", store.name());
    raw.call(&purge, json!({ "keep": 10 })).await;
    let truncated = store.load_by_type(EventTypes::any(), 39).await;
    assert!(matches!(truncated, Err(Error::Truncated { requested: 39, oldest: 40 })));
    assert_eq!(read(&store, EventTypes::any(), 40).await.unwrap().len(), 10);
    // All of it: the offsets go on, and the ids may come again.
    raw.call(&purge, json!({})).await;
    let truncated = store.load_by_type(one_type(), 49).await;
    assert!(matches!(truncated, Err(Error::Truncated { requested: 49, oldest: 50 })));
    assert!(read(&store, EventTypes::any(), 50).await.unwrap().is_empty());
    assert_eq!(store.append(parcels(0..2), Expect::Offset(50)).await.unwrap(), 50..52);
    let opened = JetStreamStore::open(&url).await.unwrap();
    assert_eq!(opened.incarnation(), store.incarnation());
}

#[tokio::test]
async fn a_stream_that_is_made_anew_is_another_one() {
    let Some(server) = shared(Program::New) else { return };
    let raw = Raw::connect(server).await;
    let url = server.url(&stream_name());
    let builder = JetStreamStore::builder(&url).create_for(application());
    let store = builder.clone().open().await.unwrap();
    store.append(parcels(0..10), Expect::Any).await.unwrap();
    let mut cursor = store.stream(EventTypes::any()).open(10, EventTypes::any()).await.unwrap();
    let waiting = tokio::spawn(async move { timeout(LONG, cursor.next()).await.unwrap() });
    raw.call(&format!("STREAM.DELETE.{}", store.name()), json!(null)).await;
    let anew = builder.open().await.unwrap();
    assert_ne!(anew.incarnation(), store.incarnation());
    for error in [
        problem(store.next_offset().await),
        problem(store.append(parcels(10..11), Expect::Any).await),
        problem(store.load_by_type(EventTypes::any(), 0).await),
        problem(waiting.await.unwrap()),
    ] {
        assert!(matches!(error, JetStreamError::Replaced { .. }), "{error:?}");
    }
    assert_eq!(anew.next_offset().await.unwrap(), 0);
    // Also with a copy of what it was.
    anew.append(parcels(0..3), Expect::Any).await.unwrap();
    raw.make_anew(anew.name(), &json!({})).await;
    let error = problem(anew.next_offset().await);
    assert!(matches!(error, JetStreamError::Replaced { .. }), "{error:?}");
    let error = problem(anew.append(parcels(3..4), Expect::Any).await);
    assert!(matches!(error, JetStreamError::Replaced { .. }), "{error:?}");
    let copied = JetStreamStore::open(&url).await.unwrap();
    assert_ne!(copied.incarnation(), anew.incarnation());
}

#[tokio::test]
async fn a_message_that_is_no_event_is_named() {
    let Some(server) = shared(Program::New) else { return };
    let raw = Raw::connect(server).await;
    let builder = JetStreamStore::builder(server.url(&stream_name())).recent_events(0);
    let store = builder.create_for(application()).open().await.unwrap();
    store.append(parcels(0..5), Expect::Any).await.unwrap();
    let config = raw.config(store.name()).await;
    let subjects = config["subjects"][0].as_str().unwrap();
    let subject = subjects.replace('>', "other.type-3.~");
    raw.0.request(subject, "no event".into()).await.unwrap();
    for types in [EventTypes::any(), one_type()] {
        let (seen, error) = until_it_fails(&store, types, 2).await;
        assert!(seen == [2, 3, 4] || seen == [3], "{seen:?}");
        assert!(matches!(error, JetStreamError::Damaged { offset: 5, .. }), "{error:?}");
    }
}
