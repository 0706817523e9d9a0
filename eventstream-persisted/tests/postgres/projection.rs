//! Projections, beyond what the conformance suite says of them.

use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering},
};

use eventstream_core::{
    Consumer, Event, EventTypes, Handler, HandlerError, Incarnation, ParkedEvents, Poison,
};
use eventstream_persisted::{
    PostgresProjection, PostgresProjectionBuilder, PostgresTx, tokio_postgres::Client,
};
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;

use crate::{
    server::{Server, server},
    support::{LONG, append, application, client, contains, create, fresh_name, parcel, text},
};

async fn insert(tx: &PostgresTx, table: &str, event: &Event) -> Result<(), HandlerError> {
    let sql = format!("INSERT INTO {table} (event_offset) VALUES ($1)");
    tx.execute(&sql, &[&event.offset.cast_signed()]).await?;
    Ok(())
}

fn builder<A: eventstream_core::Apply<PostgresTx> + 'static>(
    server: &Server,
    name: &str,
    apply: A,
) -> PostgresProjectionBuilder<A> {
    PostgresProjection::builder(server.url(), name, apply)
        .schema("projections")
        .setup(format!("CREATE TABLE IF NOT EXISTS {name} (row bigserial, event_offset bigint)"))
}

async fn effects(client: &Client, table: &str) -> Vec<u64> {
    let sql = format!("SELECT event_offset FROM {table} ORDER BY row");
    let rows = client.query(&sql, &[]).await.unwrap();
    rows.iter().map(|row| row.get::<_, i64>(0).cast_unsigned()).collect()
}

fn event(offset: u64) -> Event {
    Event::new(offset, parcel(offset))
}

