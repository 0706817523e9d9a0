//! A stream that took another one's place is noticed.

use eventstream_core::{Consumer, EventTypes, Handler, Identity};
use eventstream_persisted::{EmbeddedStore, SqliteConsumers};
use tokio_util::sync::CancellationToken;

use crate::support::*;

fn stored(place: &Place) -> Option<String> {
    let query = "SELECT incarnation FROM eventstream_consumers";
    place.sql().query_row(query, [], |row| row.get(0)).unwrap()
}

#[tokio::test]
async fn it_is_stored_with_the_first_offset_and_another_one_is_refused() {
    let place = Place::new();
    let app = application();
    let mut projection = place.recording().await;
    projection.begin(&app, Some(incarnation(1))).await.unwrap();
    // To begin is not to have begun.
    assert!(!projection.has_begun(&app).await.unwrap());
    projection.handle_event(0, event(0)).await.unwrap();
    assert_eq!(stored(&place), Some(incarnation(1).to_string()));
    projection.begin(&app, Some(incarnation(1))).await.unwrap();
    // A stream that can't tell is not another one.
    projection.begin(&app, None).await.unwrap();
    projection.handle_event(1, event(1)).await.unwrap();
    let mut projection = place.recording().await;
    let said = reject(projection.begin(&app, Some(incarnation(2))).await);
    let (known, found) = (incarnation(1).to_string(), incarnation(2).to_string());
    contains(&said, &[&known, &found, "record", "app (app-key)", "Reset the consumer"]);
    assert_eq!(stored(&place), Some(known));
    assert_eq!(place.check_effects(), 2);
}

#[tokio::test]
async fn it_is_stored_with_a_start_position_and_with_what_is_skipped() {
    for skips in [true, false] {
        let place = Place::new();
        let app = application();
        let mut projection = place.recording().await;
        projection.begin(&app, Some(incarnation(1))).await.unwrap();
        if skips {
            projection.skip(0, 7).await.unwrap();
        } else {
            projection.begin_at(&app, 7).await.unwrap();
        }
        assert_eq!(stored(&place), Some(incarnation(1).to_string()));
        reject(projection.begin(&app, Some(incarnation(2))).await);
    }
}

#[tokio::test]
async fn one_that_is_not_known_yet_is_added_and_so_is_a_new_name() {
    let place = Place::new();
    let mut projection = place.recording().await;
    projection.handle_event(0, event(0)).await.unwrap();
    assert_eq!(stored(&place), None);
    let renamed = Identity::new("renamed", "app-key");
    projection.begin(&renamed, Some(incarnation(1))).await.unwrap();
    assert_eq!(stored(&place), Some(incarnation(1).to_string()));
    let name = |place: &Place| -> String {
        let query = "SELECT application_name FROM eventstream_consumers";
        place.sql().query_row(query, [], |row| row.get(0)).unwrap()
    };
    assert_eq!(name(&place), "renamed");
    projection.begin(&application(), Some(incarnation(1))).await.unwrap();
    assert_eq!(name(&place), "app");
}

#[tokio::test]
async fn a_replica_of_another_incarnation_moves_nothing() {
    let place = Place::new();
    let app = application();
    let mut one = place.recording().await;
    let mut other = place.recording().await;
    one.begin(&app, Some(incarnation(1))).await.unwrap();
    // Nothing is stored that speaks against it.
    other.begin(&app, Some(incarnation(2))).await.unwrap();
    one.handle_event(0, event(0)).await.unwrap();
    // Though it may be told the right offset.
    assert_eq!(other.next_offset(&app).await.unwrap(), 1);
    conflict(other.handle_event(1, event(1)).await);
    conflict(other.skip(1, 2).await);
    reject(other.begin(&app, Some(incarnation(2))).await);
    assert_eq!(place.check_effects(), 1);
}

/// A store that was restored from a copy, and what one does about it.
#[tokio::test]
async fn a_restored_store_is_refused_until_the_consumer_is_reset() {
    let place = Place::new();
    let consume = async |store: &EmbeddedStore, until: i64| {
        let done = CancellationToken::new();
        let projection = place
            .applying({
                let done = done.clone();
                move |tx: eventstream_persisted::SqliteTx, event: eventstream_core::Event| {
                    if event.offset.cast_signed() + 1 == until {
                        done.cancel();
                    }
                    let recorded = record(&tx, &event);
                    async { recorded }
                }
            })
            .await;
        let stream = store.stream(EventTypes::any());
        Consumer::new(stream, EventTypes::any(), projection).run(done).await.unwrap();
    };
    let store = place.store_of(3).await;
    consume(&store, 3).await;
    drop(store);
    let store = EmbeddedStore::builder(place.store()).restored().open().await.unwrap();
    let mut projection = place.recording().await;
    let now = Some(store.incarnation());
    contains(&reject(projection.begin(&application(), now).await), &["restored"]);
    let consumers = SqliteConsumers::open(place.database()).await.unwrap();
    assert!(consumers.reset(CONSUMER, "app-key", 1).await.unwrap());
    consume(&store, 3).await;
    assert_eq!(place.offsets(), [0, 1, 2, 1, 2]);
    projection.begin(&application(), now).await.unwrap();
}
