//! Figures of the status that are easily wrong.

use std::time::Duration;

use eventstream_core::{ConsumerState, ParkedEvents, Poison};

use crate::support::{Outcome, Parked, Rig, Running, SHOP, identity};

#[tokio::test(start_paused = true)]
async fn to_pass_over_a_parked_event_is_not_to_be_at_the_end() {
    let rig = Rig::new("aaaa");
    // Without knowing the end it takes a cursor that has nothing to deliver.
    rig.stream.state().tells_end = false;
    rig.handler.outcomes([Outcome::Reject]);
    rig.handler.state().takes = Duration::from_secs(60);
    let consumer = rig.consumer().poison(Poison::park_after(3, Parked::default()));
    let handle = consumer.handle();
    let running = Running::start(consumer).await;
    running.run_for(150).await;
    assert_eq!(rig.handler.calls().len(), 2);
    assert_eq!(handle.status().state, ConsumerState::CatchingUp);
    running.run_for(300).await;
    assert_eq!(handle.status().state, ConsumerState::Parked);
    running.stop().await;
}

#[tokio::test(start_paused = true)]
async fn an_idle_consumer_of_a_stream_that_can_not_tell_its_end_has_no_lag() {
    let rig = Rig::new("");
    rig.stream.state().tells_end = false;
    rig.stream.append_recorded("a", "2020-01-02T03:04:05Z");
    let consumer = rig.consumer();
    let handle = consumer.handle();
    let running = Running::start(consumer).await;
    running.run_for(60).await;
    let status = handle.status();
    assert_eq!((status.state, status.lag_events), (ConsumerState::Live, None));
    assert_eq!(status.lag, Some(Duration::ZERO));
    running.stop().await;
}

#[tokio::test(start_paused = true)]
async fn what_others_do_with_parked_events_is_told_at_the_next_heartbeat() {
    let rig = Rig::new("aaa");
    let parked = Parked::default();
    rig.handler.outcomes([Outcome::Reject, Outcome::Reject]);
    let consumer = rig.consumer().poison(Poison::park_after(3, parked.clone()));
    let handle = consumer.handle();
    let running = Running::start(consumer).await;
    assert_eq!((handle.status().state, handle.status().parked), (ConsumerState::Parked, 2));
    for (offset, left) in [(0, 1), (1, 0)] {
        parked.remove(&identity(SHOP), offset).await.expect("it works");
        running.run_for(10).await;
        assert_eq!(handle.status().parked, left);
    }
    assert_eq!(handle.status().state, ConsumerState::Live);
    running.stop().await;
}

#[tokio::test(start_paused = true)]
async fn failures_are_none_again_once_the_handler_has_skipped() {
    let rig = Rig::new("bbb");
    rig.handler.state().offset_fails = 3;
    let consumer = rig.consumer();
    let handle = consumer.handle();
    let running = Running::start(consumer).await;
    running.run_for(60).await;
    let status = handle.status();
    assert_eq!((status.state, status.failures), (ConsumerState::Live, 0));
    running.stop().await;
}

#[tokio::test(start_paused = true)]
async fn a_stream_may_take_longer_than_a_heartbeat_to_say_where_it_ends() {
    let rig = Rig::new("a");
    rig.stream.state().end_takes = Duration::from_millis(20);
    let consumer = rig.consumer().heartbeat(Duration::ZERO);
    let handle = consumer.handle();
    let running = Running::start(consumer).await;
    running.run_for(1).await;
    let status = handle.status();
    assert_eq!((status.state, status.end_failure), (ConsumerState::Live, None));
    running.stop().await;
}

#[tokio::test(start_paused = true)]
async fn a_store_of_parked_events_that_hangs_does_not_stop_the_heartbeat() {
    let rig = Rig::new("a");
    let parked = Parked::default();
    parked.state().hangs = true;
    let consumer = rig.consumer().poison(Poison::park_after(3, parked));
    let handle = consumer.handle();
    let running = Running::start(consumer).await;
    running.run_for(3600).await;
    rig.stream.append("aaaa");
    running.run_for(60).await;
    let status = handle.status();
    assert_eq!(status.end, Some(5));
    assert!(status.since_heartbeat <= Duration::from_secs(30), "{:?}", status.since_heartbeat);
    running.stop().await;
}
