//! Events that the handler fails with, again and again.

use eventstream_core::{ConsumerState, Error, Identity, ParkedEvents, Poison};
use tracing::Level;

use crate::support::{Capture, Outcome, Parked, Plain, Rig, Running, SHOP, identity, settle};

fn shop() -> Identity {
    identity(SHOP)
}

/// A consumer that parks after three attempts.
async fn parking(rig: &Rig, parked: &Parked) -> Running {
    Running::start(rig.consumer().poison(Poison::park_after(3, parked.clone()))).await
}

#[tokio::test(start_paused = true)]
async fn is_tried_for_ever_without_a_policy() {
    let rig = Rig::new("aa");
    rig.handler.outcomes([Outcome::Reject; 100]);
    let running = rig.start().await;
    running.run_for(3600).await;
    assert_eq!(rig.counts().len(), 100);
    assert_eq!(rig.handler.handled(), [0, 1]);
    running.stop().await;
}

#[tokio::test(start_paused = true)]
async fn stops_the_consumer_after_so_many_attempts() {
    let rig = Rig::new("aaa");
    rig.handler.outcomes([Outcome::Done, Outcome::Retry, Outcome::Retry, Outcome::Retry]);
    let consumer = rig.consumer().poison(Poison::stop_after(3));
    let handle = consumer.handle();
    let ended = Running::start(consumer).await.ended().await;
    match ended.expect_err("it stops") {
        Error::Poisoned { offset: 1, attempts: 3, source } => {
            assert_eq!(source.to_string(), "told to fail");
        }
        other => panic!("{other:?}"),
    }
    assert_eq!(rig.handler.handled(), [0]);
    assert_eq!(rig.counts(), [1, 2], "it does not wait before it stops");
    let status = handle.status();
    assert_eq!(status.state, ConsumerState::Stopped);
    assert_eq!(status.last_failure.expect("there is one").error, "told to fail");
}

#[tokio::test(start_paused = true)]
async fn stops_the_consumer_at_once_if_it_is_rejected() {
    let rig = Rig::new("a");
    rig.handler.outcomes([Outcome::Reject]);
    let consumer = rig.consumer().poison(Poison::stop_after(3));
    let ended = Running::start(consumer).await.ended().await;
    assert!(matches!(ended, Err(Error::Poisoned { offset: 0, attempts: 1, .. })), "{ended:?}");
}

#[tokio::test(start_paused = true)]
async fn is_counted_for_each_event_by_itself() {
    let rig = Rig::new("aa");
    let fails_twice = [Outcome::Retry, Outcome::Retry, Outcome::Done];
    rig.handler.outcomes(fails_twice);
    rig.handler.outcomes(fails_twice);
    let running = Running::start(rig.consumer().poison(Poison::stop_after(3))).await;
    running.run_for(60).await;
    assert_eq!(rig.handler.handled(), [0, 1]);
    running.stop().await;
}

#[tokio::test(start_paused = true)]
async fn nothing_but_handling_an_event_counts_as_an_attempt() {
    let rig = Rig::new("ba");
    rig.handler.state().offset_fails = 5;
    rig.stream.state().open_fails = 5;
    rig.handler.skip_outcomes([Outcome::Retry; 5]);
    rig.handler.outcomes([Outcome::Conflict; 5]);
    let running = Running::start(rig.consumer().poison(Poison::stop_after(1))).await;
    running.run_for(600).await;
    assert_eq!(rig.handler.handled(), [1]);
    running.stop().await;
}

#[tokio::test(start_paused = true)]
async fn is_parked_after_so_many_attempts_and_the_others_are_handled() {
    let (capture, _guard) = Capture::start();
    let rig = Rig::new("abaaa");
    let parked = Parked::default();
    rig.handler.outcomes([Outcome::Done, Outcome::Retry, Outcome::Retry, Outcome::Retry]);
    let running = parking(&rig, &parked).await;
    running.run_for(60).await;
    assert_eq!(rig.handler.handled(), [0, 3, 4]);
    assert_eq!(rig.handler.state().offset, 5);

    let listed = parked.list(&shop(), 0, 10).await.expect("it works");
    assert_eq!(listed.len(), 1);
    assert_eq!(listed[0].event.offset, 2);
    assert_eq!((listed[0].attempts, listed[0].error.as_str()), (3, "told to fail"));
    let warnings = capture.events(Level::WARN);
    let last = warnings.last().expect("it warns");
    assert_eq!(last.name, "the event could not be handled, and is parked: going on without it");
    assert_eq!((&*last.fields["offset"], &*last.fields["attempts"]), ("2", "3"));
    running.stop().await;
}

