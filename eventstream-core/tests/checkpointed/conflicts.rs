//! Replicas, and whoever else stores checkpoints meanwhile.

use std::time::Duration;

use eventstream_core::{Checkpoint, Handler, Partitioned};

use crate::support::{
    Fault, Make, Plan, Service, Store, both, event, events, is_conflict, offset_of, shop, start,
    stored,
};

both!(
    are_for_the_one_that_was_overtaken,
    of_skipping_are_found,
    go_before_the_failure_of_an_event,
    are_not_made_of_a_store_that_failed,
    are_found_after_a_store_that_failed,
);

async fn are_for_the_one_that_was_overtaken<H: Make>() {
    let (service, store, mut one) = start::<H>().await;
    let mut other = H::make(&service, &store);
    assert_eq!(offset_of(&mut other).await, 0);
    one.handle_batch(0, events(0, "aaa")).await.unwrap();
    assert!(is_conflict(&other.handle_batch(0, events(0, "aa")).await));
    assert_eq!(stored(&store).await, Some(3), "what is stored stays");
    assert_eq!(offset_of(&mut other).await, 3);
    other.handle_event(3, event(3, "a")).await.unwrap();
    assert!(is_conflict(&one.handle_event(3, event(3, "a")).await));
    assert_eq!(offset_of(&mut one).await, 4);
    assert_eq!(store.stored(), [3, 4]);
}

async fn of_skipping_are_found<H: Make>() {
    let (service, store, mut one) = start::<H>().await;
    let mut other = H::make(&service, &store);
    assert_eq!(offset_of(&mut other).await, 0);
    one.handle_event(0, event(0, "a")).await.unwrap();
    assert!(is_conflict(&other.skip(0, 9).await));
    assert_eq!(stored(&store).await, Some(1));
}

async fn go_before_the_failure_of_an_event<H: Make>() {
    let (service, store, mut handler) = start::<H>().await;
    service.plan(1, [Plan::Fail]);
    store.faults([Fault::Overtaken(5)]);
    assert!(is_conflict(&handler.handle_batch(0, events(0, "aa")).await));
    assert_eq!(offset_of(&mut handler).await, 5);
}

/// The handler is not asked for its offset in between.
async fn are_not_made_of_a_store_that_failed<H: Make>() {
    let (service, store, mut handler) = start::<H>().await;
    store.faults([Fault::Fail, Fault::Lost]);
    handler.handle_event(0, event(0, "a")).await.unwrap_err();
    handler.handle_event(0, event(0, "a")).await.unwrap_err();
    handler.handle_event(1, event(1, "a")).await.unwrap();
    assert_eq!(service.made(), [0, 1]);
    assert_eq!(store.stored(), [1, 2]);
}

async fn are_found_after_a_store_that_failed<H: Make>() {
    let (service, store, mut handler) = start::<H>().await;
    store.faults([Fault::Fail]);
    handler.handle_event(0, event(0, "a")).await.unwrap_err();
    store.set(&shop(), 7).await;
    assert!(is_conflict(&handler.handle_event(0, event(0, "a")).await));
    assert_eq!(service.made(), [0]);
    assert_eq!(offset_of(&mut handler).await, 7);
}

/// A partitioned handler with a batch that takes a second for each of its events, and of which
/// checkpoints are stored every 1500 milliseconds.
async fn long() -> (Service, Store, Partitioned<Service, Store>) {
    let (service, store) = (Service::new(), Store::new());
    for offset in 0..6 {
        service.plan(offset, [Plan::Take(1000)]);
    }
    let handler = Partitioned::new(service.clone(), store.clone());
    let mut handler = handler.checkpoint_interval(Duration::from_millis(1500));
    assert_eq!(offset_of(&mut handler).await, 0);
    (service, store, handler)
}

#[tokio::test(start_paused = true)]
async fn in_the_middle_of_a_batch_end_it() {
    let (service, store, mut handler) = long().await;
    store.faults([Fault::Overtaken(4)]);
    assert!(is_conflict(&handler.handle_batch(0, events(0, "aaaaaa")).await));
    assert_eq!(service.made(), [0, 1], "that in hand is finished, no other begun");
    assert_eq!(service.busy(), 0);
    assert_eq!(stored(&store).await, Some(4), "the other one's");
    assert_eq!(offset_of(&mut handler).await, 4);
    handler.handle_batch(4, events(4, "aa")).await.unwrap();
    assert_eq!(service.made(), [0, 1, 4, 5]);
}

#[tokio::test(start_paused = true)]
async fn in_the_middle_of_a_batch_keep_what_is_known() {
    let (service, store, mut handler) = long().await;
    store.faults([Fault::Overtaken(1)]);
    assert!(is_conflict(&handler.handle_batch(0, events(0, "aaaaaa")).await));
    assert_eq!(service.made(), [0, 1]);
    assert_eq!(offset_of(&mut handler).await, 1);
    handler.handle_batch(1, events(1, "aaaaa")).await.unwrap();
    assert_eq!(service.made(), [0, 1, 2, 3, 4, 5], "event 1 was done already");
}

#[tokio::test(start_paused = true)]
async fn are_not_made_of_a_store_that_fails_in_the_middle() {
    for fault in [Fault::Fail, Fault::Lost] {
        let (service, store, mut handler) = long().await;
        store.faults([fault, fault]);
        handler.handle_batch(0, events(0, "aaaaaa")).await.unwrap();
        assert_eq!(service.made(), [0, 1, 2, 3, 4, 5]);
        assert_eq!(stored(&store).await, Some(6), "{fault:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn are_found_after_a_store_that_failed_in_the_middle() {
    for fault in [Fault::Fail, Fault::Lost] {
        let (service, store, mut handler) = long().await;
        store.faults([fault]);
        let meanwhile = store.clone();
        let replica = tokio::spawn(async move {
            tokio::time::sleep(Duration::from_millis(1700)).await;
            meanwhile.set(&shop(), 5).await;
        });
        assert!(is_conflict(&handler.handle_batch(0, events(0, "aaaaaa")).await), "{fault:?}");
        replica.await.unwrap();
        assert_eq!(service.made().len(), 3, "it is found at 3 seconds: the next interval");
        assert_eq!(stored(&store).await, Some(5));
    }
}

#[tokio::test(start_paused = true)]
async fn are_seen_in_the_whole_checkpoint() {
    let (_, store, mut handler) = start::<Partitioned<Service, Store>>().await;
    handler.handle_event(0, event(0, "a")).await.unwrap();
    // The same offset, but of another stream.
    let other = Checkpoint {
        offset: 1,
        incarnation: Some("f81d4fae-7dec-41d0-a765-00a0c91e6bf6".parse().unwrap()),
    };
    let known = Some(crate::support::at(1));
    eventstream_core::Checkpoints::store(&store, &shop(), known, other).await.unwrap();
    assert!(is_conflict(&handler.handle_event(1, event(1, "a")).await));
}
