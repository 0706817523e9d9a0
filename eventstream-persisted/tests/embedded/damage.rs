//! Damage, as those hear of it who use the store. (Every byte of every file is tried by the tests
//! within.)

use std::{fs, path::Path};

use eventstream_core::{
    Cursor, Error, EventRepository, EventStore, EventStream, EventTypes, Expect,
};
use eventstream_persisted::{EmbeddedStore, EmbeddedStoreError, Salvaged};

use crate::support::{Temporary, create_with, drain, parcels, text};

const EVENTS: u64 = 1_500;

/// A store of several segments, in one of which a byte has changed.
async fn damaged() -> Temporary {
    let mut t = create_with(|builder| builder.segment_bytes(32 * 1024)).await;
    for first in (0..EVENTS).step_by(100) {
        t.store.append(parcels(first..first + 100), Expect::Any).await.unwrap();
    }
    t.store.compact().await.unwrap();
    let segments = files(&t.path, "segment");
    assert!(segments.len() > 2, "{segments:?}");
    // In the middle of the second one's events.
    flip(&t.path.join(&segments[1]), 3_000);
    t.store = EmbeddedStore::open(&t.path).await.unwrap();
    t
}

fn files(store: &Path, kind: &str) -> Vec<String> {
    let names = fs::read_dir(store).unwrap().map(|file| file.unwrap().file_name());
    let mut names: Vec<_> = names
        .map(|name| name.into_string().unwrap())
        .filter(|name| name.rsplit('.').next() == Some(kind))
        .collect();
    names.sort();
    names
}

fn flip(file: &Path, at: usize) {
    let mut content = fs::read(file).unwrap();
    content[at] ^= 0x55;
    fs::write(file, content).unwrap();
}

