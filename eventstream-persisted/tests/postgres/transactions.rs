//! Appending in transactions of one's own, and what others see of it.

use eventstream_core::{
    Cursor, Error, Event, EventRepository, EventStore, EventStream, EventTypes, Expect,
};
use eventstream_persisted::PostgresStore;
use tokio::time::timeout;

use crate::{
    server::server,
    support::{LONG, append, builder, client, contains, create, ids, names, parcels, text},
};

/// A cursor's events, as they come, until there are so many.
fn following(store: &PostgresStore, count: usize) -> tokio::task::JoinHandle<Vec<Event>> {
    let stream = store.stream(EventTypes::any());
    tokio::spawn(async move {
        let mut cursor = stream.open(0, EventTypes::any()).await.unwrap();
        let mut events = Vec::new();
        while events.len() < count {
            timeout(LONG, cursor.next_batch(&mut events, 100)).await.unwrap().unwrap();
        }
        events
    })
}

/// Whether somebody in the database waits for a lock.
async fn somebody_waits(
    client: &eventstream_persisted::tokio_postgres::Client,
    store: &PostgresStore,
) {
    let waits = format!(
        "SELECT count(*) FROM pg_stat_activity
         WHERE wait_event_type = 'Lock' AND query LIKE '%\"{}\"%'",
        store.schema()
    );
    timeout(LONG, async {
        while client.query_one(&waits, &[]).await.unwrap().get::<_, i64>(0) == 0 {
            tokio::task::yield_now().await;
        }
    })
    .await
    .unwrap();
}

#[tokio::test]
async fn what_commits_late_is_never_stepped_over() {
    let Some(server) = server() else { return };
    let store = create(server).await;
    let reader = following(&store, 5);
    let (mut one, mut other, watcher) =
        (client(&server.url()).await, client(&server.url()).await, client(&server.url()).await);
    append(&store, 0..1).await;
    // Two transactions are open; the second waits for its offsets until it is known what the first's are.
    let first = one.transaction().await.unwrap();
    assert_eq!(store.append_in(&first, parcels([1, 2]), Expect::Any).await.unwrap(), 1..3);
    let second_store = store.clone();
    let second = tokio::spawn(async move {
        let tx = other.transaction().await.unwrap();
        let range = second_store.append_in(&tx, parcels([3, 4]), Expect::Any).await.unwrap();
        tx.commit().await.unwrap();
        range
    });
    somebody_waits(&watcher, &store).await;
    assert_eq!(store.next_offset().await.unwrap(), 1);
    first.rollback().await.unwrap();
    // One that is rolled back leaves no hole.
    assert_eq!(second.await.unwrap(), 1..3);
    let third = one.transaction().await.unwrap();
    assert_eq!(store.append_in(&third, parcels([5, 6]), Expect::Offset(3)).await.unwrap(), 3..5);
    assert_eq!(store.next_offset().await.unwrap(), 3);
    third.commit().await.unwrap();
    let events = reader.await.unwrap();
    let seen: Vec<_> = events.iter().map(|it| (it.offset, it.parcel.message_id())).collect();
    assert_eq!(seen, [(0, "m-0"), (1, "m-3"), (2, "m-4"), (3, "m-5"), (4, "m-6")]);
}

#[tokio::test]
async fn it_is_one_with_what_else_the_transaction_does() {
    let Some(server) = server() else { return };
    let store = create(server).await;
    let table = format!("{}_orders", store.schema());
    let mut client = client(&server.url()).await;
    client.batch_execute(&format!("CREATE TABLE {table} (id int)")).await.unwrap();
    for (row, id, commits) in [(1_i32, 1_u64, false), (2, 2, true)] {
        let tx = client.transaction().await.unwrap();
        tx.execute(&format!("INSERT INTO {table} VALUES ($1)"), &[&row]).await.unwrap();
        store.append_in(&tx, parcels([id]), Expect::Any).await.unwrap();
        // A repetition in the same transaction, and others that are refused: it goes on.
        assert_eq!(store.append_in(&tx, parcels([id]), Expect::Any).await.unwrap(), 0..1);
        let conflict = store.append_in(&tx, parcels([9]), Expect::Offset(7)).await.unwrap_err();
        assert!(matches!(conflict, Error::OffsetConflict { expected: 7, actual: 1 }));
        let overlap = store.append_in(&tx, parcels([8, id]), Expect::Any).await.unwrap_err();
        assert!(matches!(overlap, Error::DuplicateMessage { offset: 0, .. }), "{overlap:?}");
        if commits {
            tx.commit().await.unwrap();
        }
    }
    let rows = client.query(&format!("SELECT id FROM {table}"), &[]).await.unwrap();
    assert_eq!(rows.iter().map(|row| row.get::<_, i32>(0)).collect::<Vec<_>>(), [2]);
    assert_eq!(ids(&store, 0).await, names([2]));
}

