use std::fs;

use serde_json::json;

use crate::harness::*;

#[test]
fn it_says_what_is_in_the_store() {
    let place = Place::with(SAMPLE);
    let mut info = place.info();
    let bytes = info.as_object_mut().unwrap().remove("bytes").unwrap().as_u64().unwrap();
    let incarnation = info.as_object_mut().unwrap().remove("incarnation").unwrap();
    assert_eq!(incarnation.as_str().unwrap().len(), 36);
    assert_eq!(
        info,
        json!({
            "application": {"name": "default", "key": "e72e6fba-8ed3-5cde-9ff6-36f062e1e51b"},
            "first_offset": 0,
            "next_offset": 1000,
            "events_by_type": {
                "git.commit.recorded": 240,
                "git.file.added": 25,
                "git.file.deleted": 2,
                "git.file.modified": 713,
                "git.tag.created": 20,
            },
        })
    );
    let files = fs::read_dir(&place.store).unwrap();
    let largest = files.map(|it| it.unwrap().metadata().unwrap().len()).max().unwrap();
    assert!(bytes >= largest && bytes > 100_000, "{bytes}");
}

#[test]
fn it_can_be_read() {
    let place = Place::with(SAMPLE);
    let done = place.info_text();
    done.assert_ok();
    for part in [
        "application   default (e72e6fba-8ed3-5cde-9ff6-36f062e1e51b)",
        "incarnation   ",
        "first offset  0\n",
        "next offset   1,000\n",
        "1,000 events",
        "  git.file.modified    713  ████████████████████████",
        "  git.file.deleted       2  ▏",
    ] {
        assert!(done.stdout.contains(part), "{part}\n{}", done.stdout);
    }
    assert!(!done.stdout.contains('\u{1b}'));
}

#[test]
fn an_empty_store_is_no_problem() {
    let place = Place::new();
    place.append(&["--application", "shop"], "").assert_ok();
    assert_eq!(place.info()["next_offset"], 0);
    assert_eq!(place.info()["events_by_type"], json!({}));
    place.info_text().assert_ok();
}

#[test]
fn a_store_that_is_not_there_is_an_error_with_a_hint() {
    let place = Place::new();
    let done = place.info_text();
    done.assert_failed("there is no store at");
    let hint = format!(
        "hint: to create one, append to it: eventstream append --store {} < events.ndjson\n",
        place.store.display()
    );
    assert!(done.stderr.ends_with(&hint), "{}", done.stderr);
    assert!(!place.store.exists());
}

#[test]
fn a_store_further_down_is_pointed_at() {
    let place = Place::with(&events(0..1));
    let wanted = format!("hint: did you mean --store {}?\n", place.store.display());
    for command in ["info", "tail", "append"] {
        let mut command_line = program();
        command_line.arg(command).arg("--store").arg(place.path());
        let done = run(command_line, b"");
        done.assert_failed("is not a store of events");
        assert!(done.stderr.ends_with(&wanted), "{}", done.stderr);
    }
    // What has such a name is not always one.
    std::fs::remove_dir_all(&place.store).unwrap();
    std::fs::create_dir(&place.store).unwrap();
    let mut info = program();
    info.arg("info").arg("--store").arg(place.path());
    let done = run(info, b"");
    assert!(!done.stderr.contains("hint"), "{}", done.stderr);
}
