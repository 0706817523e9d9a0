use std::{
    fs::File,
    io::Write,
    time::{Duration, Instant, SystemTime, UNIX_EPOCH},
};

use eventstream_core::{Cursor, EventStore, EventStream, EventTypes, Expect, Parcel};
use eventstream_network::{NetworkStream, Protocol};
use tokio::{runtime::Runtime, task::JoinHandle};
use tonic::transport::Channel;

use super::{
    append::{fresh, store},
    bare, ours,
};
use crate::{
    measure::{Candidates, percentile},
    rows::runtime,
    server_process::Server,
};

const TURNS: usize = 200;
/// Between two appends, so that the reader is waiting.
const PAUSE: Duration = Duration::from_millis(1);

pub fn live() {
    let runtime = runtime();
    let [bare, memory, embedded] =
        ["bare-empty", "memory-empty", "embedded-empty"].map(Server::start);
    let channel = runtime.block_on(bare::connect(bare.url()));
    let appending = runtime.block_on(bare::Appender::connect(bare.url()));
    let [memory_stream, store_stream] = [&memory, &embedded]
        .map(|server| runtime.block_on(ours::connect(&server.url(), Protocol::Ours)));
    let remote = runtime.block_on(store(&embedded));
    let parcels = fresh(TURNS);
    for (name, part) in [("p50", 0.5), ("p99", 0.99)] {
        println!("  {name}");
        let bare_reader = || runtime.block_on(read_bare(channel.clone()));
        let reader = |stream: &NetworkStream| runtime.block_on(read(stream.clone()));
        Candidates::new("µs (less is better)")
            .add("a bare tonic stream", || {
                let reader = bare_reader();
                latency(&runtime, appended_there(&bare), reader, part)
            })
            .add("eventstream.v1, from memory", || {
                let reader = reader(&memory_stream);
                latency(&runtime, appended_there(&memory), reader, part)
            })
            .add("eventstream.v1, from a store", || {
                let reader = reader(&store_stream);
                latency(&runtime, appended_there(&embedded), reader, part)
            })
            .add("fdatasync, and nothing else", || fdatasync(&parcels, part))
            .add("a bare tonic stream, appended from here", || {
                let reader = bare_reader();
                let sent = runtime.block_on(async {
                    let mut sent = Vec::new();
                    for parcel in fresh(TURNS) {
                        tokio::time::sleep(PAUSE).await;
                        sent.push(now());
                        appending.clone().publish(vec![parcel]).await;
                    }
                    sent
                });
                latency(&runtime, sent, reader, part)
            })
            .add("eventstream.v1, appended from here", || {
                let reader = reader(&store_stream);
                let sent = runtime.block_on(async {
                    let mut sent = Vec::new();
                    for parcel in fresh(TURNS) {
                        tokio::time::sleep(PAUSE).await;
                        sent.push(now());
                        remote.append(vec![parcel], Expect::Any).await.expect("append");
                    }
                    sent
                });
                latency(&runtime, sent, reader, part)
            })
            .run();
    }
}

/// The time, as both processes have it, in microseconds.
pub fn now() -> f64 {
    SystemTime::now().duration_since(UNIX_EPOCH).expect("the time").as_secs_f64() * 1e6
}

/// Appends an event after the other, and says when.
pub async fn append_paced(append: impl AsyncFn(Parcel)) -> String {
    let mut sent = Vec::new();
    for parcel in fresh(TURNS) {
        tokio::time::sleep(PAUSE).await;
        sent.push(now().to_string());
        append(parcel).await;
    }
    sent.join(" ")
}

fn appended_there(server: &Server) -> Vec<f64> {
    let answer = server.ask("append");
    answer.split(' ').map(|sent| sent.parse().expect("a time")).collect()
}

/// The reader is open when this returns.
async fn read(stream: NetworkStream) -> JoinHandle<Vec<f64>> {
    let end = stream.end().await.expect("an end").expect("a stream that knows its end");
    let mut cursor = stream.open(end, EventTypes::any()).await.expect("open");
    tokio::spawn(async move {
        let mut times = Vec::new();
        while times.len() < TURNS {
            std::hint::black_box(cursor.next().await.expect("next"));
            times.push(now());
        }
        times
    })
}

async fn read_bare(channel: Channel) -> JoinHandle<Vec<f64>> {
    let mut events = bare::follow(channel).await;
    tokio::spawn(async move {
        let mut times = Vec::new();
        while times.len() < TURNS {
            std::hint::black_box(events.message().await.expect("an event"));
            times.push(now());
        }
        times
    })
}

fn latency(runtime: &Runtime, sent: Vec<f64>, reader: JoinHandle<Vec<f64>>, part: f64) -> f64 {
    let arrived = runtime.block_on(reader).expect("the reader");
    let mut samples: Vec<_> = sent.iter().zip(arrived).map(|(sent, at)| at - sent).collect();
    percentile(&mut samples, part)
}

fn fdatasync(parcels: &[Parcel], part: f64) -> f64 {
    let directory = tempfile::tempdir().expect("a directory");
    let mut file = File::create(directory.path().join("log")).expect("a file");
    let mut samples = Vec::new();
    for parcel in parcels {
        std::thread::sleep(PAUSE);
        let start = Instant::now();
        file.write_all(parcel.wire()).expect("write");
        file.sync_data().expect("sync");
        samples.push(start.elapsed().as_secs_f64() * 1e6);
    }
    percentile(&mut samples, part)
}
