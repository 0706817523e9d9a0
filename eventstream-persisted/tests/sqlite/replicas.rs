//! Replicas of a projection, side by side.

use std::{sync::mpsc, thread};

use eventstream_core::{Consumer, Event, EventTypes};
use eventstream_persisted::{EmbeddedStore, SqliteTx};
use tokio_util::sync::CancellationToken;

use crate::{
    child::{self, Running, Told},
    consuming::Consuming,
    support::*,
};

const EVENTS: u64 = 20_000;

/// Two consumers, with connections of their own; whoever handles the last event ends both.
async fn side_by_side(batches: [usize; 2]) {
    let place = Place::new();
    place.store_of(EVENTS).await;
    let done = CancellationToken::new();
    let mut running = Vec::new();
    for batch in batches {
        let cancel = done.clone();
        let projection = place
            .applying(move |tx: SqliteTx, event: Event| {
                let recorded = record(&tx, &event);
                if event.offset + 1 == EVENTS {
                    cancel.cancel();
                }
                async { recorded }
            })
            .await;
        let store = EmbeddedStore::open(place.store()).await.unwrap();
        let stream = store.stream(EventTypes::any());
        let consumer = Consumer::new(stream, EventTypes::any(), projection).batch(batch);
        running.push(tokio::spawn(consumer.run(done.clone())));
    }
    for consumer in running {
        consumer.await.unwrap().unwrap();
    }
    assert_eq!(place.check_effects(), EVENTS);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_that_handle_one_event_at_a_time_have_each_effect_once() {
    side_by_side([1, 1]).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_that_handle_batches_have_each_effect_once() {
    side_by_side([13, 100]).await;
}

#[test]
fn two_processes_have_each_effect_once() {
    const TEST: &str = "replicas::two_processes_have_each_effect_once";
    if let Some(task) = child::task() {
        return Consuming::run(&task);
    }
    let place = Place::new();
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    let store = runtime.block_on(place.store_of(EVENTS));
    // They even create the tables at once.
    let mut processes = [1, 20].map(|batch| Consuming::of(&place, batch).start(TEST));
    let told = mpsc::channel();
    let listening = processes.each_mut().map(|process| {
        let (lines, tell) = (process.lines(), told.0.clone());
        thread::spawn(move || {
            for told in lines {
                // Nobody listens any more once one has come to the end.
                let _ = tell.send(told);
            }
        })
    });
    drop(told.0);
    assert!(told.1.iter().any(|told| told == Told::Kept(EVENTS)), "none has come to the end");
    processes.into_iter().for_each(Running::end);
    for thread in listening {
        thread.join().unwrap();
    }
    drop(store);
    assert_eq!(place.check_effects(), EVENTS);
}
