//! A store is copied, file by file, while a program appends to it.

use std::{fs, io, io::Write, path::Path, thread};

use crate::{
    authors::Authors,
    chance::{Chance, rounds},
    harness::*,
};

/// Copies the files of a directory, in an order that is as good as any. One that is gone before it
/// is copied is left out.
fn copy_in_any_order(from: &Path, to: &Path, chance: &mut Chance) {
    fs::create_dir(to).unwrap();
    let mut entries: Vec<_> = fs::read_dir(from).unwrap().map(Result::unwrap).collect();
    chance.shuffle(&mut entries);
    for entry in entries {
        let target = to.join(entry.file_name());
        if entry.path().is_dir() {
            copy_in_any_order(&entry.path(), &target, chance);
            continue;
        }
        match fs::copy(entry.path(), target) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            result => drop(result.unwrap()),
        }
    }
}

#[test]
fn a_copy_has_the_beginning_or_says_what_is_wrong() {
    let mut chance = Chance::new();
    let authors = Authors::new(chance.seed);
    let rounds = rounds("EVENTSTREAM_COPIES", 20);
    let mut whole = 0;
    for round in 0..rounds {
        let copy = copy_of_a_store_in_use(&authors, &mut chance);
        whole += u32::from(is_a_beginning(&copy, &authors, round));
    }
    println!("{rounds} copies, {whole} of them could be read to their end");
}

/// Copies a new store while a program appends to it without a pause.
fn copy_of_a_store_in_use(authors: &Authors, chance: &mut Chance) -> Place {
    let place = Place::new();
    let batch = chance.u64(1..100).to_string();
    let mut append = place.start("append", &["--ack", "--batch", &batch]);
    let mut input = append.stdin();
    let copy = Place::new();
    thread::scope(|scope| {
        scope.spawn(move || {
            let mut numbers = 0..u64::MAX;
            // Ends when the program is killed.
            numbers.all(|number| input.write_all(authors.line(0, number).as_bytes()).is_ok())
        });
        // Of this block, so that it is killed before the thread is waited for, also by a panic.
        let mut append = append;
        for _ in 0..chance.u32(1..100) {
            append.line();
        }
        copy_in_any_order(&place.store, &copy.store, chance);
    });
    copy
}

/// Whether the copy can be read to its end. What is read of it is right in any case.
fn is_a_beginning(copy: &Place, authors: &Authors, round: u64) -> bool {
    let before = read(copy, authors);
    let verified = run(copy.command("verify", &[]), b"");
    if verified.code != Some(0) {
        verified.assert_failed("");
    }
    if before.is_err() {
        assert_eq!(verified.code, Some(1), "tail has failed, verify has not");
    }
    // A program that appends may find other things than one that reads.
    let appended = copy.append(&[], event(round, "test.copied"));
    if appended.code != Some(0) {
        appended.assert_failed("");
    }
    let after = read(copy, authors);
    if let (Ok(before), Some(0)) = (before, appended.code) {
        assert_eq!(after, Ok(before), "what could be read can't be read any more");
    }
    before.is_ok()
}

/// Reads a copy: how many of the author's events are in it, or how many come before an error.
fn read(copy: &Place, authors: &Authors) -> Result<u64, u64> {
    let done = copy.tail(&["--exit-at-end", "-o", "json"]);
    let (mut count, mut others) = (0, 0);
    for (line, expected) in done.stdout.lines().zip(0..) {
        if line.contains("\"portable_name\":\"test.copied\"") {
            others += 1;
            continue;
        }
        assert_eq!(authors.recognize(line), (expected, 0, expected));
        count += 1;
    }
    assert!(others <= 1, "{others} events were appended to the copy as one");
    if done.code == Some(0) {
        return Ok(count);
    }
    done.assert_failed("");
    Err(count)
}
