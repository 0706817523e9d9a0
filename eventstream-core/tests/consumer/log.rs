//! What the consumer says about itself.

use eventstream_core::{Error, Event};
use tracing::Level;

use crate::support::{Capture, Fake, OTHER, Outcome, Rig, Running, SHOP, parcel};

#[tokio::test(start_paused = true)]
async fn a_failure_is_a_warning_with_all_that_is_known() {
    let (capture, _guard) = Capture::start();
    let rig = Rig::new("abab");
    let source = Error::backend("writing", true, "no space left");
    rig.stream.fake(3, Fake::Error(Error::backend("reading", false, source)));
    let running = rig.start().await;
    running.stop().await;

    let warnings = capture.events(Level::WARN);
    assert_eq!(warnings.len(), 1);
    let fields = &warnings[0].fields;
    assert_eq!(fields["application"], format!("{} ({})", SHOP.0, SHOP.1));
    assert_eq!(fields["offset"], "3");
    assert_eq!(fields["failures"], "1");
    assert_eq!(fields["delay"], "5s");
    assert_eq!(fields["during"], "reading the stream");
    assert_eq!(fields["error"], "reading failed: writing failed: no space left");
}

#[tokio::test(start_paused = true)]
async fn a_failure_before_the_offset_is_known_has_none() {
    let (capture, _guard) = Capture::start();
    let rig = Rig::new("a");
    rig.stream.state().types_fail = 1;
    rig.start().await.stop().await;
    let warnings = capture.events(Level::WARN);
    assert_eq!(warnings.len(), 1);
    assert!(!warnings[0].fields.contains_key("offset"));
}

#[tokio::test(start_paused = true)]
async fn a_failure_of_the_handler_says_what_the_handler_said() {
    let (capture, _guard) = Capture::start();
    let rig = Rig::new("aa");
    rig.handler.outcomes([Outcome::Retry, Outcome::Reject]);
    let running = rig.start().await;
    running.run_for(60).await;
    running.stop().await;
    let said: Vec<_> = capture
        .events(Level::WARN)
        .iter()
        .map(|warning| (warning.fields["error"].clone(), warning.fields["rejected"].clone()))
        .collect();
    let expected = [("told to fail", "false"), ("told to reject", "true")];
    assert_eq!(said, expected.map(|(a, b)| (a.to_owned(), b.to_owned())));
}

#[tokio::test(start_paused = true)]
async fn an_event_of_another_application_is_named_with_both() {
    let (capture, _guard) = Capture::start();
    let rig = Rig::new("a");
    rig.stream.fake(0, Fake::Event(Event::new(0, parcel(OTHER, 0, "a"))));
    rig.start().await.stop().await;
    assert_eq!(
        capture.events(Level::WARN)[0].fields["error"],
        "the event at offset 0 was recorded by other (77c1d0aa), and not by shop (0b6b8a1e)"
    );
}

#[tokio::test(start_paused = true)]
async fn that_nothing_relevant_is_produced_is_said() {
    let (capture, _guard) = Capture::start();
    let rig = Rig::new("b");
    rig.stream.state().produced = "b".into();
    rig.start().await.ended().await.unwrap();
    let infos = capture.events(Level::INFO);
    assert_eq!(infos.len(), 1);
    assert_eq!(infos[0].fields["wanted"], "a");
    assert_eq!(infos[0].fields["produced"], "b");
    assert!(infos[0].fields["application"].starts_with(SHOP.0));
    assert!(capture.events(Level::WARN).is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_run_and_each_event_have_a_span() {
    let (capture, _guard) = Capture::start();
    let rig = Rig::new("abab");
    rig.start().await.stop().await;

    let runs = capture.spans("consumer");
    assert_eq!(runs.len(), 1);
    assert_eq!(runs[0].level, Level::INFO);
    assert_eq!(runs[0].fields["application.name"], SHOP.0);
    assert_eq!(runs[0].fields["application.key"], SHOP.1);

    let events = capture.spans("handle_event");
    assert_eq!(events.len(), 2);
    assert_eq!(events[1].level, Level::DEBUG);
    assert_eq!(events[1].fields["offset"], "2");
    assert_eq!(events[1].fields["event_type"], "a");
    assert_eq!(events[1].fields["message_id"], "2");
}

#[tokio::test(start_paused = true)]
async fn a_batch_has_a_span() {
    let (capture, _guard) = Capture::start();
    let rig = Rig::new("baab");
    rig.handler.state().offset = 1;
    Running::start(rig.consumer().batch(9)).await.stop().await;
    let batches = capture.spans("handle_batch");
    assert_eq!(batches.len(), 1);
    assert_eq!(batches[0].fields["offset"], "1");
    assert_eq!(batches[0].fields["events"], "2");
    let skips = capture.spans("skip");
    assert_eq!(skips.len(), 1);
    assert_eq!(skips[0].fields["next"], "4");
}
