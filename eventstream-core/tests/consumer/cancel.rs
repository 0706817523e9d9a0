//! A cancellation is seen wherever the consumer waits, and what the handler has in hand is
//! finished.

use std::{sync::Arc, time::Duration};

use eventstream_core::Finish;
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;

use crate::support::{Hang, Outcome, Rig, Running, settle, soon};

#[tokio::test(start_paused = true)]
async fn before_it_starts() {
    let rig = Rig::new("a");
    let token = CancellationToken::new();
    token.cancel();
    let finish = soon(rig.consumer().run(token)).await.unwrap();
    assert_eq!(finish, Finish::Cancelled);
    assert_eq!(rig.stream.state().types_asked, 0);
}

#[tokio::test(start_paused = true)]
async fn while_it_asks_for_the_types() {
    let rig = Rig::new("a");
    rig.stream.state().hang = Some(Hang::EventTypes);
    let running = rig.start().await;
    assert!(rig.handler.state().sources.is_empty());
    running.stop().await;
}

#[tokio::test(start_paused = true)]
async fn while_it_asks_the_handler_for_its_offset() {
    let rig = Rig::new("a");
    rig.handler.state().offset_hangs = true;
    let running = rig.start().await;
    assert_eq!(rig.stream.state().types_asked, 1);
    assert!(rig.stream.opened_at().is_empty());
    running.stop().await;
}

#[tokio::test(start_paused = true)]
async fn while_it_opens_the_stream() {
    let rig = Rig::new("a");
    rig.stream.state().hang = Some(Hang::Open);
    let running = rig.start().await;
    assert_eq!(rig.handler.state().sources.len(), 1);
    assert!(rig.stream.opened_at().is_empty());
    running.stop().await;
}

#[tokio::test(start_paused = true)]
async fn while_it_waits_for_an_event() {
    let rig = Rig::new("a");
    let running = rig.start().await;
    running.run_for(3600).await;
    assert_eq!(rig.handler.handled(), [0]);
    running.stop().await;
    assert_eq!(rig.stream.open_cursors(), 0, "the cursor is closed");
}

#[tokio::test(start_paused = true)]
async fn while_it_backs_off() {
    let rig = Rig::new("a");
    rig.handler.outcomes([Outcome::Retry]);
    let consumer = rig.consumer().backoff(|_| Duration::from_secs(86_400));
    let running = Running::start(consumer).await;
    running.run_for(3600).await;
    assert_eq!(rig.handler.calls().len(), 1, "it is backing off");
    running.stop().await;
}

#[tokio::test(start_paused = true)]
async fn while_it_waits_for_the_semaphore() {
    let rig = Rig::new("a");
    let semaphore = Arc::new(Semaphore::new(0));
    let running = Running::start(rig.consumer().semaphore(semaphore.clone())).await;
    running.run_for(3600).await;
    running.stop().await;
    semaphore.add_permits(1);
    settle().await;
    assert!(rig.handler.calls().is_empty(), "the event was not handled");
    assert_eq!(semaphore.available_permits(), 1);
}

#[tokio::test(start_paused = true)]
async fn while_it_waits_for_the_semaphore_to_skip() {
    let rig = Rig::new("bb");
    let semaphore = Arc::new(Semaphore::new(0));
    let running = Running::start(rig.consumer().semaphore(semaphore.clone())).await;
    running.run_for(3600).await;
    running.stop().await;
    assert!(rig.handler.skips().is_empty());
}

#[tokio::test(start_paused = true)]
async fn the_event_in_hand_is_finished() {
    let rig = Rig::new("aaa");
    let gate = rig.handler.gate();
    gate.add_permits(1);
    let running = rig.start().await;
    assert_eq!(rig.handler.handled(), [0]);
    assert_eq!(rig.handler.state().in_hand, 1, "it has the second in hand");
    running.token.cancel();
    running.run_for(3600).await;
    gate.add_permits(10);
    running.stop().await;
    assert_eq!(rig.handler.handled(), [0, 1], "and no third");
    assert_eq!(rig.handler.state().in_hand, 0);
}

#[tokio::test(start_paused = true)]
async fn the_batch_in_hand_is_finished() {
    let rig = Rig::new("aaaa");
    let gate = rig.handler.gate();
    let running = Running::start(rig.consumer().batch(2)).await;
    assert_eq!(rig.handler.state().in_hand, 1);
    running.token.cancel();
    running.run_for(3600).await;
    gate.add_permits(10);
    running.stop().await;
    assert_eq!(rig.handler.handled(), [0, 1]);
}

#[tokio::test(start_paused = true)]
async fn the_skip_in_hand_is_finished() {
    let rig = Rig::new("bbb");
    let gate = rig.handler.gate();
    let running = rig.start().await;
    assert_eq!(rig.handler.skips(), [(0, 3)]);
    running.token.cancel();
    running.run_for(3600).await;
    gate.add_permits(10);
    running.stop().await;
    assert_eq!(rig.handler.state().offset, 3);
}

#[tokio::test(start_paused = true)]
async fn an_event_in_hand_that_fails_is_not_tried_again() {
    let rig = Rig::new("a");
    rig.handler.outcomes([Outcome::Retry]);
    let gate = rig.handler.gate();
    let running = rig.start().await;
    running.token.cancel();
    gate.add_permits(10);
    running.stop().await;
    assert_eq!(rig.handler.calls().len(), 1);
}