#[tokio::test(start_paused = true)]
async fn is_parked_at_once_if_it_is_rejected() {
    let rig = Rig::new("aa");
    let parked = Parked::default();
    rig.handler.outcomes([Outcome::Reject]);
    let running = parking(&rig, &parked).await;
    assert_eq!(rig.handler.handled(), [1]);
    assert_eq!(parked.count(&shop()).await.expect("it works"), 1);
    assert!(rig.counts().is_empty(), "there is nothing to wait for");
    running.stop().await;
}

#[tokio::test(start_paused = true)]
async fn its_attempts_survive_a_restart() {
    let rig = Rig::new("aa");
    let parked = Parked::default();
    rig.handler.outcomes([Outcome::Retry; 3]);
    for _ in 0..2 {
        // Stopped while it backs off.
        parking(&rig, &parked).await.stop().await;
    }
    assert!(rig.handler.handled().is_empty());
    let running = parking(&rig, &parked).await;
    assert_eq!(rig.handler.handled(), [1]);
    assert_eq!(parked.list(&shop(), 0, 1).await.expect("it works")[0].attempts, 3);
    running.stop().await;
}

#[tokio::test(start_paused = true)]
async fn its_attempts_are_forgotten_once_it_is_handled() {
    let rig = Rig::new("aaa");
    let parked = Parked::default();
    rig.handler.outcomes([Outcome::Retry, Outcome::Retry, Outcome::Done, Outcome::Retry]);
    let running = parking(&rig, &parked).await;
    running.run_for(60).await;
    assert_eq!(rig.handler.handled(), [0, 1, 2]);
    assert_eq!(parked.count(&shop()).await.expect("it works"), 0);
    assert!(!parked.remove(&shop(), 0).await.expect("it works"), "no note of it is left");
    running.stop().await;
}

#[tokio::test(start_paused = true)]
async fn is_found_in_a_batch() {
    let rig = Rig::new("aaaaaa");
    let parked = Parked::default();
    // The batch of five; then 0, 1; then 2, three times.
    rig.handler.outcomes([Outcome::Retry, Outcome::Done, Outcome::Done]);
    rig.handler.outcomes([Outcome::Retry; 3]);
    let consumer = rig.consumer().batch(5).poison(Poison::park_after(3, parked.clone()));
    let running = Running::start(consumer).await;
    running.run_for(60).await;
    assert_eq!(rig.handler.handled(), [0, 1, 3, 4, 5]);
    assert_eq!(parked.list(&shop(), 0, 9).await.expect("it works")[0].event.offset, 2);
    running.stop().await;
}

#[tokio::test(start_paused = true)]
async fn stays_passed_over_by_a_handler_that_does_not_skip() {
    let rig = Rig::new("aab");
    let parked = Parked::default();
    rig.handler.outcomes([Outcome::Done, Outcome::Reject]);
    for _ in 0..3 {
        let consumer = rig.consumer_with(Plain(rig.handler.clone()));
        let consumer = consumer.poison(Poison::park_after(3, parked.clone()));
        Running::start(consumer).await.stop().await;
    }
    assert_eq!(rig.handler.calls(), [(0, vec![0]), (1, vec![1])], "it is not handed on again");

    // Nor in a batch, nor if others come behind it.
    rig.stream.append("aa");
    let consumer = rig.consumer_with(Plain(rig.handler.clone()));
    let consumer = consumer.batch(10).poison(Poison::park_after(3, parked.clone()));
    Running::start(consumer).await.stop().await;
    assert_eq!(rig.handler.handled(), [0, 3, 4]);
}

#[tokio::test(start_paused = true)]
async fn is_not_passed_over_as_long_as_it_can_not_be_noted() {
    let rig = Rig::new("");
    let parked = Parked::default();
    rig.handler.outcomes([Outcome::Reject; 2]);
    let running = parking(&rig, &parked).await;
    parked.state().fails = 1;
    rig.stream.append("aa");
    running.run_for(60).await;
    assert_eq!(rig.handler.handled(), [1]);
    assert_eq!(parked.count(&shop()).await.expect("it works"), 1);
    assert_eq!(rig.counts(), [1], "a store that fails is a failure to be waited for");
    running.stop().await;
}