/// The damage that reading finds: the file, and the offsets.
async fn found(t: &Temporary) -> (String, u64, u64) {
    let query = t.store.load_by_type(EventTypes::any(), 0).await.unwrap();
    let Err(Error::Backend { source, retryable: false, .. }) = drain(query).await else {
        panic!("the damage was not noticed")
    };
    match source.downcast_ref::<EmbeddedStoreError>() {
        Some(EmbeddedStoreError::Damaged { path, first, last, .. }) => {
            (path.file_name().unwrap().to_str().unwrap().to_owned(), *first, *last)
        }
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn a_changed_byte_is_named_by_file_and_offsets_and_what_lies_around_it_can_be_read() {
    let t = damaged().await;
    let (file, first, last) = found(&t).await;
    assert_eq!(file, files(&t.path, "segment")[1]);
    assert!(first > 0 && last > first && last < EVENTS - 1, "{first} to {last}");

    let after = t.store.load_by_type(EventTypes::any(), last + 1).await.unwrap();
    assert_eq!(drain(after).await.unwrap().len() as u64, EVENTS - 1 - last);
    let stream = t.store.stream(EventTypes::any());
    let mut cursor = stream.open(0, EventTypes::any()).await.unwrap();
    for offset in 0..first {
        assert_eq!(cursor.next().await.unwrap().offset, offset);
    }
    // And it is no accident: the same again.
    for _ in 0..2 {
        assert!(matches!(cursor.next().await, Err(Error::Backend { .. })));
        assert_eq!(cursor.position(), first);
    }
}

#[tokio::test]
async fn verify_names_it_and_salvage_saves_the_rest() {
    let t = damaged().await;
    let (file, first, last) = found(&t).await;
    let report = t.store.verify().await.unwrap();
    assert!(!report.is_clean());
    assert_eq!(report.events, EVENTS - (last + 1 - first));
    let [problem] = &report.problems[..] else { panic!("{:?}", report.problems) };
    assert_eq!((&problem.file, problem.offsets), (&file, Some((first, last))));
    let text = problem.to_string();
    assert!(text.contains(&file) && text.contains(&format!("offsets {first} to {last}")), "{text}");

    let mut salvage = t.store.salvage();
    let (mut events, mut lost) = (Vec::new(), Vec::new());
    loop {
        match salvage.next_batch(&mut events, 100).await.unwrap() {
            Salvaged::Events(count) => assert!(count > 0),
            Salvaged::Damaged(problem) => lost.push(problem),
            Salvaged::End => break,
            other => panic!("{other:?}"),
        }
    }
    assert_eq!(lost, report.problems);
    let offsets: Vec<_> = events.iter().map(|event| event.offset).collect();
    let expected: Vec<_> = (0..first).chain(last + 1..EVENTS).collect();
    assert_eq!(offsets, expected);
}

#[tokio::test]
async fn a_segment_that_is_missing_is_named() {
    let t = damaged().await;
    let segment = files(&t.path, "segment").remove(1);
    fs::remove_file(t.path.join(&segment)).unwrap();
    let store = EmbeddedStore::open(&t.path).await.unwrap();
    let error = drain(store.load_by_type(EventTypes::any(), 0).await.unwrap()).await.unwrap_err();
    let text = text(&error);
    assert!(text.contains("missing"), "{text}");
    let (first, last) = segment.split_once('.').unwrap().0.split_once('-').unwrap();
    let (first, next): (u64, u64) = (first.parse().unwrap(), last.parse().unwrap());
    assert!(text.contains(&format!("{first} to {}", next - 1)), "{text}");
    let rest = store.load_by_type(EventTypes::any(), next).await.unwrap();
    assert_eq!(drain(rest).await.unwrap().len() as u64, EVENTS - next);
}

#[tokio::test]
async fn what_is_damaged_can_be_truncated_and_its_ids_used_again() {
    let t = damaged().await;
    let (_, first, last) = found(&t).await;
    // Its ids are known, though it can't be read.
    let again = t.store.append(parcels(first..last + 1), Expect::Any).await.unwrap();
    assert_eq!(again, first..last + 1);
    t.store.truncate(last + 1).await.unwrap();
    let rest = t.store.load_by_type(EventTypes::any(), last + 1).await.unwrap();
    assert_eq!(drain(rest).await.unwrap().len() as u64, EVENTS - 1 - last);
    for id in [0, first, last] {
        let range = t.store.append(parcels([id]), Expect::Any).await.unwrap();
        assert!(range.start >= EVENTS, "{id}: {range:?}");
    }
    assert!(t.store.verify().await.unwrap().is_clean());
}

#[tokio::test]
async fn a_file_of_another_store_is_noticed() {
    let t = damaged().await;
    let other = damaged().await;
    for kind in ["segment", "ids", "log"] {
        let name = files(&t.path, kind).remove(0);
        fs::copy(other.path.join(&name), t.path.join(&name)).unwrap();
    }
    let store = EmbeddedStore::open(&t.path).await.unwrap();
    let report = store.verify().await.unwrap();
    for kind in ["segment", "ids", "log"] {
        let name = files(&t.path, kind).remove(0);
        let is_named = report.problems.iter().any(|problem| problem.file == name);
        assert!(is_named, "{name}: {:?}", report.problems);
    }
    let query = store.load_by_type(EventTypes::any(), 0).await.unwrap();
    assert!(drain(query).await.is_err());
}

#[tokio::test]
async fn compacting_makes_indexes_anew() {
    let t = damaged().await;
    drop(t.store);
    // Only the ids are damaged.
    let segment = t.path.join(&files(&t.path, "segment")[1]);
    flip(&segment, 3_000);
    for run in files(&t.path, "ids") {
        flip(&t.path.join(run), 4_000);
    }
    let store = EmbeddedStore::open(&t.path).await.unwrap();
    assert!(!store.verify().await.unwrap().is_clean());
    store.compact().await.unwrap();
    let report = store.verify().await.unwrap();
    assert!(report.is_clean(), "{:?}", report.problems);
    assert_eq!(store.append(parcels(7..9), Expect::Any).await.unwrap(), 7..9);
}
