//! What seldom comes together: a call that fails, and who goes on; damage, and what an earlier
//! failure has left.

use std::{collections::BTreeSet, io::ErrorKind, ops::Range};

use eventstream_core::{Envelope, Expect, Identity, Parcel};

use super::fixture::{FIRST, Fixture, charter, is_kind, parcel};
use crate::embedded::{
    creation,
    disk::simulated::{Crashes, Faults, SimulatedDisk},
    error::Result,
    layout::Record,
    read::Filter,
};

/// All events up to this number are there, in their order.
fn check_all(store: &Fixture, count: u64, what: &str) {
    let read = store.read(&Filter::All).unwrap();
    assert!(read.damaged.is_empty(), "{what}: {:?}", read.damaged);
    let expected: Vec<_> = (0..count).map(|number| (FIRST + number, parcel(number))).collect();
    assert_eq!(read.events, expected, "{what}");
}

/// Appends events whose ids say how large they are.
fn append_sized(store: &mut Fixture, numbers: Range<u64>, size: usize) -> Result<Range<u64>> {
    store.core.catch_up()?;
    let application = Identity::new("app", "app-key");
    let records: Vec<_> = numbers
        .map(|number| Envelope {
            data: vec![b'x'; size].into(),
            ..Envelope::new(format!("{size}-{number}"), application.clone(), "t", "text/plain")
        })
        .map(|envelope| Record::new(&store.files.charter, Parcel::seal(envelope).unwrap()))
        .collect();
    let mut outcome = None;
    store.core.commit(|batch| {
        outcome = Some(batch.append(records, Expect::Any)?);
        Ok(())
    })?;
    Ok(outcome.unwrap().unwrap())
}

/// Whatever byte of the first log changes, no event of this size is read.
fn never_reads(store: &Fixture, size: usize) {
    let files = store.disk.files();
    let log = files.keys().find(|name| is_kind(name, "log")).unwrap();
    for at in (0..files[log].len()).step_by(499) {
        let mut files = files.clone();
        files.get_mut(log).unwrap()[at] ^= 0x40;
        let store = Fixture::of_files(files).unwrap();
        for (offset, parcel) in store.read(&Filter::All).unwrap().events {
            let is_foreign = parcel.message_id().starts_with(&format!("{size}-"));
            assert!(!is_foreign, "byte {at}, offset {offset}: {}", parcel.message_id());
        }
    }
}

#[test]
fn after_a_rotation_that_failed_nothing_is_appended_where_nobody_looks() {
    for after in 0.. {
        let mut store = Fixture::create(1 << 20);
        store.append(0..10).unwrap().unwrap();
        let mut other = Fixture::open(store.disk.clone(), 1 << 20).unwrap();
        let kind = Some(ErrorKind::Other);
        store.disk.fail(Faults { after: Some(after), kind, ..Faults::default() });
        let _ = store.rotate();
        let has_failed = store.disk.has_failed();
        store.disk.fail(Faults::default());
        if !has_failed {
            assert!(after > 3);
            break;
        }
        let what = format!("after {after}");
        store.append(10..20).unwrap().unwrap();
        other.append(20..30).unwrap().unwrap();
        check_all(&store, 30, &what);
        other.tidy().unwrap();
        store.append(30..40).unwrap().unwrap();
        check_all(&store, 40, &what);
        check_all(&Fixture::open(store.disk, 4096).unwrap(), 40, &what);
    }
}

#[test]
fn what_is_taken_over_from_one_who_failed_is_on_disk_when_it_is_acknowledged() {
    for (half, for_good) in [(false, false), (false, true), (true, false), (true, true)] {
        for after in 0.. {
            let disk = SimulatedDisk::default();
            creation::write(&disk, &charter()).unwrap();
            let mut store = Fixture::open(disk.clone(), 4096).unwrap();
            let kind = Some(ErrorKind::Other);
            disk.fail(Faults { after: Some(after), kind, for_good, half });
            let mut acknowledged = 0;
            'story: for round in 0..3 {
                for count in [1, 3, 40, 2] {
                    let Ok(range) = store.append(acknowledged..acknowledged + count) else {
                        break 'story;
                    };
                    range.unwrap();
                    acknowledged += count;
                }
                if round == 1 && store.truncate(FIRST + 20).is_err() || store.tidy().is_err() {
                    break;
                }
            }
            let has_failed = disk.has_failed();
            disk.fail(Faults::default());
            drop(store);
            // Whoever opens it next appends the same again.
            let mut store = Fixture::open(disk.clone(), 4096).unwrap();
            acknowledged += 43;
            for number in acknowledged - 43..acknowledged {
                store.append(number..number + 1).unwrap().unwrap();
            }
            let mut crashes = Crashes::default();
            disk.done().iter().for_each(|op| crashes.follow(op));
            crashes.images(|files| {
                let what = format!("after {after}, {half}, {for_good}");
                let after = Fixture::of_files(files).unwrap_or_else(|e| panic!("{what}: {e}"));
                assert!(after.core.next() >= store.core.next(), "{what}");
                let read = after.read(&Filter::All).unwrap();
                assert!(read.damaged.is_empty(), "{what}: {:?}", read.damaged);
                let found: BTreeSet<_> =
                    read.events.iter().map(|(_, p)| p.message_id().to_owned()).collect();
                assert_eq!(found.len(), read.events.len(), "{what}");
                for number in after.core.oldest() - FIRST..acknowledged {
                    assert!(found.contains(&format!("m-{number}")), "{what}: {number}");
                }
            });
            if !has_failed {
                break;
            }
        }
    }
}

