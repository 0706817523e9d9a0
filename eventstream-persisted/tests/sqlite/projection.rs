//! Effect and offset are one transaction.

use eventstream_core::{Consumer, Event, EventTypes, Handler, HandlerError, Identity};
use eventstream_persisted::{SqliteProjection, SqliteTx};
use tokio_util::sync::CancellationToken;

use crate::support::*;

/// Notes the events, and fails with some.
async fn failing_at(
    place: &Place,
    bad: &'static [u64],
) -> SqliteProjection<impl eventstream_core::Apply<SqliteTx> + use<>> {
    place
        .applying(move |tx: SqliteTx, event: Event| async move {
            record(&tx, &event)?;
            if bad.contains(&event.offset) {
                return Err(format!("no {}", event.offset).into());
            }
            Ok(())
        })
        .await
}

#[tokio::test]
async fn an_event_has_its_effect_and_moves_the_offset() {
    let place = Place::new();
    let mut projection = place.recording().await;
    assert_eq!(projection.next_offset(&application()).await.unwrap(), 0);
    projection.handle_event(0, event(0)).await.unwrap();
    // Some were filtered out.
    projection.handle_event(1, event(5)).await.unwrap();
    assert_eq!(projection.next_offset(&application()).await.unwrap(), 6);
    drop(projection);
    let mut projection = place.recording().await;
    assert_eq!(projection.next_offset(&application()).await.unwrap(), 6);
    assert_eq!(place.effects(), [(0, "m-0".into()), (5, "m-5".into())]);
}

#[tokio::test]
async fn another_offset_is_a_conflict_and_nothing_happens() {
    let place = Place::new();
    let mut projection = place.recording().await;
    // Without a place, the offset is 0.
    conflict(projection.handle_event(1, event(1)).await);
    assert_eq!(place.stored_offset(), None);
    projection.handle_event(0, event(0)).await.unwrap();
    projection.handle_event(1, event(1)).await.unwrap();
    for offset in [0, 1, 3, u64::MAX] {
        conflict(projection.handle_event(offset, event(7)).await);
        conflict(projection.handle_batch(offset, events(7..9)).await);
        conflict(projection.skip(offset, offset.saturating_add(1)).await);
    }
    assert_eq!(place.check_effects(), 2);
}

#[tokio::test]
async fn of_two_projections_one_handles_an_event() {
    let place = Place::new();
    let mut one = place.recording().await;
    let mut other = place.recording().await;
    for projection in [&mut one, &mut other] {
        assert_eq!(projection.next_offset(&application()).await.unwrap(), 0);
    }
    one.handle_event(0, event(0)).await.unwrap();
    conflict(other.handle_event(0, event(0)).await);
    conflict(other.handle_batch(0, events(0..3)).await);
    conflict(other.skip(0, 3).await);
    conflict(other.begin_at(&application(), 3).await);
    assert_eq!(other.next_offset(&application()).await.unwrap(), 1);
    other.handle_batch(1, events(1..3)).await.unwrap();
    conflict(one.handle_event(1, event(1)).await);
    assert_eq!(place.check_effects(), 3);
}

#[tokio::test]
async fn a_failing_event_leaves_nothing() {
    let place = Place::new();
    let mut projection = failing_at(&place, &[1]).await;
    projection.handle_event(0, event(0)).await.unwrap();
    assert_eq!(retry(projection.handle_event(1, event(1)).await), "no 1");
    assert_eq!(projection.next_offset(&application()).await.unwrap(), 1);
    assert_eq!(place.check_effects(), 1);
}

#[tokio::test]
async fn an_error_of_the_users_stays_what_it_is() {
    let place = Place::new();
    let mut projection = place
        .applying(|_: SqliteTx, event: Event| async move {
            Err(match event.offset {
                0 => HandlerError::Reject("never".into()),
                _ => HandlerError::Conflict,
            })
        })
        .await;
    assert_eq!(reject(projection.handle_event(0, event(0)).await), "never");
    conflict(projection.handle_event(0, event(1)).await);
    assert_eq!(place.stored_offset(), None);
}

