//! What is stored changes on the disk: that is found, and nothing wrong is shown.

use std::fs;

use serde_json::Value;

use crate::{
    authors::Authors,
    chance::{Chance, rounds},
    harness::*,
    original::Original,
};

/// Runs a command on a store that may be damaged: it ends well, or says what is wrong.
fn ask(place: &Place, command: &str, args: &[&str], what: &str) -> Done {
    let done = run(place.command(command, args), b"");
    assert!(!done.stderr.contains("panicked"), "{what}: {command}: {}", done.stderr);
    if done.code == Some(0) {
        assert_eq!(done.stderr, "", "{what}: {command}");
    } else {
        assert_eq!(done.code, Some(1), "{what}: {command}: {}", done.stderr);
        assert!(done.stderr.contains("error: "), "{what}: {command}: {}", done.stderr);
    }
    done
}

/// What `tail` shows, up to an error if there is one. All of it is right.
fn shows_nothing_wrong(place: &Place, expected: &[String], what: &str) -> (usize, Done) {
    let done = ask(place, "tail", &["--exit-at-end", "-o", "json"], what);
    let shown = is_beginning(&done, expected.iter(), what);
    // A filter goes another way.
    let event_type = Authors::event_type(0, 7);
    let args = ["--exit-at-end", "-o", "json", "--type", &event_type];
    let filtered = run(place.command("tail", &args), b"");
    assert!(!filtered.stderr.contains("panicked"), "{what}: {}", filtered.stderr);
    let named = format!("\"portable_name\":\"{event_type}\"");
    let matching = expected.iter().filter(|line| line.contains(&named));
    let found = is_beginning(&filtered, matching.clone(), what);
    if done.code == Some(0) && filtered.code == Some(0) {
        let matching = matching.take_while(|line| expected[..shown].contains(line)).count();
        assert_eq!(found, matching, "{what}: with and without a filter there are other events");
    }
    (shown, done)
}

/// How many lines there are, all of which are as expected.
fn is_beginning<'a>(
    done: &Done,
    mut expected: impl Iterator<Item = &'a String>,
    what: &str,
) -> usize {
    for line in done.stdout.lines() {
        assert_eq!(Some(line), expected.next().map(String::as_str), "{what}");
    }
    done.stdout.lines().count()
}

/// What `tail` has found, `verify` finds, too; and `salvage` leaves nothing out without a word.
fn is_verified(place: &Place, expected: &[String], tailed: Option<i32>, what: &str) {
    let verified = ask(place, "verify", &["-o", "json"], what);
    if tailed != Some(0) {
        assert_eq!(verified.code, Some(1), "{what}: tail has failed, verify has not");
    }
    if verified.code == Some(0) {
        assert!(verified.stdout.contains("\"clean\":true"), "{what}: {}", verified.stdout);
    }
    let salvaged = run(place.command("salvage", &[]), b"");
    assert!(!salvaged.stderr.contains("panicked"), "{what}: {}", salvaged.stderr);
    let events = expected.len();
    let mut expected = expected.iter();
    for line in salvaged.stdout.lines() {
        let event: Value = serde_json::from_str(line).unwrap();
        let named = format!("\"message_id\":{}", event["id"]);
        let data = format!("\"data\":{}", event["data"]);
        let found = expected.any(|it| it.contains(&named) && it.contains(&data));
        assert!(found, "{what}: out of order, or not what was appended: {line}");
    }
    if salvaged.code == Some(0) {
        let count = salvaged.stdout.lines().count();
        assert_eq!(count, events, "{what}: some are missing, and nothing is said");
    }
}

#[test]
fn a_changed_byte_is_harmless_or_named() {
    let mut chance = Chance::new();
    let original = Original::new(&mut chance);
    let mut harmless = 0;
    let flips = rounds("EVENTSTREAM_FLIPS", 150);
    for flip in 0..flips {
        let (place, what) = original.flipped(&mut chance);
        let what = format!("flip {flip}: {what}");

        let (shown, done) = shows_nothing_wrong(&place, &original.lines, &what);
        if done.code == Some(0) {
            assert_eq!(
                shown,
                original.lines.len(),
                "{what}: some are missing, and nothing is said"
            );
            harmless += 1;
        }
        ask(&place, "info", &["-o", "json"], &what);
        is_verified(&place, &original.lines, done.code, &what);
    }
    println!("{flips} flips, {harmless} of them harmless");
}

#[test]
fn of_a_file_that_was_cut_nothing_wrong_is_shown() {
    let mut chance = Chance::new();
    let original = Original::new(&mut chance);
    for cut in 0..rounds("EVENTSTREAM_CUTS", 50) {
        let (place, files) = original.copy();
        let file = &files[chance.usize(..files.len())];
        let length = chance.u64(..fs::metadata(file).unwrap().len());
        fs::OpenOptions::new().write(true).open(file).unwrap().set_len(length).unwrap();
        let what = format!("cut {cut}: {} to {length} bytes", file.display());

        shows_nothing_wrong(&place, &original.lines, &what);
        ask(&place, "info", &["-o", "json"], &what);
    }
}

#[test]
fn without_one_of_its_files_nothing_wrong_is_shown() {
    let mut chance = Chance::new();
    let original = Original::new(&mut chance);
    let (_, files) = original.copy();
    for index in 0..files.len() {
        let (place, files) = original.copy();
        fs::remove_file(&files[index]).unwrap();
        let what = format!("without {}", files[index].display());
        shows_nothing_wrong(&place, &original.lines, &what);
        ask(&place, "info", &["-o", "json"], &what);
    }
}
