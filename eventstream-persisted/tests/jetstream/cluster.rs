//! Three servers, of which the leader is killed again and again.

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

use eventstream_core::{Cursor, Event, EventRepository, EventStream, EventTypes};
use eventstream_persisted::JetStreamStore;
use tokio::time::{sleep, timeout};

use crate::{
    killed::{append_until, check},
    support::{Cluster, LONG, application},
};

/// How often, unless `EVENTSTREAM_NATS_KILLS` says otherwise.
const KILLS: usize = 3;

/// Reads with one cursor, which is never opened again; counts what it has.
async fn consume(store: JetStreamStore, count: Arc<AtomicUsize>) -> Vec<Event> {
    let mut cursor = store.stream(EventTypes::any()).open(0, EventTypes::any()).await.unwrap();
    let mut events: Vec<Event> = Vec::new();
    loop {
        match timeout(LONG, cursor.next_batch(&mut events, 1_000)).await.unwrap() {
            Ok(_) => count.store(events.len(), Ordering::Relaxed),
            Err(error) => assert!(error.is_retryable(), "{error:?}"),
        }
        if events.last().is_some_and(|event| event.parcel.message_id() == LAST) {
            return events;
        }
    }
}

/// The last event that is appended.
const LAST: &str = "m-999999999";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_leader_that_is_killed_loses_and_repeats_nothing() {
    let Some(mut cluster) = Cluster::start() else { return };
    cluster.wait_ready().await;
    let url = cluster.url("orders");
    let builder = JetStreamStore::builder(&url).timeout(LONG).replicas(3);
    let store = builder.create_for(application()).open().await.unwrap();
    let reader = JetStreamStore::builder(&url).timeout(LONG).open().await.unwrap();
    let (stop, end) = tokio::sync::watch::channel(false);
    let appending: Vec<_> = (0..4)
        .map(|n| tokio::spawn(append_until(store.clone(), n * 1_000_000, end.clone())))
        .collect();
    let count = Arc::new(AtomicUsize::new(0));
    let consuming = tokio::spawn(consume(reader.clone(), count.clone()));
    let kills = std::env::var("EVENTSTREAM_NATS_KILLS").ok();
    let kills = kills.map_or(KILLS, |kills| kills.parse().unwrap());
    let mut pauses = Vec::new();
    for _ in 0..kills {
        let leader = cluster.leader("orders").await;
        sleep(Duration::from_millis(300)).await;
        cluster.servers[leader].kill();
        // What was appended before may still be on its way.
        sleep(Duration::from_millis(100)).await;
        let (seen, since) = (count.load(Ordering::Relaxed), Instant::now());
        while count.load(Ordering::Relaxed) == seen {
            assert!(since.elapsed() < LONG, "the consumer does not go on");
            sleep(Duration::from_millis(5)).await;
        }
        pauses.push(since.elapsed() + Duration::from_millis(100));
        cluster.servers[leader].restart();
        cluster.servers[leader].wait_ready();
    }
    stop.send(true).unwrap();
    let mut acknowledged = Vec::new();
    for task in appending {
        acknowledged.extend(task.await.unwrap());
    }
    let last = vec![crate::support::parcel(999_999_999)];
    let place = eventstream_core::EventStore::append(&store, last, eventstream_core::Expect::Any);
    acknowledged.push((999_999_999, place.await.unwrap().start));
    let events = timeout(LONG, consuming).await.unwrap().unwrap();
    check(&events, &acknowledged);
    assert_eq!(events.len() as u64, reader.next_offset().await.unwrap());
    pauses.sort();
    eprintln!(
        "{kills} leaders killed, {} events acknowledged; the consumer went on after {:?} (median), \
         {:?} (longest)",
        acknowledged.len(),
        pauses.get(pauses.len() / 2),
        pauses.last(),
    );
}
