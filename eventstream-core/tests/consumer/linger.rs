//! Batches that wait to fill up.

use std::time::Duration;

use eventstream_core::Error;
use tokio::time::sleep;

use crate::support::{Fake, Rig, Running, settle};

const LINGER: Duration = Duration::from_secs(10);

async fn start(rig: &Rig) -> Running {
    Running::start(rig.consumer().batch(3).linger(LINGER)).await
}

#[tokio::test(start_paused = true)]
async fn a_full_batch_is_handed_on_at_once() {
    let rig = Rig::new("aaaaaa");
    let running = start(&rig).await;
    assert_eq!(rig.handler.calls(), [(0, vec![0, 1, 2]), (3, vec![3, 4, 5])]);
    running.stop().await;
}

#[tokio::test(start_paused = true)]
async fn a_batch_that_fills_up_is_handed_on_as_soon_as_it_is_full() {
    let rig = Rig::new("a");
    let running = start(&rig).await;
    assert!(rig.handler.calls().is_empty());
    sleep(Duration::from_secs(3)).await;
    rig.stream.append("b");
    settle().await;
    assert!(rig.handler.calls().is_empty());
    rig.stream.append("aa");
    settle().await;
    assert_eq!(rig.handler.calls(), [(0, vec![0, 2, 3])]);
    running.stop().await;
}

#[tokio::test(start_paused = true)]
async fn a_partial_batch_is_flushed_when_the_time_is_over() {
    let rig = Rig::new("aa");
    let running = start(&rig).await;
    sleep(LINGER).await;
    settle().await;
    assert_eq!(rig.handler.calls(), [(0, vec![0, 1])]);
    let called = rig.handler.state().calls[0].2;
    assert_eq!(called - running.started, LINGER, "from the first event on");
    running.stop().await;
}

#[tokio::test(start_paused = true)]
async fn an_error_flushes_what_was_read_before_it() {
    let rig = Rig::new("aa");
    // The batch comes across it, and so does the attempt to fill it, and the next read.
    for _ in 0..3 {
        rig.stream.fake(2, Fake::Error(Error::backend("reading", true, "told to fail")));
    }
    let running = start(&rig).await;
    assert_eq!(rig.handler.calls(), [(0, vec![0, 1])]);
    assert_eq!(rig.counts(), [1]);
    running.stop().await;
}

#[tokio::test(start_paused = true)]
async fn a_cancellation_leaves_the_batch_to_the_next_start() {
    let rig = Rig::new("aa");
    start(&rig).await.stop().await;
    assert!(rig.handler.calls().is_empty());
    let running = start(&rig).await;
    rig.stream.append("a");
    settle().await;
    assert_eq!(rig.handler.calls(), [(0, vec![0, 1, 2])]);
    running.stop().await;
}

#[tokio::test(start_paused = true)]
async fn single_events_do_not_linger() {
    let rig = Rig::new("a");
    let running = Running::start(rig.consumer().linger(LINGER)).await;
    assert_eq!(rig.handler.handled(), [0]);
    running.stop().await;
}
