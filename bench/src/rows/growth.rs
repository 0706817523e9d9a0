use std::{path::Path, time::Instant};

use eventstream_core::{Cursor, EventStore, EventStream, EventTypes, Expect};
use eventstream_persisted::EmbeddedStore;
use tokio::runtime::Runtime;

use crate::{
    measure::{Candidates, rate},
    rows::runtime,
    workload::{application, one_type, parcels},
};

/// How many events the stores have.
const SIZES: [(&str, u64); 2] = [("10 k events", 10_000), ("3 M events", 3_000_000)];

struct Grown {
    name: &'static str,
    directory: tempfile::TempDir,
    events: u64,
    appended: u64,
}

impl Grown {
    fn new(runtime: &Runtime, name: &'static str, events: u64) -> Self {
        let directory = tempfile::tempdir().expect("a directory");
        let builder = EmbeddedStore::builder(directory.path().join("store"));
        let store = runtime.block_on(builder.create_for(application()).open()).expect("a store");
        runtime.block_on(async {
            for first in (0..events).step_by(1_000) {
                store.append(parcels(first, 1_000, 128), Expect::Any).await.expect("append");
            }
            store.compact().await.expect("compact");
        });
        Self { name, directory, events, appended: 0 }
    }

    fn path(&self) -> std::path::PathBuf {
        Path::new(self.directory.path()).join("store")
    }

    async fn open(&self) -> EmbeddedStore {
        EmbeddedStore::open(self.path()).await.expect("open")
    }

    /// Opening, in milliseconds.
    fn opening(&self, runtime: &Runtime) -> f64 {
        let start = Instant::now();
        let store = runtime.block_on(self.open());
        let elapsed = start.elapsed().as_secs_f64() * 1e3;
        drop(store);
        elapsed
    }

    /// New events, one a commit.
    fn appending(&mut self, runtime: &Runtime) -> f64 {
        const EVENTS: u64 = 200;
        let store = runtime.block_on(self.open());
        // Each has an id that the store has never seen.
        let parcels = parcels(1_000_000_000 + self.appended, EVENTS + 1, 128);
        self.appended += EVENTS + 1;
        runtime.block_on(async {
            // The first one opens the indexes of ids.
            store.append(vec![parcels[0].clone()], Expect::Any).await.expect("append");
            let start = Instant::now();
            for parcel in &parcels[1..] {
                store.append(vec![parcel.clone()], Expect::Any).await.expect("append");
            }
            rate(EVENTS, start.elapsed())
        })
    }

    /// The last events, one of a hundred types, or all; by events looked at.
    fn reading(&self, runtime: &Runtime, types: &EventTypes) -> f64 {
        const EVENTS: u64 = 9_000;
        let store = runtime.block_on(self.open());
        runtime.block_on(async {
            let first = self.events - EVENTS;
            let start = Instant::now();
            let stream = store.stream(EventTypes::any());
            let mut cursor = stream.open(first, types.clone()).await.expect("open");
            let mut batch = Vec::new();
            while cursor.position() < self.events - 200 {
                cursor.next_batch(&mut batch, 1_000).await.expect("next");
                batch.clear();
            }
            rate(EVENTS, start.elapsed())
        })
    }
}

pub fn growth() {
    let runtime = runtime();
    let mut stores = SIZES.map(|(name, events)| Grown::new(&runtime, name, events));
    println!("  opening");
    let mut candidates = Candidates::new("ms (less is better)");
    for store in &stores {
        candidates = candidates.add(store.name, || store.opening(&runtime));
    }
    candidates.run();
    for (what, types) in
        [("the last 9,000 events", EventTypes::any()), ("one of 100 types", one_type())]
    {
        println!("  reading: {what}");
        let mut candidates = Candidates::new("scanned/s");
        for store in &stores {
            candidates = candidates.add(store.name, || store.reading(&runtime, &types));
        }
        candidates.run();
    }
    println!("  appending, one event a commit");
    let mut candidates = Candidates::new("events/s");
    for store in &mut stores {
        candidates = candidates.add(store.name, || store.appending(&runtime));
    }
    candidates.run();
}
