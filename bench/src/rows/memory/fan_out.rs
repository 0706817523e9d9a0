use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use eventstream_core::{Cursor, EventTypes, Parcel};
use eventstream_memory::MemoryStream;
use tokio::{
    runtime::Runtime,
    sync::broadcast,
    task::{JoinHandle, consume_budget},
};

use super::wake::pause;
use crate::{
    measure::{Candidates, processor_nanos, rate},
    rows::runtime,
    workload::{application, parcels},
};

const LIVE: usize = 100_000;
/// Parcels of about a megabyte: so many stay in a processor's cache.
const FRESH: usize = 2_000;

/// Twice: with parcels that are in the processor's cache, as those are that were sealed just now,
/// and with others that were sealed long before, and have to be fetched from memory. (Ours looks at
/// the application and the type of what is appended; a channel moves a handle.)
///
/// Both sides do the same: one task clones each parcel and sends it, and gives way as tokio's
/// tasks do; the readers are there and asleep when the clock starts, keep what they get for no
/// longer than they look at it, and give way too (`broadcast` does so within `recv`).
pub fn fan_out() {
    let runtime = runtime();
    for (cursors, distinct) in
        [1_usize, 4, 16].into_iter().flat_map(|cursors| [(cursors, FRESH), (cursors, LIVE)])
    {
        let age = if distinct == FRESH { "just now" } else { "long before" };
        println!("  {cursors} cursors, parcels sealed {age}");
        let parcels = parcels(0, distinct as u64, 128);
        let parcels: Arc<[Parcel]> = parcels.into_iter().cycle().take(LIVE).collect();
        for (unit, figure) in [
            ("deliveries/s", Run::rate as fn(&Run) -> f64),
            ("ns of processor time a delivery (less is better)", Run::processor_nanos),
        ] {
            let live =
                |max: usize, burst: usize| figure(&live(&runtime, &parcels, cursors, max, burst));
            Candidates::new(unit)
                .add("tokio::sync::broadcast", || figure(&broadcast(&runtime, &parcels, cursors)))
                .add("eventstream, next", || live(1, 1))
                .add("eventstream, next_batch of 256", || live(256, 1))
                .add("eventstream, both in batches", || live(256, 100))
                .run();
        }
    }
}

fn live(
    runtime: &Runtime,
    parcels: &Arc<[Parcel]>,
    cursors: usize,
    max: usize,
    burst: usize,
) -> Run {
    let stream = MemoryStream::builder(application()).buffer_size(LIVE).build();
    let readers = (0..cursors).map(|_| {
        let mut cursor = stream.open_now(0, EventTypes::any()).expect("open");
        runtime.spawn(async move {
            let mut batch = Vec::with_capacity(max);
            let mut left = LIVE;
            while left > 0 {
                if max == 1 {
                    std::hint::black_box(cursor.next().await.expect("next"));
                    left -= 1;
                } else {
                    left -= cursor.next_batch(&mut batch, max).await.expect("next");
                    std::hint::black_box(&batch);
                    batch.clear();
                }
                consume_budget().await;
            }
        })
    });
    let readers = readers.collect();
    let writer = {
        let (stream, parcels) = (stream.clone(), parcels.clone());
        async move {
            for parcels in parcels.chunks(burst) {
                match parcels {
                    [parcel] => drop(stream.append_one(parcel.clone()).expect("append")),
                    several => drop(stream.append(several.to_vec()).expect("append")),
                }
                consume_budget().await;
            }
        }
    };
    measure(runtime, readers, writer)
}

fn broadcast(runtime: &Runtime, parcels: &Arc<[Parcel]>, cursors: usize) -> Run {
    let (sender, _) = broadcast::channel(LIVE);
    let readers = (0..cursors).map(|_| {
        let mut receiver = sender.subscribe();
        runtime.spawn(async move {
            for _ in 0..LIVE {
                std::hint::black_box(receiver.recv().await.expect("recv"));
            }
        })
    });
    let readers = readers.collect();
    let writer = {
        let (sender, parcels) = (sender.clone(), parcels.clone());
        async move {
            for parcel in &parcels[..] {
                assert!(sender.send(parcel.clone()).is_ok(), "somebody receives");
                consume_budget().await;
            }
        }
    };
    measure(runtime, readers, writer)
}

/// What it took from the writer's start to the last reader's end.
struct Run {
    deliveries: u64,
    elapsed: Duration,
    processor_nanos: u64,
}

impl Run {
    fn rate(&self) -> f64 {
        rate(self.deliveries, self.elapsed)
    }

    fn processor_nanos(&self) -> f64 {
        self.processor_nanos as f64 / self.deliveries as f64
    }
}

fn measure(
    runtime: &Runtime,
    readers: Vec<JoinHandle<()>>,
    writer: impl Future<Output = ()> + Send + 'static,
) -> Run {
    let deliveries = (LIVE * readers.len()) as u64;
    runtime.block_on(async {
        runtime.spawn(pause()).await.expect("a pause");
        let before = processor_nanos();
        let start = Instant::now();
        runtime.spawn(writer).await.expect("the writer");
        for reader in readers {
            reader.await.expect("a reader");
        }
        let elapsed = start.elapsed();
        Run { deliveries, elapsed, processor_nanos: processor_nanos() - before }
    })
}