#[tokio::test]
async fn a_batch_is_one_transaction() {
    let place = Place::new();
    let mut projection = failing_at(&place, &[3]).await;
    projection.handle_batch(0, events(0..2)).await.unwrap();
    assert_eq!(retry(projection.handle_batch(2, events(2..6)).await), "no 3");
    assert_eq!(place.check_effects(), 2);
    projection.handle_batch(2, Vec::new()).await.unwrap();
    projection.handle_batch(2, events([2])).await.unwrap();
    assert_eq!(place.check_effects(), 3);
}

#[tokio::test]
async fn events_that_can_not_follow_are_refused() {
    let place = Place::new();
    let mut projection = place.recording().await;
    projection.handle_batch(0, events(0..3)).await.unwrap();
    let said = retry(projection.handle_event(3, event(2)).await);
    contains(&said, &["offset 2 can't follow offset 3"]);
    let said = retry(projection.handle_batch(3, events([3, 5, 4])).await);
    contains(&said, &["offset 4 can't follow offset 6"]);
    let said = retry(projection.handle_event(3, event(u64::MAX)).await);
    contains(&said, &["18446744073709551615"]);
    let strange = Event::new(4, parcel_of(&Identity::new("other", "other-key"), 4));
    let said = retry(projection.handle_batch(3, vec![event(3), strange]).await);
    contains(&said, &["other (other-key)", "app (app-key)"]);
    assert_eq!(place.check_effects(), 3);
}

#[tokio::test]
async fn skipping_moves_the_offset() {
    let place = Place::new();
    let mut projection = place.recording().await;
    contains(&retry(projection.skip(0, 5).await), &["ask for its offset first"]);
    assert_eq!(projection.next_offset(&application()).await.unwrap(), 0);
    assert_eq!(projection.skip(0, 5).await.unwrap(), 5);
    assert_eq!(projection.skip(5, 5).await.unwrap(), 5);
    assert_eq!(projection.skip(5, 7).await.unwrap(), 7);
    conflict(projection.skip(5, 8).await);
    assert_eq!(projection.next_offset(&application()).await.unwrap(), 7);
    assert_eq!(place.effects(), []);
}

#[tokio::test]
async fn a_start_position_is_stored_once() {
    let place = Place::new();
    let mut projection = place.recording().await;
    assert!(!projection.has_begun(&application()).await.unwrap());
    projection.begin_at(&application(), 40).await.unwrap();
    assert!(projection.has_begun(&application()).await.unwrap());
    conflict(projection.begin_at(&application(), 50).await);
    let mut projection = place.recording().await;
    assert!(projection.has_begun(&application()).await.unwrap());
    assert_eq!(projection.next_offset(&application()).await.unwrap(), 40);
    // The beginning is a position like others.
    let other = Identity::new("other", "other-key");
    assert!(!projection.has_begun(&other).await.unwrap());
    projection.begin_at(&other, 0).await.unwrap();
    assert!(projection.has_begun(&other).await.unwrap());
    conflict(projection.begin_at(&other, 0).await);
}

#[tokio::test]
async fn consumers_and_applications_are_apart() {
    let place = Place::new();
    let (app, other) = (application(), Identity::new("other", "other-key"));
    let mut one = place.recording().await;
    let builder = SqliteProjection::builder(place.database(), "two", Record);
    let mut two = builder.setup(create_effects).open().await.unwrap();
    one.handle_batch(0, events(0..3)).await.unwrap();
    one.handle_event(0, Event::new(0, parcel_of(&other, 0))).await.unwrap();
    two.handle_event(0, event(0)).await.unwrap();
    assert_eq!(one.next_offset(&app).await.unwrap(), 3);
    assert_eq!(one.next_offset(&other).await.unwrap(), 1);
    assert_eq!(two.next_offset(&app).await.unwrap(), 1);
    assert_eq!(two.next_offset(&other).await.unwrap(), 0);
    // It is the stream that was asked about last.
    assert_eq!(one.next_offset(&app).await.unwrap(), 3);
    assert_eq!(one.skip(3, 4).await.unwrap(), 4);
    assert_eq!(one.next_offset(&other).await.unwrap(), 1);
    // An application is known by its key.
    assert_eq!(one.next_offset(&Identity::new("renamed", "app-key")).await.unwrap(), 4);
}

