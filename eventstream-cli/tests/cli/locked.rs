//! Another program holds a lock.

use std::{
    fs::{self, File, OpenOptions},
    time::{Duration, Instant},
};

use rustix::{
    fs::{FlockOperation, flock},
    process::Signal,
};

use crate::harness::*;

/// Locks the store against all that write, as another program would.
fn lock(place: &Place) -> File {
    let path = place.store.join("lock");
    let file = OpenOptions::new().read(true).write(true).create(true).truncate(false).open(path);
    let file = file.unwrap();
    flock(&file, FlockOperation::LockExclusive).unwrap();
    file
}

/// Waits until the program has this file open, which it does to lock it.
fn wait_until_open(running: &Running, path: &std::path::Path) {
    let files = format!("/proc/{}/fd", running.id());
    let end = Instant::now() + Duration::from_secs(60);
    let is_open = || {
        let links = fs::read_dir(&files).into_iter().flatten().flatten();
        links.filter_map(|it| fs::read_link(it.path()).ok()).any(|it| it == path)
    };
    while !is_open() {
        assert!(Instant::now() < end, "{} is never opened", path.display());
        std::thread::sleep(Duration::from_millis(1));
    }
}

#[test]
fn what_would_write_waits_ten_seconds_and_names_the_lock() {
    let place = Place::with(&events(0..3));
    let locked = lock(&place);
    let begin = Instant::now();
    std::thread::scope(|scope| {
        let append = scope.spawn(|| place.append(&["--ack"], events(3..6)));
        // Who reads is not concerned.
        assert_eq!(place.exported(), events(0..3));
        assert_eq!(place.info()["next_offset"], 3);
        assert!(begin.elapsed() < Duration::from_secs(8));

        let done = append.join().unwrap();
        let waited = begin.elapsed().as_secs();
        assert!((8..30).contains(&waited), "{waited}: {done:?}");
        done.assert_failed(&place.store.join("lock").display().to_string());
        assert!(done.stderr.contains("hint: "), "{}", done.stderr);
        assert_eq!(done.last_line(), tally(3, 3, 0, 0));
    });
    drop(locked);
    place.append(&[], events(3..6)).assert_ok();
    assert_eq!(place.exported(), events(0..6));
}

#[test]
fn what_waits_for_a_lock_goes_on_when_it_is_released() {
    let place = Place::with(&events(0..3));
    let locked = lock(&place);
    let mut append = place.start("append", &["--ack"]);
    append.send(&events(3..6));
    wait_until_open(&append, &place.store.join("lock"));
    drop(locked);
    assert_eq!(append.line(), "{\"first\":3,\"next\":6}");
    append.end().assert_ok();
}

#[test]
fn an_interrupt_ends_what_waits_for_a_lock() {
    let place = Place::with(&events(0..3));
    let locked = lock(&place);
    ends_by_an_interrupt(&place, &place.store.join("lock"));
    drop(locked);
    place.append(&[], events(3..6)).assert_ok();
    assert_eq!(place.exported(), events(0..6));
}

#[test]
fn an_interrupt_ends_what_waits_for_its_turn() {
    let place = Place::with(&events(0..3));
    let turn = File::open(&place.store).unwrap();
    turn.lock().unwrap();
    ends_by_an_interrupt(&place, &place.store);
    drop(turn);
    place.append(&[], events(3..6)).assert_ok();
    assert_eq!(place.exported(), events(0..6));
}

fn ends_by_an_interrupt(place: &Place, lock: &std::path::Path) {
    let mut append = place.start("append", &["--ack"]);
    append.send(&events(3..6));
    wait_until_open(&append, lock);
    let begin = Instant::now();
    append.signal(Signal::INT);
    // The input stays open: it is the interrupt that ends it.
    let input = append.stdin();
    let done = append.end();
    drop(input);
    assert!(begin.elapsed() < Duration::from_secs(6), "{:?}", begin.elapsed());
    done.assert_failed("interrupted");
    assert!(done.stderr.contains("hint: "), "{}", done.stderr);
    assert_eq!(done.last_line(), tally(3, 3, 0, 0));
    assert_eq!(place.exported(), events(0..3));
}
