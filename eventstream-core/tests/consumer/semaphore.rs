//! How many calls of handlers are under way at once.

use std::{error::Error as _, sync::Arc, time::Duration};

use eventstream_core::Error;
use tokio::sync::Semaphore;

use crate::support::{FakeHandler, Rig, Running, settle};

/// The seconds at which calls of two handlers begin, of three events each, a second an event.
async fn begin(permits: usize) -> Vec<u64> {
    let rigs = [Rig::new("aaa"), Rig::new("aaa")];
    let semaphore = Arc::new(Semaphore::new(permits));
    let mut consumers = Vec::new();
    for rig in &rigs {
        rig.handler.state().takes = Duration::from_secs(1);
        let consumer = rig.consumer().semaphore(semaphore.clone());
        consumers.push(Running::start(consumer).await);
    }
    let started = consumers[0].started;
    consumers[0].run_for(60).await;
    assert_eq!(semaphore.available_permits(), permits, "all are given back");
    for running in consumers {
        running.stop().await;
    }
    let calls = rigs.map(|rig| rig.handler.state().calls.clone()).concat();
    let mut begin: Vec<u64> = calls.iter().map(|call| (call.2 - started).as_secs()).collect();
    begin.sort_unstable();
    begin
}

#[tokio::test(start_paused = true)]
async fn limits_the_handlers_of_two_consumers() {
    assert_eq!(begin(1).await, [0, 1, 2, 3, 4, 5], "one at a time");
    assert_eq!(begin(2).await, [0, 0, 1, 1, 2, 2], "both at once");
}

#[tokio::test(start_paused = true)]
async fn a_batch_takes_one_permit() {
    let rig = Rig::new("aaaa");
    let gate = rig.handler.gate();
    let semaphore = Arc::new(Semaphore::new(3));
    let consumer = rig.consumer().batch(10).semaphore(semaphore.clone());
    let running = Running::start(consumer).await;
    assert_eq!(rig.handler.calls(), [(0, vec![0, 1, 2, 3])]);
    assert_eq!(semaphore.available_permits(), 2);
    gate.add_permits(1);
    settle().await;
    assert_eq!(semaphore.available_permits(), 3);
    running.stop().await;
}

#[tokio::test(start_paused = true)]
async fn a_skip_takes_one_permit() {
    let rig = Rig::new("bb");
    let gate = rig.handler.gate();
    let semaphore = Arc::new(Semaphore::new(3));
    let running = Running::start(rig.consumer().semaphore(semaphore.clone())).await;
    assert_eq!(rig.handler.skips(), [(0, 2)]);
    assert_eq!(semaphore.available_permits(), 2);
    gate.add_permits(1);
    settle().await;
    assert_eq!(semaphore.available_permits(), 3);
    running.stop().await;
}

#[tokio::test(start_paused = true)]
async fn no_permit_is_held_while_waiting_for_events_or_backing_off() {
    let rig = Rig::new("a");
    rig.handler.outcomes([crate::support::Outcome::Retry]);
    let semaphore = Arc::new(Semaphore::new(1));
    let running = Running::start(rig.consumer().semaphore(semaphore.clone())).await;
    assert_eq!(rig.counts(), [1]);
    assert_eq!(semaphore.available_permits(), 1, "backing off");
    running.run_for(60).await;
    assert_eq!(rig.handler.handled(), [0]);
    assert_eq!(semaphore.available_permits(), 1, "waiting");
    running.stop().await;
}

#[tokio::test(start_paused = true)]
async fn that_was_closed_is_an_error() {
    let rig = Rig::new("a");
    let semaphore = Arc::new(Semaphore::new(1));
    semaphore.close();
    let running = Running::start(rig.consumer().semaphore(semaphore)).await;
    is_an_error(running).await;
    assert_eq!(rig.handler.calls(), []);
    assert_eq!(rig.stream.open_cursors(), 0);
}

#[tokio::test(start_paused = true)]
async fn that_is_closed_while_waiting_for_it_is_an_error() {
    let rig = Rig::new("a");
    let semaphore = Arc::new(Semaphore::new(0));
    let running = Running::start(rig.consumer().semaphore(semaphore.clone())).await;
    semaphore.close();
    is_an_error(running).await;
}

async fn is_an_error(running: Running) {
    let error = running.ended().await.expect_err("the semaphore is closed");
    assert!(matches!(error, Error::Backend { retryable: false, .. }));
    assert!(error.to_string().contains("semaphore"), "{error}");
    let source = error.source().expect("it has a source").to_string();
    assert!(source.contains("closed"), "{source}");
}

#[tokio::test(start_paused = true)]
async fn closed_has_no_effect_while_nothing_is_to_be_handled() {
    let rig = Rig::new("");
    let semaphore = Arc::new(Semaphore::new(1));
    semaphore.close();
    let consumer = rig.consumer_with(FakeHandler::new()).semaphore(semaphore);
    let running = Running::start(consumer).await;
    running.run_for(60).await;
    running.stop().await;
}
