//! Several events in one call of the handler.

use eventstream_core::Event;

use crate::support::{Fake, OTHER, Outcome, Plain, Rig, Running, parcel, settle};

#[tokio::test(start_paused = true)]
async fn are_in_order_and_hold_at_most_max() {
    let rig = Rig::new("aabaaabaa");
    let running = Running::start(rig.consumer().batch(3)).await;
    assert_eq!(rig.handler.calls(), [(0, vec![0, 1, 3]), (4, vec![4, 5, 7]), (8, vec![8])]);
    running.stop().await;
}

#[tokio::test(start_paused = true)]
async fn are_what_is_at_hand() {
    let rig = Rig::new("a");
    let running = Running::start(rig.consumer().batch(10)).await;
    rig.stream.append("baa");
    settle().await;
    assert_eq!(rig.handler.calls(), [(0, vec![0]), (1, vec![2, 3])]);
    running.stop().await;
}

#[tokio::test(start_paused = true)]
async fn of_zero_are_of_one() {
    let rig = Rig::new("aa");
    let running = Running::start(rig.consumer().batch(0)).await;
    assert_eq!(rig.handler.calls(), [(0, vec![0]), (1, vec![1])]);
    running.stop().await;
}

#[tokio::test(start_paused = true)]
async fn that_fail_are_handled_one_by_one_from_the_handlers_offset() {
    let rig = Rig::new("aaaaaaaaa");
    rig.handler.outcomes([Outcome::Done, Outcome::Partly(1)]);
    let running = Running::start(rig.consumer().batch(3)).await;
    running.run_for(60).await;
    assert_eq!(
        rig.handler.calls(),
        [(0, vec![0, 1, 2]), (3, vec![3, 4, 5]), (4, vec![4]), (5, vec![5]), (6, vec![6, 7, 8])]
    );
    assert_eq!(rig.stream.opened_at(), [0, 4]);
    assert_eq!(rig.handler.handled(), [0, 1, 2, 3, 4, 5, 6, 7, 8]);
    running.stop().await;
}

#[tokio::test(start_paused = true)]
async fn that_fail_are_handled_one_by_one_until_the_one_at_fault_is_handled() {
    let rig = Rig::new("aaaaa");
    rig.handler.outcomes([Outcome::Retry, Outcome::Done, Outcome::Retry, Outcome::Retry]);
    let running = Running::start(rig.consumer().batch(4)).await;
    running.run_for(60).await;
    assert_eq!(
        rig.handler.calls(),
        [
            (0, vec![0, 1, 2, 3]),
            (0, vec![0]),
            (1, vec![1]),
            (1, vec![1]),
            (1, vec![1]),
            (2, vec![2]),
            (3, vec![3]),
            (4, vec![4]),
        ]
    );
    assert_eq!(rig.counts(), [1, 1, 2], "the event that was handled is forgiven for");
    running.stop().await;
}

#[tokio::test(start_paused = true)]
async fn that_conflict_stay_batches() {
    let rig = Rig::new("aaaa");
    rig.handler.outcomes([Outcome::Overtaken(1)]);
    let running = Running::start(rig.consumer().batch(4)).await;
    assert_eq!(rig.handler.calls(), [(0, vec![0, 1, 2, 3]), (1, vec![1, 2, 3])]);
    running.stop().await;
}

#[tokio::test(start_paused = true)]
async fn go_one_by_one_to_a_handler_that_knows_none() {
    let rig = Rig::new("aabaa");
    let consumer = rig.consumer_with(Plain(rig.handler.clone())).batch(10);
    let running = Running::start(consumer).await;
    assert_eq!(rig.handler.calls(), [(0, vec![0]), (1, vec![1]), (2, vec![3]), (4, vec![4])]);
    running.stop().await;
}

#[tokio::test(start_paused = true)]
async fn end_before_an_event_that_is_no_good() {
    let rig = Rig::new("aaaa");
    let foreign = Event::new(2, parcel(OTHER, 2, "a"));
    rig.stream.fake(2, Fake::Event(foreign));
    let running = Running::start(rig.consumer().batch(10)).await;
    assert_eq!(rig.handler.calls(), [(0, vec![0, 1])]);
    assert_eq!(rig.counts(), [1], "the bad one is a failure");
    running.run_for(60).await;
    assert_eq!(rig.stream.opened_at(), [0, 2]);
    assert_eq!(rig.handler.handled(), [0, 1, 2, 3]);
    running.stop().await;
}

#[tokio::test(start_paused = true)]
async fn are_checked_for_their_order_within() {
    let rig = Rig::new("aaaa");
    let backwards = Event::new(0, parcel(crate::support::SHOP, 0, "a"));
    rig.stream.fake(2, Fake::Event(backwards));
    let running = Running::start(rig.consumer().batch(10)).await;
    assert_eq!(rig.handler.calls(), [(0, vec![0, 1])]);
    running.run_for(60).await;
    assert_eq!(rig.handler.handled(), [0, 1, 2, 3]);
    running.stop().await;
}

#[tokio::test(start_paused = true)]
async fn that_begin_with_an_event_that_is_no_good_are_not_handled() {
    let rig = Rig::new("aa");
    let foreign = Event::new(0, parcel(OTHER, 0, "a"));
    rig.stream.fake(0, Fake::Event(foreign));
    let running = Running::start(rig.consumer().batch(10)).await;
    assert!(rig.handler.calls().is_empty());
    running.run_for(60).await;
    assert_eq!(rig.handler.calls(), [(0, vec![0, 1])]);
    running.stop().await;
}
