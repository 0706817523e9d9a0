//! A consumer with nothing to do sleeps.

use std::time::Duration;

use tokio::time::sleep;

use crate::support::{Plain, Rig, Running};

/// How often the consumer's read is polled within a day, after it has had a minute to calm down.
async fn polls_in_a_day(rig: &Rig, running: &Running) -> u64 {
    sleep(Duration::from_secs(60)).await;
    let before = rig.stream.state().polls;
    running.run_for(86_400).await;
    rig.stream.state().polls - before
}

#[tokio::test(start_paused = true)]
async fn on_an_empty_stream() {
    let rig = Rig::new("");
    let running = rig.start().await;
    assert_eq!(polls_in_a_day(&rig, &running).await, 0);
    running.stop().await;
}

#[tokio::test(start_paused = true)]
async fn after_an_event() {
    let rig = Rig::new("aa");
    let running = rig.start().await;
    assert_eq!(polls_in_a_day(&rig, &running).await, 0);
    rig.stream.append("a");
    assert_eq!(polls_in_a_day(&rig, &running).await, 0);
    assert_eq!(rig.handler.handled(), [0, 1, 2]);
    running.stop().await;
}

#[tokio::test(start_paused = true)]
async fn after_a_skip() {
    let rig = Rig::new("abb");
    let running = rig.start().await;
    assert_eq!(polls_in_a_day(&rig, &running).await, 0);
    rig.stream.append("b");
    assert_eq!(polls_in_a_day(&rig, &running).await, 0);
    assert_eq!(rig.handler.skips(), [(1, 3), (3, 4)]);
    running.stop().await;
}

#[tokio::test(start_paused = true)]
async fn after_a_skip_that_the_handler_does_not_know() {
    let rig = Rig::new("abb");
    let running = Running::start(rig.consumer_with(Plain(rig.handler.clone()))).await;
    assert_eq!(polls_in_a_day(&rig, &running).await, 0);
    running.stop().await;
}
