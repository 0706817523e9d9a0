//! A consumer that is in the middle of something hears what is wanted of it.

use std::time::Duration;

use eventstream_core::{ConsumerState, ParkedEvents, Poison};

use crate::support::{Outcome, Parked, Rig, Running, SHOP, identity, settle};

#[tokio::test(start_paused = true)]
async fn a_pause_is_not_kept_waiting_by_a_batch_that_lingers() {
    let rig = Rig::new("aa");
    let consumer = rig.consumer().batch(10).linger(Duration::from_secs(600));
    let handle = consumer.handle();
    let running = Running::start(consumer).await;
    handle.pause();
    settle().await;
    assert_eq!(handle.status().state, ConsumerState::Paused);
    assert!(rig.handler.handled().is_empty(), "the batch is left to the next round");
    handle.resume();
    running.run_for(700).await;
    assert_eq!(rig.handler.calls(), [(0, vec![0, 1])]);
    running.stop().await;
}

#[tokio::test(start_paused = true)]
async fn to_linger_for_ever_is_to_wait_for_a_full_batch() {
    let rig = Rig::new("aa");
    let running = Running::start(rig.consumer().batch(3).linger(Duration::MAX)).await;
    running.run_for(86_400).await;
    assert!(rig.handler.calls().is_empty());
    rig.stream.append("a");
    settle().await;
    assert_eq!(rig.handler.calls(), [(0, vec![0, 1, 2])]);
    running.stop().await;
}

/// Runs a consumer into a batch in which one event is parked already, so that the others are
/// handled one by one, a minute each.
async fn in_a_batch_with_a_parked_event(
    rig: &Rig,
    parked: &Parked,
) -> (Running, eventstream_core::ConsumerHandle) {
    let app = identity(SHOP);
    let event = eventstream_core::Event::new(7, rig.stream.state().events[7].clone());
    parked.failed(&app, &event, "an earlier run").await.expect("it works");
    parked.park(&app, 7).await.expect("it works");
    rig.handler.state().takes = Duration::from_secs(60);
    let consumer = rig.consumer().batch(100).poison(Poison::park_after(3, parked.clone()));
    let handle = consumer.handle();
    let running = Running::start(consumer).await;
    running.run_for(90).await;
    (running, handle)
}

#[tokio::test(start_paused = true)]
async fn a_cancellation_is_heard_between_the_events_of_a_batch_with_a_parked_one() {
    let rig = Rig::new("aaaaaaaaaa");
    let (running, _handle) = in_a_batch_with_a_parked_event(&rig, &Parked::default()).await;
    running.token.cancel();
    running.ended().await.expect("it is no error");
    assert_eq!(rig.handler.handled(), [0, 1], "what was in hand, and no more");
}

#[tokio::test(start_paused = true)]
async fn a_pause_is_heard_between_the_events_of_a_batch_with_a_parked_one() {
    let rig = Rig::new("aaaaaaaaaa");
    let (running, handle) = in_a_batch_with_a_parked_event(&rig, &Parked::default()).await;
    handle.pause();
    running.run_for(600).await;
    assert_eq!(handle.status().state, ConsumerState::Paused);
    assert_eq!(rig.handler.handled(), [0, 1], "what was in hand, and no more");
    handle.resume();
    running.run_for(3600).await;
    assert_eq!(rig.handler.handled(), [0, 1, 2, 3, 4, 5, 6, 8, 9]);
    running.stop().await;
}

#[tokio::test(start_paused = true)]
async fn a_pause_is_heard_between_replays() {
    let rig = Rig::new("aaaaa");
    let parked = Parked::default();
    let app = identity(SHOP);
    rig.handler.outcomes([Outcome::Reject; 5]);
    let consumer = rig.consumer().poison(Poison::park_after(3, parked.clone()));
    let handle = consumer.handle();
    let running = Running::start(consumer).await;
    for offset in 0..5 {
        assert!(parked.replay(&app, offset).await.expect("it works"));
    }
    let pause = handle.clone();
    rig.handler.state().during_replay = Some(Box::new(move || pause.pause()));
    running.run_for(60).await;
    assert_eq!(handle.status().state, ConsumerState::Paused);
    assert_eq!(rig.handler.state().replays, [0]);
    handle.resume();
    running.run_for(60).await;
    assert_eq!(rig.handler.state().replays, [0, 1, 2, 3, 4]);
    running.stop().await;
}
