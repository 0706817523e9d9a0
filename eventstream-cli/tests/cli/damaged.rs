//! What is stored changes on the disk: that is found, and nothing wrong is shown.

use std::{
    fs,
    path::{Path, PathBuf},
};

use crate::{
    authors::Authors,
    chance::{Chance, rounds},
    harness::*,
};

const EVENTS: u64 = 600;

/// A store that came about in many ways, and the lines that `tail -o json` shows of it.
struct Original {
    place: Place,
    lines: Vec<String>,
}

impl Original {
    fn new(chance: &mut Chance) -> Self {
        let authors = Authors::new(chance.seed);
        let place = Place::new();
        let mut first = 0;
        while first < EVENTS {
            let next = EVENTS.min(first + chance.u64(1..200));
            let batch = chance.u64(1..100).to_string();
            place.append(&["--batch", &batch], authors.lines(0, first..next)).assert_ok();
            first = next;
        }
        let done = place.tail(&["--exit-at-end", "-o", "json"]);
        done.assert_ok();
        let lines: Vec<String> = done.stdout.lines().map(str::to_owned).collect();
        assert_eq!(lines.len() as u64, EVENTS);
        Self { place, lines }
    }

    /// A copy of it, and the files in that.
    fn copy(&self) -> (Place, Vec<PathBuf>) {
        let copy = Place::new();
        let mut files = Vec::new();
        copy_all(&self.place.store, &copy.store, &mut files);
        files.sort();
        (copy, files)
    }
}

fn copy_all(from: &Path, to: &Path, files: &mut Vec<PathBuf>) {
    fs::create_dir(to).unwrap();
    for entry in fs::read_dir(from).unwrap().map(Result::unwrap) {
        let target = to.join(entry.file_name());
        if entry.path().is_dir() {
            copy_all(&entry.path(), &target, files);
        } else if fs::copy(entry.path(), &target).unwrap() > 0 {
            files.push(target);
        }
    }
}

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

#[test]
fn a_changed_byte_is_harmless_or_named() {
    let mut chance = Chance::new();
    let original = Original::new(&mut chance);
    let mut harmless = 0;
    let flips = rounds("EVENTSTREAM_FLIPS", 150);
    for flip in 0..flips {
        let (place, files) = original.copy();
        let file = &files[chance.usize(..files.len())];
        let mut bytes = fs::read(file).unwrap();
        let at = chance.usize(..bytes.len());
        let flipped = 1 << chance.u32(..8);
        bytes[at] ^= flipped;
        fs::write(file, bytes).unwrap();
        let what = format!("flip {flip}: {}, byte {at} ^ {flipped}", file.display());

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
