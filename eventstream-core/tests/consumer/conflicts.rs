//! A conflict is no failure: a new round begins at once, at a fresh offset.

use std::time::Duration;

use eventstream_core::ConsumerState;

use crate::support::{Capture, Outcome, Rig, Running};

#[tokio::test(start_paused = true)]
async fn starts_again_at_once_from_a_fresh_offset() {
    let rig = Rig::new("aaaaa");
    rig.handler.outcomes([Outcome::Done, Outcome::Overtaken(3)]);
    let running = rig.start().await;
    assert_eq!(rig.stream.opened_at(), [0, 3]);
    assert_eq!(rig.handler.handled(), [0, 3, 4]);
    for when in rig.stream.opened_when() {
        assert_eq!(when, running.started, "no time has gone by");
    }
    assert_eq!(rig.counts(), [0_u32; 0], "and nobody asked for a delay");
    assert_eq!(rig.stream.open_cursors(), 1, "the first cursor is closed");
    running.stop().await;
}

#[tokio::test(start_paused = true)]
async fn of_a_batch_starts_again_at_once() {
    let rig = Rig::new("aaaaa");
    rig.handler.outcomes([Outcome::Overtaken(4)]);
    let running = Running::start(rig.consumer().batch(2)).await;
    assert_eq!(rig.handler.calls(), [(0, vec![0, 1]), (4, vec![4])]);
    assert!(rig.counts().is_empty());
    running.stop().await;
}

#[tokio::test(start_paused = true)]
async fn of_a_skip_starts_again_at_once() {
    let rig = Rig::new("abbba");
    rig.handler.state().offset = 1;
    rig.stream.state().events.truncate(4);
    rig.handler.skip_outcomes([Outcome::Overtaken(2)]);
    let running = rig.start().await;
    assert_eq!(rig.handler.skips(), [(1, 4)]);
    assert_eq!(rig.stream.opened_at(), [1, 2]);
    assert_eq!(rig.stream.opened_when()[1], running.started);
    assert!(rig.counts().is_empty());
    // The next skip has to wait for the interval all the same.
    running.run_for(5).await;
    assert_eq!(rig.handler.skips(), [(1, 4), (2, 4)]);
    let waited = rig.handler.state().skips[1].2 - running.started;
    assert_eq!(waited, Duration::from_secs(1));
    running.stop().await;
}

#[tokio::test(start_paused = true)]
async fn does_not_count_as_a_failure() {
    let rig = Rig::new("a");
    rig.handler.outcomes([Outcome::Retry, Outcome::Conflict, Outcome::Conflict, Outcome::Retry]);
    let running = rig.start().await;
    running.run_for(60).await;
    assert_eq!(rig.counts(), [1, 2]);
    assert_eq!(rig.handler.handled(), [0]);
    running.stop().await;
}

#[tokio::test(start_paused = true)]
async fn does_not_make_good_a_failure_of_the_handler() {
    let rig = Rig::new("aaaa");
    rig.handler.outcomes([Outcome::Retry, Outcome::Overtaken(2), Outcome::Retry]);
    let running = rig.start().await;
    running.run_for(60).await;
    assert_eq!(rig.counts(), [1, 2], "no event was handled in between");
    running.stop().await;
}

/// It is no replica that makes such conflicts: the handler refuses the offset that it names.
#[tokio::test(start_paused = true)]
async fn without_end_at_the_handlers_own_offset_is_a_failure() {
    let (capture, _guard) = Capture::start();
    let rig = Rig::new("aa");
    rig.handler.outcomes([Outcome::Conflict; 200]);
    let consumer = rig.consumer();
    let handle = consumer.handle();
    let running = Running::start(consumer).await;
    assert!(rig.handler.calls().len() < 100, "it does not spin");
    let status = handle.status();
    assert_eq!((status.state, status.failures), (ConsumerState::BackingOff, 1));
    assert!(status.last_failure.expect("there is one").error.contains("conflict"));
    assert!(!capture.events(tracing::Level::WARN).is_empty());
    running.run_for(3600).await;
    assert_eq!(rig.handler.handled(), [0, 1]);
    running.stop().await;
}

/// However many there are: if the offset moves, another replica is at work.
#[tokio::test(start_paused = true)]
async fn in_a_row_with_a_faster_replica_are_none() {
    let rig = Rig::new(&"a".repeat(500));
    for offset in 1..400 {
        rig.handler.outcomes([Outcome::Overtaken(offset)]);
    }
    let running = rig.start().await;
    assert!(rig.counts().is_empty());
    assert_eq!(rig.handler.state().offset, 500);
    running.stop().await;
}
