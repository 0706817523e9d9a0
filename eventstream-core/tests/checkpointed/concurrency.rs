//! What partitions do at the same time, and what they don't.

use std::{
    future::Future,
    hash::{Hash, Hasher},
    pin::pin,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    task::{Context, Poll, Waker},
    time::Duration,
};

use eventstream_core::{Apply, Envelope, Event, Handler, HandlerError, Identity, Parcel};
use eventstream_core::{MemoryCheckpoints, Partitioned};
use tokio::sync::Barrier;

use crate::support::{Plan, Service, Store, event, events, offset_of, shop, text};

/// Events at offsets that take a second each, or as long as is said.
fn slow(service: &Service, offsets: impl IntoIterator<Item = u64>, millis: u64) {
    for offset in offsets {
        service.plan(offset, [Plan::Take(millis)]);
    }
}

async fn begun(handler: Partitioned<Service, Store>) -> Partitioned<Service, Store> {
    let mut handler = handler;
    assert_eq!(offset_of(&mut handler).await, 0);
    handler
}

/// Each event waits until there are as many.
#[derive(Clone)]
struct Meet(Arc<Barrier>);

impl Meet {
    fn of(events: usize) -> Self {
        Self(Arc::new(Barrier::new(events)))
    }
}

impl Apply<()> for Meet {
    async fn apply(&mut self, _context: (), _event: Event) -> Result<(), HandlerError> {
        self.0.wait().await;
        Ok(())
    }
}

