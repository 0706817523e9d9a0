use std::{fs, io::Write, thread};

use rustix::process::Signal;
use serde_json::Value;

use crate::{authors::Authors, chance::Chance, harness::*};

/// Where the copy is to be, as a place of its own.
fn target() -> (Place, String) {
    let copy = Place::new();
    let path = copy.store.display().to_string();
    (copy, path)
}

fn backup(place: &Place, to: &str, args: &[&str]) -> Done {
    run(place.command("backup", &[&["--to", to], args].concat()), b"")
}

/// The names of what is beside the copy.
fn beside(copy: &Place) -> Vec<String> {
    let entries = fs::read_dir(copy.path()).unwrap();
    entries.map(|it| it.unwrap().file_name().into_string().unwrap()).collect()
}

#[test]
fn the_copy_is_a_store_of_its_own() {
    let place = Place::with(SAMPLE);
    let (copy, to) = target();
    let done = backup(&place, &to, &["-o", "json"]);
    done.assert_ok();
    let said: Value = serde_json::from_str(&done.stdout).unwrap();
    assert_eq!(
        (said["first_offset"].as_u64(), said["next_offset"].as_u64()),
        (Some(0), Some(1000))
    );
    assert_eq!(said["incarnation"], copy.info()["incarnation"]);
    assert_ne!(said["incarnation"], place.info()["incarnation"]);
    assert_eq!(beside(&copy), ["store"]);

    assert!(copy.exported() == SAMPLE);
    copy.verify();
    copy.append(&[], events(0..3)).assert_ok();
    assert!(place.exported() == SAMPLE);
}

#[test]
fn it_says_what_was_copied() {
    let place = Place::with(SAMPLE);
    run(place.command("truncate", &["--before", "10"]), b"").assert_ok();
    let (copy, to) = target();
    // An empty directory is as good as none.
    fs::create_dir(&copy.store).unwrap();
    let done = backup(&place, &to, &[]);
    done.assert_ok();
    assert!(done.stdout.starts_with(&format!("copy         {to}\n")), "{}", done.stdout);
    assert!(done.stdout.contains("\nevents       990 events, offsets 10 to 999\n"));
    assert_eq!(copy.info()["first_offset"], 10);
}

#[test]
fn what_is_there_is_not_written_over() {
    let place = Place::with(SAMPLE);
    let (copy, to) = target();
    fs::create_dir(&copy.store).unwrap();
    fs::write(copy.store.join("mine"), "text").unwrap();
    backup(&place, &to, &[]).assert_failed("is not empty");
    assert_eq!(fs::read(copy.store.join("mine")).unwrap(), b"text");

    fs::remove_dir_all(&copy.store).unwrap();
    fs::write(&copy.store, "text").unwrap();
    backup(&place, &to, &[]).assert_failed(&to);
    assert_eq!(fs::read(&copy.store).unwrap(), b"text");
    assert_eq!(beside(&copy), ["store"]);

    let nowhere = Place::new();
    backup(&nowhere, &format!("{to}-2"), &[]).assert_failed("there is no store at");
    assert_eq!(beside(&copy), ["store"]);
}

#[test]
fn a_store_in_use_is_copied() {
    let chance = Chance::new();
    let authors = Authors::new(chance.seed);
    let place = Place::new();
    let mut append = place.start("append", &["--ack", "--batch", "20"]);
    let mut input = append.stdin();
    thread::scope(|scope| {
        let authors = &authors;
        scope.spawn(move || {
            let mut numbers = 0..u64::MAX;
            // Ends when the program is killed.
            numbers.all(|number| input.write_all(authors.line(0, number).as_bytes()).is_ok())
        });
        // Of this block, so that it is killed before the thread is waited for, also by a panic.
        let mut append = append;
        for _ in 0..5 {
            let mut acknowledged = 0;
            for _ in 0..20 {
                let ack: Value = serde_json::from_str(&append.line()).unwrap();
                acknowledged = ack["next"].as_u64().unwrap();
            }
            let (copy, to) = target();
            backup(&place, &to, &[]).assert_ok();
            let done = copy.tail(&["--exit-at-end", "-o", "json"]);
            done.assert_ok();
            let mut count = 0;
            for line in done.stdout.lines() {
                assert_eq!(authors.recognize(line), (count, 0, count));
                count += 1;
            }
            assert!(count >= acknowledged, "{count} of {acknowledged} are in the copy");
            copy.verify();
        }
    });
}

#[test]
fn an_interrupt_leaves_no_half_copy_behind() {
    let mut chance = Chance::new();
    let place = Place::new();
    let authors = Authors::new(chance.seed);
    place.append(&[], authors.lines(0, 0..20_000)).assert_ok();
    let mut interrupted = 0;
    for _ in 0..10 {
        let (copy, to) = target();
        let backup = place.start("backup", &["--to", &to]);
        thread::sleep(std::time::Duration::from_micros(chance.u64(..60_000)));
        backup.signal(Signal::INT);
        let done = backup.end();
        if done.code == Some(0) {
            copy.verify();
            continue;
        }
        // Before it listens, the signal ends it by itself.
        if done.code.is_some() {
            done.assert_failed("interrupted");
        }
        assert_eq!(beside(&copy), [""; 0]);
        interrupted += 1;
    }
    println!("{interrupted} of 10 were interrupted");
}
