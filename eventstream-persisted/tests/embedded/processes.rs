//! Several stores on one directory, as several processes have them. (Real processes are in the
//! tests of the program.)

use std::time::Duration;

use eventstream_core::{
    Cursor, Error, Event, EventRepository, EventStore, EventStream, EventTypes, Expect,
};
use eventstream_persisted::EmbeddedStore;
use tokio::time::timeout;

use crate::support::{create, ids, names, parcels, text};

/// Far more than it takes, and less than for ever.
const LONG: Duration = Duration::from_secs(60);

/// Does what another process does that appends, and takes its time.
fn lock(store: &std::path::Path) -> std::fs::File {
    let file = std::fs::File::options().write(true).open(store.join("lock")).unwrap();
    file.lock().unwrap();
    file
}

#[tokio::test]
async fn what_another_one_appends_wakes_a_cursor() {
    let t = create().await;
    let other = EmbeddedStore::open(&t.path).await.unwrap();
    let stream = t.store.stream(EventTypes::any());
    let mut cursor = stream.open(0, EventTypes::any()).await.unwrap();
    let following = tokio::spawn(async move {
        let mut events: Vec<Event> = Vec::new();
        while events.len() < 60 {
            timeout(LONG, cursor.next_batch(&mut events, 100)).await.unwrap().unwrap();
        }
        events
    });
    for turn in 0..20 {
        let (mine, theirs) = (turn * 3, turn * 3 + 1);
        t.store.append(parcels([mine]), Expect::Any).await.unwrap();
        other.append(parcels([theirs, theirs + 1]), Expect::Any).await.unwrap();
    }
    let events = following.await.unwrap();
    let seen: Vec<String> = events.iter().map(|e| e.parcel.message_id().to_owned()).collect();
    assert_eq!(seen, names(0..60));
    assert!(events.iter().zip(0..).all(|(event, offset)| event.offset == offset));
}

#[tokio::test]
async fn offsets_and_ids_are_one_for_all() {
    let t = create().await;
    let other = EmbeddedStore::open(&t.path).await.unwrap();
    assert_eq!(t.store.append(parcels(0..2), Expect::Any).await.unwrap(), 0..2);
    assert_eq!(other.next_offset().await.unwrap(), 2);
    assert_eq!(other.append(parcels(0..2), Expect::Any).await.unwrap(), 0..2);
    assert_eq!(other.append(parcels(2..4), Expect::Offset(2)).await.unwrap(), 2..4);
    match t.store.append(parcels(4..5), Expect::Offset(2)).await {
        Err(Error::OffsetConflict { expected: 2, actual: 4 }) => {}
        result => panic!("{result:?}"),
    }
    assert_eq!(timeout(LONG, t.store.wait_for(3)).await.unwrap().unwrap(), 4);
    other.truncate(1).await.unwrap();
    assert!(matches!(
        t.store.load_by_type(EventTypes::any(), 0).await,
        Err(Error::Truncated { requested: 0, oldest: 1 })
    ));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_append_and_two_follow() {
    let t = create().await;
    let other = EmbeddedStore::open(&t.path).await.unwrap();
    let stores = [t.store.clone(), other];
    let count = 500_u64;
    let mut following = Vec::new();
    for store in &stores {
        let stream = store.stream(EventTypes::any());
        let mut cursor = stream.open(0, EventTypes::any()).await.unwrap();
        following.push(tokio::spawn(async move {
            for offset in 0..2 * count {
                let event = timeout(LONG, cursor.next()).await.unwrap().unwrap();
                assert_eq!(event.offset, offset);
            }
        }));
    }
    let mut appending = Vec::new();
    for (store, n) in stores.into_iter().zip(0..) {
        appending.push(tokio::spawn(async move {
            for id in n * count..(n + 1) * count {
                store.append(parcels([id]), Expect::Any).await.unwrap();
            }
        }));
    }
    for task in appending.into_iter().chain(following) {
        task.await.unwrap();
    }
    let mut all = ids(&t.store, 0).await;
    all.sort_by_key(|id| id[2..].parse::<u64>().unwrap());
    assert_eq!(all, names(0..2 * count));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_lock_that_another_one_holds_fails_all_that_wait_at_once_and_is_got_over() {
    let t = create().await;
    t.store.append(parcels([0]), Expect::Any).await.unwrap();
    let other = lock(&t.path);
    let start = std::time::Instant::now();
    let appends: Vec<_> = (1..=5)
        .map(|id| {
            let store = t.store.clone();
            tokio::spawn(async move { store.append(parcels([id]), Expect::Any).await })
        })
        .collect();
    for append in appends {
        let error = append.await.unwrap().unwrap_err();
        assert!(error.is_retryable(), "{error:?}");
        assert!(text(&error).contains("another program has held"), "{}", text(&error));
    }
    // One wait for all of them, not one for each.
    assert!(start.elapsed() < Duration::from_secs(30), "{:?}", start.elapsed());
    drop(other);
    assert_eq!(t.store.append(parcels(1..=5), Expect::Offset(1)).await.unwrap(), 1..6);
}

#[tokio::test]
async fn a_file_that_can_not_be_watched_any_more_is_an_error_to_who_waits() {
    let t = create().await;
    let store = t.store.clone();
    std::fs::remove_dir_all(&t.path).unwrap();
    let error = timeout(LONG, store.wait_for(0)).await.unwrap().unwrap_err();
    assert!(matches!(error, Error::Backend { operation: "watch", .. }), "{error:?}");
}

#[tokio::test]
async fn who_only_reads_does_not_wait_for_who_writes() {
    let t = create().await;
    t.store.append(parcels(0..3), Expect::Any).await.unwrap();
    let writer = lock(&t.path);
    let start = std::time::Instant::now();
    let reader = EmbeddedStore::open(&t.path).await.unwrap();
    assert_eq!(ids(&reader, 0).await, names(0..3));
    assert_eq!(reader.stats().await.unwrap().next_offset, 3);
    drop(reader);
    // Less than a connection waits for the lock.
    assert!(start.elapsed() < Duration::from_secs(8), "{:?}", start.elapsed());
    drop(writer);
}
