use std::{
    fs::File,
    io::Write,
    path::Path,
    sync::{Arc, Condvar, Mutex},
    thread,
    time::Instant,
};

use eventstream_core::{Cursor, EventStore, EventStream, EventTypes, Expect, Parcel};
use eventstream_persisted::EmbeddedStore;
use tokio::runtime::Runtime;

use crate::{
    measure::{Candidates, percentile, rate},
    rows::runtime,
    workload::{application, one_type, parcels},
};

fn create(runtime: &Runtime, directory: &Path) -> EmbeddedStore {
    let builder = EmbeddedStore::builder(directory.join("store")).create_for(application());
    runtime.block_on(builder.open()).expect("a store")
}

pub fn append() {
    for (batch, batches) in [(1, 500), (100, 400), (1_000, 200)] {
        println!("  batches of {batch}");
        let events = batch * batches;
        let parcels = parcels(0, events, 128);
        let chunk = usize::try_from(batch).expect("a size");
        let runtime = runtime();
        Candidates::new("events/s")
            .add("a raw file, fdatasync", || {
                let directory = tempfile::tempdir().expect("a directory");
                let mut file = File::create(directory.path().join("log")).expect("a file");
                let start = Instant::now();
                for parcels in parcels.chunks(chunk) {
                    write_raw(&mut file, parcels.iter());
                }
                rate(events, start.elapsed())
            })
            .add("SQLite, a row an event", || {
                let directory = tempfile::tempdir().expect("a directory");
                let mut rows = rows(directory.path());
                let start = Instant::now();
                for parcels in parcels.chunks(chunk) {
                    insert_rows(&mut rows, parcels);
                }
                rate(events, start.elapsed())
            })
            .add("eventstream", || {
                let directory = tempfile::tempdir().expect("a directory");
                let store = create(&runtime, directory.path());
                // The others take them by reference.
                let batches: Vec<_> = parcels.chunks(chunk).map(<[Parcel]>::to_vec).collect();
                let start = Instant::now();
                runtime.block_on(async {
                    for batch in batches {
                        store.append(batch, Expect::Any).await.expect("append");
                    }
                });
                rate(events, start.elapsed())
            })
            .run();
    }
}

fn write_raw<'a>(file: &mut File, parcels: impl Iterator<Item = &'a Parcel>) {
    let mut buffer = Vec::new();
    for parcel in parcels {
        buffer.extend_from_slice(parcel.wire());
    }
    file.write_all(&buffer).expect("write");
    file.sync_data().expect("sync");
}

fn rows(directory: &Path) -> rusqlite::Connection {
    let rows = rusqlite::Connection::open(directory.join("rows")).expect("a database");
    rows.pragma_update(None, "journal_mode", "WAL").expect("a pragma");
    rows.pragma_update(None, "synchronous", "FULL").expect("a pragma");
    rows.execute_batch(
        "CREATE TABLE event (
             position INTEGER PRIMARY KEY, id TEXT UNIQUE, type TEXT, wire BLOB
         );",
    )
    .expect("a table");
    rows
}

fn insert_rows(rows: &mut rusqlite::Connection, parcels: &[Parcel]) {
    let transaction = rows.transaction().expect("a transaction");
    {
        let mut insert = transaction
            .prepare_cached("INSERT INTO event (id, type, wire) VALUES (?1, ?2, ?3)")
            .expect("a statement");
        for parcel in parcels {
            insert
                .execute((parcel.message_id(), parcel.event_type(), &parcel.wire()[..]))
                .expect("insert");
        }
    }
    transaction.commit().expect("commit");
}

pub fn append_many() {
    const APPENDERS: u64 = 64;
    const EACH: u64 = 300;
    let runtime = runtime();
    let parcels = Arc::new(parcels(0, APPENDERS * EACH, 128));
    let all = APPENDERS * EACH;
    Candidates::new("events/s")
        .add("a raw file, fdatasync, group commit", || raw_group(&parcels, APPENDERS))
        .add("eventstream", || {
            let directory = tempfile::tempdir().expect("a directory");
            let store = create(&runtime, directory.path());
            let start = Instant::now();
            let mut latencies = runtime.block_on(async {
                let tasks: Vec<_> = (0..APPENDERS)
                    .map(|n| {
                        let (store, parcels) = (store.clone(), parcels.clone());
                        tokio::spawn(async move {
                            let mut latencies = Vec::new();
                            for i in 0..EACH {
                                let index = usize::try_from(n * EACH + i).expect("an index");
                                let parcel = parcels[index].clone();
                                let start = Instant::now();
                                store.append(vec![parcel], Expect::Any).await.expect("append");
                                latencies.push(start.elapsed().as_secs_f64() * 1e3);
                            }
                            latencies
                        })
                    })
                    .collect();
                let mut latencies = Vec::new();
                for task in tasks {
                    latencies.extend(task.await.expect("a task"));
                }
                latencies
            });
            let rate = rate(all, start.elapsed());
            eprint!("[p99 {:.2} ms] ", percentile(&mut latencies, 0.99));
            rate
        })
        .run();
}

