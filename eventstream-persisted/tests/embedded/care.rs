//! Copies of a store, and what it says of itself.

use std::{ffi::OsString, fs, path::Path};

use eventstream_core::{EventRepository, EventStore, EventStream, EventTypes, Expect, Incarnation};
use eventstream_persisted::{Compression, EmbeddedStore};

use crate::support::{create, create_with, ids, names, parcel, parcels, text};

#[tokio::test]
async fn a_backup_is_a_store_of_its_own() {
    let t = create_with(|builder| builder.segment_bytes(8 * 1024)).await;
    t.store.append(parcels(0..300), Expect::Any).await.unwrap();
    t.store.compact().await.unwrap();
    t.store.append(parcels(300..400), Expect::Any).await.unwrap();
    t.store.truncate(20).await.unwrap();
    let target = t.path.with_file_name("backups").join("one");
    let report = t.store.backup(&target).await.unwrap();
    assert_eq!((report.first_offset, report.next_offset), (20, 400));
    assert_ne!(report.incarnation, t.store.incarnation());

    let copy = EmbeddedStore::open(&target).await.unwrap();
    assert_eq!(copy.incarnation(), report.incarnation);
    assert_eq!(ids(&copy, 20).await, names(20..400));
    assert!(copy.verify().await.unwrap().is_clean());
    // It knows what it has, and goes its own way.
    assert_eq!(copy.append(parcels(30..32), Expect::Any).await.unwrap(), 30..32);
    assert_eq!(copy.append(parcels([900]), Expect::Any).await.unwrap(), 400..401);
    assert_eq!(t.store.append(parcels([901]), Expect::Any).await.unwrap(), 400..401);
    assert_eq!(ids(&t.store, 400).await, names([901]));

    let error = t.store.backup(&target).await.unwrap_err();
    let text = text(&error);
    assert!(text.contains("something there already") && text.contains("one"), "{text}");
    let left: Vec<_> = fs::read_dir(target.parent().unwrap()).unwrap().collect();
    assert_eq!(left.len(), 1, "{left:?}");
}

/// Of a backup into a directory of its own: its name, or that under which it is being made.
fn beside(target: &Path) -> Vec<OsString> {
    let Ok(entries) = fs::read_dir(target.parent().unwrap()) else { return Vec::new() };
    entries.map(|entry| entry.unwrap().file_name()).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_a_backup_that_nobody_waits_for_nothing_is_left() {
    let t = create_with(|builder| builder.segment_bytes(4 * 1024)).await;
    for first in (0..3_000).step_by(30) {
        t.store.append(parcels(first..first + 30), Expect::Any).await.unwrap();
    }
    let target = t.path.with_file_name("backups").join("one");
    let store = t.store.clone();
    let making = tokio::spawn({
        let target = target.clone();
        async move { store.backup(&target).await }
    });
    while beside(&target).is_empty() {
        assert!(!making.is_finished());
        tokio::task::yield_now().await;
    }
    making.abort();
    assert!(making.await.unwrap_err().is_cancelled(), "it was done before");
    while !beside(&target).is_empty() {
        assert!(!target.exists(), "it is made all the same");
        tokio::task::yield_now().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn backups_of_a_store_that_is_appended_to_are_whole() {
    let t = create_with(|builder| builder.segment_bytes(4 * 1024)).await;
    let store = t.store.clone();
    let appending = tokio::spawn(async move {
        for first in (0..3_000).step_by(3) {
            store.append(parcels(first..first + 3), Expect::Any).await.unwrap();
        }
    });
    let mut backups = 0;
    while !appending.is_finished() || backups < 3 {
        let target = t.path.with_file_name(format!("backup-{backups}"));
        let report = t.store.backup(&target).await.unwrap();
        assert_eq!(report.next_offset % 3, 0, "a batch is whole");
        let copy = EmbeddedStore::open(&target).await.unwrap();
        assert_eq!(copy.next_offset().await.unwrap(), report.next_offset);
        assert_eq!(ids(&copy, 0).await, names(0..report.next_offset));
        let verified = copy.verify().await.unwrap();
        assert!(verified.is_clean(), "{:?}", verified.problems);
        backups += 1;
    }
    appending.await.unwrap();
}

#[tokio::test]
async fn an_incarnation_stays_until_the_store_is_restored() {
    let t = create().await;
    let first = t.store.incarnation();
    let stream = t.store.stream(EventTypes::any());
    assert_eq!(stream.incarnation().await.unwrap(), Some(first));
    drop((stream, t.store));
    let again = EmbeddedStore::open(&t.path).await.unwrap();
    assert_eq!(again.incarnation(), first);
    assert_eq!(first.to_string().parse(), Ok(first));
    drop(again);
    let restored = EmbeddedStore::builder(&t.path).restored().open().await.unwrap().incarnation();
    assert_ne!(restored, first);
    let after: Incarnation = EmbeddedStore::open(&t.path).await.unwrap().incarnation();
    assert_eq!(after, restored);
    assert_ne!(create().await.store.incarnation(), first);
}

#[tokio::test]
async fn stats_say_how_the_store_lies_there() {
    let t = create().await;
    let begun = std::time::SystemTime::now() - std::time::Duration::from_secs(1);
    for first in (0..600).step_by(200) {
        let kind = |id: u64| if id.is_multiple_of(2) { "a" } else { "b" };
        let parcels = (first..first + 200).map(|id| parcel(id, kind(id)));
        t.store.append(parcels.collect(), Expect::Any).await.unwrap();
    }
    let stats = t.store.stats().await.unwrap();
    assert_eq!((stats.first_offset, stats.next_offset), (0, 600));
    assert_eq!((stats.segments, stats.segment_bytes, stats.index_bytes), (0, 0, 0));
    assert!(stats.log_bytes > 0 && stats.bytes > stats.log_bytes);
    assert!(stats.oldest_append.unwrap() >= begun);
    assert!(stats.newest_append >= stats.oldest_append);

    t.store.compact().await.unwrap();
    let sealed = t.store.stats().await.unwrap();
    assert_eq!(sealed.events_by_type, stats.events_by_type);
    assert_eq!(sealed.segments, 1);
    assert!(sealed.bytes < stats.bytes && sealed.index_bytes > 0);
    assert_eq!(sealed.newest_append, stats.newest_append);
    t.store.truncate(101).await.unwrap();
    let cut = t.store.stats().await.unwrap();
    let counts: Vec<_> = cut.events_by_type.iter().map(|(t, n)| (t.as_str(), *n)).collect();
    assert_eq!(counts, [("a", 249), ("b", 250)]);
    let types = t.store.event_types().await.unwrap();
    assert_eq!(types, EventTypes::from_iter(["a", "b"]));
}

#[tokio::test]
async fn what_is_packed_and_what_is_not_is_read_by_all() {
    let mut sizes = Vec::new();
    for compression in [Compression::None, Compression::Lz4] {
        let t = create_with(|builder| builder.compression(compression)).await;
        t.store.append(parcels(0..2_000), Expect::Any).await.unwrap();
        t.store.compact().await.unwrap();
        let other = match compression {
            Compression::None => Compression::Lz4,
            _ => Compression::None,
        };
        drop(t.store);
        let store = EmbeddedStore::builder(&t.path).compression(other).open().await.unwrap();
        store.append(parcels(2_000..4_000), Expect::Any).await.unwrap();
        store.compact().await.unwrap();
        assert_eq!(ids(&store, 0).await, names(0..4_000));
        sizes.push(store.stats().await.unwrap().segments);
    }
    assert_eq!(sizes, [2, 2]);
}
