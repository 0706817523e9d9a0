//! A filter that matches nothing.

use std::{
    sync::{
        Arc, Mutex,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use eventstream_core::{
    Consumer, Event, EventQuery, EventRepository, EventTypes, Handler, Incarnation, Result,
};
use eventstream_persisted::{EmbeddedQuery, EmbeddedStore, PersistedStream};
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

use crate::support::*;

const EVENTS: u64 = 100_000;

/// A store that counts what is looked at.
#[derive(Clone)]
struct Counting {
    store: EmbeddedStore,
    counts: Arc<Counts>,
}

#[derive(Default)]
struct Counts {
    scanned: AtomicU64,
    /// The offsets that were asked for, or waited for.
    asked: Mutex<Vec<u64>>,
    /// Told when somebody waits for an event.
    waits: Notify,
}

struct CountingQuery {
    query: EmbeddedQuery,
    /// Up to where it was counted.
    counted: u64,
    counts: Arc<Counts>,
}

impl CountingQuery {
    fn count(&mut self) {
        let position = self.query.position();
        self.counts.scanned.fetch_add(position - self.counted, Ordering::Relaxed);
        self.counted = position;
    }
}

#[deny(clippy::missing_trait_methods)]
impl EventRepository for Counting {
    type Query = CountingQuery;

    async fn next_offset(&self) -> Result<u64> {
        self.store.next_offset().await
    }

    async fn load_by_type(&self, types: EventTypes, offset: u64) -> Result<CountingQuery> {
        self.counts.asked.lock().unwrap().push(offset);
        let query = self.store.load_by_type(types, offset).await?;
        let mut query = CountingQuery { query, counted: offset, counts: self.counts.clone() };
        query.count();
        Ok(query)
    }

    async fn load_by_source(&self, _: &str, _: &str) -> Result<CountingQuery> {
        panic!("a stream has no use for it")
    }

    async fn wait_for(&self, offset: u64) -> Result<u64> {
        self.counts.asked.lock().unwrap().push(offset);
        self.counts.waits.notify_one();
        self.store.wait_for(offset).await
    }

    async fn incarnation(&self) -> Result<Option<Incarnation>> {
        EventRepository::incarnation(&self.store).await
    }

    async fn known_types(&self) -> Result<Option<EventTypes>> {
        self.store.known_types().await
    }
}

impl EventQuery for CountingQuery {
    async fn next_batch(&mut self, buf: &mut Vec<Event>, max: usize) -> Result<usize> {
        let read = self.query.next_batch(buf, max).await;
        self.count();
        read
    }

    fn position(&self) -> u64 {
        self.query.position()
    }
}

/// Consumes until `enough`, and returns how many events were looked at, and from where on.
async fn consume(
    place: &Place,
    store: &EmbeddedStore,
    enough: impl Future<Output = ()>,
    counts: &Arc<Counts>,
) -> (u64, Vec<u64>) {
    let repository = Counting { store: store.clone(), counts: counts.clone() };
    let stream = PersistedStream::builder(repository, application()).build();
    let done = CancellationToken::new();
    let consumer = Consumer::new(stream, "never".into(), place.recording().await)
        .skip_interval(Duration::from_millis(10));
    let consuming = tokio::spawn(consumer.run(done.clone()));
    enough.await;
    done.cancel();
    consuming.await.unwrap().unwrap();
    let asked = counts.asked.lock().unwrap().clone();
    (counts.scanned.load(Ordering::Relaxed), asked)
}

#[tokio::test]
async fn the_second_start_of_its_consumer_scans_nothing() {
    let place = Place::new();
    let store = place.store_of(EVENTS).await;
    let mut watching = place.recording().await;

    let counts = Arc::default();
    let stored = async {
        while watching.next_offset(&application()).await.unwrap() < EVENTS {
            tokio::task::yield_now().await;
        }
    };
    let (scanned, asked) = consume(&place, &store, stored, &counts).await;
    assert_eq!((scanned, asked[0]), (EVENTS, 0));

    let counts: Arc<Counts> = Arc::default();
    let (scanned, asked) = consume(&place, &store, counts.waits.notified(), &counts).await;
    // It may ask more than once, but never for what lies before.
    assert_eq!(scanned, 0);
    assert!(asked.iter().all(|offset| *offset == EVENTS), "{asked:?}");
    assert_eq!(place.effects(), []);
}
