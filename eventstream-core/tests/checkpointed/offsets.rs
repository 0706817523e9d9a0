//! What moves the offset, and what does not.

use eventstream_core::{Checkpointed, EventTypes, Identity, Partitioned};

use crate::support::{
    Fault, Make, Service, Store, both, event, events, is_conflict, offset_of, shop, start, stored,
    text,
};

both!(
    is_stored_after_each_event,
    is_stored_once_for_a_batch,
    is_read_anew_after_a_restart,
    that_is_another_is_a_conflict_and_without_effect,
    needs_a_stream,
    is_moved_by_skipping,
    is_not_moved_back_by_skipping,
    can_begin_anywhere_once,
    is_not_moved_by_parked_events,
    of_another_application_is_another,
    of_nothing_is_not_stored,
);

async fn is_stored_after_each_event<H: Make>() {
    let (service, store, mut handler) = start::<H>().await;
    handler.handle_event(0, event(0, "a")).await.unwrap();
    // Offset 1 was filtered out.
    handler.handle_event(1, event(2, "a")).await.unwrap();
    assert_eq!(service.made(), [0, 2]);
    assert_eq!(store.stored(), [1, 3]);
    assert_eq!(store.loads(), 1, "the checkpoint is known");
    assert_eq!(offset_of(&mut handler).await, 3);
}

async fn is_stored_once_for_a_batch<H: Make>() {
    let (service, store, mut handler) = start::<H>().await;
    handler.handle_batch(0, events(0, "aabac")).await.unwrap();
    assert_eq!(service.sorted(), [0, 1, 2, 3, 4]);
    assert_eq!(store.stored(), [5]);
    handler.handle_batch(5, events(7, "ab")).await.unwrap();
    assert_eq!(store.stored(), [5, 9]);
}

async fn is_read_anew_after_a_restart<H: Make>() {
    let (service, store, mut handler) = start::<H>().await;
    handler.handle_batch(0, events(0, "aa")).await.unwrap();
    let mut restarted = H::make(&service, &store);
    assert_eq!(offset_of(&mut restarted).await, 2);
    restarted.handle_event(2, event(2, "a")).await.unwrap();
    assert_eq!(service.made(), [0, 1, 2]);
}

async fn that_is_another_is_a_conflict_and_without_effect<H: Make>() {
    let (service, store, mut handler) = start::<H>().await;
    handler.handle_event(0, event(0, "a")).await.unwrap();
    for offset in [0, 2] {
        assert!(is_conflict(&handler.handle_event(offset, event(2, "a")).await));
        assert!(is_conflict(&handler.handle_batch(offset, events(2, "aa")).await));
        assert!(is_conflict(&handler.skip(offset, 9).await));
    }
    assert_eq!(service.begun(), [0]);
    assert_eq!(store.stored(), [1]);
}

async fn needs_a_stream<H: Make>() {
    let (service, store) = (Service::new(), Store::new());
    let mut handler = H::make(&service, &store);
    let what = "retry: the handler was not told of a stream: call `next_offset` first";
    assert_eq!(text(handler.handle_event(0, event(0, "a")).await), what);
    assert_eq!(text(handler.skip(0, 1).await.map(drop)), what);
    assert!(service.begun().is_empty());
    handler.next_offset(&shop()).await.unwrap();
    handler.handle_event(0, event(0, "a")).await.unwrap();
}

async fn is_moved_by_skipping<H: Make>() {
    let (service, store, mut handler) = start::<H>().await;
    assert_eq!(handler.skip(0, 70).await.unwrap(), 70);
    assert_eq!(store.stored(), [70]);
    assert_eq!(offset_of(&mut H::make(&service, &store)).await, 70);
    handler.handle_event(70, event(70, "a")).await.unwrap();
    assert_eq!(handler.skip(71, 80).await.unwrap(), 80);
    assert_eq!(store.stored(), [70, 71, 80]);
}

async fn is_not_moved_back_by_skipping<H: Make>() {
    let (_, store, mut handler) = start::<H>().await;
    handler.skip(0, 7).await.unwrap();
    assert_eq!(handler.skip(7, 7).await.unwrap(), 7);
    assert_eq!(handler.skip(7, 3).await.unwrap(), 7);
    assert_eq!(store.stored(), [7]);
}

async fn can_begin_anywhere_once<H: Make>() {
    let (service, store) = (Service::new(), Store::new());
    let mut handler = H::make(&service, &store);
    assert!(!handler.has_begun(&shop()).await.unwrap());
    handler.begin_at(&shop(), 40).await.unwrap();
    assert!(handler.has_begun(&shop()).await.unwrap());
    assert_eq!(offset_of(&mut handler).await, 40);
    assert!(is_conflict(&handler.begin_at(&shop(), 50).await));
    let mut replica = H::make(&service, &store);
    assert!(is_conflict(&replica.begin_at(&shop(), 50).await));
    assert!(replica.has_begun(&shop()).await.unwrap());
    handler.handle_event(40, event(41, "a")).await.unwrap();
    assert_eq!(store.stored(), [40, 42]);
    // Offset 0 is one, too, and not the same as none.
    let mut other = H::make(&service, &Store::new());
    other.begin_at(&shop(), 0).await.unwrap();
    assert!(other.has_begun(&shop()).await.unwrap());
}

async fn is_not_moved_by_parked_events<H: Make>() {
    let (service, store, mut handler) = start::<H>().await;
    handler.skip(0, 9).await.unwrap();
    handler.handle_parked(&shop(), event(3, "a")).await.unwrap();
    handler.handle_parked(&shop(), event(3, "a")).await.unwrap();
    assert_eq!(service.made(), [3, 3], "it is for others to know whether it still is parked");
    assert_eq!(store.stored(), [9]);
    assert_eq!(offset_of(&mut handler).await, 9);
}

async fn of_another_application_is_another<H: Make>() {
    let (service, store, mut handler) = start::<H>().await;
    handler.handle_event(0, event(0, "a")).await.unwrap();
    store.faults([Fault::Fail]);
    handler.handle_event(1, event(1, "a")).await.unwrap_err();
    let bank = Identity::new("bank", "c7a2");
    assert_eq!(handler.next_offset(&bank).await.unwrap(), 0);
    handler.handle_batch(0, events(0, "aa")).await.unwrap();
    assert_eq!(service.made(), [0, 1, 0, 1], "what was handled of one says nothing of another");
    assert_eq!(stored(&store).await, Some(1));
    assert_eq!(offset_of(&mut handler).await, 1);
}

async fn of_nothing_is_not_stored<H: Make>() {
    let (_, store, mut handler) = start::<H>().await;
    handler.handle_batch(0, Vec::new()).await.unwrap();
    assert!(store.stored().is_empty());
}

#[test]
fn event_types_are_those_of_what_is_applied() {
    let types = EventTypes::from("order.placed");
    assert_eq!(Checkpointed::new(Service::new(), Store::new()).event_types(), types);
    assert_eq!(Partitioned::new(Service::new(), Store::new()).event_types(), types);
}
