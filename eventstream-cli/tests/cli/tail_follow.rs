//! What is appended is followed, until there is a reason to end.

use rustix::process::Signal;

use crate::harness::*;

fn offset(line: &str) -> u64 {
    serde_json::from_str::<serde_json::Value>(line).unwrap()["offset"].as_u64().unwrap()
}

#[test]
fn events_of_other_programs_are_followed() {
    let place = Place::with(&events(0..2));
    let mut tail = place.start("tail", &["-o", "json"]);
    assert_eq!([tail.line(), tail.line()].map(|it| offset(&it)), [0, 1]);
    for id in 2..6 {
        place.append(&[], events(id..=id)).assert_ok();
        assert_eq!(offset(&tail.line()), id);
    }
}

#[test]
fn a_type_that_was_never_there_is_waited_for() {
    let place = Place::with(&events(0..2));
    let mut tail = place.start("tail", &["-o", "json", "--type", "new", "-n", "1"]);
    assert_eq!(tail.note(), "There is no event of type \"new\" in the store: waiting.");
    place.append(&[], events(2..3) + &event(3, "new")).assert_ok();
    assert_eq!(offset(&tail.line()), 3);
    assert_eq!(tail.end().code, Some(0));
}

#[test]
fn an_offset_past_the_end_is_waited_for() {
    let place = Place::with(&events(0..2));
    let mut tail = place.start("tail", &["-o", "json", "--from", "4", "-n", "1"]);
    assert!(tail.note().ends_with("the next offset is 2: waiting."));
    place.append(&[], events(2..6)).assert_ok();
    assert_eq!(offset(&tail.line()), 4);
    assert_eq!(tail.end().code, Some(0));
}

#[test]
fn an_interrupt_ends_it_well() {
    for signal in [Signal::INT, Signal::TERM] {
        let place = Place::with(&events(0..1));
        let mut tail = place.start("tail", &[]);
        tail.line();
        tail.signal(signal);
        tail.end().assert_ok();
    }
}

#[test]
fn an_interrupt_ends_it_also_if_nobody_reads() {
    let place = Place::with(SAMPLE);
    // More than there is room for in a pipe, so that it has to wait for a reader.
    let mut tail = place.start_unread("tail", &["-o", "json"]);
    tail.first_line_unread();
    tail.signal(Signal::INT);
    tail.end().assert_ok();
}

#[test]
fn a_reader_that_has_seen_enough_ends_it() {
    let place = Place::with(&events(0..1));
    let mut tail = place.start_unread("tail", &["-o", "json"]);
    assert_eq!(offset(&tail.first_line_unread()), 0);
    // Nothing more is appended, so that no write can tell.
    tail.close_output();
    tail.end().assert_ok();
}

#[test]
fn a_reader_that_has_seen_enough_of_much_ends_it() {
    let place = Place::with(SAMPLE);
    for args in [&["-o", "json"][..], &["-o", "json", "--exit-at-end"]] {
        let mut tail = place.start_unread("tail", args);
        assert_eq!(offset(&tail.first_line_unread()), 0);
        tail.close_output();
        tail.end().assert_ok();
    }
}