#[track_caller]
fn retry(result: Result<impl std::fmt::Debug, HandlerError>) -> String {
    match result {
        Err(HandlerError::Retry(error)) => text(error.as_ref()),
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn replicas_make_each_effect_once_though_their_connections_are_killed() {
    let Some(server) = server() else { return };
    let (store, table) = (create(server).await, fresh_name());
    let stop = CancellationToken::new();
    let mut running = Vec::new();
    for _ in 0..2 {
        let name = table.clone();
        let apply = move |tx: PostgresTx, event: Event| {
            let name = name.clone();
            async move { insert(&tx, &name, &event).await }
        };
        let projection = builder(server, &table, apply).open().await.unwrap();
        let consumer = Consumer::new(store.stream(EventTypes::any()), "type".into(), projection);
        running.push(tokio::spawn(consumer.batch(7).run(stop.clone())));
    }
    let client = client(&server.url()).await;
    let kill = format!(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity
         WHERE query LIKE '%INSERT INTO {table}%' AND pid <> pg_backend_pid()"
    );
    for first in (0..400).step_by(40) {
        append(&store, first..first + 40).await;
        client.query(&kill, &[]).await.unwrap();
    }
    timeout(LONG, async {
        while effects(&client, &table).await.len() < 400 {
            tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        }
    })
    .await
    .unwrap();
    stop.cancel();
    for one in running {
        timeout(LONG, one).await.unwrap().unwrap().unwrap();
    }
    assert_eq!(effects(&client, &table).await, (0..400).collect::<Vec<_>>());
}

#[tokio::test]
async fn a_transaction_is_ended_by_the_projection_alone() {
    let Some(server) = server() else { return };
    let table = fresh_name();
    let kept = Arc::new(std::sync::Mutex::new(None));
    let (name, keep) = (table.clone(), kept.clone());
    let apply = move |tx: PostgresTx, event: Event| {
        let (name, keep) = (name.clone(), keep.clone());
        async move {
            insert(&tx, &name, &event).await?;
            match event.offset {
                0 => tx.execute("/* now */ COMMIT", &[]).await.map(drop)?,
                // A failure that is passed over.
                1 => drop(tx.execute("SELECT 1 / 0", &[]).await),
                2 => panic!("it does not like 2"),
                3 => {
                    tx.execute("SAVEPOINT a", &[]).await?;
                    assert!(tx.query("SELECT 1 / 0", &[]).await.is_err());
                    tx.execute("ROLLBACK TO a", &[]).await?;
                }
                _ => {}
            }
            *keep.lock().unwrap() = Some(tx);
            Ok::<(), HandlerError>(())
        }
    };
    let mut projection = builder(server, &table, apply).open().await.unwrap();
    let client = client(&server.url()).await;
    for (offset, problem) in
        [(0, "leave COMMIT"), (1, "statement that has failed"), (2, "it does not like 2")]
    {
        let said = retry(projection.handle_event(0, event(offset)).await);
        contains(&said, &[problem]);
        assert_eq!(projection.next_offset(&application()).await.unwrap(), 0);
    }
    projection.handle_event(0, event(3)).await.unwrap();
    assert_eq!(effects(&client, &table).await, [3]);
    let tx = kept.lock().unwrap().take().unwrap();
    contains(&retry(tx.query_one("SELECT 1", &[]).await), &["the transaction is over"]);
    // What is out of order has no effect.
    let said = retry(projection.handle_batch(4, vec![event(6), event(5)]).await);
    contains(&said, &["offset 5 can't follow offset 7"]);
    assert_eq!(effects(&client, &table).await, [3]);
}

#[tokio::test]
async fn another_incarnation_is_refused() {
    let Some(server) = server() else { return };
    let name = fresh_name();
    let apply = |_: PostgresTx, _: Event| async { Ok::<(), HandlerError>(()) };
    let mut projection = builder(server, &name, apply).open().await.unwrap();
    let incarnation = |n| Some(Incarnation::from_random([n; 16]));
    projection.begin(&application(), incarnation(1)).await.unwrap();
    projection.handle_event(0, event(0)).await.unwrap();
    projection.begin(&application(), incarnation(1)).await.unwrap();
    projection.begin(&application(), None).await.unwrap();
    match projection.begin(&application(), incarnation(2)).await {
        Err(HandlerError::Reject(error)) => {
            contains(&text(error.as_ref()), &[&name, "restored or created anew", "Reset"]);
        }
        other => panic!("{other:?}"),
    }
    assert_eq!(projection.skip(1, 9).await.unwrap(), 9);
}

#[tokio::test]
async fn what_can_not_be_handled_is_parked_and_replayed() {
    let Some(server) = server() else { return };
    let (store, table) = (create(server).await, fresh_name());
    append(&store, 0..20).await;
    let (name, failures) = (table.clone(), Arc::new(AtomicU64::new(0)));
    let counted = failures.clone();
    let apply = move |tx: PostgresTx, event: Event| {
        let (name, counted) = (name.clone(), counted.clone());
        async move {
            insert(&tx, &name, &event).await?;
            if event.offset == 7 && counted.fetch_add(1, Ordering::SeqCst) < 2 {
                return Err("no such \0 customer".into());
            }
            Ok::<(), HandlerError>(())
        }
    };
    let projection = builder(server, &table, apply).open().await.unwrap();
    let parked = projection.parked();
    let stop = CancellationToken::new();
    let consumer = Consumer::new(store.stream(EventTypes::any()), "type".into(), projection)
        .poison(Poison::park_after(2, parked.clone()));
    let running = tokio::spawn(consumer.run(stop.clone()));
    let client = client(&server.url()).await;
    let until = async |count: usize| {
        timeout(LONG, async {
            while effects(&client, &table).await.len() < count {
                tokio::time::sleep(std::time::Duration::from_millis(20)).await;
            }
        })
        .await
        .unwrap();
    };
    until(19).await;
    let listed = parked.list(&application(), 0, 10).await.unwrap();
    assert_eq!(listed.len(), 1);
    assert_eq!((listed[0].event.offset, listed[0].attempts), (7, 2));
    contains(&listed[0].error, &["no such", "customer"]);
    assert!(listed[0].first_failed_at <= listed[0].last_failed_at);
    assert_eq!(parked.count(&application()).await.unwrap(), 1);
    assert!(parked.replay(&application(), 7).await.unwrap());
    until(20).await;
    stop.cancel();
    timeout(LONG, running).await.unwrap().unwrap().unwrap();
    assert_eq!(parked.count(&application()).await.unwrap(), 0);
    let made = effects(&client, &table).await;
    assert_eq!(made[..7], (0..7).collect::<Vec<_>>()[..]);
    assert_eq!(made[19], 7);
}

#[tokio::test]
async fn what_is_wrong_when_it_is_opened_is_said() {
    let Some(server) = server() else { return };
    let apply = |_: PostgresTx, _: Event| async { Ok::<(), HandlerError>(()) };
    let error = builder(server, "", apply).open().await.unwrap_err();
    contains(&text(&error), &["has no name"]);
    let broken = builder(server, &fresh_name(), apply).setup("CREATE TABEL x ()");
    let error = broken.open().await.unwrap_err();
    contains(&text(&error), &["could not be set up", "syntax error"]);
}

#[tokio::test]
async fn a_park_that_is_dropped_leaves_no_transaction_open() {
    let Some(server) = server() else { return };
    let name = fresh_name();
    let apply = |_: PostgresTx, _: Event| async { Ok::<(), HandlerError>(()) };
    let parked = builder(server, &name, apply).open().await.unwrap().parked();
    let client = client(&server.url()).await;
    let sql = "SELECT attempts FROM projections.parked WHERE consumer = $1";
    for attempt in 1..=60_u32 {
        // What is noted now can be seen by everybody.
        assert_eq!(parked.failed(&application(), &event(3), "no").await.unwrap(), attempt);
        let seen: i64 = client.query_one(sql, &[&name]).await.unwrap().get(0);
        assert_eq!(seen, i64::from(attempt));
        let soon = std::time::Duration::from_micros(u64::from(attempt) * 50);
        let _ = timeout(soon, parked.park(&application(), 3)).await;
    }
    assert!(parked.park(&application(), 3).await.unwrap());
    assert_eq!(parked.list(&application(), 0, 10).await.unwrap().len(), 1);
}
