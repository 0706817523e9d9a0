//! What a consumer says it is doing.

use std::{
    pin::pin,
    sync::{Arc, Barrier},
    task::{Context, Poll, Waker},
    thread,
    time::Duration,
};

use eventstream_core::{ConsumerHandle, ConsumerState, ConsumerStopped, Error, Finish, Status};

use crate::support::{Fake, Hang, Outcome, Rig, Running, settle, soon};

async fn watched(rig: &Rig) -> (ConsumerHandle, Running) {
    let consumer = rig.consumer();
    let handle = consumer.handle();
    (handle, Running::start(consumer).await)
}

/// The offset, the position, the end and the lag.
fn figures(status: &Status) -> [Option<u64>; 4] {
    [status.offset, status.position, status.end, status.lag_events]
}

#[tokio::test(start_paused = true)]
async fn before_it_runs_it_is_starting() {
    let rig = Rig::new("a");
    let consumer = rig.consumer();
    let handle = consumer.handle();
    drop(consumer);
    assert_eq!(handle.status().state, ConsumerState::Stopped, "it was dropped before");
    let consumer = rig.consumer();
    let status = consumer.handle().status();
    assert_eq!(status.state, ConsumerState::Starting);
    assert_eq!(figures(&status), [None; 4]);
}

#[tokio::test(start_paused = true)]
async fn at_the_end_of_the_stream_it_is_live() {
    let rig = Rig::new("aab");
    let (handle, running) = watched(&rig).await;
    let status = handle.status();
    assert_eq!(status.state, ConsumerState::Live);
    assert!(status.is_at_end());
    assert_eq!(figures(&status), [Some(3), Some(3), Some(3), Some(0)]);
    assert_eq!(status.lag, Some(Duration::ZERO));
    assert_eq!(status.handling_for, None);
    running.stop().await;
    assert_eq!(handle.status().state, ConsumerState::Stopped);
}

#[tokio::test(start_paused = true)]
async fn an_idle_consumer_has_a_heartbeat_and_makes_no_progress() {
    let rig = Rig::new("a");
    let (handle, running) = watched(&rig).await;
    running.run_for(3600).await;
    let status = handle.status();
    assert_eq!(status.state, ConsumerState::Live);
    assert_eq!(status.lag_events, Some(0));
    assert!(status.since_heartbeat <= Duration::from_secs(5), "{:?}", status.since_heartbeat);
    assert!(status.since_progress > Duration::from_secs(3599), "{:?}", status.since_progress);
    running.stop().await;
}

#[tokio::test(start_paused = true)]
async fn a_consumer_that_is_stuck_in_its_handler_has_lag_and_something_in_hand() {
    let rig = Rig::new("");
    for _ in 0..3 {
        rig.stream.append_recorded("a", "2026-01-01T00:00:00Z");
    }
    let gate = rig.handler.gate();
    let (handle, running) = watched(&rig).await;
    running.run_for(600).await;
    rig.stream.append("aa");
    running.run_for(600).await;
    let status = handle.status();
    assert_eq!(status.state, ConsumerState::CatchingUp);
    assert_eq!(figures(&status), [Some(0), Some(0), Some(5), Some(5)]);
    assert!(status.handling_for.expect("it has") > Duration::from_secs(1199));
    assert!(status.since_heartbeat <= Duration::from_secs(5), "its loop is not blocked");
    assert!(status.lag.expect("it is known") > Duration::from_secs(86_400));
    running.token.cancel();
    gate.add_permits(9);
    soon(running.ended()).await.expect("it ends");
}

#[tokio::test(start_paused = true)]
async fn a_consumer_whose_stream_fails_backs_off_and_says_why() {
    let rig = Rig::new("a");
    rig.stream.fake(1, Fake::Error(Error::backend("reading", true, "connection reset")));
    let (handle, running) = watched(&rig).await;
    let status = handle.status();
    assert_eq!(status.state, ConsumerState::BackingOff);
    assert_eq!((status.failures, status.offset), (1, Some(1)));
    let failure = status.last_failure.expect("there is one");
    assert_eq!(failure.during, "reading the stream");
    assert_eq!(failure.error, "reading failed: connection reset");
    running.run_for(60).await;
    let status = handle.status();
    assert_eq!(status.state, ConsumerState::Live);
    let ago = status.last_failure.expect("it stays").ago;
    assert!((59..61).contains(&ago.as_secs()), "{ago:?}");
    running.stop().await;
}

#[tokio::test(start_paused = true)]
async fn failures_are_forgotten_when_an_event_is_handled() {
    let rig = Rig::new("a");
    rig.handler.outcomes([Outcome::Retry, Outcome::Retry]);
    let (handle, running) = watched(&rig).await;
    running.run_for(6).await;
    assert_eq!(handle.status().failures, 2);
    running.run_for(60).await;
    assert_eq!(handle.status().failures, 0);
    running.stop().await;
}

#[tokio::test(start_paused = true)]
async fn a_consumer_whose_stream_went_quiet_looks_other_than_an_idle_one() {
    let rig = Rig::new("aa");
    let (handle, running) = watched(&rig).await;
    assert_eq!(handle.status().state, ConsumerState::Live);
    // The stream goes on, but its cursor does not.
    rig.stream.state().hang = Some(Hang::Read);
    rig.stream.append("aaa");
    running.run_for(60).await;
    let status = handle.status();
    assert_eq!(status.state, ConsumerState::CatchingUp);
    assert_eq!(status.lag_events, Some(3));
    assert!(status.since_progress >= Duration::from_secs(60));
    running.stop().await;
}

