//! Progress over events that are filtered out.

use std::time::Duration;

use eventstream_core::Event;
use tokio::time::sleep;

use crate::support::{Fake, Outcome, Plain, Rig, Running, SHOP, parcel, settle, soon};

#[tokio::test(start_paused = true)]
async fn at_the_tail_the_handler_moves_past_what_was_filtered_out() {
    let rig = Rig::new("abbcb");
    let running = rig.start().await;
    assert_eq!(rig.handler.skips(), [(1, 5)]);
    assert_eq!(rig.handler.state().skips[0].2, running.started, "at once");
    assert_eq!(rig.handler.state().offset, 5);
    running.stop().await;
}

#[tokio::test(start_paused = true)]
async fn never_goes_past_what_was_scanned() {
    let rig = Rig::new("bb");
    let running = rig.start().await;
    assert_eq!(rig.handler.skips(), [(0, 2)], "two events were scanned");
    rig.stream.append("bb");
    running.run_for(60).await;
    assert_eq!(rig.handler.skips(), [(0, 2), (2, 4)]);
    rig.stream.append("a");
    running.run_for(60).await;
    assert_eq!(rig.handler.calls(), [(4, vec![4])]);
    assert_eq!(rig.handler.skips().len(), 2, "there was nothing to skip");
    running.stop().await;
}

#[tokio::test(start_paused = true)]
async fn the_next_event_is_handled_at_the_offset_skipped_to() {
    let rig = Rig::new("abb");
    let running = rig.start().await;
    rig.stream.append("cba");
    settle().await;
    assert_eq!(rig.handler.calls(), [(0, vec![0]), (3, vec![5])]);
    running.stop().await;
}

#[tokio::test(start_paused = true)]
async fn a_restart_does_not_look_through_them_again() {
    let rig = Rig::new("abbbb");
    rig.start().await.stop().await;
    rig.start().await.stop().await;
    assert_eq!(rig.stream.opened_at(), [0, 5]);
    assert_eq!(rig.handler.handled(), [0]);
}

#[tokio::test(start_paused = true)]
async fn is_not_said_again_to_a_handler_that_stays() {
    let rig = Rig::new("abb");
    rig.handler.skip_outcomes([Outcome::Wander(1), Outcome::Wander(1)]);
    let running = rig.start().await;
    running.run_for(60).await;
    assert_eq!(rig.handler.skips(), [(1, 3)]);
    rig.stream.append("b");
    running.run_for(60).await;
    assert_eq!(rig.handler.skips(), [(1, 3), (1, 4)], "but what is new is");
    running.stop().await;
}

#[tokio::test(start_paused = true)]
async fn a_handler_without_it_stays_where_it_is() {
    let rig = Rig::new("abbb");
    let running = Running::start(rig.consumer_with(Plain(rig.handler.clone()))).await;
    rig.stream.append("bb");
    running.run_for(60).await;
    assert_eq!(rig.handler.state().offset, 1);
    rig.stream.append("ba");
    running.run_for(60).await;
    assert_eq!(rig.handler.calls(), [(0, vec![0]), (1, vec![7])]);
    assert!(rig.counts().is_empty());
    running.stop().await;
}

#[tokio::test(start_paused = true)]
async fn no_event_may_come_from_below_the_position_skipped_to() {
    let rig = Rig::new("abbb");
    let running = rig.start().await;
    assert_eq!(rig.handler.skips(), [(1, 4)]);
    let late = Event::new(2, parcel(SHOP, 2, "a"));
    rig.stream.fake(4, Fake::Event(late));
    running.run_for(60).await;
    assert_eq!(rig.handler.handled(), [0]);
    assert_eq!(rig.counts(), [1]);
    running.stop().await;
}

#[tokio::test(start_paused = true)]
async fn that_fails_is_tried_again_after_the_backoff() {
    let rig = Rig::new("bbb");
    rig.handler.skip_outcomes([Outcome::Retry]);
    let running = rig.start().await;
    running.run_for(60).await;
    assert_eq!(rig.handler.skips(), [(0, 3), (0, 3)]);
    assert_eq!(rig.stream.opened_at(), [0, 0]);
    assert_eq!(rig.counts(), [1]);
    assert_eq!(rig.handler.state().offset, 3);
    running.stop().await;
}

#[tokio::test(start_paused = true)]
async fn may_move_the_handler_a_part_of_the_way() {
    let rig = Rig::new("bbbb");
    rig.handler.skip_outcomes([Outcome::Wander(2)]);
    let running = rig.start().await;
    rig.stream.append("a");
    settle().await;
    assert_eq!(rig.handler.calls(), [(2, vec![4])]);
    running.stop().await;
}

#[tokio::test(start_paused = true)]
async fn a_handler_that_goes_too_far_has_failed() {
    for wanders_to in [0, 4] {
        let rig = Rig::new("abb");
        rig.handler.skip_outcomes([Outcome::Wander(wanders_to)]);
        let running = rig.start().await;
        assert_eq!(rig.handler.skips(), [(1, 3)]);
        assert_eq!(rig.counts(), [1], "it went to {wanders_to}");
        running.stop().await;
    }
}

#[tokio::test(start_paused = true)]
async fn works_between_batches() {
    let rig = Rig::new("aabb");
    let running = Running::start(rig.consumer().batch(10)).await;
    assert_eq!(rig.handler.skips(), [(2, 4)]);
    rig.stream.append("ba");
    settle().await;
    assert_eq!(rig.handler.calls(), [(0, vec![0, 1]), (4, vec![5])]);
    running.stop().await;
}

#[tokio::test(start_paused = true)]
async fn works_through_an_erased_stream() {
    let rig = Rig::new("aabb");
    let stream = eventstream_core::DynStream::new(rig.stream.clone());
    let consumer = eventstream_core::Consumer::new(stream, "a".into(), rig.handler.clone());
    let token = tokio_util::sync::CancellationToken::new();
    let task = tokio::spawn(consumer.run(token.clone()));
    settle().await;
    assert_eq!(rig.handler.skips(), [(2, 4)]);
    rig.stream.append("b");
    sleep(Duration::from_secs(5)).await;
    assert_eq!(rig.handler.skips(), [(2, 4), (4, 5)]);
    token.cancel();
    soon(task).await.unwrap().unwrap();
}
