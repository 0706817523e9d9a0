use std::{future::Future, time::Instant};

use eventstream_network::{NetworkStream, Protocol};
use tokio::runtime::Runtime;

use super::{bare, ours, tcp};
use crate::{
    measure::{Candidates, rate},
    rows::{jetstream, postgres, runtime},
    server_process::Server,
};

pub const EVENTS: u64 = 1_000_000;

/// Read at a time.
pub const BATCH: usize = 256;

pub fn replay() {
    let runtime = runtime();
    let [tcp, bare, memory, embedded] = ["tcp", "bare", "memory", "embedded"].map(Server::start);
    let channel = runtime.block_on(bare::connect(bare.url()));
    let connect =
        |server: &Server, protocol| runtime.block_on(ours::connect(&server.url(), protocol));
    let [ours, a, b] =
        [Protocol::Ours, Protocol::A, Protocol::B].map(|protocol| connect(&memory, protocol));
    let stored = connect(&embedded, Protocol::Ours);
    let (nats, postgres) = (jetstream::Peer::start(&runtime), postgres::Peer::start(&runtime));
    let mut candidates = Candidates::new("events/s")
        .add("raw TCP", || timed(&runtime, EVENTS, tcp::read(tcp.address(), EVENTS)))
        .add("tonic, structs through a channel", || {
            timed(&runtime, EVENTS, bare::read_structs(channel.clone(), EVENTS))
        })
        .add("tonic, encoded before", || {
            timed(&runtime, EVENTS, bare::read_bytes(channel.clone(), EVENTS))
        })
        .add("eventstream.v1, from memory", || {
            timed(&runtime, EVENTS, ours::read(ours.clone(), EVENTS, BATCH))
        })
        .add("eventstream.v1, from a store", || {
            timed(&runtime, EVENTS, ours::read(stored.clone(), EVENTS, BATCH))
        })
        .add("protocol A, from memory", || {
            timed(&runtime, EVENTS, ours::read(a.clone(), EVENTS, BATCH))
        })
        .add("protocol B, from memory", || {
            timed(&runtime, EVENTS, ours::read(b.clone(), EVENTS, BATCH))
        });
    if let Some(nats) = &nats {
        candidates =
            candidates.add("NATS JetStream, an ordered consumer", || nats.replay(&runtime));
    }
    if let Some(postgres) = &postgres {
        candidates =
            candidates.add("PostgreSQL, pages of 5,000 rows", || postgres.replay(&runtime));
    }
    candidates.run();
}

const READERS: usize = 16;
/// Each.
const DELIVERIES: u64 = 100_000;

pub fn fan_out() {
    let runtime = runtime();
    let [tcp, bare, memory, embedded] = ["tcp", "bare", "memory", "embedded"].map(Server::start);
    let channels: Vec<_> =
        (0..READERS).map(|_| runtime.block_on(bare::connect(bare.url()))).collect();
    let connect = |server: &Server| {
        let connect = || runtime.block_on(ours::connect(&server.url(), Protocol::Ours));
        (0..READERS).map(|_| connect()).collect::<Vec<_>>()
    };
    let (of_memory, of_store) = (connect(&memory), connect(&embedded));
    let one_connection = vec![of_memory[0].clone(); READERS];
    let read = |streams: &[NetworkStream]| {
        together(&runtime, streams, |stream| ours::read(stream.clone(), DELIVERIES, BATCH))
    };
    let addresses = vec![tcp.address(); READERS];
    Candidates::new("deliveries/s")
        .add("raw TCP", || {
            together(&runtime, &addresses, |address| tcp::read(address.clone(), DELIVERIES))
        })
        .add("tonic, encoded before", || {
            together(&runtime, &channels, |channel| bare::read_bytes(channel.clone(), DELIVERIES))
        })
        .add("eventstream.v1, from memory", || read(&of_memory))
        .add("eventstream.v1, over one connection", || read(&one_connection))
        .add("eventstream.v1, from a store", || read(&of_store))
        .run();
}

fn together<C, F>(runtime: &Runtime, clients: &[C], read: impl Fn(&C) -> F) -> f64
where
    F: Future<Output = ()> + Send + 'static,
{
    let start = Instant::now();
    runtime.block_on(async {
        let reading: Vec<_> = clients.iter().map(|client| tokio::spawn(read(client))).collect();
        for reader in reading {
            reader.await.expect("a reader");
        }
    });
    rate(DELIVERIES * clients.len() as u64, start.elapsed())
}

/// As a task, as a program has it.
fn timed(
    runtime: &Runtime,
    events: u64,
    reading: impl Future<Output = ()> + Send + 'static,
) -> f64 {
    let start = Instant::now();
    runtime.block_on(runtime.spawn(reading)).expect("a reader");
    rate(events, start.elapsed())
}
