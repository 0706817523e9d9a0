use std::{path::Path, thread};

use eventstream_core::{Consumer, Cursor, Event, EventStream, EventTypes, HandlerError};
use eventstream_memory::MemoryStream;
use eventstream_persisted::{SqliteProjection, SqliteTx};
use rusqlite::Connection;
use tokio_util::sync::CancellationToken;

use crate::{
    measure::{Candidates, timed},
    workload::{application, parcels},
};

const EVENTS: u64 = 20_000;
const SETUP: &str = "CREATE TABLE IF NOT EXISTS counts (type TEXT PRIMARY KEY, count INTEGER)";
const COUNT: &str = "INSERT INTO counts VALUES (?1, 1)
    ON CONFLICT (type) DO UPDATE SET count = count + 1";

/// Counts events by type in SQLite: what one would write by hand, and the ready handler.
pub fn projection() {
    let stream = MemoryStream::builder(application()).buffer_size(EVENTS as usize).build();
    for first in (0..EVENTS).step_by(1_000) {
        stream.append(parcels(first, 1_000, 128)).expect("append");
    }
    for batch in [1, 100, 1_000] {
        println!("  batches of {batch}");
        Candidates::new("events/s")
            .add("by hand, on a thread of its own", || {
                let directory = tempfile::tempdir().expect("a directory");
                timed(EVENTS, || by_hand(&stream, &directory.path().join("db"), batch))
            })
            .add("SqliteProjection", || {
                let directory = tempfile::tempdir().expect("a directory");
                timed(EVENTS, || projected(&stream, &directory.path().join("db"), batch))
            })
            .run();
    }
}

/// Effect and offset in one transaction, without more.
fn by_hand(stream: &MemoryStream, database: &Path, batch: usize) {
    let mut cursor = stream.open_now(0, EventTypes::any()).expect("open");
    let database = database.to_owned();
    let work = move || {
        let mut sql = Connection::open(database).expect("open");
        sql.execute_batch("PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL").expect("set");
        sql.execute_batch(SETUP).expect("create");
        sql.execute_batch("CREATE TABLE o (next INTEGER); INSERT INTO o VALUES (0)")
            .expect("create");
        let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
        let mut events: Vec<Event> = Vec::new();
        let mut next = 0;
        while next < EVENTS {
            runtime.block_on(cursor.next_batch(&mut events, batch)).expect("read");
            let tx = sql.transaction().expect("begin");
            for event in events.drain(..) {
                tx.prepare_cached(COUNT)
                    .and_then(|mut count| count.execute([event.parcel.event_type()]))
                    .expect("count");
                next = event.offset + 1;
            }
            tx.execute("UPDATE o SET next = ?1", [next as i64]).expect("move");
            tx.commit().expect("commit");
        }
    };
    thread::spawn(work).join().expect("it does not panic");
}

fn projected(stream: &MemoryStream, database: &Path, batch: usize) {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_time()
        .build()
        .expect("a runtime");
    runtime.block_on(async {
        let count = |tx: SqliteTx, event: Event| async move {
            tx.execute(COUNT, [event.parcel.event_type()])?;
            Ok::<(), HandlerError>(())
        };
        let projection = SqliteProjection::builder(database, "counts", count)
            .setup(|sql| sql.execute_batch(SETUP))
            .open()
            .await
            .expect("open");
        let types = stream.event_types().await.expect("types");
        let consumer = Consumer::new(stream.clone(), types, projection).batch(batch);
        let (handle, stop) = (consumer.handle(), CancellationToken::new());
        let running = tokio::spawn(consumer.run(stop.clone()));
        handle.wait_for(EVENTS - 1).await.expect("it runs");
        stop.cancel();
        running.await.expect("it does not panic").expect("it ends well");
    });
}
