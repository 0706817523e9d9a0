//! How failures are counted, as the backoff sees it.

use eventstream_core::Event;

use crate::support::{Fake, OTHER, Outcome, Rig, Running, parcel, settle};

async fn counts(rig: &Rig) -> Vec<u32> {
    let running = rig.start().await;
    running.run_for(3600).await;
    running.stop().await;
    rig.counts()
}

#[tokio::test(start_paused = true)]
async fn grows_while_the_stream_fails() {
    let rig = Rig::new("a");
    rig.stream.state().types_fail = 1;
    rig.stream.state().open_fails = 2;
    rig.stream.state().next_fails = 1;
    assert_eq!(counts(&rig).await, [1, 2, 3, 4]);
}

#[tokio::test(start_paused = true)]
async fn falls_back_after_a_failure_of_the_stream_when_an_event_arrives() {
    let rig = Rig::new("a");
    rig.stream.state().open_fails = 2;
    // The event arrives, and is not handled: that it arrived has to do.
    rig.handler.outcomes([Outcome::Retry]);
    assert_eq!(counts(&rig).await, [1, 2, 1]);
}

#[tokio::test(start_paused = true)]
async fn does_not_fall_back_when_the_stream_only_opens() {
    let rig = Rig::new("");
    rig.stream.state().open_fails = 1;
    let running = rig.start().await;
    running.run_for(10).await;
    assert_eq!(rig.stream.opened_at(), [0]);
    rig.stream.state().next_fails = 1;
    rig.stream.append("b");
    running.run_for(10).await;
    assert_eq!(rig.counts(), [1, 2]);
    running.stop().await;
}

#[tokio::test(start_paused = true)]
async fn does_not_fall_back_when_an_event_arrives_that_is_no_good() {
    let rig = Rig::new("a");
    for _ in 0..3 {
        let foreign = Event::new(0, parcel(OTHER, 0, "a"));
        rig.stream.fake(0, Fake::Event(foreign));
    }
    assert_eq!(counts(&rig).await, [1, 2, 3]);
}

#[tokio::test(start_paused = true)]
async fn grows_while_the_handler_fails_though_events_arrive() {
    let rig = Rig::new("a");
    rig.handler.outcomes([Outcome::Retry; 4]);
    assert_eq!(counts(&rig).await, [1, 2, 3, 4]);
}

#[tokio::test(start_paused = true)]
async fn falls_back_after_a_failure_of_the_handler_when_an_event_is_handled() {
    let rig = Rig::new("aa");
    rig.handler.outcomes([Outcome::Retry, Outcome::Retry, Outcome::Done, Outcome::Retry]);
    assert_eq!(counts(&rig).await, [1, 2, 1]);
}

#[tokio::test(start_paused = true)]
async fn a_handlers_offset_that_cannot_be_read_is_the_handlers_failure() {
    let rig = Rig::new("aa");
    rig.handler.state().offset_fails = 2;
    // An event arrives after them, which would make good a failure of the stream.
    rig.handler.outcomes([Outcome::Retry]);
    assert_eq!(counts(&rig).await, [1, 2, 3]);
}

#[tokio::test(start_paused = true)]
async fn once_the_handler_works_again_the_stream_is_forgiven_as_before() {
    let rig = Rig::new("aaa");
    // The handler fails, then handles; then the stream fails, and an event arrives.
    rig.handler.outcomes([Outcome::Retry, Outcome::Done, Outcome::Retry]);
    let stream_fails = eventstream_core::Error::backend("reading", true, "told to fail");
    rig.stream.fake(1, Fake::Error(stream_fails));
    assert_eq!(counts(&rig).await, [1, 1, 1]);
}

#[tokio::test(start_paused = true)]
async fn it_is_the_last_failure_that_counts() {
    let rig = Rig::new("a");
    // The handler fails, then the stream does: now an event that arrives is enough.
    rig.handler.outcomes([Outcome::Retry, Outcome::Retry]);
    let running = rig.start().await;
    rig.stream.state().open_fails = 1;
    running.run_for(60).await;
    assert_eq!(rig.counts(), [1, 2, 1]);
    running.stop().await;
}

#[tokio::test(start_paused = true)]
async fn a_handler_that_gets_on_within_a_batch_is_forgiven() {
    let rig = Rig::new("aaaaaaaa");
    // It goes through the batch on its own, and then fails with its fourth event, twice.
    rig.handler.outcomes([Outcome::Retry, Outcome::Done, Outcome::Done, Outcome::Retry]);
    rig.handler.outcomes([Outcome::Retry]);
    let running = Running::start(rig.consumer().batch(4)).await;
    running.run_for(60).await;
    assert_eq!(rig.counts(), [1, 1, 2]);
    running.stop().await;
}

#[tokio::test(start_paused = true)]
async fn a_handler_that_has_handled_a_part_of_a_batch_is_forgiven() {
    let rig = Rig::new("aa");
    // The second failure comes after the offset has moved by the first one.
    rig.handler.outcomes([Outcome::Retry, Outcome::Done]);
    let running = Running::start(rig.consumer().batch(2)).await;
    running.run_for(60).await;
    rig.handler.outcomes([Outcome::Partly(1), Outcome::Retry]);
    rig.stream.append("aa");
    running.run_for(60).await;
    assert_eq!(rig.counts(), [1, 1, 1]);
    running.stop().await;
}

#[tokio::test(start_paused = true)]
async fn a_handler_that_does_not_get_on_within_a_batch_is_not() {
    let rig = Rig::new("aaa");
    rig.handler.outcomes([Outcome::Partly(0); 3]);
    let running = Running::start(rig.consumer().batch(100)).await;
    running.run_for(60).await;
    assert_eq!(rig.counts(), [1, 2, 3]);
    running.stop().await;
}

#[tokio::test(start_paused = true)]
async fn a_skip_that_fails_is_the_handlers_failure() {
    let rig = Rig::new("bb");
    rig.handler.skip_outcomes([Outcome::Retry, Outcome::Retry]);
    let running = rig.start().await;
    running.run_for(60).await;
    assert_eq!(rig.counts(), [1, 2]);
    running.stop().await;
}

#[tokio::test(start_paused = true)]
async fn an_event_that_arrives_does_not_make_good_a_skip_that_failed() {
    let rig = Rig::new("bb");
    rig.handler.skip_outcomes([Outcome::Retry]);
    rig.handler.outcomes([Outcome::Retry]);
    let running = rig.start().await;
    rig.stream.append("a");
    running.run_for(60).await;
    assert_eq!(rig.counts(), [1, 2]);
    running.stop().await;
}

#[tokio::test(start_paused = true)]
async fn falls_back_when_events_are_skipped() {
    let rig = Rig::new("bb");
    rig.handler.skip_outcomes([Outcome::Retry, Outcome::Done]);
    let running = rig.start().await;
    running.run_for(60).await;
    assert_eq!(rig.handler.state().offset, 2);
    rig.handler.outcomes([Outcome::Retry]);
    rig.stream.append("a");
    settle().await;
    assert_eq!(rig.counts(), [1, 1]);
    running.stop().await;
}
