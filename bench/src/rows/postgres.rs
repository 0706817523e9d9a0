//! The store in PostgreSQL, beside what one would make by hand: a table, a row that is locked, and
//! pages by keyset.

use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering},
};

use eventstream_core::{Cursor, EventStore, EventStream, EventTypes, Expect, Parcel};
use eventstream_persisted::{
    PostgresStore,
    tokio_postgres::{Client, NoTls},
};
use tokio::runtime::Runtime;

use super::runtime;
use crate::{
    measure::{Candidates, timed},
    workload::{TYPES, application, one_type, parcel, parcels, type_name},
};

/// The servers that the tests start.
#[allow(dead_code)]
#[path = "../../../eventstream-persisted/tests/postgres/server.rs"]
mod server;

const STORED: u64 = 200_000;
const APPENDERS: u64 = 64;
const PAGE: i64 = 5_000;

const BY_HAND: &str = "
    CREATE TABLE head (next bigint NOT NULL);
    INSERT INTO head VALUES (0);
    CREATE TABLE events (
        position bigint PRIMARY KEY, id text NOT NULL UNIQUE, type text NOT NULL, data bytea NOT NULL
    );
    CREATE INDEX by_type ON events (type, position)";
const APPEND: &str = "
    WITH taken AS (UPDATE head SET next = next + $1 RETURNING next - $1 AS first)
    INSERT INTO events SELECT first + place - 1, id, type, data
    FROM taken, unnest($2::text[], $3::text[], $4::bytea[]) WITH ORDINALITY AS it (id, type, data, place)";

const ALL: &str = "
    SELECT position, data FROM events WHERE position > $1 AND $2 <> '' ORDER BY position LIMIT $3";
const SETTINGS: &str = "shared_buffers = 512MB\nmax_wal_size = 4GB";

pub fn postgres() {
    let Some(server) = server::Server::start(SETTINGS, None) else { return };
    let (url, runtime) = (server.url(), runtime());
    // Ids are given once.
    let number = AtomicU64::new(0);
    let number = &number;
    let tables = Tables { url: &url, runtime: &runtime };
    many(&runtime, &url, &tables.anew("many"), number);
    batches(&runtime, &url, &tables, number);
    let store = tables.anew("stored");
    runtime.block_on(fill(&url, &store, number));
    replay(&runtime, &url, &store);
    filter(&runtime, &url, &store);
}

/// Tables without events.
struct Tables<'a> {
    url: &'a str,
    runtime: &'a Runtime,
}

impl Tables<'_> {
    /// Those that are made by hand, and those of a store.
    fn anew(&self, schema: &str) -> PostgresStore {
        self.runtime.block_on(async {
            let client = connect(self.url).await;
            client.batch_execute("DROP TABLE IF EXISTS head, events").await.expect("drop");
            client.batch_execute(BY_HAND).await.expect("create");
            let builder = PostgresStore::builder(self.url).schema(schema);
            builder.create_for(application()).open().await.expect("open")
        })
    }
}

async fn connect(url: &str) -> Client {
    let (client, connection) =
        eventstream_persisted::tokio_postgres::connect(url, NoTls).await.expect("connect");
    tokio::spawn(connection);
    client
}

fn take(number: &AtomicU64, count: u64) -> u64 {
    number.fetch_add(count, Ordering::Relaxed)
}

async fn append(
    client: &Client,
    statement: &eventstream_persisted::tokio_postgres::Statement,
    parcels: &[Parcel],
) {
    let ids: Vec<_> = parcels.iter().map(Parcel::message_id).collect();
    let types: Vec<_> = parcels.iter().map(Parcel::event_type).collect();
    let data: Vec<&[u8]> = parcels.iter().map(|it| &it.wire()[..]).collect();
    let count = parcels.len() as i64;
    client.execute(statement, &[&count, &ids, &types, &data]).await.expect("append");
}

fn many(runtime: &Runtime, url: &str, store: &PostgresStore, number: &AtomicU64) {
    println!("  64 appenders, one event each");
    let (hand, ours) = (64 * 60, 64 * 200);
    let clients = runtime.block_on(async {
        let mut clients = Vec::new();
        for _ in 0..APPENDERS {
            clients.push(Arc::new(connect(url).await));
        }
        clients
    });
    Candidates::new("events/s")
        .add("by hand, a connection each", || {
            let first = take(number, hand);
            let mut clients = clients.iter().cloned();
            timed(hand, || {
                runtime.block_on(each(first, hand, |numbers| {
                    let client = clients.next().expect("one for each");
                    async move {
                        let statement = client.prepare(APPEND).await.expect("prepare");
                        for number in numbers {
                            append(&client, &statement, &[parcel(number, 128)]).await;
                        }
                    }
                }));
            })
        })
        .add("PostgresStore", || {
            let first = take(number, ours);
            timed(ours, || {
                runtime.block_on(each(first, ours, |numbers| {
                    let store = store.clone();
                    async move {
                        for number in numbers {
                            let one = vec![parcel(number, 128)];
                            store.append(one, Expect::Any).await.expect("append");
                        }
                    }
                }));
            })
        })
        .run();
}