#[tokio::test]
async fn a_panic_is_an_error_and_leaves_nothing() {
    let place = Place::new();
    let mut calls = 0;
    let mut projection = place
        .applying(move |tx: SqliteTx, event: Event| {
            calls += 1;
            async move {
                record(&tx, &event)?;
                match calls {
                    2 => panic!("a hole at {}", event.offset),
                    3 => tx.with(|_| panic!("inside")),
                    4 => std::panic::panic_any(7),
                    _ => Ok(()),
                }
            }
        })
        .await;
    projection.handle_event(0, event(0)).await.unwrap();
    for said in ["a hole at 1", "inside", "it says nothing"] {
        let text = retry(projection.handle_batch(1, events(1..3)).await);
        contains(&text, &["panicked", said, "undone"]);
        assert_eq!(place.check_effects(), 1);
    }
    projection.handle_batch(1, events(1..3)).await.unwrap();
    assert_eq!(place.check_effects(), 3);
}

#[tokio::test]
async fn a_parked_event_is_handled_out_of_turn_once() {
    use eventstream_core::ParkedEvents;

    let place = Place::new();
    let mut projection = failing_at(&place, &[1]).await;
    let (app, parked) = (application(), projection.parked());
    projection.handle_event(0, event(0)).await.unwrap();
    assert_eq!(parked.consumer(), CONSUMER);
    parked.failed(&app, &event(1), "no").await.unwrap();
    parked.failed(&app, &event(2), "no").await.unwrap();
    // Noted is not parked.
    conflict(projection.handle_parked(&app, event(2)).await);
    parked.park(&app, 1).await.unwrap();
    parked.park(&app, 2).await.unwrap();
    assert_eq!(retry(projection.handle_parked(&app, event(1)).await), "no 1");
    assert_eq!(parked.count(&app).await.unwrap(), 2);
    // Of two replicas one handles it.
    let mut other = place.recording().await;
    other.handle_parked(&app, event(2)).await.unwrap();
    conflict(projection.handle_parked(&app, event(2)).await);
    conflict(projection.handle_parked(&app, event(7)).await);
    assert_eq!(parked.count(&app).await.unwrap(), 1);
    assert_eq!(projection.next_offset(&app).await.unwrap(), 1);
    assert_eq!(place.offsets(), [0, 2]);
}

#[tokio::test]
async fn types_come_from_what_applies_the_events() {
    struct Paid;
    impl eventstream_core::Apply<SqliteTx> for Paid {
        fn event_types(&self) -> EventTypes {
            "paid".into()
        }

        async fn apply(&mut self, _: SqliteTx, _: Event) -> Result<(), HandlerError> {
            Ok(())
        }
    }
    let place = Place::new();
    assert_eq!(place.applying(Paid).await.event_types(), EventTypes::from("paid"));
    let projection = place.recording().await;
    assert_eq!(projection.event_types(), EventTypes::any());
    assert_eq!(projection.consumer(), CONSUMER);
    assert!(format!("{projection:?}").contains("record"));
}

/// As the runtime has one thread, it must not be the one that waits for the user's timers.
#[tokio::test]
async fn what_applies_an_event_can_wait() {
    let place = Place::new();
    let mut projection = place
        .applying(|tx: SqliteTx, event: Event| async move {
            tokio::time::sleep(std::time::Duration::from_millis(1)).await;
            let spawned = tokio::spawn(async move { event.offset });
            let offset = spawned.await?.cast_signed();
            tx.execute("INSERT INTO effects VALUES (?1, 'm-' || ?1)", [offset])?;
            Ok(())
        })
        .await;
    projection.handle_batch(0, events(0..3)).await.unwrap();
    assert_eq!(place.check_effects(), 3);
}

#[tokio::test]
async fn a_consumer_goes_on_where_it_was() {
    let place = Place::new();
    let store = place.store_of(100).await;
    for (batch, until) in [(1, 30), (7, 60), (1000, 100)] {
        let done = CancellationToken::new();
        let cancel = done.clone();
        let projection = place
            .applying(move |tx: SqliteTx, event: Event| {
                let recorded = record(&tx, &event);
                if event.offset + 1 == until {
                    cancel.cancel();
                }
                async { recorded }
            })
            .await;
        let stream = store.stream(EventTypes::any());
        let consumer = Consumer::new(stream, projection.event_types(), projection);
        consumer.batch(batch).run(done).await.unwrap();
        assert!(place.check_effects() >= until);
    }
    assert_eq!(place.check_effects(), 100);
}
