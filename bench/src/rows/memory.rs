use std::{sync::Arc, time::Instant};

use eventstream_core::{Cursor, EventTypes};
use eventstream_memory::MemoryStream;
use stats_alloc::Region;
use tokio::sync::{Notify, broadcast};

use crate::{
    measure::{Candidates, percentile, rate, timed},
    rows::runtime,
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

pub fn fan_out() {
    const LIVE: u64 = 100_000;
    let runtime = runtime();
    for cursors in [1_u64, 4, 16] {
        println!("  {cursors} cursors");
        let parcels = parcels(0, LIVE, 128);
        let live = |next_batch: usize, burst: usize| {
            let stream = MemoryStream::builder(application())
                .buffer_size(usize::try_from(LIVE).expect("a size"))
                .build();
            let start = Instant::now();
            runtime.block_on(async {
                let readers: Vec<_> = (0..cursors)
                    .map(|_| {
                        let mut cursor = stream.open_now(0, EventTypes::any()).expect("open");
                        tokio::spawn(async move {
                            let mut batch = Vec::with_capacity(next_batch);
                            let mut left = LIVE;
                            while left > 0 {
                                if next_batch == 1 {
                                    std::hint::black_box(cursor.next().await.expect("next"));
                                    left -= 1;
                                } else {
                                    let added = cursor.next_batch(&mut batch, next_batch).await;
                                    left -= added.expect("next") as u64;
                                    batch.clear();
                                }
                            }
                        })
                    })
                    .collect();
                let writer = {
                    let (stream, parcels) = (stream.clone(), parcels.clone());
                    tokio::spawn(async move {
                        for parcels in parcels.chunks(burst) {
                            stream.append(parcels.to_vec()).expect("append");
                            tokio::task::consume_budget().await;
                        }
                    })
                };
                writer.await.expect("the writer");
                for reader in readers {
                    reader.await.expect("a reader");
                }
            });
            rate(LIVE * cursors, start.elapsed())
        };
        let broadcast = || {
            let (sender, _) = broadcast::channel(usize::try_from(LIVE).expect("a size"));
            let start = Instant::now();
            runtime.block_on(async {
                let readers: Vec<_> = (0..cursors)
                    .map(|_| {
                        let mut receiver = sender.subscribe();
                        tokio::spawn(async move {
                            for _ in 0..LIVE {
                                std::hint::black_box(receiver.recv().await.expect("recv"));
                            }
                        })
                    })
                    .collect();
                let parcels = parcels.clone();
                let writer = tokio::spawn(async move {
                    for parcel in parcels {
                        sender.send(parcel).expect("send");
                        tokio::task::consume_budget().await;
                    }
                    sender
                });
                let sender = writer.await.expect("the writer");
                for reader in readers {
                    reader.await.expect("a reader");
                }
                drop(sender);
            });
            rate(LIVE * cursors, start.elapsed())
        };
        Candidates::new("deliveries/s")
            .add("tokio::sync::broadcast", broadcast)
            .add("eventstream, next", || live(1, 1))
            .add("eventstream, next_batch of 256", || live(256, 1))
            .add("eventstream, both in batches", || live(256, 100))
            .run();
    }
}

pub fn wake() {
    const TURNS: u64 = 5_000;
    let runtime = runtime();
    let parcels = parcels(0, TURNS, 128);
    let epoch = Instant::now();
    // Both ends on tasks; the reader answers by the time at which it was there.
    let hand_over = || {
        let (there, back) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
        let mut samples = runtime.block_on(async {
            let reader = {
                let (there, back) = (there.clone(), back.clone());
                tokio::spawn(async move {
                    let mut times = Vec::new();
                    for _ in 0..TURNS {
                        there.notified().await;
                        times.push(epoch.elapsed());
                        back.notify_one();
                    }
                    times
                })
            };
            let mut sent = Vec::new();
            for _ in 0..TURNS {
                pause().await;
                sent.push(epoch.elapsed());
                there.notify_one();
                back.notified().await;
            }
            let arrived = reader.await.expect("the reader");
            latencies(&sent, &arrived)
        });
        percentile(&mut samples, 0.5)
    };
    let append = || {
        let stream = MemoryStream::builder(application()).build();
        let back = Arc::new(Notify::new());
        let mut samples = runtime.block_on(async {
            let reader = {
                let mut cursor = stream.open_now(0, EventTypes::any()).expect("open");
                let back = back.clone();
                tokio::spawn(async move {
                    let mut times = Vec::new();
                    for _ in 0..TURNS {
                        std::hint::black_box(cursor.next().await.expect("next"));
                        times.push(epoch.elapsed());
                        back.notify_one();
                    }
                    times
                })
            };
            let mut sent = Vec::new();
            for parcel in &parcels {
                pause().await;
                sent.push(epoch.elapsed());
                stream.append(vec![parcel.clone()]).expect("append");
                back.notified().await;
            }
            let arrived = reader.await.expect("the reader");
            latencies(&sent, &arrived)
        });
        percentile(&mut samples, 0.5)
    };
    Candidates::new("µs, p50 (less is better)")
        .add("a bare Notify", hand_over)
        .add("eventstream, append to next", append)
        .run();
}

/// So that the other side is asleep.
async fn pause() {
    for _ in 0..3 {
        tokio::task::yield_now().await;
    }
}

fn latencies(sent: &[std::time::Duration], arrived: &[std::time::Duration]) -> Vec<f64> {
    sent.iter().zip(arrived).map(|(s, a)| (*a - *s).as_secs_f64() * 1e6).collect()
}

pub fn size() {
    const RETAINED: u64 = 100_000;
    for payload in [128_usize, 1_024] {
        let wire = parcels(0, 1, payload)[0].wire().len();
        let region = Region::new(&stats_alloc::INSTRUMENTED_SYSTEM);
        let stream = MemoryStream::builder(application())
            .buffer_size(usize::try_from(RETAINED).expect("a size"))
            .build();
        for first in (0..RETAINED).step_by(100) {
            stream.append(parcels(first, 100, payload)).expect("append");
        }
        // Whoever reads an event shares it.
        let mut cursor = stream.open_now(0, EventTypes::any()).expect("open");
        while cursor.try_next().expect("next").is_some() {}
        let stats = region.change();
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
