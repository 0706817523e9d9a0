//! Connections that are lost, and servers that crash.

use eventstream_core::{Cursor, EventRepository, EventStore, EventStream, EventTypes, Expect};
use tokio::time::{Duration, timeout};

use crate::{
    server::{Server, server},
    support::{LONG, append, builder, client, contains, create, ids, names, parcels, text},
};

/// Ends sessions of the store's; returns how many there were.
async fn terminate(url: &str, condition: &str) -> i64 {
    let sql = format!(
        "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity
         WHERE pid <> pg_backend_pid() AND {condition}"
    );
    client(url).await.query_one(&sql, &[]).await.unwrap().get(0)
}

#[tokio::test]
async fn who_listens_gets_what_is_appended_though_the_connection_is_killed_again_and_again() {
    let Some(server) = server() else { return };
    let schema = crate::support::fresh_name();
    let builder = crate::support::builder_in(server, &schema);
    let writer = builder.clone().open().await.unwrap();
    let reader = builder.open().await.unwrap();
    let mut cursor = reader.stream(EventTypes::any()).open(0, EventTypes::any()).await.unwrap();
    let url = server.url();
    let channel = "query LIKE 'LISTEN %'";
    let reading = tokio::spawn(async move {
        let mut events = Vec::new();
        while events.len() < 200 {
            timeout(LONG, cursor.next_batch(&mut events, 1000)).await.unwrap().unwrap();
        }
        events
    });
    let mut killed = 0;
    for id in 0..200 {
        if id % 10 == 0 {
            killed += terminate(&url, channel).await;
        }
        append(&writer, id..id + 1).await;
    }
    let events = timeout(LONG, reading).await.unwrap().unwrap();
    let seen: Vec<_> = events.iter().map(|it| it.parcel.message_id().to_owned()).collect();
    assert_eq!(seen, names(0..200));
    // It was one that was in use.
    assert!(killed > 0);
}

#[tokio::test]
async fn notifications_come_long_before_the_next_poll() {
    let Some(server) = server() else { return };
    let hour = Duration::from_secs(3600);
    let schema = crate::support::fresh_name();
    let builder = crate::support::builder_in(server, &schema).poll_interval(hour);
    let writer = builder.clone().open().await.unwrap();
    let reader = builder.open().await.unwrap();
    for id in 0..20 {
        let waiting = reader.clone();
        let waiting = tokio::spawn(async move { waiting.wait_for(id).await });
        if id == 0 {
            // Before it listens only a look finds what is there.
            let listening = format!(
                "SELECT count(*) FROM pg_stat_activity a WHERE query LIKE 'LISTEN %' AND pid IN
                 (SELECT pid FROM pg_stat_activity) AND '{schema}' <> ''"
            );
            let client = client(&server.url()).await;
            while client.query_one(&listening, &[]).await.unwrap().get::<_, i64>(0) == 0 {
                tokio::task::yield_now().await;
            }
        }
        append(&writer, id..id + 1).await;
        assert_eq!(timeout(LONG, waiting).await.unwrap().unwrap().unwrap(), id + 1);
    }
}

#[tokio::test]
async fn an_append_whose_connection_is_killed_is_stored_once() {
    let Some(server) = server() else { return };
    let store = create(server).await;
    let (schema, url) = (store.schema().to_owned(), server.url());
    let appending = store.clone();
    let appending = tokio::spawn(async move {
        for id in 0..300 {
            appending.append(parcels([id * 2, id * 2 + 1]), Expect::Any).await.unwrap();
        }
    });
    let mut killed = 0;
    while !appending.is_finished() {
        killed += terminate(&url, &format!("query LIKE '%INSERT INTO \"{schema}\".events%'")).await;
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    timeout(LONG, appending).await.unwrap().unwrap();
    assert_eq!(ids(&store, 0).await, names(0..600));
    assert!(killed > 0);
}

#[tokio::test]
async fn what_was_acknowledged_is_there_after_crashes_and_everybody_goes_on() {
    let Some(server) = Server::start("", None) else { return };
    let store = builder(&server).connect_timeout(Duration::from_secs(60)).open().await.unwrap();
    let mut cursor = store.stream(EventTypes::any()).open(0, EventTypes::any()).await.unwrap();
    let mut events = Vec::new();
    for round in 0..3_u64 {
        let first = round * 100;
        append(&store, first..first + 50).await;
        while events.len() < usize::try_from(first).unwrap() + 50 {
            let _ = timeout(LONG, cursor.next_batch(&mut events, 1000)).await.unwrap();
        }
        let waiting = store.clone();
        let waiting = tokio::spawn(async move { waiting.wait_for(first + 50).await });
        server.stop();
        // Whoever waits is told, and may wait again.
        let told = timeout(LONG, waiting).await.unwrap().unwrap().unwrap_err();
        assert!(told.is_retryable(), "{}", text(&told));
        let read = store.next_offset().await.unwrap_err();
        assert!(read.is_retryable(), "{}", text(&read));
        // An append that is begun now finds no server; it has stored nothing, or is tried again.
        let appending = store.clone();
        let appending = tokio::spawn(async move {
            loop {
                match appending.append(parcels(first + 50..first + 100), Expect::Any).await {
                    Ok(range) => return range,
                    Err(error) => assert!(error.is_retryable(), "{}", text(&error)),
                }
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        });
        server.start_again();
        let range = timeout(LONG, appending).await.unwrap().unwrap();
        assert_eq!(range, first + 50..first + 100);
        while events.len() < usize::try_from(first).unwrap() + 100 {
            let _ = timeout(LONG, cursor.next_batch(&mut events, 1000)).await.unwrap();
        }
    }
    let seen: Vec<_> = events.iter().map(|it| it.parcel.message_id().to_owned()).collect();
    assert_eq!(seen, names(0..300));
}

#[tokio::test]
async fn an_outcome_that_is_not_known_is_said() {
    let Some(server) = Server::start("", None) else { return };
    let soon = Duration::from_millis(300);
    let store = builder(&server)
        .connect_timeout(soon)
        .statement_timeout(soon)
        .lock_timeout(soon)
        .open()
        .await
        .unwrap();
    append(&store, 0..1).await;
    // It has begun, and waits.
    let mut holder = client(&server.url()).await;
    let tx = holder.transaction().await.unwrap();
    let lock = format!("LOCK TABLE \"{}\".events IN EXCLUSIVE MODE", store.schema());
    tx.batch_execute(&lock).await.unwrap();
    let appending = store.clone();
    let appending = tokio::spawn(async move { appending.append(parcels([1]), Expect::Any).await });
    let url = server.url();
    while terminate(&url, "wait_event_type = 'Lock'").await == 0 {
        tokio::task::yield_now().await;
    }
    server.stop();
    let error = timeout(LONG, appending).await.unwrap().unwrap().unwrap_err();
    assert!(error.is_retryable());
    contains(&text(&error), &["whether the events were stored is not known", "append the same"]);
    server.start_again();
    drop(tx);
    assert_eq!(store.append(parcels([1]), Expect::Any).await.unwrap(), 1..2);
}
