use serde_json::{Value, json};

use crate::harness::*;

fn truncate(place: &Place, args: &[&str]) -> Done {
    run(place.command("truncate", args), b"")
}

#[test]
fn the_oldest_events_are_removed_and_counted() {
    let place = Place::with(&events(0..10));
    for (before, text) in [
        ("0", "nothing to remove: the oldest event has offset 0\n"),
        ("4", "4 events removed, 6 left: the oldest one has offset 4\n"),
        ("5", "1 event removed, 5 left: the oldest one has offset 5\n"),
        ("2", "nothing to remove: the oldest event has offset 5\n"),
        ("10", "5 events removed: the next offset is 10\n"),
        ("10", "nothing to remove: the store is empty, and its next offset is 10\n"),
    ] {
        let done = truncate(&place, &["--before", before]);
        done.assert_ok();
        assert_eq!(done.stdout, text);
    }
    place.append(&[], events(10..12)).assert_ok();
    assert_eq!(place.exported(), events(10..12));
    assert_eq!(place.info()["first_offset"], 10);
}

#[test]
fn it_is_said_in_json() {
    let place = Place::with(&events(0..10));
    let done = truncate(&place, &["--before", "3", "-o", "json"]);
    done.assert_ok();
    let said: Value = serde_json::from_str(&done.stdout).unwrap();
    assert_eq!(said, json!({"removed": 3, "first_offset": 3, "next_offset": 10}));
}

#[test]
fn what_is_not_there_is_not_removed() {
    let place = Place::with(&events(0..10));
    let done = truncate(&place, &["--before", "11"]);
    done.assert_failed("can't truncate before offset 11: the next offset is only 10");
    assert!(done.stderr.ends_with("hint: --before 10 removes all events\n"), "{}", done.stderr);
    assert_eq!(place.exported(), events(0..10));

    let nowhere = Place::new();
    truncate(&nowhere, &["--before", "0"]).assert_failed("there is no store at");
    assert!(!nowhere.store.exists());
    for args in [&[][..], &["--before", "many"]] {
        assert_eq!(truncate(&place, args).code, Some(2));
    }
}
