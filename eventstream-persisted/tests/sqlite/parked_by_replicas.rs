//! Two replicas of a projection, and an event that one of them can't handle: its effect is made once
//! at most, whatever comes first.

use eventstream_core::{Event, Handler, HandlerError, ParkedEvents};
use eventstream_persisted::SqliteTx;

use crate::support::*;

#[tokio::test]
async fn an_event_that_the_other_one_has_handled_is_not_parked() {
    let place = Place::new();
    let app = application();
    let mut slow = place
        .applying(|_: SqliteTx, _: Event| async { Err(HandlerError::Retry("it fails".into())) })
        .await;
    let mut fast = place.recording().await;
    slow.handle_event(0, event(0)).await.unwrap_err();
    fast.handle_event(0, event(0)).await.unwrap();
    // The slow one goes on with what it has begun.
    let parked = slow.parked();
    parked.failed(&app, &event(0), "it failed").await.unwrap();
    assert!(!parked.park(&app, 0).await.unwrap());
    assert!(!parked.replay(&app, 0).await.unwrap());
    conflict(slow.handle_parked(&app, event(0)).await);
    assert_eq!(parked.count(&app).await.unwrap(), 0);
    assert_eq!(place.offsets(), [0]);
}

#[tokio::test]
async fn an_event_that_the_other_one_has_parked_is_not_handled() {
    let place = Place::new();
    let app = application();
    let (mut slow, mut fast) = (place.recording().await, place.recording().await);
    assert_eq!(fast.next_offset(&app).await.unwrap(), 0);
    let parked = slow.parked();
    parked.failed(&app, &event(1), "it failed").await.unwrap();
    assert!(parked.park(&app, 1).await.unwrap());
    // The slow one has not passed over it yet.
    let events = vec![event(0), event(1), event(2)];
    conflict(fast.handle_batch(0, events).await);
    assert_eq!(fast.parked().resume(&app, 0).await.unwrap(), [1], "it is told why");
    fast.handle_event(0, event(0)).await.unwrap();
    conflict(fast.handle_event(1, event(1)).await);
    assert_eq!(fast.skip(1, 2).await.unwrap(), 2);
    fast.handle_event(2, event(2)).await.unwrap();

    assert!(parked.replay(&app, 1).await.unwrap());
    slow.handle_parked(&app, event(1)).await.unwrap();
    assert_eq!(place.offsets(), [0, 2, 1]);
}

#[tokio::test]
async fn an_event_that_was_parked_before_stays_so() {
    let place = Place::new();
    let app = application();
    let mut projection = place.recording().await;
    let parked = projection.parked();
    parked.failed(&app, &event(0), "it failed").await.unwrap();
    assert!(parked.park(&app, 0).await.unwrap());
    assert_eq!(projection.next_offset(&app).await.unwrap(), 0);
    projection.skip(0, 1).await.unwrap();
    // The other replica comes to the same end a little later.
    assert_eq!(parked.failed(&app, &event(0), "it failed").await.unwrap(), 2);
    assert!(parked.park(&app, 0).await.unwrap());
    assert_eq!(parked.count(&app).await.unwrap(), 1);
}
