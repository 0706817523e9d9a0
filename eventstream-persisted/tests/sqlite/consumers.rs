//! A database that is looked at from outside.

use std::time::{Duration, SystemTime};

use eventstream_core::{Checkpoint, Checkpoints, Handler, Identity, ParkedEvents};
use eventstream_persisted::{SqliteCheckpoints, SqliteConsumerKind, SqliteConsumers};

use crate::support::*;

#[tokio::test]
async fn they_are_listed() {
    let place = Place::new();
    let (app, other) = (application(), Identity::new("other", "other-key"));
    let mut projection = place.recording().await;
    let consumers = SqliteConsumers::open(place.database()).await.unwrap();
    assert_eq!(consumers.list().await.unwrap(), []);

    let before = SystemTime::now() - Duration::from_micros(1);
    projection.begin(&app, Some(incarnation(1))).await.unwrap();
    for offset in [2, 3, 5] {
        projection.parked().failed(&app, &event(offset), "no").await.unwrap();
    }
    projection.parked().park(&app, 3).await.unwrap();
    projection.parked().park(&app, 5).await.unwrap();
    projection.parked().replay(&app, 5).await.unwrap();
    projection.handle_batch(0, events([0, 1, 2, 4, 6])).await.unwrap();
    projection.begin_at(&other, 40).await.unwrap();
    let mails = SqliteCheckpoints::builder(place.database(), "mails").open().await.unwrap();
    mails.store(&app, None, Checkpoint { offset: 9, incarnation: None }).await.unwrap();

    let listed = consumers.list().await.unwrap();
    let [mails, app_s, other_s] = &listed[..] else { panic!("{listed:?}") };
    assert_eq!((mails.name.as_str(), mails.next_offset, mails.parked), ("mails", 9, 0));
    assert_eq!((mails.kind, mails.incarnation), (SqliteConsumerKind::Checkpoint, None));
    assert_eq!((&app_s.application, &other_s.application), (&app, &other));
    assert_eq!((app_s.name.as_str(), app_s.next_offset, app_s.parked), (CONSUMER, 7, 2));
    assert_eq!(app_s.kind, SqliteConsumerKind::Projection);
    assert_eq!(app_s.incarnation, Some(incarnation(1)));
    assert_eq!((other_s.next_offset, other_s.parked), (40, 0));
    for one in &listed {
        assert!(before <= one.updated_at && one.updated_at <= SystemTime::now());
    }
}

#[tokio::test]
async fn one_is_reset_while_it_runs() {
    let place = Place::new();
    let app = application();
    let mut projection = place.recording().await;
    projection.begin(&app, Some(incarnation(1))).await.unwrap();
    let parked = projection.parked();
    for offset in [2, 5] {
        parked.failed(&app, &event(offset), "no").await.unwrap();
        parked.park(&app, offset).await.unwrap();
    }
    projection.handle_batch(0, events([0, 1, 3, 4, 6])).await.unwrap();
    let consumers = SqliteConsumers::open(place.database()).await.unwrap();
    assert!(!consumers.reset("nobody", "app-key", 4).await.unwrap());
    assert!(!consumers.reset(CONSUMER, "other-key", 4).await.unwrap());
    assert_eq!(parked.count(&app).await.unwrap(), 2);
    assert!(consumers.reset(CONSUMER, "app-key", 4).await.unwrap());
    let listed = consumers.list().await.unwrap();
    assert_eq!((listed[0].next_offset, listed[0].incarnation), (4, None));
    conflict(projection.handle_event(7, event(7)).await);
    assert_eq!(projection.next_offset(&app).await.unwrap(), 4);
    // What comes again is not passed over; what does not, stays parked.
    assert_eq!(parked.resume(&app, 4).await.unwrap(), [0; 0]);
    assert_eq!(parked.resume(&app, 0).await.unwrap(), [2]);
    projection.begin(&app, Some(incarnation(2))).await.unwrap();
    projection.handle_event(4, event(4)).await.unwrap();
    assert_eq!(consumers.list().await.unwrap()[0].incarnation, Some(incarnation(2)));
}

