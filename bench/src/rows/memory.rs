mod fan_out;
mod wake;

use eventstream_core::{Cursor, EventTypes};
use eventstream_memory::MemoryStream;

pub use fan_out::fan_out;
pub use wake::wake;

use crate::{
    allocator::counted,
    measure::{Candidates, timed},
    workload::{all_types, application, one_type, parcels},
};

const EVENTS: u64 = 1_000_000;

fn full_stream(events: u64) -> MemoryStream {
    let stream = MemoryStream::builder(application())
        .event_types(all_types())
        .buffer_size(usize::try_from(events).expect("a size"))
        .build();
    for first in (0..events).step_by(1_000) {
        stream.append(parcels(first, 1_000, 128)).expect("append");
    }
    stream
}

pub fn replay() {
    let stream = full_stream(EVENTS);
    let plain = parcels(0, EVENTS, 128);
    let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
    Candidates::new("events/s")
        .add("a vector of parcels, each cloned", || {
            timed(EVENTS, || {
                for parcel in &plain {
                    std::hint::black_box(parcel.clone());
                }
            })
        })
        .add("eventstream, next", || {
            let mut cursor = stream.open_now(0, EventTypes::any()).expect("open");
            timed(EVENTS, || {
                runtime.block_on(async {
                    for _ in 0..EVENTS {
                        std::hint::black_box(cursor.next().await.expect("next"));
                    }
                });
            })
        })
        .add("eventstream, next_batch of 256", || {
            let mut cursor = stream.open_now(0, EventTypes::any()).expect("open");
            let mut batch = Vec::with_capacity(256);
            timed(EVENTS, || {
                runtime.block_on(async {
                    let mut left = EVENTS;
                    while left > 0 {
                        left -= cursor.next_batch(&mut batch, 256).await.expect("next") as u64;
                        std::hint::black_box(&batch);
                        batch.clear();
                    }
                });
            })
        })
        .run();
}

pub fn size() {
    const RETAINED: u64 = 100_000;
    for payload in [128_usize, 1_024] {
        let wire = parcels(0, 1, payload)[0].wire().len();
        let (stats, _kept) = counted(|| {
            let stream = MemoryStream::builder(application())
                .buffer_size(usize::try_from(RETAINED).expect("a size"))
                .build();
            for first in (0..RETAINED).step_by(100) {
                stream.append(parcels(first, 100, payload)).expect("append");
            }
            // Whoever reads an event shares it.
            let mut cursor = stream.open_now(0, EventTypes::any()).expect("open");
            while cursor.try_next().expect("next").is_some() {}
            stream
        });
        let live = stats.allocations - stats.deallocations;
        let bytes = stats.bytes_allocated - stats.bytes_deallocated;
        println!(
            "    payload {payload}, wire {wire}: {:.0} bytes and {:.2} allocations an event",
            bytes as f64 / RETAINED as f64,
            live as f64 / RETAINED as f64,
        );
    }
}

pub fn filter() {
    let stream = full_stream(EVENTS);
    Candidates::new("scanned/s")
        .add("eventstream, 1 in 100", || {
            let mut cursor = stream.open_now(0, one_type()).expect("open");
            let mut batch = Vec::with_capacity(256);
            timed(EVENTS, || {
                while cursor.try_next_batch(&mut batch, 256).expect("next") > 0 {
                    batch.clear();
                }
            })
        })
        .run();
}
