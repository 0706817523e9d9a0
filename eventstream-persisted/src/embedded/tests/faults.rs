//! Each call of a store's life fails once, in each way: that is an error to whoever asked, and
//! nothing else.

use std::io::ErrorKind;

use super::fixture::{FIRST, Fixture, parcel};
use crate::{
    EmbeddedStoreError,
    embedded::{disk::simulated::Faults, read::Filter},
};

/// What became of the appends of a story.
struct Told {
    /// The numbers of the events that were acknowledged.
    acknowledged: Vec<u64>,
    /// Those of which is not known what became.
    unknown: Vec<u64>,
}

/// Appends, seals and truncates, whatever fails, for as long as the store takes it.
fn live(store: &mut Fixture) -> Told {
    let mut told = Told { acknowledged: Vec::new(), unknown: Vec::new() };
    let mut number = 100;
    for round in 0..12 {
        for count in [1, 30, 2] {
            let numbers = number..number + count;
            number += count;
            match store.append(numbers.clone()) {
                Ok(outcome) => {
                    outcome.unwrap();
                    told.acknowledged.extend(numbers);
                }
                Err(EmbeddedStoreError::OutcomeUnknown { .. }) => told.unknown.extend(numbers),
                // Nothing was stored.
                Err(_) => {}
            }
        }
        match round % 4 {
            1 => drop(store.rotate()),
            2 => drop(store.tidy()),
            _ => {}
        }
    }
    told
}

fn check(faults: Faults) -> bool {
    let mut store = Fixture::create(4096);
    let disk = store.disk.clone();
    disk.fail(faults);
    let told = live(&mut store);
    let has_failed = disk.has_failed();
    disk.fail(Faults::default());
    let name = format!("{faults:?}");
    // The same handle goes on, unless it has said that it does not.
    match store.append(900..902) {
        Ok(outcome) => drop(outcome.unwrap()),
        Err(EmbeddedStoreError::Stopped) => assert!(has_failed, "{name}"),
        Err(error) => panic!("{name}: {error}"),
    }
    let mut store = Fixture::open(disk, 4096).unwrap();
    store.append(900..902).unwrap().unwrap();
    let read = store.read(&Filter::All).unwrap();
    assert!(read.damaged.is_empty(), "{name}");
    let mut expected: Vec<u64> = told.acknowledged.iter().copied().chain(900..902).collect();
    let found: Vec<u64> =
        read.events.iter().map(|(_, parcel)| parcel.message_id()[2..].parse().unwrap()).collect();
    // What is not known may be there, whole.
    let unknown: Vec<_> = told.unknown.iter().filter(|n| found.contains(n)).copied().collect();
    assert!(unknown.is_empty() || unknown == told.unknown, "{name}");
    expected.extend(unknown);
    expected.sort_unstable();
    let mut sorted = found.clone();
    sorted.sort_unstable();
    assert_eq!(sorted, expected, "{name}");
    for ((offset, found), place) in read.events.iter().zip(FIRST..) {
        let number = found.message_id()[2..].parse().unwrap();
        assert_eq!((*offset, found), (place, &parcel(number)), "{name}");
    }
    store.rotate().unwrap();
    store.tidy().unwrap();
    let report = store.verify().unwrap();
    assert!(report.is_clean(), "{name}: {:?}", report.problems);
    has_failed
}

#[test]
fn whatever_call_fails_nothing_acknowledged_is_lost() {
    let mut calls = 0;
    for kind in [ErrorKind::StorageFull, ErrorKind::Other] {
        for for_good in [false, true] {
            for half in [false, true] {
                for after in 0.. {
                    let faults = Faults { after: Some(after), kind: Some(kind), for_good, half };
                    if !check(faults) {
                        break;
                    }
                    calls += 1;
                }
            }
        }
    }
    assert!(calls > 1_000, "{calls}");
}

#[test]
fn a_full_disk_says_so_and_the_store_goes_on_when_there_is_room() {
    let mut store = Fixture::create(1 << 20);
    store.append(1..4).unwrap().unwrap();
    let full =
        Faults { after: Some(0), kind: Some(ErrorKind::StorageFull), for_good: true, half: true };
    store.disk.fail(full);
    for _ in 0..3 {
        match store.append(4..40) {
            // The file can't even be cleaned up: it is not known what is there.
            Err(EmbeddedStoreError::OutcomeUnknown { .. } | EmbeddedStoreError::Stopped) => {}
            other => panic!("{other:?}"),
        }
    }
    store.disk.fail(Faults::default());
    let mut store = Fixture::open(store.disk, 1 << 20).unwrap();
    assert_eq!(store.append(4..40).unwrap().unwrap(), FIRST + 3..FIRST + 39);
    // The write fails, and what it left is cleaned up.
    store.disk.fail(Faults { for_good: false, ..full });
    match store.append(40..50) {
        Err(EmbeddedStoreError::File { action: "write to", .. }) => {}
        other => panic!("{other:?}"),
    }
    assert_eq!(store.append(40..50).unwrap().unwrap(), FIRST + 39..FIRST + 49);
}

#[test]
fn after_a_sync_that_failed_nothing_is_appended_before_it_is_opened_again() {
    let mut store = Fixture::create(1 << 20);
    store.append(1..4).unwrap().unwrap();
    // The write succeeds, and so does what makes room for more.
    store.append(4..5).unwrap().unwrap();
    store.disk.fail(Faults { after: Some(1), kind: Some(ErrorKind::Other), ..Faults::default() });
    let failed = store.append(5..6);
    assert!(matches!(failed, Err(EmbeddedStoreError::OutcomeUnknown { .. })), "{failed:?}");
    let stopped = store.append(6..7);
    assert!(matches!(stopped, Err(EmbeddedStoreError::Stopped)), "{stopped:?}");
    // Who reads goes on.
    assert_eq!(store.read(&Filter::All).unwrap().events.len(), 4);
    let mut store = Fixture::open(store.disk, 1 << 20).unwrap();
    let range = store.append(5..6).unwrap().unwrap();
    assert_eq!(range, FIRST + 4..FIRST + 5);
}
