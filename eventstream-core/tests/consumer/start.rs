//! Where a consumer begins.

use eventstream_core::{EventTypes, HandlerError, StartAt, Timestamp};

use crate::support::{Plain, Rig, Running, settle};

async fn begin(rig: &Rig, at: StartAt) -> Running {
    Running::start(rig.consumer().start(at)).await
}

fn time(text: &str) -> StartAt {
    StartAt::Time(text.parse::<Timestamp>().expect("a time").to_system_time())
}

#[tokio::test(start_paused = true)]
async fn at_the_handlers_offset_if_nothing_else_is_said() {
    let rig = Rig::new("aa");
    let running = rig.start().await;
    assert_eq!(rig.handler.state().begun_at, None);
    assert_eq!(rig.handler.handled(), [0, 1]);
    running.stop().await;
}

#[tokio::test(start_paused = true)]
async fn now_is_behind_all_that_is_there() {
    let rig = Rig::new("aab");
    let running = begin(&rig, StartAt::Now).await;
    assert_eq!(rig.handler.state().begun_at, Some(3));
    rig.stream.append("a");
    settle().await;
    assert_eq!(rig.handler.handled(), [3]);
    running.stop().await;
}

#[tokio::test(start_paused = true)]
async fn it_is_taken_once() {
    let rig = Rig::new("");
    begin(&rig, StartAt::Now).await.stop().await;
    assert_eq!(rig.handler.state().begun_at, Some(0));
    // What comes while it does not run is not lost.
    rig.stream.append("aa");
    let running = begin(&rig, StartAt::Now).await;
    assert_eq!(rig.handler.handled(), [0, 1]);
    running.stop().await;
}

#[tokio::test(start_paused = true)]
async fn a_handler_that_has_begun_goes_on_at_its_offset() {
    let rig = Rig::new("aaaa");
    rig.handler.state().offset = 2;
    let running = begin(&rig, StartAt::Offset(0)).await;
    assert_eq!(rig.handler.handled(), [2, 3]);
    running.stop().await;
}

#[tokio::test(start_paused = true)]
async fn an_offset_may_lie_past_the_end() {
    let rig = Rig::new("aa");
    let running = begin(&rig, StartAt::Offset(3)).await;
    rig.stream.append("aaa");
    settle().await;
    assert_eq!(rig.handler.handled(), [3, 4]);
    running.stop().await;
}

#[tokio::test(start_paused = true)]
async fn the_oldest_is_the_first_that_is_still_there() {
    let rig = Rig::new("aaaa");
    rig.stream.state().oldest = 2;
    let running = begin(&rig, StartAt::Oldest).await;
    assert_eq!(rig.handler.state().begun_at, Some(2));
    assert_eq!(rig.handler.handled(), [2, 3]);
    running.stop().await;

    for types in ["", "aa"] {
        let rig = Rig::new(types);
        let running = begin(&rig, StartAt::Oldest).await;
        assert_eq!(rig.handler.state().begun_at, Some(0), "of {types:?}");
        running.stop().await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_time_is_the_first_event_recorded_then_or_later() {
    for (at, expected) in [
        ("2026-01-01T00:00:00Z", 0),
        ("2026-01-03T00:00:00Z", 1),
        ("2026-01-03T00:00:01Z", 3),
        ("2026-01-05T00:00:00Z", 3),
        ("2026-01-05T00:00:01Z", 4),
    ] {
        let rig = Rig::new("");
        // The third event is older than the one before it, and all types count.
        for (event_type, day) in [("a", 1), ("b", 3), ("a", 2), ("b", 5)] {
            rig.stream.append_recorded(event_type, &format!("2026-01-0{day}T00:00:00Z"));
        }
        let running = begin(&rig, time(at)).await;
        assert_eq!(rig.handler.state().begun_at, Some(expected), "for {at}");
        running.stop().await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_time_is_found_although_what_the_stream_does_not_declare_stands_at_its_end() {
    let rig = Rig::new("a");
    rig.stream.append("zz");
    rig.stream.state().produced = EventTypes::from_iter(["a"]);
    rig.stream.state().hides_undeclared = true;
    let running = begin(&rig, time("9998-01-01T00:00:00Z")).await;
    running.run_for(10).await;
    assert_eq!(rig.handler.state().begun_at, Some(3));
    running.stop().await;
}

#[tokio::test(start_paused = true)]
async fn a_truncated_stream_is_looked_through_from_its_oldest_event() {
    let rig = Rig::new("");
    for day in 1..=4 {
        rig.stream.append_recorded("a", &format!("2026-01-0{day}T00:00:00Z"));
    }
    rig.stream.state().oldest = 2;
    let running = begin(&rig, time("2026-01-01T00:00:00Z")).await;
    assert_eq!(rig.handler.state().begun_at, Some(2));
    running.stop().await;
}

#[tokio::test(start_paused = true)]
async fn a_stream_that_cannot_tell_its_end_is_a_failure_that_says_so() {
    let rig = Rig::new("a");
    rig.stream.state().tells_end = false;
    let consumer = rig.consumer().start(StartAt::Now);
    let handle = consumer.handle();
    let running = Running::start(consumer).await;
    let failure = handle.status().last_failure.expect("it fails");
    assert_eq!(failure.during, "finding out where to begin");
    assert!(failure.error.contains("the stream can't tell where it ends"), "{}", failure.error);
    assert!(rig.handler.handled().is_empty());
    running.stop().await;
}

#[tokio::test(start_paused = true)]
async fn a_handler_that_cannot_store_it_is_a_failure_that_says_so() {
    let rig = Rig::new("a");
    let consumer = rig.consumer_with(Plain(rig.handler.clone())).start(StartAt::Oldest);
    let handle = consumer.handle();
    let running = Running::start(consumer).await;
    let failure = handle.status().last_failure.expect("it fails");
    assert_eq!(failure.during, "storing where to begin");
    assert!(failure.error.contains("can't store a start position"), "{}", failure.error);
    assert!(rig.handler.handled().is_empty());
    running.stop().await;
}

#[tokio::test(start_paused = true)]
async fn failures_on_the_way_are_tried_again() {
    let rig = Rig::new("aa");
    rig.stream.state().end_fails = 2;
    let running = begin(&rig, StartAt::Now).await;
    running.run_for(60).await;
    assert_eq!(rig.handler.state().begun_at, Some(2));
    assert_eq!(rig.counts(), [1, 2]);
    running.stop().await;
}

#[tokio::test]
async fn a_handler_that_is_not_said_to_begin_refuses_it() {
    use eventstream_core::Handler;
    let rig = Rig::new("");
    let mut plain = Plain(rig.handler.clone());
    let shop = crate::support::identity(crate::support::SHOP);
    assert!(!plain.has_begun(&shop).await.expect("it can be asked"));
    let refused = plain.begin_at(&shop, 1).await;
    assert!(matches!(refused, Err(HandlerError::Reject(_))), "{refused:?}");
}

#[tokio::test(start_paused = true)]
async fn it_is_found_although_a_read_takes_long() {
    for (at, begun_at) in [(StartAt::Oldest, 0), (time("2026-01-02T00:00:00Z"), 1)] {
        let rig = Rig::new("");
        for at in ["2026-01-01T00:00:00Z", "2026-01-02T00:00:00Z"] {
            rig.stream.append_recorded("a", at);
        }
        // A read that is dropped begins anew.
        rig.stream.state().steps = (10, std::time::Duration::from_millis(100));
        let running = begin(&rig, at).await;
        running.run_for(300).await;
        assert_eq!(rig.handler.state().begun_at, Some(begun_at), "{at:?}");
        running.stop().await;
    }
}
