//! Offsets are larger than SQLite's integers.

use eventstream_core::{Checkpoint, Checkpoints, Handler, ParkedEvents};
use eventstream_persisted::{SqliteCheckpoints, SqliteConsumers};

use crate::support::*;

/// Around where SQLite's integers end, and at the end of the offsets.
const LARGE: [u64; 5] = [(1 << 63) - 2, (1 << 63) - 1, 1 << 63, u64::MAX - 2, u64::MAX - 1];

#[tokio::test]
async fn a_projection_goes_to_the_end_of_the_offsets() {
    let place = Place::new();
    let app = application();
    let mut projection = place.recording().await;
    let mut next = 0;
    for offset in LARGE {
        assert_eq!(projection.skip_to(next, offset).await, offset);
        projection.handle_event(offset, event(offset)).await.unwrap();
        next = offset + 1;
        assert_eq!(projection.next_offset(&app).await.unwrap(), next);
        conflict(projection.handle_event(offset, event(offset)).await);
    }
    assert_eq!(next, u64::MAX);
    let consumers = SqliteConsumers::open(place.database()).await.unwrap();
    assert_eq!(consumers.list().await.unwrap()[0].next_offset, u64::MAX);
    assert_eq!(place.offsets(), LARGE.map(u64::cast_signed));
    assert!(consumers.reset(CONSUMER, "app-key", 1 << 63).await.unwrap());
    assert_eq!(projection.next_offset(&app).await.unwrap(), 1 << 63);
}

trait SkipTo {
    async fn skip_to(&mut self, offset: u64, next: u64) -> u64;
}

impl<H: Handler> SkipTo for H {
    async fn skip_to(&mut self, offset: u64, next: u64) -> u64 {
        assert_eq!(self.next_offset(&application()).await.unwrap(), offset);
        self.skip(offset, next).await.unwrap()
    }
}

#[tokio::test]
async fn a_start_position_may_be_large() {
    let place = Place::new();
    let mut projection = place.recording().await;
    projection.begin_at(&application(), u64::MAX - 1).await.unwrap();
    projection.handle_event(u64::MAX - 1, event(u64::MAX - 1)).await.unwrap();
    assert_eq!(projection.next_offset(&application()).await.unwrap(), u64::MAX);
}

#[tokio::test]
async fn so_may_a_checkpoint() {
    let place = Place::new();
    let app = application();
    let checkpoints = SqliteCheckpoints::builder(place.database(), CONSUMER).open().await.unwrap();
    let mut expected = None;
    for offset in LARGE {
        let checkpoint = Checkpoint { offset, incarnation: None };
        checkpoints.store(&app, expected, checkpoint).await.unwrap();
        expected = Some(checkpoint);
        assert_eq!(checkpoints.load(&app).await.unwrap(), expected);
    }
}

#[tokio::test]
async fn parked_events_are_in_the_order_of_the_offsets() {
    let place = Place::new();
    let app = application();
    let parked = place.recording().await.parked();
    let mut all = vec![3, 5];
    all.extend(LARGE);
    for offset in all.iter().rev() {
        parked.failed(&app, &event(*offset), "no").await.unwrap();
        parked.park(&app, *offset).await.unwrap();
    }
    for from in 0..all.len() {
        let offset = all[from];
        assert_eq!(parked.resume(&app, offset).await.unwrap(), all[from..]);
        let listed = parked.list(&app, offset, 2).await.unwrap();
        let listed: Vec<u64> = listed.iter().map(|parked| parked.event.offset).collect();
        assert_eq!(listed, all[from..all.len().min(from + 2)]);
    }
    assert_eq!(parked.resume(&app, 4).await.unwrap(), all[1..]);
    assert_eq!(parked.resume(&app, u64::MAX).await.unwrap(), [0; 0]);
    for offset in [u64::MAX - 1, 5, 1 << 63] {
        assert!(parked.replay(&app, offset).await.unwrap());
    }
    for offset in [5, 1 << 63, u64::MAX - 1] {
        let next = parked.next_replay(&app).await.unwrap().unwrap();
        assert_eq!(next.event, event(offset));
        assert!(parked.remove(&app, offset).await.unwrap());
    }
    // A note below a large offset is forgotten, one past it stays.
    parked.failed(&app, &event(4), "no").await.unwrap();
    parked.failed(&app, &event(u64::MAX - 1), "no").await.unwrap();
    parked.resume(&app, 1 << 63).await.unwrap();
    assert_eq!(parked.failed(&app, &event(4), "no").await.unwrap(), 1);
    assert_eq!(parked.failed(&app, &event(u64::MAX - 1), "no").await.unwrap(), 2);
    // From a large offset on, the small ones stay.
    let consumers = SqliteConsumers::open(place.database()).await.unwrap();
    let mut projection = place.recording().await;
    projection.begin_at(&app, 9).await.unwrap();
    assert!(consumers.reset(CONSUMER, "app-key", 1 << 63).await.unwrap());
    assert_eq!(parked.resume(&app, 0).await.unwrap(), [3, (1 << 63) - 2, (1 << 63) - 1]);
}
