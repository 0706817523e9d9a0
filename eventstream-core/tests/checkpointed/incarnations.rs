//! Streams that took the place of others.

use eventstream_core::{Checkpoint, Checkpoints, Incarnation};

use crate::support::{
    Fault, Make, Service, Store, both, event, events, offset_of, shop, start, stored, text,
};

both!(
    are_stored_with_the_offset,
    that_are_others_are_refused_by_name,
    that_come_while_the_process_lives_have_nothing_handled,
    that_were_not_known_are_noted,
    that_cannot_be_told_leave_what_is_known,
    are_stored_with_a_start_position,
);

const ONE: Option<Incarnation> = Some(Incarnation::from_bytes([1; 16]));
const TWO: Option<Incarnation> = Some(Incarnation::from_bytes([2; 16]));

async fn checkpoint(store: &Store) -> Checkpoint {
    store.load(&shop()).await.unwrap().expect("there is one")
}

async fn are_stored_with_the_offset<H: Make>() {
    let (_, store, mut handler) = start::<H>().await;
    handler.begin(&shop(), ONE).await.unwrap();
    handler.handle_event(0, event(0, "a")).await.unwrap();
    assert_eq!(checkpoint(&store).await, Checkpoint { offset: 1, incarnation: ONE });
    handler.begin(&shop(), ONE).await.unwrap();
    assert_eq!(offset_of(&mut handler).await, 1);
    handler.skip(1, 5).await.unwrap();
    assert_eq!(checkpoint(&store).await, Checkpoint { offset: 5, incarnation: ONE });
}

async fn that_are_others_are_refused_by_name<H: Make>() {
    let (service, store, mut handler) = start::<H>().await;
    handler.begin(&shop(), ONE).await.unwrap();
    handler.handle_event(0, event(0, "a")).await.unwrap();
    let mut restarted = H::make(&service, &store);
    for handler in [&mut handler, &mut restarted] {
        let said = text(handler.begin(&shop(), TWO).await);
        let stream = shop().to_string();
        let named = [stream.as_str(), "offset 1", "01010101-0101", "02020202-0202"];
        assert!(named.iter().all(|name| said.contains(name)), "{said}");
        assert!(said.contains("Restore the checkpoint"), "it says what to do: {said}");
        // And nobody gets round it.
        let again = text(handler.next_offset(&shop()).await.map(drop));
        assert_eq!(again, said);
        assert_eq!(text(handler.handle_event(1, event(1, "a")).await), said);
    }
    assert_eq!(checkpoint(&store).await, Checkpoint { offset: 1, incarnation: ONE });
    assert_eq!(service.made(), [0]);
    // The backup is put back.
    restarted.begin(&shop(), ONE).await.unwrap();
    assert_eq!(offset_of(&mut restarted).await, 1);
}

async fn that_come_while_the_process_lives_have_nothing_handled<H: Make>() {
    let (service, store, mut handler) = start::<H>().await;
    handler.begin(&shop(), ONE).await.unwrap();
    store.faults([Fault::Fail]);
    handler.handle_batch(0, events(0, "aa")).await.unwrap_err();
    handler.begin(&shop(), TWO).await.unwrap();
    assert_eq!(offset_of(&mut handler).await, 0);
    handler.handle_batch(0, events(0, "aa")).await.unwrap();
    assert_eq!(service.made(), [0, 1, 0, 1]);
    assert_eq!(checkpoint(&store).await, Checkpoint { offset: 2, incarnation: TWO });
}

async fn that_were_not_known_are_noted<H: Make>() {
    let (service, store, mut handler) = start::<H>().await;
    handler.handle_event(0, event(0, "a")).await.unwrap();
    assert_eq!(checkpoint(&store).await.incarnation, None);
    let mut restarted = H::make(&service, &store);
    restarted.begin(&shop(), ONE).await.unwrap();
    assert_eq!(offset_of(&mut restarted).await, 1);
    restarted.handle_event(1, event(1, "a")).await.unwrap();
    assert_eq!(checkpoint(&store).await, Checkpoint { offset: 2, incarnation: ONE });
}

async fn that_cannot_be_told_leave_what_is_known<H: Make>() {
    let (_, store, mut handler) = start::<H>().await;
    handler.begin(&shop(), ONE).await.unwrap();
    handler.handle_event(0, event(0, "a")).await.unwrap();
    handler.begin(&shop(), None).await.unwrap();
    assert_eq!(offset_of(&mut handler).await, 1);
    handler.handle_event(1, event(1, "a")).await.unwrap();
    assert_eq!(checkpoint(&store).await, Checkpoint { offset: 2, incarnation: ONE });
    assert!(handler.begin(&shop(), TWO).await.is_err());
}

async fn are_stored_with_a_start_position<H: Make>() {
    let (service, store) = (Service::new(), Store::new());
    let mut handler = H::make(&service, &store);
    handler.begin(&shop(), ONE).await.unwrap();
    assert!(!handler.has_begun(&shop()).await.unwrap());
    handler.begin_at(&shop(), 9).await.unwrap();
    assert_eq!(checkpoint(&store).await, Checkpoint { offset: 9, incarnation: ONE });
    assert_eq!(stored(&store).await, Some(9));
    assert_eq!(offset_of(&mut handler).await, 9);
}
