//! What is shown, up to the end.

use eventstream_core::EventStore;
use eventstream_persisted::EmbeddedStore;
use serde_json::{Value, json};

use crate::harness::*;

fn shown(place: &Place, args: &[&str]) -> Vec<u64> {
    let done = place.tail(&[args, &["-o", "json", "--exit-at-end"]].concat());
    done.assert_ok();
    done.stdout
        .lines()
        .map(|line| serde_json::from_str::<Value>(line).unwrap()["offset"].as_u64().unwrap())
        .collect()
}

fn truncated(events: u64, before: u64) -> Place {
    let place = Place::with(&crate::harness::events(0..events));
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(async {
        let store = EmbeddedStore::open(&place.store).await.unwrap();
        store.truncate(before).await.unwrap();
    });
    place
}

#[test]
fn events_are_chosen_by_offset_type_and_number() {
    let mut input = String::new();
    for id in 0..600 {
        input += &event(id, ["a", "b", "c"][usize::try_from(id % 3).unwrap()]);
    }
    let place = Place::with(&input);
    assert_eq!(shown(&place, &[]), (0..600).collect::<Vec<_>>());
    assert_eq!(shown(&place, &["--from", "590"]), (590..600).collect::<Vec<_>>());
    assert_eq!(shown(&place, &["-n", "3"]), [0, 1, 2]);
    assert_eq!(shown(&place, &["-n", "0"]), [0; 0]);
    assert_eq!(shown(&place, &["--type", "b"]), (1..600).step_by(3).collect::<Vec<_>>());
    assert_eq!(
        shown(&place, &["--type", "c", "--type", "b", "--from", "595"]),
        [595, 596, 598, 599]
    );
    assert_eq!(shown(&place, &["--from", "10", "--type", "a", "-n", "2"]), [12, 15]);
    assert_eq!(shown(&place, &["-n", "1000"]).len(), 600);
}

#[test]
fn the_end_is_where_it_was_at_the_start() {
    let place = Place::with(SAMPLE);
    // More than there is room for in a pipe, so that it is not done before more is appended.
    let mut tail = place.start_unread("tail", &["--exit-at-end", "-o", "cloudevents"]);
    let first = tail.first_line_unread();
    place.append(&[], events(0..10)).assert_ok();
    tail.read_output();
    let done = tail.end();
    done.assert_ok();
    assert!(first + "\n" + &done.stdout == SAMPLE);
}

#[test]
fn so_many_events_are_enough_without_an_end_too() {
    let place = Place::with(&events(0..5));
    for n in ["0", "5"] {
        let done = place.tail(&["-n", n]);
        done.assert_ok();
        assert_eq!(done.stdout.lines().count().to_string(), n);
    }
}

#[test]
fn text_in_a_pipe_is_aligned_and_whole_and_has_no_colours() {
    let place = Place::with(SAMPLE);
    let done = place.tail(&["--exit-at-end"]);
    done.assert_ok();
    assert_eq!(done.stdout.lines().count(), 1000);
    assert!(!done.stdout.contains('\u{1b}'));
    let mut lines = done.stdout.lines();
    let first = lines.next().unwrap();
    assert!(
        first.starts_with("  0  2024-04-22T17:53:32Z  git.commit.recorded  nats-io/nats.rs"),
        "{first}"
    );
    let events = SAMPLE.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
    for (line, event) in done.stdout.lines().zip(events) {
        assert_eq!(line.find("  20"), Some(3), "{line}");
        let (_, data) = line.split_once('{').unwrap();
        assert_eq!(serde_json::from_str::<Value>(&format!("{{{data}")).unwrap(), event["data"]);
        assert_eq!(line.len() - data.len() - 1, line.find("  {").unwrap() + 2);
    }
}

