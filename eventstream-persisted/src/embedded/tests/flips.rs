//! A byte of some file changes, or a file is cut short or missing: that does no harm, or is
//! reported with the file and the offsets. A wrong event is never read, and nothing is stored twice.

use std::{
    collections::BTreeMap,
    sync::atomic::{AtomicUsize, Ordering},
};

use eventstream_core::Error;

use super::fixture::{FIRST, Fixture, Read, is_kind, parcel};
use crate::{EmbeddedStoreError, embedded::read::Filter};

const EVENTS: u64 = 700;

/// A store that has a bit of everything: segments, runs of ids, a closed log, one that is appended
/// to, and truncated events.
fn store() -> (Fixture, u64) {
    let mut store = Fixture::create(16 * 1024);
    let mut number = 0;
    while number < EVENTS {
        for count in [1, 20, 3] {
            store.append(number..number + count).unwrap().unwrap();
            number += count;
        }
        if number < EVENTS / 2 {
            store.tidy().unwrap();
        }
    }
    store.truncate(FIRST + 40).unwrap();
    (store, number)
}

/// Looks at a store in every way; returns whether anything was reported.
fn is_reported(files: BTreeMap<String, Vec<u8>>, events: u64, what: &str) -> bool {
    let opened = Fixture::of_files(files);
    let mut store = match opened {
        Ok(store) => store,
        Err(error) => {
            assert!(!error.to_string().is_empty());
            return true;
        }
    };
    let (oldest, next) = (FIRST + 40, FIRST + events);
    assert_eq!((store.core.oldest(), store.core.next()), (oldest, next), "{what}");
    let report = store.verify().unwrap();
    let mut is_damaged = false;
    let types = eventstream_core::EventTypes::from_iter(["type-0", "type-2"]);
    for (filter, matches) in [
        (Filter::All, (|_| true) as fn(u64) -> bool),
        (Filter::for_types(&store.files.charter, types), |n| n % 3 != 1),
        (Filter::for_source(&store.files.charter, "handler-key", "i-2"), |n| {
            n % 2 == 0 && n % 5 == 2
        }),
    ] {
        let Read { events, damaged } = match store.read(&filter) {
            Ok(read) => read,
            Err(error) => panic!("{what}: {error}"),
        };
        is_damaged |= !damaged.is_empty();
        // What is read is right, and what is left out is reported.
        let is_lost =
            |offset| damaged.iter().any(|(first, last)| (*first..=*last).contains(&offset));
        let expected: Vec<_> = (oldest..next)
            .filter(|offset| matches(offset - FIRST) && !is_lost(*offset))
            .map(|offset| (offset, parcel(offset - FIRST)))
            .collect();
        assert_eq!(events, expected, "{what}");
        for (first, last) in damaged {
            let is_known = report.problems.iter().any(|problem| {
                problem.offsets.is_some_and(|(from, to)| from <= last && first <= to)
            });
            assert!(is_known, "{what}: {first} to {last} is not in {:?}", report.problems);
        }
    }
    // Nothing is stored twice: neither what is old nor what is new.
    for number in [41, events / 3, events / 2, events - 1] {
        match store.append(number..number + 1) {
            Ok(Ok(range)) => assert_eq!(range.start, FIRST + number, "{what}"),
            Ok(Err(Error::DuplicateMessage { .. })) => {}
            Ok(Err(error)) => panic!("{what}: {error}"),
            Err(EmbeddedStoreError::Damaged { .. }) => is_damaged = true,
            Err(error) => panic!("{what}: {error}"),
        }
    }
    is_damaged || !report.is_clean()
}

/// `EVENTSTREAM_FLIPS` is their number: 5,000 if it is not set.
#[test]
fn flipped_bytes_do_no_harm_or_are_reported() {
    let flips = std::env::var("EVENTSTREAM_FLIPS").ok();
    let flips: usize = flips.map_or(5_000, |flips| flips.parse().unwrap());
    let (store, events) = store();
    let files = store.disk.files();
    for kind in ["log", "segment", "ids"] {
        let count = files.keys().filter(|name| is_kind(name, kind)).count();
        assert!(count > 1, "{kind}: {:?}", files.keys());
    }
    assert!(!is_reported(files.clone(), events, "as it was"));
    let places: Vec<_> = files
        .iter()
        .flat_map(|(name, content)| (0..content.len()).map(move |at| (name, at)))
        .collect();
    let reported = AtomicUsize::new(0);
    let next = AtomicUsize::new(0);
    std::thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                loop {
                    let flip = next.fetch_add(1, Ordering::Relaxed);
                    if flip >= flips {
                        break;
                    }
                    // Spread over all bytes of all files.
                    let (name, at) = places[flip * places.len() / flips];
                    let mut files = files.clone();
                    files.get_mut(name).unwrap()[at] ^= 1 << (flip % 8);
                    let is_reported = is_reported(files, events, &format!("{name}, byte {at}"));
                    reported.fetch_add(usize::from(is_reported), Ordering::Relaxed);
                }
            });
        }
    });
    let reported = reported.into_inner();
    // Only the zeros behind a log's end, and what is made anew, need no report.
    assert!(reported * 2 > flips, "{reported} of {flips}");
}

#[test]
fn files_that_are_cut_short_or_missing_are_reported() {
    let (store, events) = store();
    let files = store.disk.files();
    for (name, content) in &files {
        for part in 0..20 {
            let mut files = files.clone();
            let len = content.len() * part / 20;
            files.get_mut(name).unwrap().truncate(len);
            is_reported(files, events, &format!("{name}, cut to {len}"));
        }
        let mut others = files.clone();
        others.remove(name);
        let made_anew = ["head", "oldest"].contains(&&**name) || is_kind(name, "ids");
        let reported = is_reported_missing(others, events, name);
        assert!(reported || made_anew, "{name} is missing");
    }
}

/// Without the file that has the store's end or beginning, that can be another one.
fn is_reported_missing(files: BTreeMap<String, Vec<u8>>, events: u64, name: &str) -> bool {
    if name == "oldest" || name == "head" || is_kind(name, "log") {
        let Ok(store) = Fixture::of_files(files) else {
            return true;
        };
        let read = store.read(&Filter::All).unwrap();
        for (offset, found) in read.events {
            assert_eq!(found, parcel(offset - FIRST), "without {name}");
        }
        return !read.damaged.is_empty() || store.core.next() < FIRST + events;
    }
    is_reported(files, events, &format!("without {name}"))
}

#[test]
fn a_damaged_end_is_got_over_by_truncating() {
    let (mut store, events) = store();
    // A log that has not been sealed, damaged where it is read first.
    let log = store.disk.files().into_keys().rfind(|name| is_kind(name, "log"));
    let mut files = store.disk.files();
    let log = files.get_mut(&log.unwrap()).unwrap();
    log[200] ^= 0xff;
    store = Fixture::of_files(files).unwrap();
    let refused = store.append(9_000..9_001);
    assert!(matches!(refused, Err(EmbeddedStoreError::Damaged { .. })), "{refused:?}");
    let next = store.core.next();
    assert_eq!(next, FIRST + events);
    store.truncate(next).unwrap();
    assert_eq!(store.append(9_000..9_001).unwrap().unwrap(), next..next + 1);
    store.tidy().unwrap();
    assert!(store.verify().unwrap().is_clean());
}