#[tokio::test(start_paused = true)]
async fn keeps_the_backoff_growing_when_it_is_parked() {
    let rig = Rig::new("aaa");
    let parked = Parked::default();
    rig.handler.outcomes([Outcome::Retry; 6]);
    let running = parking(&rig, &parked).await;
    running.run_for(600).await;
    assert_eq!(rig.counts(), [1, 2, 4, 5], "nothing was handled between them");
    assert_eq!(rig.handler.handled(), [2]);
    running.stop().await;
}

#[tokio::test(start_paused = true)]
async fn can_be_replayed() {
    let rig = Rig::new("aaa");
    let parked = Parked::default();
    rig.handler.outcomes([Outcome::Reject]);
    let consumer = rig.consumer().poison(Poison::park_after(3, parked.clone()));
    let handle = consumer.handle();
    let running = Running::start(consumer).await;
    assert_eq!((handle.status().state, handle.status().parked), (ConsumerState::Parked, 1));

    assert!(parked.replay(&shop(), 0).await.expect("it works"));
    assert!(!parked.replay(&shop(), 1).await.expect("it works"), "that one is not parked");
    running.run_for(60).await;
    assert_eq!(rig.handler.state().replays, [0]);
    assert_eq!(rig.handler.state().offset, 3, "the offset stays");
    assert_eq!(parked.count(&shop()).await.expect("it works"), 0);
    assert_eq!((handle.status().state, handle.status().parked), (ConsumerState::Live, 0));
    running.stop().await;
}

#[tokio::test(start_paused = true)]
async fn that_fails_again_when_replayed_stays_parked_with_one_attempt_more() {
    let rig = Rig::new("aaa");
    let parked = Parked::default();
    rig.handler.outcomes([Outcome::Reject, Outcome::Reject]);
    rig.handler.state().replay_outcomes.push_back(Outcome::Retry);
    let running = parking(&rig, &parked).await;
    for offset in [0, 1] {
        parked.replay(&shop(), offset).await.expect("it works");
    }
    running.run_for(60).await;
    assert_eq!(rig.handler.state().replays, [0, 1]);
    let listed = parked.list(&shop(), 0, 9).await.expect("it works");
    let told: Vec<_> = listed
        .iter()
        .map(|parked| (parked.event.offset, parked.attempts, parked.replaying))
        .collect();
    assert_eq!(told, [(0, 2, false)]);
    assert!(rig.counts().is_empty(), "it is no failure of the consumer");
    running.stop().await;
}

#[tokio::test(start_paused = true)]
async fn that_is_replayed_while_the_consumer_is_busy_is_handled_between_events() {
    let rig = Rig::new("aaaa");
    let parked = Parked::default();
    rig.handler.outcomes([Outcome::Reject]);
    rig.handler.state().takes = std::time::Duration::from_secs(60);
    let running = parking(&rig, &parked).await;
    running.run_for(90).await;
    parked.replay(&shop(), 0).await.expect("it works");
    running.run_for(60).await;
    assert_eq!(rig.handler.state().replays, [0]);
    assert!(rig.handler.handled().is_empty());
    running.run_for(600).await;
    assert_eq!(rig.handler.handled(), [1, 2, 3]);
    running.stop().await;
}

#[tokio::test(start_paused = true)]
async fn a_conflict_when_replaying_does_not_keep_the_consumer_busy() {
    let rig = Rig::new("aa");
    let parked = Parked::default();
    rig.handler.outcomes([Outcome::Reject]);
    rig.handler.state().replay_outcomes.extend([Outcome::Conflict, Outcome::Conflict]);
    let running = parking(&rig, &parked).await;
    parked.replay(&shop(), 0).await.expect("it works");
    running.run_for(60).await;
    rig.stream.append("a");
    settle().await;
    assert_eq!(rig.handler.handled(), [1, 2]);
    assert_eq!(rig.handler.state().replays.len(), 3, "once at each heartbeat, until it works");
    running.stop().await;
}

#[test]
fn the_policy_tells_itself() {
    let parked = Poison::park_after(0, Parked::default());
    assert_eq!(format!("{parked:?}"), "Poison::park_after(1, ..)");
    assert_eq!(format!("{:?}", Poison::stop_after(4)), "Poison::stop_after(4)");
    assert_eq!(format!("{:?}", Poison::default()), "Poison::retry_forever()");
}