#[tokio::test]
async fn one_is_removed() {
    let place = Place::new();
    let (app, other) = (application(), Identity::new("other", "other-key"));
    let mut projection = place.recording().await;
    let parked = projection.parked();
    for source in [&app, &other] {
        parked.failed(source, &event(2), "no").await.unwrap();
        parked.park(source, 2).await.unwrap();
    }
    projection.begin_at(&app, 3).await.unwrap();
    projection.begin_at(&other, 4).await.unwrap();
    let consumers = SqliteConsumers::open(place.database()).await.unwrap();
    assert!(!consumers.remove("nobody", "app-key").await.unwrap());
    assert!(consumers.remove(CONSUMER, "app-key").await.unwrap());
    assert!(!consumers.remove(CONSUMER, "app-key").await.unwrap());
    assert!(!projection.has_begun(&app).await.unwrap());
    assert_eq!(projection.next_offset(&other).await.unwrap(), 4);
    assert_eq!(parked.count(&app).await.unwrap(), 0);
    assert_eq!(parked.count(&other).await.unwrap(), 1);
    assert_eq!(consumers.list().await.unwrap().len(), 1);
}

#[tokio::test]
async fn parked_events_are_got_at() {
    let place = Place::new();
    let app = application();
    let mut projection = place.recording().await;
    projection.parked().failed(&app, &event(0), "no").await.unwrap();
    projection.parked().park(&app, 0).await.unwrap();
    let consumers = SqliteConsumers::open(place.database()).await.unwrap();
    let parked = consumers.parked(CONSUMER);
    assert_eq!(parked.list(&app, 0, 9).await.unwrap()[0].event, event(0));
    assert!(parked.replay(&app, 0).await.unwrap());
    let next = projection.parked().next_replay(&app).await.unwrap().unwrap();
    projection.handle_parked(&app, next.event).await.unwrap();
    assert!(!parked.remove(&app, 0).await.unwrap());
    assert_eq!(place.offsets(), [0]);
    assert_eq!(consumers.parked("nobody").list(&app, 0, 9).await.unwrap(), []);
}

#[tokio::test]
async fn many_parked_events_are_replayed_or_given_up_at_once() {
    let place = Place::new();
    let app = application();
    let parked = place.recording().await.parked();
    for offset in [1, 2, 3, 5, u64::MAX] {
        parked.failed(&app, &event(offset), "no").await.unwrap();
    }
    for offset in [u64::MAX, 5, 1, 2] {
        parked.park(&app, offset).await.unwrap();
    }
    place.sql().execute("UPDATE eventstream_parked SET event = x'ff'", []).unwrap();
    let outside = SqliteConsumers::open(place.database()).await.unwrap().parked(CONSUMER);
    assert_eq!(outside.offsets(&app).await.unwrap(), [1, 2, 5, u64::MAX]);
    assert_eq!(outside.offsets(&Identity::new("other", "other-key")).await.unwrap(), [0; 0]);

    // 3 is still being tried, and 4 is not known.
    assert_eq!(outside.replay_all(&app, vec![5, 4, 3, 1]).await.unwrap(), [5, 1]);
    let replaying: i64 = place
        .sql()
        .query_row("SELECT sum(state = 'replaying') FROM eventstream_parked", [], |row| row.get(0))
        .unwrap();
    assert_eq!(replaying, 2);
    assert_eq!(outside.drop_all(&app, vec![1, 2, 3, 4, u64::MAX]).await.unwrap(), [1, 2, u64::MAX]);
    assert_eq!(outside.offsets(&app).await.unwrap(), [5]);
    // What is still being tried has not been tried less often for it.
    assert_eq!(parked.failed(&app, &event(3), "no").await.unwrap(), 2);
    assert_eq!(outside.drop_all(&app, Vec::new()).await.unwrap(), [0; 0]);
}
