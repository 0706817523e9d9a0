//! Ids are found, however many runs there are, and however they were merged.

use super::fixture::{FIRST, Fixture, is_kind};

#[test]
fn ids_are_found_in_runs_that_were_merged() {
    let mut store = Fixture::create(4096);
    let mut number = 0;
    let mut least = usize::MAX;
    for round in 0..120 {
        store.append(number..number + 20).unwrap().unwrap();
        number += 20;
        if round % 2 == 0 {
            store.tidy().unwrap();
            let runs = store.files.catalog().runs().len();
            let segments = store.files.catalog().segments().count();
            if segments > 20 {
                least = least.min(runs * 100 / segments);
            }
        }
    }
    assert!(least < 50, "{least} % as many runs as segments");
    for first in (0..number - 3).step_by(17) {
        let range = store.append(first..first + 3).unwrap().unwrap();
        assert_eq!(range, FIRST + first..FIRST + first + 3);
    }
    assert_eq!(store.core.next(), FIRST + number);
    assert!(store.verify().unwrap().is_clean());

    // What is truncated is forgotten.
    store.truncate(FIRST + number / 2).unwrap();
    store.tidy().unwrap();
    let range = store.append(0..3).unwrap().unwrap();
    assert_eq!(range.start, FIRST + number);
    let range = store.append(number / 2..number / 2 + 3).unwrap().unwrap();
    assert_eq!(range.start, FIRST + number / 2);
    assert!(store.verify().unwrap().is_clean());
}

#[test]
fn runs_that_are_damaged_or_gone_are_made_anew() {
    let mut store = Fixture::create(4096);
    for first in (0..400).step_by(20) {
        store.append(first..first + 20).unwrap().unwrap();
    }
    store.tidy().unwrap();
    let files = store.disk.files();
    let runs: Vec<_> = files.keys().filter(|name| is_kind(name, "ids")).cloned().collect();
    assert!(runs.len() > 1);
    let mut damaged = files.clone();
    for (n, run) in runs.iter().enumerate() {
        if n % 2 == 0 {
            damaged.remove(run);
        } else {
            damaged.get_mut(run).unwrap()[70] ^= 1;
        }
    }
    let mut store = Fixture::of_files(damaged).unwrap();
    assert!(!store.verify().unwrap().is_clean());
    // Found all the same, by reading the events.
    assert_eq!(store.append(0..5).unwrap().unwrap(), FIRST..FIRST + 5);
    store.tidy().unwrap();
    assert!(store.verify().unwrap().is_clean());
    assert_eq!(store.append(395..400).unwrap().unwrap(), FIRST + 395..FIRST + 400);
}