#[test]
fn a_log_that_is_made_anew_under_the_same_name_is_read_as_it_is_now() {
    for len in [0, 10, 31] {
        let mut store = Fixture::create(1 << 20);
        store.append(0..10).unwrap().unwrap();
        store.rotate().unwrap();
        let mut files = store.disk.files();
        let log = files.keys().rfind(|name| is_kind(name, "log")).unwrap().clone();
        files.get_mut(&log).unwrap().truncate(len);
        let mut store = Fixture::of_files(files).unwrap();
        store.append(10..20).unwrap().unwrap();
        check_all(&store, 20, &format!("cut to {len}"));
    }
}

#[test]
fn a_log_of_another_store_is_not_read() {
    let (mut store, mut other) = (Fixture::create(1 << 20), Fixture::create(1 << 20));
    for n in (0..30).step_by(3) {
        store.append(n..n + 3).unwrap().unwrap();
        other.append(1_000 + n..1_003 + n).unwrap().unwrap();
    }
    store.rotate().unwrap();
    let mut files = store.disk.files();
    let log = files.keys().find(|name| is_kind(name, "log")).unwrap().clone();
    files.insert(log.clone(), other.disk.files()[&log].clone());
    let store = Fixture::of_files(files).unwrap();
    let read = store.read(&Filter::All).unwrap();
    assert!(read.events.is_empty(), "{:?}", read.events);
    assert_eq!(read.damaged, [(FIRST, FIRST + 29)]);
    let report = store.verify().unwrap();
    assert_eq!(report.events, 0);
    let lost = report.problems.iter().filter_map(|problem| problem.offsets);
    assert_eq!(lost.collect::<Vec<_>>(), [(FIRST, FIRST + 29)]);
}

#[test]
fn what_a_refused_commit_has_left_is_not_read_behind_damage() {
    let mut store = Fixture::create(1 << 22);
    append_sized(&mut store, 0..4, 10).unwrap();
    let kind = Some(ErrorKind::StorageFull);
    store.disk.fail(Faults { after: Some(0), kind, half: true, for_good: false });
    append_sized(&mut store, 4..404, 1_000).unwrap_err();
    append_sized(&mut store, 4..154, 10).unwrap();
    store.rotate().unwrap();
    never_reads(&store, 1_000);
}

#[test]
fn what_a_torn_commit_has_left_is_not_read_behind_damage() {
    let mut store = Fixture::create(1 << 22);
    append_sized(&mut store, 0..4, 10).unwrap();
    let head = store.disk.files()["head"].clone();
    append_sized(&mut store, 4..404, 1_000).unwrap();
    // Its writer was killed: the beginning is there.
    let mut files = store.disk.files();
    files.insert("head".to_owned(), head);
    let log = files.keys().find(|name| is_kind(name, "log")).unwrap().clone();
    files.get_mut(&log).unwrap()[250_000..].fill(0);
    let mut store = Fixture::open(SimulatedDisk::with(files), 1 << 22).unwrap();
    assert_eq!(store.core.next(), FIRST + 4);
    append_sized(&mut store, 4..154, 10).unwrap();
    store.rotate().unwrap();
    never_reads(&store, 1_000);
}

#[test]
fn a_disk_that_is_full_is_got_over_by_truncating() {
    let mut store = Fixture::create(4096);
    for n in 0..60 {
        store.append(n * 5..n * 5 + 5).unwrap().unwrap();
        if n == 40 {
            store.tidy().unwrap();
        }
    }
    let before = store.core.next() - 10;
    let segments =
        |store: &Fixture| store.disk.files().keys().filter(|name| is_kind(name, "segment")).count();
    assert!(segments(&store) > 2);
    // There is no room for a file, …
    let kind = Some(ErrorKind::StorageFull);
    store.disk.fail(Faults { after: Some(0), kind, ..Faults::default() });
    store.truncate(before).unwrap();
    assert_eq!(store.core.oldest(), before);
    // … and none to seal with: but what is truncated is removed.
    let files = store.disk.files();
    let Ok(reopened) = Fixture::of_files(files) else { panic!("it opens") };
    assert_eq!(reopened.core.oldest(), before);
    store.tidy().unwrap();
    assert!(segments(&store) <= 1);
    assert!(store.verify().unwrap().is_clean());
}
