//! Events that fail.

use eventstream_core::{Handler, HandlerError, Partitioned};

use crate::support::{Fault, Make, Plan, Service, Store, both, event, events, offset_of};
use crate::support::{shop, start, stored, text};

both!(
    in_the_middle_keep_what_was_done_before,
    at_the_start_change_nothing,
    keep_their_kind,
    are_not_hidden_by_a_store_that_fails,
    of_parked_events_are_errors,
);

async fn in_the_middle_keep_what_was_done_before<H: Make>() {
    let (service, store, mut handler) = start::<H>().await;
    service.plan(2, [Plan::Fail]);
    let result = handler.handle_batch(0, events(0, "aaaa")).await;
    assert_eq!(text(result), "retry: told to fail with 2");
    assert_eq!(service.made(), [0, 1]);
    assert_eq!(store.stored(), [2]);
    assert_eq!(offset_of(&mut handler).await, 2);
    handler.handle_batch(2, events(2, "aa")).await.unwrap();
    assert_eq!(service.made(), [0, 1, 2, 3]);
}

async fn at_the_start_change_nothing<H: Make>() {
    let (service, store, mut handler) = start::<H>().await;
    service.plan(0, [Plan::Fail, Plan::Fail]);
    let result = handler.handle_batch(0, events(0, "aa")).await;
    assert_eq!(text(result), "retry: told to fail with 0");
    let result = handler.handle_event(0, event(0, "a")).await;
    assert_eq!(text(result), "retry: told to fail with 0");
    assert!(service.made().is_empty());
    assert_eq!(stored(&store).await, None);
    handler.handle_event(0, event(0, "a")).await.unwrap();
}

async fn keep_their_kind<H: Make>() {
    let (service, _, mut handler) = start::<H>().await;
    service.plan(1, [Plan::Reject]);
    let result = handler.handle_batch(0, events(0, "aa")).await;
    assert_eq!(text(result), "reject: told to reject 1");
}

async fn are_not_hidden_by_a_store_that_fails<H: Make>() {
    let (service, store, mut handler) = start::<H>().await;
    service.plan(1, [Plan::Reject]);
    store.faults([Fault::Fail]);
    let result = handler.handle_batch(0, events(0, "aa")).await;
    assert_eq!(text(result), "reject: told to reject 1");
    assert_eq!(stored(&store).await, None);
}

async fn of_parked_events_are_errors<H: Make>() {
    let (service, _, mut handler) = start::<H>().await;
    service.plan(3, [Plan::Fail]);
    let result = handler.handle_parked(&shop(), event(3, "a")).await;
    assert_eq!(text(result), "retry: told to fail with 3");
}

/// A handler whose first batch is at hand.
async fn partitioned() -> (Service, Store, Partitioned<Service, Store>) {
    start().await
}

#[tokio::test(start_paused = true)]
async fn of_one_partition_do_not_stop_the_others() {
    let (service, store, mut handler) = partitioned().await;
    service.plan(1, [Plan::Fail]);
    service.plan(4, [Plan::Take(500)]);
    let result = handler.handle_batch(0, events(0, "abcbabcc")).await;
    assert_eq!(text(result), "retry: told to fail with 1");
    assert_eq!(service.sorted(), [0, 2, 4, 6, 7], "those of b wait");
    assert_eq!(service.begun().iter().filter(|it| [3, 5].contains(it)).count(), 0);
    assert_eq!(store.stored(), [1], "the low-water mark");
}

#[tokio::test(start_paused = true)]
async fn of_several_partitions_are_told_by_the_lowest_offset() {
    let (service, _, mut handler) = partitioned().await;
    // The lowest one fails neither first nor last.
    service.plan(1, [Plan::FailAfter(20)]);
    service.plan(2, [Plan::FailAfter(10)]);
    service.plan(3, [Plan::FailAfter(30)]);
    let result = handler.handle_batch(0, events(0, "abcd")).await;
    assert_eq!(text(result), "retry: told to fail with 1");
}

#[tokio::test(start_paused = true)]
async fn are_panics_too_and_kill_nothing() {
    let (service, store, mut handler) = partitioned().await;
    service.plan(1, [Plan::Panic]);
    let result = handler.handle_batch(0, events(0, "abcb")).await;
    assert_eq!(text(result), "retry: handling the event panicked: told to panic with 1");
    assert_eq!(service.sorted(), [0, 2]);
    assert_eq!(store.stored(), [1]);
    handler.handle_batch(1, events(1, "bcb")).await.unwrap();
    assert_eq!(service.sorted(), [0, 1, 2, 3]);
    service.plan(1, [Plan::Panic]);
    let result = handler.handle_parked(&shop(), event(1, "b")).await;
    assert_eq!(text(result), "retry: handling the event panicked: told to panic with 1");
}

#[tokio::test(start_paused = true)]
async fn are_panics_of_any_kind() {
    let odd = |(), _: eventstream_core::Event| async {
        std::panic::panic_any(7);
        #[allow(unreachable_code)]
        Ok::<(), HandlerError>(())
    };
    let mut handler = Partitioned::new(odd, Store::new());
    assert_eq!(offset_of(&mut handler).await, 0);
    let result = handler.handle_event(0, event(0, "a")).await;
    assert_eq!(text(result), "retry: handling the event panicked: it does not say why");
}
