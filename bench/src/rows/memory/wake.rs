use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use eventstream_core::{Cursor, EventTypes};
use eventstream_memory::MemoryStream;
use tokio::{runtime::Runtime, sync::Notify};

use crate::{
    measure::{Candidates, percentile},
    rows::runtime,
    workload::{application, parcels},
};

const TURNS: u64 = 5_000;

/// Twice: with both ends on tasks, as in a server, and with the writer on a thread of its own,
/// where the kernel has to wake the reader's one.
pub fn wake() {
    let runtime = runtime();
    for (ends, spawned) in [("both ends on tasks", true), ("the writer on another thread", false)] {
        println!("  {ends}");
        Candidates::new("µs, p50 (less is better)")
            .add("a bare Notify", || p50(&runtime, spawned, hand_over()))
            .add("eventstream, append to next", || p50(&runtime, spawned, append()))
            .run();
    }
}

fn p50(
    runtime: &Runtime,
    spawned: bool,
    turns: impl Future<Output = Vec<f64>> + Send + 'static,
) -> f64 {
    let mut samples = if spawned {
        runtime.block_on(runtime.spawn(turns)).expect("the turns")
    } else {
        runtime.block_on(turns)
    };
    percentile(&mut samples, 0.5)
}

// The reader notes the time at which it was there, and answers.

async fn hand_over() -> Vec<f64> {
    let epoch = Instant::now();
    let (there, back) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
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
    latencies(&sent, &reader.await.expect("the reader"))
}

async fn append() -> Vec<f64> {
    let epoch = Instant::now();
    let parcels = parcels(0, TURNS, 128);
    let stream = MemoryStream::builder(application()).build();
    let back = Arc::new(Notify::new());
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
        stream.append_one(parcel.clone()).expect("append");
        back.notified().await;
    }
    latencies(&sent, &reader.await.expect("the reader"))
}

/// So that the other side is asleep.
pub(super) async fn pause() {
    for _ in 0..3 {
        tokio::task::yield_now().await;
    }
}

fn latencies(sent: &[Duration], arrived: &[Duration]) -> Vec<f64> {
    sent.iter().zip(arrived).map(|(s, a)| (*a - *s).as_secs_f64() * 1e6).collect()
}
