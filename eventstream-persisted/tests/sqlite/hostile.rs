//! What people do to a connection that they should not, and what is rare but allowed.

use bytes::Bytes;
use eventstream_core::{Envelope, Event, Handler, Parcel, ParkedEvents};
use eventstream_persisted::{SqliteConsumers, SqliteProjection, SqliteTx};

use crate::support::*;

/// Whatever the first attempt has left on its connection, the second one does not meet it.
#[tokio::test]
async fn what_a_failed_attempt_has_set_or_attached_is_gone_with_it() {
    for statement in
        ["PRAGMA query_only = ON", "PRAGMA locking_mode = EXCLUSIVE", "ATTACH ':memory:' AS more"]
    {
        let place = Place::new();
        let mut attempts = 0;
        let mut projection = place
            .applying(move |tx: SqliteTx, event: Event| {
                attempts += 1;
                let done = tx
                    .with(|sql| Ok(sql.execute_batch(statement)?))
                    .and_then(|()| if attempts == 1 { Err("it fails".into()) } else { Ok(()) })
                    .and_then(|()| {
                        let undo = "PRAGMA query_only = OFF; PRAGMA locking_mode = NORMAL";
                        tx.with(|sql| Ok(sql.execute_batch(undo)?))
                    })
                    .and_then(|()| record(&tx, &event));
                async { done }
            })
            .await;
        contains(&retry(projection.handle_event(0, event(0)).await), &["it fails"]);
        // Others can write to the database, too.
        let parked = projection.parked();
        parked.failed(&application(), &event(0), "it fails").await.unwrap();
        projection.handle_event(0, event(0)).await.unwrap();
        assert_eq!(place.check_effects(), 1, "{statement}");
    }
}

#[tokio::test]
async fn consumers_can_have_any_name() {
    let place = Place::new();
    let long = "n".repeat(100_000);
    let names = ["'; DROP TABLE effects; --", "a", "a\0b", "a%", "\u{202e}", " ", "ä\n", &long];
    for name in names {
        let projection = SqliteProjection::builder(place.database(), name, Record);
        let mut projection = projection.setup(create_effects).open().await.unwrap();
        assert_eq!(projection.next_offset(&application()).await.unwrap(), 0, "{name:?}");
        projection.handle_event(0, event(0)).await.unwrap();
    }
    assert_eq!(place.offsets(), [0; 8]);
    let consumers = SqliteConsumers::open(place.database()).await.unwrap();
    for name in names {
        assert!(consumers.remove(name, &application().key).await.unwrap(), "{name:?}");
    }
    assert_eq!(consumers.list().await.unwrap(), []);
}

#[tokio::test]
async fn a_large_event_can_be_parked_and_replayed() {
    let place = Place::new();
    let app = application();
    let envelope = Envelope { data: Bytes::from(vec![7; 16 << 20]), ..parcel(0).to_envelope() };
    let large = Event::new(0, Parcel::seal(envelope).unwrap());
    let mut projection = place.recording().await;
    let parked = projection.parked();
    for attempts in 1..=3 {
        assert_eq!(parked.failed(&app, &large, "it failed").await.unwrap(), attempts);
    }
    assert!(parked.park(&app, 0).await.unwrap());
    assert!(parked.replay(&app, 0).await.unwrap());
    let next = parked.next_replay(&app).await.unwrap().unwrap();
    assert_eq!(next.event, large);
    projection.handle_parked(&app, next.event).await.unwrap();
    assert_eq!((parked.count(&app).await.unwrap(), place.offsets()), (0, vec![0]));
}

#[tokio::test]
async fn a_database_that_was_deleted_is_not_written_to_and_not_made_anew() {
    let place = Place::new();
    let mut projection = place.recording().await;
    let parked = projection.parked();
    projection.handle_event(0, event(0)).await.unwrap();
    let kept = place.path().join("kept");
    place.sql().execute("VACUUM INTO ?1", [kept.to_str().unwrap()]).unwrap();
    for name in ["database", "database-wal", "database-shm"] {
        // Which of them are there is SQLite's business.
        let _ = std::fs::remove_file(place.path().join(name));
    }
    contains(&retry(projection.handle_event(1, event(1)).await), &["there is no database at"]);
    contains(&text(&parked.count(&application()).await.unwrap_err()), &["there is no database at"]);
    assert!(!place.database().exists());

    std::fs::rename(kept, place.database()).unwrap();
    projection.handle_event(1, event(1)).await.unwrap();
    assert_eq!(parked.count(&application()).await.unwrap(), 0);
    assert_eq!(place.check_effects(), 2);
}
