//! Whatever fails, a new round begins after the backoff, at the handler's offset.

use std::time::Duration;

use eventstream_core::{Error, Event};
use tokio::time::sleep;

use crate::support::{Fake, OTHER, Outcome, Rig, SHOP, parcel};

/// The consumer backed off so often, went on where the handler was, and closed all other cursors.
async fn recovers(rig: &Rig, failures: usize, opened_at: &[u64], handled: &[u64]) {
    let running = rig.start().await;
    running.run_for(3600).await;
    assert_eq!(rig.counts().len(), failures, "failures");
    assert_eq!(rig.stream.opened_at(), opened_at, "opened at");
    assert_eq!(rig.handler.handled(), handled, "handled");
    assert_eq!(rig.stream.open_cursors(), 1, "open cursors");
    let rounds = opened_at.len();
    let opened = rig.stream.opened_when();
    for round in 1..rounds {
        let waited = opened[round] - opened[round - 1];
        assert!(waited >= Duration::from_secs(5), "it waits for the backoff");
    }
    running.stop().await;
    assert_eq!(rig.stream.open_cursors(), 0, "open cursors at the end");
}

#[tokio::test(start_paused = true)]
async fn restarts_when_asking_for_the_types_fails() {
    let rig = Rig::new("aa");
    rig.stream.state().types_fail = 2;
    recovers(&rig, 2, &[0], &[0, 1]).await;
    assert_eq!(rig.stream.state().types_asked, 3);
}

#[tokio::test(start_paused = true)]
async fn restarts_when_opening_fails() {
    let rig = Rig::new("aa");
    rig.stream.state().open_fails = 2;
    recovers(&rig, 2, &[0], &[0, 1]).await;
    assert_eq!(rig.stream.state().types_asked, 3, "from the beginning");
    assert_eq!(rig.handler.state().sources.len(), 3, "with a fresh offset");
}

#[tokio::test(start_paused = true)]
async fn restarts_when_reading_fails() {
    let rig = Rig::new("aa");
    rig.stream.state().next_fails = 2;
    recovers(&rig, 2, &[0, 0, 0], &[0, 1]).await;
}

#[tokio::test(start_paused = true)]
async fn restarts_when_the_stream_is_truncated() {
    let rig = Rig::new("aaa");
    let truncated = Error::Truncated { requested: 1, oldest: 2 };
    rig.stream.fake(1, Fake::Error(truncated));
    recovers(&rig, 1, &[0, 1], &[0, 1, 2]).await;
}

#[tokio::test(start_paused = true)]
async fn restarts_when_somebody_closes_the_cursor() {
    let rig = Rig::new("a");
    let running = rig.start().await;
    rig.stream.state().cursors[0].close().unwrap();
    rig.stream.append("a");
    running.run_for(3600).await;
    assert_eq!(rig.stream.opened_at(), [0, 1]);
    assert_eq!(rig.handler.handled(), [0, 1]);
    running.stop().await;
}

#[tokio::test(start_paused = true)]
async fn restarts_when_the_handlers_offset_cannot_be_read() {
    let rig = Rig::new("aa");
    rig.handler.state().offset_fails = 2;
    recovers(&rig, 2, &[0], &[0, 1]).await;
}

#[tokio::test(start_paused = true)]
async fn restarts_when_the_handler_fails() {
    let rig = Rig::new("abaa");
    rig.handler.outcomes([Outcome::Done, Outcome::Retry]);
    recovers(&rig, 1, &[0, 1], &[0, 2, 3]).await;
    assert_eq!(rig.handler.calls(), [(0, vec![0]), (1, vec![2]), (1, vec![2]), (3, vec![3])]);
}

#[tokio::test(start_paused = true)]
async fn tries_an_event_again_that_is_rejected() {
    let rig = Rig::new("aa");
    rig.handler.outcomes([Outcome::Reject; 3]);
    recovers(&rig, 3, &[0, 0, 0, 0], &[0, 1]).await;
}

