//! Others who write to the database.

use std::time::Duration;

use eventstream_core::{Handler, ParkedEvents};
use eventstream_persisted::{SqliteCheckpoints, SqliteConsumers};

use crate::support::*;

/// Shorter than usual: it is waited for in full.
const SHORT: Duration = Duration::from_millis(20);

#[tokio::test]
async fn a_lock_that_stays_is_an_error_and_is_got_over() {
    let place = Place::new();
    let app = application();
    let mut projection = recording(&place.database()).busy_timeout(SHORT).open().await.unwrap();
    let parked = projection.parked();
    projection.handle_event(0, event(0)).await.unwrap();
    parked.failed(&app, &event(1), "no").await.unwrap();

    let other = place.sql();
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    for said in [
        retry(projection.handle_event(1, event(1)).await),
        retry(projection.handle_batch(1, events(1..3)).await),
        retry(projection.skip(1, 2).await.map(drop)),
        retry(projection.begin_at(&app, 7).await),
        retry(projection.handle_parked(&app, event(1)).await),
        retry(projection.begin(&app, Some(incarnation(1))).await),
    ] {
        contains(&said, &["the database is locked", "20ms", "/database"]);
    }
    let error = parked.failed(&app, &event(1), "no").await.unwrap_err();
    assert!(error.is_retryable());
    contains(&text(&error), &["the database is locked"]);
    for error in [
        recording(&place.database()).busy_timeout(SHORT).open().await.map(drop).unwrap_err(),
        SqliteCheckpoints::builder(place.database(), "mails")
            .busy_timeout(SHORT)
            .open()
            .await
            .map(drop)
            .unwrap_err(),
    ] {
        assert!(error.is_retryable());
        contains(&text(&error), &["open failed", "the database is locked"]);
    }
    // Who only reads is not in the way of who writes, nor the other way round.
    assert_eq!(projection.next_offset(&app).await.unwrap(), 1);
    assert!(projection.has_begun(&app).await.unwrap());
    assert_eq!(parked.count(&app).await.unwrap(), 0);
    let consumers = SqliteConsumers::open(place.database()).await.unwrap();
    assert_eq!(consumers.list().await.unwrap().len(), 1);

    other.execute_batch("ROLLBACK").unwrap();
    projection.handle_event(1, event(1)).await.unwrap();
    assert_eq!(place.check_effects(), 2);
}

#[tokio::test]
async fn a_lock_that_goes_is_waited_for() {
    let place = Place::new();
    let mut projection = place.recording().await;
    let other = place.sql();
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    let handling = tokio::spawn(async move { projection.handle_event(0, event(0)).await });
    for _ in 0..20 {
        tokio::task::yield_now().await;
        assert!(!handling.is_finished());
    }
    other.execute_batch("ROLLBACK").unwrap();
    handling.await.unwrap().unwrap();
    assert_eq!(place.check_effects(), 1);
}
