//! What the handle to an open transaction does, and what it refuses.

use std::sync::{Arc, Mutex};

use eventstream_core::{Apply, Event, Handler, HandlerError};
use eventstream_persisted::{
    SqliteCheckpoints, SqliteConsumers, SqliteParked, SqliteProjection, SqliteTx,
};

use crate::support::*;

/// A projection that does something synchronous with the transaction, after a first effect.
async fn doing<W>(place: &Place, mut work: W) -> SqliteProjection<impl Apply<SqliteTx> + use<W>>
where
    W: FnMut(&SqliteTx) -> Result<(), HandlerError> + Send + 'static,
{
    place
        .applying(move |tx: SqliteTx, event: Event| {
            let done = record(&tx, &event).and_then(|()| work(&tx));
            async { done }
        })
        .await
}

#[test]
fn handles_go_from_thread_to_thread() {
    fn check<T: Clone + Send + Sync + 'static>() {}
    fn check_handler<T: Handler + Send + Sync + 'static>() {}
    check::<SqliteTx>();
    check::<SqliteCheckpoints>();
    check::<SqliteParked>();
    check::<SqliteConsumers>();
    check_handler::<SqliteProjection<Record>>();
}

#[tokio::test]
async fn it_runs_statements_and_queries() {
    let place = Place::new();
    let mut projection = doing(&place, |tx| {
        let count = |row: &rusqlite::Row<'_>| row.get::<_, i64>(0);
        let all: i64 = tx.query_row("SELECT count(*) FROM effects", [], count)?;
        assert_eq!(all, 1);
        let none = tx.query_optional("SELECT offset FROM effects WHERE offset = 9", [], count)?;
        assert_eq!(none, None);
        let one = tx.query_optional("SELECT offset FROM effects", [], count)?;
        assert_eq!(one, Some(0));
        let none = tx.query_row("SELECT offset FROM effects WHERE offset = 9", [], count);
        contains(&retry(none), &["no rows"]);
        assert_eq!(tx.execute("UPDATE effects SET offset = offset", [])?, 1);
        let names: Vec<String> = tx.with(|sql| {
            let mut statement = sql.prepare("SELECT message_id FROM effects")?;
            let names = statement.query_map([], |row| row.get(0))?;
            Ok(names.collect::<Result<_, _>>()?)
        })?;
        assert_eq!(names, ["m-0"]);
        contains(&retry(tx.execute("INSERT INTO nowhere VALUES (1)", [])), &["nowhere"]);
        Ok(())
    })
    .await;
    projection.handle_event(0, event(0)).await.unwrap();
    assert_eq!(place.check_effects(), 1);
}

#[tokio::test]
async fn after_its_transaction_it_is_of_no_use() {
    let place = Place::new();
    let kept = Arc::new(Mutex::new(Vec::new()));
    let keep = kept.clone();
    let mut projection = doing(&place, move |tx| {
        let mut kept = keep.lock().unwrap();
        kept.push(tx.clone());
        if kept.len() == 2 { Err("this one fails".into()) } else { Ok(()) }
    })
    .await;
    projection.handle_event(0, event(0)).await.unwrap();
    projection.handle_event(1, event(1)).await.unwrap_err();
    projection.handle_event(1, event(1)).await.unwrap();
    let kept = kept.lock().unwrap();
    assert_eq!(kept.len(), 3);
    for tx in kept.iter() {
        let said = retry(tx.execute("DELETE FROM effects", []));
        contains(&said, &["the transaction is over"]);
        let said = retry(tx.with(|_| -> Result<(), HandlerError> { panic!("it was run") }));
        contains(&said, &["the transaction is over"]);
    }
    assert_eq!(place.check_effects(), 2);
}