/// Threads that hand their event to one that writes all that is there, and syncs.
fn raw_group(parcels: &Arc<Vec<Parcel>>, appenders: u64) -> f64 {
    struct Queue {
        waiting: Vec<Parcel>,
        taken: u64,
        synced: u64,
        done: bool,
    }
    let directory = tempfile::tempdir().expect("a directory");
    let mut file = File::create(directory.path().join("log")).expect("a file");
    let state = Mutex::new(Queue { waiting: Vec::new(), taken: 0, synced: 0, done: false });
    let state = Arc::new((state, Condvar::new(), Condvar::new()));
    let each = parcels.len() / usize::try_from(appenders).expect("a number");
    let start = Instant::now();
    let writer = {
        let state = state.clone();
        thread::spawn(move || {
            let (queue, more, synced) = &*state;
            loop {
                let mut locked = queue.lock().expect("the lock");
                while locked.waiting.is_empty() && !locked.done {
                    locked = more.wait(locked).expect("the lock");
                }
                if locked.waiting.is_empty() {
                    return;
                }
                let batch = std::mem::take(&mut locked.waiting);
                let taken = locked.taken;
                drop(locked);
                write_raw(&mut file, batch.iter());
                queue.lock().expect("the lock").synced = taken;
                synced.notify_all();
            }
        })
    };
    let appending: Vec<_> = (0..usize::try_from(appenders).expect("a number"))
        .map(|n| {
            let (state, parcels) = (state.clone(), parcels.clone());
            thread::spawn(move || {
                let (queue, more, synced) = &*state;
                for parcel in &parcels[n * each..(n + 1) * each] {
                    let mut locked = queue.lock().expect("the lock");
                    locked.waiting.push(parcel.clone());
                    locked.taken += 1;
                    let mine = locked.taken;
                    more.notify_one();
                    while locked.synced < mine {
                        locked = synced.wait(locked).expect("the lock");
                    }
                }
            })
        })
        .collect();
    for thread in appending {
        thread.join().expect("a thread");
    }
    state.0.lock().expect("the lock").done = true;
    state.1.notify_one();
    writer.join().expect("the writer");
    rate(parcels.len() as u64, start.elapsed())
}

const STORED: u64 = 300_000;

fn full_store(runtime: &Runtime, directory: &Path) -> EmbeddedStore {
    let store = create(runtime, directory);
    runtime.block_on(async {
        for first in (0..STORED).step_by(1_000) {
            store.append(parcels(first, 1_000, 128), Expect::Any).await.expect("append");
        }
        store.compact().await.expect("compact");
    });
    store
}

async fn read(store: &EmbeddedStore, types: EventTypes, count: u64, max: usize) {
    let stream = store.stream(EventTypes::any());
    let mut cursor = stream.open(0, types).await.expect("open");
    let mut left = count;
    let mut batch = Vec::with_capacity(max);
    while left > 0 {
        if max == 1 {
            std::hint::black_box(cursor.next().await.expect("next"));
            left -= 1;
        } else {
            left -= cursor.next_batch(&mut batch, max).await.expect("next") as u64;
            batch.clear();
        }
    }
}

pub fn replay() {
    let runtime = runtime();
    let directory = tempfile::tempdir().expect("a directory");
    let store = full_store(&runtime, directory.path());
    let measure = |max| {
        let start = Instant::now();
        runtime.block_on(read(&store, EventTypes::any(), STORED, max));
        rate(STORED, start.elapsed())
    };
    Candidates::new("events/s")
        .add("eventstream, next", || measure(1))
        .add("eventstream, next_batch of 1,000", || measure(1_000))
        .run();
}

pub fn filter() {
    let runtime = runtime();
    let directory = tempfile::tempdir().expect("a directory");
    let store = full_store(&runtime, directory.path());
    Candidates::new("matching/s")
        .add("eventstream, 1 in 100", || {
            let start = Instant::now();
            runtime.block_on(read(&store, one_type(), STORED / 100, 1_000));
            rate(STORED / 100, start.elapsed())
        })
        .run();
}

pub fn size() {
    let runtime = runtime();
    let directory = tempfile::tempdir().expect("a directory");
    let store = full_store(&runtime, directory.path());
    let bytes = runtime.block_on(store.stats()).expect("stats").bytes;
    println!("    {:.0} bytes on disk an event", bytes as f64 / STORED as f64);
    drop(store);
    Candidates::new("ms (less is better)")
        .add("opening", || {
            let start = Instant::now();
            let opening = EmbeddedStore::open(directory.path().join("store"));
            let store = runtime.block_on(opening).expect("open");
            let elapsed = start.elapsed().as_secs_f64() * 1e3;
            drop(store);
            elapsed
        })
        .run();
}
