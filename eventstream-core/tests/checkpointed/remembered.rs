//! What was handled past the checkpoint is not handled again by the same process.

use eventstream_core::{Handler, Partitioned};

use crate::support::{Fault, Make, Plan, Service, Store, both, event, events, is_conflict};
use crate::support::{offset_of, shop, start, stored, text};

both!(
    if_the_checkpoint_could_not_be_stored,
    if_the_answer_of_the_store_was_lost,
    but_not_after_a_restart,
    but_not_if_the_checkpoint_was_set_back,
    but_not_if_the_checkpoint_was_set_back_meanwhile,
);

async fn if_the_checkpoint_could_not_be_stored<H: Make>() {
    let (service, store, mut handler) = start::<H>().await;
    store.faults([Fault::Fail, Fault::Fail]);
    for _ in 0..2 {
        let result = handler.handle_batch(0, events(0, "aa")).await;
        assert_eq!(text(result), "retry: told not to store");
        assert_eq!(offset_of(&mut handler).await, 0);
    }
    handler.handle_batch(0, events(0, "aaa")).await.unwrap();
    assert_eq!(service.made(), [0, 1, 2]);
    assert_eq!(store.stored(), [3]);
}

async fn if_the_answer_of_the_store_was_lost<H: Make>() {
    let (service, store, mut handler) = start::<H>().await;
    store.faults([Fault::Lost]);
    let result = handler.handle_batch(0, events(0, "aa")).await;
    assert_eq!(text(result), "retry: told to lose the answer");
    assert!(is_conflict(&handler.handle_event(0, event(0, "a")).await), "it is stored");
    handler.handle_event(2, event(2, "a")).await.unwrap();
    assert_eq!(service.made(), [0, 1, 2]);
    assert_eq!(store.stored(), [2, 3]);
}

async fn but_not_after_a_restart<H: Make>() {
    let (service, store, mut handler) = start::<H>().await;
    store.faults([Fault::Fail]);
    handler.handle_batch(0, events(0, "aa")).await.unwrap_err();
    let mut restarted = H::make(&service, &store);
    assert_eq!(offset_of(&mut restarted).await, 0);
    restarted.handle_batch(0, events(0, "aa")).await.unwrap();
    assert_eq!(service.made(), [0, 1, 0, 1]);
}

async fn but_not_if_the_checkpoint_was_set_back<H: Make>() {
    let (service, store, mut handler) = start::<H>().await;
    handler.handle_event(0, event(0, "a")).await.unwrap();
    store.faults([Fault::Fail]);
    handler.handle_batch(1, events(1, "aa")).await.unwrap_err();
    store.set(&shop(), 0).await;
    assert_eq!(offset_of(&mut handler).await, 0);
    handler.handle_batch(0, events(0, "aaa")).await.unwrap();
    assert_eq!(service.made(), [0, 1, 2, 0, 1, 2]);
}

/// As above, but the handler finds it out by itself, and not when it is asked for its offset.
async fn but_not_if_the_checkpoint_was_set_back_meanwhile<H: Make>() {
    let (service, store, mut handler) = start::<H>().await;
    handler.handle_event(0, event(0, "a")).await.unwrap();
    store.faults([Fault::Fail]);
    handler.handle_batch(1, events(1, "aa")).await.unwrap_err();
    store.set(&shop(), 0).await;
    assert!(is_conflict(&handler.handle_batch(1, events(1, "aa")).await));
    assert_eq!(offset_of(&mut handler).await, 0);
    handler.handle_batch(0, events(0, "aaa")).await.unwrap();
    assert_eq!(service.made(), [0, 1, 2, 0, 1, 2]);
}

/// Event 1 can't be handled. Of partitions a and b events are done past it; b is at event 1.
async fn poisoned() -> (Service, Store, Partitioned<Service, Store>) {
    let (service, store, mut handler) = start::<Partitioned<Service, Store>>().await;
    service.plan(1, [Plan::Fail, Plan::Fail]);
    let result = handler.handle_batch(0, events(0, "abacba")).await;
    assert_eq!(text(result), "retry: told to fail with 1");
    assert_eq!(service.sorted(), [0, 2, 3, 5]);
    assert_eq!(offset_of(&mut handler).await, 1);
    (service, store, handler)
}

#[tokio::test(start_paused = true)]
async fn when_the_batch_is_tried_again() {
    let (service, store, mut handler) = poisoned().await;
    let result = handler.handle_batch(1, events(1, "bacbaa")).await;
    assert_eq!(text(result), "retry: told to fail with 1");
    assert_eq!(service.sorted(), [0, 2, 3, 5, 6], "what is new is done");
    handler.handle_batch(1, events(1, "bacbaaa")).await.unwrap();
    assert_eq!(service.sorted(), [0, 1, 2, 3, 4, 5, 6, 7]);
    assert_eq!(store.stored(), [1, 8]);
}

#[tokio::test(start_paused = true)]
async fn when_the_poisoned_event_is_skipped() {
    let (service, store, mut handler) = poisoned().await;
    assert_eq!(handler.skip(1, 2).await.unwrap(), 2);
    assert_eq!(stored(&store).await, Some(2), "and no further, although more is done");
    handler.handle_batch(2, events(2, "acbaab")).await.unwrap();
    assert_eq!(service.sorted(), [0, 2, 3, 4, 5, 6, 7]);
    assert_eq!(stored(&store).await, Some(8));
}

#[tokio::test(start_paused = true)]
async fn when_they_come_one_by_one() {
    let (service, store, mut handler) = poisoned().await;
    assert!(handler.handle_event(1, event(1, "b")).await.is_err());
    handler.skip(1, 2).await.unwrap();
    for (offset, event) in (2..).zip(events(2, "acba")) {
        handler.handle_event(offset, event).await.unwrap();
        assert_eq!(stored(&store).await, Some(offset + 1));
    }
    assert_eq!(service.sorted(), [0, 2, 3, 4, 5]);
}

#[tokio::test(start_paused = true)]
async fn until_the_process_ends() {
    let (service, store, handler) = poisoned().await;
    drop(handler);
    let mut restarted = Partitioned::make(&service, &store);
    assert_eq!(offset_of(&mut restarted).await, 1);
    restarted.handle_batch(1, events(1, "bacba")).await.unwrap_err();
    assert_eq!(service.sorted(), [0, 2, 2, 3, 3, 5, 5]);
}

#[tokio::test(start_paused = true)]
async fn unless_another_replica_is_past_them() {
    let (service, store, mut handler) = poisoned().await;
    store.set(&shop(), 5).await;
    assert_eq!(offset_of(&mut handler).await, 5);
    handler.handle_batch(5, events(5, "aa")).await.unwrap();
    assert_eq!(service.sorted(), [0, 2, 3, 5, 6]);
}

#[tokio::test(start_paused = true)]
async fn in_no_more_memory_than_a_batch() {
    let (service, _, mut handler) = start::<Partitioned<Service, Store>>().await;
    service.plan(0, [Plan::Fail; 50]);
    for _ in 0..50 {
        handler.handle_batch(0, events(0, "abcdefgh")).await.unwrap_err();
        let all = format!("{handler:?}");
        assert!(all.contains("handled: {1, 2, 3, 4, 5, 6, 7}"), "{all}");
    }
    handler.handle_batch(0, events(0, "abcdefgh")).await.unwrap();
    let all = format!("{handler:?}");
    assert!(all.contains("handled: {}"), "{all}");
    assert_eq!(service.made().len(), 8);
}