#[test]
fn text_in_a_pipe_is_one_line_for_each_event() {
    let place = Place::with(concat!(
        r#"{"specversion":"1.0","id":"1","source":"/s","type":"t","time":"2024-05-06T07:08:09Z","#,
        r#""datacontenttype":"text/plain","data":"one\ntwo\u001b[2J"}"#,
    ));
    let done = place.tail(&["--exit-at-end"]);
    assert_eq!(done.stdout, "0  2024-05-06T07:08:09Z  t     /s    one\\ntwo\\u001b[2J\n");
}

#[test]
fn json_has_the_offset_and_the_envelope() {
    let place = Place::with(&event(7, "test.made"));
    let done = place.tail(&["--exit-at-end", "-o", "json"]);
    assert_eq!(
        serde_json::from_str::<Value>(&done.stdout).unwrap(),
        json!({
            "offset": 0,
            "message_id": "7",
            "causation_id": "7",
            "correlation_id": "7",
            "source_application": {"name": "default", "key": "e72e6fba-8ed3-5cde-9ff6-36f062e1e51b"},
            "source_handler": {"name": "/test", "key": "b128a2dc-ed71-50ea-af05-e0605e42f45a"},
            "created_at": "2024-05-06T07:08:09Z",
            "portable_name": "test.made",
            "media_type": "application/json",
            "attributes": {
                "ce:causationid": "omitted",
                "ce:correlationid": "omitted",
                "ce:datacontenttype": "omitted",
            },
            "data": {"id": 7},
        })
    );
}

/// Of a place with three events.
pub(crate) fn says_where_nothing_is(tail: impl Fn(&[&str]) -> Done, no_such_type: &str) {
    for (args, note) in [
        (&["--from", "3"][..], "There is nothing at offset 3 yet: the next offset is 3.\n"),
        (&["--from", "99"], "There is nothing at offset 99 yet: the next offset is 3.\n"),
        (&["--type", "x"], no_such_type),
    ] {
        let done = tail(&[args, &["--exit-at-end"]].concat());
        assert_eq!(
            (done.code, done.stdout.as_str(), done.stderr.as_str()),
            (Some(0), "", note),
            "{args:?}"
        );
    }
}

#[test]
fn where_nothing_is_it_says_so() {
    let place = Place::with(&events(0..3));
    let note = "There is no event of type \"x\" in the store.\n";
    says_where_nothing_is(|args| place.tail(args), note);
}

#[test]
fn a_truncated_part_is_named() {
    let place = truncated(10, 6);
    assert_eq!(place.info()["first_offset"], 6);
    assert_eq!(shown(&place, &[]), [6, 7, 8, 9]);
    assert_eq!(shown(&place, &["--from", "6"]), [6, 7, 8, 9]);
    for args in [&["--from", "5"][..], &["--from", "5", "--exit-at-end"]] {
        let done = place.tail(args);
        done.assert_failed("offset 5 is truncated");
        assert!(done.stderr.contains("--from 6"), "{}", done.stderr);
        assert_eq!(done.stdout, "");
    }
}

#[test]
fn a_store_that_is_not_there_is_an_error_with_a_hint() {
    let place = Place::new();
    let done = place.tail(&[]);
    done.assert_failed("there is no store at");
    assert!(done.stderr.contains("hint: to create one, append to it: "), "{}", done.stderr);
}

#[test]
fn a_wrong_use_has_an_exit_code_of_its_own() {
    let place = Place::with(&events(0..1));
    for args in [["--from", "x"], ["-n", "-1"], ["-o", "xml"], ["--type", ""]] {
        let done = place.tail(&args);
        assert_eq!(done.code, Some(2), "{args:?}");
        // What is wrong is said to people, not to programmers.
        assert!(!done.stderr.contains("invalid digit"), "{}", done.stderr);
    }
    let done = place.tail(&["--from", "x"]);
    assert!(done.stderr.contains("has to be a whole number"), "{}", done.stderr);
    let done = place.tail(&["--from", "99999999999999999999"]);
    assert!(done.stderr.contains("is too large"), "{}", done.stderr);
}
