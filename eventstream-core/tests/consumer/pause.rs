//! Standing still, and going on.

use eventstream_core::{ConsumerState, Finish};

use crate::support::{Outcome, Rig, Running, settle};

#[tokio::test(start_paused = true)]
async fn a_paused_consumer_handles_nothing_and_holds_no_cursor() {
    let rig = Rig::new("a");
    let consumer = rig.consumer();
    let handle = consumer.handle();
    let running = Running::start(consumer).await;
    handle.pause();
    settle().await;
    assert_eq!(handle.status().state, ConsumerState::Paused);
    assert_eq!(rig.stream.open_cursors(), 0);
    rig.stream.append("aa");
    running.run_for(3600).await;
    assert_eq!(rig.handler.handled(), [0]);

    handle.resume();
    settle().await;
    assert_eq!(rig.handler.handled(), [0, 1, 2]);
    assert_eq!(handle.status().state, ConsumerState::Live);
    running.stop().await;
}

#[tokio::test(start_paused = true)]
async fn what_is_in_hand_is_finished_first() {
    let rig = Rig::new("aaa");
    let gate = rig.handler.gate();
    let consumer = rig.consumer();
    let handle = consumer.handle();
    let running = Running::start(consumer).await;
    handle.pause();
    settle().await;
    assert_eq!(handle.status().state, ConsumerState::CatchingUp);
    gate.add_permits(3);
    settle().await;
    assert_eq!(rig.handler.handled(), [0]);
    assert_eq!(handle.status().state, ConsumerState::Paused);
    running.stop().await;
}

#[tokio::test(start_paused = true)]
async fn a_consumer_can_be_paused_before_it_runs() {
    let rig = Rig::new("a");
    let consumer = rig.consumer();
    let handle = consumer.handle();
    handle.pause();
    let running = Running::start(consumer).await;
    assert_eq!(rig.stream.state().types_asked, 0);
    handle.resume();
    settle().await;
    assert_eq!(rig.handler.handled(), [0]);
    running.stop().await;
}

#[tokio::test(start_paused = true)]
async fn a_pause_begins_when_the_backoff_is_over() {
    let rig = Rig::new("a");
    rig.handler.outcomes([Outcome::Retry]);
    let consumer = rig.consumer();
    let handle = consumer.handle();
    let running = Running::start(consumer).await;
    handle.pause();
    settle().await;
    assert_eq!(handle.status().state, ConsumerState::BackingOff);
    running.run_for(60).await;
    assert_eq!(handle.status().state, ConsumerState::Paused);
    assert!(rig.handler.handled().is_empty());
    handle.resume();
    settle().await;
    assert_eq!(rig.handler.handled(), [0]);
    running.stop().await;
}

#[tokio::test(start_paused = true)]
async fn a_paused_consumer_can_be_cancelled() {
    let rig = Rig::new("a");
    let consumer = rig.consumer();
    let handle = consumer.handle();
    handle.pause();
    let running = Running::start(consumer).await;
    running.token.cancel();
    assert_eq!(running.ended().await.expect("it is no error"), Finish::Cancelled);
    assert_eq!(handle.status().state, ConsumerState::Stopped);
}

#[tokio::test(start_paused = true)]
async fn pausing_and_resuming_at_once_changes_nothing() {
    let rig = Rig::new("a");
    let consumer = rig.consumer();
    let handle = consumer.handle();
    let running = Running::start(consumer).await;
    for _ in 0..10 {
        handle.pause();
        handle.resume();
        rig.stream.append("a");
        settle().await;
    }
    assert_eq!(rig.handler.handled().len(), 11);
    running.stop().await;
}
