//! A server that is killed while events are appended and read, and several that append.

use std::{collections::HashMap, time::Duration};

use eventstream_core::{Event, EventStore, Expect};
use eventstream_persisted::JetStreamStore;
use tokio::time::sleep;

use crate::support::{Program, Server, Settings, application, follow, parcels};

/// Appends batches, of changing sizes, until it is told to end; says what was acknowledged.
pub(crate) async fn append_until(
    store: JetStreamStore,
    first: u64,
    mut end: tokio::sync::watch::Receiver<bool>,
) -> Vec<(u64, u64)> {
    let (mut acknowledged, mut next) = (Vec::new(), first);
    while !*end.borrow_and_update() {
        let count = 1 + next % 7;
        let batch = parcels(next..next + count);
        match store.append(batch, Expect::Any).await {
            Ok(offsets) => {
                assert_eq!(offsets.end - offsets.start, count);
                acknowledged.extend((next..next + count).zip(offsets));
                next += count;
            }
            // The same ones again: a repetition stores nothing.
            Err(error) => assert!(error.is_retryable(), "{error:?}"),
        }
    }
    acknowledged
}

/// All that was acknowledged is there where that was said, once, and no offset is missing.
pub(crate) fn check(events: &[Event], acknowledged: &[(u64, u64)]) {
    let mut places = HashMap::new();
    for (event, offset) in events.iter().zip(0..) {
        assert_eq!(event.offset, offset);
        let id = event.parcel.message_id().to_owned();
        assert_eq!(places.insert(id.clone(), offset), None, "{id} is there twice");
    }
    for (number, offset) in acknowledged {
        assert_eq!(places.get(&format!("m-{number}")), Some(offset), "m-{number}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_is_killed_loses_and_repeats_nothing() {
    let Some(mut server) = Server::start(Program::New, &Settings::default()) else { return };
    let url = server.url("orders");
    let first = JetStreamStore::builder(&url).create_for(application()).open().await.unwrap();
    let second = JetStreamStore::open(&url).await.unwrap();
    let (stop, end) = tokio::sync::watch::channel(false);
    let appending: Vec<_> = (0..8)
        .map(|n| {
            let store = if n % 2 == 0 { &first } else { &second }.clone();
            tokio::spawn(append_until(store, n * 1_000_000, end.clone()))
        })
        .collect();
    for turn in 0..8 {
        sleep(Duration::from_millis(150 + turn * 37)).await;
        server.kill();
        server.restart();
        server.wait_ready();
    }
    // What comes after the last time.
    sleep(Duration::from_millis(300)).await;
    stop.send(true).unwrap();
    let mut acknowledged = Vec::new();
    for task in appending {
        acknowledged.extend(task.await.unwrap());
    }
    assert!(acknowledged.len() > 100, "{}", acknowledged.len());
    let count =
        usize::try_from(eventstream_core::EventRepository::next_offset(&first).await.unwrap());
    let count = count.unwrap();
    let (mine, theirs) = tokio::join!(follow(first, count), follow(second, count));
    check(&mine, &acknowledged);
    assert_eq!(mine, theirs);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_append_and_two_read_through_a_restart() {
    const EACH: u64 = 5_000;
    let Some(mut server) = Server::start(Program::New, &Settings::default()) else { return };
    let url = server.url("orders");
    let first = JetStreamStore::builder(&url).create_for(application()).open().await.unwrap();
    // One that has no cache reads all of it from the server.
    let second = JetStreamStore::builder(&url).recent_events(0).open().await.unwrap();
    let readers = [&first, &second]
        .map(|store| tokio::spawn(follow(store.clone(), usize::try_from(2 * EACH).unwrap())));
    let appenders = [(first, 0), (second, 1_000_000)].map(|(store, from)| {
        tokio::spawn(async move {
            let mut acknowledged = Vec::new();
            let mut next = from;
            while next < from + EACH {
                let batch = parcels(next..(next + 10).min(from + EACH));
                let count = batch.len() as u64;
                match store.append(batch, Expect::Any).await {
                    Ok(offsets) => {
                        acknowledged.extend((next..next + count).zip(offsets));
                        next += count;
                    }
                    Err(error) => assert!(error.is_retryable(), "{error:?}"),
                }
            }
            acknowledged
        })
    });
    sleep(Duration::from_millis(300)).await;
    server.kill();
    server.restart();
    let mut acknowledged = Vec::new();
    for task in appenders {
        acknowledged.extend(task.await.unwrap());
    }
    let [mine, theirs] = readers;
    let (mine, theirs) = (mine.await.unwrap(), theirs.await.unwrap());
    check(&mine, &acknowledged);
    assert_eq!(mine, theirs);
}