#[tokio::test(start_paused = true)]
async fn a_stream_that_does_not_say_where_it_ends_is_said() {
    let rig = Rig::new("aa");
    let (handle, running) = watched(&rig).await;
    rig.stream.state().end_fails = u32::MAX;
    running.run_for(60).await;
    let status = handle.status();
    assert_eq!((status.state, status.lag_events), (ConsumerState::CatchingUp, None));
    assert_eq!(status.end_failure.as_deref(), Some("asking for the end failed: told to fail"));

    rig.stream.state().end_fails = 0;
    running.run_for(60).await;
    assert_eq!(handle.status().state, ConsumerState::Live);

    rig.stream.state().hang = Some(Hang::End);
    running.run_for(60).await;
    let status = handle.status();
    assert_eq!(status.state, ConsumerState::CatchingUp);
    let failure = status.end_failure.expect("it is said");
    assert_eq!(failure, "the stream has not said within 5s where it ends");
    rig.stream.append("a");
    settle().await;
    assert_eq!(rig.handler.handled(), [0, 1, 2], "that it hangs keeps nothing from being handled");
    running.stop().await;
}

#[tokio::test(start_paused = true)]
async fn a_stream_that_cannot_tell_where_it_ends_is_live_when_there_is_nothing_to_read() {
    let rig = Rig::new("aa");
    rig.stream.state().tells_end = false;
    let (handle, running) = watched(&rig).await;
    running.run_for(60).await;
    let status = handle.status();
    assert_eq!(status.state, ConsumerState::Live);
    assert_eq!(figures(&status), [Some(2), Some(2), None, None]);
    running.stop().await;
}

#[tokio::test(start_paused = true)]
async fn a_consumer_that_falls_behind_is_catching_up_again() {
    let rig = Rig::new("a");
    let (handle, running) = watched(&rig).await;
    assert_eq!(handle.status().state, ConsumerState::Live);
    rig.handler.state().takes = Duration::from_secs(20);
    rig.stream.append(&"a".repeat(10));
    running.run_for(30).await;
    assert_eq!(handle.status().state, ConsumerState::CatchingUp);
    assert!(handle.status().lag_events >= Some(8));
    running.run_for(300).await;
    assert_eq!(handle.status().state, ConsumerState::Live);
    running.stop().await;
}

#[tokio::test(start_paused = true)]
async fn a_consumer_past_the_end_of_the_stream_is_not_at_its_end() {
    let rig = Rig::new("aa");
    rig.handler.state().offset = 5;
    let (handle, running) = watched(&rig).await;
    running.run_for(60).await;
    let status = handle.status();
    assert_eq!(status.state, ConsumerState::CatchingUp);
    assert_eq!(figures(&status), [Some(5), Some(5), Some(2), Some(0)]);
    rig.stream.append("aaa");
    running.run_for(60).await;
    assert_eq!(handle.status().state, ConsumerState::Live, "now the stream has come there");
    rig.stream.append("a");
    settle().await;
    assert_eq!(rig.handler.handled(), [5]);
    assert_eq!(figures(&handle.status()), [Some(6), Some(6), Some(6), Some(0)]);
    running.stop().await;
}

#[tokio::test(start_paused = true)]
async fn changes_can_be_waited_for() {
    let rig = Rig::new("a");
    let consumer = rig.consumer();
    let mut handle = consumer.handle();
    let running = Running::start(consumer).await;
    let mut states = Vec::new();
    while states.last() != Some(&ConsumerState::Live) {
        states.push(soon(handle.changed()).await.expect("it runs").state);
    }
    running.token.cancel();
    let ended = running.ended().await.expect("it is no error");
    assert_eq!(ended, Finish::Cancelled);
    while let Ok(status) = soon(handle.changed()).await {
        states.push(status.state);
    }
    assert_eq!(states.last(), Some(&ConsumerState::Stopped));
    assert_eq!(soon(handle.changed()).await, Err(ConsumerStopped));
}

#[tokio::test(start_paused = true)]
async fn a_consumer_that_nobody_watches_asks_for_no_end() {
    let rig = Rig::new("a");
    // Would it ask, it would never come to an end.
    let running = Running::start(rig.consumer()).await;
    running.run_for(3600).await;
    assert_eq!(rig.stream.state().ends_asked, 0);
    running.stop().await;
}

/// From another thread, which asks all the time.
#[test]
fn that_it_has_stopped_is_told_before_it_is_an_error() {
    for _ in 0..2_000 {
        let rig = Rig::new("");
        let consumer = rig.consumer();
        let (asked, mut handle) = (Arc::new(Barrier::new(2)), consumer.handle());
        let asking = asked.clone();
        let watching = thread::spawn(move || {
            asking.wait();
            let mut cx = Context::from_waker(Waker::noop());
            let mut last = None;
            loop {
                match pin!(handle.changed()).poll(&mut cx) {
                    Poll::Ready(Ok(status)) => last = Some(status.state),
                    Poll::Ready(Err(ConsumerStopped)) => return last,
                    Poll::Pending => {}
                }
            }
        });
        asked.wait();
        drop(consumer);
        assert_eq!(watching.join().expect("no panic"), Some(ConsumerState::Stopped));
    }
}
