//! A server goes, and comes again.

use std::io::Write;

use rustix::process::Signal;

use crate::{harness::*, served::Served};

/// Offsets are read one after another, with none left out and none repeated.
fn read(tail: &mut Running, offsets: std::ops::Range<u64>) {
    for offset in offsets {
        let line = tail.line();
        let event: serde_json::Value = serde_json::from_str(&line).unwrap();
        assert_eq!(
            (event["offset"].as_u64(), &event["message_id"]),
            (Some(offset), &offset.to_string().into())
        );
    }
}

#[test]
fn what_follows_goes_on_where_it_was_when_the_server_is_there_again() {
    let place = Place::with(&events(0..2_000));
    let mut served = Served::start(&place, &[]);
    let mut tail = Running::start(served.command("tail", &["-o", "json", "-n", "2600"]));
    read(&mut tail, 0..1_000);
    let mut next = 2_000;
    for _ in 0..3 {
        // While it reads, or when it has read all that there is.
        let url = served.url.clone();
        let address = served.kill();
        assert_eq!(
            tail.note(),
            format!("The connection to {url} is lost: going on as soon as it is there again.")
        );
        place.append(&[], events(next..next + 100)).assert_ok();
        served = Served::start_at(&place, &address, &[]);
        served.append(&[], events(next + 100..next + 200)).assert_ok();
        next += 200;
        let read_to = if next == 2_200 { 1_000..2_200 } else { next - 200..next };
        read(&mut tail, read_to);
    }
    let done = tail.end();
    // It was said once each time, and nothing else.
    done.assert_ok();
    assert_eq!(done.stdout, "");
}

#[test]
fn an_end_is_found_also_if_the_server_goes_meanwhile() {
    let place = Place::with(&events(0..30_000));
    let served = Served::start(&place, &[]);
    // Nobody reads its output, so that it is still at it.
    let mut tail = Running::start_unread(served.command("tail", &["-o", "json", "--exit-at-end"]));
    tail.first_line_unread();
    let address = served.kill();
    let _served = Served::start_at(&place, &address, &[]);
    tail.read_output();
    read(&mut tail, 1..30_000);
    assert_eq!(tail.end().code, Some(0));
}

/// Each event is there once, whatever was lost on the way.
#[test]
fn an_append_goes_on_when_the_server_is_there_again_soon() {
    let place = Place::with(&events(0..1));
    let served = Served::start(&place, &[]);
    let mut append = Running::start(served.command("append", &["--ack", "--batch", "10"]));
    append.send(&events(1..11));
    assert_eq!(append.line(), "{\"first\":1,\"next\":11}");
    let address = served.kill();
    let _served = Served::start_at(&place, &address, &[]);
    append.send(&events(11..21));
    assert_eq!(append.line(), "{\"first\":11,\"next\":21}");
    let done = append.end();
    done.assert_ok();
    assert_eq!(done.stdout, tally(1, 21, 20, 0) + "\n");
    assert_eq!(place.exported(), events(0..21));
}

#[test]
fn an_append_of_much_has_each_event_there_once_whenever_the_server_is_killed() {
    const EVENTS: u64 = 4_000;
    let place = Place::with(&events(0..1));
    let mut served = Served::start(&place, &[]);
    let mut append = Running::start(served.command("append", &["--ack", "--batch", "10"]));
    let mut input = append.stdin();
    std::thread::scope(|scope| {
        scope.spawn(move || input.write_all(events(1..EVENTS).as_bytes()));
        for _ in 0..3 {
            for _ in 0..50 {
                append.line();
            }
            let address = served.kill();
            served = Served::start_at(&place, &address, &[]);
        }
        let done = append.end();
        done.assert_ok();
        assert_eq!(done.last_line(), tally(1, EVENTS, EVENTS - 1, 0));
    });
    assert!(place.exported() == events(0..EVENTS));
    place.verify();
}

#[test]
fn another_store_in_the_place_of_the_one_that_was_read_is_an_error() {
    let place = Place::with(&events(0..5));
    let served = Served::start(&place, &[]);
    let mut tail = Running::start(served.command("tail", &["-o", "json"]));
    read(&mut tail, 0..5);
    let address = served.kill();
    std::fs::remove_dir_all(&place.store).unwrap();
    place.append(&[], events(0..9)).assert_ok();
    let _served = Served::start_at(&place, &address, &[]);
    assert!(tail.note().starts_with("The connection to "));
    tail.end().assert_failed("another stream has taken the place of the one that was asked for");
}

#[test]
fn an_interrupt_ends_what_waits_for_a_server() {
    let place = Place::with(&events(0..5));
    let served = Served::start(&place, &[]);
    let mut tail = Running::start(served.command("tail", &["-o", "json"]));
    read(&mut tail, 0..5);
    served.kill();
    tail.note();
    tail.signal(Signal::INT);
    tail.end().assert_ok();
}
