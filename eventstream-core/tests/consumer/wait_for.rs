//! Waiting until a consumer has come to an offset.

use std::time::Duration;

use tokio::time::{Instant, timeout};

use crate::support::{Outcome, Parked, Plain, Rig, Running, settle, soon};
use eventstream_core::{ConsumerStopped, Poison};

#[tokio::test(start_paused = true)]
async fn ends_when_the_event_is_handled() {
    let rig = Rig::new("a");
    let gate = rig.handler.gate();
    let consumer = rig.consumer();
    let handle = consumer.handle();
    let running = Running::start(consumer).await;
    let waiting = tokio::spawn({
        let handle = handle.clone();
        async move { handle.wait_for(1).await }
    });
    rig.stream.append("a");
    gate.add_permits(1);
    settle().await;
    assert!(!waiting.is_finished(), "the event before it is handled");
    gate.add_permits(1);
    assert_eq!(soon(waiting).await.expect("no panic"), Ok(()));
    assert_eq!(rig.handler.handled(), [0, 1]);
    // What was handled before is not waited for.
    assert_eq!(timeout(Duration::ZERO, handle.wait_for(1)).await, Ok(Ok(())));
    running.stop().await;
}

#[tokio::test(start_paused = true)]
async fn ends_soon_when_the_event_is_filtered_out() {
    let rig = Rig::new("a");
    let consumer = rig.consumer().skip_interval(Duration::from_secs(3600));
    let handle = consumer.handle();
    let running = Running::start(consumer).await;
    running.run_for(60).await;
    rig.stream.append("bbb");
    let before = Instant::now();
    assert_eq!(soon(handle.wait_for(3)).await, Ok(()));
    assert!(before.elapsed() < Duration::from_secs(1), "it took {:?}", before.elapsed());
    running.stop().await;
}

#[tokio::test(start_paused = true)]
async fn ends_soon_when_the_event_comes_later_and_is_filtered_out() {
    let rig = Rig::new("a");
    // A handler that does not store what it skips.
    let consumer = rig.consumer_with(Plain(rig.handler.clone()));
    let consumer = consumer.skip_interval(Duration::from_secs(3600));
    let handle = consumer.handle();
    let running = Running::start(consumer).await;
    let waiting = tokio::spawn({
        let handle = handle.clone();
        async move { handle.wait_for(3).await }
    });
    for _ in 0..3 {
        running.run_for(60).await;
        assert!(!waiting.is_finished());
        rig.stream.append("b");
    }
    let before = Instant::now();
    assert_eq!(soon(waiting).await.expect("no panic"), Ok(()));
    assert!(before.elapsed() < Duration::from_secs(1), "it took {:?}", before.elapsed());
    running.stop().await;
}

#[tokio::test(start_paused = true)]
async fn a_read_that_takes_long_gets_done_although_somebody_waits() {
    let rig = Rig::new("bba");
    rig.stream.state().steps = (100, Duration::from_millis(100));
    let consumer = rig.consumer();
    let handle = consumer.handle();
    let running = Running::start(consumer).await;
    assert_eq!(soon(handle.wait_for(2)).await, Ok(()));
    assert_eq!(rig.handler.handled(), [2]);
    running.stop().await;
}

#[tokio::test(start_paused = true)]
async fn each_waits_for_its_own_offset() {
    let rig = Rig::new("");
    let consumer = rig.consumer();
    let handle = consumer.handle();
    let running = Running::start(consumer).await;
    let waiting: Vec<_> = [4, 0, 2, 2]
        .map(|offset| {
            let handle = handle.clone();
            tokio::spawn(async move { handle.wait_for(offset).await })
        })
        .into();
    for done in
        [[false, true, false, false], [false, true, false, false], [false, true, true, true]]
    {
        rig.stream.append("a");
        settle().await;
        let ended: Vec<bool> = waiting.iter().map(tokio::task::JoinHandle::is_finished).collect();
        assert_eq!(ended, done);
    }
    rig.stream.append("aa");
    for waiting in waiting {
        assert_eq!(soon(waiting).await.expect("no panic"), Ok(()));
    }
    running.stop().await;
}

#[tokio::test(start_paused = true)]
async fn ends_when_the_consumer_stops() {
    let rig = Rig::new("a");
    let consumer = rig.consumer();
    let handle = consumer.handle();
    let running = Running::start(consumer).await;
    let waiting = tokio::spawn({
        let handle = handle.clone();
        async move { handle.wait_for(7).await }
    });
    settle().await;
    running.stop().await;
    assert_eq!(soon(waiting).await.expect("no panic"), Err(ConsumerStopped));
    assert_eq!(handle.wait_for(7).await, Err(ConsumerStopped));
    assert_eq!(handle.wait_for(0).await, Ok(()), "that was handled");
}

#[tokio::test(start_paused = true)]
async fn ends_when_the_consumer_is_dropped() {
    let rig = Rig::new("a");
    let consumer = rig.consumer();
    let handle = consumer.handle();
    let run = consumer.run(tokio_util::sync::CancellationToken::new());
    drop(run);
    assert_eq!(soon(handle.wait_for(7)).await, Err(ConsumerStopped));
}

#[tokio::test(start_paused = true)]
async fn goes_on_through_failures() {
    let rig = Rig::new("aa");
    rig.handler.outcomes([Outcome::Done, Outcome::Retry, Outcome::Retry]);
    rig.stream.state().open_fails = 2;
    let consumer = rig.consumer();
    let handle = consumer.handle();
    let running = Running::start(consumer).await;
    assert_eq!(soon(handle.wait_for(1)).await, Ok(()));
    assert_eq!(rig.handler.handled(), [0, 1]);
    running.stop().await;
}

#[tokio::test(start_paused = true)]
async fn ends_when_the_event_is_parked() {
    let rig = Rig::new("a");
    rig.handler.outcomes([Outcome::Reject]);
    let consumer = rig.consumer().poison(Poison::park_after(3, Parked::default()));
    let handle = consumer.handle();
    let running = Running::start(consumer).await;
    assert_eq!(soon(handle.wait_for(0)).await, Ok(()));
    assert_eq!(handle.status().parked, 1);
    running.stop().await;
}

#[tokio::test(start_paused = true)]
async fn a_wait_that_was_given_up_costs_nothing() {
    let rig = Rig::new("a");
    let consumer = rig.consumer().skip_interval(Duration::from_secs(3600));
    let handle = consumer.handle();
    let running = Running::start(consumer).await;
    let given_up = timeout(Duration::from_secs(1), handle.wait_for(9)).await;
    assert!(given_up.is_err());
    rig.stream.append("b");
    settle().await;
    // Nobody waits any more: the event that is filtered out is not looked for.
    assert!(rig.handler.skips().is_empty());
    running.stop().await;
}
