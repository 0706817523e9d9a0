//! Events that are truncated without being asked for.

use std::time::Duration;

use eventstream_core::{EventRepository, EventStore, EventTypes, Expect};
use eventstream_persisted::{EmbeddedStore, Retention};
use tokio::time::timeout;

use crate::support::{create_with, ids, names, parcels};

/// Far more than it takes, and less than for ever.
const LONG: Duration = Duration::from_secs(60);

/// Waits until the store has been truncated so far as to fulfil a condition.
async fn until(store: &EmbeddedStore, condition: impl Fn(u64) -> bool) -> u64 {
    let waiting = async {
        loop {
            let oldest = store.stats().await.unwrap().first_offset;
            if condition(oldest) {
                return oldest;
            }
            tokio::task::yield_now().await;
        }
    };
    timeout(LONG, waiting).await.expect("it is not truncated")
}

#[tokio::test]
async fn by_count() {
    let retention = Retention::default().max_events(1_000);
    let t = create_with(|builder| builder.segment_bytes(8 * 1024).retention(retention)).await;
    for first in (0..5_000).step_by(100) {
        t.store.append(parcels(first..first + 100), Expect::Any).await.unwrap();
    }
    let oldest = until(&t.store, |oldest| 5_000 - oldest <= 1_125).await;
    assert!(5_000 - oldest >= 1_000, "{oldest}");
    assert_eq!(ids(&t.store, oldest).await, names(oldest..5_000));
    let stats = t.store.stats().await.unwrap();
    assert!(stats.segments < 40, "their space is given back: {}", stats.segments);
}

#[tokio::test]
async fn by_bytes() {
    const MAX: u64 = 256 * 1024;
    let retention = Retention::default().max_bytes(MAX);
    let t = create_with(|builder| builder.retention(retention)).await;
    for first in (0..20_000).step_by(200) {
        t.store.append(parcels(first..first + 200), Expect::Any).await.unwrap();
    }
    let waiting = async {
        while t.store.stats().await.unwrap().bytes > MAX + MAX / 4 {
            tokio::task::yield_now().await;
        }
    };
    timeout(LONG, waiting).await.expect("it stays too large");
    // Without the limit, so that nothing goes while it is looked at.
    drop(t.store);
    let store = EmbeddedStore::open(&t.path).await.unwrap();
    let stats = store.stats().await.unwrap();
    assert!(stats.first_offset > 0 && stats.first_offset < 20_000);
    assert_eq!(ids(&store, stats.first_offset).await, names(stats.first_offset..20_000));
}

#[tokio::test]
async fn by_age() {
    let t = create_with(|builder| builder).await;
    t.store.append(parcels(0..100), Expect::Any).await.unwrap();
    drop(t.store);
    // What is older than nothing is everything.
    let retention = Retention::default().max_age(Duration::from_millis(1));
    let store = EmbeddedStore::builder(&t.path).retention(retention).open().await.unwrap();
    until(&store, |oldest| oldest == 100).await;
    // And without anybody who appends.
    store.append(parcels(100..150), Expect::Any).await.unwrap();
    until(&store, |oldest| oldest == 150).await;
    drop(store);
    let retention = Retention::default().max_age(Duration::from_secs(3_600));
    let store = EmbeddedStore::builder(&t.path).retention(retention).open().await.unwrap();
    store.append(parcels(150..160), Expect::Any).await.unwrap();
    store.compact().await.unwrap();
    let events = store.load_by_type(EventTypes::any(), 150).await.unwrap();
    assert_eq!(crate::support::drain(events).await.unwrap().len(), 10);
}
