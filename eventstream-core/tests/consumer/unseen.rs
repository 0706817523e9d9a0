//! What the cursor moves over unseen is found out all the same, by whoever wants to know it.

use std::time::Duration;

use eventstream_core::{ConsumerState, ParkedEvents, Poison};
use tokio::time::sleep;

use crate::support::{Outcome, Parked, Plain, Rig, Running, SHOP, identity, settle, soon};

#[tokio::test(start_paused = true)]
async fn what_was_filtered_out_during_a_pause_is_done_with_soon_after_it() {
    let rig = Rig::new("ab");
    let consumer = rig.consumer();
    let handle = consumer.handle();
    let running = Running::start(consumer).await;
    running.run_for(60).await;
    handle.pause();
    settle().await;
    rig.stream.append("bbb");
    handle.resume();
    soon(handle.wait_for(4)).await.expect("it runs");
    running.run_for(10).await;
    let status = handle.status();
    assert_eq!((status.state, status.position), (ConsumerState::Live, Some(5)));
    assert_eq!(rig.handler.state().offset, 5, "and it is skipped");
    running.stop().await;
}

#[tokio::test(start_paused = true)]
async fn after_a_pause_a_handler_that_does_not_skip_is_at_the_end_again() {
    let rig = Rig::new("abbb");
    let consumer = rig.consumer_with(Plain(rig.handler.clone()));
    let handle = consumer.handle();
    let running = Running::start(consumer).await;
    running.run_for(60).await;
    assert_eq!(handle.status().state, ConsumerState::Live);
    handle.pause();
    settle().await;
    handle.resume();
    soon(handle.wait_for(3)).await.expect("it runs");
    running.run_for(10).await;
    let status = handle.status();
    assert_eq!((status.state, status.lag_events), (ConsumerState::Live, Some(0)));
    running.stop().await;
}

#[tokio::test(start_paused = true)]
async fn a_replay_does_not_make_it_forget_to_look() {
    let rig = Rig::new("aa");
    let parked = Parked::default();
    let app = identity(SHOP);
    rig.handler.outcomes([Outcome::Reject]);
    let consumer = rig
        .consumer()
        .skip_interval(Duration::from_secs(20))
        .poison(Poison::park_after(3, parked.clone()));
    let handle = consumer.handle();
    let running = Running::start(consumer).await;
    running.run_for(21).await;
    // Woken a while before it may look, and told to replay in between.
    rig.stream.append("b");
    parked.replay(&app, 0).await.expect("it works");
    running.run_for(120).await;
    assert_eq!(rig.handler.state().replays, [0]);
    assert_eq!(handle.status().position, Some(3));
    assert_eq!(rig.handler.state().offset, 3);
    running.stop().await;
}

#[tokio::test(start_paused = true)]
async fn what_arrives_during_a_replay_is_seen() {
    let rig = Rig::new("aa");
    let parked = Parked::default();
    let app = identity(SHOP);
    rig.handler.outcomes([Outcome::Reject]);
    let consumer = rig.consumer().poison(Poison::park_after(3, parked.clone()));
    let handle = consumer.handle();
    let running = Running::start(consumer).await;
    running.run_for(60).await;
    let stream = rig.stream.clone();
    // Nobody reads while the handler is busy, so nobody is woken.
    rig.handler.state().during_replay = Some(Box::new(move || stream.append("b")));
    parked.replay(&app, 0).await.expect("it works");
    running.run_for(60).await;
    assert_eq!(rig.handler.state().replays, [0]);
    let status = handle.status();
    assert_eq!(
        (status.position, status.end, status.state),
        (Some(3), Some(3), ConsumerState::Live)
    );
    running.stop().await;
}

/// A cursor that is woken again and again for nothing is looked at rarely, but not so rarely that
/// the figures are of no use.
#[tokio::test(start_paused = true)]
async fn after_days_of_wake_ups_in_vain_the_position_is_told_within_minutes() {
    let rig = Rig::new("a");
    let consumer = rig.consumer();
    let handle = consumer.handle();
    let running = Running::start(consumer).await;
    for _ in 0..3 * 24 * 60 {
        rig.stream.wake();
        sleep(Duration::from_secs(60)).await;
    }
    rig.stream.append("b");
    running.run_for(600).await;
    let status = handle.status();
    assert_eq!((status.state, status.lag_events), (ConsumerState::Live, Some(0)));
    running.stop().await;
}

#[tokio::test(start_paused = true)]
async fn a_read_that_takes_long_gets_done_although_the_stream_is_known_to_go_on() {
    let rig = Rig::new("bba");
    // A read that is dropped begins anew, and this one takes many heartbeats.
    rig.stream.state().steps = (100, Duration::from_secs(1));
    let consumer = rig.consumer();
    let handle = consumer.handle();
    let running = Running::start(consumer).await;
    running.run_for(1_000).await;
    assert_eq!(rig.handler.handled(), [2]);
    assert_eq!(handle.status().state, ConsumerState::Live);
    running.stop().await;
}