#[tokio::test]
async fn a_task_that_outlives_the_event_gets_an_error() {
    let place = Place::new();
    let (send, mut tasks) = tokio::sync::mpsc::unbounded_channel();
    let over = Arc::new(tokio::sync::Notify::new());
    let wait = over.clone();
    let mut projection = doing(&place, move |tx| {
        let (tx, wait) = (tx.clone(), wait.clone());
        let task = async move {
            wait.notified().await;
            tx.execute("DELETE FROM effects", [])
        };
        Ok(send.send(tokio::spawn(task))?)
    })
    .await;
    projection.handle_event(0, event(0)).await.unwrap();
    over.notify_one();
    let said = retry(tasks.recv().await.unwrap().await.unwrap());
    contains(&said, &["the transaction is over"]);
    assert_eq!(place.check_effects(), 1);
}

#[tokio::test]
async fn a_call_inside_of_a_call_is_an_error_and_no_deadlock() {
    let place = Place::new();
    let mut projection = doing(&place, |tx| {
        tx.with(|_| {
            let clone = tx.clone();
            let said = retry(clone.execute("DELETE FROM effects", []));
            contains(&said, &["inside of SqliteTx::with"]);
            Ok(())
        })?;
        tx.query_row("SELECT 1", [], |_| Ok(()))
    })
    .await;
    projection.handle_event(0, event(0)).await.unwrap();
    assert_eq!(place.check_effects(), 1);
}

/// Whatever ends the transaction, and whether or not what it says is heard: nothing stays.
#[tokio::test]
async fn statements_that_end_the_transaction_fail_the_event() {
    for statements in [
        "COMMIT",
        "ROLLBACK",
        "END",
        "COMMIT; BEGIN; INSERT INTO effects VALUES (9, 'more')",
        "ROLLBACK; INSERT INTO effects VALUES (9, 'more')",
        "ROLLBACK; BEGIN; INSERT INTO effects VALUES (9, 'more'); COMMIT",
        "ROLLBACK; BEGIN; INSERT INTO effects VALUES (9, 'more')",
        "INSERT OR ROLLBACK INTO once VALUES (1), (1)",
    ] {
        for heard in [true, false] {
            let place = Place::new();
            place.recording().await.handle_event(0, event(0)).await.unwrap();
            let once = "CREATE TABLE once (id INTEGER UNIQUE)";
            place.sql().execute_batch(once).unwrap();
            let mut bad = true;
            let mut projection = doing(&place, move |tx| {
                if !std::mem::take(&mut bad) {
                    return Ok(());
                }
                let ended = tx.with(|sql| Ok(sql.execute_batch(statements)?));
                if heard {
                    ended?;
                }
                let more = tx.execute("INSERT INTO effects VALUES (9, 'more')", []);
                if heard { more.map(drop) } else { Ok(()) }
            })
            .await;
            let said = retry(projection.handle_event(1, event(1)).await);
            if !heard {
                contains(&said, &["leave COMMIT and ROLLBACK to the projection"]);
            }
            assert_eq!(place.check_effects(), 1, "{statements}, {heard}");
            projection.handle_event(1, event(1)).await.unwrap();
            assert_eq!(place.check_effects(), 2, "{statements}, {heard}");
        }
    }
}

#[tokio::test]
async fn savepoints_are_the_users() {
    let place = Place::new();
    let mut projection = doing(&place, |tx| {
        tx.with(|sql| {
            Ok(sql.execute_batch(
                "SAVEPOINT part; DELETE FROM effects; ROLLBACK TO part; RELEASE part;",
            )?)
        })
    })
    .await;
    projection.handle_event(0, event(0)).await.unwrap();
    assert_eq!(place.check_effects(), 1);
}

#[tokio::test]
async fn foreign_keys_are_enforced() {
    let place = Place::new();
    let mut projection = doing(&place, |tx| {
        tx.with(|sql| {
            Ok(sql.execute_batch(
                "CREATE TABLE parent (id INTEGER PRIMARY KEY);
                 CREATE TABLE child (parent INTEGER REFERENCES parent);
                 INSERT INTO child VALUES (1)",
            )?)
        })
    })
    .await;
    contains(&retry(projection.handle_event(0, event(0)).await), &["FOREIGN KEY"]);
    assert_eq!(place.check_effects(), 0);
}