#[tokio::test(start_paused = true)]
async fn restarts_when_an_offset_goes_backwards() {
    let rig = Rig::new("aaaa");
    rig.stream.fake(2, Fake::Event(Event::new(0, parcel(SHOP, 0, "a"))));
    recovers(&rig, 1, &[0, 2], &[0, 1, 2, 3]).await;
}

#[tokio::test(start_paused = true)]
async fn restarts_when_an_event_comes_twice() {
    let rig = Rig::new("aaaa");
    rig.stream.fake(2, Fake::Event(Event::new(1, parcel(SHOP, 1, "a"))));
    recovers(&rig, 1, &[0, 2], &[0, 1, 2, 3]).await;
}

#[tokio::test(start_paused = true)]
async fn restarts_when_the_first_event_lies_below_the_handlers_offset() {
    let rig = Rig::new("aaaa");
    rig.handler.state().offset = 2;
    rig.stream.fake(2, Fake::Event(Event::new(1, parcel(SHOP, 1, "a"))));
    recovers(&rig, 1, &[2, 2], &[2, 3]).await;
}

#[tokio::test(start_paused = true)]
async fn restarts_when_an_offset_has_no_successor() {
    let rig = Rig::new("aa");
    let last = Event::new(u64::MAX, parcel(SHOP, 1, "a"));
    rig.stream.fake(1, Fake::Event(last));
    recovers(&rig, 1, &[0, 1], &[0, 1]).await;
}

#[tokio::test(start_paused = true)]
async fn consumes_up_to_the_last_offset_that_can_be_given() {
    let rig = Rig::new("");
    rig.handler.state().offset = u64::MAX - 1;
    let last = Event::new(u64::MAX - 1, parcel(SHOP, 1, "a"));
    rig.stream.fake(u64::MAX - 1, Fake::Event(last));
    recovers(&rig, 0, &[u64::MAX - 1], &[u64::MAX - 1]).await;
    assert_eq!(rig.handler.state().offset, u64::MAX);
}

#[tokio::test(start_paused = true)]
async fn restarts_when_an_envelope_is_invalid() {
    let rig = Rig::new("aa");
    let invalid = Error::invalid("message_id", "is missing");
    rig.stream.fake(1, Fake::Error(invalid));
    recovers(&rig, 1, &[0, 1], &[0, 1]).await;
}

#[tokio::test(start_paused = true)]
async fn restarts_when_an_event_is_another_applications() {
    let rig = Rig::new("aa");
    rig.stream.fake(1, Fake::Event(Event::new(1, parcel(OTHER, 1, "a"))));
    recovers(&rig, 1, &[0, 1], &[0, 1]).await;
}

#[tokio::test(start_paused = true)]
async fn an_application_that_was_renamed_is_the_same() {
    let rig = Rig::new("a");
    let renamed = parcel(("store", SHOP.1), 1, "a");
    rig.stream.state().events.push(renamed);
    recovers(&rig, 0, &[0], &[0, 1]).await;
}

#[tokio::test(start_paused = true)]
async fn an_application_of_the_same_name_is_another() {
    let rig = Rig::new("aa");
    let namesake = parcel((SHOP.0, OTHER.1), 1, "a");
    rig.stream.fake(1, Fake::Event(Event::new(1, namesake)));
    recovers(&rig, 1, &[0, 1], &[0, 1]).await;
}

#[tokio::test(start_paused = true)]
async fn closes_the_cursor_before_it_waits() {
    let rig = Rig::new("aa");
    rig.handler.outcomes([Outcome::Retry]);
    let running = rig.start().await;
    sleep(Duration::from_secs(2)).await;
    assert_eq!(rig.counts(), [1], "it is backing off");
    assert_eq!(rig.stream.open_cursors(), 0);
    running.stop().await;
}

#[tokio::test(start_paused = true)]
async fn asks_for_the_types_anew_in_each_round() {
    let rig = Rig::new("aa");
    rig.stream.fake(1, Fake::Error(Error::CursorClosed));
    let running = rig.start().await;
    rig.stream.state().produced = "b".into();
    let finish = running.ended().await.unwrap();
    assert_eq!(finish, eventstream_core::Finish::NoRelevantEventTypes);
    assert_eq!(rig.handler.handled(), [0]);
}