#[tokio::test(start_paused = true)]
async fn partitions_run_at_the_same_time() {
    // So many is the default.
    let mut handler = Partitioned::new(Meet::of(16), MemoryCheckpoints::new());
    assert_eq!(offset_of(&mut handler).await, 0);
    let batch = handler.handle_batch(0, events(0, "abcdefghijklmnop"));
    tokio::time::timeout(Duration::from_secs(60), batch).await.expect("they meet").unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn partitions_run_in_the_runtimes_threads() {
    let barrier = Arc::new(std::sync::Barrier::new(2));
    let meet = move |(), _: Event| {
        let barrier = barrier.clone();
        async move {
            // It blocks: two futures in one task would never meet.
            barrier.wait();
            Ok::<(), HandlerError>(())
        }
    };
    let mut handler = Partitioned::new(meet, MemoryCheckpoints::new());
    assert_eq!(offset_of(&mut handler).await, 0);
    handler.handle_batch(0, events(0, "ab")).await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn no_more_run_than_are_allowed() {
    for (allowed, most) in [(0, 1), (1, 1), (3, 3), (100, 26)] {
        let (service, store) = (Service::new(), Store::new());
        slow(&service, 0..52, 1000);
        let handler = Partitioned::new(service.clone(), store.clone()).concurrency(allowed);
        let mut handler = begun(handler).await;
        let letters = "abcdefghijklmnopqrstuvwxyz".repeat(2);
        handler.handle_batch(0, events(0, &letters)).await.unwrap();
        assert_eq!(service.most(), most, "{allowed} are allowed");
        assert_eq!(service.made().len(), 52);
    }
}

#[tokio::test(start_paused = true)]
async fn one_partition_is_in_order() {
    let (service, store) = (Service::new(), Store::new());
    // Each faster than the one before.
    for offset in 0..10 {
        service.plan(offset, [Plan::Take(1000 - offset * 100)]);
    }
    let mut handler = begun(Partitioned::new(service.clone(), store)).await;
    handler.handle_batch(0, events(0, "aaaaaaaaaa")).await.unwrap();
    assert_eq!(service.made(), (0..10).collect::<Vec<_>>());
    assert_eq!(service.most(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_slow_event_does_not_hold_up_other_partitions() {
    let (service, store) = (Service::new(), Store::new());
    service.plan(0, [Plan::Take(60_000)]);
    let handler = Partitioned::new(service.clone(), store.clone()).concurrency(2);
    let mut handler = begun(handler).await;
    handler.handle_batch(0, events(0, "abacbc")).await.unwrap();
    assert_eq!(service.made(), [1, 3, 4, 5, 0, 2]);
    assert_eq!(store.stored(), [6], "the mark could not move before");
}

#[tokio::test(start_paused = true)]
async fn the_earliest_events_go_first() {
    let (service, store) = (Service::new(), Store::new());
    slow(&service, 0..6, 1000);
    let handler = Partitioned::new(service.clone(), store).concurrency(2);
    let mut handler = begun(handler).await;
    handler.handle_batch(0, events(0, "aabbcc")).await.unwrap();
    // Event 1 waits for event 0, so event 2 begins; then both go before c.
    let begun = service.begun();
    assert!(begun.starts_with(&[0, 2]) && begun.ends_with(&[4, 5]), "{begun:?}");
}

#[tokio::test(start_paused = true)]
async fn what_no_handler_recorded_is_one_partition() {
    let (service, store) = (Service::new(), Store::new());
    slow(&service, 0..4, 1000);
    let mut handler = begun(Partitioned::new(service.clone(), store)).await;
    let batch = vec![event(0, ""), event(1, "a"), event(2, ""), event(3, "")];
    handler.handle_batch(0, batch).await.unwrap();
    assert_eq!(service.most(), 2);
    assert_eq!(service.made().into_iter().filter(|it| *it != 1).collect::<Vec<_>>(), [0, 2, 3]);
}

#[tokio::test(start_paused = true)]
async fn instances_of_different_handlers_are_different() {
    let recorded_by = |offset: u64, name: &str, key: &str, instance: &str| {
        let envelope = Envelope::new(format!("m-{offset}"), shop(), "t", "text/plain");
        let parcel = Parcel::seal(Envelope {
            source_handler: Some(Identity::new(name, key)),
            source_instance_id: instance.to_owned(),
            ..envelope
        });
        Event::new(offset, parcel.unwrap())
    };
    let mut handler = Partitioned::new(Meet::of(3), MemoryCheckpoints::new());
    assert_eq!(offset_of(&mut handler).await, 0);
    // The last one is the first one's, under the handler's new name: it has to wait for it.
    let batch = vec![
        recorded_by(0, "orders", "5d2f", "1"),
        recorded_by(1, "bills", "77aa", "1"),
        recorded_by(2, "orders", "5d2f", "2"),
    ];
    let met = tokio::time::timeout(Duration::from_secs(60), handler.handle_batch(0, batch)).await;
    met.expect("they meet").unwrap();
    let batch = vec![
        recorded_by(3, "orders", "5d2f", "1"),
        recorded_by(4, "renamed", "5d2f", "1"),
        recorded_by(5, "orders", "5d2f", "2"),
    ];
    let met = tokio::time::timeout(Duration::from_secs(60), handler.handle_batch(3, batch)).await;
    assert!(met.is_err(), "two of them are one partition, and don't meet");
}

/// All keys have the same hash.
#[derive(PartialEq, Eq)]
struct Colliding(u64);

impl Hash for Colliding {
    fn hash<H: Hasher>(&self, state: &mut H) {
        0.hash(state);
    }
}

#[tokio::test(start_paused = true)]
async fn keys_are_compared_and_not_just_hashed() {
    let handler = Partitioned::new(Meet::of(4), MemoryCheckpoints::new());
    let mut handler = handler.by(|event: &Event| Colliding(event.offset % 4));
    assert_eq!(offset_of(&mut handler).await, 0);
    // All of one instance.
    let batch = handler.handle_batch(0, events(0, "aaaaaaaa"));
    tokio::time::timeout(Duration::from_secs(60), batch).await.expect("they meet").unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_key_of_ones_own_keeps_the_order() {
    let (service, store) = (Service::new(), Store::new());
    slow(&service, 0..9, 1000);
    let handler = Partitioned::new(service.clone(), store).by(|_: &Event| ());
    let mut handler = begun(handler).await;
    handler.handle_batch(0, events(0, "abcdefghi")).await.unwrap();
    assert_eq!(service.made(), (0..9).collect::<Vec<_>>());
    assert_eq!(service.most(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_long_batch_stores_its_progress() {
    let (service, store) = (Service::new(), Store::new());
    slow(&service, 0..5, 700);
    let mut handler = begun(Partitioned::new(service.clone(), store.clone())).await;
    handler.handle_batch(0, events(0, "aaaaa")).await.unwrap();
    // By default once a second; at 3000 there are 4 since 2800; the rest when all is done.
    assert_eq!(store.stored_when(), [(1000, 1), (2000, 2), (3000, 4), (3500, 5)]);

    let (service, store) = (Service::new(), Store::new());
    slow(&service, 0..5, 700);
    let handler = Partitioned::new(service.clone(), store.clone());
    let handler = handler.checkpoint_interval(Duration::MAX);
    begun(handler).await.handle_batch(0, events(0, "aaaaa")).await.unwrap();
    assert_eq!(store.stored_when(), [(3500, 5)]);

    let (service, store) = (Service::new(), Store::new());
    slow(&service, 0..3, 700);
    let handler = Partitioned::new(service.clone(), store.clone());
    let handler = handler.checkpoint_interval(Duration::ZERO);
    begun(handler).await.handle_batch(0, events(0, "aaa")).await.unwrap();
    let stored: Vec<_> = store.stored_when().iter().map(|(_, offset)| *offset).collect();
    assert_eq!(stored, [1, 2, 3]);
}

#[tokio::test(start_paused = true)]
async fn progress_is_the_low_water_mark() {
    let (service, store) = (Service::new(), Store::new());
    service.plan(1, [Plan::Take(10_500)]);
    let mut handler = begun(Partitioned::new(service.clone(), store.clone())).await;
    handler.handle_batch(0, events(0, "abcdef")).await.unwrap();
    assert_eq!(store.stored_when(), [(1000, 1), (10_500, 6)]);
}

/// Counts its clones.
struct Counted(Arc<AtomicUsize>);

impl Clone for Counted {
    fn clone(&self) -> Self {
        self.0.fetch_add(1, Ordering::SeqCst);
        Self(self.0.clone())
    }
}

impl Apply<()> for Counted {
    async fn apply(&mut self, _context: (), _event: Event) -> Result<(), HandlerError> {
        tokio::time::sleep(Duration::from_millis(10)).await;
        Ok(())
    }
}

#[tokio::test(start_paused = true)]
async fn clones_are_used_again() {
    let clones = Arc::new(AtomicUsize::new(0));
    let handler = Partitioned::new(Counted(clones.clone()), MemoryCheckpoints::new());
    let mut handler = handler.concurrency(3);
    assert_eq!(offset_of(&mut handler).await, 0);
    for from in [0, 10, 20] {
        handler.handle_batch(from, events(from, "abcdefghij")).await.unwrap();
    }
    assert_eq!(clones.load(Ordering::SeqCst), 3);
}

#[test]
fn without_a_runtime_it_says_so() {
    let service = Service::new();
    let mut handler = Partitioned::new(service.clone(), MemoryCheckpoints::new());
    let mut context = Context::from_waker(Waker::noop());
    {
        let shop = shop();
        let offset = pin!(handler.next_offset(&shop));
        assert!(matches!(offset.poll(&mut context), Poll::Ready(Ok(0))));
    }
    let Poll::Ready(result) = pin!(handler.handle_event(0, event(0, "a"))).poll(&mut context)
    else {
        panic!("it waits for nothing");
    };
    assert!(text(result).contains("runtime"));
    assert!(service.begun().is_empty());
}