#[tokio::test]
async fn a_long_transaction_that_has_nothing_to_do_with_it_holds_up_nobody() {
    let Some(server) = server() else { return };
    let store = create(server).await;
    let mut other = client(&server.url()).await;
    let tx = other.transaction().await.unwrap();
    // It has a number, and has seen all there is.
    let table = format!("{}_other", store.schema());
    tx.batch_execute(&format!("CREATE TABLE {table} (id int)")).await.unwrap();
    tx.query(&format!("SELECT * FROM \"{}\".events", store.schema()), &[]).await.unwrap();
    let reader = following(&store, 3000);
    append(&store, 0..3000).await;
    assert_eq!(timeout(LONG, reader).await.unwrap().unwrap().len(), 3000);
    tx.commit().await.unwrap();
}

#[tokio::test]
async fn who_holds_the_lock_for_too_long_fails_the_others_appends() {
    let Some(server) = server() else { return };
    let soon = std::time::Duration::from_millis(200);
    let store = builder(server).lock_timeout(soon).open().await.unwrap();
    let mut holder = client(&server.url()).await;
    let tx = holder.transaction().await.unwrap();
    store.append_in(&tx, parcels([0]), Expect::Any).await.unwrap();
    let appends: Vec<_> = (1..5)
        .map(|id| {
            let store = store.clone();
            tokio::spawn(async move { store.append(parcels([id]), Expect::Any).await })
        })
        .collect();
    for one in appends {
        let error = timeout(LONG, one).await.unwrap().unwrap().unwrap_err();
        assert!(error.is_retryable(), "{error:?}");
        contains(&text(&error), &["another transaction has held the lock", "200ms"]);
    }
    // Who reads waits for nobody.
    assert_eq!(ids(&store, 0).await, names([]));
    tx.rollback().await.unwrap();
    assert_eq!(store.append(parcels([1]), Expect::Offset(0)).await.unwrap(), 0..1);
}

#[tokio::test]
async fn an_id_of_what_is_truncated_can_be_used_again_before_it_is_removed() {
    let Some(server) = server() else { return };
    let store = create(server).await;
    append(&store, 0..10).await;
    // As if somebody had been interrupted who truncates.
    let client = client(&server.url()).await;
    let sql = format!("UPDATE \"{}\".streams SET oldest_offset = 5", store.schema());
    client.execute(&sql, &[]).await.unwrap();
    assert_eq!(store.append(parcels([3, 4]), Expect::Any).await.unwrap(), 10..12);
    let overlap = store.append(parcels([4, 5]), Expect::Any).await.unwrap_err();
    assert!(matches!(overlap, Error::DuplicateMessage { offset: 11, .. }), "{overlap:?}");
    let error = store.load_by_type(EventTypes::any(), 4).await.unwrap_err();
    assert!(matches!(error, Error::Truncated { requested: 4, oldest: 5 }), "{error:?}");
    assert_eq!(ids(&store, 5).await, names([5, 6, 7, 8, 9, 3, 4]));
    // The next who truncates removes it, too.
    store.truncate(6).await.unwrap();
    let left = format!("SELECT count(*) FROM \"{}\".events", store.schema());
    assert_eq!(client.query_one(&left, &[]).await.unwrap().get::<_, i64>(0), 6);
}

#[tokio::test]
async fn many_thousands_are_truncated_in_pieces_while_others_read_and_append() {
    let Some(server) = server() else { return };
    let store = create(server).await;
    append(&store, 0..12_000).await;
    let truncating = store.clone();
    let truncating = tokio::spawn(async move { truncating.truncate(11_500).await });
    append(&store, 12_000..12_100).await;
    timeout(LONG, truncating).await.unwrap().unwrap().unwrap();
    assert_eq!(ids(&store, 11_500).await, names(11_500..12_100));
    let types = store.event_types().await.unwrap();
    assert_eq!(types, EventTypes::from("type"));
}
