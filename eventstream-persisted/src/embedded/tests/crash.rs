//! The power is cut after each call that changes something: whatever is on disk then, the store
//! opens, has all that was acknowledged, and no half of anything.

use std::{
    collections::{BTreeMap, HashSet},
    hash::{DefaultHasher, Hash, Hasher},
};

use super::fixture::{FIRST, Fixture, charter, parcel};
use crate::embedded::{
    creation,
    disk::simulated::{Crashes, SimulatedDisk},
    read::Filter,
};

/// What was acknowledged, after so many calls.
#[derive(Clone, Copy, Debug)]
struct Acknowledged {
    calls: usize,
    next: u64,
    oldest: u64,
}

/// What is done to a store, step by step; the offsets are those of the events' numbers.
struct Story {
    store: Fixture,
    acknowledged: Vec<Acknowledged>,
    /// Where commits end.
    ends: Vec<u64>,
    /// What was ever asked to be truncated.
    truncations: Vec<u64>,
}

impl Story {
    fn begin() -> Self {
        let disk = SimulatedDisk::default();
        creation::write(&disk, &charter()).unwrap();
        let store = Fixture::open(disk, 4096).unwrap();
        let calls = store.disk.done().len();
        let begun = Acknowledged { calls, next: FIRST, oldest: FIRST };
        Self { store, acknowledged: vec![begun], ends: vec![FIRST], truncations: vec![FIRST] }
    }

    fn acknowledge(&mut self) {
        let calls = self.store.disk.done().len();
        let (next, oldest) = (self.store.core.next(), self.store.core.oldest());
        self.acknowledged.push(Acknowledged { calls, next, oldest });
    }

    fn append(&mut self, count: u64) {
        let first = self.store.core.next();
        let range = self.store.append(first..first + count).unwrap().unwrap();
        assert_eq!(range, first..first + count);
        self.ends.push(range.end);
        self.acknowledge();
    }

    fn truncate(&mut self, before: u64) {
        self.truncations.push(before);
        self.store.truncate(before).unwrap();
        self.acknowledge();
    }

    /// Has the power cut everywhere; returns how many different disks that were.
    fn check(&self) -> usize {
        let mut crashes = Crashes::default();
        let mut seen = HashSet::new();
        for (cut, op) in self.store.disk.done().iter().enumerate() {
            crashes.follow(op);
            // Before the store was created there is nothing to be kept.
            let known = self.acknowledged.iter().rev().find(|known| known.calls <= cut + 1);
            crashes.images(|files| {
                let mut hasher = DefaultHasher::new();
                (known.map(|known| known.calls), &files).hash(&mut hasher);
                if seen.insert(hasher.finish()) {
                    self.check_one(files, known.copied());
                }
            });
        }
        seen.len()
    }

    fn check_one(&self, files: BTreeMap<String, Vec<u8>>, known: Option<Acknowledged>) {
        let Some(known) = known else {
            // Not created, or whole.
            if let Ok(store) = Fixture::of_files(files) {
                assert_eq!(store.core.next(), FIRST);
            }
            return;
        };
        let mut store =
            Fixture::of_files(files).unwrap_or_else(|error| panic!("{known:?}: {error}"));
        let (oldest, next) = (store.core.oldest(), store.core.next());
        assert!(next >= known.next, "{known:?} was acknowledged, but it ends at {next}");
        assert!(self.ends.contains(&next), "{next} is in the middle of a commit");
        assert!(oldest >= known.oldest && self.truncations.contains(&oldest), "{known:?} {oldest}");
        let read = store.read(&Filter::All).unwrap();
        assert!(read.damaged.is_empty(), "{known:?}: {:?}", read.damaged);
        assert_eq!(read.events.len() as u64, next - oldest);
        for ((offset, found), expected) in read.events.iter().zip(oldest..) {
            assert_eq!((*offset, found), (expected, &parcel(expected)));
        }
        let report = store.verify().unwrap();
        assert!(report.is_clean(), "{known:?}: {:?}", report.problems);
        // What was found is there to stay: the power is cut again.
        let again = store.disk.files_at_first();
        let mut crashes = Crashes::on(&again);
        for op in store.disk.done() {
            crashes.follow(&op);
        }
        crashes.images(|files| {
            let store = Fixture::of_files(files).unwrap();
            assert!(store.core.next() >= next, "{known:?}: {next} was found, and is gone");
            assert!(store.read(&Filter::All).unwrap().damaged.is_empty());
        });
        // It goes on: what is there is known, and what comes is stored.
        if next > oldest {
            let again = next - 1..next;
            assert_eq!(store.append(again.clone()).unwrap().unwrap(), again);
        }
        assert_eq!(store.append(next..next + 2).unwrap().unwrap(), next..next + 2);
        store.rotate().unwrap();
        store.tidy().unwrap();
        let read = store.read(&Filter::All).unwrap();
        assert_eq!(read.events.len() as u64, next + 2 - oldest);
    }
}

#[test]
fn a_power_cut_anywhere_loses_nothing_and_tears_nothing() {
    let mut story = Story::begin();
    for round in 0..6 {
        for count in [1, 3, 1, 40, 2] {
            story.append(count);
        }
        if round % 2 == 1 {
            story.store.tidy().unwrap();
        }
        if round == 3 {
            let before = story.store.core.next() - 20;
            story.truncate(before);
            story.store.tidy().unwrap();
        }
    }
    let all = story.store.core.next();
    story.truncate(all);
    story.store.tidy().unwrap();
    story.append(2);
    let count = story.check();
    assert!(count > 900, "{count}");
}

/// `EVENTSTREAM_CRASH_COMMITS` makes it longer.
#[test]
fn a_power_cut_at_each_of_many_commits() {
    let commits = std::env::var("EVENTSTREAM_CRASH_COMMITS").ok();
    let commits = commits.map_or(60, |commits| commits.parse().unwrap());
    let mut story = Story::begin();
    for commit in 0..commits {
        story.append(commit % 4 + 1);
        if commit % 50 == 49 {
            story.store.tidy().unwrap();
            // Or the files get so many that each disk takes long to look through.
            let next = story.store.core.next();
            story.truncate(next - 10);
            story.store.tidy().unwrap();
        }
    }
    println!("{} disks", story.check());
}