/// Has each appender do its part of so many events, all at once.
async fn each<F>(first: u64, count: u64, mut work: impl FnMut(std::ops::Range<u64>) -> F)
where
    F: Future<Output = ()> + Send + 'static,
{
    let part = count / APPENDERS;
    let tasks: Vec<_> = (0..APPENDERS)
        .map(|appender| first + appender * part)
        .map(|at| tokio::spawn(work(at..at + part)))
        .collect();
    for task in tasks {
        task.await.expect("it does not panic");
    }
}

fn batches(runtime: &Runtime, url: &str, tables: &Tables<'_>, number: &AtomicU64) {
    for batch in [100, 1_000] {
        println!("  one appender, batches of {batch}");
        let count = 20_000;
        let store = tables.anew(&format!("batches_{batch}"));
        let client = runtime.block_on(connect(url));
        Candidates::new("events/s")
            .add("by hand, UNNEST", || {
                let first = take(number, count);
                let all = parcels(first, count, 128);
                timed(count, || {
                    runtime.block_on(async {
                        let statement = client.prepare(APPEND).await.expect("prepare");
                        for some in all.chunks(batch) {
                            append(&client, &statement, some).await;
                        }
                    });
                })
            })
            .add("PostgresStore", || {
                let first = take(number, count);
                let all = parcels(first, count, 128);
                timed(count, || {
                    runtime.block_on(async {
                        for some in all.chunks(batch) {
                            store.append(some.to_vec(), Expect::Any).await.expect("append");
                        }
                    });
                })
            })
            .run();
    }
}

/// A table that was filled by hand, to be read by keyset.
pub struct Peer(server::Server);

impl Peer {
    /// One on a server of its own; `None` where there is no server.
    pub fn start(runtime: &Runtime) -> Option<Self> {
        let server = server::Server::start(SETTINGS, None)?;
        runtime.block_on(async {
            let client = connect(&server.url()).await;
            client.batch_execute(BY_HAND).await.expect("create");
            let statement = client.prepare(APPEND).await.expect("prepare");
            for at in (0..STORED).step_by(1_000) {
                append(&client, &statement, &parcels(at, 1_000, 128)).await;
            }
            client.batch_execute("VACUUM ANALYZE").await.expect("vacuum");
        });
        Some(Self(server))
    }

    /// Events per second, all that there are.
    pub fn replay(&self, runtime: &Runtime) -> f64 {
        timed(STORED, || assert_eq!(runtime.block_on(pages(&self.0.url(), ALL)), STORED))
    }
}

/// Both get as many events.
async fn fill(url: &str, store: &PostgresStore, number: &AtomicU64) {
    let client = connect(url).await;
    let first = take(number, STORED);
    let statement = client.prepare(APPEND).await.expect("prepare");
    for at in (0..STORED).step_by(1_000) {
        let some = parcels(first + at, 1_000, 128);
        append(&client, &statement, &some).await;
        store.append(some, Expect::Any).await.expect("append");
    }
    client.batch_execute("VACUUM ANALYZE").await.expect("vacuum");
}

fn replay(runtime: &Runtime, url: &str, store: &PostgresStore) {
    println!("  replay of all types");
    Candidates::new("events/s")
        .add("by hand, pages of 5,000 rows", || {
            timed(STORED, || {
                assert_eq!(runtime.block_on(pages(url, ALL)), STORED);
            })
        })
        .add("PostgresStore", || {
            timed(STORED, || assert_eq!(runtime.block_on(read(store, EventTypes::any())), STORED))
        })
        .run();
}

fn filter(runtime: &Runtime, url: &str, store: &PostgresStore) {
    println!("  replay of one of 100 types, matching events");
    let matching = STORED / TYPES;
    Candidates::new("events/s")
        .add("by hand, pages of 5,000 rows", || {
            timed(matching, || {
                let some = "SELECT position, data FROM events WHERE position > $1 AND type = $2
                    ORDER BY position LIMIT $3";
                assert_eq!(runtime.block_on(pages(url, some)), matching);
            })
        })
        .add("PostgresStore", || {
            timed(matching, || assert_eq!(runtime.block_on(read(store, one_type())), matching))
        })
        .run();
}

/// Reads rows by keyset, and makes events of them.
async fn pages(url: &str, sql: &str) -> u64 {
    let client = connect(url).await;
    let statement = client.prepare(sql).await.expect("prepare");
    let (mut last, mut count) = (-1_i64, 0);
    loop {
        let rows = client.query(&statement, &[&last, &type_name(42), &PAGE]).await.expect("read");
        let Some(end) = rows.last() else {
            return count;
        };
        last = end.get(0);
        for row in &rows {
            let wire = row.get::<_, &[u8]>(1).to_vec();
            std::hint::black_box(Parcel::from_wire(wire.into()).expect("valid"));
            count += 1;
        }
    }
}

async fn read(store: &PostgresStore, types: EventTypes) -> u64 {
    let stream = store.stream(EventTypes::any());
    let mut cursor = stream.open(0, types.clone()).await.expect("open");
    let (mut events, mut count) = (Vec::new(), 0);
    let expected = if types.is_any() { STORED } else { STORED / TYPES };
    while count < expected {
        count += cursor.next_batch(&mut events, 1_000).await.expect("read") as u64;
        std::hint::black_box(&events);
        events.clear();
    }
    count
}
