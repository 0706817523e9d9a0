//! What is done while something else is done to the same store.

use std::{
    path::Path,
    time::{Duration, Instant},
};

use eventstream_core::{EventRepository, EventStore, EventTypes, Expect};
use eventstream_persisted::{EmbeddedStore, EmbeddedStoreError, Retention};

use crate::support::{create, create_with, ids, names, parcels};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn verify_stats_and_backups_are_sound_beside_rotation_and_truncation() {
    let t = create_with(|builder| builder.segment_bytes(4096)).await;
    let end = Instant::now() + Duration::from_secs(4);
    let store = t.store.clone();
    let appending = tokio::spawn(async move {
        let mut next = 0;
        while Instant::now() < end {
            store.append(parcels(next..next + 40), Expect::Any).await.unwrap();
            next += 40;
            if next % 400 == 0 {
                store.truncate(next - 100).await.unwrap();
            }
        }
    });
    let other = EmbeddedStore::open(&t.path).await.unwrap();
    while Instant::now() < end {
        let report = t.store.verify().await.unwrap();
        assert!(report.is_clean(), "{:?}", report.problems);
        other.stats().await.unwrap();
        let target = t.path.with_file_name("copy");
        let report = other.backup(&target).await.unwrap();
        assert!(report.first_offset <= report.next_offset, "{report:?}");
        let copy = EmbeddedStore::open(&target).await.unwrap();
        assert_eq!(copy.next_offset().await.unwrap(), report.next_offset);
        let verified = copy.verify().await.unwrap();
        assert!(verified.is_clean(), "{:?} {report:?}", verified.problems);
        assert_eq!(verified.events, report.next_offset - report.first_offset);
        drop(copy);
        std::fs::remove_dir_all(&target).unwrap();
    }
    appending.await.unwrap();
}

#[tokio::test]
async fn what_lies_beside_the_files_of_a_store_does_not_count() {
    let t = create().await;
    t.store.append(parcels(0..3), Expect::Any).await.unwrap();
    let before = t.store.stats().await.unwrap();
    std::fs::create_dir(t.path.join("lost+found")).unwrap();
    t.store.backup(t.path.join("backups/one")).await.unwrap();
    assert_eq!(t.store.stats().await.unwrap(), before);
    assert!(t.store.verify().await.unwrap().is_clean());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn closing_waits_for_no_lock_however_many_have_waited_for_it() {
    let t = create().await;
    t.store.append(parcels(0..3), Expect::Any).await.unwrap();
    let mut options = std::fs::File::options();
    let held = options.create(true).append(true).open(t.path.join("tidy-lock")).unwrap();
    held.lock().unwrap();
    let store = t.store.clone();
    let truncating = tokio::spawn(async move { store.truncate(2).await });
    // It waits for the same lock, and gives up sooner.
    t.store.verify().await.unwrap_err();
    truncating.abort();
    assert!(truncating.await.unwrap_err().is_cancelled());
    let start = Instant::now();
    drop(t);
    assert!(start.elapsed() < Duration::from_secs(20), "{:?}", start.elapsed());
}

#[tokio::test]
async fn without_the_file_that_they_meet_at_nobody_writes_over_what_another_has_appended() {
    let t = create().await;
    t.store.append(parcels(0..3), Expect::Any).await.unwrap();
    std::fs::remove_file(t.path.join("head")).unwrap();
    let other = EmbeddedStore::open(&t.path).await.unwrap();
    other.append(parcels(3..6), Expect::Any).await.unwrap();
    let error = t.store.append(parcels(6..9), Expect::Any).await.unwrap_err();
    let source = std::error::Error::source(&error).and_then(|source| source.downcast_ref());
    assert!(matches!(source, Some(EmbeddedStoreError::Replaced { .. })), "{error:?}");
    other.append(parcels(9..12), Expect::Any).await.unwrap();
    assert_eq!(ids(&other, 0).await, names((0..6).chain(9..12)));
}

/// The segments that this process has open, and that are removed.
#[cfg(target_os = "linux")]
fn removed_and_open(directory: &Path) -> usize {
    std::fs::read_dir("/proc/self/fd")
        .unwrap()
        .filter_map(|entry| std::fs::read_link(entry.unwrap().path()).ok())
        .filter(|path| path.starts_with(directory))
        .filter(|path| path.to_string_lossy().ends_with(".segment (deleted)"))
        .count()
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn the_space_of_what_was_read_comes_back_when_it_is_truncated() {
    let t = create_with(|builder| builder.segment_bytes(4096)).await;
    for first in (0..800).step_by(40) {
        t.store.append(parcels(first..first + 40), Expect::Any).await.unwrap();
    }
    t.store.compact().await.unwrap();
    assert_eq!(ids(&t.store, 0).await.len(), 800);
    t.store.truncate(800).await.unwrap();
    assert_eq!(removed_and_open(&t.path), 0);
}

#[tokio::test]
async fn a_store_that_once_had_long_logs_keeps_as_many_bytes_as_it_may() {
    let t = create_with(|builder| builder.segment_bytes(1 << 20)).await;
    for first in (0..10_000).step_by(500) {
        t.store.append(parcels(first..first + 500), Expect::Any).await.unwrap();
    }
    t.store.truncate(10_000).await.unwrap();
    let path = t.path.clone();
    drop(t.store);
    let retention = Retention::default().max_bytes(400_000);
    let store = EmbeddedStore::builder(&path).retention(retention).open().await.unwrap();
    for first in (10_000..20_000).step_by(500) {
        store.append(parcels(first..first + 500), Expect::Any).await.unwrap();
        // Truncates what is too much.
        store.truncate(1).await.unwrap();
        store.compact().await.unwrap();
    }
    let stats = store.stats().await.unwrap();
    assert!(stats.next_offset - stats.first_offset > 2_000, "{stats:?}");
    let query = store.load_by_type(EventTypes::any(), stats.first_offset).await.unwrap();
    drop(query);
}
