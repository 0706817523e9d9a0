//! Connections on which no answer comes, though they are open, and others that lead to the wrong server.

use eventstream_core::{
    Error, Event, EventRepository, EventStore, Expect, Handler, HandlerError, Incarnation,
};
use eventstream_persisted::{PostgresProjection, PostgresStore, PostgresStoreBuilder, PostgresTx};
use tokio::time::{Duration, timeout};

use crate::{
    proxy::Proxy,
    server::server,
    support::{
        LONG, append, application, builder_in, client, contains, fresh_name, ids, names, parcels,
        text,
    },
};

/// How long is waited, for one thing: far longer than an answer takes.
const WAIT: Duration = Duration::from_millis(1500);

fn impatient(url: String) -> PostgresStoreBuilder {
    PostgresStore::builder(url)
        .schema(fresh_name())
        .create_for(application())
        .notifications(false)
        .connections(1)
        .connect_timeout(WAIT)
        .lock_timeout(WAIT)
        .statement_timeout(WAIT)
}

#[tokio::test]
async fn a_connection_without_an_answer_is_not_used_again() {
    let Some(server) = server() else { return };
    let proxy = Proxy::start(server.port).await;
    let store = impatient(proxy.url()).open().await.unwrap();
    append(&store, 0..3).await;
    // Now one is idle.
    assert_eq!(store.next_offset().await.unwrap(), 3);
    proxy.silence();
    let next = timeout(LONG, store.next_offset()).await.unwrap();
    assert_eq!(next.unwrap_or_else(|error| panic!("{}", text(&error))), 3);
    assert_eq!(timeout(LONG, ids(&store, 0)).await.unwrap(), names(0..3));
    // So it is for who appends.
    append(&store, 3..5).await;
    assert_eq!(ids(&store, 0).await, names(0..5));
}

fn reason(error: &HandlerError) -> String {
    let HandlerError::Retry(source) = error else { panic!("{error:?}") };
    text(&**source)
}

#[tokio::test]
async fn a_projection_gives_up_a_connection_without_an_answer() {
    let Some(server) = server() else { return };
    let proxy = Proxy::start(server.port).await;
    let apply = |_: PostgresTx, _: Event| async { Ok::<(), HandlerError>(()) };
    let mut projection = PostgresProjection::builder(proxy.url(), fresh_name(), apply)
        .schema(fresh_name())
        .connect_timeout(WAIT)
        .lock_timeout(WAIT)
        .statement_timeout(WAIT)
        .open()
        .await
        .unwrap();
    let incarnation = Some(Incarnation::from_bytes([1; 16]));
    projection.begin(&application(), incarnation).await.unwrap();
    proxy.silence();
    let error = projection.begin(&application(), incarnation).await.unwrap_err();
    contains(&reason(&error), &["has not answered"]);
    projection.begin(&application(), incarnation).await.unwrap();
    proxy.silence();
    let error = projection.skip(0, 5).await.unwrap_err();
    contains(&reason(&error), &["has not answered"]);
    assert_eq!(projection.skip(0, 5).await.unwrap(), 5);
}

#[tokio::test]
async fn an_append_that_was_never_sent_is_known_to_be_none() {
    let Some(server) = server() else { return };
    let proxy = Proxy::start(server.port).await;
    let store = impatient(proxy.url()).open().await.unwrap();
    append(&store, 0..1).await;
    proxy.answer(false);
    proxy.silence();
    // This one was sent, to nobody.
    let error = timeout(LONG, store.append(parcels([1]), Expect::Any)).await.unwrap().unwrap_err();
    contains(&text(&error), &["whether the events were stored is not known"]);
    // And this one was not.
    let error = timeout(LONG, store.append(parcels([2]), Expect::Any)).await.unwrap().unwrap_err();
    let said = text(&error);
    contains(&said, &["has not answered"]);
    assert!(!said.contains("not known") && error.is_retryable(), "{said}");
    proxy.answer(true);
    append(&store, 2..3).await;
    assert_eq!(ids(&store, 0).await, ["m-0", "m-2"]);
}

#[tokio::test]
async fn who_appends_leaves_a_server_that_takes_no_writes() {
    let Some(server) = server() else { return };
    let (admin, role) = (client(&server.url()).await, fresh_name());
    admin.batch_execute(&format!("CREATE ROLE {role} LOGIN SUPERUSER")).await.unwrap();
    let schema = fresh_name();
    builder_in(server, &schema).open().await.unwrap();
    let store = impatient(server.url_of(&role, "postgres")).schema(schema).open().await.unwrap();
    append(&store, 0..1).await;
    // As if the server had been replaced, and one was led to a replica.
    let alter = |what: &str| format!("ALTER ROLE {role} {what}");
    let read_only = "SET default_transaction_read_only = on";
    admin.batch_execute(&alter(read_only)).await.unwrap();
    let end = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = $1";
    assert!(!admin.query(end, &[&role]).await.unwrap().is_empty());
    let error = loop {
        match timeout(LONG, store.append(parcels([1]), Expect::Any)).await.unwrap() {
            // The session had not ended yet.
            Ok(_) => tokio::task::yield_now().await,
            Err(error) => break error,
        }
    };
    contains(&text(&error), &["can be read only"]);
    // It has become the one that takes writes.
    admin.batch_execute(&alter("RESET default_transaction_read_only")).await.unwrap();
    let appended = timeout(LONG, store.append(parcels([1]), Expect::Any)).await.unwrap();
    appended.unwrap_or_else(|error| panic!("{}", text(&error)));
    assert_eq!(ids(&store, 0).await, names(0..2));
}

#[tokio::test]
async fn all_durations_can_be_asked_for() {
    let Some(server) = server() else { return };
    for duration in [Duration::MAX, Duration::ZERO] {
        // A connection is not made within no time at all.
        let connects = if duration.is_zero() { LONG } else { duration };
        let waits = builder_in(server, &fresh_name())
            .connect_timeout(connects)
            .lock_timeout(duration.max(Duration::from_secs(1)))
            .statement_timeout(duration.max(Duration::from_secs(1)))
            .poll_interval(duration);
        let store = waits.open().await.unwrap();
        let waiting = store.clone();
        let waiting = tokio::spawn(async move { waiting.wait_for(0).await });
        append(&store, 0..1).await;
        assert_eq!(timeout(LONG, waiting).await.unwrap().unwrap().unwrap(), 1);
        assert_eq!(timeout(LONG, store.next_offset()).await.unwrap().unwrap(), 1);
    }
    // To the server zero has no end.
    let hurried = builder_in(server, &fresh_name()).lock_timeout(Duration::ZERO);
    let store = hurried.open().await.unwrap();
    let mut holder = client(&server.url()).await;
    let tx = holder.transaction().await.unwrap();
    store.append_in(&tx, parcels([0]), Expect::Any).await.unwrap();
    let error = timeout(LONG, store.append(parcels([1]), Expect::Any)).await.unwrap().unwrap_err();
    assert!(matches!(error, Error::Backend { retryable: true, .. }), "{error:?}");
    contains(&text(&error), &["another transaction has held the lock"]);
}
