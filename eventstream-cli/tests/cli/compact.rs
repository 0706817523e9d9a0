use std::fs;

use serde_json::Value;

use crate::harness::*;

fn compact(place: &Place) -> Value {
    let done = run(place.command("compact", &["-o", "json"]), b"");
    done.assert_ok();
    serde_json::from_str(&done.stdout).unwrap()
}

#[test]
fn what_was_truncated_gives_its_space_back() {
    let place = Place::new();
    // Such as can't be compressed.
    let authors = crate::authors::Authors::new(1);
    for first in (0..5_000).step_by(500) {
        place.append(&["--batch", "10"], authors.lines(0, first..first + 500)).assert_ok();
    }
    let before = place.exported();
    let full = compact(&place);
    assert!(full["bytes"].as_u64() <= full["bytes_before"].as_u64(), "{full}");
    assert!(place.exported() == before, "the events have changed");

    run(place.command("truncate", &["--before", "4900"]), b"").assert_ok();
    let left = compact(&place);
    let [full, left] = [full, left].map(|it| it["bytes"].as_u64().unwrap());
    assert!(left < full / 4, "{left} of {full} are left");
    assert!(before.ends_with(&place.exported()));
    let files = fs::read_dir(&place.store).unwrap();
    let on_disk: u64 = files.map(|it| it.unwrap().metadata().unwrap().len()).sum();
    assert!(on_disk < full / 4, "{on_disk} of {full} are left");
}

#[test]
fn it_is_said_how_much_there_is_left() {
    let place = Place::with(SAMPLE);
    let done = run(place.command("compact", &[]), b"");
    done.assert_ok();
    assert!(done.stdout.contains("B on disk, "), "{}", done.stdout);
    assert!(place.exported() == SAMPLE);
}

#[test]
fn others_may_append_and_read_meanwhile() {
    let place = Place::with(SAMPLE);
    let mut tail = place.start("tail", &["-o", "cloudevents", "-n", "1500"]);
    for first in (0..500).step_by(50) {
        std::thread::scope(|scope| {
            scope.spawn(|| place.append(&["--batch", "7"], events(first..first + 50)).assert_ok());
            compact(&place);
        });
    }
    let expected = SAMPLE.to_owned() + &events(0..500);
    for line in expected.lines() {
        assert_eq!(tail.line(), line);
    }
    tail.end().assert_ok();
    assert!(place.exported() == expected);
}
