//! Offsets of consumers whose effects are elsewhere.

use std::time::Duration;

use eventstream_core::{Checkpoint, Checkpoints, Handler, Identity, ParkedEvents};
use eventstream_persisted::SqliteCheckpoints;

use crate::support::*;

async fn open(place: &Place, consumer: &str) -> SqliteCheckpoints {
    SqliteCheckpoints::builder(place.database(), consumer)
        .synced()
        .busy_timeout(Duration::from_millis(1))
        .open()
        .await
        .unwrap()
}

fn at(offset: u64, incarnation: Option<u8>) -> Checkpoint {
    Checkpoint { offset, incarnation: incarnation.map(crate::support::incarnation) }
}

#[tokio::test]
async fn a_checkpoint_is_compared_and_set() {
    let place = Place::new();
    let app = application();
    let (one, other) = (open(&place, "mails").await, open(&place, "mails").await);
    assert_eq!(one.load(&app).await.unwrap(), None);
    conflict(one.store(&app, Some(at(0, None)), at(1, None)).await);
    one.store(&app, None, at(1, None)).await.unwrap();
    conflict(other.store(&app, None, at(1, None)).await);
    other.store(&app, Some(at(1, None)), at(5, Some(1))).await.unwrap();
    for wrong in [at(1, None), at(1, Some(1)), at(5, None), at(5, Some(2))] {
        conflict(one.store(&app, Some(wrong), at(6, Some(1))).await);
    }
    assert_eq!(one.load(&app).await.unwrap(), Some(at(5, Some(1))));
    // It may go back, to another incarnation.
    one.store(&app, Some(at(5, Some(1))), at(0, Some(2))).await.unwrap();
    drop((one, other));
    assert_eq!(open(&place, "mails").await.load(&app).await.unwrap(), Some(at(0, Some(2))));
}

#[tokio::test]
async fn consumers_and_applications_are_apart() {
    let place = Place::new();
    let (app, other) = (application(), Identity::new("other", "other-key"));
    let (mails, calls) = (open(&place, "mails").await, open(&place, "calls").await);
    assert_eq!((mails.consumer(), calls.parked().consumer()), ("mails", "calls"));
    mails.store(&app, None, at(1, None)).await.unwrap();
    mails.store(&other, None, at(2, None)).await.unwrap();
    calls.store(&app, None, at(3, None)).await.unwrap();
    assert_eq!(mails.load(&app).await.unwrap(), Some(at(1, None)));
    assert_eq!(mails.load(&other).await.unwrap(), Some(at(2, None)));
    assert_eq!(calls.load(&app).await.unwrap(), Some(at(3, None)));
    assert_eq!(calls.load(&other).await.unwrap(), None);
    calls.parked().failed(&app, &event(3), "no").await.unwrap();
    assert_eq!(calls.parked().failed(&app, &event(3), "no").await.unwrap(), 2);
    assert_eq!(mails.parked().failed(&app, &event(3), "no").await.unwrap(), 1);
}

#[tokio::test]
async fn what_a_projection_keeps_is_no_checkpoint() {
    let place = Place::new();
    let app = application();
    let mut projection = place.recording().await;
    let checkpoints = open(&place, CONSUMER).await;
    projection.handle_event(0, event(0)).await.unwrap();
    let said = reject(checkpoints.load(&app).await);
    contains(&said, &["record", "is a projection", "opened as a checkpoint", "another name"]);
    conflict(checkpoints.store(&app, None, at(1, None)).await);
    conflict(checkpoints.store(&app, Some(at(1, None)), at(2, None)).await);

    let other = Identity::new("other", "other-key");
    checkpoints.store(&other, None, at(0, None)).await.unwrap();
    for result in [
        projection.begin(&other, None).await,
        projection.next_offset(&other).await.map(drop),
        projection.has_begun(&other).await.map(drop),
    ] {
        contains(&reject(result), &["is a checkpoint", "opened as a projection"]);
    }
    conflict(projection.begin_at(&other, 0).await);
    conflict(projection.skip(0, 1).await);
    assert_eq!(checkpoints.load(&other).await.unwrap(), Some(at(0, None)));
}
