//! What was found broken once.

use std::io::ErrorKind;

use eventstream_core::{Envelope, Expect, Identity, Parcel};

use super::fixture::{FIRST, Fixture, charter, is_kind};
use crate::{
    EmbeddedStoreError,
    embedded::{
        creation,
        disk::{
            Disk,
            simulated::{Crashes, Faults, SimulatedDisk},
        },
        layout::{Head, Record, encode_commit},
        read::Filter,
        write::Reuse,
    },
};

#[test]
fn a_look_up_of_an_id_that_fails_forgets_nothing() {
    let mut store = Fixture::create(4096);
    for first in (0..400).step_by(20) {
        store.append(first..first + 20).unwrap().unwrap();
    }
    store.tidy().unwrap();
    let mut files = store.disk.files();
    let first = |kind| files.keys().find(|name| is_kind(name, kind)).cloned().unwrap();
    let (run, segment) = (first("ids"), first("segment"));
    let run = files.get_mut(&run).unwrap();
    for page in (run.len() % 4096..run.len()).step_by(4096) {
        run[page + 30] ^= 1;
    }
    files.get_mut(&segment).unwrap()[40 + 48 + 5] ^= 1;
    // Neither the run nor the events say whether it is there.
    let mut store = Fixture::of_files(files).unwrap();
    for _ in 0..3 {
        let refused = store.append(3..4);
        assert!(matches!(refused, Err(EmbeddedStoreError::Damaged { .. })), "{refused:?}");
    }
}

#[test]
fn a_new_log_that_fails_half_way_hides_no_event() {
    for after in 0..8 {
        let mut store = Fixture::create(1 << 20);
        store.append(1..4).unwrap().unwrap();
        let kind = Some(ErrorKind::Other);
        store.disk.fail(Faults { after: Some(after), kind, ..Faults::default() });
        let rotated = store.core.rotate(Reuse::Nothing);
        store.disk.fail(Faults::default());
        let appended = match store.append(10..13) {
            Ok(range) => range.unwrap().end,
            Err(EmbeddedStoreError::Stopped) => FIRST + 3,
            Err(error) => panic!("{after}: {error}"),
        };
        for store in [Fixture::open(store.disk.clone(), 1 << 20).unwrap(), store] {
            let read = store.read(&Filter::All).unwrap();
            assert!(read.damaged.is_empty(), "{after}: {rotated:?}, {:?}", read.damaged);
            assert_eq!(FIRST + read.events.len() as u64, appended, "{after}: {rotated:?}");
        }
    }
}

#[test]
fn what_recovery_finds_is_synced_before_it_is_acknowledged() {
    let disk = SimulatedDisk::default();
    creation::write(&disk, &charter()).unwrap();
    let mut store = Fixture::open(disk, 1 << 20).unwrap();
    store.append(1..5).unwrap().unwrap();
    store.append(5..6).unwrap().unwrap();
    store.disk.fail(Faults { after: Some(1), kind: Some(ErrorKind::Other), ..Faults::default() });
    let unknown = store.append(6..7);
    assert!(matches!(unknown, Err(EmbeddedStoreError::OutcomeUnknown { .. })), "{unknown:?}");
    store.disk.fail(Faults::default());
    let mut store = Fixture::open(store.disk, 1 << 20).unwrap();
    let acknowledged = store.append(6..7).unwrap().unwrap();
    let mut crashes = Crashes::default();
    for op in store.disk.done() {
        crashes.follow(&op);
    }
    crashes.images(|files| {
        let store = Fixture::of_files(files).unwrap();
        assert!(store.core.next() >= acknowledged.end, "{}", store.core.next());
        assert!(store.read(&Filter::All).unwrap().damaged.is_empty());
    });
}

#[test]
fn a_payload_is_never_taken_for_events() {
    let store_of = || Fixture::create(1 << 20);
    let mut store = store_of();
    let envelope = |id: &str, data: Vec<u8>| {
        let application = Identity::new("app", "app-key");
        let envelope = Envelope::new(id, application, "type", "text/plain");
        Parcel::seal(Envelope { data: data.into(), ..envelope }).unwrap()
    };
    // Frames as another store would write them, at every place that one can begin at.
    let other = charter();
    let forged = Record::new(&other, envelope("forged", Vec::new()));
    let mut payload = Vec::new();
    for shift in 0..8 {
        while payload.len() % 8 != shift {
            payload.push(0);
        }
        encode_commit(&mut payload, other.seed(), FIRST + 1, 0, 0, std::slice::from_ref(&forged));
    }
    let outer = Record::new(&store.files.charter, envelope("outer", payload));
    let committed = store.core.commit(|batch| {
        batch.append(vec![outer], Expect::Any)?.unwrap();
        Ok(())
    });
    store.core.remember(&committed.unwrap());
    store.append(1..4).unwrap().unwrap();
    let mut files = store.disk.files();
    let log = files.keys().find(|name| is_kind(name, "log")).cloned().unwrap();
    // The frame around them is damaged.
    files.get_mut(&log).unwrap()[32 + 48 + 28 + 4] ^= 1;
    let read = Fixture::of_files(files).unwrap().read(&Filter::All).unwrap();
    assert_eq!(read.damaged, [(FIRST, FIRST)]);
    let ids: Vec<_> = read.events.iter().map(|(_, parcel)| parcel.message_id()).collect();
    assert_eq!(ids, ["m-1", "m-2", "m-3"]);
}

#[test]
fn a_log_is_not_searched_behind_its_end_whatever_its_end_is_said_to_be() {
    let mut store = Fixture::create(1 << 20);
    store.append(1..4).unwrap().unwrap();
    let head = store.files.head().unwrap().unwrap();
    let impossible = Head { tail: u64::MAX, ..head }.encode();
    store.disk.open("head").unwrap().write_at(&impossible, 0).unwrap();
    // The one frame that is there is damaged, so that the next is searched for.
    let log = store.disk.files().into_keys().find(|name| is_kind(name, "log")).unwrap();
    store.disk.open(&log).unwrap().write_at(b"????", 32).unwrap();
    let read = store.read(&Filter::All).unwrap();
    assert_eq!((read.events.len(), read.damaged), (0, vec![(FIRST, FIRST + 2)]));
}
